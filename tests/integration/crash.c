/*
 * Goal: a crash of the broker at any instant loses nothing that was accepted,
 * delivers nothing that was not, and repeats only with the repeat mark.
 * Method: two agents on the library keep the broker busy; it is killed after
 * a random number of steps and a random moment more, and started again.
 * CRASH_ROUNDS and CRASH_SEED change how often and when.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agents/include/almoner.h"
#include "broker/store/audit.h"
#include "lib/file.h"
#include "tests/support/peer.h"

#define ROUNDS_DEFAULT 50u
#define MESSAGES_MAX 100000u
#define IN_FLIGHT_MAX 200u
#define STEPS_PER_ROUND_MAX 40u
#define INSTANT_US_MAX 3000u
#define STALL_MS 30000

/* What is known of the i-th message; its payload is its number. */
struct fate {
	bool is_accepted;
	unsigned deliveries;
	unsigned unmarked; /* deliveries without the repeat mark */
};

static struct test_broker broker;
static struct fate fates[MESSAGES_MAX];
static uint8_t ids[MESSAGES_MAX][16];
static unsigned started;
static unsigned answered;
static unsigned delivered;
static unsigned rng;

static unsigned random_below(unsigned limit)
{
	rng = rng * 1664525u + 1013904223u;
	return (rng >> 8) % limit;
}

static struct alm_client *open_client(const char *organisation, uint32_t credit)
{
	struct alm_client_options options = {.endpoint = broker.endpoint,
		.broker_key = broker.public_key,
		.organisation = organisation,
		.credit = credit};
	struct alm_client *client = NULL;
	struct test_peer keys;
	char error[512] = "";

	test_peer_make(&keys, organisation);
	test_peer_register(&keys, &broker, "agent");
	options.curve_key = keys.curve_secret;
	options.signing_key = keys.signing_secret; /* begins with the seed */
	cr_assert_eq(
		alm_client_open_with(&options, &client, error, sizeof(error)),
		0, "%s", error);
	test_peer_free(&keys);
	return client;
}

static void start_sends(struct alm_client *trust)
{
	unsigned in_flight = 1 + random_below(IN_FLIGHT_MAX);

	static const char *const categories[] = {"discharge"};

	while (started < MESSAGES_MAX && started - answered < in_flight) {
		struct alm_outgoing message = {.recipient = "C84001",
			.purpose = "direct-care",
			.categories = categories,
			.category_count = 1,
			.level = "identifiable",
			.subject = "9990000018",
			.payload = &started,
			.payload_bytes = sizeof(started)};
		int rc = alm_send_start(trust, &message, ids[started]);

		if (rc == ALM_CODE_WINDOW_FULL) {
			return;
		}
		cr_assert_eq(rc, 0, "%s", alm_error_name(rc));
		started++;
	}
}

static void take_receipt(const struct alm_receipt_view *receipt)
{
	for (unsigned i = started; i > 0; i--) {
		if (memcmp(ids[i - 1], receipt->id, 16) == 0) {
			cr_assert_eq(receipt->code, 0, "%s", receipt->name);
			cr_assert_not(fates[i - 1].is_accepted);
			fates[i - 1].is_accepted = true;
			answered++;
			return;
		}
	}
	cr_assert_fail("a receipt for a message that was never sent");
}

static void take_delivery(
	struct alm_client *practice, const struct alm_delivery *mail)
{
	unsigned i = MESSAGES_MAX;

	cr_assert_eq(mail->payload_bytes, sizeof(i));
	memcpy(&i, mail->payload, sizeof(i));
	cr_assert_lt(i, started);
	cr_assert_eq(memcmp(ids[i], mail->id, 16), 0);
	delivered += fates[i].deliveries == 0 ? 1 : 0;
	fates[i].deliveries++;
	fates[i].unmarked += mail->is_repeat ? 0 : 1;
	cr_assert_eq(alm_acknowledge(practice, mail->sequence, NULL), 0);
}

static void take_events(struct alm_client *client, struct alm_client *practice)
{
	struct alm_event *event;

	cr_assert_eq(alm_client_process(client), 0);
	while ((event = alm_client_next_event(client)) != NULL) {
		if (event->kind == ALM_EVENT_RECEIPT) {
			take_receipt(event->receipt);
		} else if (event->kind == ALM_EVENT_DELIVERY) {
			take_delivery(practice, event->delivery);
		}
		alm_event_free(event);
	}
}

/* One step of both agents.  A broker that does not come back fails. */
static void step(struct alm_client *trust, struct alm_client *practice)
{
	struct pollfd fds[] = {
		{.fd = alm_client_fd(trust), .events = POLLIN},
		{.fd = alm_client_fd(practice), .events = POLLIN},
	};

	cr_assert_gt(poll(fds, 2, STALL_MS), 0, "nothing moves any more");
	take_events(trust, practice);
	take_events(practice, practice);
}

/* Let the broker work on for a random while, so that it may be killed
 * anywhere: between a receipt and a commit, or in the middle of one. */
static void let_work_on(void)
{
	unsigned wait_us = random_below(INSTANT_US_MAX);
	struct timespec begun;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begun.tv_sec) * 1000000 +
			 (now.tv_nsec - begun.tv_nsec) / 1000 <
		 (long)wait_us);
}

static void play_round(struct alm_client *trust, struct alm_client *practice)
{
	unsigned steps = 1 + random_below(STEPS_PER_ROUND_MAX);
	unsigned until = answered + 1;

	for (unsigned i = 0; i < steps || answered < until; i++) {
		start_sends(trust);
		step(trust, practice);
	}
	start_sends(trust);
	cr_assert_eq(alm_client_process(trust), 0);
	let_work_on();
	test_broker_kill(&broker);
	test_broker_start(&broker);
}

static void check_fates(void)
{
	for (unsigned i = 0; i < started; i++) {
		cr_expect(fates[i].is_accepted, "message %u unanswered", i);
		cr_expect_geq(fates[i].deliveries, 1, "message %u was lost", i);
		cr_expect_leq(fates[i].unmarked, 1,
			"message %u came twice without the mark", i);
	}
}

static void check_log(void)
{
	struct alm_audit_report report;
	struct alm_problem problem;
	uint8_t key[32];

	cr_assert_eq(
		alm_key_file_read(broker.store_key, key, &problem), ALM_OK);
	cr_assert_eq(alm_audit_verify(broker.store, key, NULL, NULL, &report),
		ALM_OK, "%s", report.what);
	/* Each message was accepted, handed over and acknowledged. */
	cr_assert_geq(report.records, 3 * started);
}

static unsigned rounds_from(const char *name, unsigned fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : (unsigned)strtoul(text, NULL, 10);
}

Test(crash, loses_nothing_and_repeats_only_with_the_mark, .timeout = 1200)
{
	unsigned rounds = rounds_from("CRASH_ROUNDS", ROUNDS_DEFAULT);
	struct alm_client *practice;
	struct alm_client *trust;

	rng = rounds_from("CRASH_SEED", 20261122u);
	printf("crash: seed %u, %u rounds\n", rng, rounds);
	test_broker_open(&broker, "acknowledge-timeout: 2s\n");
	test_broker_activate(&broker, test_policy);
	trust = open_client("RX1", 0);
	practice = open_client("C84001", 256);
	for (unsigned round = 0; round < rounds; round++) {
		play_round(trust, practice);
	}
	while (answered < started || delivered < started) {
		step(trust, practice);
	}
	while (test_broker_ask(
		       &broker, "mailbox.list", (const char *const[]){NULL})
			.row_count > 0) {
		step(trust, practice);
	}
	check_fates();
	alm_client_close(trust);
	alm_client_close(practice);
	cr_assert_eq(test_broker_stop(&broker), 0);
	check_log();
	printf("crash: %u messages\n", started);
	test_broker_close(&broker);
}
