/*
 * Goal: what is counted or measured is a number in JSON and what only looks
 * like one is not.  Method: names of both kinds, and the document they make.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/output.h"
#include "cli/show/sheet.h"

Test(numbers, units_and_counts_are_numbers)
{
	static const char *const names[] = {"accepted", "age-max-s", "bytes",
		"commit-us", "disk-free-bytes", "effect-p50-ms",
		"hand-over-ratio", "invites-open", "records-per-s", "seq",
		"turns", "unread-bytes", "user", "window"};

	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		cr_expect(alm_column_is_number(names[i]), "%s", names[i]);
	}
}

Test(numbers, ids_and_words_are_none)
{
	static const char *const names[] = {
		"", "id", "organisation", "-s", "s", "value", "words", "zzz"};

	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		cr_expect_not(alm_column_is_number(names[i]), "%s", names[i]);
	}
}

Test(numbers, are_written_as_they_are)
{
	static const char *const columns[] = {
		"id", "bytes", "lag-s", "ratio", "turns", "size"};
	static const char *const cells[] = {
		"511", "12", "-3.25", "0.98", "", "1.2.3"};
	struct alm_sheet *sheet =
		alm_sheet_new("test/1", columns, ALM_COUNT(columns));
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	alm_sheet_row(sheet, cells);
	cr_assert(alm_sheet_jsonl(sheet, out));
	fclose(out);
	cr_expect_str_eq(text,
		"{\"id\":\"511\",\"bytes\":12,\"lag-s\":-3.25,\"ratio\":0.98,"
		"\"turns\":null,\"size\":\"1.2.3\"}\n");
	free(text);
	alm_sheet_free(sheet);
}
