#include "cli/audit/asker.h"

#include <limits.h>
#include <stdlib.h>

#include "agents/include/almoner.h"
#include "agents/include/almoner_control.h"
#include "cli/context.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define WAIT_MS 60000
/* To be welcomed, by a broker that is there. */
#define READY_MS 10000

struct alm_asker {
	struct alm_control *control; /* one of these two */
	struct alm_client *client;
	struct alm_table *table; /* the client's last answer */
	int wait_ms;             /* for the client's */
	struct alm_arena arena;
};

static enum alm_err open_client(const struct alm_args *args,
	struct alm_asker *asker, struct alm_problem *problem)
{
	int64_t wait_s = alm_args_number(args, "timeout", 0);
	struct alm_client_status status;
	char text[ALM_DETAIL_BYTES_MAX] = "";
	char path[PATH_MAX];
	enum alm_err err = alm_context_path(args, path, problem);

	if (err != ALM_OK) {
		return err;
	}
	err = (enum alm_err)alm_client_open(
		path, &asker->client, text, sizeof(text));
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "%s", text);
	}
	(void)alm_client_set_credit(asker->client, 0); /* takes no mail */
	asker->wait_ms = wait_s > 0 && wait_s < INT_MAX / 1000
				 ? (int)wait_s * 1000
				 : WAIT_MS;
	err = (enum alm_err)alm_client_wait_ready(asker->client,
		asker->wait_ms < READY_MS ? asker->wait_ms : READY_MS);
	if (err == ALM_OK) {
		return ALM_OK;
	}
	alm_client_get_status(asker->client, &status);
	return alm_problem_set(problem, err, "%s", status.detail);
}

enum alm_err alm_asker_open(const struct alm_args *args,
	struct alm_asker **out_asker, struct alm_problem *problem)
{
	struct alm_asker *asker = calloc(1, sizeof(*asker));
	enum alm_err err;

	if (asker == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	alm_arena_init(&asker->arena, ARENA_BYTES_MAX);
	err = alm_context_is_agents(args)
		      ? open_client(args, asker, problem)
		      : alm_admin_open(args, &asker->control, problem);
	if (err != ALM_OK) {
		alm_asker_close(asker);
		return err;
	}
	*out_asker = asker;
	return ALM_OK;
}

void alm_asker_close(struct alm_asker *asker)
{
	if (asker == NULL) {
		return;
	}
	alm_table_free(asker->table);
	if (asker->client != NULL) {
		alm_client_close(asker->client);
	}
	alm_control_close(asker->control);
	alm_arena_fini(&asker->arena);
	free(asker);
}

static struct alm_texts texts_of(struct alm_strings strings)
{
	return (struct alm_texts){strings.items, strings.count};
}

/* The client's answer as one of the wire; texts stay in the client's. */
static enum alm_err convert(struct alm_arena *arena,
	const struct alm_table *table, struct alm_answer *out)
{
	struct alm_texts *rows =
		alm_arena_take(arena, (table->row_count + 1) * sizeof(*rows));
	struct alm_argument *facts =
		alm_arena_take(arena, (table->fact_count + 1) * sizeof(*facts));

	if (rows == NULL || facts == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < table->row_count; i++) {
		rows[i] = texts_of(table->rows[i]);
	}
	for (size_t i = 0; i < table->fact_count; i++) {
		facts[i] = (struct alm_argument){
			table->facts[i].key, table->facts[i].value};
	}
	*out = (struct alm_answer){
		.id = table->question,
		.detail = table->detail,
		.columns = texts_of(table->columns),
		.rows = rows,
		.row_count = table->row_count,
		.cursor = table->cursor,
		.facts = facts,
		.fact_count = table->fact_count,
	};
	return ALM_OK;
}

static enum alm_err ask_client(struct alm_asker *asker,
	const struct alm_ask *ask, struct alm_answer *out_answer,
	struct alm_problem *problem)
{
	struct alm_pair pairs[ALM_ADMIN_ARGUMENTS_MAX];
	enum alm_err err;

	for (size_t i = 0; i < ask->argument_count; i++) {
		pairs[i] = (struct alm_pair){
			ask->arguments[i].key, ask->arguments[i].value};
	}
	alm_table_free(asker->table);
	asker->table = NULL;
	err = (enum alm_err)alm_ask(asker->client, ask->verb, pairs,
		ask->argument_count, asker->wait_ms, &asker->table);
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "%s", ask->verb);
	}
	if (asker->table->code != 0) {
		return alm_problem_set(problem,
			(enum alm_err)asker->table->code, "%s",
			asker->table->detail);
	}
	return convert(&asker->arena, asker->table, out_answer);
}

enum alm_err alm_asker_ask(struct alm_asker *asker, const struct alm_ask *ask,
	struct alm_answer *out_answer, struct alm_problem *problem)
{
	alm_arena_reset(&asker->arena);
	return asker->client != NULL
		       ? ask_client(asker, ask, out_answer, problem)
		       : alm_admin_ask(asker->control, ask, &asker->arena,
				 out_answer, problem);
}
