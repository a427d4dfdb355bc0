/* Patience: what is waited counts, what nobody looked at hardly does. */
#include <criterion/criterion.h>

#include "lib/patience.h"

Test(patience, is_over_when_it_was_waited_for)
{
	struct alm_patience patience = alm_patience_of(2500, 7000);

	cr_expect_eq(alm_patience_step(&patience, 7000), 1000);
	cr_expect_eq(alm_patience_step(&patience, 8000), 1000);
	cr_expect_eq(alm_patience_step(&patience, 9000), 500);
	cr_expect_eq(alm_patience_step(&patience, 9499), 1);
	cr_expect_eq(alm_patience_step(&patience, 9500), 0);
	cr_expect_eq(alm_patience_step(&patience, 9501), 0);
}

Test(patience, outlasts_a_machine_that_stands_still)
{
	struct alm_patience patience = alm_patience_of(10000, 0);

	cr_expect_eq(alm_patience_step(&patience, 15000), 1000);
	cr_expect_eq(patience.left_ms, 8000);
	cr_expect_eq(alm_patience_step(&patience, 60000), 1000);
	cr_expect_eq(patience.left_ms, 6000);
}

Test(patience, ends_however_rarely_one_looks)
{
	struct alm_patience patience = alm_patience_of(10000, 0);
	int looks = 0;

	for (int64_t now_ms = 60000; alm_patience_step(&patience, now_ms) > 0;
		now_ms += 60000) {
		looks++;
	}
	cr_expect_eq(looks, 4);
}

Test(patience, of_no_time_is_over_at_once)
{
	struct alm_patience patience = alm_patience_of(0, 5);

	cr_expect_eq(alm_patience_step(&patience, 5), 0);
}
