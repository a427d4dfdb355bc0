/*
 * Goal: payloads in parts against a real broker.  They come whole or not at
 * all, whatever breaks on the way; they are decided when they are whole; and
 * what stops the mail stops its parts.
 */
#include "lib/parts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/client.h"
#include "tests/support/large.h"
#include "tests/support/pair.h"
#include "tests/support/people.h"

#define WAIT_MS 300000
#define PAYLOAD_BYTES ((uint64_t)12 * 1024 * 1024 + 345)

static void open_all(void)
{
	enrol_pair("acknowledge-timeout: 2s\n");
}

TestSuite(parts, .init = open_all, .fini = close_pair, .timeout = 1800);

/* --- both ends ------------------------------------------------------------ */

/* Send and wait for the acceptance. */
static void send_whole(const struct alm_source *source)
{
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_outgoing message = test_outgoing_of(source);
	struct alm_receipt_view *receipt = NULL;

	cr_assert_eq(alm_send(from, &message, WAIT_MS, &receipt), 0);
	cr_assert_eq(receipt->code, 0, "%s %s", receipt->name, receipt->detail);
	alm_receipt_free(receipt);
	alm_client_close(from);
}

static void fetch_all(struct alm_client *to, const struct alm_delivery *mail)
{
	struct test_large place = {.bytes = 0};
	struct alm_sink sink = {.write = test_large_write, .cookie = &place};

	cr_assert(mail->is_in_parts);
	cr_assert_null(mail->payload);
	cr_assert_eq(mail->payload_bytes, PAYLOAD_BYTES);
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 0);
	cr_assert_eq(place.bytes, PAYLOAD_BYTES);
	cr_assert(!place.is_wrong);
	cr_assert_eq(
		alm_acknowledge_wait(to, mail->sequence, NULL, WAIT_MS), 0);
}

/* --- the tests ------------------------------------------------------------ */

Test(parts, a_large_payload_arrives_whole)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_client *to = test_client_in_parts(&broker, &practice);
	struct alm_delivery *mail = NULL;

	send_whole(&source);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	fetch_all(to, mail);
	alm_delivery_free(mail);
	alm_client_close(to);
}

Test(parts, nobody_sees_it_before_it_is_whole)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_client *to = test_client_in_parts(&broker, &practice);
	struct alm_outgoing message = test_outgoing_of(&source);
	struct alm_delivery *mail = NULL;

	cr_assert_eq(alm_client_wait_ready(to, WAIT_MS), 0);
	cr_assert_eq(alm_send_start(from, &message, NULL), 0);
	test_client_work_until_sent(from, 20);
	cr_assert_eq(alm_receive(to, 300, &mail), ALM_CODE_TIMEOUT);
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 0);
	cr_assert_eq(test_client_wait_code(from), 0);
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 1);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	alm_delivery_free(mail);
	alm_client_close(to);
	alm_client_close(from);
}

Test(parts, a_sender_goes_on_where_its_broken_connection_was)
{
	unsigned reads = 0;
	struct alm_source source = {.read = test_large_read,
		.cookie = &reads,
		.bytes = PAYLOAD_BYTES};
	uint32_t parts = alm_parts_count(PAYLOAD_BYTES);
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_outgoing message = test_outgoing_of(&source);
	struct alm_delivery *mail = NULL;
	uint8_t id[16];

	alm_make_id(id);
	message.id = id;
	cr_assert_eq(alm_send_start(from, &message, NULL), 0);
	test_client_work_until_sent(from, 30);
	alm_client_close(from);
	reads = 0;
	from = test_client_in_parts(&broker, &trust);
	cr_assert_eq(alm_send_start(from, &message, NULL), 0);
	cr_assert_eq(test_client_wait_code(from), 0);
	/* It is hashed again, and what was not on disk is sent again. */
	cr_assert_lt(reads, parts + parts - 20);
	alm_client_close(from);
	from = test_client_in_parts(&broker, &practice);
	cr_assert_eq(alm_receive(from, WAIT_MS, &mail), 0);
	fetch_all(from, mail);
	alm_delivery_free(mail);
	alm_client_close(from);
}

Test(parts, a_killed_broker_goes_on_with_what_was_on_disk)
{
	unsigned reads = 0;
	struct alm_source source = {.read = test_large_read,
		.cookie = &reads,
		.bytes = PAYLOAD_BYTES};
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_client *to = test_client_in_parts(&broker, &practice);
	struct alm_outgoing message = test_outgoing_of(&source);
	struct test_large place = {.stop_at = PAYLOAD_BYTES / 2};
	struct alm_sink sink = {.write = test_large_write, .cookie = &place};
	struct alm_delivery *mail = NULL;

	cr_assert_eq(alm_send_start(from, &message, NULL), 0);
	test_client_work_until_sent(from, 30);
	test_broker_kill(&broker);
	reads = 0;
	test_broker_start(&broker);
	cr_assert_eq(test_client_wait_code(from), 0);
	cr_assert_lt(reads, 30);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 7011);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	place.stop_at = 0;
	sink.have_bytes = place.bytes;
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 0);
	cr_assert_eq(place.bytes, PAYLOAD_BYTES);
	cr_assert(!place.is_wrong);
	alm_delivery_free(mail);
	alm_client_close(to);
	alm_client_close(from);
}

Test(parts, a_receiver_goes_on_over_a_broken_connection)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_client *to = test_client_in_parts(&broker, &practice);
	struct test_large place = {.stop_at = 4000000};
	struct alm_sink sink = {.write = test_large_write, .cookie = &place};
	struct alm_delivery *mail = NULL;

	send_whole(&source);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 7011);
	alm_delivery_free(mail);
	alm_client_close(to);
	to = test_client_in_parts(&broker, &practice);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert(mail->is_repeat);
	place.stop_at = 0;
	sink.have_bytes = place.bytes;
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 0);
	cr_assert_eq(place.bytes, PAYLOAD_BYTES);
	cr_assert(!place.is_wrong);
	alm_delivery_free(mail);
	alm_client_close(to);
}

Test(parts, a_fetch_goes_on_by_itself_over_a_killed_broker)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_client *to = test_client_in_parts(&broker, &practice);
	struct test_large place = {.kill_at = 3000000, .broker = &broker};
	struct alm_sink sink = {.write = test_large_write, .cookie = &place};
	struct alm_delivery *mail = NULL;

	send_whole(&source);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 0);
	cr_assert_eq(place.kill_at, 0);
	cr_assert_eq(place.bytes, PAYLOAD_BYTES);
	cr_assert(!place.is_wrong);
	alm_delivery_free(mail);
	alm_client_close(to);
}

Test(parts, who_reads_no_zstd_gets_what_was_sent_compressed)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_client_options options =
		test_client_options(&broker, &practice);
	struct alm_delivery *mail = NULL;
	struct alm_client *to;

	options.takes_parts = true;
	options.is_uncompressed = true;
	to = test_client_open(&options);
	send_whole(&source);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	fetch_all(to, mail);
	alm_delivery_free(mail);
	alm_client_close(to);
}

Test(parts, a_withdrawal_stops_what_is_half_handed_over)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = PAYLOAD_BYTES};
	struct alm_client *to = test_client_in_parts(&broker, &practice);
	struct test_large place = {.stop_at = 4000000};
	struct alm_sink sink = {.write = test_large_write, .cookie = &place};
	struct alm_delivery *mail = NULL;

	send_whole(&source);
	cr_assert_eq(alm_receive(to, WAIT_MS, &mail), 0);
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 7011);
	test_people_object(&broker);
	place.stop_at = 0;
	sink.have_bytes = place.bytes;
	cr_assert_eq(alm_fetch(to, mail, &sink, WAIT_MS), 7012);
	cr_assert_lt(place.bytes, PAYLOAD_BYTES);
	cr_assert_eq(test_broker_figure(&broker, "stopped"), 1);
	alm_delivery_free(mail);
	alm_client_close(to);
}

static void refused_with(struct alm_outgoing *message, int code)
{
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_receipt_view *receipt = NULL;

	cr_assert_eq(alm_send(from, message, WAIT_MS, &receipt), 0);
	cr_assert_eq(
		receipt->code, code, "%d %s", receipt->code, receipt->name);
	alm_receipt_free(receipt);
	alm_client_close(from);
}

Test(parts, what_the_policy_refuses_costs_no_part)
{
	unsigned reads = 0;
	struct alm_source source = {.read = test_large_read,
		.cookie = &reads,
		.bytes = PAYLOAD_BYTES};
	struct alm_outgoing message = test_outgoing_of(&source);

	message.purpose = "planning";
	refused_with(&message, 4103);
	cr_assert_eq(reads, alm_parts_count(PAYLOAD_BYTES), "hashed only");
	message.purpose = "direct-care";
	message.standard = "treatment-summary";
	message.standard_version = "1.0.0";
	refused_with(&message, 1342);
	cr_assert_eq(test_broker_figure(&broker, "refused"), 2);
}

static int read_changed(void *cookie, uint64_t offset, void *out, size_t bytes)
{
	bool *is_changed = cookie;

	(void)test_large_read(NULL, offset, out, bytes);
	if (offset == 10 * ALM_PART_BYTES) {
		((uint8_t *)out)[7] ^= *is_changed ? 1 : 0;
		*is_changed = true;
	}
	return 0;
}

Test(parts, a_file_that_changes_meanwhile_is_not_sent)
{
	bool is_changed = false;
	struct alm_source source = {.read = read_changed,
		.cookie = &is_changed,
		.bytes = PAYLOAD_BYTES};
	struct alm_outgoing message = test_outgoing_of(&source);

	refused_with(&message, 7010);
}
