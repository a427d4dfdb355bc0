/*
 * Goal: a system clock that is set, by an hour or a year, back or forward, and
 * perhaps back again, loses no mail, expires none without a word, and leaves a
 * log whose times never run backwards; and an operator hears of it.
 * Method: a real broker into which a library is loaded that shifts its clocks
 * (tests/clock/shim.c), while mail is queued and in flight.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/audit.h"
#include "lib/file.h"
#include "tests/support/peer.h"
#include "tests/support/shift.h"

#define HOUR_S INT64_C(3600)
#define YEAR_S (365 * 24 * HOUR_S)
#define HELD_S 660 /* longer than the broker doubts */
#define QUEUED 5u

static struct test_broker broker;
static struct test_peer trust;
static struct test_peer practice;

static void open_all(void)
{
	make_clock();
	load_clock();
	test_broker_open(&broker, "acknowledge-timeout: 1s\n");
	test_broker_activate(&broker, test_policy);
	test_peer_open(&trust, &broker, "RX1", 64);
	test_peer_open(&practice, &broker, "C84001", 1);
}

static void verify_log(void)
{
	struct alm_audit_report report;
	struct alm_problem problem;
	uint8_t key[32];

	cr_assert_eq(
		alm_key_file_read(broker.store_key, key, &problem), ALM_OK);
	cr_assert_eq(alm_audit_verify(broker.store, key, NULL, NULL, &report),
		ALM_OK, "%s", report.what);
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_peer_free(&practice);
	if (broker.pid != 0) {
		cr_expect_eq(test_broker_stop(&broker), 0);
		verify_log();
	}
	test_broker_close(&broker);
	drop_clock();
}

TestSuite(clock, .init = open_all, .fini = close_all, .timeout = 1800);

/* Send a message of so much later; gives the receipt. */
static const struct alm_receipt *send_at(int64_t skew_s)
{
	struct alm_message message = test_message(&trust, "C84001");
	int64_t made_ms = alm_message_id_ms(&message.id) + skew_s * 1000;

	for (unsigned i = 0; i < 6; i++) { /* where the id says it */
		message.id.raw[i] = (uint8_t)(made_ms >> (40 - 8 * i));
	}
	test_peer_send(&trust, &message, "content", skew_s * 1000);
	return &test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT)->receipt;
}

static bool is_accepted(int64_t skew_s)
{
	return send_at(skew_s)->is_accepted;
}

/* The first is in flight, the others queued. */
static void queue_mail(void)
{
	for (unsigned i = 0; i < QUEUED; i++) {
		cr_assert(is_accepted(0));
	}
}

static void take_all(unsigned count)
{
	uint64_t last = 0;

	for (unsigned taken = 0; taken < count;) {
		uint64_t sequence =
			test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
				->deliver.sequence;

		test_peer_acknowledge(&practice, sequence, NULL);
		taken += sequence != last ? 1 : 0;
		last = sequence;
	}
}

static struct alm_answer status(void)
{
	return test_broker_ask(&broker, "status", (const char *const[]){NULL});
}

static bool clock_says(const char *text)
{
	struct alm_answer answer = status();

	return strstr(test_fact(&answer, "clock"), text) != NULL;
}

/* Sweeps are made by time: longer than one of them takes to come. */
static void let_it_sweep(void)
{
	struct timespec start;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		(void)status();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < 3);
}

static bool is_logged(const char *event)
{
	char path[PATH_MAX + 16];
	struct alm_problem problem;
	uint8_t *data = NULL;
	size_t bytes = 0;
	bool is_there;

	snprintf(path, sizeof(path), "%s/log", broker.folder);
	cr_assert_eq(
		alm_file_read(path, 1 << 20, &data, &bytes, &problem), ALM_OK);
	is_there = strstr((char *)data, event) != NULL;
	free(data);
	return is_there;
}

static void expect_times_in_order(void)
{
	char last[64] = "";
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"limit", "1000", NULL});

	cr_assert_gt(answer.row_count, QUEUED);
	for (size_t i = 0; i < answer.row_count; i++) {
		const char *time = test_cell(&answer, i, "time");

		cr_expect_leq(strcmp(last, time), 0, "%s after %s", time, last);
		snprintf(last, sizeof(last), "%s", time);
	}
}

/* Both clocks go on so far. */
static void pass(int64_t seconds)
{
	shift->passed_s += seconds;
	(void)status();
}

Test(clock, set_forward_a_year_for_a_while_expires_nothing)
{
	queue_mail();
	shift->wall_s = YEAR_S;
	let_it_sweep();
	cr_expect(clock_says("not believed"));
	cr_expect(is_logged("clock.doubted"));
	cr_expect_eq(test_broker_figure(&broker, "expired"), 0);
	cr_expect(is_accepted(0), "agents know the time");
	shift->wall_s = 0;
	(void)status();
	cr_expect(clock_says("good"));
	cr_expect(is_logged("clock.good"));
	take_all(QUEUED + 1);
	expect_times_in_order();
}

Test(clock, set_back_an_hour_for_good_loses_nothing)
{
	queue_mail();
	shift->wall_s = -HOUR_S;
	let_it_sweep();
	cr_expect(is_accepted(0));
	pass(HELD_S);
	cr_expect(is_logged("clock.believed"));
	cr_expect(clock_says("behind the last record"));
	cr_expect_not(is_accepted(0), "not when the clocks are an hour apart");
	cr_expect(is_accepted(shift->wall_s + shift->passed_s));
	take_all(QUEUED + 2);
	expect_times_in_order();
	cr_expect_eq(test_broker_figure(&broker, "expired"), 0);
	/* An hour is what a start lets pass. */
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_start(&broker);
	cr_expect(is_logged("clock.behind"));
}

Test(clock, set_forward_a_year_for_good_says_so_of_each_message)
{
	char log[8192];
	unsigned notices = 0;

	queue_mail();
	shift->wall_s = YEAR_S;
	(void)status();
	pass(HELD_S);
	cr_expect(is_logged("clock.believed"));
	cr_expect(clock_says("good"));
	while (notices < QUEUED) {
		const struct alm_envelope *notice =
			test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);

		cr_expect_eq(notice->notice.kind, ALM_NOTICE_KIND_EXPIRED);
		notices++;
	}
	cr_expect_eq(test_broker_figure(&broker, "expired"), QUEUED);
	/* And back: the log keeps the year, the mail does not wait for it. */
	shift->wall_s = 0;
	(void)status();
	pass(HELD_S);
	cr_expect(clock_says("behind the last record"));
	cr_expect(is_accepted(shift->wall_s + shift->passed_s));
	take_all(1);
	expect_times_in_order();
	cr_assert_eq(test_broker_stop(&broker), 0);
	cr_expect_neq(test_broker_start_fails(&broker, log, sizeof(log)), 0);
	cr_expect_neq(strstr(log, "clock-behind-max"), NULL, "%s", log);
	test_broker_add_settings(&broker, "clock-behind-max: 400d\n");
	test_broker_start(&broker);
	expect_times_in_order();
}

Test(clock, when_a_day_has_passed_the_store_says_how_long_it_lasts)
{
	struct alm_answer answer = status();

	queue_mail();
	cr_expect_str_eq(test_fact(&answer, "store-lasts-days"), "");
	pass(36 * HOUR_S);
	answer = status();
	cr_expect_gt(test_number(&answer, "store-growth-bytes-a-day"), 1000);
	cr_expect_gt(test_number(&answer, "store-lasts-days"), 1000);
}

/* --- years -----------------------------------------------------------------
 */

#define QUARTER_S (91 * 24 * HOUR_S)
#define YEARS 11u
#define WAIT_MS 300000 /* where it does not matter */

struct figures {
	uint64_t waiting; /* rows that come and go with the mail */
	uint64_t records;
	uint64_t details;
	uint64_t keys;
};

static uint64_t rows(const char *page, const char *table)
{
	char line[96];
	const char *at;

	(void)snprintf(line, sizeof(line),
		"\nalmoner_store_table_rows{table=\"%s\"} ", table);
	at = strstr(page, line);
	cr_assert_not_null(at, "%s", table);
	return strtoull(at + strlen(line), NULL, 10);
}

static struct figures look(void)
{
	static const char *const waiting[] = {"body", "queue", "duplicate",
		"shared", "part", "upload", "dead", "watch", "mailbox"};
	static char page[128 * 1024];
	struct figures now = {.waiting = 0};

	test_broker_page(&broker, "/metrics", page, sizeof(page));
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
		now.waiting += rows(page, waiting[i]);
	}
	now.records = rows(page, "rec");
	now.details = rows(page, "priv");
	now.keys = rows(page, "person-key");
	return now;
}

/* A sweep is a second after the one before, and comes when there is a turn. */
static void let_mail_go(void)
{
	int64_t until_ms = test_monotonic_ms() + WAIT_MS;

	while (look().waiting > 0 && test_monotonic_ms() < until_ms) {
		pass(2);
	}
	cr_assert_eq(look().waiting, 0);
}

static struct alm_answer prune(void)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.prune",
		(const char *const[]){
			"reason", "yearly", "despite-gap", "yes", NULL});

	while (answer.code == ALM_OK && answer.cursor[0] != '\0') {
		char cursor[32];

		(void)snprintf(cursor, sizeof(cursor), "%s", answer.cursor);
		answer = test_broker_ask(&broker, "audit.prune",
			(const char *const[]){"cursor", cursor, "dry-run", "no",
				"reason", "yearly", NULL});
	}
	return answer;
}

/* Told of what expired.  The one before may have come twice: time passes
 * faster here than an acknowledgement travels. */
static void take_notice(void)
{
	static uint64_t last;
	uint64_t sequence;

	do {
		const struct alm_envelope *envelope =
			test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);

		cr_assert_eq(envelope->notice.kind, ALM_NOTICE_KIND_EXPIRED);
		sequence = envelope->notice.sequence;
		test_peer_acknowledge(&trust, sequence, NULL);
	} while (sequence <= last);
	last = sequence;
}

/* Up to that one.  What expired in its hands comes before, and goes as well. */
static void take_until(uint64_t last)
{
	uint64_t sequence;

	do {
		sequence = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER)
				   ->deliver.sequence;
		test_peer_acknowledge(&practice, sequence, NULL);
	} while (sequence != last);
}

/* Mail that is taken, and mail that expires. */
static void live_a_quarter(void)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < 3; i++) {
		const struct alm_receipt *receipt = send_at(shift->passed_s);

		cr_assert(receipt->is_accepted);
		last = receipt->accepted.sequence;
	}
	take_until(last);
	cr_assert(is_accepted(shift->passed_s));
	pass(QUARTER_S);
	take_notice();
}

/* What goes with the mail is gone with it, private parts and keys of persons
 * stay as many once the first are old enough, and of what is kept for good no
 * year has more than the one before. */
Test(clock, a_broker_of_eleven_years_keeps_what_it_says_and_no_more)
{
	struct figures years[YEARS];
	char line[PATH_MAX + 32];

	(void)snprintf(line, sizeof(line), "http-endpoint: unix:%s/http.sock\n",
		broker.folder);
	test_broker_add_settings(&broker, line);
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_start(&broker);
	test_peer_come_back(&trust, &broker, 64);
	test_peer_come_back(&practice, &broker, 1);
	for (unsigned year = 0; year < YEARS; year++) {
		for (unsigned i = 0; i < 4; i++) {
			live_a_quarter();
		}
		let_mail_go();
		cr_assert_eq(prune().code, ALM_OK);
		years[year] = look();
	}
	cr_expect_leq(years[10].details, years[9].details + 2);
	cr_expect_leq(years[10].keys, years[9].keys + 2);
	cr_expect_lt(years[8].details, years[10].records / 10 * 9);
	cr_expect_leq(years[10].records - years[9].records,
		years[2].records - years[1].records + 2);
}
