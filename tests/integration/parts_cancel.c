/*
 * Goal: a payload in parts that is not whole is given up by its sender: by
 * whichever agent of it, after a crash, once, and with a record; nothing of it
 * stays, and nobody announces it again.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>

#include "tests/support/client.h"
#include "tests/support/large.h"
#include "tests/support/pair.h"

#define WAIT_MS 300000
#define PAYLOAD_BYTES ((uint64_t)12 * 1024 * 1024 + 345)

static void open_all(void)
{
	enrol_pair("");
}

TestSuite(parts_cancel, .init = open_all, .fini = close_pair, .timeout = 1800);

static uint64_t cancelled(void)
{
	return test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "upload-cancelled", NULL})
		.row_count;
}

Test(parts_cancel, a_sender_gives_up_what_is_not_whole)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_outgoing message = test_outgoing_of(&source);
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_delivery *mail = NULL;
	struct alm_client *to;
	uint8_t id[16];

	cr_assert_eq(alm_send_start(from, &message, id), 0);
	test_client_work_until_sent(from, 20);
	cr_assert_eq(alm_send_cancel(from, id, WAIT_MS), 0);
	cr_assert_not(test_client_is_sending(from));
	cr_expect_eq(cancelled(), 1);
	cr_expect_eq(alm_send_cancel(from, id, WAIT_MS), 1005);
	test_broker_await(&broker, "parts-stored", 0);
	cr_assert_eq(alm_send_start(from, &message, NULL), 0);
	cr_assert_eq(test_client_wait_code(from), 0, "another one goes");
	to = test_client_in_parts(&broker, &practice);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_expect_neq(memcmp(mail->id, id, 16), 0);
	cr_expect_eq(alm_send_cancel(from, mail->id, WAIT_MS), 1345);
	cr_expect_eq(cancelled(), 1);
	alm_delivery_free(mail);
	alm_client_close(to);
	alm_client_close(from);
}

Test(parts_cancel, what_a_killed_process_began_is_given_up_by_its_id)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_outgoing message = test_outgoing_of(&source);
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	uint8_t id[16];

	cr_assert_eq(alm_send_start(from, &message, id), 0);
	test_client_work_until_sent(from, 20);
	alm_client_close(from);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	from = test_client_in_parts(&broker, &practice);
	cr_expect_eq(alm_send_cancel(from, id, WAIT_MS), 1005,
		"it is somebody else's");
	alm_client_close(from);
	from = test_client_in_parts(&broker, &trust);
	cr_assert_eq(alm_send_cancel(from, id, WAIT_MS), 0);
	alm_client_close(from);
	cr_expect_eq(cancelled(), 1);
	test_broker_await(&broker, "parts-stored", 0);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	cr_expect_eq(test_broker_figure(&broker, "parts-stored"), 0);
}

/* Begun, and not whole when the sender leaves; false if it was too slow. */
static bool leave_behind(
	struct alm_outgoing *message, uint8_t id[16], int64_t life_ms)
{
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	bool is_begun;

	alm_make_id(id);
	message->expires_ms = test_now_ms() + life_ms;
	cr_assert_eq(alm_send_start(from, message, NULL), 0);
	is_begun = test_client_work_for_parts(from, 20);
	alm_client_close(from);
	return is_begun && test_broker_figure(&broker, "parts-stored") > 0;
}

Test(parts_cancel, nothing_stays_of_what_expires_on_its_way)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_outgoing message = test_outgoing_of(&source);
	struct alm_client *from;
	int64_t life_ms = 3000;
	uint8_t id[16];

	message.id = id;
	while (!leave_behind(&message, id, life_ms)) {
		life_ms *= 2;
		cr_assert_lt(life_ms, 600000);
	}
	while (test_now_ms() <= message.expires_ms) {
		(void)poll(NULL, 0, 50);
	}
	from = test_client_in_parts(&broker, &trust);
	cr_assert_eq(alm_send_start(from, &message, NULL), 0);
	cr_expect_eq(test_client_wait_code(from), ALM_ALREADY_EXPIRED);
	alm_client_close(from);
	test_broker_await(&broker, "parts-stored", 0);
}

Test(parts_cancel, who_is_sending_what_a_colleague_gives_up_is_told)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_outgoing message = test_outgoing_of(&source);
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct test_peer other;
	struct alm_envelope question = {.kind = ALM_ENVELOPE_QUERY};
	struct alm_argument argument = {.key = "message"};
	char text[37];
	uint8_t id[16];

	cr_assert_eq(alm_send_start(from, &message, id), 0);
	test_client_work_until_sent(from, 20);
	test_peer_make(&other, "RX1");
	test_peer_register(&other, &broker, "other");
	test_peer_connect(&other, &broker);
	test_peer_hello(&other, 0);
	alm_id_text(id, text);
	argument.value = text;
	question.request.verb = "upload.cancel";
	question.request.arguments = &argument;
	question.request.argument_count = 1;
	test_peer_say(&other, &question);
	cr_expect_eq(test_peer_expect(&other, ALM_ENVELOPE_ANSWER)->answer.code,
		ALM_OK);
	cr_expect_eq(test_client_wait_code(from), 1344);
	cr_assert_not(
		test_client_is_sending(from), "it is not announced again");
	test_broker_await(&broker, "parts-stored", 0);
	test_peer_free(&other);
	alm_client_close(from);
}
