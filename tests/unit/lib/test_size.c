#include <criterion/criterion.h>

#include "lib/base.h"
#include "lib/size.h"

TestSuite(size, .timeout = 10);

Test(size, reads_a_number_with_or_without_a_unit)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {{"0", 0}, {"4096", 4096}, {"512B", 512}, {"64KiB", 65536},
		{"3MiB", 3145728}, {"1GiB", 1073741824},
		{"2TiB", UINT64_C(2) << 40}, {"007KiB", 7168},
		{"18446744073709551615", UINT64_MAX},
		{"16777215TiB", UINT64_C(16777215) << 40}};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		uint64_t bytes = 1;

		cr_expect_eq(alm_size_parse(rows[i].text, &bytes), ALM_OK, "%s",
			rows[i].text);
		cr_expect_eq(bytes, rows[i].bytes, "%s", rows[i].text);
	}
}

Test(size, refuses_other_units_signs_and_what_64_bits_do_not_hold)
{
	static const char *const texts[] = {"", "KiB", "-1", "+1", " 1",
		"1 KiB", "1kib", "1KB", "1K", "1.5MiB", "1PiB", "1KiBx",
		"18446744073709551616", "99999999999999999999999",
		"16777216TiB"};

	for (size_t i = 0; i < ALM_COUNT(texts); i++) {
		uint64_t bytes = 7;

		cr_expect_eq(alm_size_parse(texts[i], &bytes), ALM_VALUE_BAD,
			"'%s'", texts[i]);
		cr_expect_eq(bytes, 7, "'%s' is untouched", texts[i]);
	}
}

Test(size, writes_what_it_reads_in_the_largest_whole_unit)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {{0, "0"}, {1, "1"}, {1023, "1023"}, {1024, "1KiB"},
		{1025, "1025"}, {65536, "64KiB"},
		{UINT64_C(3) << 19, "1536KiB"}, {UINT64_C(1) << 40, "1TiB"},
		{UINT64_MAX, "18446744073709551615"}};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		char text[ALM_SIZE_TEXT_BYTES];
		uint64_t bytes = 0;

		alm_size_write(rows[i].bytes, text);
		cr_expect_str_eq(text, rows[i].text);
		cr_expect_eq(alm_size_parse(text, &bytes), ALM_OK);
		cr_expect_eq(bytes, rows[i].bytes);
	}
}
