/*
 * erase.c - almoner people erase: what is kept of a person is removed,
 * and what the audit log says of them becomes unreadable for good.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "lib/limits.h"

#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct alm_option options[] = {
	ALM_REASON_OPTION(true),
	{"with-objections", 0, ALM_OPTION_FLAG, NULL,
		"also the person's objections, so that more may be released",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "people erase",
	.summary = "Erase a person: remove every record kept of them, and "
		   "destroy the keys of what the audit log says of them.  It "
		   "cannot be undone.",
	.positionals = "NHS-NUMBER|-",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE | ALM_TAKES_YES,
	.options = options,
	.notes = "  Headers of the log stay, under a pseudonym, and every "
		 "proof still verifies.  Mail\n  that waits is delivered or "
		 "expires.  Copies of the store that were made before\n  still "
		 "hold the keys: let them expire.",
};

/** What the broker says it would do or has begun. */
static enum alm_err ask_once(struct alm_control *control, struct alm_ask *ask,
	struct alm_arena *arena, struct alm_answer *answer,
	struct alm_problem *problem)
{
	alm_arena_reset(arena);
	return alm_admin_ask(control, ask, arena, answer, problem);
}

/** Until the walk of the keys is at its end. */
static enum alm_err walk(struct alm_control *control, struct alm_ask *ask,
	struct alm_arena *arena, char records[24], char keys[24],
	struct alm_problem *problem)
{
	size_t argument_count = ask->argument_count;
	char cursor[ALM_TEXT_BYTES_MAX + 1] = "";
	struct alm_answer answer;
	enum alm_err err;

	do {
		ask->argument_count = argument_count;
		alm_ask_add(ask, "cursor", cursor[0] != '\0' ? cursor : NULL);
		err = ask_once(control, ask, arena, &answer, problem);
		if (err == ALM_OK) {
			const char *r = alm_answer_fact(&answer, "records");
			const char *k = alm_answer_fact(&answer, "keys");

			if (r != NULL) {
				(void)snprintf(records, 24, "%.20s", r);
			}
			(void)snprintf(keys, 24, "%.20s", k != NULL ? k : "0");
			(void)snprintf(
				cursor, sizeof(cursor), "%s", answer.cursor);
		}
	} while (err == ALM_OK && cursor[0] != '\0');
	return err;
}

static int tell(const struct alm_args *args, const char *masked,
	const char *records, const char *keys)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.people.erase/1", NULL, 0);
	int rc;

	alm_sheet_fact(sheet, "subject", masked);
	alm_sheet_fact(sheet, "records", records);
	if (*keys != '\0') {
		alm_sheet_fact(sheet, "keys", keys);
	}
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
		alm_print_dry_run(&args->output);
	}
	return rc;
}

/** Say how much there is, ask for a yes, and do it. */
static int erase(const struct alm_args *args, struct alm_ask *ask,
	struct alm_control *control, struct alm_arena *arena,
	const char *masked)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask dry = *ask;
	struct alm_answer answer;
	const char *found;
	char records[24] = "0";
	char keys[24] = ""; /* a dry run does not look for them */
	char what[128];
	int rc;

	alm_ask_add(&dry, "dry-run", "yes");
	problem.err = ask_once(control, &dry, arena, &answer, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	found = alm_answer_fact(&answer, "records");
	(void)snprintf(
		records, sizeof(records), "%.20s", found != NULL ? found : "0");
	if (alm_args_has(args, "dry-run")) {
		return tell(args, masked, records, keys);
	}
	(void)snprintf(what, sizeof(what), "erase %s: %s records, and all keys",
		masked, records);
	rc = alm_confirm(args, what);
	if (rc >= 0) {
		return rc;
	}
	problem.err = walk(control, ask, arena, records, keys, &problem);
	return problem.err == ALM_OK
		       ? tell(args, masked, records, keys)
		       : alm_print_problem(&args->output, &problem);
}

int alm_cmd_people_erase(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "people.erase"};
	struct alm_control *control = NULL;
	char number[ALM_NHS_NUMBER_BYTES + 1];
	char masked[ALM_NHS_MASKED_BYTES];
	struct alm_arena arena;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err =
		alm_take_nhs_number(args.positionals[0], number, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_nhs_number_mask(number, masked);
	alm_ask_add(&ask, "subject", number);
	alm_ask_add(&ask, "with-objections",
		alm_args_has(&args, "with-objections") ? "yes" : NULL);
	alm_ask_option(&ask, &args, "reason");
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	problem.err = alm_admin_open(&args, &control, &problem);
	rc = problem.err == ALM_OK ? erase(&args, &ask, control, &arena, masked)
				   : alm_print_problem(&args.output, &problem);
	alm_control_close(control);
	alm_arena_fini(&arena);
	sodium_memzero(number, sizeof(number));
	return rc;
}
