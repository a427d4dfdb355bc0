/*
 * Goal: what was kept long enough goes, and nothing else; the log says so, and
 * still verifies.  Method: a store with a history of years, made with the
 * store itself, under a real broker.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "broker/store/store.h"
#include "lib/file.h"
#include "lib/id.h"
#include "tests/support/peer.h"

#define NONE ((const char *const[]){NULL})
#define YEAR_US (INT64_C(31557600) * 1000000)

static struct test_broker broker;
static uint8_t key[ALM_STORE_KEY_BYTES];
static uint8_t audit_key[32];

static void say(struct alm_store *store, int64_t time_us,
	enum alm_audit_kind kind, const char *purpose)
{
	struct alm_audit_record record = {.kind = kind,
		.sender = "RX1",
		.recipient = "RHA",
		.purpose = purpose,
		.categories = "",
		.basis = "",
		.standard = ""};
	uint8_t seed[32];

	randombytes_buf(seed, sizeof(seed));
	if (kind == ALM_AUDIT_ACCEPTED) {
		record.has_person = true;
		alm_store_pseudonym(store, "9990000018", record.person);
	}
	cr_assert_eq(alm_store_begin(store, time_us, seed), ALM_OK);
	cr_assert_eq(
		alm_store_audit_append(store, &record, "why: old\n"), ALM_OK);
	cr_assert_eq(alm_store_commit(store), ALM_OK);
}

/* Ten years of it: two of each class, of ten years and of four ago. */
static void make_history(void)
{
	struct alm_store_options options = {.path = broker.store, .key = key};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_store *store = NULL;
	int64_t now_us = (int64_t)time(NULL) * 1000000;

	cr_assert_eq(
		alm_key_file_read(broker.store_key, key, &problem), ALM_OK);
	alm_tempdir_remove(broker.store);
	cr_assert_eq(alm_store_open(&options, &store, &problem), ALM_OK, "%s",
		problem.detail);
	for (int64_t years = 10; years >= 4; years -= 6) {
		int64_t then_us = now_us - years * YEAR_US;

		for (unsigned i = 0; i < 2; i++) {
			say(store, then_us, ALM_AUDIT_ACCEPTED, "direct-care");
			say(store, then_us, ALM_AUDIT_ACCEPTED, "cancer-care");
			say(store, then_us, ALM_AUDIT_ADMIN, "");
		}
	}
	alm_store_close(store);
}

/* So that heads are signed, for who verifies them elsewhere. */
static void make_audit_key(void)
{
	uint8_t secret[64];
	uint8_t seed[32];

	randombytes_buf(seed, sizeof(seed));
	(void)crypto_sign_seed_keypair(audit_key, secret, seed);
	test_broker_add_audit_key(&broker, seed);
}

static void open_all(void)
{
	test_broker_open(&broker, "");
	cr_assert_eq(test_broker_stop(&broker), 0);
	make_history();
	make_audit_key();
	test_broker_start(&broker);
}

static void close_all(void)
{
	test_broker_close(&broker);
}

TestSuite(retention, .init = open_all, .fini = close_all, .timeout = 1800);

static struct alm_answer prune(const char *const *first, bool is_dry)
{
	struct alm_answer answer =
		test_broker_ask(&broker, "audit.prune", first);

	while (answer.code == ALM_OK && answer.cursor[0] != '\0') {
		char cursor[32];

		(void)snprintf(cursor, sizeof(cursor), "%s", answer.cursor);
		answer = test_broker_ask(&broker, "audit.prune",
			(const char *const[]){"cursor", cursor, "dry-run",
				is_dry ? "yes" : "no", "reason", "test", NULL});
	}
	cr_assert_eq(answer.code, ALM_OK);
	return answer;
}

static uint64_t with_detail(const char *kind, const char *detail)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){
			"kind", kind, "reveal", "yes", "reason", "test", NULL});
	uint64_t count = 0;

	cr_assert_eq(answer.code, ALM_OK);
	for (size_t i = 0; i < answer.row_count; i++) {
		count +=
			strstr(test_cell(&answer, i, "detail"), detail) != NULL;
	}
	return count;
}

Test(retention, takes_away_what_is_past_its_time_and_records_it)
{
	struct alm_audit_report report;
	struct alm_answer answer;

	answer = prune((const char *const[]){"dry-run", "yes", NULL}, true);
	cr_expect_eq(test_number(&answer, "disclosures-parts"), 2);
	cr_expect_eq(test_number(&answer, "long-parts"), 0);
	cr_expect_eq(test_number(&answer, "security-parts"), 4);
	cr_expect_eq(test_number(&answer, "days-without-records"), 4 * 365 + 1);
	cr_expect_eq(with_detail("accepted", "why: old"), 8);
	cr_expect_eq(with_detail("pruned", "what: pruning begun"), 0);
	answer = test_broker_ask(&broker, "audit.prune", NONE);
	cr_expect_eq(answer.code, ALM_REASON_REQUIRED);
	/* Four years without a record, as a clock leaves that runs ahead. */
	answer = test_broker_ask(&broker, "audit.prune",
		(const char *const[]){"reason", "yearly", NULL});
	cr_expect_eq(answer.code, ALM_CLOCK_DOUBTFUL);
	cr_expect_eq(with_detail("pruned", "what: pruning begun"), 0);
	answer = prune((const char *const[]){"reason", "yearly", "despite-gap",
			       "yes", NULL},
		false);
	cr_expect_eq(test_number(&answer, "disclosures-parts"), 2);
	cr_expect_eq(test_number(&answer, "security-parts"), 4);
	cr_expect_gt(test_number(&answer, "used-before"), 0);
	cr_expect_eq(with_detail("accepted", "why: old"), 6);
	cr_expect_eq(with_detail("accepted", "pruned"), 2);
	cr_expect_eq(with_detail("administration", "pruned"), 4);
	cr_expect_eq(with_detail("pruned", "what: pruned"), 1);
	cr_expect_eq(with_detail("pruned", "reason: yearly"), 1);
	/* Once is enough. */
	answer = prune((const char *const[]){"reason", "again", "despite-gap",
			       "yes", NULL},
		false);
	cr_expect_eq(test_number(&answer, "looked-at"), 0);
	cr_assert_eq(test_broker_stop(&broker), 0);
	cr_expect_eq(alm_audit_verify(broker.store, key, NULL, NULL, &report),
		ALM_OK, "%s", report.what);
	cr_expect_eq(report.private_pruned, 6);
	cr_expect_eq(report.private_absent, 0);
	cr_expect_eq(report.private_erased, 0);
}

Test(retention, refuses_a_walk_that_it_does_not_know)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.prune",
		(const char *const[]){"reason", "x", "cursor", "7", NULL});

	cr_expect_eq(answer.code, ALM_PRUNE_LOST);
}

/* Exported, and read by a verifier that shares no code with ours. */
Test(retention, leaves_a_log_that_others_still_verify)
{
	char command[4 * PATH_MAX];
	char text[2 * sizeof(audit_key) + 1];

	(void)prune((const char *const[]){"reason", "yearly", "despite-gap",
			    "yes", NULL},
		false);
	cr_assert_eq(test_broker_stop(&broker), 0);
	alm_hex(audit_key, sizeof(audit_key), text);
	(void)snprintf(command, sizeof(command),
		"%s/almoner audit export --quiet --reason 'a test' "
		"--tiles %s/tiles --store %s --key %s >/dev/null && "
		"python3 tests/verifier/verify %s/tiles --audit-key %s "
		">/dev/null",
		getenv("ALMONER_BUILD"), broker.folder, broker.store,
		broker.store_key, broker.folder, text);
	cr_expect_eq(system(command), 0, "%s", command);
}
