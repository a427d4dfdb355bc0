/*
 * policy_check.c - almoner policy check: load errors, then what the policy
 * says that its author may not mean.  Only errors change the exit code.
 */
#include <stdlib.h>
#include <time.h>

#include "broker/policy/lint.h"
#include "cli/args.h"
#include "cli/bundle_files.h"
#include "cli/commands.h"

static const struct alm_option options[] = {
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"judge expiry at this time instead of now", false, false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
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
		return "no request can use it: no recipient may receive for "
		       "its purposes";
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
	}
	return "";
}

static void print_warning(const struct alm_warning *warning)
{
	alm_print_safe(stdout, warning->place.file);
	(void)printf(":%u:%u: warning %s: '%s': %s", warning->place.line,
		warning->place.column, alm_warning_name(warning->kind),
		warning->id, sentence(warning->kind));
	if (warning->other != NULL) {
		(void)printf(" '%s'", warning->other);
	}
	(void)putchar('\n');
}

static int lint(struct alm_bundle_files *files, int64_t now_s, bool is_quiet)
{
	struct alm_warnings *warnings = malloc(sizeof(*warnings));
	const struct alm_bundle *bundle = &files->bundle;

	if (warnings == NULL) {
		return ALM_EXIT_UNAVAILABLE;
	}
	alm_lint(bundle, &files->arena, now_s, warnings);
	for (size_t i = 0; i < warnings->count; i++) {
		print_warning(&warnings->items[i]);
	}
	if (!is_quiet) {
		(void)printf("bundle '%s' is valid: %zu organisations, %zu "
			     "bases, %zu prohibitions; %zu warnings%s\n",
			bundle->name, bundle->organisation_count,
			bundle->basis_count, bundle->prohibition_count,
			warnings->count + warnings->dropped,
			warnings->is_partial
				? "; overlaps were not all looked for"
				: "");
	}
	free(warnings);
	return ALM_EXIT_OK;
}

int alm_cmd_policy_check(int argc, char **argv)
{
	struct alm_bundle_files *files;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	files = alm_bundle_files_load((const char *const *)args.positionals,
		args.positional_count, &args.output, &rc);
	if (files == NULL) {
		return rc;
	}
	rc = lint(files, alm_args_number(&args, "at", (int64_t)time(NULL)),
		args.output.is_quiet);
	alm_bundle_files_free(files);
	return rc;
}
