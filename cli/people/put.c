/*
 * Lines become records here, and records batches in send.c.
 */
#include "cli/people/put.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/core/record.h"
#include "cli/people/csv.h"
#include "cli/people/json.h"
#include "cli/people/lines.h"
#include "cli/people/send.h"
#include "lib/limits.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct stream {
	const struct alm_people_put *put;
	struct alm_people_count *count;
	struct alm_people_send *send;
	struct alm_lines lines;
	struct alm_arena scratch; /* of one line */
	struct alm_people_csv csv;
};

static void reject(struct stream *s, struct alm_bytes text, enum alm_err err,
	const char *detail)
{
	const struct alm_people_reject rejected = {
		s->lines.number, text, err, detail};

	s->count->rejected++;
	if (s->put->reject != NULL) {
		s->put->reject(s->put->cookie, &rejected);
	}
}

/* Blank lines, and what a file of rejects says between its lines. */
static bool is_passed_over(struct alm_bytes line)
{
	size_t at = 0;

	while (at < line.bytes &&
		(line.data[at] == ' ' || line.data[at] == '\t')) {
		at++;
	}
	return at == line.bytes || line.data[0] == '#';
}

static enum alm_err read_record(struct stream *s, struct alm_bytes line,
	struct alm_person_record *out, struct alm_problem *fault)
{
	switch (s->put->format) {
	case ALM_PEOPLE_NDJSON:
		return alm_people_json_read(line, &s->scratch, out, fault);
	case ALM_PEOPLE_CSV:
		return alm_people_csv_read(
			&s->csv, line, &s->scratch, out, fault);
	}
	return ALM_INTERNAL;
}

/* One line: into a batch, or told of and left out. */
static enum alm_err take_line(
	struct stream *s, struct alm_bytes line, struct alm_problem *problem)
{
	struct alm_problem fault = {.err = ALM_OK, .detail = ""};
	struct alm_person_record record;
	struct alm_people_line at = {{s->lines.offset, s->lines.number}, line};

	alm_arena_reset(&s->scratch);
	fault.err = read_record(s, line, &record, &fault);
	if (fault.err == ALM_NOMEM) {
		return ALM_NOMEM;
	}
	if (fault.err == ALM_OK) {
		fault.err = alm_people_send_add(s->send, &at, &record, problem);
		if (fault.err == ALM_FIELD_TOO_LARGE) {
			fault.err = alm_problem_set(&fault, ALM_RECORD_INVALID,
				"the record is larger than the limit");
		} else if (fault.err != ALM_OK) {
			return fault.err;
		}
	}
	if (fault.err != ALM_OK) {
		reject(s, line, fault.err, fault.detail);
	}
	return ALM_OK;
}

/* The columns of CSV stand on the first line that is not passed over. */
static enum alm_err read_head(struct stream *s, struct alm_problem *problem)
{
	struct alm_bytes line = {NULL, 0};
	bool is_too_long = false;
	enum alm_err err;

	if (s->put->format != ALM_PEOPLE_CSV) {
		return ALM_OK;
	}
	do {
		err = alm_lines_next(&s->lines, &line, &is_too_long, problem);
	} while (err == ALM_OK && !is_too_long && is_passed_over(line));
	if (err == ALM_NOT_FOUND) {
		return ALM_OK; /* nothing at all */
	}
	return err == ALM_OK ? alm_people_csv_head(line, &s->csv, problem)
			     : err;
}

/* Behind what an earlier import has done. */
static enum alm_err go_on(struct stream *s, struct alm_problem *problem)
{
	const struct alm_people_place *from = &s->put->from;

	if (from->offset == 0) {
		return ALM_OK;
	}
	if (lseek(s->lines.fd, (off_t)from->offset, SEEK_SET) < 0) {
		return alm_problem_set(
			problem, ALM_IO, "an import can only go on in a file");
	}
	s->lines.from = 0;
	s->lines.end = 0;
	s->lines.is_at_end = false;
	s->lines.number = from->line;
	s->lines.offset = from->offset;
	return ALM_OK;
}

static enum alm_err read_lines(struct stream *s, struct alm_problem *problem)
{
	enum alm_err err = read_head(s, problem);

	if (err == ALM_OK) {
		err = go_on(s, problem);
	}
	while (err == ALM_OK) {
		struct alm_bytes line = {NULL, 0};
		bool is_too_long = false;

		err = alm_lines_next(&s->lines, &line, &is_too_long, problem);
		if (err != ALM_OK) {
			break;
		}
		s->count->lines++;
		if (is_too_long) {
			reject(s, line, ALM_RECORD_INVALID,
				"the line is longer than the limit");
		} else if (!is_passed_over(line)) {
			err = take_line(s, line, problem);
		}
	}
	if (err != ALM_NOT_FOUND) {
		return err;
	}
	err = alm_people_send_finish(s->send, problem);
	if (err == ALM_OK) {
		s->count->done = (struct alm_people_place){
			s->lines.offset, s->lines.number};
	}
	return err;
}

enum alm_err alm_people_put_stream(const struct alm_people_put *put, int fd,
	struct alm_people_count *out_count, struct alm_problem *problem)
{
	struct stream stream = {.put = put, .count = out_count};
	enum alm_err err =
		alm_lines_init(&stream.lines, fd, ALM_PERSON_RECORD_BYTES_MAX);

	*out_count = (struct alm_people_count){.done = put->from};
	alm_arena_init(&stream.scratch, ARENA_BYTES_MAX);
	if (err == ALM_OK) {
		err = alm_people_send_new(put, out_count, &stream.send);
	}
	if (err == ALM_OK) {
		err = read_lines(&stream, problem);
	}
	alm_people_send_free(stream.send);
	alm_arena_fini(&stream.scratch);
	alm_lines_fini(&stream.lines);
	return err;
}
