/*
 * Goal: damage that nobody has asked for is found all the same, told once, and
 * costs no more than the damaged rows.  Method: flip bits in the store of a
 * running broker, as another program would, and of one that was killed.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "tests/support/peer.h"
#include "tests/support/table.h"

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer hospital;

static void open_all(void)
{
	test_broker_open(&broker, "audit-verify-rate: 1000000\n");
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

TestSuite(scrub, .init = open_all, .fini = close_all, .timeout = 1800);

static uint64_t send_one(uint64_t *out_audit)
{
	const struct alm_message message = test_message(&trust, "RHA");
	const struct alm_receipt *receipt = test_peer_receipt(&trust, &message);

	cr_assert(receipt->is_accepted, "refused: %s", receipt->refused.name);
	*out_audit = receipt->accepted.audit_sequence;
	return receipt->accepted.sequence;
}

/* Flip one bit of a row, whether the broker runs or not. */
static void flip(const char *table, uint64_t number, size_t at)
{
	uint8_t raw[8];

	alm_put_u64(raw, number);
	test_table_flip(broker.store, table, (MDB_val){sizeof(raw), raw}, at);
}

static void remove_row(const char *name, uint64_t number)
{
	struct test_table table = test_table_open(broker.store, name, 0);
	uint8_t raw[8];
	MDB_val key = {sizeof(raw), raw};

	alm_put_u64(raw, number);
	cr_assert_eq(mdb_del(table.txn, table.dbi, &key, NULL), 0);
	test_table_close(&table);
}

/* So many passes ended; of two, the second began after this. */
static void wait_for_passes(uint64_t passes)
{
	uint64_t until =
		test_broker_figure(&broker, "store-verify-passes") + passes;

	while (test_broker_figure(&broker, "store-verify-passes") < until) {
	}
}

/* Findings are recorded with the next sweep. */
static void wait_for_anomalies(uint64_t count)
{
	while (test_broker_figure(&broker, "anomalies") < count) {
	}
}

static struct alm_answer anomalies(void)
{
	return test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "anomaly", "reveal", "yes",
			"reason", "test", NULL});
}

static bool is_told(const struct alm_answer *answer, const char *what)
{
	unsigned count = 0;

	for (size_t i = 0; i < answer->row_count; i++) {
		count += strstr(test_cell(answer, i, "detail"), what) != NULL;
	}
	cr_expect_leq(count, 1, "told %u times: %s", count, what);
	return count > 0;
}

static void expect_in_log(const char *text, unsigned times)
{
	static char log[1 << 20];
	char path[PATH_MAX + 16];
	unsigned count = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/log", broker.folder);
	file = fopen(path, "r");
	cr_assert_not_null(file);
	log[fread(log, 1, sizeof(log) - 1, file)] = '\0';
	(void)fclose(file);
	for (const char *at = log; (at = strstr(at, text)) != NULL; at++) {
		count++;
	}
	cr_expect_eq(count, times, "%s", log);
}

Test(scrub, finds_damage_in_a_running_broker_and_serves_the_rest)
{
	uint64_t first = 0;
	uint64_t second = 0;
	struct alm_answer answer;
	char number[24];
	char what[64];

	(void)send_one(&first);
	(void)send_one(&second);
	wait_for_passes(2);
	cr_expect_eq(anomalies().row_count, 0);
	cr_expect_geq(
		test_broker_figure(&broker, "audit-verified-seq"), second);
	flip("rec", first, 20);
	flip("priv", second, 30);
	wait_for_passes(2);
	wait_for_anomalies(3); /* these two, and the head */
	answer = anomalies();
	(void)snprintf(what, sizeof(what), "record %llu: it is not",
		(unsigned long long)first);
	cr_expect(is_told(&answer, what));
	(void)snprintf(what, sizeof(what), "record %llu: its private",
		(unsigned long long)second);
	cr_expect(is_told(&answer, what));
	/* The one is refused by its code, the others are there. */
	(void)snprintf(
		number, sizeof(number), "%llu", (unsigned long long)first);
	answer = test_broker_ask(&broker, "audit.show",
		(const char *const[]){"seq", number, NULL});
	cr_expect_eq(answer.code, ALM_RECORD_DAMAGED);
	(void)snprintf(
		number, sizeof(number), "%llu", (unsigned long long)second);
	answer = test_broker_ask(&broker, "audit.show",
		(const char *const[]){"seq", number, NULL});
	cr_expect_eq(answer.code, ALM_OK);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "accepted", NULL});
	cr_expect_eq(answer.code, ALM_OK);
	cr_expect_eq(answer.row_count, 1);
	cr_expect_eq(test_number(&answer, "damaged"), 1);
	/* Mail goes on. */
	(void)send_one(&second);
	test_peer_connect(&hospital, &broker);
	test_peer_hello(&hospital, 64);
	(void)test_peer_expect(&hospital, ALM_ENVELOPE_DELIVER);
	wait_for_passes(2);
	answer = anomalies();
	(void)snprintf(what, sizeof(what), "record %llu: it is not",
		(unsigned long long)first);
	cr_expect(is_told(&answer, what));
	expect_in_log("store.damaged", 3);
}

Test(scrub, finds_damage_that_came_while_the_broker_was_down)
{
	uint64_t first = 0;
	uint64_t mail = send_one(&first);
	struct alm_answer answer;
	char what[64];

	test_broker_kill(&broker);
	flip("priv", first, 30);
	flip("body", mail, 60);
	test_broker_start(&broker);
	wait_for_passes(1);
	wait_for_anomalies(2);
	answer = anomalies();
	(void)snprintf(what, sizeof(what), "record %llu: its private",
		(unsigned long long)first);
	cr_expect(is_told(&answer, what));
	(void)snprintf(what, sizeof(what), "mail %llu: its body",
		(unsigned long long)mail);
	cr_expect(is_told(&answer, what));
	cr_expect_eq(test_broker_figure(&broker, "store-damaged-rows"), 2);
}

Test(scrub, starts_with_a_damaged_record_among_the_last)
{
	uint64_t first = 0;
	uint64_t second = 0;
	struct alm_answer answer;
	char number[24];

	(void)send_one(&first);
	(void)send_one(&second);
	(void)test_broker_stop(&broker);
	flip("rec", first, 20);
	test_broker_start(&broker);
	wait_for_passes(1);
	(void)snprintf(
		number, sizeof(number), "%llu", (unsigned long long)first);
	answer = test_broker_ask(&broker, "audit.show",
		(const char *const[]){"seq", number, NULL});
	cr_expect_eq(answer.code, ALM_RECORD_DAMAGED);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "accepted", NULL});
	cr_expect_eq(answer.row_count, 1);
	cr_expect_eq(test_number(&answer, "damaged"), 1);
	test_peer_connect(&trust, &broker);
	test_peer_hello(&trust, 0);
	(void)send_one(&second);
	expect_in_log("of the log's last records", 1);
}

/* What is no broken seal of one record is not passed over. */
Test(scrub, does_not_start_without_one_of_the_last_records)
{
	static char log[1 << 16];
	uint64_t first = 0;

	(void)send_one(&first);
	(void)test_broker_stop(&broker);
	remove_row("rec", first);
	cr_expect_eq(test_broker_start_fails(&broker, log, sizeof(log)), 8);
}
