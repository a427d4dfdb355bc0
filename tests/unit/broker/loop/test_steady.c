/* The broker's time goes on when the system's clock is set, until the step has
 * lasted. */
#include <criterion/criterion.h>

#include "broker/loop/steady.h"

#define SECOND INT64_C(1000000)
#define START (INT64_C(1790000000) * SECOND)

static struct alm_steady steady;

static void begin(void)
{
	steady = (struct alm_steady){.wall_us = 0};
	cr_assert_eq(alm_steady_look(&steady, START, 0), ALM_STEADY_SAME);
}

TestSuite(steady, .init = begin);

Test(steady, follows_a_clock_that_is_slewed)
{
	int64_t off_us = 0;

	for (int64_t boot_us = SECOND; boot_us < 5000 * SECOND;
		boot_us += 100 * SECOND) {
		off_us += 60 * SECOND;
		cr_assert_eq(alm_steady_look(&steady, START + boot_us + off_us,
				     boot_us),
			ALM_STEADY_SAME);
		cr_assert_eq(alm_steady_us(&steady, START + boot_us + off_us,
				     boot_us),
			START + boot_us + off_us);
	}
	cr_expect_eq(steady.doubts, 0);
}

Test(steady, believes_a_step_when_it_has_lasted)
{
	static const int64_t steps_us[] = {-3600 * SECOND,
		ALM_STEADY_STEP_US_MAX + 1 + SECOND,
		INT64_C(31536000) * SECOND};

	for (size_t i = 0; i < 3; i++) {
		int64_t at_us = SECOND;
		int64_t off_us = steps_us[i];

		begin();
		cr_assert_eq(
			alm_steady_look(&steady, START + at_us + off_us, at_us),
			ALM_STEADY_DOUBTED);
		at_us += ALM_STEADY_HOLD_US - 1;
		cr_expect_eq(
			alm_steady_look(&steady, START + at_us + off_us, at_us),
			ALM_STEADY_SAME);
		cr_expect_eq(
			alm_steady_us(&steady, START + at_us + off_us, at_us),
			START + at_us, "time goes on");
		at_us += 1;
		cr_expect_eq(
			alm_steady_look(&steady, START + at_us + off_us, at_us),
			ALM_STEADY_BELIEVED);
		cr_expect_eq(
			alm_steady_us(&steady, START + at_us + off_us, at_us),
			START + at_us + off_us);
		cr_expect_eq(steady.steps, 1);
	}
}

Test(steady, doubts_anew_when_it_is_set_again)
{
	int64_t at_us = ALM_STEADY_HOLD_US;

	cr_assert_eq(alm_steady_look(&steady, START + 3600 * SECOND, 0),
		ALM_STEADY_DOUBTED);
	cr_assert_eq(
		alm_steady_look(&steady, START + at_us + 7200 * SECOND, at_us),
		ALM_STEADY_DOUBTED);
	at_us *= 2;
	cr_assert_eq(
		alm_steady_look(&steady, START + at_us + 7200 * SECOND, at_us),
		ALM_STEADY_BELIEVED);
	cr_expect_eq(steady.doubts, 2);
}

Test(steady, forgets_a_step_that_was_taken_back)
{
	cr_assert_eq(alm_steady_look(&steady, START + 3600 * SECOND, 0),
		ALM_STEADY_DOUBTED);
	cr_assert_eq(alm_steady_look(&steady, START + 2 * SECOND, SECOND),
		ALM_STEADY_CAME_BACK);
	cr_expect_eq(alm_steady_us(&steady, START + 2 * SECOND, SECOND),
		START + 2 * SECOND);
	cr_expect_eq(steady.steps, 0);
}

/* Between two looks as well. */
Test(steady, believes_no_step_that_nobody_has_looked_at)
{
	cr_expect_eq(alm_steady_us(&steady, START + 3600 * SECOND, SECOND),
		START + SECOND);
}
