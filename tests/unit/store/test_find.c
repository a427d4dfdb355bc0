/* test_find.c - pages of answers, and damage met on the way. */
#include "tests/unit/store/world.h"

TestSuite(store_find, .init = set_up, .fini = tear_down);

Test(store_find, answers_as_a_look_at_every_record_does)
{
	struct alm_audit_record *all;

	dice_state = 20261123;
	grow(3000);
	all = all_records(3000);
	for (unsigned i = 0; i < 300; i++) {
		struct alm_audit_filter filter = random_filter(3000);

		check_answer(&filter, all, i % 3 == 0 ? 1 + dice(3000) : 3000);
	}
	free(all);
}

Test(store_find, answers_about_the_log_as_it_was)
{
	struct alm_audit_find find = {
		.size = 10, .row_max = 100, .work_max = 100};
	struct alm_audit_found found;

	grow(30);
	cr_assert_eq(alm_audit_find(store, &find, &arena, &found), ALM_OK);
	cr_expect_eq(found.row_count, 10);
	cr_expect_eq(found.size, 10);
	find.size = 0;
	cr_assert_eq(alm_audit_find(store, &find, &arena, &found), ALM_OK);
	cr_expect_eq(found.row_count, 30);
	find.size = 1000;
	cr_assert_eq(alm_audit_find(store, &find, &arena, &found), ALM_OK);
	cr_expect_eq(found.size, 30);
}

Test(store_find, stops_when_its_work_is_done)
{
	struct alm_audit_find find = {
		.filter = {.sender = "nobody"}, .row_max = 100, .work_max = 7};
	struct alm_audit_found found;
	unsigned pages = 0;

	grow(30);
	do {
		cr_assert_eq(
			alm_audit_find(store, &find, &arena, &found), ALM_OK);
		cr_expect_eq(found.row_count, 0);
		cr_expect_leq(found.scanned, 7);
		find.next = found.next;
		pages++;
	} while (found.next != 0);
	cr_expect_eq(pages, 5);
}

Test(store_find, ends_a_page_when_memory_ends)
{
	struct alm_audit_find find = {
		.row_max = 100, .work_max = 1000, .is_newest_first = true};
	struct alm_audit_found found;
	struct alm_arena small;

	grow(100);
	alm_arena_init(&small, 100 * sizeof(struct alm_audit_view) + 3000);
	cr_assert_eq(alm_audit_find(store, &find, &small, &found), ALM_OK);
	cr_expect_gt(found.row_count, 0);
	cr_expect_lt(found.row_count, 100);
	cr_expect_eq(found.next, 100 - found.row_count);
	alm_arena_fini(&small);
}

/* --- cursors ------------------------------------------------------------- */

static struct alm_audit_find question(void)
{
	return (struct alm_audit_find){
		.filter = {.sender = "RX1", .has_code = true, .code = 4302},
		.size = 77,
		.next = 33,
	};
}

#define GIVEN ((struct alm_cursor_given){.at_us = NOW_US, .mark = 0xFEDCBA98u})
#define READ(text, asker, find) \
	alm_audit_cursor_read(store, (text), (asker), (find), &given)

Test(store_find, goes_on_where_a_cursor_says)
{
	struct alm_audit_find find = question();
	char text[ALM_CURSOR_TEXT_BYTES];
	struct alm_cursor_given given = {.at_us = 0};

	alm_audit_cursor_text(store, &find, "RX1", GIVEN, text);
	find.size = 100;
	find.next = 0;
	cr_assert_eq(READ(text, "RX1", &find), ALM_OK);
	cr_expect_eq(find.size, 77);
	cr_expect_eq(find.next, 33);
	cr_expect_eq(given.at_us, NOW_US);
	cr_expect_eq(given.mark, 0xFEDCBA98u);
	reopen();
	cr_expect_eq(READ(text, "RX1", &find), ALM_OK);
}

Test(store_find, refuses_a_cursor_of_another_question_or_asker)
{
	struct alm_audit_find find = question();
	char text[ALM_CURSOR_TEXT_BYTES];
	struct alm_audit_find others[8];
	struct alm_cursor_given given = {.at_us = -1};

	for (size_t i = 0; i < ALM_COUNT(others); i++) {
		others[i] = find;
	}
	others[0].filter.sender = "RX2";
	others[1].filter.recipient = "RX1";
	others[2].filter.code = 4303;
	others[3].filter.has_person = true;
	others[4].filter.since_us = 1;
	others[5].is_newest_first = true;
	others[6].with_detail = true;
	others[7].filter.kind = ALM_AUDIT_REFUSED;
	alm_audit_cursor_text(store, &find, "RX1", GIVEN, text);
	for (size_t i = 0; i < ALM_COUNT(others); i++) {
		cr_expect_eq(
			READ(text, "RX1", &others[i]), ALM_CURSOR, "%zu", i);
	}
	cr_expect_eq(READ(text, "RX2", &find), ALM_CURSOR);
	cr_expect_eq(READ(text, "", &find), ALM_CURSOR);
	cr_expect_eq(READ("", "RX1", &find), ALM_CURSOR);
	cr_expect_eq(READ("33-77", "RX1", &find), ALM_CURSOR);
	cr_expect_eq(given.at_us, -1);
	cr_expect_eq(find.next, 33);
}

Test(store_find, refuses_a_cursor_with_any_digit_changed)
{
	struct alm_audit_find find = question();
	char text[ALM_CURSOR_TEXT_BYTES];
	struct alm_cursor_given given;

	alm_audit_cursor_text(store, &find, "", GIVEN, text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		text[i] = was == '0' ? '1' : '0';
		cr_expect_eq(READ(text, "", &find), ALM_CURSOR, "%zu", i);
		text[i] = was;
	}
}
