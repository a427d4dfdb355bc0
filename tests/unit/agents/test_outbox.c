/* The outbox of a client keeps messages, their order and their ids through
 * interruptions. */
#include <criterion/criterion.h>
#include <string.h>

#include "agents/client/acks.h"
#include "agents/client/outbox.h"

static struct alm_message_id id_of(uint8_t n)
{
	struct alm_message_id id = {{0}};

	id.raw[15] = n;
	return id;
}

static void add(struct alm_outbox *outbox, uint8_t n)
{
	struct alm_message_id id = id_of(n);
	uint8_t sha256[ALM_DIGEST_BYTES] = {n};
	struct alm_bytes bytes = {(const uint8_t *)"abc", 3};

	cr_assert_eq(alm_outbox_add(outbox, &id, sha256, bytes, bytes), ALM_OK);
}

Test(outbox, sends_again_in_the_first_order_before_what_is_new)
{
	static struct alm_outbox outbox;

	alm_outbox_init(&outbox);
	add(&outbox, 1);
	add(&outbox, 2);
	alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), 0);
	alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), 0);
	add(&outbox, 3);
	alm_outbox_resend_all(&outbox);
	for (uint8_t n = 1; n <= 3; n++) {
		struct alm_pending *next = alm_outbox_next(&outbox);

		cr_assert_eq(next->id.raw[15], n);
		cr_assert_eq(next->message.bytes, 3);
		alm_outbox_mark_sent(&outbox, next, 0);
	}
	alm_outbox_fini(&outbox);
}

Test(outbox, puts_one_before_the_others)
{
	static struct alm_outbox outbox;
	static const uint8_t wanted[] = {3, 1, 2};
	struct alm_message_id third = {.raw = {0}};

	alm_outbox_init(&outbox);
	add(&outbox, 1);
	add(&outbox, 2);
	add(&outbox, 3);
	third = TAILQ_LAST(&outbox.lists[ALM_PENDING_QUEUED], alm_pending_list)
			->id;
	alm_outbox_put_first(&outbox, alm_outbox_find(&outbox, &third));
	for (size_t i = 0; i < 3; i++) {
		struct alm_pending *next = alm_outbox_next(&outbox);

		cr_assert_eq(next->id.raw[15], wanted[i]);
		alm_outbox_mark_sent(&outbox, next, 0);
	}
	alm_outbox_fini(&outbox);
}

Test(outbox, sends_again_what_had_no_answer_in_time)
{
	static struct alm_outbox outbox;

	alm_outbox_init(&outbox);
	add(&outbox, 1);
	alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), 1000);
	cr_assert_eq(alm_outbox_due_ms(&outbox), 1000 + ALM_ANSWER_WAIT_MS);
	alm_outbox_wake(&outbox, 999 + ALM_ANSWER_WAIT_MS);
	cr_assert_null(alm_outbox_next(&outbox));
	alm_outbox_wake(&outbox, 1000 + ALM_ANSWER_WAIT_MS);
	cr_assert_not_null(alm_outbox_next(&outbox));
	alm_outbox_fini(&outbox);
}

Test(outbox, waits_longer_each_time_and_never_over_the_limit)
{
	static struct alm_outbox outbox;
	int64_t now_ms = 0;

	alm_outbox_init(&outbox);
	add(&outbox, 1);
	for (int i = 0; i < 20; i++) {
		struct alm_pending *pending = alm_outbox_next(&outbox);

		alm_outbox_mark_sent(&outbox, pending, now_ms);
		alm_outbox_retry_later(
			&outbox, pending, now_ms, UINT32_MAX - (uint32_t)i);
		cr_assert_gt(alm_outbox_due_ms(&outbox), now_ms);
		cr_assert_leq(alm_outbox_due_ms(&outbox), now_ms + 30000);
		now_ms = alm_outbox_due_ms(&outbox);
		alm_outbox_wake(&outbox, now_ms);
	}
	alm_outbox_fini(&outbox);
}

static struct alm_pending *find(struct alm_outbox *outbox, uint8_t n)
{
	struct alm_message_id id = id_of(n);
	struct alm_pending *pending = alm_outbox_find(outbox, &id);

	cr_assert_not_null(pending);
	return pending;
}

/* Messages 1 to `count`, of which the first `sent` were sent. */
static void fill(struct alm_outbox *outbox, uint8_t count, uint8_t sent)
{
	alm_outbox_init(outbox);
	for (uint8_t n = 1; n <= count; n++) {
		add(outbox, n);
		if (n <= sent) {
			alm_outbox_mark_sent(
				outbox, alm_outbox_next(outbox), 0);
		}
	}
}

static void expect_next(
	struct alm_outbox *outbox, const uint8_t *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct alm_pending *next = alm_outbox_next(outbox);

		cr_assert_not_null(next);
		cr_expect_eq(next->id.raw[15], wanted[i], "%zu is %u", i,
			next->id.raw[15]);
		alm_outbox_remove(outbox, next);
	}
	cr_expect_null(alm_outbox_next(outbox));
}

/* As at a broker that drains: all are refused, then the connection ends, and
 * some more are started before there is another. */
Test(outbox, sends_again_what_was_refused_before_what_is_new)
{
	static struct alm_outbox outbox;
	static const uint8_t wanted[] = {1, 2, 3, 4, 5, 6};

	fill(&outbox, 5, 4);
	alm_outbox_hold(&outbox, find(&outbox, 1), 0, 0);
	alm_outbox_hold(&outbox, find(&outbox, 2), 0, UINT32_MAX);
	alm_outbox_hold(&outbox, find(&outbox, 4), 0, 0);
	add(&outbox, 6);
	alm_outbox_resend_all(&outbox);
	cr_expect_not(outbox.is_holding);
	expect_next(&outbox, wanted, 6);
	alm_outbox_fini(&outbox);
}

Test(outbox, holds_all_until_the_refused_may_go_first)
{
	static struct alm_outbox outbox;
	static const uint8_t wanted[] = {2, 3, 5, 6};
	int64_t due_ms;

	fill(&outbox, 5, 4);
	alm_outbox_hold(&outbox, find(&outbox, 3), 0, 7);
	alm_outbox_hold(&outbox, find(&outbox, 2), 0, 99);
	due_ms = outbox.hold_until_ms;
	cr_expect(outbox.needs_hello);
	cr_expect_eq(alm_outbox_due_ms(&outbox), ALM_ANSWER_WAIT_MS,
		"what is unanswered comes first");
	alm_outbox_wake(&outbox, due_ms);
	cr_assert(outbox.is_holding, "4 may be refused too");
	alm_outbox_remove(&outbox, find(&outbox, 4));
	alm_outbox_remove(&outbox, find(&outbox, 1));
	cr_expect_eq(alm_outbox_due_ms(&outbox), due_ms);
	alm_outbox_wake(&outbox, due_ms - 1);
	cr_assert(outbox.is_holding);
	alm_outbox_wake(&outbox, due_ms);
	cr_assert_not(outbox.is_holding);
	add(&outbox, 6);
	expect_next(&outbox, wanted, 4);
	alm_outbox_fini(&outbox);
}

Test(outbox, wakes_in_the_order_of_starting)
{
	static struct alm_outbox outbox;
	static const uint8_t wanted[] = {1, 2, 3, 4};

	fill(&outbox, 4, 3);
	alm_outbox_keep(&outbox, find(&outbox, 2), 7, ALM_MAILBOX_FULL, 50);
	alm_outbox_hold(&outbox, find(&outbox, 3), 0, 0);
	alm_outbox_wake(&outbox, ALM_ANSWER_WAIT_MS);
	expect_next(&outbox, wanted, 4);
	alm_outbox_fini(&outbox);
}

/* Else it would have who comes later wait for a time that never comes. */
Test(outbox, takes_nobody_along_that_is_held)
{
	static struct alm_outbox outbox;

	fill(&outbox, 1, 1);
	alm_outbox_keep(&outbox, find(&outbox, 1), 7, ALM_MAILBOX_FULL, 50);
	alm_outbox_wake(&outbox, 50);
	alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), 50);
	alm_outbox_hold(&outbox, find(&outbox, 1), 60, 0);
	cr_expect_eq(alm_outbox_kept_due_ms(&outbox, 7), 0);
	alm_outbox_fini(&outbox);
}

Test(outbox, holds_longer_each_time_until_there_is_an_answer)
{
	static struct alm_outbox outbox;
	int64_t now_ms = 0;

	fill(&outbox, 2, 0);
	for (int i = 0; i < 20; i++) {
		alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), now_ms);
		alm_outbox_hold(&outbox, find(&outbox, 1), now_ms, UINT32_MAX);
		cr_assert_gt(alm_outbox_due_ms(&outbox), now_ms);
		cr_assert_leq(alm_outbox_due_ms(&outbox), now_ms + 30000);
		now_ms = alm_outbox_due_ms(&outbox);
		alm_outbox_wake(&outbox, now_ms);
	}
	alm_outbox_remove(&outbox, find(&outbox, 1));
	alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), now_ms);
	alm_outbox_hold(&outbox, find(&outbox, 2), now_ms, UINT32_MAX);
	cr_expect_leq(alm_outbox_due_ms(&outbox), now_ms + 200);
	alm_outbox_fini(&outbox);
}

Test(outbox, finds_and_forgets_by_id)
{
	static struct alm_outbox outbox;
	struct alm_message_id one = id_of(1);
	struct alm_message_id two = id_of(2);

	alm_outbox_init(&outbox);
	add(&outbox, 1);
	cr_assert_null(alm_outbox_find(&outbox, &two));
	alm_outbox_remove(&outbox, alm_outbox_find(&outbox, &one));
	cr_assert_null(alm_outbox_find(&outbox, &one));
	cr_assert_eq(outbox.count, 0);
	cr_assert_eq(outbox.bytes, 0);
	alm_outbox_fini(&outbox);
}

Test(outbox, takes_no_more_bytes_than_its_limit)
{
	static struct alm_outbox outbox;
	static uint8_t payload[ALM_PAYLOAD_BYTES_MAX];
	struct alm_bytes bytes = {payload, sizeof(payload)};
	struct alm_bytes none = {NULL, 0};
	uint8_t sha256[ALM_DIGEST_BYTES] = {0};
	enum alm_err err = ALM_OK;
	uint8_t n = 0;

	alm_outbox_init(&outbox);
	while (err == ALM_OK) {
		struct alm_message_id id = id_of(n++);

		err = alm_outbox_add(&outbox, &id, sha256, none, bytes);
	}
	cr_assert_eq(err, ALM_WINDOW_FULL);
	cr_assert_eq(outbox.count, 63);
	alm_outbox_fini(&outbox);
}

Test(outbox, keeps_little_memory_of_what_was_answered)
{
	static struct alm_outbox outbox;

	alm_outbox_init(&outbox);
	for (uint8_t round = 0; round < 3; round++) {
		for (uint8_t n = 0; n < 200; n++) {
			add(&outbox, n);
		}
		while (outbox.count > 0) {
			alm_outbox_remove(&outbox, alm_outbox_next(&outbox));
		}
		cr_assert_eq(outbox.bytes, 0);
		cr_assert_leq(
			outbox.spare_bytes, 200 * ALM_OUTBOX_SPARE_STEP_BYTES);
	}
	for (size_t i = 0; i < 64; i++) {
		static uint8_t large[ALM_PAYLOAD_BYTES_MAX];
		uint8_t sha256[ALM_DIGEST_BYTES] = {0};
		struct alm_message_id id = id_of((uint8_t)i);
		struct alm_bytes payload = {large, (i + 1) * 1024};

		cr_assert_eq(
			alm_outbox_add(&outbox, &id, sha256, payload, payload),
			ALM_OK);
	}
	while (outbox.count > 0) {
		alm_outbox_remove(&outbox, alm_outbox_next(&outbox));
	}
	cr_assert_eq(outbox.bytes, 0);
	cr_assert_leq(outbox.spare_bytes, ALM_OUTBOX_SPARE_BYTES_MAX);
	alm_outbox_fini(&outbox);
}

Test(acks, repeat_until_they_are_confirmed)
{
	static struct alm_acks acks;

	alm_acks_init(&acks);
	cr_assert_eq(alm_acks_add(&acks, 5, NULL), ALM_OK);
	cr_assert_eq(alm_acks_add(&acks, 9, "not ours"), ALM_OK);
	cr_assert_eq(alm_acks_add(&acks, 9, NULL), ALM_OK);
	cr_assert_eq(acks.queued_count, 2);
	alm_acks_mark_sent(&acks, 2);
	cr_assert_null(alm_acks_next(&acks));
	alm_acks_repeat_all(&acks);
	cr_assert_eq(alm_acks_next(&acks)->sequence, 5);
	alm_acks_mark_sent(&acks, 1);
	cr_assert(alm_acks_next(&acks)->is_rejected);
	alm_acks_remove(&acks, 5);
	alm_acks_remove(&acks, 9);
	alm_acks_remove(&acks, 77);
	cr_assert_eq(acks.count, 0);
	cr_assert_eq(acks.queued_count, 0);
	cr_assert_not(alm_acks_has(&acks, 9));
	alm_acks_fini(&acks);
}

Test(acks, refuse_a_reason_over_the_limit)
{
	static struct alm_acks acks;
	char reason[ALM_ACK_REASON_BYTES_MAX + 2];

	alm_acks_init(&acks);
	memset(reason, 'a', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	cr_assert_eq(alm_acks_add(&acks, 1, reason), ALM_FIELD_TOO_LARGE);
	reason[ALM_ACK_REASON_BYTES_MAX] = '\0';
	cr_assert_eq(alm_acks_add(&acks, 1, reason), ALM_OK);
	alm_acks_fini(&acks);
}

/* Who waits for one mailbox waits together, and goes out in its order. */
Test(outbox, keeps_what_waits_for_room_apart)
{
	static struct alm_outbox outbox;
	struct alm_message_id id;

	alm_outbox_init(&outbox);
	for (uint8_t n = 1; n <= 4; n++) {
		add(&outbox, n);
		alm_outbox_mark_sent(&outbox, alm_outbox_next(&outbox), 0);
	}
	for (uint8_t n = 1; n <= 3; n++) {
		id = id_of(n);
		alm_outbox_keep(&outbox, alm_outbox_find(&outbox, &id),
			n == 2 ? 8 : 7, ALM_MAILBOX_FULL, n == 2 ? 90 : 50);
	}
	cr_expect_eq(outbox.kept_count, 3);
	cr_expect_eq(outbox.count, 4);
	cr_expect_eq(alm_outbox_kept_due_ms(&outbox, 7), 50);
	cr_expect_eq(alm_outbox_kept_due_ms(&outbox, 8), 90);
	cr_expect_eq(alm_outbox_kept_due_ms(&outbox, 9), 0);
	alm_outbox_wake(&outbox, 50);
	cr_assert_eq(alm_outbox_next(&outbox)->id.raw[15], 1);
	alm_outbox_remove(&outbox, alm_outbox_next(&outbox));
	cr_assert_eq(alm_outbox_next(&outbox)->id.raw[15], 3);
	alm_outbox_remove(&outbox, alm_outbox_next(&outbox));
	cr_expect_eq(alm_outbox_next(&outbox), NULL);
	cr_expect_eq(outbox.kept_count, 1);
	id = id_of(2);
	alm_outbox_remove(&outbox, alm_outbox_find(&outbox, &id));
	cr_expect_eq(outbox.kept_count, 0);
	cr_expect_eq(outbox.kept_bytes, 0);
	alm_outbox_fini(&outbox);
}
