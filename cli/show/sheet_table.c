/*
 * sheet_table.c - a sheet for people: an aligned table that fits the terminal,
 * without the characters that would rewrite it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/show/fit.h"
#include "cli/show/sheet.h"
#include "lib/time.h"

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

/** The next character, or what stands for it.  Gives what is after it. */
static const char *print_next(FILE *out, const char *text)
{
	size_t unsafe = alm_unsafe_bytes(text);

	if (unsafe == 0) {
		(void)fputc(*text++, out);
	}
	for (; unsafe > 0; unsafe--) {
		(void)fprintf(out, "\\x%02x", (unsigned char)*text++);
	}
	return text;
}

void alm_print_safe(FILE *out, const char *text)
{
	while (*text != '\0') {
		text = print_next(out, text);
	}
}

/** How many columns of a terminal the next character takes, about. */
static size_t next_width(const char *text)
{
	size_t unsafe = alm_unsafe_bytes(text);

	return unsafe > 0                                ? 4 * unsafe
	       : ((unsigned char)*text & 0xC0u) != 0x80u ? 1
							 : 0;
}

static size_t width(const char *text)
{
	size_t columns = 0;

	while (*text != '\0') {
		size_t unsafe = alm_unsafe_bytes(text);

		columns += next_width(text);
		text += unsafe > 0 ? unsafe : 1;
	}
	return columns;
}

#define CUT_MARK ".."

/** In so many columns, with a mark where it is cut.  Gives its width. */
static size_t print_in(FILE *out, const char *text, size_t columns)
{
	size_t left = columns - (sizeof(CUT_MARK) - 1);
	size_t whole = width(text);

	if (whole <= columns) {
		alm_print_safe(out, text);
		return whole;
	}
	while (next_width(text) <= left) {
		left -= next_width(text);
		text = print_next(out, text);
	}
	(void)fputs(CUT_MARK, out);
	return columns - left;
}

/** An instant as people in London read it, or to the second; else the text
 * itself. */
static const char *localised(
	const struct alm_output *output, const char *text, char out[32])
{
	char bare[ALM_INSTANT_TEXT_BYTES];
	int64_t instant_s;
	time_t when;
	struct tm parts;

	if ((!output->is_local && !output->is_brief) ||
		strlen(text) < sizeof(bare) - 1 ||
		strlen(text) >= ALM_INSTANT_US_TEXT_BYTES) {
		return text;
	}
	memcpy(bare, text, sizeof(bare) - 2);
	bare[sizeof(bare) - 2] = 'Z';
	bare[sizeof(bare) - 1] = '\0';
	if (alm_instant_parse(bare, &instant_s) != ALM_OK) {
		return text;
	}
	if (!output->is_local) {
		memcpy(out, bare, sizeof(bare));
		return out;
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
		pad(out, widest - width(key) + ALM_COLUMN_GAP);
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
		gap = widths[i] - print_in(out, text, widths[i]) +
		      ALM_COLUMN_GAP;
	}
	(void)fputc('\n', out);
}

static void measure(const struct alm_sheet *sheet,
	const struct alm_output *output, size_t *widths)
{
	size_t count = sheet->columns.count;
	char local[32];

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
}

static bool is_empty(const struct alm_sheet *sheet, size_t column)
{
	for (size_t i = column; i < sheet->cells.count;
		i += sheet->columns.count) {
		if (sheet->cells.items[i][0] != '\0') {
			return false;
		}
	}
	return true;
}

/** What a column must have: ids, keys and times are not cut, for who compares
 * or pastes them; texts of several words are. */
static size_t least_width(const struct alm_sheet *sheet,
	const struct alm_output *output, size_t column)
{
	size_t least = width(sheet->columns.items[column]);
	char local[32];

	for (size_t i = column; i < sheet->cells.count;
		i += sheet->columns.count) {
		const char *text =
			localised(output, sheet->cells.items[i], local);
		size_t w = strchr(text, ' ') == NULL || output->is_local
				   ? width(text)
				   : 0;

		least = w > least ? w : least;
	}
	return least;
}

/** For a terminal that is too narrow: without columns that are empty, times to
 * the second, and then cut.  False: that is not enough. */
static bool fit(const struct alm_sheet *sheet, struct alm_output *output,
	size_t *widths)
{
	size_t count = sheet->columns.count;
	size_t *least = calloc(count, sizeof(*least));
	bool fits = false;

	output->is_brief = true;
	measure(sheet, output, widths);
	for (size_t i = 0; least != NULL && i < count; i++) {
		least[i] = least_width(sheet, output, i);
		if (sheet->cells.count > 0 && is_empty(sheet, i)) {
			widths[i] = 0;
		}
	}
	if (least != NULL) {
		fits = alm_fit_columns(widths, least, count, output->columns);
	}
	free(least);
	return fits;
}

/** Each row as lines of `column  value`, whole. */
static void print_blocks(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out)
{
	size_t count = sheet->columns.count;
	struct alm_sheet block = {.facts = {.count = 0}};
	char **facts = calloc(2 * count, sizeof(*facts));

	block.facts.items = facts;
	for (size_t row = 0; facts != NULL && row < alm_sheet_rows(sheet);
		row++) {
		block.facts.count = 0;
		for (size_t i = 0; i < count; i++) {
			char *cell = sheet->cells.items[row * count + i];

			if (*cell != '\0' && !is_hidden(sheet, i)) {
				facts[block.facts.count++] =
					sheet->columns.items[i];
				facts[block.facts.count++] = cell;
			}
		}
		(void)fputs(row > 0 ? "\n" : "", out);
		print_facts(&block, output, out);
	}
	free(facts);
}

static bool print_rows(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out, bool has_heading,
	bool is_whole)
{
	size_t count = sheet->columns.count;
	size_t *widths = calloc(count, sizeof(*widths));
	struct alm_output fitted = *output;

	if (widths == NULL) {
		return false;
	}
	measure(sheet, &fitted, widths);
	/* Pages of a stream stand below each other, as wide as they are. */
	if (is_whole && output->columns > 0 &&
		alm_line_width(widths, count) > output->columns) {
		if (!fit(sheet, &fitted, widths) && sheet->cells.count > 0) {
			print_blocks(sheet, output, out);
			free(widths);
			return true;
		}
		alm_print_warning(output,
			"texts are cut to fit the terminal; --json has all, "
			"and so has a pipe (| less -S)");
	}
	if (has_heading) {
		(void)fputs(output->has_color ? "\033[1m" : "", out);
		print_line(&fitted, out, sheet->columns.items, widths, count);
		(void)fputs(output->has_color ? "\033[0m" : "", out);
	}
	for (size_t i = 0; i < alm_sheet_rows(sheet); i++) {
		print_line(&fitted, out, sheet->cells.items + i * count, widths,
			count);
	}
	free(widths);
	return true;
}

bool alm_sheet_table(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out, bool has_heading,
	bool is_whole)
{
	if (output->is_local) {
		/* Its rule, for a machine that does not have the name. */
		(void)setenv("TZ", "GMT0BST,M3.5.0/1,M10.5.0", 1);
		tzset();
	}
	if (is_whole) {
		print_facts(sheet, output, out);
	}
	if (sheet->columns.count == 0) {
		return true;
	}
	if (is_whole && sheet->facts.count > 0) {
		(void)fputc('\n', out);
	}
	return print_rows(sheet, output, out, has_heading, is_whole);
}
