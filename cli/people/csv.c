/* Each line becomes the object that NDJSON would have held, so that one set of
 * rules stands for both. */
#include "cli/people/csv.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "cli/people/object.h"
#include "lib/limits.h"

static const char *const FIELDS[] = {"type", "id", "subject", "authority",
	"scope", "effect", "purposes", "categories", "to", "valid",
	"organisation", "role", "list", "state", "as-of", "flag", "recorded"};

static bool is_list(const char *field)
{
	return strcmp(field, "purposes") == 0 ||
	       strcmp(field, "categories") == 0 || strcmp(field, "to") == 0;
}

static enum alm_err fault(struct alm_problem *problem, const char *what)
{
	return alm_problem_set(problem, ALM_RECORD_INVALID, "%s", what);
}

/* One cell into `cell`, which has room for the whole line; cuts it, and the
 * comma behind it, off `rest`.  False if the quotes do not fit. */
static bool next_cell(struct alm_bytes *rest, char *cell, size_t *out_bytes,
	bool *out_is_last)
{
	bool is_quoted = rest->bytes > 0 && rest->data[0] == '"';
	size_t at = is_quoted ? 1 : 0;
	size_t bytes = 0;

	while (at < rest->bytes && (is_quoted || rest->data[at] != ',')) {
		if (rest->data[at] == '"') {
			if (!is_quoted) {
				return false;
			}
			if (at + 1 < rest->bytes && rest->data[at + 1] == '"') {
				at++; /* two stand for one */
			} else {
				is_quoted = false;
				at++;
				break;
			}
		}
		cell[bytes++] = (char)rest->data[at++];
	}
	if (is_quoted || (at < rest->bytes && rest->data[at] != ',')) {
		return false;
	}
	*out_is_last = at == rest->bytes;
	at += *out_is_last ? 0 : 1;
	rest->data += at;
	rest->bytes -= at;
	*out_bytes = bytes;
	return true;
}

/* The catalogue's own text for a column's name. */
static const char *field_of(const char *cell, size_t bytes)
{
	for (size_t i = 0; i < ALM_COUNT(FIELDS); i++) {
		if (strlen(FIELDS[i]) == bytes &&
			memcmp(FIELDS[i], cell, bytes) == 0) {
			return FIELDS[i];
		}
	}
	return NULL;
}

static bool has(const struct alm_people_csv *csv, const char *field)
{
	for (size_t i = 0; i < csv->column_count; i++) {
		if (csv->columns[i] == field) {
			return true;
		}
	}
	return false;
}

enum alm_err alm_people_csv_head(struct alm_bytes line,
	struct alm_people_csv *out, struct alm_problem *problem)
{
	static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
	struct alm_people_csv csv = {.column_count = 0};
	char cell[512];
	bool is_last = false;

	if (line.bytes >= sizeof(mark) &&
		memcmp(line.data, mark, sizeof(mark)) == 0) {
		line.data += sizeof(mark); /* as spreadsheets write it */
		line.bytes -= sizeof(mark);
	}
	if (line.bytes > sizeof(cell)) {
		return fault(problem, "the line of columns is too long");
	}
	while (!is_last) {
		const char *field;
		size_t bytes = 0;

		if (!next_cell(&line, cell, &bytes, &is_last)) {
			return fault(problem, "quotes that do not fit");
		}
		field = field_of(cell, bytes);
		if (field == NULL) {
			return alm_problem_set(problem, ALM_RECORD_INVALID,
				"column %zu is not a field of a record",
				csv.column_count + 1);
		}
		if (has(&csv, field) ||
			csv.column_count == ALM_CSV_COLUMNS_MAX) {
			return alm_problem_set(problem, ALM_RECORD_INVALID,
				"column %s stands twice", field);
		}
		csv.columns[csv.column_count++] = field;
	}
	if (!has(&csv, FIELDS[0]) || !has(&csv, FIELDS[2])) {
		return fault(problem,
			"the first line must name the columns, type and "
			"subject among them");
	}
	*out = csv;
	return ALM_OK;
}

static json_t *words_of(const char *cell, size_t bytes)
{
	json_t *list = json_array();

	while (list != NULL && bytes > 0) {
		const char *end = memchr(cell, ' ', bytes);
		size_t word = end != NULL ? (size_t)(end - cell) : bytes;

		/* Two spaces are an empty word, which no rule lets pass. */
		if (json_array_append_new(list, json_stringn(cell, word)) !=
			0) {
			json_decref(list);
			return NULL;
		}
		word += end != NULL ? 1 : 0;
		cell += word;
		bytes -= word;
	}
	return list;
}

/* Puts the cells of a line into `object`. */
static enum alm_err fill(const struct alm_people_csv *csv,
	struct alm_bytes line, char *cell, json_t *object,
	struct alm_problem *problem)
{
	bool is_last = false;

	for (size_t i = 0; i < csv->column_count; i++) {
		const char *field = csv->columns[i];
		size_t bytes = 0;
		json_t *value;

		if (is_last) {
			return fault(problem, "the line has too few values");
		}
		if (!next_cell(&line, cell, &bytes, &is_last)) {
			return fault(problem, "quotes that do not fit");
		}
		if (bytes == 0) {
			continue;
		}
		value = is_list(field) ? words_of(cell, bytes)
				       : json_stringn(cell, bytes);
		if (json_object_set_new(object, field, value) != 0) {
			return alm_problem_set(problem, ALM_RECORD_INVALID,
				"%s: not UTF-8", field);
		}
	}
	return is_last ? ALM_OK
		       : fault(problem, "the line has too many values");
}

enum alm_err alm_people_csv_read(const struct alm_people_csv *csv,
	struct alm_bytes line, struct alm_arena *arena,
	struct alm_person_record *out, struct alm_problem *problem)
{
	char *cell;
	json_t *object;
	enum alm_err err;

	if (line.bytes > ALM_PERSON_RECORD_BYTES_MAX) {
		return fault(problem, "the line is longer than the limit");
	}
	if (memchr(line.data, '\0', line.bytes) != NULL) {
		return fault(problem, "the line holds a NUL");
	}
	cell = alm_arena_take(arena, line.bytes + 1);
	object = json_object();
	if (cell == NULL || object == NULL) {
		json_decref(object);
		return ALM_NOMEM;
	}
	err = fill(csv, line, cell, object, problem);
	if (err == ALM_OK) {
		err = alm_people_object_read(object, arena, out, problem);
	}
	json_decref(object);
	return err;
}
