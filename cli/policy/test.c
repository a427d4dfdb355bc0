/*
 * test.c - almoner policy test: the tests in a bundle, offline, and the
 * rules that none of them reached.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/policy/run_tests.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/policy/bundle_files.h"
#include "cli/policy/findings.h"

static const struct alm_option options[] = {
	{"max-opt-out-age", 0, ALM_OPTION_DURATION, "DURATION",
		"how old an opt-out check may be; 168h unless given", false,
		false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy test",
	.summary = "Run the tests in a policy bundle, offline, and name the "
		   "bases, prohibitions and lifts that no test reached.  Exit "
		   "code 9 if a test fails.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.options = options,
	.notes = "  almoner policy test /etc/almoner/policy",
};

static const char *unreached_text(enum alm_unreached_kind kind)
{
	switch (kind) {
	case ALM_UNREACHED_BASIS:
		return "no test is decided under it";
	case ALM_UNREACHED_PROHIBITION:
		return "no test meets this prohibition";
	case ALM_UNREACHED_LIFT:
		return "in no test does it have an effect";
	}
	return "";
}

/* What passed is shown as data only. */
static void add_outcome(struct alm_findings *findings,
	const struct alm_test_outcome *outcome, const struct alm_output *output)
{
	char message[ALM_TEST_TEXT_BYTES];

	if (outcome->has_passed && output->format == ALM_FORMAT_TABLE) {
		return;
	}
	alm_test_text(outcome, message);
	alm_findings_add(findings,
		&(struct alm_finding){outcome->has_passed ? "passed" : "failed",
			"test", outcome->test->place, outcome->test->name,
			message});
}

static void add_unreached(
	struct alm_findings *findings, const struct alm_unreached *unreached)
{
	char subject[2 * ALM_ID_BYTES_MAX + 32];

	(void)snprintf(subject, sizeof(subject), "%.64s%s%.80s", unreached->id,
		unreached->lift != NULL ? " lifts " : "",
		unreached->lift != NULL ? unreached->lift : "");
	alm_findings_add(findings,
		&(struct alm_finding){"unreached",
			alm_unreached_name(unreached->kind), unreached->place,
			subject, unreached_text(unreached->kind)});
}

static int show(
	const struct alm_test_report *report, const struct alm_output *output)
{
	size_t reached = report->rule_count - report->unreached_count;
	struct alm_findings findings;

	alm_findings_begin(&findings, "almoner.policy.test/1", output);
	for (size_t i = 0; i < report->count; i++) {
		add_outcome(&findings, &report->outcomes[i], output);
	}
	for (size_t i = 0; i < report->unreached_count; i++) {
		add_unreached(&findings, &report->unreached[i]);
	}
	alm_findings_count(&findings, "tests", report->count);
	alm_findings_count(&findings, "failed", report->failed);
	alm_findings_count(&findings, "rules", report->rule_count);
	alm_findings_count(&findings, "reached", reached);
	if (output->format == ALM_FORMAT_TABLE && !output->is_quiet) {
		(void)printf("%zu tests, %zu failed; %zu of %zu rules "
			     "reached\n",
			report->count, report->failed, reached,
			report->rule_count);
	}
	return alm_findings_end(
		&findings, report->failed > 0 ? ALM_EXIT_INVALID : ALM_EXIT_OK);
}

static int run(struct alm_bundle_files *files, const struct alm_args *args)
{
	struct alm_snapshot *snapshot = alm_snapshot_compile(&files->bundle);
	struct alm_test_report report;
	enum alm_err err = snapshot == NULL ? ALM_NOMEM : ALM_OK;
	int rc;

	if (err == ALM_OK) {
		err = alm_tests_run(&files->bundle, snapshot, &files->tests,
			alm_args_number(args, "max-opt-out-age",
				ALM_OPT_OUT_AGE_DEFAULT_S),
			&files->arena, &report);
	}
	if (err == ALM_OK) {
		rc = show(&report, &args->output);
	} else {
		rc = alm_print_failure(
			&args->output, &(struct alm_failure){err, "", NULL, 0});
	}
	alm_snapshot_free(snapshot);
	return rc;
}

int alm_cmd_policy_test(int argc, char **argv)
{
	return alm_bundle_files_act(
		argc, argv, &usage, alm_bundle_files_listed, run);
}
