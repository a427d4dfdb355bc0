#include <criterion/criterion.h>
#include <string.h>

#include "lib/base.h"
#include "lib/nhs_number.h"

TestSuite(nhs_number);

Test(nhs_number, accepts_a_correct_check_digit)
{
	static const char *const rows[] = {"9990000018", "9990000026",
		"9990000034", "9990000042", "9990000050", "9990000069",
		"9990000077", "9990000085", "9990000093", "9990000107",
		"9990000115", "9990000123"};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_expect(alm_nhs_number_is_valid(rows[i]), "%s", rows[i]);
	}
}

Test(nhs_number, refuses_everything_else)
{
	static const char *const rows[] = {"", "999000001", "99900000180",
		"9990000019", "9990000017", "999000001X", " 990000018",
		"999 000 0018", "9990000\xd9\xa1 8"};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		cr_expect_not(alm_nhs_number_is_valid(rows[i]), "%s", rows[i]);
	}
}

Test(nhs_number, refuses_a_check_value_of_ten)
{
	/* 999000000 gives 11 - 9*27 % 11 = 10: no digit is right. */
	char text[11] = "9990000000";
	int accepted = 0;

	for (char c = '0'; c <= '9'; c++) {
		text[9] = c;
		accepted += alm_nhs_number_is_valid(text);
	}
	cr_expect_eq(accepted, 0);
}

Test(nhs_number, finds_every_single_wrong_digit)
{
	char text[11] = "9990000018";

	for (int i = 0; i < 10; i++) {
		char kept = text[i];

		for (char c = '0'; c <= '9'; c++) {
			text[i] = c;
			cr_expect_eq(alm_nhs_number_is_valid(text), c == kept,
				"%s", text);
		}
		text[i] = kept;
	}
}

Test(nhs_number, masks_all_but_the_ends)
{
	char masked[ALM_NHS_MASKED_BYTES];

	alm_nhs_number_mask("9990000018", masked);
	cr_expect_str_eq(masked, "999 *** **18");
}

Test(nhs_number, masks_each_in_what_somebody_wrote)
{
	static const char *const texts[][2] = {
		{"9990000018", "999*****18"},
		{"see 9990000026, and 999 000 0034.",
			"see 999*****26, and 999 *** **34."},
		{"999-000-0042/9990000050", "999-***-**42/999*****50"},
		{"9990000018 9990000026", "999*****18 999*****26"},
		{"SAR9990000018", "SAR9990000018"},
		{"99900000180", "99900000180"},
		{"9990000019 is none", "9990000019 is none"},
		{"9 990000018", "9 990000018"},
		{"999  000 0018", "999  000 0018"},
		{"999000001", "999000001"},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[64];
		size_t bytes = strlen(texts[i][0]);

		memcpy(text, texts[i][0], bytes + 1);
		alm_nhs_numbers_mask(text, bytes);
		cr_expect_str_eq(text, texts[i][1]);
	}
}
