/*
 * rerun.c - almoner mailbox rerun: dead letters are decided again and go back
 * into the queue, a bounded number in each turn of the broker.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/pick.h"

#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)
/* What one argument takes, and the broker in one turn. */
#define SEQUENCES_MAX 64u

static const struct alm_option options[] = {
	{"all", 0, ALM_OPTION_FLAG, NULL,
		"every dead letter of the organisation; asks first", false,
		false},
	ALM_REASON_OPTION(false),
	{0},
};

static const struct alm_usage usage = {
	.name = "mailbox rerun",
	.summary = "Put dead letters back into the queue.  Each is decided "
		   "again: what is not permitted any more is stopped, and its "
		   "sender told.",
	.positionals = "ORG [SEQUENCE...]",
	.positional_min = 1,
	.positional_max = 1 + SEQUENCES_MAX,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE | ALM_TAKES_YES,
	.options = options,
	.notes = "  almoner mailbox dead RX1\n"
		 "  almoner mailbox rerun RX1 1042 1043 --reason 'agent "
		 "mended'",
};

static const char *const words[] = {"queued", "stopped", "expired", "damaged"};

/** What became of them; and each, in a sheet. */
struct counts {
	uint64_t of[ALM_COUNT(words)];
	struct alm_sheet *sheet;
};

static enum alm_err ask_all(struct alm_control *control,
	const struct alm_ask *first, struct alm_arena *arena,
	struct counts *counts, struct alm_problem *problem)
{
	char cursor[ALM_TEXT_BYTES_MAX + 1] = "";
	struct alm_answer answer;
	enum alm_err err;

	memset(counts->of, 0, sizeof(counts->of));
	do {
		struct alm_ask ask = *first;

		alm_ask_add(&ask, "cursor", cursor[0] != '\0' ? cursor : NULL);
		alm_arena_reset(arena);
		err = alm_admin_ask(control, &ask, arena, &answer, problem);
		if (err != ALM_OK) {
			return err;
		}
		for (size_t i = 0; i < ALM_COUNT(words); i++) {
			const char *n = alm_answer_fact(&answer, words[i]);

			counts->of[i] += n == NULL ? 0 : strtoull(n, NULL, 10);
		}
		for (size_t i = 0; i < answer.row_count; i++) {
			alm_sheet_row(counts->sheet, answer.rows[i].items);
		}
		(void)snprintf(cursor, sizeof(cursor), "%s", answer.cursor);
	} while (cursor[0] != '\0');
	return err;
}

static int tell(const struct alm_args *args, const char *organisation,
	struct counts *counts)
{
	int rc;

	alm_sheet_fact(counts->sheet, "organisation", organisation);
	for (size_t i = 0; i < ALM_COUNT(words); i++) {
		alm_sheet_number(counts->sheet, words[i], counts->of[i]);
	}
	rc = alm_sheet_print(counts->sheet, &args->output);
	if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
		alm_print_dry_run(&args->output);
	}
	return rc;
}

static struct alm_sheet *new_sheet(void)
{
	static const char *const columns[] = {"sequence", "result"};

	return alm_sheet_new(
		"almoner.mailbox.rerun/1", columns, ALM_COUNT(columns));
}

/** For all of them: count, and ask for a yes.  Gives -1 to go on. */
static int confirm_all(const struct alm_args *args, struct alm_control *control,
	const struct alm_ask *ask, struct alm_arena *arena)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask dry = *ask;
	struct counts counts = {.sheet = new_sheet()};
	char what[128];

	alm_ask_add(&dry, "dry-run", "yes");
	problem.err = ask_all(control, &dry, arena, &counts, &problem);
	alm_sheet_free(counts.sheet);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	(void)snprintf(what, sizeof(what),
		"hand over %" PRIu64 " dead letters again, and stop %" PRIu64
		" that are not permitted any more",
		counts.of[0], counts.of[1]);
	return alm_confirm(args, what);
}

static int rerun(const struct alm_args *args, const char *organisation,
	struct alm_control *control, struct alm_ask *ask)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct counts counts = {.sheet = NULL};
	struct alm_arena arena;
	int rc = -1;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	if (alm_args_has(args, "all") && !alm_args_has(args, "dry-run")) {
		rc = confirm_all(args, control, ask, &arena);
	}
	if (rc < 0) {
		alm_ask_change(ask, args);
		counts.sheet = new_sheet();
		problem.err = ask_all(control, ask, &arena, &counts, &problem);
		rc = problem.err == ALM_OK
			     ? tell(args, organisation, &counts)
			     : alm_print_problem(&args->output, &problem);
	}
	alm_sheet_free(counts.sheet);
	alm_arena_fini(&arena);
	return rc;
}

/** The sequences with commas between; false if one is no number. */
static bool join_sequences(
	const struct alm_args *args, char text[SEQUENCES_MAX * 24])
{
	size_t used = 0;

	for (size_t i = 1; i < args->positional_count; i++) {
		const char *at = args->positionals[i];
		size_t bytes = strlen(at);

		if (bytes == 0 || bytes > 14 ||
			strspn(at, "0123456789") != bytes) {
			return false;
		}
		used += (size_t)snprintf(
			text + used, 24, "%s%s", i > 1 ? "," : "", at);
	}
	return true;
}

int alm_cmd_mailbox_rerun(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "mailbox.rerun"};
	struct alm_control *control = NULL;
	char list[SEQUENCES_MAX * 24] = "";
	char id[ALM_ID_BYTES_MAX + 1];
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (alm_args_has(&args, "all") == (args.positional_count > 1)) {
		return alm_args_complain(&args, "give sequences, or --all");
	}
	if (!join_sequences(&args, list)) {
		return alm_args_complain(
			&args, "a sequence is a number, as mailbox dead lists");
	}
	problem.err = alm_pick_organisation(
		&args, args.positionals[0], NULL, id, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_admin_open(&args, &control, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_add(&ask, "organisation", id);
	alm_ask_add(&ask, "sequences", list[0] != '\0' ? list : NULL);
	alm_ask_add(&ask, "all", alm_args_has(&args, "all") ? "yes" : NULL);
	rc = rerun(&args, id, control, &ask);
	alm_control_close(control);
	return rc;
}
