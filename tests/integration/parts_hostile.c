/*
 * Goal: what the library never does with the parts of a payload is answered
 * with a code, and costs the broker nothing.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "broker/store/parts.h"
#include "lib/file.h"
#include "lib/parts.h"
#include "tests/support/large.h"
#include "tests/support/peer.h"

#define PAYLOAD_BYTES ((uint64_t)12 * 1024 * 1024 + 345)

static struct test_broker broker;
static struct test_peer sender;
static struct test_peer receiver;

/* What most of them send, and the tree over its parts. */
static struct alm_message message;
static struct alm_part_tree *tree;

static void make_message(void)
{
	struct alm_hash *hash = alm_hash_new();
	uint32_t count = alm_parts_count(PAYLOAD_BYTES);
	static uint8_t room[ALM_PART_BYTES];

	tree = alm_part_tree_new(count);
	for (uint32_t i = 0; i < count; i++) {
		size_t bytes = alm_part_length(PAYLOAD_BYTES, i);

		(void)test_large_read(NULL, i * ALM_PART_BYTES, room, bytes);
		alm_part_tree_set(
			tree, hash, i, (struct alm_bytes){room, bytes});
	}
	alm_part_tree_close(tree, hash);
	alm_hash_free(hash);
	message = test_message(&sender, "C84001");
	message.payload_bytes = PAYLOAD_BYTES;
	memcpy(message.payload_sha256, alm_part_tree_root(tree)->raw, 32);
}

static void open_all(void)
{
	test_broker_open(&broker, "");
	test_broker_activate(&broker, test_policy);
	test_peer_open(&sender, &broker, "RX1", 0);
	make_message();
}

static void close_all(void)
{
	alm_part_tree_free(tree);
	test_peer_free(&sender);
	test_peer_free(&receiver);
	test_broker_close(&broker);
}

TestSuite(parts_hostile, .init = open_all, .fini = close_all, .timeout = 1800);

/* The code of the next receipt, which refuses. */
static enum alm_err refusal(void)
{
	const struct alm_receipt *receipt =
		&test_peer_expect(&sender, ALM_ENVELOPE_RECEIPT)->receipt;

	cr_assert_not(receipt->is_accepted);
	return receipt->refused.code;
}

static void say_part(uint32_t index, bool is_flipped)
{
	static uint8_t room[ALM_PART_BYTES];
	struct alm_digest path[ALM_PART_PATH_MAX];
	struct alm_envelope e = {.kind = ALM_ENVELOPE_PART};
	size_t bytes = alm_part_length(PAYLOAD_BYTES, index);

	(void)test_large_read(NULL, index * ALM_PART_BYTES, room, bytes);
	room[100] ^= is_flipped ? 4 : 0;
	e.part = (struct alm_payload_part){.message_id = {message.id.raw, 16},
		.index = index,
		.path = {path[0].raw,
			32 * alm_part_tree_path(tree, index, path)},
		.data = {room, bytes}};
	test_peer_say(&sender, &e);
}

Test(parts_hostile, a_flipped_part_ends_it)
{
	const struct alm_envelope *e;

	test_peer_send(&sender, &message, "", 0);
	e = test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	cr_assert_eq(e->progress.next, 0);
	cr_assert_eq(e->progress.until, ALM_PARTS_IN_FLIGHT_MAX);
	say_part(0, false);
	e = test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	cr_assert_eq(e->progress.next, 1);
	say_part(1, true);
	cr_assert_eq(refusal(), ALM_PART_MISMATCH);
	say_part(1, false);
	cr_assert_eq(refusal(), ALM_UPLOAD_UNKNOWN);
}

/* Each is two records, and costs its sender no more than one part. */
Test(parts_hostile, payloads_that_are_not_what_was_announced_are_paid_for)
{
	unsigned count = 0;
	int64_t since_ms;

	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_add_settings(
		&broker, "organisation-refusals-per-second: 1\n");
	test_broker_start(&broker);
	since_ms = test_now_ms();
	test_peer_come_back(&sender, &broker, 0);
	while (test_broker_figure(&broker, "refusals-over") == 0) {
		message.id = test_message(&sender, "C84001").id;
		test_peer_send(&sender, &message, "", 0);
		(void)test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
		say_part(0, true);
		cr_assert_eq(refusal(), ALM_PART_MISMATCH);
		/* What a slow machine has paid off meanwhile comes on top. */
		cr_assert_lt(
			++count, ALM_REFUSALS_BURST_S +
					 (test_now_ms() - since_ms) / 1000 + 1);
	}
	cr_expect_geq(count, ALM_REFUSALS_BURST_S / 2);
}

/* What is said to it, progress or a receipt. */
static const struct alm_envelope *announced(void)
{
	const struct alm_envelope *e;

	test_peer_send(&sender, &message, "", 0);
	do {
		e = test_peer_next(&sender, 1000);
	} while (e == NULL);
	return e;
}

/* What was on its way goes with it, on whatever connection that is. */
Test(parts_hostile, parts_of_what_was_refused_since_are_unknown)
{
	const struct alm_envelope *e;

	/* A slow machine gets longer to have it begun. */
	for (int64_t life_ms = 1500;; life_ms *= 2) {
		message.id = test_message(&sender, "C84001").id;
		message.expires_ms = test_now_ms() + life_ms;
		if (announced()->kind == ALM_ENVELOPE_PROGRESS) {
			break;
		}
		cr_assert_lt(life_ms, 100000);
	}
	do {
		e = announced();
	} while (e->kind == ALM_ENVELOPE_PROGRESS);
	cr_assert_eq(e->kind, ALM_ENVELOPE_RECEIPT);
	cr_assert_eq(e->receipt.refused.code, ALM_ALREADY_EXPIRED);
	say_part(0, true);
	cr_assert_eq(refusal(), ALM_UPLOAD_UNKNOWN);
}

Test(parts_hostile, another_message_of_the_same_id_drops_nothing)
{
	struct alm_message forbidden = message;
	const struct alm_envelope *e;

	forbidden.recipient = "CHA";
	test_peer_send(&sender, &message, "", 0);
	(void)test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	test_peer_send(&sender, &forbidden, "", 0);
	e = test_peer_expect(&sender, ALM_ENVELOPE_RECEIPT);
	cr_assert(!e->receipt.is_accepted);
	say_part(0, false);
	e = test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	cr_assert_eq(e->progress.next, 1);
}

Test(parts_hostile, parts_out_of_order_are_asked_for_again_once)
{
	const struct alm_envelope *e;

	test_peer_send(&sender, &message, "", 0);
	(void)test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	say_part(2, false);
	e = test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	cr_assert(e->progress.is_again);
	cr_assert_eq(e->progress.next, 0);
	say_part(3, false);
	cr_assert_null(test_peer_next(&sender, 200));
	say_part(0, false);
	e = test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	cr_assert_eq(e->progress.next, 1);
	cr_assert(!e->progress.is_again);
}

/* One that was begun two days ago, as if the broker had been down since. */
static void begin_long_ago(void)
{
	static const uint8_t seed[32] = {9};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_store *store = NULL;
	uint8_t key[ALM_STORE_KEY_BYTES];
	struct alm_store_options options = {
		.path = broker.store, .key = key, .must_exist = true};
	struct alm_stored_part part = {.data = {seed, sizeof(seed)}};
	struct alm_upload upload = {.number = 1,
		.sender = "RX1",
		.begun_at_ms = (int64_t)(time(NULL) - 2 * 86400) * 1000,
		.payload_bytes = PAYLOAD_BYTES,
		.message = {seed, sizeof(seed)}};

	cr_assert_eq(test_broker_stop(&broker), 0);
	cr_assert_eq(
		alm_key_file_read(broker.store_key, key, &problem), ALM_OK);
	cr_assert_eq(alm_store_open(&options, &store, &problem), ALM_OK, "%s",
		problem.detail);
	cr_assert_eq(
		alm_store_begin(store, (int64_t)time(NULL) * 1000000, seed),
		ALM_OK);
	cr_assert_eq(alm_store_upload_begin(store, &upload), ALM_OK);
	cr_assert_eq(alm_store_part_put(store, 1, 0, &part), ALM_OK);
	cr_assert_eq(alm_store_commit(store), ALM_OK);
	alm_store_close(store);
	test_broker_start(&broker);
}

Test(parts_hostile, what_is_not_finished_in_a_day_is_dropped_and_recorded)
{
	const char *const question[] = {"kind", "upload-expired", NULL};
	struct alm_answer answer;
	time_t until;

	begin_long_ago();
	until = time(NULL) + 900;
	do {
		answer = test_broker_ask(&broker, "audit.query", question);
		cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
		cr_assert_lt(time(NULL), until);
	} while (answer.row_count == 0);
	cr_assert_eq(answer.row_count, 1);
	cr_assert_str_eq(test_cell(&answer, 0, "sender"), "RX1");
}

Test(parts_hostile, what_never_fits_is_refused_before_anything_comes)
{
	const char *const limit[] = {"organisation", "C84001", "bytes",
		"10000000", "reason", "small disk", NULL};
	struct alm_answer answer =
		test_broker_ask(&broker, "mailbox.limit", limit);

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	test_peer_send(&sender, &message, "", 0);
	cr_assert_eq(refusal(), ALM_MAILBOX_TOO_SMALL);
}

Test(parts_hostile, an_organisation_has_only_so_many_unfinished)
{
	for (unsigned i = 0; i < ALM_UPLOADS_PER_ORGANISATION_MAX; i++) {
		test_peer_send(&sender, &message, "", 0);
		(void)test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
		message.id = test_message(&sender, "C84001").id;
	}
	test_peer_send(&sender, &message, "", 0);
	cr_assert_eq(refusal(), ALM_UPLOADS_FULL);
}

/* Else both would stand still in a full store that takes nobody's mail. */
Test(parts_hostile, no_more_is_let_begin_than_there_is_room_for)
{
	const struct alm_envelope *e;

	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_replace_setting(&broker, "store-map", "store-map: 64MiB");
	test_broker_start(&broker);
	test_peer_come_back(&sender, &broker, 0);
	message.payload_bytes = (uint64_t)30 << 20;
	test_peer_send(&sender, &message, "", 0);
	(void)test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	message.id = test_message(&sender, "C84001").id;
	test_peer_send(&sender, &message, "", 0);
	e = test_peer_expect(&sender, ALM_ENVELOPE_RECEIPT);
	cr_assert_eq(e->receipt.refused.code, ALM_STORE_FULL);
	cr_expect_gt(e->receipt.refused.retry_after_ms, 0);
	/* What is smaller fits beside it, and counts as well. */
	message.payload_bytes = (uint64_t)15 << 20;
	test_peer_send(&sender, &message, "", 0);
	(void)test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	message.id = test_message(&sender, "C84001").id;
	test_peer_send(&sender, &message, "", 0);
	cr_assert_eq(refusal(), ALM_STORE_FULL);
}

/* All of it, as the broker lets it; the receipt. */
static const struct alm_receipt *say_all(void)
{
	const struct alm_envelope *e;
	uint32_t sent = 0;

	test_peer_send(&sender, &message, "", 0);
	do {
		uint32_t until;

		do {
			e = test_peer_next(&sender, 1000);
		} while (e == NULL);
		until = e->kind == ALM_ENVELOPE_PROGRESS ? e->progress.until
							 : 0;
		for (; sent < until; sent++) {
			say_part(sent, false);
		}
	} while (e->kind != ALM_ENVELOPE_RECEIPT);
	return &e->receipt;
}

static void upload(void)
{
	const struct alm_receipt *receipt = say_all();

	cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
}

/* One id is one message, whichever of two is whole first. */
Test(parts_hostile, what_was_sent_meanwhile_under_its_id_is_a_conflict)
{
	struct alm_message whole = test_message(&sender, "C84001");
	const struct alm_envelope *e;
	const struct alm_receipt *receipt;

	whole.id = message.id;
	test_peer_send(&sender, &message, "", 0);
	e = test_peer_expect(&sender, ALM_ENVELOPE_PROGRESS);
	cr_assert_eq(e->progress.next, 0);
	(void)test_peer_accepted(&sender, &whole);
	for (uint32_t i = 0; i < alm_parts_count(PAYLOAD_BYTES); i++) {
		say_part(i, false);
		e = test_peer_next(&sender, 300000);
		cr_assert_not_null(e);
	}
	cr_assert_eq(e->kind, ALM_ENVELOPE_RECEIPT);
	receipt = &e->receipt;
	cr_assert(!receipt->is_accepted);
	cr_assert_eq(receipt->refused.code, ALM_MESSAGE_ID_CONFLICT);
	say_part(0, false);
	cr_assert_eq(refusal(), ALM_UPLOAD_UNKNOWN);
}

static uint64_t take_delivery(void)
{
	const struct alm_envelope hello = {.kind = ALM_ENVELOPE_HELLO,
		.hello = {.version = ALM_PROTOCOL_VERSION,
			.software = "test",
			.credit = 8,
			.takes_parts = true}};

	test_peer_enrol(&receiver, &broker, "C84001");
	test_peer_connect(&receiver, &broker);
	test_peer_say(&receiver, &hello);
	return test_peer_expect(&receiver, ALM_ENVELOPE_DELIVER)
		->deliver.sequence;
}

/* So many come, and no more of them. */
static void expect_parts(unsigned count)
{
	const struct alm_envelope *e;

	for (unsigned i = 0; i < count; i++) {
		(void)test_peer_expect(&receiver, ALM_ENVELOPE_PART);
	}
	while ((e = test_peer_next(&receiver, 500)) != NULL) {
		cr_expect_neq(e->kind, ALM_ENVELOPE_PART);
	}
}

/* What it says it has is not believed: it would all wait in memory for one
 * that does not read. */
Test(parts_hostile, no_more_is_on_its_way_than_was_given_and_a_window)
{
	struct alm_envelope ask = {.kind = ALM_ENVELOPE_PROGRESS};

	upload();
	ask.progress.sequence = take_delivery();
	ask.progress.until = 1;
	test_peer_say(&receiver, &ask);
	expect_parts(1);
	ask.progress.next = 40;
	ask.progress.until = 48;
	test_peer_say(&receiver, &ask);
	expect_parts(ALM_PART_WINDOW_MAX);
	ask.progress.next = ALM_PARTS_MAX - 1;
	ask.progress.until = ALM_PARTS_MAX;
	test_peer_say(&receiver, &ask);
	expect_parts(ALM_PART_WINDOW_MAX);
}

/* Parts that came before the broker's answer to a second ping: what a turn
 * gives goes out behind its answers. */
static unsigned parts_now(void)
{
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	unsigned parts = 0;

	for (unsigned pongs = 0; pongs < 2; pongs++) {
		const struct alm_envelope *e;

		test_peer_say(&receiver, &ping);
		do {
			e = test_peer_next(&receiver, 300000);
			cr_assert_not_null(e);
			parts += e->kind == ALM_ENVELOPE_PART;
		} while (e->kind != ALM_ENVELOPE_PONG);
	}
	return parts;
}

/* Who says how far it is while the last parts are on their way has no use for
 * them twice, but for one that it misses. */
Test(parts_hostile, none_comes_twice_that_is_not_asked_for_again)
{
	const uint32_t count = alm_parts_count(PAYLOAD_BYTES);
	struct alm_envelope ask = {.kind = ALM_ENVELOPE_PROGRESS};

	upload();
	ask.progress.sequence = take_delivery();
	for (uint32_t next = 0; next < count;
		next = (uint32_t)ask.progress.until) {
		ask.progress.next = next;
		ask.progress.until = next + ALM_PART_WINDOW_MAX < count
					     ? next + ALM_PART_WINDOW_MAX
					     : count;
		test_peer_say(&receiver, &ask);
		expect_parts((unsigned)(ask.progress.until - next));
	}
	ask.progress.next = count - 4;
	test_peer_say(&receiver, &ask);
	cr_expect_eq(parts_now(), 0);
	ask.progress.is_again = true;
	test_peer_say(&receiver, &ask);
	expect_parts(4);
}
