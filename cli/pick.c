#include "cli/pick.h"

#include <stdio.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

/** The row whose id is `prefix`, or the only one; NULL with the problem. */
static const struct alm_texts *choose(const struct alm_answer *answer,
	const char *prefix, struct alm_problem *problem)
{
	int column = alm_answer_column(answer, "id");

	if (column < 0 || answer->row_count == 0) {
		(void)alm_problem_set(
			problem, ALM_NOT_FOUND, "organisation %s", prefix);
		return NULL;
	}
	for (size_t i = 0; i < answer->row_count; i++) {
		if (strcmp(answer->rows[i].items[column], prefix) == 0) {
			return &answer->rows[i];
		}
	}
	if (answer->row_count > 1) {
		(void)alm_problem_set(problem, ALM_AMBIGUOUS,
			"%zu organisations begin with %s, %s and %s first",
			answer->row_count, prefix,
			answer->rows[0].items[column],
			answer->rows[1].items[column]);
		return NULL;
	}
	return &answer->rows[0];
}

static enum alm_err pick(struct alm_control *control, const char *prefix,
	struct alm_arena *arena, struct alm_sheet **out_sheet, char *out_id,
	struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "org.list"};
	const struct alm_texts *row;
	struct alm_answer answer;
	enum alm_err err;

	alm_ask_add(&ask, "prefix", prefix);
	err = alm_admin_ask(control, &ask, arena, &answer, problem);
	if (err != ALM_OK) {
		return err;
	}
	row = choose(&answer, prefix, problem);
	if (row == NULL) {
		return problem->err;
	}
	if (out_id != NULL) {
		(void)snprintf(out_id, ALM_ID_BYTES_MAX + 1, "%s",
			row->items[alm_answer_column(&answer, "id")]);
	}
	if (out_sheet != NULL) {
		*out_sheet = alm_sheet_new("almoner.org.show/1", NULL, 0);
		for (size_t i = 0; i < answer.columns.count; i++) {
			alm_sheet_fact(*out_sheet, answer.columns.items[i],
				row->items[i]);
		}
	}
	return ALM_OK;
}

enum alm_err alm_pick_organisation(const struct alm_args *args,
	const char *prefix, struct alm_sheet **out_sheet, char *out_id,
	struct alm_problem *problem)
{
	struct alm_control *control = NULL;
	struct alm_arena arena;
	enum alm_err err = alm_admin_open(args, &control, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = pick(control, prefix, &arena, out_sheet, out_id, problem);
	alm_arena_fini(&arena);
	alm_control_close(control);
	return err;
}
