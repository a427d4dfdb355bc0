/* test_person_key.c - what the log says of a person is under that person's
 * keys: destroyed, it cannot be read, and the log verifies all the same. */
#include "tests/unit/store/fixture.h"

TestSuite(store_person_key, .init = set_up, .fini = tear_down);

#define PERSON "9990000018"
#define OTHER "9990000026"

static uint64_t say(const char *subject, const char *detail)
{
	struct alm_audit_record record = plain_record();

	record.has_person = true;
	alm_store_pseudonym(store, subject, record.person);
	cr_assert_eq(alm_store_audit_append(store, &record, detail), ALM_OK);
	return record.seq;
}

static struct alm_audit_view view_of(uint64_t seq)
{
	struct alm_audit_view view;

	cr_assert_eq(alm_audit_get(store, seq, true, &arena, &view), ALM_OK);
	return view;
}

/* Every key of the person, a few rows at a time. */
static uint64_t destroy(const char *subject, uint64_t last)
{
	uint64_t next = 0;
	uint64_t all = 0;
	unsigned calls = 0;

	do {
		uint64_t count = 0;

		cr_assert_eq(alm_store_person_keys_destroy(
				     store, subject, last, 2, &next, &count),
			ALM_OK);
		all += count;
		cr_assert_lt(++calls, 1000);
	} while (next != 0);
	return all;
}

static void expect_verified(uint64_t erased)
{
	struct alm_audit_record record =
		alm_audit_record_empty(ALM_AUDIT_ERASED);
	struct alm_audit_report report;

	/* Keys that are gone in silence are found out. */
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report),
		erased > 0 ? ALM_AUDIT_DAMAGED : ALM_OK);
	cr_expect_eq(
		erased > 0, strstr(report.what, "anybody was erased") != NULL);
	reopen();
	begin();
	cr_assert_eq(alm_store_audit_append(store, &record, ""), ALM_OK);
	commit();
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report), ALM_OK,
		"%s", report.what);
	cr_expect_eq(report.private_erased, erased);
	cr_expect_eq(report.private_absent, 0);
	cr_expect_eq(alm_audit_verify(folder, NULL, NULL, NULL, &report),
		ALM_OK, "%s", report.what);
	reopen();
}

Test(store_person_key, leaves_nothing_of_one_person_and_all_of_another)
{
	struct alm_audit_head before;
	struct alm_audit_head after;

	begin();
	(void)say(PERSON, "why: one\n");
	(void)say(OTHER, "why: two\n");
	append("why: nobody\n");
	commit();
	reopen(); /* forgets which keys were in use */
	begin();
	(void)say(PERSON, "why: three\n");
	(void)say(PERSON, "why: four\n");
	commit();
	alm_store_audit_head(store, &before);
	cr_expect_str_eq(view_of(1).detail, "why: one\n");
	cr_expect_str_eq(view_of(4).detail, "why: three\n");
	cr_expect_str_eq(view_of(5).detail, "why: four\n");

	begin();
	cr_expect_eq(destroy(PERSON, before.size), 2);
	commit();
	alm_store_audit_head(store, &after);
	cr_expect_eq(memcmp(&before, &after, sizeof(after)), 0);
	for (uint64_t seq = 1; seq <= 5; seq++) {
		bool is_gone = seq != 2 && seq != 3;

		cr_expect_eq(view_of(seq).is_erased, is_gone);
		cr_expect_eq(view_of(seq).detail == NULL, is_gone);
	}
	cr_expect_str_eq(view_of(2).detail, "why: two\n");
	cr_expect_str_eq(view_of(3).detail, "why: nobody\n");
	expect_verified(3);
}

Test(store_person_key, writes_under_a_new_key_afterwards)
{
	begin();
	(void)say(PERSON, "why: before\n");
	cr_expect_eq(destroy(PERSON, 1), 1);
	(void)say(PERSON, "why: after\n");
	commit();
	cr_expect(view_of(1).is_erased);
	cr_expect_str_eq(view_of(2).detail, "why: after\n");
	reopen();
	cr_expect_str_eq(view_of(2).detail, "why: after\n");
	expect_verified(1);
}

Test(store_person_key, spares_what_was_written_since_erasing_began)
{
	begin();
	(void)say(PERSON, "why: before\n");
	commit();
	reopen();
	begin();
	(void)say(PERSON, "why: since\n");
	commit();
	begin();
	cr_expect_eq(destroy(PERSON, 1), 1);
	commit();
	cr_expect(view_of(1).is_erased);
	cr_expect_str_eq(view_of(2).detail, "why: since\n");
}

Test(store_person_key, does_not_use_the_key_of_an_aborted_turn)
{
	begin();
	(void)say(PERSON, "why: lost\n");
	alm_store_abort(store);
	begin();
	(void)say(PERSON, "why: kept\n");
	commit();
	cr_expect_str_eq(view_of(1).detail, "why: kept\n");
	reopen();
	cr_expect_str_eq(view_of(1).detail, "why: kept\n");
	expect_verified(0);
}

Test(store_person_key, keeps_an_erasure_only_with_its_turn)
{
	begin();
	(void)say(PERSON, "why: one\n");
	commit();
	begin();
	cr_expect_eq(destroy(PERSON, 1), 1);
	cr_expect(view_of(1).is_erased);
	alm_store_abort(store);
	cr_expect_str_eq(view_of(1).detail, "why: one\n");
}

Test(store_person_key, removes_every_record_that_is_kept_about_a_person)
{
	static const char *const any[] = {"any"};
	static char long_word[1600];
	const char *const words[] = {long_word};
	struct alm_person_record record = {.type = ALM_RECORD_DIRECTIVE};
	struct alm_person person;
	uint64_t rows = 0;
	bool is_new;

	memset(long_word, 'w', sizeof(long_word) - 1);
	record.directive = (struct alm_directive){.authority = "self",
		.scope = "care",
		.effect = ALM_WORD_DENY,
		.recorded_s = 1700000000,
		.purposes = {any, 1},
		.categories = {any, 1},
		.to = {any, 1},
		.valid = {1700000000, ALM_INSTANT_NEVER}};
	begin();
	for (unsigned i = 0; i < 4; i++) {
		/* Short ones and one that needs a row of its own. */
		memcpy(record.subject, i == 3 ? OTHER : PERSON, 11);
		record.directive.id = i == 0 ? "a" : "b";
		record.directive.categories.items = i == 1 ? words : any;
		record.directive.id = i == 2 ? "c" : record.directive.id;
		cr_assert_eq(
			alm_store_person_put(store, &record, &is_new), ALM_OK);
	}
	cr_assert_eq(alm_store_person_remove(store, PERSON, &rows), ALM_OK);
	cr_expect_eq(rows, 2);
	commit();
	cr_assert_eq(
		alm_store_person_get(store, PERSON, &arena, &person), ALM_OK);
	cr_expect_eq(person.directive_count, 0);
	cr_expect_not(person.is_corrupt);
	cr_assert_eq(
		alm_store_person_get(store, OTHER, &arena, &person), ALM_OK);
	cr_expect_eq(person.directive_count, 1);
	cr_expect_eq(alm_store_people_sequence(store), 5);
	begin();
	cr_assert_eq(alm_store_person_remove(store, PERSON, &rows), ALM_OK);
	cr_expect_eq(rows, 0);
	commit();
	expect_verified(0);
}
