/*
 * output.c - see output.h.  Cells are kept as texts in one growing list; a
 * failed allocation is remembered and told when the sheet is printed.
 */
#include "cli/show/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/show/sheet.h"
#include "lib/time.h"

#define COLUMN_GAP 2

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

static bool is_hidden(const struct alm_sheet *sheet, size_t column)
{
	const char *name = sheet->columns.items[column];

	for (size_t i = 0; i < sheet->hidden.count; i++) {
		if (strcmp(sheet->hidden.items[i], name) == 0) {
			return true;
		}
	}
	return false;
}

size_t alm_sheet_rows(const struct alm_sheet *sheet)
{
	return sheet == NULL || sheet->columns.count == 0
		       ? 0
		       : sheet->cells.count / sheet->columns.count;
}

/* --- for people --------------------------------------------------------- */

size_t alm_unsafe_bytes(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	if (c[0] == '\0') {
		return 0;
	}
	if (c[0] < 0x20 || c[0] == 0x7F) {
		return 1;
	}
	/* C1 controls U+0080..9F, and U+061C. */
	if ((c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0) ||
		(c[0] == 0xD8 && c[1] == 0x9C)) {
		return 2;
	}
	/* U+200E, 200F, 2028..202E, 2066..2069. */
	if (c[0] == 0xE2 &&
		((c[1] == 0x80 && ((c[2] >= 0xA8 && c[2] <= 0xAE) ||
					  c[2] == 0x8E || c[2] == 0x8F)) ||
			(c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9))) {
		return 3;
	}
	return 0;
}

void alm_print_safe(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t unsafe = alm_unsafe_bytes(text);

		if (unsafe == 0) {
			(void)fputc(*text++, out);
		}
		for (; unsafe > 0; unsafe--) {
			(void)fprintf(out, "\\x%02x", (unsigned char)*text++);
		}
	}
}

/** How many columns of a terminal the text takes, about. */
static size_t width(const char *text)
{
	size_t columns = 0;

	while (*text != '\0') {
		size_t unsafe = alm_unsafe_bytes(text);

		columns += unsafe > 0 ? 4 * unsafe
			   : ((unsigned char)*text & 0xC0u) != 0x80u ? 1
								     : 0;
		text += unsafe > 0 ? unsafe : 1;
	}
	return columns;
}

/** An instant as people in London read it; else the text itself. */
static const char *localised(
	const struct alm_output *output, const char *text, char out[32])
{
	char bare[ALM_INSTANT_TEXT_BYTES];
	int64_t instant_s;
	time_t when;
	struct tm parts;

	if (!output->is_local || strlen(text) < sizeof(bare) - 1 ||
		strlen(text) >= ALM_INSTANT_US_TEXT_BYTES) {
		return text;
	}
	memcpy(bare, text, sizeof(bare) - 2);
	bare[sizeof(bare) - 2] = 'Z';
	bare[sizeof(bare) - 1] = '\0';
	if (alm_instant_parse(bare, &instant_s) != ALM_OK) {
		return text;
	}
	when = (time_t)instant_s;
	if (localtime_r(&when, &parts) == NULL ||
		strftime(out, 32, "%Y-%m-%d %H:%M:%S %Z", &parts) == 0) {
		return text;
	}
	return out;
}

static void pad(FILE *out, size_t columns)
{
	for (size_t i = 0; i < columns; i++) {
		(void)fputc(' ', out);
	}
}

static void print_facts(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out)
{
	size_t widest = 0;
	char local[32];

	for (size_t i = 0; i + 1 < sheet->facts.count; i += 2) {
		size_t w = width(sheet->facts.items[i]);

		widest = w > widest ? w : widest;
	}
	for (size_t i = 0; i + 1 < sheet->facts.count; i += 2) {
		const char *key = sheet->facts.items[i];

		(void)fputs(output->has_color ? "\033[1m" : "", out);
		alm_print_safe(out, key);
		(void)fputs(output->has_color ? "\033[0m" : "", out);
		pad(out, widest - width(key) + COLUMN_GAP);
		alm_print_safe(out,
			localised(output, sheet->facts.items[i + 1], local));
		(void)fputc('\n', out);
	}
}

/** One line; a column of width 0 is left out. */
static void print_line(const struct alm_output *output, FILE *out,
	char *const *cells, const size_t *widths, size_t count)
{
	char local[32];
	size_t gap = 0;

	for (size_t i = 0; i < count; i++) {
		const char *text = localised(output, cells[i], local);

		if (widths[i] == 0) {
			continue;
		}
		pad(out, gap);
		alm_print_safe(out, text);
		gap = widths[i] - width(text) + COLUMN_GAP;
	}
	(void)fputc('\n', out);
}

static bool print_rows(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out, bool has_heading)
{
	size_t count = sheet->columns.count;
	size_t *widths = calloc(count, sizeof(*widths));
	char local[32];

	if (widths == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		widths[i] = is_hidden(sheet, i)
				    ? 0
				    : width(sheet->columns.items[i]);
	}
	for (size_t i = 0; i < sheet->cells.count; i++) {
		size_t w =
			width(localised(output, sheet->cells.items[i], local));

		if (widths[i % count] > 0 && w > widths[i % count]) {
			widths[i % count] = w;
		}
	}
	if (has_heading) {
		(void)fputs(output->has_color ? "\033[1m" : "", out);
		print_line(output, out, sheet->columns.items, widths, count);
		(void)fputs(output->has_color ? "\033[0m" : "", out);
	}
	for (size_t i = 0; i < alm_sheet_rows(sheet); i++) {
		print_line(output, out, sheet->cells.items + i * count, widths,
			count);
	}
	free(widths);
	return true;
}

/* --- printing ----------------------------------------------------------- */

static bool print_as(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out, bool is_first,
	bool has_facts)
{
	if (output->is_local) {
		(void)setenv("TZ", "Europe/London", 1);
		tzset();
	}
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
	if (has_facts) {
		print_facts(sheet, output, out);
	}
	if (sheet->columns.count == 0) {
		return true;
	}
	if (has_facts && sheet->facts.count > 0) {
		(void)fputc('\n', out);
	}
	return print_rows(sheet, output, out, is_first);
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
