#include "tests/unit/core/minimised.h"

/* What scribe_fine() leaves, without the postcodes or with them. */
static struct scribe coarse(bool has_places)
{
	struct scribe inner = {.bytes = 0};
	struct scribe outer = {.bytes = 0};
	struct scribe s = {.bytes = 0};

	scribe_text(&inner, 3, "S80");
	scribe_raw(&outer, 1, inner.data, inner.bytes);
	if (has_places) {
		scribe_raw(&s, 2, outer.data, outer.bytes);
		scribe_text(&s, 13, "NG5");
	}
	scribe_text(&s, 14, "2026-03");
	scribe_text(&s, 14, "2025-12");
	scribe_text(&s, 15, "1957");
	scribe_text(&s, 16, "65-69");
	scribe_text(&s, 17, "Y");
	scribe_text(&s, 18, "C34");
	return s;
}

static void expect_coarse(const struct alm_view *view, bool has_places)
{
	struct scribe s = {.bytes = 0};
	struct scribe want = coarse(has_places);
	struct result r;

	scribe_fine(&s);
	r = minimise(scribe_bytes(&s), view);
	cr_assert_eq(r.bytes, want.bytes);
	cr_expect_arr_eq(r.data, want.data, want.bytes);
}

Test(minimise_coarse, pseudonymised_has_the_coarser_value_however_it_was_sent)
{
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_PSEUDONYMISED);

	view.pseudonym = NULL;
	expect_coarse(&view, true);
	cr_assert_eq(withheld.count, 7);
	cr_expect(was_withheld("contact.place.postcode:district"));
	cr_expect(was_withheld("postcode:district"));
	cr_expect(was_withheld("seen:month"));
	cr_expect(was_withheld("birth:year"));
	cr_expect(was_withheld("age:age-band"));
	cr_expect(was_withheld("ethnicity:ethnic-group"));
	cr_expect(was_withheld("icd10:icd10-category"));
	view.sent = ALM_LEVEL_PSEUDONYMISED;
	expect_coarse(&view, true);
	view.sent = view.level = ALM_LEVEL_ANONYMISED;
	expect_coarse(&view, false);
	cr_expect(was_withheld("postcode"));
	cr_expect(was_withheld("contact.place.postcode"));
}

Test(minimise_coarse,
	a_rule_gives_back_nothing_that_is_taken_for_another_reason)
{
	struct scribe s = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_PSEUDONYMISED);
	struct result r;

	view.pseudonym = NULL;
	view.strips_location = true;
	expect_coarse(&view, false);
	view.strips_location = false;
	view.level = ALM_LEVEL_AGGREGATE;
	scribe_fine(&s);
	cr_expect_eq(minimise(scribe_bytes(&s), &view).bytes, 0);
	view.level = ALM_LEVEL_PSEUDONYMISED;
	view.released_count = 1; /* contact */
	r = minimise(scribe_bytes(&s), &view);
	cr_expect(holds(&r, "NG5"));
	cr_expect_not(holds(&r, "2026"));
	cr_expect_not(holds(&r, "195"));
	view.released_count = ALM_COUNT(everything);
	scribe_text(&s, 6, "a history");
	r = minimise(scribe_bytes(&s), &view);
	cr_expect(holds(&r, "2026-03"));
	cr_expect_not(holds(&r, "NG5"));
	cr_expect_not(holds(&r, "S80"));
	cr_expect_not(holds(&r, "1957"));
	cr_expect_not(holds(&r, "65-69"));
}

Test(minimise_coarse, identifiable_is_not_made_coarser)
{
	struct scribe s = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_IDENTIFIABLE);
	struct result r;

	scribe_fine(&s);
	r = minimise(scribe_bytes(&s), &view);
	cr_assert_eq(r.bytes, s.bytes);
	cr_expect_arr_eq(r.data, s.data, s.bytes);
	cr_expect_eq(withheld.count, 0);
}

Test(minimise_coarse, a_value_that_cannot_be_made_coarser_is_dropped_by_itself)
{
	struct scribe s = {.bytes = 0};
	struct scribe want = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_PSEUDONYMISED);
	struct result r;

	view.pseudonym = NULL;
	scribe_text(&s, 14, "17/03/2026");
	scribe_text(&s, 14, "2026-03-17");
	scribe_text(&s, 14, "2026-02");
	scribe_text(&s, 13, "");
	scribe_text(&s, 15, "2027-01-01"); /* after the message */
	scribe_text(&s, 17, "Z");
	scribe_text(&want, 14, "2026-03");
	scribe_text(&want, 14, "2026-02");
	r = minimise(scribe_bytes(&s), &view);
	cr_assert_eq(r.bytes, want.bytes);
	cr_expect_arr_eq(r.data, want.data, want.bytes);
	cr_expect_eq(withheld.count, 5);
	cr_expect(was_withheld("seen"));
	cr_expect(was_withheld("seen:month"));
	cr_expect(was_withheld("postcode"));
	cr_expect(was_withheld("birth"));
	cr_expect(was_withheld("ethnicity"));
}

Test(minimise_coarse, without_a_time_of_its_own_no_age_is_told)
{
	struct scribe s = {.bytes = 0};
	struct alm_view view =
		view_all(ALM_LEVEL_IDENTIFIABLE, ALM_LEVEL_PSEUDONYMISED);
	struct result r;

	scribe_fine(&s);
	view.made_ms = INT64_MAX;
	r = minimise(scribe_bytes(&s), &view);
	cr_expect_not(holds(&r, "1957"));
	cr_expect_not(holds(&r, "65-69"));
	cr_expect(holds(&r, "NG5"));
}
