/* test_lists.c - a newer opt-out list replaces older clearances: whom it does
 * not name is not clear.  Objections stay. */
#include "broker/store/lists.h"
#include "broker/store/register.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_lists, .init = set_up, .fini = tear_down);

#define PERSON "9990000018"
#define OTHER "9990000026"
#define DAY_S INT64_C(86400)

static const int64_t FIRST_S = NOW_US / 1000000 - 20 * DAY_S;
static const int64_t SECOND_S = NOW_US / 1000000 - 10 * DAY_S;

static enum alm_err start(enum alm_opt_out_list list, const char *source,
	int64_t as_of_s, struct alm_list_row *row)
{
	*row = (struct alm_list_row){.list = list,
		.source = source,
		.as_of_s = as_of_s,
		.count = 100};
	return alm_store_list_begin(store, row);
}

static void say(const char *subject, bool is_objecting, int64_t as_of_s)
{
	struct alm_person_record record = {.type = ALM_RECORD_OPT_OUT};
	bool is_new;

	memcpy(record.subject, subject, 11);
	record.opt_out = (struct alm_opt_out){.list = ALM_OPT_OUT_NATIONAL,
		.is_objecting = is_objecting,
		.as_of_s = as_of_s,
		.recorded_s = NOW_US / 1000000};
	cr_assert_eq(alm_store_person_put(store, &record, &is_new), ALM_OK);
}

/* A whole list, which names one person. */
static void take_list(const char *subject, int64_t as_of_s)
{
	struct alm_list_row row;

	cr_assert_eq(start(ALM_OPT_OUT_NATIONAL, "", as_of_s, &row), ALM_OK);
	say(subject, false, as_of_s);
	cr_assert_eq(
		alm_store_list_finish(store, row.number, &arena, &row), ALM_OK);
}

static struct alm_person get(const char *subject)
{
	struct alm_person person;

	cr_assert_eq(
		alm_store_person_get(store, subject, &arena, &person), ALM_OK);
	cr_assert_not(person.is_corrupt);
	return person;
}

static enum alm_opt_out_state state_of(const char *subject)
{
	char subjects[1][ALM_SUBJECT_TEXT_BYTES];
	struct alm_opt_out_answer answer;

	memcpy(subjects[0], subject, sizeof(subjects[0]));
	cr_assert_eq(alm_store_opt_outs(store,
			     (const char(*)[ALM_SUBJECT_TEXT_BYTES])subjects, 1,
			     NOW_US / 1000000, &answer),
		ALM_OK);
	return answer.state;
}

Test(store_lists, a_newer_one_makes_whom_it_does_not_name_unknown)
{
	begin();
	take_list(PERSON, FIRST_S);
	say(OTHER, false, FIRST_S);
	commit();
	cr_expect_eq(state_of(PERSON), ALM_OPT_OUT_CLEAR);
	cr_expect_eq(state_of(OTHER), ALM_OPT_OUT_CLEAR);
	begin();
	take_list(PERSON, SECOND_S);
	commit();
	cr_expect_eq(state_of(PERSON), ALM_OPT_OUT_CLEAR);
	cr_expect_eq(state_of(OTHER), ALM_OPT_OUT_ABSENT);
	cr_expect_eq(get(OTHER).opt_out_count, 0);
	reopen();
	cr_expect_eq(alm_store_list_as_of_s(store), SECOND_S);
	cr_expect_eq(state_of(OTHER), ALM_OPT_OUT_ABSENT);
}

Test(store_lists, objections_outlive_a_list_that_leaves_them_out)
{
	begin();
	say(PERSON, true, FIRST_S);
	take_list(OTHER, SECOND_S);
	commit();
	cr_expect_eq(state_of(PERSON), ALM_OPT_OUT_OBJECTED);
	cr_expect_eq(get(PERSON).opt_out_count, 1);
}

Test(store_lists, has_no_effect_before_it_is_whole)
{
	struct alm_list_row row;

	begin();
	take_list(OTHER, FIRST_S);
	cr_assert_eq(start(ALM_OPT_OUT_NATIONAL, "", SECOND_S, &row), ALM_OK);
	say(PERSON, false, SECOND_S);
	commit();
	cr_expect_eq(state_of(OTHER), ALM_OPT_OUT_CLEAR);
	cr_expect_eq(alm_store_list_as_of_s(store), FIRST_S);
	begin();
	cr_assert_eq(
		alm_store_list_finish(store, row.number, &arena, &row), ALM_OK);
	cr_expect_eq(state_of(OTHER), ALM_OPT_OUT_ABSENT);
	alm_store_abort(store);
	cr_expect_eq(state_of(OTHER), ALM_OPT_OUT_CLEAR);
}

Test(store_lists, refuses_one_that_is_not_newer)
{
	struct alm_list_row row;

	begin();
	take_list(PERSON, SECOND_S);
	cr_expect_eq(start(ALM_OPT_OUT_NATIONAL, "", SECOND_S, &row),
		ALM_LIST_OLDER);
	cr_expect_eq(
		start(ALM_OPT_OUT_NATIONAL, "", FIRST_S, &row), ALM_LIST_OLDER);
	cr_expect_eq(
		start(ALM_OPT_OUT_NATIONAL, "", SECOND_S + 1, &row), ALM_OK);
	commit();
}

Test(store_lists, goes_on_with_one_of_the_same_instant_only)
{
	struct alm_list_row first;
	struct alm_list_row again;
	struct alm_list_row other;

	begin();
	cr_assert_eq(start(ALM_OPT_OUT_NATIONAL, "", FIRST_S, &first), ALM_OK);
	commit();
	begin_at(NOW_US + 5000000);
	cr_assert_eq(start(ALM_OPT_OUT_NATIONAL, "", FIRST_S, &again), ALM_OK);
	cr_expect_eq(again.number, first.number);
	cr_expect_eq(again.recorded_s, first.recorded_s);
	cr_assert_eq(start(ALM_OPT_OUT_NATIONAL, "", SECOND_S, &other), ALM_OK);
	cr_expect_neq(other.number, first.number);
	cr_expect_eq(alm_store_list_finish(store, first.number, &arena, &first),
		ALM_LIST_UNFINISHED);
	cr_expect_eq(alm_store_list_finish(store, other.number, &arena, &other),
		ALM_OK);
	cr_expect_eq(alm_store_list_finish(store, other.number, &arena, &other),
		ALM_LIST_UNFINISHED);
	commit();
}

Test(store_lists, keeps_no_clearance_that_a_list_has_replaced)
{
	begin();
	take_list(PERSON, FIRST_S);
	take_list(PERSON, FIRST_S + 1);
	take_list(PERSON, SECOND_S);
	say(PERSON, false, SECOND_S + 1);
	cr_expect_eq(get(PERSON).opt_out_count, 2);
	commit();
}

Test(store_lists, knows_the_age_of_each_practice)
{
	struct alm_list_row row;
	int64_t national_s;
	int64_t type_1_s;

	alm_store_list_ages(store, &national_s, &type_1_s);
	cr_expect_eq(national_s, 0);
	cr_expect_eq(type_1_s, 0);
	begin();
	cr_assert_eq(
		start(ALM_OPT_OUT_TYPE_1, "C84001", FIRST_S, &row), ALM_OK);
	cr_assert_eq(
		alm_store_list_finish(store, row.number, &arena, &row), ALM_OK);
	cr_assert_eq(
		start(ALM_OPT_OUT_TYPE_1, "C84002", SECOND_S, &row), ALM_OK);
	cr_assert_eq(
		alm_store_list_finish(store, row.number, &arena, &row), ALM_OK);
	alm_store_list_ages(store, &national_s, &type_1_s);
	cr_expect_eq(type_1_s, FIRST_S);
	cr_assert_eq(start(ALM_OPT_OUT_TYPE_1, "C84001", SECOND_S + 1, &row),
		ALM_OK);
	cr_assert_eq(
		alm_store_list_finish(store, row.number, &arena, &row), ALM_OK);
	commit();
	alm_store_list_ages(store, &national_s, &type_1_s);
	cr_expect_eq(type_1_s, SECOND_S);
	cr_expect_eq(national_s, 0);
	cr_expect_eq(alm_store_list_next(store, 0, &arena, &row), ALM_OK);
	cr_expect_str_eq(row.source, "C84002");
}
