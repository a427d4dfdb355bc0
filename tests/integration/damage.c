/*
 * Goal: damage in one mailbox row or one piece of mail costs no more than
 * that, and the daemon never.  Method: break bytes in the real store file of
 * a broker that was killed, and start it again.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "tests/support/peer.h"
#include "tests/support/table.h"

#define NONE ((const char *const[]){NULL})

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer hospital;

static void open_all(void)
{
	/* What reads back what is stored would find it too. */
	test_broker_open(
		&broker, "acknowledge-timeout: 1h\naudit-verify-rate: 0\n");
	test_broker_activate(&broker, test_policy);
	test_peer_open(&trust, &broker, "RX1", 0);
	test_peer_make(&hospital, "RHA");
	test_peer_register(&hospital, &broker, "a");
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&hospital);
	test_broker_close(&broker);
}

TestSuite(damage, .init = open_all, .fini = close_all, .timeout = 1800);

static uint64_t send_one(void)
{
	const struct alm_message message = test_message(&trust, "RHA");

	return test_peer_accepted(&trust, &message);
}

/* Flip one bit of a row; the broker does not run. */
static void flip(
	const char *table, const char *recipient, uint64_t seq, size_t at)
{
	uint8_t raw[80];
	size_t bytes = recipient == NULL ? 0 : strlen(recipient) + 1;

	if (recipient != NULL) {
		memcpy(raw, recipient, bytes);
	}
	alm_put_u64(raw + bytes, seq);
	test_table_flip(broker.store, table, (MDB_val){bytes + 8, raw}, at);
}

static void connect(void)
{
	test_peer_connect(&hospital, &broker);
	test_peer_hello(&hospital, 64);
}

static const struct alm_deliver *next_mail(void)
{
	return &test_peer_expect(&hospital, ALM_ENVELOPE_DELIVER)->deliver;
}

static uint64_t anomalies(void)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "anomaly", NULL});

	return answer.row_count;
}

Test(damage, of_a_queue_row_is_mended_and_the_mail_handed_over)
{
	const uint64_t first = send_one();
	const uint64_t second = send_one();
	const uint64_t third = send_one();
	const struct alm_deliver *mail;

	test_broker_kill(&broker);
	flip("queue", "RHA", second, 9);
	test_broker_start(&broker);
	connect();
	cr_expect_eq(next_mail()->sequence, first);
	mail = next_mail();
	cr_expect_eq(mail->sequence, second);
	cr_expect_not(mail->is_repeat);
	cr_expect_eq(mail->payload.bytes, 7);
	cr_expect_eq(next_mail()->sequence, third);
	cr_expect_eq(anomalies(), 1);
	cr_expect_eq(test_broker_figure(&broker, "anomalies"), 1);
	/* What was handed over is a repeat, whatever its row says. */
	test_broker_kill(&broker);
	flip("queue", "RHA", second, 2);
	test_broker_start(&broker);
	test_peer_disconnect(&hospital);
	connect();
	(void)next_mail();
	mail = next_mail();
	cr_expect_eq(mail->sequence, second);
	cr_expect(mail->is_repeat);
}

Test(damage, of_row_and_mail_sets_both_aside_and_serves_the_rest)
{
	const uint64_t first = send_one();
	const uint64_t second = send_one();
	const uint64_t third = send_one();
	struct alm_answer answer;

	test_broker_kill(&broker);
	flip("queue", "RHA", first, 0);
	flip("body", NULL, first, 60);
	test_broker_start(&broker);
	connect();
	cr_expect_eq(next_mail()->sequence, second);
	cr_expect_eq(next_mail()->sequence, third);
	cr_expect_eq(anomalies(), 1);
	answer = test_broker_ask(&broker, "mailbox.list", NONE);
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "messages"), "2");
}

/* The sweep for expired mail meets it too. */
Test(damage, of_a_queue_row_is_found_though_nobody_takes_the_mail)
{
	const uint64_t first = send_one();

	test_broker_kill(&broker);
	flip("queue", "RHA", first, 20);
	test_broker_start(&broker);
	while (test_broker_figure(&broker, "anomalies") == 0) {
	}
	cr_expect_eq(anomalies(), 1);
	connect();
	cr_expect_eq(next_mail()->sequence, first);
}

Test(damage, of_a_queue_row_does_not_hinder_its_acknowledgement)
{
	const uint64_t first = send_one();
	struct alm_answer answer;

	test_broker_kill(&broker);
	flip("queue", "RHA", first, 20);
	test_broker_start(&broker);
	connect();
	cr_expect_eq(next_mail()->sequence, first);
	test_peer_acknowledge(&hospital, first, NULL);
	(void)test_peer_expect(&hospital, ALM_ENVELOPE_ACKNOWLEDGED);
	answer = test_broker_ask(&broker, "mailbox.list", NONE);
	cr_expect_eq(answer.row_count, 0);
}

Test(damage, of_one_piece_of_mail_leaves_the_others_to_be_shown)
{
	const uint64_t first = send_one();
	const uint64_t second = send_one();
	struct alm_answer answer;

	test_broker_kill(&broker);
	flip("body", NULL, first, 60);
	test_broker_start(&broker);
	answer = test_broker_ask(&broker, "mailbox.show",
		(const char *const[]){"organisation", "RHA", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_assert_eq(answer.row_count, 2);
	cr_expect_str_eq(test_cell(&answer, 0, "kind"), "damaged");
	cr_expect_str_eq(test_cell(&answer, 0, "message-id"), "");
	cr_expect_eq(
		strtoull(test_cell(&answer, 0, "sequence"), NULL, 10), first);
	cr_expect_str_eq(test_cell(&answer, 1, "kind"), "message");
	cr_expect_eq(
		strtoull(test_cell(&answer, 1, "sequence"), NULL, 10), second);
}

/* What could not be said at the door is refused at arrival. */
static void send_under(unsigned obligation_count, enum alm_err *out_code)
{
	const struct alm_message message = test_message(&trust, "RHA");
	const char *at = strstr(test_policy, "    law:");
	const struct alm_envelope *receipt;
	char obligations[1024] = "o0";
	char policy[8192];
	size_t bytes = 2;

	cr_assert_not_null(at);
	for (unsigned i = 1; i < obligation_count; i++) {
		bytes += (size_t)snprintf(obligations + bytes,
			sizeof(obligations) - bytes, ", o%u", i);
	}
	(void)snprintf(policy, sizeof(policy), "%.*s    obligations: [%s]\n%s",
		(int)(at - test_policy), test_policy, obligations, at);
	test_broker_activate(&broker, policy);
	test_peer_send(&trust, &message, "content", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	*out_code = receipt->receipt.is_accepted
			    ? ALM_OK
			    : receipt->receipt.refused.code;
}

Test(damage, is_not_what_more_obligations_than_fit_a_message_are)
{
	enum alm_err code = ALM_OK;

	send_under(64, &code);
	cr_assert_eq(code, ALM_OK);
	connect();
	cr_expect_eq(next_mail()->obligations.count, 64);
	send_under(65, &code);
	cr_expect_eq(code, ALM_TOO_MANY_OBLIGATIONS);
	cr_expect_eq(anomalies(), 0);
}

/* --- keys ----------------------------------------------------------------- */

/* The first row of a table from a key's first byte on stands under a key in
 * which what divides it is broken; the broker does not run. */
static void break_key(const char *name, uint8_t first)
{
	struct test_table table = test_table_open(broker.store, name, 0);
	MDB_val key = {1, &first};
	MDB_val row;
	MDB_cursor *cursor;
	uint8_t raw[128];
	uint8_t *nul;

	cr_assert_eq(mdb_cursor_open(table.txn, table.dbi, &cursor), 0);
	cr_assert_eq(mdb_cursor_get(cursor, &key, &row, MDB_SET_RANGE), 0);
	cr_assert_leq(key.mv_size, sizeof(raw));
	memcpy(raw, key.mv_data, key.mv_size);
	row = test_table_copy(&table, key);
	cr_assert_eq(mdb_cursor_del(cursor, 0), 0);
	nul = memchr(raw + 1, 0, key.mv_size - 1);
	cr_assert_not_null(nul);
	*nul ^= 1;
	test_table_put(&table, (MDB_val){key.mv_size, raw}, row);
	test_table_close(&table);
}

/* Until the broker has swept its tables, as it does once a second. */
static void await_sweep(void)
{
	const struct alm_message first = test_message(&trust, "RHA");
	struct alm_message now;

	do {
		(void)test_broker_ask(&broker, "status", NONE);
		now = test_message(&trust, "RHA");
	} while (alm_message_id_ms(&now.id) <
		 alm_message_id_ms(&first.id) + 2500);
}

Test(damage, of_a_key_does_not_stop_what_looks_after_its_table)
{
	struct alm_message large = test_message(&trust, "RHA");

	(void)send_one();
	large.payload_bytes = (uint64_t)4 << 20;
	test_peer_send(&trust, &large, "", 0);
	(void)test_peer_expect(&trust, ALM_ENVELOPE_PROGRESS);
	test_broker_kill(&broker);
	break_key("duplicate", 'R');
	break_key("upload", 0);
	test_broker_start(&broker);
	await_sweep();
	test_peer_disconnect(&trust);
	test_peer_connect(&trust, &broker);
	test_peer_hello(&trust, 0);
	(void)send_one();
}

/* --- orders --------------------------------------------------------------- */

/* One bit of the row of RHA's mailbox; the broker does not run. */
static void flip_mailbox(size_t at)
{
	char recipient[] = "RHA";

	test_table_flip(broker.store, "mailbox", (MDB_val){3, recipient}, at);
}

static void order(const char *verb)
{
	struct alm_answer answer = test_broker_ask(&broker, verb,
		(const char *const[]){
			"organisation", "RHA", "reason", "a test", NULL});

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_expect_str_eq(test_fact(&answer, "changed"), "yes");
}

static void expect_hold(const char *by)
{
	struct alm_answer answer =
		test_broker_ask(&broker, "mailbox.list", NONE);

	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_eq(test_cell(&answer, 0, "messages"), "1");
	cr_expect_str_eq(test_cell(&answer, 0, "on-hold-by"), by);
	answer = test_broker_ask(&broker, "mailbox.show",
		(const char *const[]){"organisation", "RHA", NULL});
	cr_expect_str_eq(test_fact(&answer, "on-hold-by"), by);
}

Test(damage, of_a_mailboxs_row_releases_nothing)
{
	const uint64_t first = send_one();

	order("mailbox.hold");
	for (unsigned i = 1; i <= 2; i++) {
		expect_hold("order");
		test_broker_kill(&broker);
		flip_mailbox(i == 1 ? 39 : 0); /* since when it is held */
		test_broker_start(&broker);
		connect();
		test_peer_expect_nothing(&hospital);
		expect_hold("damage");
		cr_expect_eq(anomalies(), i);
		test_broker_kill(&broker);
		test_broker_start(&broker);
		test_peer_disconnect(&hospital);
		connect();
		test_peer_expect_nothing(&hospital);
		expect_hold("damage");
		cr_expect_eq(anomalies(), i, "it is told once");
		order("mailbox.hold");
		test_peer_disconnect(&hospital);
	}
	connect();
	order("mailbox.release");
	cr_expect_eq(next_mail()->sequence, first);
	expect_hold("");
}
