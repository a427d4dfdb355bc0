/* What goes out with data, counted; and what a duty's words tell of its end. */
#include <criterion/criterion.h>

#include "cli/duty/duties.h"

Test(duties, a_day_in_the_words_is_the_last_on_which_it_is_open)
{
	const int64_t begins_s = 1798675200; /* 2026-12-31T00:00:00Z */
	char day[11];

	cr_expect_eq(
		alm_duty_state("delete-by:2026-12-31", 0, day), ALM_DUTY_OPEN);
	cr_expect_str_eq(day, "2026-12-31");
	cr_expect_eq(
		alm_duty_state("delete-by:2026-12-31", begins_s + 86399, day),
		ALM_DUTY_OPEN);
	cr_expect_eq(
		alm_duty_state("delete-by:2026-12-31", begins_s + 86400, day),
		ALM_DUTY_DUE);
}

Test(duties, other_words_stand_for_as_long_as_the_data_is_there)
{
	static const char *const words[] = {"", "no-onward-sharing",
		"2026-12-31", ":2026-12-31", "delete-by:2026-02-30",
		"delete-by 2026-12-31", "delete-by:2026-12-31 or sooner"};

	for (size_t i = 0; i < ALM_COUNT(words); i++) {
		char day[11] = "x";

		cr_expect_eq(alm_duty_state(words[i], 0, day),
			ALM_DUTY_STANDING, "%s", words[i]);
		cr_expect_str_eq(day, "");
	}
}

static struct alm_log_row handed(uint64_t ref, const char *recipient)
{
	return (struct alm_log_row){.seq = ref + 100,
		.ref = ref,
		.time = "2026-07-30T09:00:00.000001Z",
		.sender = "RX1",
		.recipient = recipient,
		.basis = ref == 3 ? "" : "A-1",
		.epoch = 1};
}

Test(duties, a_message_that_is_handed_over_again_counts_once)
{
	static const uint64_t refs[] = {1, 2, 1, 8, 2, 3, 8};
	struct alm_duties duties;
	struct alm_log_row row;

	cr_assert_eq(alm_duties_init(&duties, 8), ALM_OK);
	for (size_t i = 0; i < ALM_COUNT(refs); i++) {
		row = handed(refs[i], refs[i] == 8 ? "C84001" : "511");
		cr_assert(alm_duties_add(&duties, &row));
	}
	cr_assert_eq(duties.count, 2);
	cr_expect_str_eq(duties.items[0].recipient, "511");
	cr_expect_eq(duties.items[0].messages, 2);
	cr_expect_eq(duties.items[0].seq, 101);
	cr_expect_eq(duties.items[1].messages, 1);
	alm_duties_fini(&duties);
}
