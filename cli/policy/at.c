/*
 * The requests are read here, so that a broker need not read JSON, and go to
 * it as many at a time as have come in: what has been decided is written
 * before the command waits for more.
 */
#include "cli/policy/at.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/include/almoner_control.h"
#include "broker/core/request_bytes.h"
#include "cli/admin.h"
#include "cli/policy/decide_json.h"
#include "lib/limits.h"
#include "lib/time.h"
#include "lib/words.h"

#define INPUT_BYTES_MAX ((size_t)256 * 1024)
#define REQUEST_ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define ANSWER_ARENA_BYTES_MAX ((size_t)3 * ALM_ADMIN_FRAME_BYTES_MAX)
/* Of one question; an answer has one row for each. */
#define BATCH_MAX 256u
#define IDS_MAX 4096u

struct asking {
	const struct alm_args *args;
	struct alm_control *control;
	struct alm_arena requests; /* of the batch */
	struct alm_arena answers;
	struct alm_attachment items[BATCH_MAX];
	size_t count;
	char at[ALM_INSTANT_TEXT_BYTES];
	uint8_t encoded[2 * ALM_REQUEST_LINE_BYTES_MAX];
	const char *ids[IDS_MAX]; /* of the list being read */
};

/* --- answers ------------------------------------------------------------- */

static const char *cell(const struct alm_answer *answer, size_t row, int column)
{
	return column < 0 ? "" : answer->rows[row].items[column];
}

static const char *text_of(
	const struct alm_answer *answer, size_t row, const char *name)
{
	return cell(answer, row, alm_answer_column(answer, name));
}

static unsigned long long number_of(
	const struct alm_answer *answer, size_t row, const char *name)
{
	return strtoull(text_of(answer, row, name), NULL, 10);
}

static const char *null_if_empty(const char *text)
{
	return *text == '\0' ? NULL : text;
}

/* Ids joined by commas, in memory of the answer's arena. */
static bool read_ids(
	struct asking *asking, const char *joined, struct alm_ids *out)
{
	size_t bytes = strlen(joined);
	char *copy = alm_arena_text(&asking->answers, joined, bytes);
	const char **items;
	size_t count = 0;

	for (char *at = copy; at != NULL && *at != '\0' && count < IDS_MAX;) {
		char *comma = strchr(at, ',');

		asking->ids[count++] = at;
		if (comma == NULL) {
			break;
		}
		*comma = '\0';
		at = comma + 1;
	}
	items = alm_arena_take(&asking->answers, (count + 1) * sizeof(*items));
	if (copy == NULL || items == NULL) {
		return false;
	}
	memcpy(items, asking->ids, count * sizeof(*items));
	*out = (struct alm_ids){items, count};
	return true;
}

static bool read_lists(struct asking *asking, const struct alm_answer *answer,
	size_t row, struct alm_decision *out)
{
	const struct {
		const char *name;
		struct alm_ids *ids;
	} lists[] = {{"candidates", &out->candidates},
		{"release", &out->release}, {"redact", &out->redact},
		{"obligations", &out->obligations},
		{"directives", &out->directives},
		{"prohibitions", &out->prohibitions}, {"lifts", &out->lifts}};
	struct alm_ids reasons = {NULL, 0};

	for (size_t i = 0; i < ALM_COUNT(lists); i++) {
		if (!read_ids(asking, text_of(answer, row, lists[i].name),
			    lists[i].ids)) {
			return false;
		}
	}
	if (!read_ids(asking, text_of(answer, row, "reasons"), &reasons) ||
		reasons.count > ALM_REASONS_MAX) {
		return false;
	}
	for (size_t i = 0; i < reasons.count; i++) {
		out->reasons[i] = (uint16_t)strtoul(reasons.items[i], NULL, 10);
	}
	out->reason_count = reasons.count;
	return true;
}

static enum alm_err write_decision(
	struct asking *asking, const struct alm_answer *answer, size_t row)
{
	struct alm_decision decision;

	memset(&decision, 0, sizeof(decision));
	decision.effect =
		(enum alm_effect)alm_effect_of(text_of(answer, row, "effect"));
	decision.code = (unsigned)number_of(answer, row, "code");
	decision.basis = null_if_empty(text_of(answer, row, "basis"));
	decision.nearest = null_if_empty(text_of(answer, row, "nearest"));
	decision.strips_location = *text_of(answer, row, "strip") != '\0';
	decision.level =
		(enum alm_level)alm_level_of(text_of(answer, row, "level"));
	decision.smallest_group =
		(uint32_t)number_of(answer, row, "smallest-group");
	decision.epoch = number_of(answer, row, "epoch");
	decision.seq = number_of(answer, row, "seq");
	if (!read_lists(asking, answer, row, &decision)) {
		return ALM_NOMEM;
	}
	alm_decision_json_write(
		stdout, null_if_empty(text_of(answer, row, "id")), &decision);
	return ALM_OK;
}

/* --- questions ----------------------------------------------------------- */

static enum alm_err ask_batch(
	struct asking *asking, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "policy.decide",
		.attachments = asking->items,
		.attachment_count = asking->count};
	struct alm_answer answer;
	enum alm_err err;

	if (asking->count == 0) {
		return ALM_OK;
	}
	alm_ask_add(&ask, "at", asking->at);
	alm_ask_option(&ask, asking->args, "reason");
	alm_arena_reset(&asking->answers);
	err = alm_admin_ask(
		asking->control, &ask, &asking->answers, &answer, problem);
	if (err == ALM_OK && answer.row_count != asking->count) {
		err = alm_problem_set(problem, ALM_MALFORMED,
			"the broker has answered other requests");
	}
	for (size_t i = 0; err == ALM_OK && i < answer.row_count; i++) {
		err = write_decision(asking, &answer, i);
	}
	asking->count = 0;
	alm_arena_reset(&asking->requests);
	return err;
}

static bool is_blank(struct alm_bytes line)
{
	for (size_t i = 0; i < line.bytes; i++) {
		if (strchr(" \t\r", line.data[i]) == NULL ||
			line.data[i] == '\0') {
			return false;
		}
	}
	return true;
}

static enum alm_err add_line(struct asking *asking, struct alm_bytes line,
	struct alm_problem *problem)
{
	struct alm_request request;
	struct alm_writer writer;
	const uint8_t *copy;
	int64_t at_s;

	if (is_blank(line)) {
		return ALM_OK;
	}
	alm_request_json_read(line, &asking->requests, &request, &at_s);
	alm_writer_init(&writer, asking->encoded, sizeof(asking->encoded));
	alm_request_encode(&request, at_s, &writer);
	copy = writer.is_bad ? NULL
			     : alm_arena_copy(&asking->requests,
				       (struct alm_bytes){
					       asking->encoded, writer.bytes});
	if (copy == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "a request");
	}
	asking->items[asking->count++] = (struct alm_attachment){
		.name = "request", .content = {copy, writer.bytes}};
	return asking->count == BATCH_MAX ? ask_batch(asking, problem) : ALM_OK;
}

/* All whole lines; gives the bytes that are left of the last. */
static enum alm_err add_lines(struct asking *asking, uint8_t *data,
	size_t *bytes, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;
	size_t start = 0;

	while (err == ALM_OK && start < *bytes) {
		const uint8_t *end = memchr(data + start, '\n', *bytes - start);
		size_t length;

		if (end == NULL) {
			break;
		}
		length = (size_t)(end - data) - start;
		err = add_line(asking, (struct alm_bytes){data + start, length},
			problem);
		start += length + 1;
	}
	*bytes -= start;
	memmove(data, data + start, *bytes);
	if (err == ALM_OK) {
		err = ask_batch(asking, problem);
	}
	return err;
}

static enum alm_err decide_stream(
	struct asking *asking, struct alm_problem *problem)
{
	uint8_t *data = malloc(INPUT_BYTES_MAX);
	enum alm_err err = data == NULL ? ALM_NOMEM : ALM_OK;
	size_t left = 0;

	while (err == ALM_OK) {
		ssize_t bytes;

		if (fflush(stdout) != 0 || left == INPUT_BYTES_MAX) {
			err = alm_problem_set(problem, ALM_IO,
				"standard output, or a line without an end");
			break;
		}
		bytes = read(STDIN_FILENO, data + left, INPUT_BYTES_MAX - left);
		if (bytes < 0 && errno == EINTR) {
			continue;
		}
		if (bytes <= 0) {
			break;
		}
		left += (size_t)bytes;
		err = add_lines(asking, data, &left, problem);
	}
	if (err == ALM_OK && left > 0) {
		err = add_line(asking, (struct alm_bytes){data, left}, problem);
		if (err == ALM_OK) {
			err = ask_batch(asking, problem);
		}
	}
	free(data);
	return err == ALM_OK && fflush(stdout) != 0 ? ALM_IO : err;
}

int alm_policy_decide_at(const struct alm_args *args)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct asking *asking = calloc(1, sizeof(*asking));
	int rc;

	if (alm_args_has(args, "bundle") || alm_args_has(args, "people") ||
		args->positional_count > 0) {
		free(asking);
		return alm_args_complain(
			args, "--at takes policy and people from the broker");
	}
	if (asking == NULL) {
		problem.err = ALM_NOMEM;
		return alm_print_problem(&args->output, &problem);
	}
	asking->args = args;
	alm_arena_init(&asking->requests, REQUEST_ARENA_BYTES_MAX);
	alm_arena_init(&asking->answers, ANSWER_ARENA_BYTES_MAX);
	alm_instant_text(alm_args_number(args, "at", 0), asking->at);
	problem.err = alm_admin_open(args, &asking->control, &problem);
	if (problem.err == ALM_OK) {
		problem.err = decide_stream(asking, &problem);
	}
	rc = problem.err == ALM_OK ? ALM_EXIT_OK
				   : alm_print_problem(&args->output, &problem);
	alm_control_close(asking->control);
	alm_arena_fini(&asking->requests);
	alm_arena_fini(&asking->answers);
	free(asking);
	return rc;
}
