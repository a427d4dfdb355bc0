/* test_register.c - many people at once: what a filled store says of each is
 * what it would say had they been put one by one. */
#include <stdio.h>

#include "broker/store/register.h"
#include "lib/nhs_number.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_register, .init = set_up, .fini = tear_down);

#define PEOPLE 5000u
#define RECORDED_S INT64_C(1700000000)

static const char *const ANY[] = {"any"};

/* The number whose first nine digits are 900000000 + 11 * number, or the next
 * ones if that has no check digit. */
static void subject_of(
	void *cookie, uint32_t number, char out[ALM_SUBJECT_TEXT_BYTES])
{
	unsigned long nine = 900000000ul + 11ul * number;

	(void)cookie;
	for (;; nine++) {
		for (unsigned check = 0; check < 10; check++) {
			(void)snprintf(out, ALM_SUBJECT_TEXT_BYTES, "%09lu%u",
				nine, check);
			if (alm_nhs_number_is_valid(out)) {
				return;
			}
		}
	}
}

/* Nobody is like the neighbour: some objected, some have more, some nothing. */
static size_t records_of(void *cookie, uint32_t number,
	struct alm_person_record *out, size_t record_max)
{
	size_t count = 0;

	(void)cookie;
	cr_assert_geq(record_max, 3u);
	if (number % 10 != 9) {
		out[count++] = (struct alm_person_record){
			.type = ALM_RECORD_OPT_OUT,
			.opt_out = {ALM_OPT_OUT_NATIONAL, number % 3 == 0,
				RECORDED_S - number, RECORDED_S}};
	}
	if (number % 7 == 0) {
		out[count++] =
			(struct alm_person_record){.type = ALM_RECORD_OPT_OUT,
				.opt_out = {ALM_OPT_OUT_TYPE_1, true,
					RECORDED_S, RECORDED_S}};
		out[count++] = (struct alm_person_record){
			.type = ALM_RECORD_DIRECTIVE,
			.directive = {.id = "d-1",
				.authority = "self",
				.scope = "care",
				.effect = ALM_WORD_DENY,
				.recorded_s = RECORDED_S,
				.purposes = {ANY, 1},
				.categories = {ANY, 1},
				.to = {ANY, 1},
				.valid = {RECORDED_S, ALM_INSTANT_NEVER}}};
	}
	return count;
}

static enum alm_err fill(const struct alm_people_source *source)
{
	struct alm_people_fill *filling = NULL;
	uint32_t left = source->count;
	enum alm_err err = alm_people_fill_open(store, source, &filling);

	while (err == ALM_OK && left > 0) {
		begin();
		err = alm_people_fill_next(filling, 1234, &left);
		if (err == ALM_OK) {
			commit();
		} else {
			alm_store_abort(store);
		}
	}
	alm_people_fill_close(filling);
	return err;
}

static void fill_all(void)
{
	const struct alm_people_source source = {
		NULL, PEOPLE, subject_of, records_of};

	cr_assert_eq(fill(&source), ALM_OK);
}

Test(store_register, gives_everybody_the_records_of_the_source)
{
	fill_all();
	reopen();
	for (uint32_t i = 0; i < PEOPLE; i++) {
		char subject[ALM_SUBJECT_TEXT_BYTES];
		struct alm_person person;

		subject_of(NULL, i, subject);
		alm_arena_reset(&arena);
		cr_assert_eq(
			alm_store_person_get(store, subject, &arena, &person),
			ALM_OK);
		cr_assert_not(person.is_corrupt);
		cr_assert_eq(person.opt_out_count,
			(i % 10 != 9 ? 1u : 0u) + (i % 7 == 0 ? 1u : 0u));
		cr_assert_eq(person.directive_count, i % 7 == 0 ? 1u : 0u);
		if (i % 10 != 9) {
			cr_assert_eq(
				person.opt_outs[0].as_of_s, RECORDED_S - i);
		}
	}
}

Test(store_register, takes_more_records_after_it_was_filled)
{
	struct alm_person_record record[3];
	struct alm_person person;
	bool is_new = false;

	fill_all();
	begin();
	cr_assert_eq(records_of(NULL, 1, record, 3), 1);
	subject_of(NULL, 1, record[0].subject);
	cr_assert_eq(alm_store_person_put(store, &record[0], &is_new), ALM_OK);
	cr_expect_not(is_new);
	record[0].opt_out.as_of_s++;
	cr_assert_eq(alm_store_person_put(store, &record[0], &is_new), ALM_OK);
	cr_expect(is_new);
	commit();
	cr_assert_eq(
		alm_store_person_get(store, record[0].subject, &arena, &person),
		ALM_OK);
	cr_expect_eq(person.opt_out_count, 2);
}

Test(store_register, is_filled_only_when_nobody_is_known)
{
	const struct alm_people_source source = {
		NULL, 1, subject_of, records_of};

	cr_assert_eq(fill(&source), ALM_OK);
	cr_expect_eq(fill(&source), ALM_RECORD_CONFLICT);
}

static void same_subject(
	void *cookie, uint32_t number, char out[ALM_SUBJECT_TEXT_BYTES])
{
	(void)number;
	subject_of(cookie, 7, out);
}

Test(store_register, refuses_the_same_person_twice)
{
	const struct alm_people_source source = {
		NULL, 2, same_subject, records_of};

	cr_expect_eq(fill(&source), ALM_RECORD_CONFLICT);
}

/* The answer as a decision would find it. */
static enum alm_opt_out_state state_of(uint32_t number)
{
	if (number >= PEOPLE || number % 10 == 9) {
		return ALM_OPT_OUT_ABSENT;
	}
	return number % 3 == 0 ? ALM_OPT_OUT_OBJECTED : ALM_OPT_OUT_CLEAR;
}

Test(store_register, answers_for_many_what_it_would_for_each)
{
	static char subjects[PEOPLE + 100][ALM_SUBJECT_TEXT_BYTES];
	static struct alm_opt_out_answer answers[PEOPLE + 100];

	fill_all();
	for (uint32_t i = 0; i < PEOPLE + 100; i++) {
		subject_of(NULL, i, subjects[i]);
	}
	cr_assert_eq(alm_store_opt_outs(store,
			     (const char(*)[ALM_SUBJECT_TEXT_BYTES])subjects,
			     PEOPLE + 100, RECORDED_S, answers),
		ALM_OK);
	for (uint32_t i = 0; i < PEOPLE + 100; i++) {
		cr_assert_eq(answers[i].state, state_of(i), "person %u", i);
		cr_assert(answers[i].state == ALM_OPT_OUT_ABSENT ||
			  answers[i].as_of_s == RECORDED_S - i);
	}
	cr_assert_eq(alm_store_opt_outs(store,
			     (const char(*)[ALM_SUBJECT_TEXT_BYTES])subjects, 1,
			     RECORDED_S - 1, answers),
		ALM_OK);
	cr_expect_eq(answers[0].state, ALM_OPT_OUT_ABSENT);
}

Test(store_register, reads_opt_outs_that_stand_in_rows_of_their_own)
{
	struct alm_person_record record = {.type = ALM_RECORD_OPT_OUT};
	struct alm_opt_out_answer answer;
	bool is_new = false;

	subject_of(NULL, 0, record.subject);
	begin();
	for (unsigned i = 0; i < 300; i++) {
		record.opt_out = (struct alm_opt_out){ALM_OPT_OUT_NATIONAL,
			i == 299, RECORDED_S + i, RECORDED_S};
		cr_assert_eq(
			alm_store_person_put(store, &record, &is_new), ALM_OK);
	}
	commit();
	cr_assert_eq(alm_store_opt_outs(store,
			     (const char(*)[ALM_SUBJECT_TEXT_BYTES]) &
				     record.subject,
			     1, RECORDED_S, &answer),
		ALM_OK);
	cr_expect_eq(answer.state, ALM_OPT_OUT_OBJECTED);
	cr_expect_eq(answer.as_of_s, RECORDED_S + 299);
}
