/* test_audit.c - appending to the log, its tree, reading and scanning. */
#include "tests/unit/store/fixture.h"

TestSuite(store_audit, .init = set_up, .fini = tear_down);

static struct alm_audit_record full_record(void)
{
	struct alm_audit_record record = plain_record();

	record.kind = ALM_AUDIT_DELIVERED;
	record.effect = 2;
	record.flags = ALM_AUDIT_REPEAT;
	record.code = 4321;
	record.level_in = 4;
	record.level_out = 3;
	record.ref = 77;
	record.mail_seq = 88;
	record.has_message_id = true;
	memset(record.message_id.raw, 0xab, 16);
	record.has_person = true;
	memset(record.person, 0xcd, 16);
	memset(record.content.raw, 0xef, 32);
	record.policy_epoch = 5;
	record.people_seq = 6;
	record.standard = "referral/1";
	return record;
}

Test(store_audit, gives_back_what_was_appended)
{
	struct alm_audit_record record = full_record();
	struct alm_audit_view view;

	begin();
	cr_assert_eq(alm_store_audit_append(store, &record, "by: a\nwhy: b\n"),
		ALM_OK);
	cr_expect_eq(record.seq, 1);
	cr_expect_eq(record.time_us, NOW_US);
	commit();
	reopen();
	cr_assert_eq(alm_audit_get(store, 1, true, &arena, &view), ALM_OK);
	cr_expect_str_eq(view.detail, "by: a\nwhy: b\n");
	cr_expect_eq(view.record.kind, ALM_AUDIT_DELIVERED);
	cr_expect_eq(view.record.effect, 2);
	cr_expect_eq(view.record.flags, ALM_AUDIT_REPEAT | ALM_AUDIT_OWN_KEY);
	cr_expect_eq(view.record.code, 4321);
	cr_expect_eq(view.record.level_in, 4);
	cr_expect_eq(view.record.level_out, 3);
	cr_expect_eq(view.record.ref, 77);
	cr_expect_eq(view.record.mail_seq, 88);
	cr_expect(view.record.has_message_id);
	cr_expect_eq(view.record.message_id.raw[15], 0xab);
	cr_expect(view.record.has_person);
	cr_expect_eq(view.record.person[15], 0xcd);
	cr_expect_eq(view.record.content.raw[31], 0xef);
	cr_expect_eq(view.record.policy_epoch, 5);
	cr_expect_eq(view.record.people_seq, 6);
	cr_expect_eq(
		memcmp(&view.record.commitment, &record.commitment, 32), 0);
	cr_expect_str_eq(view.record.sender, "RX1");
	cr_expect_str_eq(view.record.recipient, "RY2");
	cr_expect_str_eq(view.record.purpose, "direct-care");
	cr_expect_str_eq(view.record.categories, "demographics,medication");
	cr_expect_str_eq(view.record.basis, "dsa-1");
	cr_expect_str_eq(view.record.standard, "referral/1");
	cr_assert_eq(alm_audit_get(store, 1, false, &arena, &view), ALM_OK);
	cr_expect_null(view.detail);
	cr_expect_eq(
		alm_audit_get(store, 2, true, &arena, &view), ALM_NOT_FOUND);
}

Test(store_audit, reads_the_records_of_the_open_turn)
{
	struct alm_audit_view view;

	begin();
	append("x: y\n");
	cr_assert_eq(alm_audit_get(store, 1, true, &arena, &view), ALM_OK);
	cr_expect_str_eq(view.detail, "x: y\n");
	alm_store_abort(store);
	cr_expect_eq(
		alm_audit_get(store, 1, true, &arena, &view), ALM_NOT_FOUND);
}

Test(store_audit, keeps_every_record_of_a_turn_that_writes_many)
{
	static char text[600];
	struct alm_audit_report report;
	struct alm_audit_view view;

	memset(text, 'x', sizeof(text) - 1);
	begin();
	for (unsigned i = 0; i < 6000; i++) {
		append(i % 100 == 0 ? text : "");
	}
	commit();
	cr_assert_eq(alm_audit_get(store, 6000, true, &arena, &view), ALM_OK);
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report), ALM_OK,
		"%s", report.what);
	reopen();
}

Test(store_audit, keeps_no_record_of_an_aborted_turn)
{
	struct alm_audit_view view;

	begin();
	append("of: the first\n");
	append("of: the first\n");
	alm_store_abort(store);
	begin();
	append("of: the second\n");
	commit();
	cr_assert_eq(alm_audit_get(store, 1, true, &arena, &view), ALM_OK);
	cr_expect_str_eq(view.detail, "of: the second\n");
	cr_expect_eq(
		alm_audit_get(store, 2, true, &arena, &view), ALM_NOT_FOUND);
}

Test(store_audit, goes_back_to_the_old_head_on_abort)
{
	struct alm_audit_head before;
	struct alm_audit_head after;

	begin();
	append("");
	append("a: b\n");
	commit();
	alm_store_audit_head(store, &before);
	begin_at(NOW_US + 5);
	for (unsigned i = 0; i < 300; i++) {
		append("");
	}
	alm_store_abort(store);
	alm_store_audit_head(store, &after);
	cr_expect_eq(after.size, 2);
	cr_expect_eq(memcmp(&before, &after, sizeof(before)), 0);
	cr_expect_eq(alm_store_last_time_us(store), NOW_US);
	reopen();
	alm_store_audit_head(store, &after);
	cr_expect_eq(memcmp(&before, &after, sizeof(before)), 0);
}

Test(store_audit, never_goes_back_in_time)
{
	struct alm_audit_record record = plain_record();

	begin_at(NOW_US);
	append("");
	commit();
	begin_at(NOW_US - 1000000);
	cr_assert_eq(alm_store_audit_append(store, &record, ""), ALM_OK);
	cr_expect_eq(record.time_us, NOW_US);
	cr_expect_eq(record.flags, ALM_AUDIT_CLAMPED);
	commit();
	reopen();
	begin_at(-5);
	cr_assert_eq(alm_store_audit_append(store, &record, ""), ALM_OK);
	cr_expect_eq(record.time_us, NOW_US);
	commit();
	begin_at(NOW_US + 1);
	cr_assert_eq(alm_store_audit_append(store, &record, ""), ALM_OK);
	cr_expect_eq(record.time_us, NOW_US + 1);
	cr_expect_eq(record.flags, 0);
	commit();
}

/* Sizes around one and two tiles, and one past two levels. */
Test(store_audit, opens_with_the_same_head_at_every_size_around_a_tile)
{
	static const uint64_t sizes[] = {
		0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537};
	struct alm_audit_head head = {.size = 0};

	for (size_t i = 0; i < ALM_COUNT(sizes); i++) {
		struct alm_audit_head again;

		begin();
		for (; head.size < sizes[i]; head.size++) {
			append("");
		}
		commit();
		alm_store_audit_head(store, &head);
		cr_assert_eq(head.size, sizes[i]);
		reopen();
		alm_store_audit_head(store, &again);
		cr_expect_eq(memcmp(&head, &again, sizeof(head)), 0);
	}
}

/* A head that is recomputed from records and tiles does not know how they
 * were appended: a few at a time, many, or some of a turn that was looked at
 * before it had ended. */
Test(store_audit, is_one_tree_however_its_records_came)
{
	struct alm_audit_view view;
	struct alm_audit_head head;
	struct alm_audit_head again;
	uint64_t size = 0;

	for (uint64_t count = 1; count <= 300; count += 1 + count / 16) {
		begin();
		for (uint64_t i = 0; i < count; i++) {
			append(i % 50 == 0 ? "a: detail\n" : "");
			size++;
			if (i == count / 3) {
				cr_assert_eq(alm_audit_get(store, size, false,
						     &arena, &view),
					ALM_OK);
			}
		}
		alm_store_audit_head(store, &head);
		cr_assert_eq(head.size, size);
		commit();
		cr_assert_eq(alm_audit_head_at(store, size, &again), ALM_OK);
		cr_assert_arr_eq(&head.root, &again.root, sizeof(head.root),
			"%llu records", (unsigned long long)size);
	}
}

/* What waited in a turn that was taken back is in no other. */
Test(store_audit, forgets_the_records_of_a_turn_that_was_taken_back)
{
	struct alm_audit_head head;
	struct alm_audit_head again;

	begin();
	append("");
	commit();
	alm_store_audit_head(store, &head);
	begin();
	append("a: detail\n");
	append("");
	alm_store_abort(store);
	alm_store_audit_head(store, &again);
	cr_expect_arr_eq(&head, &again, sizeof(head));
	begin();
	append("");
	commit();
	alm_store_audit_head(store, &head);
	cr_expect_eq(head.size, 2);
	cr_assert_eq(alm_audit_head_at(store, 2, &again), ALM_OK);
	cr_expect_arr_eq(&head, &again, sizeof(head));
}

Test(store_audit, keeps_the_largest_private_part_and_refuses_a_larger_one)
{
	static char text[ALM_AUDIT_DETAIL_BYTES_MAX + 2];
	struct alm_audit_record record = plain_record();
	struct alm_audit_view view;

	memset(text, 'x', sizeof(text) - 1);
	begin();
	cr_expect_eq(alm_store_audit_append(store, &record, text),
		ALM_FIELD_TOO_LARGE);
	text[ALM_AUDIT_DETAIL_BYTES_MAX] = '\0';
	cr_expect_eq(alm_store_audit_append(store, &record, text), ALM_OK);
	record.purpose = text;
	cr_expect_eq(alm_store_audit_append(store, &record, ""),
		ALM_FIELD_TOO_LARGE);
	commit();
	cr_assert_eq(alm_audit_get(store, 1, true, &arena, &view), ALM_OK);
	cr_expect_eq(strlen(view.detail), ALM_AUDIT_DETAIL_BYTES_MAX);
	cr_expect_eq(
		alm_audit_get(store, 2, true, &arena, &view), ALM_NOT_FOUND);
}

/* 100 records: the i-th is sent by RX0..RX4, of kind 1..4, at second i. */
static void fill(void)
{
	static const char *const senders[] = {
		"RX0", "RX1", "RX2", "RX3", "RX4"};

	for (unsigned i = 0; i < 100; i++) {
		struct alm_audit_record record = plain_record();

		record.sender = senders[i % 5];
		record.recipient = senders[(i + 1) % 5];
		record.kind = (enum alm_audit_kind)(1 + i % 4);
		record.code = i % 3;
		record.effect = (uint8_t)(i % 2 + 1);
		record.has_person = i % 10 == 0;
		record.person[0] = record.has_person ? 9 : 0;
		record.has_message_id = i == 42;
		record.message_id.raw[3] = i == 42 ? 42 : 0;
		begin_at(NOW_US + i * INT64_C(1000000));
		cr_assert_eq(
			alm_store_audit_append(store, &record, ""), ALM_OK);
		commit();
	}
}

static size_t matches(const struct alm_audit_filter *filter)
{
	struct alm_audit_page page;

	cr_assert_eq(alm_audit_scan(store, filter,
			     &(struct alm_audit_range){
				     1, UINT64_MAX, 1000, 1000, true},
			     &arena, &page),
		ALM_OK);
	cr_expect_eq(page.next_seq, 0);
	for (size_t i = 0; i < page.row_count; i++) {
		cr_expect(
			alm_audit_filter_matches(filter, &page.rows[i].record));
	}
	return page.row_count;
}

Test(store_audit, finds_what_a_filter_names)
{
	fill();
#define FOUND(...) matches(&(struct alm_audit_filter){__VA_ARGS__})
	cr_expect_eq(FOUND(.sender = ""), 100);
	cr_expect_eq(FOUND(.sender = "RX2"), 20);
	cr_expect_eq(FOUND(.sender = "RX2", .recipient = "RX3"), 20);
	cr_expect_eq(FOUND(.sender = "RX2", .recipient = "RX2"), 0);
	cr_expect_eq(FOUND(.either = "RX2"), 40);
	cr_expect_eq(FOUND(.purpose = "direct-care"), 100);
	cr_expect_eq(FOUND(.purpose = "research"), 0);
	cr_expect_eq(FOUND(.basis = "dsa-1"), 100);
	cr_expect_eq(FOUND(.basis = "dsa"), 0);
	cr_expect_eq(FOUND(.kind = ALM_AUDIT_REFUSED), 25);
	cr_expect_eq(FOUND(.effect = 1), 50);
	cr_expect_eq(FOUND(.has_code = true, .code = 0), 34);
	cr_expect_eq(FOUND(.has_person = true, .person = {9}), 10);
	cr_expect_eq(FOUND(.has_person = true, .person = {0}), 0);
	cr_expect_eq(FOUND(.has_message_id = true,
			     .message_id = {.raw = {0, 0, 0, 42}}),
		1);
	cr_expect_eq(FOUND(.since_us = NOW_US + 10000000,
			     .until_us = NOW_US + 20000000),
		10);
#undef FOUND
}

Test(store_audit, gives_every_match_once_whatever_the_page)
{
	struct alm_audit_filter filter = {.sender = "RX2"};

	fill();
	for (size_t rows = 1; rows <= 7; rows++) {
		for (uint64_t scans = 1; scans <= 7; scans++) {
			uint64_t next = 1;
			size_t count = 0;

			while (next != 0) {
				struct alm_audit_page page;

				cr_assert_eq(alm_audit_scan(store, &filter,
						     &(struct alm_audit_range){
							     next, 100, rows,
							     scans, false},
						     &arena, &page),
					ALM_OK);
				cr_assert_leq(page.row_count, rows);
				count += page.row_count;
				next = page.next_seq;
			}
			cr_expect_eq(count, 20, "%zu rows %zu", rows, count);
		}
	}
}

Test(store_audit, scans_no_further_than_it_is_told)
{
	struct alm_audit_filter filter = {.sender = ""};
	struct alm_audit_page page;

	fill();
	cr_assert_eq(
		alm_audit_scan(store, &filter,
			&(struct alm_audit_range){10, 19, 1000, 1000, false},
			&arena, &page),
		ALM_OK);
	cr_expect_eq(page.row_count, 10);
	cr_expect_eq(page.rows[0].record.seq, 10);
	cr_expect_eq(page.next_seq, 0);
	cr_assert_eq(alm_audit_scan(store, &filter,
			     &(struct alm_audit_range){
				     101, UINT64_MAX, 1000, 1000, false},
			     &arena, &page),
		ALM_OK);
	cr_expect_eq(page.row_count, 0);
	cr_expect_eq(page.next_seq, 0);
}

Test(store_audit, ends_a_page_when_memory_ends)
{
	struct alm_audit_filter filter = {.sender = ""};
	struct alm_audit_page page;
	struct alm_arena small;

	fill();
	alm_arena_init(&small, 100 * sizeof(struct alm_audit_view) + 3000);
	cr_assert_eq(alm_audit_scan(store, &filter,
			     &(struct alm_audit_range){1, 100, 100, 100, true},
			     &small, &page),
		ALM_OK);
	cr_expect_gt(page.row_count, 0);
	cr_expect_lt(page.row_count, 100);
	cr_expect_eq(page.next_seq, page.row_count + 1);
	alm_arena_fini(&small);
}

Test(store_audit, names_its_kinds)
{
	cr_expect_str_eq(alm_audit_kind_word(ALM_AUDIT_EXPIRED), "expired");
	cr_expect_str_eq(
		alm_audit_kind_word((enum alm_audit_kind)200), "unknown");
	cr_expect_eq(
		alm_audit_kind_from_word("policy-activated"), ALM_AUDIT_POLICY);
	cr_expect_eq((int)alm_audit_kind_from_word("nothing"), 0);
}
