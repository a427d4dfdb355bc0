#include "cli/people_put.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "broker/core/record.h"
#include "cli/admin.h"
#include "cli/people_json.h"
#include "lib/limits.h"

#define LINE_BYTES_MAX ALM_PERSON_RECORD_BYTES_MAX
#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

/** One batch on its way: the lines, and the records made of them. */
struct batch {
	const struct alm_people_put *put;
	struct alm_people_count *count;
	struct alm_arena records; /* attachments and lines of this batch */
	struct alm_arena scratch;
	struct alm_attachment items[ALM_PEOPLE_BATCH_MAX];
	const char *lines[ALM_PEOPLE_BATCH_MAX];
	uint64_t numbers[ALM_PEOPLE_BATCH_MAX];
	size_t item_count;
	uint8_t bytes[ALM_PERSON_RECORD_BYTES_MAX];
};

static void reject(struct batch *b, uint64_t number, const char *line,
	enum alm_err err, const char *detail)
{
	b->count->rejected++;
	if (b->put->reject != NULL) {
		b->put->reject(b->put->cookie, number, line, err, detail);
	}
}

/** The line of an answer's row; NULL if the answer names none of ours. */
static void reject_row(struct batch *b, const struct alm_texts *row)
{
	uint64_t number = strtoull(row->items[0], NULL, 10);
	unsigned long code = strtoul(row->items[1], NULL, 10);

	for (size_t i = 0; i < b->item_count; i++) {
		if (b->numbers[i] == number) {
			reject(b, number, b->lines[i], (enum alm_err)code,
				row->items[2]);
			return;
		}
	}
}

static uint64_t number_of(const struct alm_answer *answer, const char *key)
{
	const char *value = alm_answer_fact(answer, key);

	return value != NULL ? strtoull(value, NULL, 10) : 0;
}

/** Put what has been gathered, and forget it. */
static enum alm_err flush(struct batch *b, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "people.put",
		.attachments = b->items,
		.attachment_count = b->item_count};
	struct alm_answer answer;
	enum alm_err err;

	if (b->item_count == 0) {
		return ALM_OK;
	}
	alm_ask_add(&ask, "reason", b->put->reason);
	alm_ask_add(&ask, "dry-run", b->put->is_dry_run ? "yes" : NULL);
	alm_arena_reset(&b->scratch);
	err = alm_admin_ask(
		b->put->control, &ask, &b->scratch, &answer, problem);
	if (err != ALM_OK) {
		return err;
	}
	b->count->added += number_of(&answer, "added");
	b->count->known += number_of(&answer, "known");
	for (size_t i = 0; i < answer.row_count; i++) {
		if (answer.rows[i].count >= 3) {
			reject_row(b, &answer.rows[i]);
		}
	}
	if (b->put->progress != NULL) {
		b->put->progress(b->put->cookie, b->count);
	}
	b->item_count = 0;
	alm_arena_reset(&b->records);
	return ALM_OK;
}

/** Make a record of a line; a bad one is told and left out. */
static enum alm_err add(
	struct batch *b, uint64_t number, const char *line, size_t bytes)
{
	struct alm_problem fault = {.err = ALM_OK};
	struct alm_person_record record;
	struct alm_writer writer;
	size_t encoded = 0;
	const uint8_t *copy;

	alm_arena_reset(&b->scratch);
	fault.err = alm_people_json_read(
		(struct alm_bytes){(const uint8_t *)line, bytes}, &b->scratch,
		&record, &fault);
	if (fault.err == ALM_NOMEM) {
		return ALM_NOMEM;
	}
	alm_writer_init(&writer, b->bytes, sizeof(b->bytes));
	if (fault.err == ALM_OK) {
		alm_record_encode(&record, &writer);
		if (alm_writer_finish(&writer, &encoded) != ALM_OK) {
			(void)alm_problem_set(&fault, ALM_RECORD_INVALID,
				"the record is larger than the limit");
		}
	}
	if (fault.err != ALM_OK) {
		reject(b, number, line, fault.err, fault.detail);
		return ALM_OK;
	}
	copy = alm_arena_copy(
		&b->records, (struct alm_bytes){b->bytes, encoded});
	b->numbers[b->item_count] = number;
	b->lines[b->item_count] = alm_arena_text(&b->records, line, bytes);
	b->items[b->item_count].name = alm_arena_printf(
		&b->records, "%llu", (unsigned long long)number);
	b->items[b->item_count].content = (struct alm_bytes){copy, encoded};
	if (copy == NULL || b->lines[b->item_count] == NULL ||
		b->items[b->item_count].name == NULL) {
		return ALM_NOMEM;
	}
	b->item_count++;
	return ALM_OK;
}

/** Every line until the end. */
static enum alm_err read_lines(
	struct batch *b, FILE *in, struct alm_problem *problem)
{
	char *line = NULL;
	size_t capacity = 0;
	enum alm_err err = ALM_OK;
	ssize_t n;

	while (err == ALM_OK && (n = getline(&line, &capacity, in)) >= 0) {
		size_t bytes = (size_t)n;

		b->count->lines++;
		while (bytes > 0 &&
			(line[bytes - 1] == '\n' || line[bytes - 1] == '\r')) {
			line[--bytes] = '\0';
		}
		if (bytes == 0) {
			continue;
		}
		if (bytes > LINE_BYTES_MAX) {
			reject(b, b->count->lines, "", ALM_RECORD_INVALID,
				"the line is longer than the limit");
			continue;
		}
		err = add(b, b->count->lines, line, bytes);
		if (err == ALM_OK && b->item_count == ALM_PEOPLE_BATCH_MAX) {
			err = flush(b, problem);
		}
	}
	if (err == ALM_OK && ferror(in) != 0) {
		err = alm_problem_set(
			problem, ALM_IO, "reading: %s", strerror(errno));
	}
	free(line);
	return err == ALM_OK ? flush(b, problem) : err;
}

enum alm_err alm_people_put_stream(const struct alm_people_put *put, FILE *in,
	struct alm_people_count *out_count, struct alm_problem *problem)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	enum alm_err err;

	if (batch == NULL) {
		return ALM_NOMEM;
	}
	*out_count = (struct alm_people_count){.lines = 0};
	batch->put = put;
	batch->count = out_count;
	alm_arena_init(&batch->records, ARENA_BYTES_MAX);
	alm_arena_init(&batch->scratch, ARENA_BYTES_MAX);
	err = read_lines(batch, in, problem);
	alm_arena_fini(&batch->records);
	alm_arena_fini(&batch->scratch);
	free(batch);
	return err;
}
