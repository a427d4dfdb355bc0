/* sheet_json.c - sheets as JSON. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/show/sheet.h"

#define NUMBER_DIGITS_MAX 18u
/* So many digits of a decimal number that it reads as it was written. */
#define REAL_DIGITS 15

/* A whole number or a decimal one, as the programs write them; else NULL. */
static json_t *json_number(const char *text)
{
	const char *at = text + (*text == '-' ? 1 : 0);
	size_t whole = strspn(at, "0123456789");
	size_t part =
		at[whole] == '.' ? strspn(at + whole + 1, "0123456789") : 0;

	if (whole == 0 || whole > NUMBER_DIGITS_MAX) {
		return NULL;
	}
	if (at[whole] == '\0') {
		return json_integer(strtoll(text, NULL, 10));
	}
	return part > 0 && at[whole + 1 + part] == '\0'
		       ? json_real(strtod(text, NULL))
		       : NULL;
}

/** `stolen` may be NULL; gives whether it was put. */
static bool put(json_t *object, const char *key, json_t *stolen)
{
	return stolen != NULL && json_object_set_new(object, key, stolen) == 0;
}

/** A word of another system's text may be no UTF-8: then it is escaped. */
static json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	char *escaped = NULL;
	size_t bytes = 0;
	FILE *memory;

	if (value != NULL) {
		return value;
	}
	memory = open_memstream(&escaped, &bytes);
	if (memory == NULL) {
		return NULL;
	}
	for (const char *c = text; *c != '\0'; c++) {
		unsigned char byte = (unsigned char)*c;

		(void)fprintf(memory, byte < 0x80 ? "%c" : "\\x%02x", byte);
	}
	if (fclose(memory) == 0) {
		value = json_string(escaped);
	}
	free(escaped);
	return value;
}

static json_t *json_cell(const char *name, const char *text)
{
	json_t *number;

	if (!alm_column_is_number(name)) {
		return json_text(text);
	}
	if (*text == '\0') {
		return json_null();
	}
	number = json_number(text);
	return number != NULL ? number : json_text(text);
}

static json_t *json_row(const struct alm_sheet *sheet, size_t row)
{
	json_t *object = json_object();
	size_t count = sheet->columns.count;

	for (size_t i = 0; object != NULL && i < count; i++) {
		const char *name = sheet->columns.items[i];

		if (!put(object, name,
			    json_cell(name,
				    sheet->cells.items[row * count + i]))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static bool put_facts(const struct alm_sheet *sheet, json_t *object)
{
	for (size_t i = 0; i + 1 < sheet->facts.count; i += 2) {
		const char *key = sheet->facts.items[i];

		if (!put(object, key,
			    json_cell(key, sheet->facts.items[i + 1]))) {
			return false;
		}
	}
	return true;
}

static bool dump(json_t *object, size_t flags, FILE *out)
{
	bool is_done = object != NULL &&
		       json_dumpf(object, out,
			       flags | JSON_REAL_PRECISION(REAL_DIGITS)) == 0 &&
		       fputc('\n', out) != EOF;

	json_decref(object);
	return is_done;
}

bool alm_sheet_json(const struct alm_sheet *sheet, FILE *out)
{
	json_t *root = json_object();
	bool is_good = root != NULL &&
		       put(root, "schema", json_string(sheet->schema)) &&
		       put_facts(sheet, root);

	if (is_good && sheet->columns.count > 0) {
		json_t *rows = json_array();

		is_good = put(root, "rows", rows);
		for (size_t i = 0; is_good && i < alm_sheet_rows(sheet); i++) {
			json_t *row = json_row(sheet, i);

			is_good = row != NULL &&
				  json_array_append_new(rows, row) == 0;
		}
	}
	if (!is_good) {
		json_decref(root);
		return false;
	}
	return dump(root, JSON_INDENT(2), out);
}

bool alm_sheet_jsonl(const struct alm_sheet *sheet, FILE *out)
{
	if (sheet->columns.count == 0) {
		json_t *root = json_object();

		if (root == NULL || !put_facts(sheet, root)) {
			json_decref(root);
			return false;
		}
		return dump(root, JSON_COMPACT, out);
	}
	for (size_t i = 0; i < alm_sheet_rows(sheet); i++) {
		if (!dump(json_row(sheet, i), JSON_COMPACT, out)) {
			return false;
		}
	}
	return true;
}
