#include <criterion/criterion.h>

#include "broker/core/format.h"
#include "broker/core/minimise.h"
#include "tests/unit/core/standard_table.h"

static struct alm_faults faults;

static void one_fault(
	const struct scribe *s, enum alm_err err, const char *path)
{
	cr_assert_eq(alm_standard_conforms(&table, scribe_bytes(s), &faults),
		ALM_NOT_CONFORMANT);
	cr_assert_eq(faults.count, 1);
	cr_assert_eq(faults.items[0].err, err, "%d", faults.items[0].err);
	cr_assert_str_eq(faults.items[0].path, path);
}

Test(conform, takes_a_payload_with_every_field)
{
	struct scribe s = scribe_full();

	cr_assert_eq(alm_standard_conforms(&table, scribe_bytes(&s), &faults),
		ALM_OK);
	cr_assert_eq(faults.count, 0);
}

Test(conform, names_a_field_it_does_not_know)
{
	struct scribe s = scribe_full();

	scribe_number(&s, 99, 1);
	one_fault(&s, ALM_UNKNOWN_FIELD, "");
	cr_assert_eq(faults.items[0].number, 99);
}

Test(conform, looks_inside_messages)
{
	struct scribe s = scribe_full();
	struct scribe inner = {.bytes = 0};

	scribe_number(&inner, 1, 7);
	scribe_raw(&s, 2, inner.data, inner.bytes);
	one_fault(&s, ALM_MALFORMED, "contact.place");
}

Test(conform, misses_a_mandatory_field_also_when_it_is_empty)
{
	struct scribe s = {.bytes = 0};

	one_fault(&s, ALM_MISSING_FIELD, "nhs_number");
	scribe_text(&s, 1, "");
	one_fault(&s, ALM_MISSING_FIELD, "nhs_number");
}

Test(conform, refuses_a_second_value_and_one_value_too_many)
{
	struct scribe s = scribe_full();

	scribe_contact(&s);
	scribe_contact(&s);
	scribe_number(&s, 8, 4);
	cr_assert_eq(alm_standard_conforms(&table, scribe_bytes(&s), &faults),
		ALM_OK);
	scribe_contact(&s);
	one_fault(&s, ALM_TOO_MANY_VALUES, "contact");
	s = scribe_full();
	scribe_number(&s, 8, 4);
	scribe_number(&s, 8, 5);
	one_fault(&s, ALM_TOO_MANY_VALUES, "counts");
	s = scribe_full();
	scribe_text(&s, 4, "again");
	one_fault(&s, ALM_DUPLICATE_FIELD, "diagnosis");
}

Test(conform, holds_texts_to_their_length_and_to_text)
{
	char text[66] = "";
	struct scribe s = {.bytes = 0};

	scribe_text(&s, 1, "9990000018");
	memset(text, 'x', 64);
	scribe_text(&s, 4, text);
	cr_assert_eq(alm_standard_conforms(&table, scribe_bytes(&s), &faults),
		ALM_OK);
	s.bytes = 12;
	text[64] = 'x';
	scribe_text(&s, 4, text);
	one_fault(&s, ALM_FIELD_TOO_LARGE, "diagnosis");
	s.bytes = 12;
	scribe_text(&s, 4, "two\nlines");
	one_fault(&s, ALM_NOT_TEXT, "diagnosis");
	s.bytes = 12;
	scribe_text(&s, 5, "two\nlines\x01");
	one_fault(&s, ALM_NOT_TEXT, "story");
}

Test(conform, takes_lines_in_free_text_and_looks_at_each)
{
	static const char *const good[] = {
		"one\r\n\ttwo", "\n", "one\n", "\tone", "one"};
	static const char *const bad[] = {"one\x01\ntwo", "\x01\n", "\n\x01",
		"one\n\x02\nthree", "one\x7F\n"};
	struct scribe s = {.bytes = 0};

	scribe_text(&s, 1, "9990000018");
	for (size_t i = 0; i < ALM_COUNT(good); i++) {
		s.bytes = 12;
		scribe_text(&s, 5, good[i]);
		cr_expect_eq(alm_standard_conforms(
				     &table, scribe_bytes(&s), &faults),
			ALM_OK, "%zu", i);
	}
	for (size_t i = 0; i < ALM_COUNT(bad); i++) {
		s.bytes = 12;
		scribe_text(&s, 5, bad[i]);
		one_fault(&s, ALM_NOT_TEXT, "story");
	}
}

/* --- numbers side by side in one value ------------------------------------ */

#define FIELD_MANY(n, p, t) \
	{ \
		.number = (n), .index = (n)-1, .path = (p), .type = (t), \
		.class = ALM_FIELD_AGG, .category = "counts", \
		.is_repeated = true, .count_max = 4, .values = table_values, \
		.value_count = 3 \
	}

static const struct alm_standard_field many_fields[] = {
	FIELD_MANY(1, "kinds", ALM_FIELD_ENUM),
	FIELD_MANY(2, "weights", ALM_FIELD_FIXED32),
	FIELD_MANY(3, "sizes", ALM_FIELD_FIXED64),
	{.number = 4,
		.index = 3,
		.path = "states",
		.type = ALM_FIELD_ENUM,
		.class = ALM_FIELD_AGG,
		.category = "counts",
		.is_repeated = true,
		.is_mandatory = true,
		.count_max = 4,
		.values = table_values,
		.value_count = 3},
	{.number = 5,
		.index = 4,
		.path = "where",
		.type = ALM_FIELD_MESSAGE,
		.category = "",
		.is_mandatory = true,
		.count_max = 1,
		.message = &contact},
};
static const struct alm_standard_message many_payload = {
	"", many_fields, ALM_COUNT(many_fields)};
static const struct alm_standard many = {"many", "1", &many_payload, 5, 0};

Test(conform, counts_and_checks_what_is_packed)
{
	static const uint8_t zeroes[64];
	static const struct {
		uint32_t number;
		const char *bytes;
		size_t count;
		enum alm_err err; /* OK: it conforms */
		const char *path;
	} rows[] = {
		{1, "\0\1\0\1", 4, ALM_OK, ""},
		{1, "\0\1\0\1\1", 5, ALM_TOO_MANY_VALUES, "kinds"},
		{1, "\1\2", 2, ALM_VALUE_BAD, "kinds"},
		{1, "\1\x80", 2, ALM_MALFORMED, "kinds"},
		{2, NULL, 16, ALM_OK, ""},
		{2, NULL, 20, ALM_TOO_MANY_VALUES, "weights"},
		{2, NULL, 6, ALM_MALFORMED, "weights"},
		{3, NULL, 32, ALM_OK, ""},
		{3, NULL, 40, ALM_TOO_MANY_VALUES, "sizes"},
		{3, NULL, 12, ALM_MALFORMED, "sizes"},
		{4, "\1", 1, ALM_OK, ""},
		{5, "", 0, ALM_DUPLICATE_FIELD, "where"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct scribe s = {.bytes = 0};
		enum alm_err err;

		scribe_number(&s, 4, 1);
		scribe_raw(&s, 5, "", 0);
		scribe_raw(&s, rows[i].number,
			rows[i].bytes == NULL ? (const void *)zeroes
					      : rows[i].bytes,
			rows[i].count);
		err = alm_standard_conforms(&many, scribe_bytes(&s), &faults);
		cr_expect_eq(err == ALM_OK, rows[i].err == ALM_OK, "%zu", i);
		cr_expect_eq(faults.count, rows[i].err == ALM_OK ? 0 : 1);
		cr_expect(faults.count == 0 ||
				  (faults.items[0].err == rows[i].err &&
					  strcmp(faults.items[0].path,
						  rows[i].path) == 0),
			"%zu", i);
	}
}

/* A value of 0 is as good as none, in whatever form it travels. */
Test(conform, misses_a_mandatory_enum_and_a_mandatory_message)
{
	struct scribe s = {.bytes = 0};

	cr_expect_eq(alm_standard_conforms(&many, scribe_bytes(&s), &faults),
		ALM_NOT_CONFORMANT);
	cr_assert_eq(faults.count, 2);
	cr_expect_eq(faults.items[0].err, ALM_MISSING_FIELD);
	cr_expect_str_eq(faults.items[0].path, "states");
	cr_expect_str_eq(faults.items[1].path, "where");
	scribe_raw(&s, 5, "", 0);
	scribe_number(&s, 4, 0);
	scribe_raw(&s, 4, "", 0);
	cr_expect_eq(alm_standard_conforms(&many, scribe_bytes(&s), &faults),
		ALM_NOT_CONFORMANT);
	cr_assert_eq(faults.count, 1, "the message is there, if empty");
	cr_expect_str_eq(faults.items[0].path, "states");
	scribe_raw(&s, 4, "\1", 1);
	cr_expect_eq(alm_standard_conforms(&many, scribe_bytes(&s), &faults),
		ALM_OK);
}

Test(conform, takes_no_numbers_side_by_side_where_there_is_one)
{
	struct scribe s = {.bytes = 0};

	scribe_text(&s, 1, "9990000018");
	scribe_raw(&s, 10, "\1", 1);
	one_fault(&s, ALM_MALFORMED, "kind");
}

Test(conform, holds_enums_to_their_list)
{
	struct scribe s = {.bytes = 0};

	scribe_text(&s, 1, "9990000018");
	scribe_number(&s, 10, (uint64_t)-2);
	cr_assert_eq(alm_standard_conforms(&table, scribe_bytes(&s), &faults),
		ALM_OK);
	s.bytes = 12;
	scribe_number(&s, 10, 2);
	one_fault(&s, ALM_VALUE_BAD, "kind");
}

Test(conform, checks_the_nhs_number)
{
	struct scribe s = {.bytes = 0};

	scribe_text(&s, 1, "9990000019");
	one_fault(&s, ALM_VALUE_BAD, "nhs_number");
}

Test(conform, lists_faults_to_a_limit)
{
	struct scribe s = scribe_full();

	for (int i = 0; i < 100; i++) {
		scribe_number(&s, 99, 1);
	}
	cr_assert_eq(alm_standard_conforms(&table, scribe_bytes(&s), &faults),
		ALM_NOT_CONFORMANT);
	cr_assert_eq(faults.count, ALM_FAULTS_MAX);
}

struct format_row {
	enum alm_field_format format;
	const char *text;
	bool holds;
};

static const struct format_row format_rows[] = {
	{ALM_FORMAT_DATE, "2024-02-29", true},
	{ALM_FORMAT_DATE, "2023-02-29", false},
	{ALM_FORMAT_DATE, "1900-02-29", false},
	{ALM_FORMAT_DATE, "2000-02-29", true},
	{ALM_FORMAT_DATE, "2023-13-01", false},
	{ALM_FORMAT_DATE, "2023-00-01", false},
	{ALM_FORMAT_DATE, "2023-04-31", false},
	{ALM_FORMAT_DATE, "2023-4-1", false},
	{ALM_FORMAT_DATE, "1879-12-31", false},
	{ALM_FORMAT_BIRTH_DATE, "1880-01-01", true},
	{ALM_FORMAT_PERIOD, "2026-11", true},
	{ALM_FORMAT_PERIOD, "2026-13", false},
	{ALM_FORMAT_INSTANT, "2026-11-22T20:00:00Z", true},
	{ALM_FORMAT_INSTANT, "2026-11-22T24:00:00Z", false},
	{ALM_FORMAT_INSTANT, "2026-11-22 20:00:00Z", false},
	{ALM_FORMAT_CONCEPT, "254637007", true},
	{ALM_FORMAT_CONCEPT, "12345", false},
	{ALM_FORMAT_CONCEPT, "1234567890123456789", false},
	{ALM_FORMAT_CONCEPT, "012345", false},
	{ALM_FORMAT_ODS_CODE, "RX1", true},
	{ALM_FORMAT_ODS_CODE, "rx1", false},
	{ALM_FORMAT_ODS_CODE, "RX", false},
	{ALM_FORMAT_POSTCODE, "NG5 1PB", true},
	{ALM_FORMAT_POSTCODE, "NG51PB", true},
	{ALM_FORMAT_POSTCODE, "EC1A 1BB", true},
	{ALM_FORMAT_POSTCODE, "NG5  1PB", false},
	{ALM_FORMAT_POSTCODE, " 1PB", false},
	{ALM_FORMAT_POSTCODE, "  1PB", false},
	{ALM_FORMAT_CODE, "T1a", true},
	{ALM_FORMAT_CODE, "T1 a", false},
	{ALM_FORMAT_NHS_NUMBER, "9990000026", true},
	{ALM_FORMAT_NHS_NUMBER, "999000002", false},
	{ALM_FORMAT_ANY, "", true},
};

Test(conform, formats_hold)
{
	for (size_t i = 0; i < ALM_COUNT(format_rows); i++) {
		const struct format_row *row = &format_rows[i];
		struct alm_bytes text = {
			(const uint8_t *)row->text, strlen(row->text)};

		cr_expect_eq(alm_format_holds(row->format, text), row->holds,
			"%s", row->text);
	}
}
