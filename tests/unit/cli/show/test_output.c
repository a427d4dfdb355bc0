/* test_output.c - sheets in four formats. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/show/output.h"
#include "lib/base.h"

static const char *const columns[] = {"id", "messages", "note"};

/* What is printed for one row and one fact; free it. */
static char *print(enum alm_format format, const char *const *cells)
{
	struct alm_output output = {.format = format};
	struct alm_sheet *sheet = alm_sheet_new("almoner.test/1", columns, 3);
	char *text = NULL;
	size_t bytes = 0;

	output.out = open_memstream(&text, &bytes);
	alm_sheet_row(sheet, cells);
	alm_sheet_fact(sheet, "epoch", "7");
	cr_assert_eq(alm_sheet_print(sheet, &output), 0);
	(void)fclose(output.out);
	alm_sheet_free(sheet);
	return text;
}

Test(output, aligns_a_table_and_shows_facts_first)
{
	char *text = print(
		ALM_FORMAT_TABLE, (const char *const[]){"RX1", "12", "a b"});

	cr_assert_str_eq(text, "epoch  7\n\nid   messages  note\n"
			       "RX1  12        a b\n");
	free(text);
}

Test(output, counts_letters_and_not_bytes)
{
	char *text = print(ALM_FORMAT_TABLE,
		(const char *const[]){"Gw\xc5\xb7r", "1", ""});

	cr_assert_not_null(
		strstr(text, "\nid    messages  note\nGw\xc5\xb7r  1"));
	free(text);
}

Test(output, leaves_hidden_columns_out_of_tables_only)
{
	struct alm_output output = {.format = ALM_FORMAT_TABLE};
	struct alm_sheet *sheet = alm_sheet_new("almoner.test/1", columns, 3);
	char *text = NULL;
	size_t bytes = 0;

	output.out = open_memstream(&text, &bytes);
	alm_sheet_row(sheet, (const char *const[]){"RX1", "12", "a"});
	alm_sheet_hide(sheet, "messages");
	cr_assert_eq(alm_sheet_print(sheet, &output), 0);
	output.format = ALM_FORMAT_JSONL;
	cr_assert_eq(alm_sheet_print(sheet, &output), 0);
	(void)fclose(output.out);
	cr_assert_str_eq(text,
		"id   note\nRX1  a\n"
		"{\"id\":\"RX1\",\"messages\":12,\"note\":\"a\"}\n");
	alm_sheet_free(sheet);
	free(text);
}

/* What a terminal of so many columns shows of two rows. */
static char *print_on(size_t terminal_columns)
{
	static const char *const names[] = {"id", "at", "empty", "why"};
	struct alm_output output = {
		.columns = terminal_columns, .is_quiet = true};
	struct alm_sheet *sheet = alm_sheet_new("almoner.test/1", names, 4);
	char *text = NULL;
	size_t bytes = 0;

	output.out = open_memstream(&text, &bytes);
	alm_sheet_row(sheet,
		(const char *const[]){"RX1", "2026-07-30T09:00:00.123456Z", "",
			"the family has moved away"});
	alm_sheet_row(sheet,
		(const char *const[]){"G\xc5\xb7r", "", "", "\033[2J \033[2J"});
	cr_assert_eq(alm_sheet_print(sheet, &output), 0);
	(void)fclose(output.out);
	alm_sheet_free(sheet);
	return text;
}

Test(output, cuts_texts_to_a_narrow_terminal_and_marks_it)
{
	char *text = print_on(40);

	cr_assert_str_eq(text, "id   at                    why\n"
			       "RX1  2026-07-30T09:00:00Z  the family ..\n"
			       "G\xc5\xb7r                        "
			       "\\x1b[2J ..\n");
	free(text);
}

/* Nor is an id or a time ever cut. */
Test(output, shows_rows_whole_below_each_other_where_cutting_is_not_enough)
{
	char *text = print_on(28);

	cr_assert_str_eq(text, "id   RX1\n"
			       "at   2026-07-30T09:00:00.123456Z\n"
			       "why  the family has moved away\n"
			       "\n"
			       "id   G\xc5\xb7r\n"
			       "why  \\x1b[2J \\x1b[2J\n");
	free(text);
}

Test(output, leaves_a_table_whole_that_fits_or_is_not_on_a_terminal)
{
	char *wide = print_on(200);
	char *piped = print_on(0);

	cr_assert_str_eq(wide, piped);
	cr_assert_not_null(strstr(wide, "2026-07-30T09:00:00.123456Z"));
	cr_assert_not_null(strstr(wide, "empty"));
	free(wide);
	free(piped);
}

Test(output, escapes_control_characters_in_tables)
{
	char *text =
		print(ALM_FORMAT_TABLE, (const char *const[]){"\033[2J", "1",
						"\xc2\x9b\x7f\n\xe2\x80\xae"});

	cr_assert_null(strchr(text, '\033'));
	cr_assert_not_null(strstr(text, "\\x1b[2J"));
	cr_assert_not_null(strstr(text, "\\x7f\\x0a"));
	cr_assert_null(strstr(text, "\xc2\x9b"));
	cr_assert_not_null(strstr(text, "\\xe2\\x80\\xae"));
	free(text);
}

Test(output, prints_one_json_document_with_a_schema)
{
	char *text = print(
		ALM_FORMAT_JSON, (const char *const[]){"RX1", "12", "\"\\"});
	json_t *root = json_loads(text, 0, NULL);
	json_t *row = json_array_get(json_object_get(root, "rows"), 0);

	cr_assert_str_eq(json_string_value(json_object_get(root, "schema")),
		"almoner.test/1");
	cr_assert_eq(json_integer_value(json_object_get(root, "epoch")), 7);
	cr_assert_eq(json_integer_value(json_object_get(row, "messages")), 12);
	cr_assert_str_eq(
		json_string_value(json_object_get(row, "note")), "\"\\");
	json_decref(root);
	free(text);
}

Test(output, prints_no_number_as_null_and_keeps_odd_ones_as_text)
{
	char *text =
		print(ALM_FORMAT_JSONL, (const char *const[]){"7", "", "x"});

	cr_assert_str_eq(
		text, "{\"id\":\"7\",\"messages\":null,\"note\":\"x\"}\n");
	free(text);
	text = print(ALM_FORMAT_JSONL,
		(const char *const[]){"", "99999999999999999999", ""});
	cr_assert_not_null(
		strstr(text, "\"messages\":\"99999999999999999999\""));
	free(text);
}

Test(output, prints_text_that_is_no_utf8_as_valid_json)
{
	char *text = print(
		ALM_FORMAT_JSONL, (const char *const[]){"a\xff", "1", ""});

	cr_assert_not_null(strstr(text, "\"a\\\\xff\""));
	free(text);
}

Test(output, quotes_csv_as_rfc_4180_says)
{
	char *text = print(
		ALM_FORMAT_CSV, (const char *const[]){"a,b", "1", "say \"x\""});

	cr_assert_str_eq(text, "id,messages,note\r\n\"a,b\",1,"
			       "\"say \"\"x\"\"\"\r\n");
	free(text);
}

/* What stands in CSV for a note of `text`. */
static void expect_cell(const char *text, const char *cell)
{
	char *printed =
		print(ALM_FORMAT_CSV, (const char *const[]){"a", "1", text});
	char *wanted = NULL;

	cr_assert_gt(
		asprintf(&wanted, "id,messages,note\r\na,1,%s\r\n", cell), 0);
	cr_expect_str_eq(printed, wanted);
	free(wanted);
	free(printed);
}

Test(output, defuses_what_a_spreadsheet_would_run)
{
	static const char *const rows[][2] = {
		{"=1+1", "\"'=1+1\""},
		{"+1-cmd", "\"'+1-cmd\""},
		{"-x", "\"'-x\""},
		{"@SUM(A1)", "\"'@SUM(A1)\""},
		{"\xef\xbc\x9d"
		 "1",
			"\"'\xef\xbc\x9d"
			"1\""},
		{"a=1", "a=1"},
		{"-", "-"},
		{"-12.5", "-12.5"},
		{"+3", "+3"},
		{"-1+1", "\"'-1+1\""},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		expect_cell(rows[i][0], rows[i][1]);
	}
}

Test(output, keeps_a_row_of_csv_on_one_line_and_out_of_the_terminals_way)
{
	expect_cell("a\r\n=1", "a\\x0d\\x0a=1");
	expect_cell("\t=1", "\\x09=1");
	expect_cell("\033[2J", "\\x1b[2J");
	expect_cell("\xe2\x80\xae"
		    "1",
		"\\xe2\\x80\\xae1");
}

/* Who takes one ' away and then reads \xNN has the text again. */
Test(output, marks_in_csv_what_looks_like_a_mark)
{
	expect_cell("a\\x0ab", "a\\x5cx0ab");
	expect_cell("'=1", "\"''=1\"");
	expect_cell("C:\\a", "C:\\a");
}

Test(output, prints_the_heading_of_a_stream_once)
{
	struct alm_output output = {.format = ALM_FORMAT_CSV};
	struct alm_sheet *sheet = alm_sheet_new("almoner.test/1", columns, 3);
	char *text = NULL;
	size_t bytes = 0;

	output.out = open_memstream(&text, &bytes);
	alm_sheet_row(sheet, (const char *const[]){"a", "1", ""});
	cr_assert_eq(alm_sheet_flush(sheet, &output, true), 0);
	alm_sheet_row(sheet, (const char *const[]){"b", "2", ""});
	cr_assert_eq(alm_sheet_flush(sheet, &output, false), 0);
	(void)fclose(output.out);
	cr_assert_str_eq(text, "id,messages,note\r\na,1,\r\nb,2,\r\n");
	cr_assert_eq(alm_sheet_rows(sheet), 0);
	alm_sheet_free(sheet);
	free(text);
}

Test(output, shows_times_in_london_only_when_asked)
{
	struct alm_output output = {
		.format = ALM_FORMAT_TABLE, .is_local = true};
	struct alm_sheet *sheet = alm_sheet_new("almoner.test/1", NULL, 0);
	char *text = NULL;
	size_t bytes = 0;

	output.out = open_memstream(&text, &bytes);
	alm_sheet_fact(sheet, "at", "2026-07-30T09:00:00.123456Z");
	alm_sheet_fact(sheet, "id", "RX1");
	cr_assert_eq(alm_sheet_print(sheet, &output), 0);
	(void)fclose(output.out);
	cr_assert_str_eq(text, "at  2026-07-30 10:00:00 BST\nid  RX1\n");
	alm_sheet_free(sheet);
	free(text);
}

/* A machine may have no names of zones at all: then, too. */
Test(output, local_times_change_with_the_clocks_of_london)
{
	static const char *const cases[][2] = {
		{"2028-02-29T23:59:59Z", "2028-02-29 23:59:59 GMT"},
		{"2028-03-26T00:59:59Z", "2028-03-26 00:59:59 GMT"},
		{"2028-03-26T01:00:00Z", "2028-03-26 02:00:00 BST"},
		{"2028-10-29T00:59:59Z", "2028-10-29 01:59:59 BST"},
		{"2028-10-29T01:00:00Z", "2028-10-29 01:00:00 GMT"},
		{"2028-12-31T23:59:59Z", "2028-12-31 23:59:59 GMT"},
		{"2038-07-19T03:14:08Z", "2038-07-19 04:14:08 BST"},
	};

	setenv("TZDIR", "/nonexistent", 1);
	for (size_t i = 0; i < ALM_COUNT(cases); i++) {
		struct alm_output output = {
			.format = ALM_FORMAT_TABLE, .is_local = true};
		struct alm_sheet *sheet =
			alm_sheet_new("almoner.test/1", NULL, 0);
		char wanted[64];
		char *text = NULL;
		size_t bytes = 0;

		output.out = open_memstream(&text, &bytes);
		alm_sheet_fact(sheet, "at", cases[i][0]);
		cr_assert_eq(alm_sheet_print(sheet, &output), 0);
		(void)fclose(output.out);
		(void)snprintf(wanted, sizeof(wanted), "at  %s\n", cases[i][1]);
		cr_expect_str_eq(text, wanted);
		alm_sheet_free(sheet);
		free(text);
	}
}

Test(output, gives_the_exit_code_of_the_catalogue)
{
	struct alm_output output = {.format = ALM_FORMAT_JSON};

	cr_assert_eq(
		alm_print_failure(&output,
			&(struct alm_failure){ALM_STORE_CORRUPT, "x", NULL, 0}),
		ALM_EXIT_INTEGRITY);
	output.format = ALM_FORMAT_TABLE;
	cr_assert_eq(alm_print_failure(&output,
			     &(struct alm_failure){ALM_TIMEOUT, "", NULL, 0}),
		ALM_EXIT_UNAVAILABLE);
}
