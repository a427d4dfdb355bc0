/* test_band.c - what a count of people tells, and what it does not. */
#include <criterion/criterion.h>

#include "lib/band.h"

TestSuite(band);

static void expect(uint64_t count, const char *text)
{
	char out[ALM_BAND_TEXT_BYTES];

	alm_band_text(count, out);
	cr_expect_str_eq(out, text, "%llu: %s", (unsigned long long)count, out);
}

Test(band, hides_small_counts_and_nothing_at_all_alike)
{
	expect(0, "*");
	expect(1, "*");
	expect(7, "*");
}

Test(band, shows_others_to_the_nearest_five)
{
	expect(8, "10");
	expect(10, "10");
	expect(12, "10");
	expect(13, "15");
	expect(1002, "1000");
	expect(UINT64_MAX, "18446744073709551615");
}
