/*
 * who.c - almoner policy who: who may receive a category from an
 * organisation for a purpose, by which basis, at which level, and what the
 * basis wants of the person.
 */
#include "broker/policy/who.h"

#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/policy/bundle_files.h"
#include "cli/policy/decide_json.h"
#include "lib/words.h"

static const struct alm_option options[] = {
	{"category", 0, ALM_OPTION_TEXT, "CATEGORY",
		"what is shared; one with narrower ones stands for these", true,
		false},
	{"from", 0, ALM_OPTION_TEXT, "ORG", "the sender", true, false},
	{"purpose", 0, ALM_OPTION_TEXT, "PURPOSE", "what for", true, false},
	{"at", 0, ALM_OPTION_INSTANT, "TIME", "at this time instead of now",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy who",
	.summary = "Say who may receive a category from an organisation for a "
		   "purpose, by which basis and at which level, and what each "
		   "basis wants of the person.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.options = options,
	.notes = "  almoner policy who --category diagnosis --from RX1 \\\n"
		 "    --purpose direct-care /etc/almoner/policy",
};

static void add_part(char *out, size_t out_bytes, bool is_due, const char *text)
{
	size_t used = strlen(out);

	if (is_due) {
		(void)snprintf(out + used, out_bytes - used, "%s%s",
			used > 0 ? ", " : "", text);
	}
}

static void take(void *context, const struct alm_who_answer *answer)
{
	struct alm_sheet *sheet = context;
	char conditions[96] = "";
	char obligations[512] = "";
	char group[16] = "";

	add_part(conditions, sizeof(conditions), answer->needs_relationship,
		"relationship");
	add_part(conditions, sizeof(conditions), answer->needs_consent,
		"consent");
	add_part(conditions, sizeof(conditions), answer->needs_opt_out_clear,
		"opt-out clear");
	add_part(conditions, sizeof(conditions), answer->must_name_basis,
		"basis named");
	for (size_t i = 0; i < answer->obligations.count; i++) {
		add_part(obligations, sizeof(obligations), true,
			answer->obligations.items[i]);
	}
	if (answer->smallest_group > 0) {
		(void)snprintf(
			group, sizeof(group), "%u", answer->smallest_group);
	}
	alm_sheet_row(
		sheet, (const char *const[]){answer->recipient->id.text,
			       answer->recipient->name,
			       answer->recipient->kind.text, answer->category,
			       answer->basis, alm_level_word(answer->level),
			       conditions, group, obligations});
}

static int find(struct alm_bundle_files *files, const struct alm_args *args)
{
	static const char *const columns[] = {"recipient", "name", "kind",
		"category", "basis", "level", "if", "smallest-group",
		"obligations"};
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.policy.who/1", columns, ALM_COUNT(columns));
	struct alm_snapshot *snapshot = alm_snapshot_compile(&files->bundle);
	const struct alm_who_question question = {
		.bundle = &files->bundle,
		.snapshot = snapshot,
		.from = alm_args_text(args, "from"),
		.purpose = alm_args_text(args, "purpose"),
		.category = alm_args_text(args, "category"),
		.t_s = alm_args_number(args, "at", (int64_t)time(NULL)),
	};
	struct alm_problem problem = {.err = ALM_NOMEM};
	int rc;

	if (snapshot != NULL) {
		problem.err = alm_who_find(&question, take, sheet, &problem);
	}
	rc = problem.err == ALM_OK ? alm_sheet_print(sheet, &args->output)
				   : alm_print_problem(&args->output, &problem);
	alm_snapshot_free(snapshot);
	alm_sheet_free(sheet);
	return rc;
}

int alm_cmd_policy_who(int argc, char **argv)
{
	return alm_bundle_files_act(
		argc, argv, &usage, alm_bundle_files_listed, find);
}
