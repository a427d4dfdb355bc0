/*
 * Goal: a store that is full, by its map or by its disk, while agents send:
 * senders are refused with a code that says try again, what was accepted is
 * handed over and acknowledged, nothing is lost, and service resumes when
 * there is room.
 * Method: a broker with a small map; and one whose store lies on a small file
 * system of its own, which a ballast file fills.  The second needs root, and
 * says so loudly where it cannot be had.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/include/almoner.h"
#include "tests/support/peer.h"

#define PAYLOAD_BYTES 16000u
#define SENDS_MAX 20000u
#define DISK_MIB 96
#define WAIT_TURNS_MAX 30000

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer practice;
static char payload[PAYLOAD_BYTES + 1];

static void begin(const char *name, const char *line)
{
	memset(payload, 'x', PAYLOAD_BYTES);
	test_broker_open(&broker, "");
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_replace_setting(&broker, name, line);
	test_broker_start(&broker);
	test_broker_activate(&broker, test_policy);
	test_peer_open(&trust, &broker, "RX1", 0);
}

static void end(void)
{
	test_peer_free(&trust);
	test_peer_free(&practice);
	cr_assert_eq(test_broker_stop(&broker), 0);
	(void)test_broker_verify(&broker);
}

/* What becomes of one message. */
static enum alm_err send_one(void)
{
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *envelope;

	test_peer_send(&trust, &message, payload, 0);
	envelope = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	if (envelope->receipt.is_accepted) {
		return ALM_OK;
	}
	cr_expect(envelope->receipt.refused.is_retryable,
		"the sender may try again");
	cr_expect_gt(envelope->receipt.refused.retry_after_ms, 0);
	return envelope->receipt.refused.code;
}

/* Send until there is no room; how many were accepted. */
static unsigned fill(void)
{
	enum alm_err err = ALM_OK;
	unsigned accepted = 0;

	for (unsigned i = 0; i < SENDS_MAX && err == ALM_OK; i++) {
		err = send_one();
		accepted += err == ALM_OK ? 1 : 0;
	}
	cr_assert_eq(err, ALM_STORE_FULL, "code %d after %u", err, accepted);
	return accepted;
}

static bool is_mail_left(void)
{
	return test_broker_ask(
		       &broker, "mailbox.list", (const char *const[]){NULL})
		       .row_count > 0;
}

/* The recipient comes, and takes everything: how much that was. */
static unsigned drain(void)
{
	unsigned taken = 0;

	if (practice.socket == NULL) {
		test_peer_open(&practice, &broker, "C84001", 100);
	}
	while (is_mail_left()) {
		const struct alm_envelope *envelope =
			test_peer_next(&practice, 100);

		if (envelope != NULL &&
			envelope->kind == ALM_ENVELOPE_DELIVER) {
			cr_expect_not(envelope->deliver.is_repeat);
			test_peer_acknowledge(
				&practice, envelope->deliver.sequence, NULL);
			taken++;
		}
	}
	return taken;
}

static void expect_status(const char *wanted)
{
	struct alm_answer answer =
		test_broker_ask(&broker, "status", (const char *const[]){NULL});

	cr_expect_str_eq(test_fact(&answer, "takes-mail"), wanted);
}

Test(full, a_full_map_refuses_mail_and_lets_it_out, .timeout = 1800)
{
	unsigned accepted;

	begin("store-map", "store-map: 6MiB");
	expect_status("yes");
	accepted = fill();
	cr_assert_gt(accepted, 50);
	expect_status("no: the store is full");
	cr_expect_gt(test_broker_figure(&broker, "refused-for-room"), 0);
	cr_expect_eq(test_broker_figure(&broker, "refused"), 0,
		"what was not judged is not recorded");
	cr_expect_eq(drain(), accepted);
	expect_status("yes");
	cr_expect_eq(send_one(), ALM_OK, "there is room again");
	cr_expect_eq(drain(), 1);
	end();
	test_broker_close(&broker);
}

Test(full, a_larger_map_takes_mail_again, .timeout = 1800)
{
	unsigned accepted;

	begin("store-map", "store-map: 6MiB");
	accepted = fill();
	test_peer_disconnect(&trust);
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_replace_setting(&broker, "store-map", "store-map: 64MiB");
	test_broker_start(&broker);
	test_peer_connect(&trust, &broker);
	test_peer_hello(&trust, 0);
	expect_status("yes");
	cr_expect_eq(send_one(), ALM_OK);
	cr_expect_eq(drain(), accepted + 1, "nothing was lost");
	end();
	test_broker_close(&broker);
}

/* A flood of records has no more room than mail has. */
Test(full, records_of_refusals_do_not_eat_the_reserve, .timeout = 1800)
{
	uint64_t records;

	begin("store-map", "store-map: 6MiB");
	(void)fill();
	records = test_broker_figure(&broker, "audit-size");
	for (unsigned i = 0; i < 100; i++) {
		struct alm_message message = test_message(&trust, "NOBODY");

		test_peer_send(&trust, &message, payload, 0);
		(void)test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	}
	cr_expect_eq(test_broker_figure(&broker, "audit-size"), records);
	end();
	test_broker_close(&broker);
}

/* --- the disk ------------------------------------------------------------ */

static char disk[ALM_TEMPDIR_BYTES];
static char ballast[ALM_TEMPDIR_BYTES + 16];

static bool make_disk(void)
{
	char size[32];

	alm_tempdir_make(disk);
	snprintf(ballast, sizeof(ballast), "%s/ballast", disk);
	snprintf(size, sizeof(size), "size=%dm", DISK_MIB);
	/* In a space of this test's own: a test that fails leaves none. */
	if (unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("none", disk, "tmpfs", 0, size) == 0) {
		return true;
	}
	alm_tempdir_remove(disk);
	return false;
}

static void remove_disk(void)
{
	cr_expect_eq(umount(disk), 0);
	alm_tempdir_remove(disk);
}

static void begin_on_small_disk(void)
{
	char line[2 * ALM_TEMPDIR_BYTES];

	if (!make_disk()) {
		cr_skip_test("NOT TRIED: a file system of its own needs root");
	}
	snprintf(line, sizeof(line), "store: %s/store", disk);
	begin("store", line);
	snprintf(broker.store, sizeof(broker.store), "%s/store", disk);
}

static void fill_disk(void)
{
	static const char block[65536];
	int fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	while (write(fd, block, sizeof(block)) > 0) {
	}
	close(fd);
}

/* The broker looks for space again each second. */
static void wait_for_room(void)
{
	unsigned turns = 0;

	while (send_one() != ALM_OK) {
		cr_assert_lt(turns++, WAIT_TURNS_MAX);
		(void)test_peer_next(&trust, 10);
	}
}

Test(full, a_full_disk_refuses_mail_and_lets_it_out, .timeout = 1800)
{
	unsigned accepted;

	begin_on_small_disk();
	cr_expect_eq(send_one(), ALM_OK);
	fill_disk();
	accepted = 1 + fill();
	expect_status("no: the disk is full");
	cr_expect_eq(drain(), accepted);
	expect_status("no: the disk is full");
	cr_assert_eq(unlink(ballast), 0);
	wait_for_room();
	expect_status("yes");
	cr_expect_eq(drain(), 1);
	end();
	test_broker_close(&broker);
	remove_disk();
}

Test(full, a_broker_starts_on_a_full_disk_and_lets_mail_out, .timeout = 1800)
{
	unsigned accepted;

	begin_on_small_disk();
	fill_disk();
	accepted = fill();
	test_broker_kill(&broker);
	test_broker_start(&broker);
	expect_status("no: the disk is full");
	cr_expect_eq(drain(), accepted);
	cr_assert_eq(unlink(ballast), 0);
	end();
	test_broker_close(&broker);
	remove_disk();
}

static void remount(unsigned long flags)
{
	cr_assert_eq(mount("none", disk, "tmpfs", MS_REMOUNT | flags, NULL), 0);
}

/* What systemd does when the kernel has made it so under the broker. */
Test(full, a_read_only_disk_is_named_at_the_start, .timeout = 1800)
{
	char log[8192];
	unsigned status;

	begin_on_small_disk();
	cr_expect_eq(send_one(), ALM_OK);
	test_peer_disconnect(&trust);
	cr_assert_eq(test_broker_stop(&broker), 0);
	remount(MS_RDONLY);
	status = (unsigned)test_broker_start_fails(&broker, log, sizeof(log));
	cr_expect_eq(status, 8, "systemd does not try it again");
	cr_expect_neq(strstr(log, "ALM-2007 store-read-only"), NULL, "%s", log);
	cr_expect_neq(strstr(log, disk), NULL, "%s", log);
	remount(0);
	test_broker_start(&broker);
	cr_expect_eq(drain(), 1, "what was accepted is there");
	end();
	test_broker_close(&broker);
	remove_disk();
}

/* An agent made with the library need not know: its message waits. */
static struct alm_client *open_library(struct test_peer *peer)
{
	struct alm_client_options options;
	struct alm_client *client = NULL;

	test_peer_make(peer, "RX1");
	test_peer_register(peer, &broker, "library");
	options = (struct alm_client_options){.endpoint = broker.endpoint,
		.broker_key = broker.public_key,
		.organisation = "RX1",
		.agent = "library",
		.curve_key = peer->curve_secret,
		.signing_key = peer->signing_secret};
	cr_assert_eq(alm_client_open_with(&options, &client, NULL, 0), 0);
	return client;
}

/* Why it waits is told when the time is over: a slow machine gets longer. */
static void expect_no_room(
	struct alm_client *client, const struct alm_outgoing *message)
{
	struct alm_receipt_view *receipt = NULL;
	int code = ALM_CODE_TIMEOUT;

	for (int wait_ms = 2000; wait_ms < 200000 && code == ALM_CODE_TIMEOUT;
		wait_ms *= 2) {
		code = alm_send(client, message, wait_ms, &receipt);
	}
	cr_assert_eq(code, (int)ALM_STORE_FULL);
}

Test(full, the_library_waits_for_the_disk, .timeout = 1800)
{
	static const char *const categories[] = {"discharge"};
	const struct alm_outgoing message = {.recipient = "C84001",
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = "9990000018",
		.payload = payload,
		.payload_bytes = PAYLOAD_BYTES};
	struct alm_receipt_view *receipt = NULL;
	struct alm_outgoing kept = message;
	struct alm_client *client;
	struct test_peer library;
	uint8_t id[16];

	begin_on_small_disk();
	client = open_library(&library);
	fill_disk();
	(void)fill();
	alm_make_id(id);
	kept.id = id;
	expect_no_room(client, &kept);
	cr_assert_eq(unlink(ballast), 0);
	wait_for_room();
	cr_assert_eq(alm_send(client, &kept, 300000, &receipt), 0);
	cr_expect_eq(receipt->code, 0);
	cr_expect_not(receipt->is_duplicate);
	alm_receipt_free(receipt);
	alm_client_close(client);
	test_peer_free(&library);
	(void)drain();
	end();
	test_broker_close(&broker);
	remove_disk();
}
