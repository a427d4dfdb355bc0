/*
 * check.c - almoner policy check: load errors, then what the policy
 * says that its author may not mean.  Only errors change the exit code.
 */
#include <stdlib.h>
#include <time.h>

#include "broker/policy/lint.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/people/lint.h"
#include "cli/policy/bundle_files.h"
#include "cli/policy/findings.h"

#define SCHEMA "almoner.policy.check/1"

static const struct alm_option options[] = {
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"judge expiry at this time instead of now", false, false},
	{"people", 'p', ALM_OPTION_TEXT, "FILE.ndjson",
		"look over people's directives as well", false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy check",
	.summary = "Check the files of a policy bundle, offline.  Exit code 9 "
		   "if it cannot be loaded; warnings do not change it.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.options = options,
	.notes = "  almoner policy check /etc/almoner/policy",
};

static const char *sentence(enum alm_warning_kind kind)
{
	switch (kind) {
	case ALM_WARN_NEVER_FITS:
		return "no request can use it: no two active parties of it "
		       "may share for its purposes";
	case ALM_WARN_SHADOWED:
		return "all that it covers is covered by";
	case ALM_WARN_OVERLAPS:
		return "requests must name a basis (308), as it overlaps with";
	case ALM_WARN_EXPIRED:
		return "it has expired";
	case ALM_WARN_EXPIRES_SOON:
		return "it expires within 60 days";
	case ALM_WARN_UNLIMITED:
		return "any organisation may receive data about people";
	case ALM_WARN_EXEMPT_UNPROVEN:
		return "the reason of its exemption is not among its evidence";
	case ALM_WARN_REVIEW_DUE:
		return "the day of its review, in its register, has passed";
	case ALM_WARN_EXCEPTION_WIDER:
		return "an exception reaches further than its directive, in "
		       "its";
	case ALM_WARN_WORD_LACKING:
		return "the bundle lacks this word, which counts as any in a "
		       "denial and as nothing in a permit:";
	}
	return "";
}

static void add_warning(
	struct alm_findings *findings, const struct alm_warning *warning)
{
	char message[256];

	(void)snprintf(message, sizeof(message), "%s%s%s%s",
		sentence(warning->kind), warning->other != NULL ? " '" : "",
		warning->other != NULL ? warning->other : "",
		warning->other != NULL ? "'" : "");
	alm_findings_add(
		findings, &(struct alm_finding){"warning",
				  alm_warning_name(warning->kind),
				  warning->place, warning->id, message});
}

static void print_summary(const struct alm_bundle *bundle,
	const struct alm_warnings *warnings, const struct alm_output *output)
{
	if (output->is_quiet || output->format != ALM_FORMAT_TABLE) {
		return;
	}
	(void)printf("bundle '%s' is valid: %zu organisations, %zu bases, %zu "
		     "prohibitions; %zu warning%s%s\n",
		bundle->name, bundle->organisation_count, bundle->basis_count,
		bundle->prohibition_count, warnings->count + warnings->dropped,
		warnings->count == 1 ? "" : "s",
		warnings->is_partial ? "; not all overlaps were looked for"
				     : "");
}

static int show(const struct alm_bundle *bundle,
	const struct alm_warnings *warnings, const struct alm_output *output)
{
	struct alm_findings findings;

	alm_findings_begin(&findings, SCHEMA, output);
	for (size_t i = 0; i < warnings->count; i++) {
		add_warning(&findings, &warnings->items[i]);
	}
	print_summary(bundle, warnings, output);
	alm_findings_count(
		&findings, "organisations", bundle->organisation_count);
	alm_findings_count(&findings, "bases", bundle->basis_count);
	alm_findings_count(
		&findings, "prohibitions", bundle->prohibition_count);
	alm_findings_count(
		&findings, "warnings", warnings->count + warnings->dropped);
	return alm_findings_end(&findings, ALM_EXIT_OK);
}

static int lint(struct alm_bundle_files *files, const struct alm_args *args)
{
	struct alm_warnings *warnings = malloc(sizeof(*warnings));
	const char *people = alm_args_text(args, "people");
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_placed_directives directives = {NULL, NULL, 0};
	int rc;

	if (warnings == NULL) {
		problem.err = ALM_NOMEM;
	} else {
		alm_lint(&files->bundle, &files->tests, &files->arena,
			alm_args_number(args, "at", (int64_t)time(NULL)),
			warnings);
	}
	if (problem.err == ALM_OK && people != NULL) {
		problem.err = alm_people_directives(
			people, &files->arena, &directives, &problem);
	}
	if (problem.err == ALM_OK) {
		alm_lint_directives(
			&files->bundle, &directives, &files->arena, warnings);
		rc = show(&files->bundle, warnings, &args->output);
	} else {
		rc = alm_print_problem(&args->output, &problem);
	}
	free(warnings);
	return rc;
}

/* On a terminal and in a pipe errors go to stderr; as data, to stdout. */
static int refuse(
	const struct alm_bundle_files *files, const struct alm_output *output)
{
	struct alm_findings findings;

	if (output->format == ALM_FORMAT_TABLE) {
		alm_bundle_files_print(stderr, &files->diagnostics);
		return ALM_EXIT_INVALID;
	}
	alm_findings_begin(&findings, SCHEMA, output);
	alm_findings_add_all(&findings, &files->diagnostics);
	alm_findings_count(&findings, "errors",
		files->diagnostics.count + files->diagnostics.dropped);
	return alm_findings_end(&findings, ALM_EXIT_INVALID);
}

static struct alm_bundle_files *read_listed(
	const struct alm_args *args, int *out_exit)
{
	return alm_bundle_files_read((const char *const *)args->positionals,
		args->positional_count, &args->output, out_exit);
}

static int check(struct alm_bundle_files *files, const struct alm_args *args)
{
	return files->diagnostics.count > 0 ? refuse(files, &args->output)
					    : lint(files, args);
}

int alm_cmd_policy_check(int argc, char **argv)
{
	return alm_bundle_files_act(argc, argv, &usage, read_listed, check);
}
