/* test_mail.c - bodies, queues, mailboxes, and what is remembered of them. */
#include <stdio.h>

#include "broker/store/evidence.h"
#include "lib/limits.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_mail, .init = set_up, .fini = tear_down);

static const uint8_t MESSAGE[] = "signed part";
static const uint8_t PAYLOAD[] = "payload \0 with a NUL";

static struct alm_mail plain_mail(const char *recipient)
{
	struct alm_mail mail = {
		.kind = ALM_MAIL_MESSAGE,
		.recipient = recipient,
		.sender = "RX1",
		.accepted_at_ms = 1000,
		.expires_ms = 2000,
		.audit_seq = 5,
		.message = {MESSAGE, sizeof(MESSAGE)},
		.payload = {PAYLOAD, sizeof(PAYLOAD)},
		.level = 4,
		.is_partial = true,
		.released = "demographics,medication",
	};

	memset(mail.message_id.raw, 0x5a, sizeof(mail.message_id.raw));
	return mail;
}

static uint64_t put(const char *recipient)
{
	struct alm_mail mail = plain_mail(recipient);

	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	return mail.seq;
}

static uint64_t count_of(const char *recipient)
{
	struct alm_mailbox_state state;

	cr_assert_eq(alm_store_mailbox_state(store, recipient, &state), ALM_OK);
	return state.count;
}

Test(store_mail, gives_back_what_was_put)
{
	struct alm_mail mail;
	struct alm_queue_entry entry;
	uint64_t seq;

	begin();
	seq = put("RY2");
	commit();
	reopen();
	cr_assert_eq(alm_store_mail_get(store, seq, &arena, &mail), ALM_OK);
	cr_expect_eq(mail.seq, seq);
	cr_expect_eq(mail.kind, ALM_MAIL_MESSAGE);
	cr_expect_str_eq(mail.recipient, "RY2");
	cr_expect_str_eq(mail.sender, "RX1");
	cr_expect_str_eq(mail.released, "demographics,medication");
	cr_expect_eq(mail.accepted_at_ms, 1000);
	cr_expect_eq(mail.expires_ms, 2000);
	cr_expect_eq(mail.audit_seq, 5);
	cr_expect_eq(mail.level, 4);
	cr_expect(mail.is_partial);
	cr_expect_eq(mail.message_id.raw[9], 0x5a);
	cr_expect(alm_bytes_equal(
		mail.payload, (struct alm_bytes){PAYLOAD, sizeof(PAYLOAD)}));
	cr_expect(alm_bytes_equal(
		mail.message, (struct alm_bytes){MESSAGE, sizeof(MESSAGE)}));
	cr_assert_eq(alm_store_queue_get(store, "RY2", seq, &entry), ALM_OK);
	cr_expect_eq(entry.seq, seq);
	cr_expect_eq(entry.attempts, 0);
	cr_expect_eq(entry.expires_ms, 2000);
	cr_expect_eq(entry.bytes, sizeof(MESSAGE) + sizeof(PAYLOAD));
	cr_expect_eq(alm_store_mail_get(store, seq + 1, &arena, &mail),
		ALM_NOT_FOUND);
	cr_expect_eq(
		alm_store_queue_get(store, "RY", seq, &entry), ALM_NOT_FOUND);
}

Test(store_mail, keeps_the_largest_payload)
{
	static uint8_t payload[ALM_PAYLOAD_BYTES_MAX];
	static uint8_t message[ALM_MESSAGE_BYTES_MAX];
	struct alm_mail mail = plain_mail("RY2");

	memset(payload, 0x77, sizeof(payload));
	mail.payload = (struct alm_bytes){payload, sizeof(payload)};
	mail.message = (struct alm_bytes){message, sizeof(message)};
	begin();
	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	commit();
	cr_assert_eq(
		alm_store_mail_get(store, mail.seq, &arena, &mail), ALM_OK);
	cr_expect_eq(mail.payload.bytes, sizeof(payload));
	cr_expect_eq(memcmp(mail.payload.data, payload, sizeof(payload)), 0);
}

Test(store_mail, keeps_the_order_of_each_mailbox)
{
	static const char *const names[] = {"RY", "RY2", "RY20", "R"};
	uint64_t last[ALM_COUNT(names)] = {0};

	begin();
	for (unsigned i = 0; i < 1000; i++) {
		(void)put(names[(i * 7 + i / 3) % ALM_COUNT(names)]);
	}
	commit();
	reopen();
	for (unsigned n = 0; n < ALM_COUNT(names); n++) {
		struct alm_queue_entry entry;
		uint64_t count = 0;

		while (alm_store_queue_next(store, names[n], last[n], &entry) ==
			ALM_OK) {
			struct alm_mail mail;

			cr_expect_gt(entry.seq, last[n]);
			last[n] = entry.seq;
			count++;
			cr_assert_eq(alm_store_mail_get(
					     store, entry.seq, &arena, &mail),
				ALM_OK);
			cr_expect_str_eq(mail.recipient, names[n]);
		}
		cr_expect_eq(count, count_of(names[n]));
	}
	cr_expect_eq(count_of("RY") + count_of("RY2") + count_of("RY20") +
			     count_of("R"),
		1000);
}

Test(store_mail, removes_exactly_once)
{
	struct alm_mailbox_state state;
	struct alm_mail mail;
	uint64_t first;
	uint64_t second;

	begin();
	first = put("RY2");
	second = put("RY2");
	commit();
	begin();
	cr_expect_eq(alm_store_mail_remove(store, "RZ3", first), ALM_NOT_FOUND);
	cr_expect_eq(alm_store_mail_remove(store, "RY2", first), ALM_OK);
	cr_expect_eq(alm_store_mail_remove(store, "RY2", first), ALM_NOT_FOUND);
	commit();
	begin();
	cr_expect_eq(alm_store_mail_remove(store, "RY2", first), ALM_NOT_FOUND);
	commit();
	cr_expect_eq(
		alm_store_mail_get(store, first, &arena, &mail), ALM_NOT_FOUND);
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_expect_eq(state.count, 1);
	cr_expect_eq(state.bytes, sizeof(MESSAGE) + sizeof(PAYLOAD));
	cr_expect_eq(state.first_seq, second);
	cr_expect_eq(state.oldest_at_ms, 1000);
	begin();
	cr_expect_eq(alm_store_mail_remove(store, "RY2", second), ALM_OK);
	commit();
	reopen();
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_expect_eq(state.count, 0);
	cr_expect_eq(state.bytes, 0);
	cr_expect_eq(state.first_seq, 0);
	cr_expect_eq(state.oldest_at_ms, 0);
}

Test(store_mail, never_gives_a_number_twice)
{
	uint64_t seq;

	begin();
	seq = put("RY2");
	cr_assert_eq(alm_store_mail_remove(store, "RY2", seq), ALM_OK);
	commit();
	reopen();
	begin();
	cr_expect_gt(put("RY2"), seq);
	commit();
}

Test(store_mail, counts_hand_overs)
{
	struct alm_queue_entry entry;
	uint32_t attempts = 0;
	uint64_t seq;

	begin();
	seq = put("RY2");
	cr_expect_eq(
		alm_store_queue_attempt(store, "RY2", seq, false, &attempts),
		ALM_OK);
	commit();
	reopen();
	begin();
	cr_expect_eq(
		alm_store_queue_attempt(store, "RY2", seq, false, &attempts),
		ALM_OK);
	cr_expect_eq(attempts, 2);
	cr_expect_eq(
		alm_store_queue_attempt(store, "RY2", seq, false, &attempts),
		ALM_OK);
	cr_expect_eq(attempts, 3);
	cr_expect_eq(
		alm_store_queue_attempt(store, "RY2", seq, true, &attempts),
		ALM_OK);
	cr_expect_eq(attempts, 2, "counted anew");
	alm_store_abort(store);
	cr_assert_eq(alm_store_queue_get(store, "RY2", seq, &entry), ALM_OK);
	cr_expect_eq(entry.attempts, 1);
}

Test(store_mail, leaves_nothing_behind_on_abort)
{
	struct alm_message_id id = {{1}};
	struct alm_duplicate duplicate = {.seq = 1};
	const char *name;

	begin();
	(void)put("RY2");
	commit();
	begin();
	(void)put("RY2");
	(void)put("RZ3");
	cr_assert_eq(alm_store_mail_remove(store, "RY2", 1), ALM_OK);
	cr_assert_eq(
		alm_store_duplicate_put(store, "RX1", &id, &duplicate), ALM_OK);
	cr_expect_eq(count_of("RZ3"), 1);
	alm_store_abort(store);
	cr_expect_eq(count_of("RY2"), 1);
	cr_expect_eq(count_of("RZ3"), 0);
	cr_expect_eq(
		alm_store_duplicate_get(store, "RX1", &id, &arena, &duplicate),
		ALM_NOT_FOUND);
	cr_assert_eq(alm_store_mailbox_next(store, "", &arena, &name), ALM_OK);
	cr_expect_str_eq(name, "RY2");
	begin();
	cr_expect_eq(put("RY2"), 2);
	alm_store_abort(store);
}

Test(store_mail, lists_mailboxes_with_mail_in_order_also_within_a_turn)
{
	static const char *const names[] = {"RA", "RA1", "RB"};
	const char *name = "";

	begin();
	for (unsigned i = 0; i < ALM_COUNT(names); i++) {
		(void)put(names[2 - i]);
	}
	for (unsigned i = 0; i < ALM_COUNT(names); i++) {
		cr_assert_eq(alm_store_mailbox_next(store, name, &arena, &name),
			ALM_OK);
		cr_expect_str_eq(name, names[i]);
	}
	cr_expect_eq(alm_store_mailbox_next(store, name, &arena, &name),
		ALM_NOT_FOUND);
	cr_assert_eq(alm_store_mail_remove(store, "RA1", 2), ALM_OK);
	cr_assert_eq(
		alm_store_mailbox_next(store, "RA", &arena, &name), ALM_OK);
	cr_expect_str_eq(name, "RB");
	commit();
	cr_assert_eq(
		alm_store_mailbox_next(store, "RA", &arena, &name), ALM_OK);
	cr_expect_str_eq(name, "RB");
}

Test(store_mail, counts_more_mailboxes_in_a_turn_than_it_began_with_room_for)
{
	begin();
	for (unsigned i = 0; i < 3000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "R%u", i % 1000);
		(void)put(name);
	}
	commit();
	reopen();
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "R%u", i);
		cr_expect_eq(count_of(name), 3);
	}
}

Test(store_mail, refuses_a_name_over_the_limit)
{
	char name[ALM_ID_BYTES_MAX + 2] = "";
	struct alm_mail mail = plain_mail(name);
	struct alm_mailbox_state state;

	memset(name, 'R', sizeof(name));
	name[ALM_ID_BYTES_MAX + 1] = '\0';
	begin();
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_FIELD_TOO_LARGE);
	cr_expect_eq(alm_store_mailbox_state(store, name, &state), ALM_OK);
	cr_expect_eq(state.count, 0);
	name[ALM_ID_BYTES_MAX] = '\0';
	cr_expect_eq(alm_store_mail_put(store, &mail), ALM_OK);
	commit();
	cr_expect_eq(count_of(name), 1);
}

static const uint8_t LETTER[1024];

/* Fill a small map with mail, each with its record, as the broker would. */
static void fill(uint64_t *out_count)
{
	enum alm_err err = ALM_OK;
	uint64_t count = 0;

	while (err == ALM_OK) {
		begin();
		for (unsigned i = 0; i < 50 && err == ALM_OK; i++) {
			struct alm_mail mail = plain_mail("RY2");

			mail.payload =
				(struct alm_bytes){LETTER, sizeof(LETTER)};
			err = alm_store_mail_put(store, &mail);
			if (err == ALM_OK) {
				append("who: a\n");
				count++;
			}
		}
		commit();
	}
	cr_assert_eq(err, ALM_STORE_FULL);
	*out_count = count;
}

Test(store_mail, refuses_new_mail_when_full_and_still_removes_and_records)
{
	struct alm_store_options with = options();
	uint64_t count = 0;

	alm_store_close(store);
	store = NULL;
	alm_tempdir_remove(folder);
	with.map_bytes_max = (uint64_t)4 << 20;
	reopen_with(&with);
	fill(&count);
	cr_expect_gt(count, 500);
	cr_expect_eq(count_of("RY2"), count);
	for (uint64_t seq = 1; seq <= count; seq++) {
		begin();
		cr_assert_eq(alm_store_mail_remove(store, "RY2", seq), ALM_OK);
		append("");
		cr_assert_eq(alm_store_commit(store), ALM_OK);
	}
	cr_expect_eq(count_of("RY2"), 0);
	begin();
	(void)put("RY2");
	commit();
}

Test(store_mail, says_full_and_stays_whole_when_the_map_itself_is_full)
{
	struct alm_store_options with = options();
	struct alm_audit_head before;
	struct alm_audit_head after;
	enum alm_err err = ALM_OK;

	alm_store_close(store);
	store = NULL;
	alm_tempdir_remove(folder);
	with.map_bytes_max = (uint64_t)1 << 20;
	reopen_with(&with);
	begin();
	append("a: b\n");
	commit();
	alm_store_audit_head(store, &before);
	begin();
	while (err == ALM_OK) {
		struct alm_audit_record record = plain_record();

		err = alm_store_audit_append(store, &record, "some: text\n");
	}
	cr_expect_eq(err, ALM_STORE_FULL);
	cr_expect_eq(alm_store_commit(store), ALM_STORE_FULL);
	alm_store_audit_head(store, &after);
	cr_expect_eq(memcmp(&before, &after, sizeof(before)), 0);
	begin();
	append("");
	commit();
	reopen_with(&with);
	alm_store_audit_head(store, &after);
	cr_expect_eq(after.size, 2);
}

Test(store_mail, remembers_what_was_accepted)
{
	static const uint8_t receipt[] = "receipt";
	struct alm_message_id id = alm_message_id_make(1000, KEY);
	struct alm_duplicate in = {.seq = 3,
		.audit_seq = 4,
		.accepted_at_ms = 5,
		.content = {{6}},
		.receipt = {receipt, sizeof(receipt)}};
	struct alm_duplicate out;

	begin();
	cr_assert_eq(alm_store_duplicate_put(store, "RX1", &id, &in), ALM_OK);
	commit();
	reopen();
	cr_assert_eq(alm_store_duplicate_get(store, "RX1", &id, &arena, &out),
		ALM_OK);
	cr_expect_eq(out.seq, 3);
	cr_expect_eq(out.audit_seq, 4);
	cr_expect_eq(out.accepted_at_ms, 5);
	cr_expect_eq(out.content.raw[0], 6);
	cr_expect(alm_bytes_equal(out.receipt, in.receipt));
	cr_expect_eq(alm_store_duplicate_get(store, "RX2", &id, &arena, &out),
		ALM_NOT_FOUND);
	cr_expect_eq(alm_store_duplicate_get(store, "RX", &id, &arena, &out),
		ALM_NOT_FOUND);
	cr_expect_eq(out.repeats, 0);
	in.repeats = 7;
	in.repeated_at_ms = 8;
	begin();
	cr_assert_eq(alm_store_duplicate_put(store, "RX1", &id, &in), ALM_OK);
	commit();
	cr_assert_eq(alm_store_duplicate_get(store, "RX1", &id, &arena, &out),
		ALM_OK);
	cr_expect_eq(out.repeats, 7);
	cr_expect_eq(out.repeated_at_ms, 8);
	cr_expect(alm_bytes_equal(out.receipt, in.receipt));
}

Test(store_mail, forgets_old_ids_of_every_sender_and_no_others)
{
	static const char *const senders[] = {"RA", "RA1", "RB"};
	unsigned count = 0;

	begin();
	for (unsigned s = 0; s < 3; s++) {
		for (int64_t ms = 0; ms < 100; ms++) {
			uint8_t random[10] = {(uint8_t)(99 - ms)};
			struct alm_message_id id =
				alm_message_id_make(1000 + ms, random);
			struct alm_duplicate row = {.seq = 1};

			cr_assert_eq(alm_store_duplicate_put(
					     store, senders[s], &id, &row),
				ALM_OK);
		}
	}
	commit();
	begin();
	cr_assert_eq(alm_store_duplicate_prune(store, 1040, 7, &count), ALM_OK);
	cr_expect_eq(count, 7);
	cr_assert_eq(
		alm_store_duplicate_prune(store, 1040, 1000, &count), ALM_OK);
	cr_expect_eq(count, 3 * 40 - 7);
	cr_assert_eq(
		alm_store_duplicate_prune(store, 1040, 1000, &count), ALM_OK);
	cr_expect_eq(count, 0);
	commit();
	for (unsigned s = 0; s < 3; s++) {
		for (int64_t ms = 0; ms < 100; ms++) {
			uint8_t random[10] = {(uint8_t)(99 - ms)};
			struct alm_message_id id =
				alm_message_id_make(1000 + ms, random);
			struct alm_duplicate row;

			cr_expect_eq(alm_store_duplicate_get(store, senders[s],
					     &id, &arena, &row),
				ms < 40 ? ALM_NOT_FOUND : ALM_OK);
		}
	}
	reopen();
}

/* An agent may still hold mail of what was lost, and acknowledge it. */
Test(store_mail, gets_no_sequence_that_a_lost_end_of_the_store_gave_out)
{
	uint64_t last;
	uint64_t next;

	begin();
	last = put("RY2");
	cr_assert_eq(alm_store_origin_renew(store, 123456, 1), ALM_OK);
	commit();
	reopen();
	begin();
	next = put("RY2");
	commit();
	cr_expect_gt(next, last + UINT32_MAX);
	cr_expect_eq(count_of("RY2"), 2);
}
