#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "agents/include/almoner.h"
#include "agents/include/almoner_control.h"
#include "cli/audit/evidence.h"
#include "cli/context.h"
#include "lib/file.h"
#include "lib/lines.h"

#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define WAIT_MS 60000

/** A file that grows row by row. */
struct pieces {
	uint8_t *data;
	size_t bytes;
};

static enum alm_err add_piece(struct pieces *pieces, const char *text)
{
	size_t room = strlen(text);
	size_t bytes = 0;
	uint8_t *data = realloc(pieces->data, pieces->bytes + room + 1);

	if (data == NULL) {
		return ALM_NOMEM;
	}
	pieces->data = data;
	if (!alm_line_base64_any(
		    (struct alm_bytes){(const uint8_t *)text, room},
		    data + pieces->bytes, room, &bytes)) {
		return ALM_INTERNAL;
	}
	pieces->bytes += bytes;
	return ALM_OK;
}

static enum alm_err fetch_admin(const struct alm_args *args,
	const struct alm_ask *ask, struct pieces *pieces,
	struct alm_problem *problem)
{
	struct alm_control *control = NULL;
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err = alm_admin_open(args, &control, problem);

	if (err != ALM_OK) {
		return err;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = alm_admin_ask(control, ask, &arena, &answer, problem);
	for (size_t i = 0; err == ALM_OK && i < answer.row_count; i++) {
		err = add_piece(pieces, answer.rows[i].items[0]);
	}
	alm_arena_fini(&arena);
	alm_control_close(control);
	return err;
}

static enum alm_err ask_agent(struct alm_client *client,
	const struct alm_ask *ask, struct pieces *pieces,
	struct alm_problem *problem)
{
	struct alm_pair pairs[ALM_ADMIN_ARGUMENTS_MAX];
	struct alm_table *table = NULL;
	enum alm_err err;

	for (size_t i = 0; i < ask->argument_count; i++) {
		pairs[i] = (struct alm_pair){
			ask->arguments[i].key, ask->arguments[i].value};
	}
	err = (enum alm_err)alm_ask(
		client, ask->verb, pairs, ask->argument_count, WAIT_MS, &table);
	if (err == ALM_OK && table->code != 0) {
		err = alm_problem_set(problem, (enum alm_err)table->code, "%s",
			table->detail);
	}
	for (size_t i = 0; err == ALM_OK && i < table->row_count; i++) {
		err = add_piece(pieces, table->rows[i].items[0]);
	}
	alm_table_free(table);
	return err;
}

static enum alm_err fetch_agent(const struct alm_args *args,
	const struct alm_ask *ask, struct pieces *pieces,
	struct alm_problem *problem)
{
	struct alm_client *client = NULL;
	char text[ALM_DETAIL_BYTES_MAX];
	char path[PATH_MAX];
	enum alm_err err = alm_context_path(args, path, problem);

	if (err != ALM_OK) {
		return err;
	}
	err = (enum alm_err)alm_client_open(path, &client, text, sizeof(text));
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "%s", text);
	}
	(void)alm_client_set_credit(client, 0); /* takes no mail */
	err = ask_agent(client, ask, pieces, problem);
	alm_client_close(client);
	return err;
}

enum alm_err alm_audit_fetch(const struct alm_args *args,
	const struct alm_ask *ask, uint8_t **out_data, size_t *out_bytes,
	struct alm_problem *problem)
{
	struct pieces pieces = {.data = NULL};
	enum alm_err err = alm_context_is_agents(args)
				   ? fetch_agent(args, ask, &pieces, problem)
				   : fetch_admin(args, ask, &pieces, problem);

	if (err != ALM_OK) {
		free(pieces.data);
		return problem->err == ALM_OK
			       ? alm_problem_set(problem, err, "%s", ask->verb)
			       : err;
	}
	*out_data = pieces.data;
	*out_bytes = pieces.bytes;
	return ALM_OK;
}

enum alm_err alm_audit_check_out(
	const struct alm_args *args, struct alm_problem *problem)
{
	const char *path = alm_args_text(args, "out");
	struct stat info;

	return path == NULL || alm_args_has(args, "force") ||
			       lstat(path, &info) != 0
		       ? ALM_OK
		       : alm_problem_set(problem, ALM_FILE_EXISTS, "%s", path);
}

int alm_audit_keep(const struct alm_args *args, struct alm_bytes file)
{
	struct alm_problem problem = {.err = ALM_OK};
	const char *path = alm_args_text(args, "out");

	if (path != NULL) {
		problem.err = alm_file_write(path, file, 0644, &problem);
		return problem.err == ALM_OK
			       ? ALM_EXIT_OK
			       : alm_print_problem(&args->output, &problem);
	}
	if (fwrite(file.data, 1, file.bytes, stdout) != file.bytes ||
		fflush(stdout) != 0) {
		(void)alm_problem_set(&problem, ALM_IO, "standard output");
		return alm_print_problem(&args->output, &problem);
	}
	return ALM_EXIT_OK;
}
