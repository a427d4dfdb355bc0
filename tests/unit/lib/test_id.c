#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/base.h"
#include "lib/id.h"

TestSuite(id);

#define DIGITS_64 \
	"0123456789012345678901234567890123456789012345678901234567890123"

Test(id, knows_a_well_formed_id)
{
	static const struct {
		const char *text;
		bool is_valid;
	} rows[] = {
		{"RX1", true},
		{"a", true},
		{"7", true},
		{"a._-Z9", true},
		{DIGITS_64, true},
		{DIGITS_64 "4", false},
		{"any", false},
		{"Any", true},
		{"any1", true},
		{"", false},
		{".a", false},
		{"-a", false},
		{"_a", false},
		{"a b", false},
		{"a/b", false},
		{"a:b", false},
		{"a\n", false},
		{"\xc3\xa9", false},
		{"a\xc3\xa9", false},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_expect_eq(alm_id_is_valid(rows[i].text), rows[i].is_valid,
			"'%s'", rows[i].text);
	}
}

Test(id, knows_a_request_id)
{
	cr_expect(alm_request_id_is_valid("!"));
	cr_expect(alm_request_id_is_valid("~any/1"));
	cr_expect(alm_request_id_is_valid(DIGITS_64));
	cr_expect_not(alm_request_id_is_valid(DIGITS_64 "4"));
	cr_expect_not(alm_request_id_is_valid(""));
	cr_expect_not(alm_request_id_is_valid("a b"));
	cr_expect_not(alm_request_id_is_valid("\x7f"));
	cr_expect_not(alm_request_id_is_valid("\xc3\xa9"));
}

Test(id, makes_message_ids_of_version_7)
{
	uint8_t random[10];
	struct alm_message_id id;
	struct alm_message_id back;
	char text[ALM_UUID_TEXT_BYTES];

	memset(random, 0xFF, sizeof(random));
	id = alm_message_id_make(INT64_C(0x0123456789AB), random);
	cr_expect(alm_message_id_is_valid(&id));
	cr_expect_eq(alm_message_id_ms(&id), INT64_C(0x0123456789AB));
	alm_message_id_text(&id, text);
	cr_expect_str_eq(text, "01234567-89ab-7fff-bfff-ffffffffffff");
	cr_assert_eq(alm_message_id_parse(text, &back), ALM_OK);
	cr_expect_eq(memcmp(&id, &back, sizeof(id)), 0);
}

Test(id, a_series_rises_whatever_the_clock_does)
{
	/* More in a millisecond than there are steps, and a clock that stands,
	 * goes back a little, and goes on. */
	static const int64_t clock_ms[] = {1000000, 999500, 1000000, 1000004};
	struct alm_id_series series = {.ms = 0};
	struct alm_message_id last = {{0}};
	uint8_t random[10];

	for (size_t i = 0; i < ALM_COUNT(clock_ms); i++) {
		for (unsigned n = 0; n < 5000; n++) {
			struct alm_message_id id;

			memset(random, (int)(0xFF - n % 256), sizeof(random));
			id = alm_message_id_next(&series, clock_ms[i], random);
			cr_assert(alm_message_id_is_valid(&id));
			cr_assert_gt(memcmp(&id, &last, sizeof(id)), 0);
			cr_assert_leq(alm_message_id_ms(&id), 1000006);
			last = id;
		}
	}
}

Test(id, a_series_follows_a_clock_that_is_set_back)
{
	static const uint8_t random[10] = {0x0F, 0xFF, 3};
	struct alm_id_series series = {.ms = 0};
	struct alm_message_id id;

	id = alm_message_id_next(&series, 9000000, random);
	cr_expect_eq(alm_message_id_ms(&id), 9000000);
	id = alm_message_id_next(&series, 5000000, random);
	cr_expect_eq(alm_message_id_ms(&id), 5000000);
	cr_expect_eq(id.raw[8], 0x80 | 3);
}

Test(id, refuses_what_is_not_a_message_id)
{
	static const char *const rows[] = {"",
		"01234567-89ab-4fff-bfff-ffffffffffff",
		"01234567-89ab-7fff-cfff-ffffffffffff",
		"0123456789ab7fffbfffffffffffffff",
		"01234567-89ab-7fff-bfff-fffffffffffg",
		"01234567-89ab-7fff-bfff-ffffffffffff0",
		"01234567_89ab-7fff-bfff-ffffffffffff"};
	struct alm_message_id id;

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_expect_eq(alm_message_id_parse(rows[i], &id),
			ALM_BAD_MESSAGE_ID, "'%s'", rows[i]);
	}
}

Test(id, writes_every_byte_as_two_digits_of_hex)
{
	uint8_t raw[256 + 3];
	char text[2 * sizeof(raw) + 1];
	char pair[3];

	for (size_t i = 0; i < sizeof(raw); i++) {
		raw[i] = (uint8_t)(i * 7);
	}
	for (size_t bytes = 0; bytes <= sizeof(raw); bytes++) {
		alm_hex(raw, bytes, text);
		cr_assert_eq(strlen(text), 2 * bytes);
	}
	for (size_t i = 0; i < sizeof(raw); i++) {
		(void)snprintf(pair, sizeof(pair), "%02x", raw[i]);
		cr_expect_arr_eq(text + 2 * i, pair, 2);
	}
}

Test(id, reads_and_writes_hex)
{
	static const uint8_t raw[] = {0x00, 0x9A, 0xFF};
	uint8_t back[3] = {1, 1, 1};
	char text[7];

	alm_hex(raw, sizeof(raw), text);
	cr_expect_str_eq(text, "009aff");
	cr_expect_eq(alm_unhex("009AfF", back, 3), ALM_OK);
	cr_expect_eq(memcmp(raw, back, 3), 0);
	cr_expect_eq(alm_unhex("009af", back, 3), ALM_VALUE_BAD);
	cr_expect_eq(alm_unhex("009aff0", back, 3), ALM_VALUE_BAD);
	cr_expect_eq(alm_unhex("009afg", back, 3), ALM_VALUE_BAD);
	cr_expect_eq(alm_unhex("", back, 0), ALM_OK);
}

Test(id, finds_the_ids_that_begin_alike)
{
	static const struct {
		const char *text;
		const char *first;
		const char *last;
		size_t digits;
	} rows[] = {{"", "00000000-0000-0000-0000-000000000000",
			    "ffffffff-ffff-ffff-ffff-ffffffffffff", 0},
		{"0", "00000000-0000-0000-0000-000000000000",
			"0fffffff-ffff-ffff-ffff-ffffffffffff", 1},
		{"01aB-", "01ab0000-0000-0000-0000-000000000000",
			"01abffff-ffff-ffff-ffff-ffffffffffff", 4},
		{"01ab9", "01ab9000-0000-0000-0000-000000000000",
			"01ab9fff-ffff-ffff-ffff-ffffffffffff", 5},
		{"01902f9a-1b2c-7d3e-8f40-0123456789ab",
			"01902f9a-1b2c-7d3e-8f40-0123456789ab",
			"01902f9a-1b2c-7d3e-8f40-0123456789ab", 32}};
	struct alm_message_id inside = {{0x01, 0xAB, 0x90}};
	struct alm_message_id outside = {{0x01, 0xAC}};
	struct alm_id_range range;
	char text[ALM_UUID_TEXT_BYTES];

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_assert_eq(alm_id_range_parse(rows[i].text, &range), ALM_OK);
		alm_message_id_text(&range.first, text);
		cr_expect_str_eq(text, rows[i].first);
		alm_message_id_text(&range.last, text);
		cr_expect_str_eq(text, rows[i].last);
		cr_expect_eq(range.digits, rows[i].digits);
		cr_expect(alm_id_range_has(&range, &range.first));
		cr_expect(alm_id_range_has(&range, &range.last));
	}
	cr_assert_eq(alm_id_range_parse("01ab9", &range), ALM_OK);
	cr_expect(alm_id_range_has(&range, &inside));
	cr_expect_not(alm_id_range_has(&range, &outside));
	cr_expect_eq(alm_id_range_parse("01g", &range), ALM_BAD_MESSAGE_ID);
	cr_expect_eq(
		alm_id_range_parse("01902f9a1b2c7d3e8f400123456789ab0", &range),
		ALM_BAD_MESSAGE_ID);
	cr_expect_eq(range.digits, 5, "it is untouched");
}
