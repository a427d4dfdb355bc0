/*
 * test_dead.c - dead letters: in a table of their own, gone from the queue,
 * and back where they stood; and the places of mail that is not routine.
 */
#include <stdio.h>

#include "broker/store/dead.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_dead, .init = set_up, .fini = tear_down);

static uint64_t put(const char *recipient, enum alm_mail_priority priority)
{
	struct alm_mail mail = {
		.kind = ALM_MAIL_MESSAGE,
		.recipient = recipient,
		.sender = "RX1",
		.accepted_at_ms = 1000,
		.expires_ms = 2000,
		.audit_seq = 1,
		.message = {(const uint8_t *)"signed", 6},
		.payload = {(const uint8_t *)"payload", 7},
		.released = "discharge",
		.has_person = true,
		.person = {7},
		.priority = (uint8_t)priority,
	};

	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	return mail.seq;
}

static void bury(const char *recipient, uint64_t seq)
{
	const struct alm_dead_letter dead = {
		.entry = {.seq = seq, .attempts = 20},
		.died_at_ms = 5000,
		.code = ALM_NOTICE_DEAD,
		.audit_seq = 9,
	};

	cr_assert_eq(alm_store_dead_put(store, recipient, &dead), ALM_OK);
}

static struct alm_mailbox_state state_of(const char *recipient)
{
	struct alm_mailbox_state state;

	cr_assert_eq(alm_store_mailbox_state(store, recipient, &state), ALM_OK);
	return state;
}

Test(store_dead, is_out_of_the_queue_and_keeps_its_body)
{
	struct alm_dead_letter dead;
	struct alm_queue_entry entry;
	struct alm_mail mail;
	uint64_t seq;

	begin();
	seq = put("RY2", ALM_MAIL_URGENT);
	bury("RY2", seq);
	commit();
	cr_expect_eq(
		alm_store_queue_get(store, "RY2", seq, &entry), ALM_NOT_FOUND);
	cr_assert_eq(alm_store_dead_get(store, "RY2", seq, &dead), ALM_OK);
	cr_expect_eq(dead.entry.seq, seq);
	cr_expect_eq(dead.entry.place, alm_mail_place(ALM_MAIL_URGENT, seq));
	cr_expect_eq(dead.entry.attempts, 20);
	cr_expect_eq(dead.died_at_ms, 5000);
	cr_expect_eq(dead.code, (uint32_t)ALM_NOTICE_DEAD);
	cr_expect_eq(dead.audit_seq, 9);
	cr_expect_eq(alm_store_mail_get(store, seq, &arena, &mail), ALM_OK);
	cr_expect_eq(state_of("RY2").count, 0);
	cr_expect_eq(state_of("RY2").dead_count, 1);
	cr_expect_eq(alm_store_dead_count(store), 1);
}

Test(store_dead, goes_back_to_where_it_stood)
{
	struct alm_queue_entry entry;
	uint32_t attempts = 0;
	uint64_t first;
	uint64_t second;

	begin();
	first = put("RY2", ALM_MAIL_ROUTINE);
	second = put("RY2", ALM_MAIL_ROUTINE);
	cr_assert_eq(
		alm_store_queue_attempt(store, "RY2", first, false, &attempts),
		ALM_OK);
	bury("RY2", first);
	cr_expect_eq(alm_store_dead_rerun(store, "RY2", second), ALM_NOT_FOUND);
	cr_expect_eq(alm_store_dead_rerun(store, "RY2", first), ALM_OK);
	cr_expect_eq(alm_store_dead_rerun(store, "RY2", first), ALM_NOT_FOUND);
	commit();
	cr_assert_eq(alm_store_queue_next(store, "RY2", 0, &entry), ALM_OK);
	cr_expect_eq(entry.seq, first);
	cr_expect_eq(entry.attempts, 1, "it was handed over before");
	cr_expect_eq(state_of("RY2").count, 2);
	cr_expect_eq(state_of("RY2").dead_count, 0);
}

Test(store_dead, is_removed_with_its_body_and_leaves_no_row)
{
	struct alm_dead_letter dead;
	const char *name;
	struct alm_mail mail;
	uint64_t seq;

	begin();
	seq = put("RY2", ALM_MAIL_BULK);
	bury("RY2", seq);
	commit();
	cr_assert_eq(alm_store_mailbox_next(store, "", &arena, &name), ALM_OK);
	cr_expect_str_eq(name, "RY2", "seen while it has a dead letter");
	begin();
	cr_expect_eq(alm_store_dead_remove(store, "RY2", seq), ALM_OK);
	cr_expect_eq(alm_store_dead_remove(store, "RY2", seq), ALM_NOT_FOUND);
	commit();
	cr_expect_eq(
		alm_store_dead_next(store, "RY2", 0, &dead), ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_mail_get(store, seq, &arena, &mail), ALM_NOT_FOUND);
	cr_expect_eq(alm_store_mailbox_next(store, "", &arena, &name),
		ALM_NOT_FOUND);
}

Test(store_dead, does_not_show_the_letters_of_another_mailbox)
{
	struct alm_dead_letter dead;
	uint64_t seq;

	begin();
	seq = put("RY2", ALM_MAIL_ROUTINE);
	bury("RY2", seq);
	commit();
	cr_expect_eq(
		alm_store_dead_get(store, "RY", seq, &dead), ALM_NOT_FOUND);
	cr_expect_eq(alm_store_dead_next(store, "RY", 0, &dead), ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_dead_next(store, "RZ3", 0, &dead), ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_dead_next(store, "RY2", seq, &dead), ALM_NOT_FOUND);
}

static bool is_seven(const void *cookie, const uint8_t person[16])
{
	(void)cookie;
	return person[0] == 7;
}

static bool is_nobody(const void *cookie, const uint8_t person[16])
{
	(void)cookie;
	(void)person;
	return false;
}

Test(store_dead, is_found_by_whose_it_is)
{
	struct alm_queue_search search = {.is_of_dead = true,
		.wants = is_seven,
		.row_max = 10,
		.hit_max = 10,
		.byte_max = 1000};
	struct alm_queue_place place = {.bytes = 0};
	const struct alm_queue_hit *hits;
	bool is_done;
	size_t count;
	uint64_t seq;

	begin();
	seq = put("RY2", ALM_MAIL_ROUTINE);
	(void)put("RY2", ALM_MAIL_ROUTINE);
	bury("RY2", seq);
	commit();
	cr_assert_eq(alm_store_queue_search(store, &search, &place, &arena,
			     &hits, &count, &is_done),
		ALM_OK);
	cr_assert_eq(count, 1);
	cr_expect_eq(hits[0].entry.seq, seq);
	search.wants = is_nobody;
	place.bytes = 0;
	cr_assert_eq(alm_store_queue_search(store, &search, &place, &arena,
			     &hits, &count, &is_done),
		ALM_OK);
	cr_expect_eq(count, 0);
}

Test(store_dead, places_of_other_mail_stand_behind_those_of_routine_mail)
{
	static const enum alm_mail_priority priorities[] = {ALM_MAIL_BULK,
		ALM_MAIL_URGENT, ALM_MAIL_ROUTINE, ALM_MAIL_URGENT};
	static const uint64_t want[] = {3, 2, 4, 1};
	struct alm_queue_entry entries[ALM_QUEUE_LIST_MAX];
	uint32_t attempts = 0;
	size_t count;

	begin();
	for (size_t i = 0; i < ALM_COUNT(priorities); i++) {
		(void)put("RY2", priorities[i]);
	}
	/* A hand-over of urgent mail says nothing of routine mail. */
	cr_assert_eq(
		alm_store_queue_attempt(store, "RY2",
			alm_mail_place(ALM_MAIL_URGENT, 4), false, &attempts),
		ALM_OK);
	cr_expect_eq(attempts, 1);
	commit();
	cr_assert_eq(alm_store_queue_list(store, "RY2", 0, entries,
			     ALM_QUEUE_LIST_MAX, &count),
		ALM_OK);
	cr_assert_eq(count, 4);
	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(entries[i].seq, want[i]);
		cr_expect_eq(entries[i].attempts, want[i] == 4 ? 1 : 0);
	}
	cr_expect_eq(state_of("RY2").first_seq, 1, "bulk, but the oldest");
	begin();
	for (uint64_t seq = 1; seq <= 4; seq++) {
		cr_expect_eq(alm_store_mail_remove(store, "RY2", seq), ALM_OK);
	}
	commit();
	cr_expect_eq(state_of("RY2").count, 0);
}

Test(store_dead, a_hold_and_limits_outlive_the_mail)
{
	const struct alm_mailbox_limits limits = {10, 2000, 3000};
	struct alm_mailbox_state state;

	begin();
	cr_assert_eq(alm_store_mailbox_hold(store, "RY2", 77), ALM_OK);
	cr_assert_eq(alm_store_mailbox_limit(store, "RY2", &limits), ALM_OK);
	cr_assert_eq(alm_store_mail_remove(
			     store, "RY2", put("RY2", ALM_MAIL_ROUTINE)),
		ALM_OK);
	commit();
	reopen();
	state = state_of("RY2");
	cr_expect_eq(state.held_since_us, 77);
	cr_expect_eq(state.limits.messages, 10);
	cr_expect_eq(state.limits.bytes, 2000);
	cr_expect_eq(state.limits.age_ms, 3000);
}

Test(store_dead, limits_refuse_the_first_message_too_many)
{
	const struct alm_mailbox_limits by_count = {2, 1000000, 0};
	const struct alm_mailbox_limits by_bytes = {100, 25, 0};
	struct alm_mail mail = {.kind = ALM_MAIL_MESSAGE,
		.sender = "RX1",
		.released = "",
		.payload = {(const uint8_t *)"0123456789", 10}};

	begin();
	mail.recipient = "RY2";
	mail.limits = &by_count;
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_OK);
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_OK);
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_MAILBOX_FULL);
	mail.kind = ALM_MAIL_NOTICE;
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_OK, "never refused");
	mail.kind = ALM_MAIL_MESSAGE;
	mail.recipient = "RZ3";
	mail.limits = &by_bytes;
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_OK);
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_OK);
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_MAILBOX_FULL);
	commit();
}
