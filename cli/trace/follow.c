#include "cli/trace/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/include/almoner.h"
#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/context.h"
#include "lib/time.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define ASK_WAIT_MS 60000
#define ARGUMENTS_MAX 4u

/** Whom is asked: one of the two. */
struct source {
	struct alm_control *control;
	struct alm_client *client;
	const char *reason;
	struct alm_arena arena; /* of the control's last answer */
};

/** What becomes of each row; false: stop asking. */
typedef bool row_fn(void *cookie, const char *const *cells);

/** A question of the verb, and where its rows go. */
struct asking {
	struct source *source;
	const char *pairs[ARGUMENTS_MAX][2];
	size_t pair_count;
	row_fn *row;
	void *cookie;
	struct alm_trace *trace; /* takes the facts, if it is not NULL */
};

void alm_trace_init(struct alm_trace *trace)
{
	*trace = (struct alm_trace){.answers = ""};
	alm_arena_init(&trace->arena, ARENA_BYTES_MAX);
}

void alm_trace_fini(struct alm_trace *trace)
{
	free(trace->steps);
	alm_arena_fini(&trace->arena);
}

static const char *keep(struct alm_trace *trace, const char *text)
{
	const char *copy = alm_arena_text(&trace->arena, text, strlen(text));

	return copy == NULL ? "" : copy;
}

/* --- asking -------------------------------------------------------------- */

static enum alm_err open_source(const struct alm_args *args,
	struct source *source, struct alm_problem *problem)
{
	char path[PATH_MAX];

	alm_arena_init(&source->arena, ARENA_BYTES_MAX);
	source->reason = alm_args_text(args, "reason");
	if (!alm_context_is_agents(args)) {
		return alm_admin_open(args, &source->control, problem);
	}
	problem->err = alm_context_path(args, path, problem);
	if (problem->err == ALM_OK) {
		problem->err =
			(enum alm_err)alm_client_open(path, &source->client,
				problem->detail, sizeof(problem->detail));
	}
	if (problem->err == ALM_OK) {
		(void)alm_client_set_credit(source->client, 0); /* no mail */
	}
	return problem->err;
}

static void close_source(struct source *source)
{
	alm_control_close(source->control);
	alm_client_close(source->client);
	alm_arena_fini(&source->arena);
}

static void take_fact(
	struct alm_trace *trace, const char *key, const char *value)
{
	if (trace != NULL && strcmp(key, "answers") == 0 &&
		trace->answers[0] == '\0') {
		trace->answers = keep(trace, value);
	}
}

/** A broker of another version may say more or less of a step. */
static bool give_row(
	const struct asking *asking, const char *const *items, size_t count)
{
	const char *cells[ALM_TRACE_CELLS];

	for (size_t i = 0; i < ALM_TRACE_CELLS; i++) {
		cells[i] = i < count ? items[i] : "";
	}
	return asking->row(asking->cookie, cells);
}

/** One page over the administration socket.  `cursor` is updated. */
static enum alm_err ask_control(const struct asking *asking,
	char cursor[ALM_TEXT_BYTES_MAX + 1], bool *go_on,
	struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "trace"};
	struct alm_answer answer;
	enum alm_err err;

	for (size_t i = 0; i < asking->pair_count; i++) {
		alm_ask_add(&ask, asking->pairs[i][0], asking->pairs[i][1]);
	}
	alm_ask_add(&ask, "reason", asking->source->reason);
	alm_ask_add(&ask, "after", cursor[0] == '\0' ? NULL : cursor);
	alm_arena_reset(&asking->source->arena);
	err = alm_admin_ask(asking->source->control, &ask,
		&asking->source->arena, &answer, problem);
	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 0; *go_on && i < answer.row_count; i++) {
		*go_on = give_row(
			asking, answer.rows[i].items, answer.rows[i].count);
	}
	for (size_t i = 0; i < answer.fact_count; i++) {
		take_fact(asking->trace, answer.facts[i].key,
			answer.facts[i].value);
	}
	(void)snprintf(cursor, ALM_TEXT_BYTES_MAX + 1, "%s", answer.cursor);
	return ALM_OK;
}

/** One page as an agent. */
static enum alm_err ask_client(const struct asking *asking,
	char cursor[ALM_TEXT_BYTES_MAX + 1], bool *go_on,
	struct alm_problem *problem)
{
	struct alm_pair pairs[ARGUMENTS_MAX + 2];
	size_t count = 0;
	struct alm_table *table = NULL;
	int code;

	for (; count < asking->pair_count; count++) {
		pairs[count] = (struct alm_pair){
			asking->pairs[count][0], asking->pairs[count][1]};
	}
	if (asking->source->reason != NULL) {
		pairs[count++] =
			(struct alm_pair){"reason", asking->source->reason};
	}
	if (cursor[0] != '\0') {
		pairs[count++] = (struct alm_pair){"after", cursor};
	}
	code = alm_ask(asking->source->client, "trace", pairs, count,
		ASK_WAIT_MS, &table);
	if (code != 0 || table->code != 0) {
		code = code != 0 ? code : table->code;
		(void)alm_problem_set(problem, (enum alm_err)code, "%s",
			table == NULL ? "" : table->detail);
		alm_table_free(table);
		return (enum alm_err)code;
	}
	for (size_t i = 0; *go_on && i < table->row_count; i++) {
		*go_on = give_row(
			asking, table->rows[i].items, table->rows[i].count);
	}
	for (size_t i = 0; i < table->fact_count; i++) {
		take_fact(asking->trace, table->facts[i].key,
			table->facts[i].value);
	}
	(void)snprintf(cursor, ALM_TEXT_BYTES_MAX + 1, "%s", table->cursor);
	alm_table_free(table);
	return ALM_OK;
}

static enum alm_err ask_all(
	const struct asking *asking, struct alm_problem *problem)
{
	char cursor[ALM_TEXT_BYTES_MAX + 1] = "";
	bool go_on = true;
	enum alm_err err;

	do {
		err = asking->source->control != NULL
			      ? ask_control(asking, cursor, &go_on, problem)
			      : ask_client(asking, cursor, &go_on, problem);
	} while (err == ALM_OK && go_on && cursor[0] != '\0');
	return err;
}

/* --- which message ------------------------------------------------------- */

/** Ids that were met: one, or one and the first other. */
struct ids {
	char first[ALM_UUID_TEXT_BYTES];
	char other[ALM_UUID_TEXT_BYTES];
};

static bool meet_id(void *cookie, const char *const *cells)
{
	struct ids *ids = cookie;
	const char *id = cells[ALM_TRACE_MESSAGE];

	if (ids->first[0] == '\0') {
		(void)snprintf(ids->first, sizeof(ids->first), "%s", id);
	} else if (strcmp(ids->first, id) != 0) {
		(void)snprintf(ids->other, sizeof(ids->other), "%s", id);
		return false;
	}
	return true;
}

static enum alm_err pick_id(struct source *source, const char *begin,
	char out_id[ALM_UUID_TEXT_BYTES], struct alm_problem *problem)
{
	struct ids ids = {.first = ""};
	struct asking asking = {
		.source = source,
		.pairs = {{"message", begin}, {"part", "ids"}},
		.pair_count = 2,
		.row = meet_id,
		.cookie = &ids,
	};
	struct alm_message_id id;
	enum alm_err err;

	if (alm_message_id_parse(begin, &id) == ALM_OK) {
		alm_message_id_text(&id, out_id);
		return ALM_OK;
	}
	err = ask_all(&asking, problem);
	if (err == ALM_OK && ids.first[0] == '\0') {
		return alm_problem_set(
			problem, ALM_NOT_FOUND, "message %s", begin);
	}
	if (err == ALM_OK && ids.other[0] != '\0') {
		return alm_problem_set(problem, ALM_AMBIGUOUS, "%s and %s",
			ids.first, ids.other);
	}
	if (err == ALM_OK) {
		memcpy(out_id, ids.first, sizeof(ids.first));
	}
	return err;
}

enum alm_err alm_trace_find(const struct alm_args *args, const char *begin,
	char out_id[ALM_UUID_TEXT_BYTES], struct alm_problem *problem)
{
	struct source source = {.control = NULL};
	enum alm_err err = open_source(args, &source, problem);

	if (err == ALM_OK) {
		err = pick_id(&source, begin, out_id, problem);
	}
	close_source(&source);
	return err;
}

/* --- its steps
 * ---------------------------------------------------------------- */

/** Steps being gathered. */
struct gathering {
	struct alm_trace *trace;
	bool is_answer;
};

static bool gather(void *cookie, const char *const *cells)
{
	const struct gathering *gathering = cookie;
	struct alm_trace *trace = gathering->trace;
	struct alm_trace_step *step;

	if (trace->count == trace->capacity) {
		size_t capacity =
			trace->capacity == 0 ? 64 : trace->capacity * 2;
		struct alm_trace_step *steps =
			capacity / 2 > ALM_TRACE_STEPS_MAX
				? NULL
				: realloc(trace->steps,
					  capacity * sizeof(*steps));

		if (steps == NULL) {
			return false;
		}
		trace->steps = steps;
		trace->capacity = capacity;
	}
	step = &trace->steps[trace->count++];
	for (size_t i = 0; i < ALM_TRACE_CELLS; i++) {
		step->cells[i] = keep(trace, cells[i]);
	}
	if (alm_instant_us_parse(step->cells[ALM_TRACE_TIME], &step->time_us) !=
		ALM_OK) {
		step->time_us = 0;
	}
	step->is_answer = gathering->is_answer;
	return true;
}

static enum alm_err ask_steps(struct alm_trace *trace, struct source *source,
	const char *id, bool is_answer, struct alm_problem *problem)
{
	struct gathering gathering = {trace, is_answer};
	const struct asking asking = {
		.source = source,
		.pairs = {{"message", id}, {"part", "steps"}},
		.pair_count = 2,
		.row = gather,
		.cookie = &gathering,
		.trace = is_answer ? NULL : trace,
	};

	return ask_all(&asking, problem);
}

/** Ids of the messages that answer, each once. */
struct answer_ids {
	struct alm_trace *trace;
	const char *ids[256];
	size_t count;
};

static bool meet_answer(void *cookie, const char *const *cells)
{
	struct answer_ids *answers = cookie;
	const char *id = cells[ALM_TRACE_MESSAGE];

	for (size_t i = 0; i < answers->count; i++) {
		if (strcmp(answers->ids[i], id) == 0) {
			return true;
		}
	}
	if (answers->count == ALM_COUNT(answers->ids)) {
		return false;
	}
	answers->ids[answers->count++] = keep(answers->trace, id);
	return true;
}

static enum alm_err ask_answers(struct alm_trace *trace, struct source *source,
	struct alm_problem *problem)
{
	const char *sender = trace->steps[0].cells[ALM_TRACE_SENDER];
	struct answer_ids answers = {.trace = trace};
	const struct asking asking = {
		.source = source,
		.pairs = {{"message", trace->id}, {"part", "answers"},
			{"to", sender}},
		.pair_count = 3,
		.row = meet_answer,
		.cookie = &answers,
		.trace = trace,
	};
	enum alm_err err = ask_all(&asking, problem);

	for (size_t i = 0; err == ALM_OK && i < answers.count; i++) {
		err = ask_steps(trace, source, answers.ids[i], true, problem);
	}
	return err;
}

/* By time; records of one instant in their order. */
static int by_time(const void *a, const void *b)
{
	const struct alm_trace_step *x = a;
	const struct alm_trace_step *y = b;
	uint64_t x_seq = strtoull(x->cells[ALM_TRACE_SEQ], NULL, 10);
	uint64_t y_seq = strtoull(y->cells[ALM_TRACE_SEQ], NULL, 10);

	if (x->time_us != y->time_us) {
		return x->time_us < y->time_us ? -1 : 1;
	}
	return x_seq < y_seq ? -1 : x_seq > y_seq ? 1 : 0;
}

enum alm_err alm_trace_follow(struct alm_trace *trace,
	const struct alm_args *args, const char *id,
	struct alm_problem *problem)
{
	struct source source = {.control = NULL};
	enum alm_err err = open_source(args, &source, problem);

	if (err == ALM_OK) {
		err = pick_id(&source, id, trace->id, problem);
	}
	if (err == ALM_OK) {
		err = ask_steps(trace, &source, trace->id, false, problem);
	}
	if (err == ALM_OK && trace->count == 0) {
		err = alm_problem_set(
			problem, ALM_NOT_FOUND, "message %s", trace->id);
	}
	if (err == ALM_OK) {
		err = ask_answers(trace, &source, problem);
	}
	if (err == ALM_OK) {
		qsort(trace->steps, trace->count, sizeof(*trace->steps),
			by_time);
	}
	close_source(&source);
	return err;
}
