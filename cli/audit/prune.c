/*
 * prune.c - almoner audit prune: takes away the private parts of records
 * that were kept long enough, and says what room that gives.
 */
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "lib/limits.h"

#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct alm_option options[] = {
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT",
		"why; it is recorded.  Needed unless it is a dry run", false,
		false},
	{"despite-gap", 0, ALM_OPTION_FLAG, NULL,
		"although the log has a gap of more than 31 days; the clock "
		"was compared",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "audit prune",
	.summary = "Take away the private parts of records that are past the "
		   "time they are kept, and the keys of those months.  It "
		   "cannot be undone.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE | ALM_TAKES_YES,
	.options = options,
	.notes = "  Headers of the log stay, and every proof still verifies.  "
		 "How long is kept what:\n  the settings audit-keep-* of the "
		 "daemon.  Room in the file is used again; almoner\n  backup "
		 "makes a copy without it.",
};

/** One call; what the broker knows of the walk stays there. */
static enum alm_err ask_once(struct alm_control *control,
	const struct alm_ask *question, const char *cursor,
	struct alm_arena *arena, struct alm_answer *answer,
	struct alm_problem *problem)
{
	struct alm_ask ask = *question;

	alm_ask_add(&ask, "cursor", *cursor != '\0' ? cursor : NULL);
	alm_arena_reset(arena);
	return alm_admin_ask(control, &ask, arena, answer, problem);
}

/** Until the walk is at its end. */
static enum alm_err walk(struct alm_control *control, const struct alm_ask *ask,
	struct alm_arena *arena, struct alm_answer *answer,
	struct alm_problem *problem)
{
	char cursor[ALM_TEXT_BYTES_MAX + 1] = "";
	enum alm_err err;

	do {
		err = ask_once(control, ask, cursor, arena, answer, problem);
		if (err == ALM_OK) {
			(void)snprintf(
				cursor, sizeof(cursor), "%s", answer->cursor);
		}
	} while (err == ALM_OK && cursor[0] != '\0');
	return err;
}

static int tell(const struct alm_args *args, const struct alm_answer *answer)
{
	struct alm_sheet *sheet =
		alm_admin_sheet("almoner.audit.prune/1", answer);
	int rc = sheet != NULL ? alm_sheet_print(sheet, &args->output)
			       : ALM_EXIT_FAILURE;

	alm_sheet_free(sheet);
	if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
		alm_print_dry_run(&args->output);
	}
	return rc;
}

static const char *fact(const struct alm_answer *answer, const char *key)
{
	const char *value = alm_answer_fact(answer, key);

	return value != NULL ? value : "0";
}

/** Count, ask for a yes, and do it. */
static int prune(const struct alm_args *args, struct alm_control *control,
	struct alm_arena *arena)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "audit.prune"};
	struct alm_ask dry = ask;
	struct alm_answer answer;
	char what[256];
	int rc;

	alm_ask_option(&ask, args, "reason");
	alm_ask_add(&ask, "despite-gap",
		alm_args_has(args, "despite-gap") ? "yes" : NULL);
	alm_ask_add(&dry, "dry-run", "yes");
	problem.err = walk(control, &dry, arena, &answer, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	if (alm_args_has(args, "dry-run")) {
		return tell(args, &answer);
	}
	(void)snprintf(what, sizeof(what),
		"take away the private parts of %.20s records of disclosures, "
		"%.20s kept long and %.20s of security",
		fact(&answer, "disclosures-parts"), fact(&answer, "long-parts"),
		fact(&answer, "security-parts"));
	rc = alm_confirm(args, what);
	if (rc >= 0) {
		return rc;
	}
	problem.err = walk(control, &ask, arena, &answer, &problem);
	return problem.err == ALM_OK
		       ? tell(args, &answer)
		       : alm_print_problem(&args->output, &problem);
}

int alm_cmd_audit_prune(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_control *control = NULL;
	struct alm_arena arena;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (!alm_args_has(&args, "reason") && !alm_args_has(&args, "dry-run")) {
		return alm_print_failure(
			&args.output, &(struct alm_failure){ALM_REASON_REQUIRED,
					      "", NULL, 0});
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	problem.err = alm_admin_open(&args, &control, &problem);
	rc = problem.err == ALM_OK ? prune(&args, control, &arena)
				   : alm_print_problem(&args.output, &problem);
	alm_control_close(control);
	alm_arena_fini(&arena);
	return rc;
}
