/*
 * output.c - see output.h.  Cells are kept as texts in one growing list; a
 * failed allocation is remembered and told when the sheet is printed.
 */
#include "cli/show/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/sheet.h"

static void add(struct alm_sheet *sheet, struct alm_sheet_texts *texts,
	const char *text)
{
	char *copy = strdup(text != NULL ? text : "");

	if (copy == NULL) {
		sheet->is_short = true;
		return;
	}
	if (texts->count == texts->capacity) {
		size_t capacity = texts->capacity * 2 + 16;
		char **items =
			reallocarray(texts->items, capacity, sizeof(*items));

		if (items == NULL) {
			free(copy);
			sheet->is_short = true;
			return;
		}
		texts->items = items;
		texts->capacity = capacity;
	}
	texts->items[texts->count++] = copy;
}

static void clear(struct alm_sheet_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		free(texts->items[i]);
	}
	texts->count = 0;
}

struct alm_sheet *alm_sheet_new(
	const char *schema, const char *const *columns, size_t column_count)
{
	struct alm_sheet *sheet = calloc(1, sizeof(*sheet));

	if (sheet == NULL) {
		return NULL;
	}
	sheet->schema = schema;
	for (size_t i = 0; i < column_count; i++) {
		add(sheet, &sheet->columns, columns[i]);
	}
	return sheet;
}

void alm_sheet_free(struct alm_sheet *sheet)
{
	if (sheet == NULL) {
		return;
	}
	clear(&sheet->columns);
	clear(&sheet->cells);
	clear(&sheet->facts);
	clear(&sheet->hidden);
	free(sheet->hidden.items);
	free(sheet->columns.items);
	free(sheet->cells.items);
	free(sheet->facts.items);
	free(sheet);
}

void alm_sheet_row(struct alm_sheet *sheet, const char *const *cells)
{
	for (size_t i = 0; sheet != NULL && i < sheet->columns.count; i++) {
		add(sheet, &sheet->cells, cells[i]);
	}
}

void alm_sheet_fact(struct alm_sheet *sheet, const char *key, const char *value)
{
	if (sheet != NULL) {
		add(sheet, &sheet->facts, key);
		add(sheet, &sheet->facts, value);
	}
}

void alm_sheet_number(struct alm_sheet *sheet, const char *key, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	alm_sheet_fact(sheet, key, text);
}

void alm_sheet_hide(struct alm_sheet *sheet, const char *column)
{
	if (sheet != NULL) {
		add(sheet, &sheet->hidden, column);
	}
}

size_t alm_sheet_rows(const struct alm_sheet *sheet)
{
	return sheet == NULL || sheet->columns.count == 0
		       ? 0
		       : sheet->cells.count / sheet->columns.count;
}

/* --- printing ----------------------------------------------------------- */

static bool print_as(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out, bool is_first,
	bool has_facts)
{
	switch (output->format) {
	case ALM_FORMAT_JSON:
		return alm_sheet_json(sheet, out);
	case ALM_FORMAT_JSONL:
		return alm_sheet_jsonl(sheet, out);
	case ALM_FORMAT_CSV:
		alm_sheet_csv(sheet, out, is_first);
		return true;
	case ALM_FORMAT_TABLE:
		break;
	}
	return alm_sheet_table(sheet, output, out, is_first, has_facts);
}

static int print(const struct alm_sheet *sheet, const struct alm_output *output,
	bool is_first, bool has_facts)
{
	FILE *out = output->out != NULL ? output->out : stdout;

	if (sheet == NULL || sheet->is_short) {
		return alm_print_failure(
			output, &(struct alm_failure){ALM_NOMEM, "", NULL, 0});
	}
	if (!print_as(sheet, output, out, is_first, has_facts) ||
		fflush(out) != 0 || ferror(out) != 0) {
		return alm_print_failure(
			output, &(struct alm_failure){
					ALM_IO, "standard output", NULL, 0});
	}
	return ALM_EXIT_OK;
}

int alm_sheet_print(
	const struct alm_sheet *sheet, const struct alm_output *output)
{
	return print(sheet, output, true, true);
}

int alm_sheet_flush(
	struct alm_sheet *sheet, const struct alm_output *output, bool is_first)
{
	int rc = print(sheet, output, is_first, false);

	if (sheet != NULL) {
		clear(&sheet->cells);
	}
	return rc;
}
