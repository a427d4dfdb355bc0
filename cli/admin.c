#include "cli/admin.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/context.h"
#include "cli/show/output.h"
#include "lib/id.h"
#include "lib/limits.h"

/* A page of rows, and the frame that it came in. */
#define ARENA_BYTES_MAX ((size_t)3 * ALM_ADMIN_FRAME_BYTES_MAX)

void alm_ask_add(struct alm_ask *ask, const char *key, const char *value)
{
	if (value == NULL) {
		return;
	}
	ALM_ASSERT(ask->argument_count < ALM_ADMIN_ARGUMENTS_MAX);
	ask->arguments[ask->argument_count++] =
		(struct alm_argument){key, value};
}

void alm_ask_option(
	struct alm_ask *ask, const struct alm_args *args, const char *name)
{
	alm_ask_add(ask, name, alm_args_text(args, name));
}

void alm_ask_change(struct alm_ask *ask, const struct alm_args *args)
{
	alm_ask_add(
		ask, "dry-run", alm_args_has(args, "dry-run") ? "yes" : NULL);
	alm_ask_option(ask, args, "reason");
}

static enum alm_err find_endpoint(const struct alm_args *args,
	char out[PATH_MAX], struct alm_problem *problem)
{
	bool is_context_given = alm_args_has(args, "context");
	const char *given = alm_args_text(args, "admin");
	enum alm_err err;

	if (given == NULL && !is_context_given) {
		given = getenv("ALMONER_ADMIN");
	}
	if (given != NULL && *given != '\0') {
		alm_text_copy(out, PATH_MAX, given);
		return ALM_OK;
	}
	err = alm_context_value(args, ALM_CONTEXT_ADMIN, out, problem);
	if (err != ALM_OK || *out != '\0') {
		return err;
	}
	if (is_context_given) {
		return alm_problem_set(problem, ALM_CONTEXT,
			"%s names no administration socket",
			alm_args_text(args, "context"));
	}
	alm_text_copy(out, PATH_MAX, ALM_ADMIN_DEFAULT);
	return ALM_OK;
}

enum alm_err alm_admin_open_at(const struct alm_args *args,
	const char *endpoint, struct alm_control **out_control,
	struct alm_problem *problem)
{
	int64_t wait_s = alm_args_number(args, "timeout", 0);
	enum alm_err err = ALM_OK;

	if (wait_s < 0 || wait_s > INT_MAX / 1000) {
		err = alm_problem_set(problem, ALM_USAGE, "--timeout");
	}
	if (err == ALM_OK) {
		err = alm_control_open(endpoint, out_control, problem);
	}
	if (err == ALM_OK && wait_s > 0) {
		alm_control_set_patience(*out_control, (int)wait_s * 1000, 0);
	} else if (err == ALM_OK) {
		alm_control_set_patience(
			*out_control, ALM_ADMIN_WAIT_MS, ALM_ADMIN_QUIET_MS);
	}
	return err;
}

enum alm_err alm_admin_open(const struct alm_args *args,
	struct alm_control **out_control, struct alm_problem *problem)
{
	char endpoint[PATH_MAX];
	enum alm_err err = find_endpoint(args, endpoint, problem);

	return err == ALM_OK
		       ? alm_admin_open_at(args, endpoint, out_control, problem)
		       : err;
}

enum alm_err alm_admin_ask(struct alm_control *control,
	const struct alm_ask *ask, struct alm_arena *arena,
	struct alm_answer *out_answer, struct alm_problem *problem)
{
	struct alm_request_call call = {.verb = ask->verb,
		.arguments = ask->arguments,
		.argument_count = ask->argument_count,
		.attachments = ask->attachments,
		.attachment_count = ask->attachment_count};
	enum alm_err err = alm_control_ask(
		control, &call, ask->wait_ms, arena, out_answer, problem);

	if (err == ALM_OK && out_answer->code != ALM_OK) {
		err = alm_problem_set(
			problem, out_answer->code, "%s", out_answer->detail);
	}
	return err;
}

const char *alm_answer_fact(const struct alm_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->fact_count; i++) {
		if (strcmp(answer->facts[i].key, key) == 0) {
			return answer->facts[i].value;
		}
	}
	return NULL;
}

int alm_answer_column(const struct alm_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->columns.count; i++) {
		if (strcmp(answer->columns.items[i], name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

const char *alm_answer_cell(
	const struct alm_answer *answer, size_t row, const char *column)
{
	int at = alm_answer_column(answer, column);

	return at < 0 ? "" : answer->rows[row].items[at];
}

enum alm_err alm_admin_each(struct alm_control *control, struct alm_ask *ask,
	alm_admin_row_fn *each, void *cookie, struct alm_problem *problem)
{
	size_t first_count = ask->argument_count;
	char cursor[ALM_TEXT_BYTES_MAX + 1] = "";
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	do {
		struct alm_answer answer = {.row_count = 0};
		bool goes_on = true;

		ask->argument_count = first_count;
		alm_ask_add(ask, "cursor", *cursor != '\0' ? cursor : NULL);
		alm_arena_reset(&arena);
		err = alm_admin_ask(control, ask, &arena, &answer, problem);
		for (size_t i = 0;
			err == ALM_OK && goes_on && i < answer.row_count; i++) {
			goes_on = each(cookie, &answer, i);
		}
		alm_text_copy(cursor, sizeof(cursor),
			err == ALM_OK && goes_on ? answer.cursor : "");
	} while (*cursor != '\0');
	alm_arena_fini(&arena);
	return err;
}

static void add_rows(struct alm_sheet *sheet, const struct alm_answer *answer)
{
	for (size_t i = 0; i < answer->row_count; i++) {
		alm_sheet_row(sheet, answer->rows[i].items);
	}
}

struct alm_sheet *alm_admin_sheet(
	const char *schema, const struct alm_answer *answer)
{
	struct alm_sheet *sheet = alm_sheet_new(
		schema, answer->columns.items, answer->columns.count);

	for (size_t i = 0; i < answer->fact_count; i++) {
		alm_sheet_fact(
			sheet, answer->facts[i].key, answer->facts[i].value);
	}
	add_rows(sheet, answer);
	return sheet;
}

/** Follow the cursor; `ask` has room for it. */
static enum alm_err ask_rest(struct alm_control *control, struct alm_ask *ask,
	size_t row_max, struct alm_arena *arena, struct alm_answer *answer,
	struct alm_sheet *sheet, struct alm_problem *problem)
{
	size_t first_count = ask->argument_count;
	char cursor[ALM_TEXT_BYTES_MAX + 1];
	enum alm_err err = ALM_OK;

	while (err == ALM_OK && *answer->cursor != '\0' &&
		(row_max == 0 || alm_sheet_rows(sheet) < row_max)) {
		(void)snprintf(cursor, sizeof(cursor), "%s", answer->cursor);
		ask->argument_count = first_count;
		alm_ask_add(ask, "cursor", cursor);
		alm_arena_reset(arena);
		err = alm_admin_ask(control, ask, arena, answer, problem);
		if (err == ALM_OK) {
			add_rows(sheet, answer);
		}
	}
	return err;
}

enum alm_err alm_admin_collect(const struct alm_args *args, struct alm_ask *ask,
	const char *schema, size_t row_max, struct alm_sheet **out_sheet,
	struct alm_problem *problem)
{
	struct alm_control *control = NULL;
	struct alm_sheet *sheet = NULL;
	struct alm_arena arena;
	struct alm_answer answer;
	enum alm_err err = alm_admin_open(args, &control, problem);

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	if (err == ALM_OK) {
		err = alm_admin_ask(control, ask, &arena, &answer, problem);
	}
	if (err == ALM_OK) {
		sheet = alm_admin_sheet(schema, &answer);
		err = ask_rest(
			control, ask, row_max, &arena, &answer, sheet, problem);
	}
	if (err == ALM_OK) {
		*out_sheet = sheet;
	} else {
		alm_sheet_free(sheet);
	}
	alm_control_close(control);
	alm_arena_fini(&arena);
	return err;
}

int alm_admin_show(const struct alm_args *args, struct alm_ask *ask,
	const char *schema, size_t row_max)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_sheet *sheet = NULL;
	int rc;

	problem.err =
		alm_admin_collect(args, ask, schema, row_max, &sheet, &problem);
	rc = problem.err == ALM_OK ? alm_sheet_print(sheet, &args->output)
				   : alm_print_problem(&args->output, &problem);
	alm_sheet_free(sheet);
	return rc;
}

void alm_admin_print_faults(const struct alm_answer *answer)
{
	for (size_t i = 0; i < answer->row_count; i++) {
		const struct alm_texts *row = &answer->rows[i];

		for (size_t j = 0; j < row->count; j++) {
			(void)fputs(j > 0 ? ": " : "", stderr);
			alm_print_safe(stderr, row->items[j]);
		}
		(void)fputc('\n', stderr);
	}
}

void alm_admin_warn(
	const struct alm_output *output, const struct alm_answer *answer)
{
	const char *doubt = alm_answer_fact(answer, "doubt");

	if (doubt != NULL && doubt[0] != '\0') {
		alm_print_warning(output, "%s: no message can have it", doubt);
	}
}

int alm_admin_change_on(struct alm_control *control,
	const struct alm_args *args, const struct alm_ask *ask,
	const char *schema)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_answer answer = {.code = ALM_OK};
	struct alm_sheet *sheet;
	struct alm_arena arena;
	int rc;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	problem.err = alm_admin_ask(control, ask, &arena, &answer, &problem);
	if (problem.err != ALM_OK) {
		if (answer.code != ALM_OK) {
			alm_admin_print_faults(&answer);
		}
		rc = alm_print_problem(&args->output, &problem);
	} else {
		alm_admin_warn(&args->output, &answer);
		sheet = alm_admin_sheet(schema, &answer);
		rc = alm_sheet_print(sheet, &args->output);
		alm_sheet_free(sheet);
		if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
			alm_print_dry_run(&args->output);
		}
	}
	alm_arena_fini(&arena);
	return rc;
}

int alm_admin_change(
	const struct alm_args *args, struct alm_ask *ask, const char *schema)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_control *control = NULL;
	int rc;

	problem.err = alm_admin_open(args, &control, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	rc = alm_admin_change_on(control, args, ask, schema);
	alm_control_close(control);
	return rc;
}
