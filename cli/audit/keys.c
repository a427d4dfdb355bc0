/* keys.c - almoner audit keys: what the log's heads are signed with. */
#include "cli/audit/asker.h"
#include "cli/commands.h"

static const struct alm_usage keys_usage = {
	.name = "audit keys",
	.summary = "Show the public keys that the log's heads are signed with, "
		   "now and before: what an auditor gives to audit verify.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.notes =
		"  almoner audit keys                  # on the broker's own "
		"machine\n"
		"  almoner audit keys -c rx1           # what it tells a "
		"partner\n"
		"  almoner audit verify july.bundle --audit-key HEX\n"
		"\n"
		"  An auditor has the key from somebody else than the "
		"evidence: "
		"from the operator\n"
		"  by telephone or letter, or from where it was published, and "
		"compares all of it.",
};

int alm_cmd_audit_keys(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "audit.keys"};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_asker *asker = NULL;
	struct alm_sheet *sheet;
	struct alm_answer answer;
	struct alm_args args;
	int rc = alm_args_parse(&keys_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_asker_open(&args, &asker, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_asker_ask(asker, &ask, &answer, &problem);
	}
	if (problem.err == ALM_OK) {
		sheet = alm_admin_sheet("almoner.audit.keys/1", &answer);
		rc = alm_sheet_print(sheet, &args.output);
		alm_sheet_free(sheet);
	} else {
		rc = alm_print_problem(&args.output, &problem);
	}
	alm_asker_close(asker);
	return rc;
}
