/*
 * sheet_csv.c - a sheet as CSV (RFC 4180), which programs read back and people
 * open in spreadsheets: a row is one line, no cell is a formula, and each text
 * can be had back as it was (docs/decisions/0254).
 */
#include <string.h>

#include "cli/show/sheet.h"

/** What a spreadsheet takes for the beginning of a formula, the forms of full
 * width included.  A sign before a number only is one; "-" alone, a mark. */
static bool is_formula(const char *text)
{
	static const char *const wide[] = {
		"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
	bool is_signed = *text == '-' || *text == '+';

	if (is_signed && strspn(text + 1, "0123456789.") == strlen(text + 1)) {
		return false;
	}
	for (size_t i = 0; i < ALM_COUNT(wide); i++) {
		if (strncmp(text, wide[i], strlen(wide[i])) == 0) {
			return true;
		}
	}
	return *text != '\0' && strchr("=+-@", *text) != NULL;
}

/** What is written in place of the bytes at `text`; 0: they stand. */
static size_t escaped_bytes(const char *text)
{
	bool looks_escaped = text[0] == '\\' && text[1] == 'x';

	return looks_escaped ? 1 : alm_unsafe_bytes(text);
}

static void cell(FILE *out, const char *text, bool is_last)
{
	bool is_guarded = is_formula(text) || *text == '\'';
	bool is_quoted = is_guarded || strpbrk(text, ",\"") != NULL;

	(void)fputs(is_quoted ? "\"" : "", out);
	(void)fputs(is_guarded ? "'" : "", out);
	while (*text != '\0') {
		size_t escaped = escaped_bytes(text);

		if (escaped == 0) {
			(void)fputs(*text == '"' ? "\"" : "", out);
			(void)fputc(*text++, out);
		}
		for (; escaped > 0; escaped--) {
			(void)fprintf(out, "\\x%02x", (unsigned char)*text++);
		}
	}
	(void)fputs(is_quoted ? "\"" : "", out);
	(void)fputs(is_last ? "\r\n" : ",", out);
}

static void line(FILE *out, char *const *cells, size_t count, size_t step)
{
	for (size_t i = 0; i < count; i++) {
		cell(out, cells[i * step], i + 1 == count);
	}
}

void alm_sheet_csv(const struct alm_sheet *sheet, FILE *out, bool has_heading)
{
	size_t count = sheet->columns.count;

	if (count == 0) {
		line(out, sheet->facts.items, sheet->facts.count / 2, 2);
		line(out, sheet->facts.items + 1, sheet->facts.count / 2, 2);
		return;
	}
	if (has_heading) {
		line(out, sheet->columns.items, count, 1);
	}
	for (size_t i = 0; i < alm_sheet_rows(sheet); i++) {
		line(out, sheet->cells.items + i * count, count, 1);
	}
}
