/*
 * Goal: records about people reach a real broker in batches, and messages do
 * not wait for them.  Method: batches on the administration socket, agents at
 * the level of the wire.
 */
#include "tests/support/people.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "broker/core/record_batch.h"
#include "lib/limits.h"
#include "tests/support/peer.h"

#define NONE ((const char *const[]){NULL})
#define WAIT_MS 300000 /* a shared machine may stand still */
#define BATCHES 40u
/* What one turn takes with nobody asking, and then one with a message. */
#define BATCHES_BEFORE_MAX \
	((ALM_IDLE_TURN_PEOPLE_RECORDS_MAX + ALM_TURN_PEOPLE_RECORDS_MAX) / \
		ALM_PEOPLE_BATCH_RECORDS_MAX)

static struct test_broker broker;
static struct test_peer trust;
static uint8_t room[ALM_PEOPLE_BATCH_BYTES_MAX];

static void open_all(void)
{
	test_broker_open(&broker, "");
	test_broker_activate(&broker, test_policy);
	test_peer_open(&trust, &broker, "RX1", 64);
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_broker_close(&broker);
}

TestSuite(people, .init = open_all, .fini = close_all, .timeout = 1800);

/* As many relationships as a batch takes, of one test patient: the roles tell
 * one record from another.  At most the person's limit in all is stored. */
static struct alm_bytes full_batch(unsigned number)
{
	struct alm_record_batch_writer writer;
	struct alm_person_record record = {
		.type = ALM_RECORD_RELATIONSHIP, .subject = "9990000026"};

	record.relationship.organisation = "RX1";
	record.relationship.recorded_s = 1700000000;
	record.relationship.valid =
		(struct alm_period){1700000000, ALM_INSTANT_NEVER};
	alm_record_batch_init(&writer, room, sizeof(room));
	for (unsigned i = 0; i < ALM_PEOPLE_BATCH_RECORDS_MAX; i++) {
		char role[32];

		(void)snprintf(role, sizeof(role), "r-%u-%u", number, i % 64);
		record.relationship.role = role;
		cr_assert_eq(
			alm_record_batch_add(&writer, i + 1, &record), ALM_OK);
	}
	return alm_record_batch_finish(&writer);
}

static uint32_t send_batch(struct alm_control *control, unsigned number)
{
	const struct alm_attachment file = {
		.name = "batch", .content = full_batch(number)};
	const struct alm_request_call call = {.verb = "people.put",
		.attachments = &file,
		.attachment_count = 1};
	struct alm_problem problem;
	struct alm_arena arena;
	uint32_t id = 0;

	alm_arena_init(&arena, (size_t)4 << 20);
	cr_assert_eq(alm_control_send(
			     control, &call, WAIT_MS, &arena, &id, &problem),
		ALM_OK);
	alm_arena_fini(&arena);
	return id;
}

/* How often each code was answered. */
static void await_all(struct alm_control *control, uint32_t last,
	unsigned *out_done, unsigned *out_again)
{
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)16 << 20);
	for (uint32_t id = (uint32_t)(*out_done + *out_again) + 1; id <= last;
		id++) {
		struct alm_problem problem;
		struct alm_answer answer;

		alm_arena_reset(&arena);
		cr_assert_eq(alm_control_await(control, id, WAIT_MS, &arena,
				     &answer, &problem),
			ALM_OK);
		*out_done += answer.code == ALM_OK ? 1 : 0;
		*out_again += answer.code == ALM_TURN_SHARE_USED ? 1 : 0;
	}
	alm_arena_fini(&arena);
}

/* Batches that stand in the log before the message. */
static unsigned batches_before_message(void)
{
	struct alm_answer answer =
		test_broker_ask(&broker, "audit.query", NONE);
	unsigned batches = 0;

	for (size_t i = 0; i < answer.row_count; i++) {
		const char *kind = test_cell(&answer, i, "kind");

		if (strcmp(kind, "accepted") == 0) {
			return batches;
		}
		batches += strcmp(kind, "person-changed") == 0 ? 1 : 0;
	}
	cr_assert_fail("the message is not in the log");
	return 0;
}

/* Everything comes at once, while the broker stands still. */
Test(people, lets_a_message_wait_for_a_turn_and_not_for_an_import)
{
	const struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *receipt;
	struct alm_control *control = NULL;
	struct alm_problem problem;
	unsigned done = 0;
	unsigned again = 0;
	uint32_t last = 0;

	cr_assert_eq(
		alm_control_open(broker.admin, &control, &problem), ALM_OK);
	last = send_batch(control, 0);
	await_all(control, last, &done, &again);
	cr_expect_eq(done, 1);
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	/* The message first: it is there when the broker goes on. */
	test_peer_send(&trust, &message, "content", 0);
	for (unsigned i = 0; i < BATCHES; i++) {
		last = send_batch(control, i);
	}
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_expect(receipt->receipt.is_accepted);
	await_all(control, last, &done, &again);
	cr_expect_eq(done + again, 1 + BATCHES);
	cr_expect_gt(again, 0);
	/* With the one before them all. */
	cr_expect_leq(batches_before_message(), 1 + BATCHES_BEFORE_MAX);
	alm_control_close(control);
}

Test(people, records_a_batch_once_with_its_digest_and_nobody)
{
	const struct alm_attachment file = {
		.name = "batch", .content = full_batch(1)};
	struct alm_answer answer = test_broker_attach(&broker, "people.put",
		(const char *const[]){
			"reason", "a test", "import", "i-1", NULL},
		&file, 1);

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_eq(
		test_number(&answer, "taken"), ALM_PEOPLE_BATCH_RECORDS_MAX);
	cr_expect_eq(test_number(&answer, "added"), 64);
	cr_expect_eq(test_number(&answer, "known"),
		ALM_PEOPLE_BATCH_RECORDS_MAX - 64);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "person-changed", "reveal", "yes",
			"reason", "a test", NULL});
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "person"), "");
	cr_expect_not_null(strstr(
		test_cell(&answer, 0, "detail"), "what: batch of records"));
	cr_expect_not_null(
		strstr(test_cell(&answer, 0, "detail"), "import: i-1"));
	cr_expect_not_null(
		strstr(test_cell(&answer, 0, "detail"), "last-line: 2048"));
	cr_expect_eq(test_broker_figure(&broker, "people-sequence"), 64);
}

Test(people, refuses_what_is_not_a_batch)
{
	const struct alm_attachment files[] = {
		{.name = "batch", .content = {(const uint8_t *)"x", 1}},
		{.name = "batch", .content = {NULL, 0}},
	};
	struct alm_answer answer =
		test_broker_attach(&broker, "people.put", NONE, files, 1);

	cr_expect_eq(answer.code, ALM_RECORD_INVALID);
	answer = test_broker_attach(&broker, "people.put", NONE, files, 2);
	cr_expect_eq(answer.code, ALM_BAD_ARGUMENT);
	answer = test_broker_ask(&broker, "people.put", NONE);
	cr_expect_eq(answer.code, ALM_BAD_ARGUMENT);
}

/* The check that objections stand is of the first call, and nobody leaves it
 * out by beginning with the second. */
Test(people, are_not_erased_by_a_cursor_that_was_made_up)
{
	static const char *const cursors[] = {
		"1/1000000/0", "1/1000000/0/0123456789abcdef", "1/1/1/"};
	const struct alm_person_record record = test_objection("9990000018");
	struct alm_answer answer;

	test_people_put(&broker, &record);
	for (size_t i = 0; i < ALM_COUNT(cursors); i++) {
		answer = test_broker_ask(&broker, "people.erase",
			(const char *const[]){"subject", "9990000018", "reason",
				"test", "cursor", cursors[i], NULL});
		cr_expect_eq(answer.code, ALM_CURSOR);
	}
	answer = test_broker_ask(&broker, "people.erase",
		(const char *const[]){
			"subject", "9990000018", "reason", "test", NULL});
	cr_expect_eq(answer.code, ALM_OBJECTIONS_STAND);
	cr_expect_eq(test_broker_records(&broker, "person-erased"), 0);
}
