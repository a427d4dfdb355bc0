/*
 * Goal: a payload in parts whose download breaks off again and again gets to
 * its recipient as long as each try gets on, and is given up when none does.
 */
#include <criterion/criterion.h>

#include "tests/support/client.h"
#include "tests/support/large.h"
#include "tests/support/pair.h"

#define WAIT_MS 300000
#define ATTEMPTS_MAX 3u
#define BREAKS (4u * ATTEMPTS_MAX)
#define PARTS 48u

static void open_all(void)
{
	enrol_pair("acknowledge-timeout: 1s\nattempts-max: 3\n");
}

TestSuite(parts_again, .init = open_all, .fini = close_pair, .timeout = 1800);

static void upload(void)
{
	struct alm_source source = {
		.read = test_large_read, .bytes = (uint64_t)PARTS * 256 * 1024};
	struct alm_client *from = test_client_in_parts(&broker, &trust);
	struct alm_outgoing message = test_outgoing_of(&source);
	struct alm_receipt_view *receipt = NULL;

	cr_assert_eq(alm_send(from, &message, WAIT_MS, &receipt), 0);
	cr_assert_eq(receipt->code, 0, "%s %s", receipt->name, receipt->detail);
	alm_receipt_free(receipt);
	alm_client_close(from);
}

/* The cable is pulled, and the agent is there again: it is given its mail, or
 * that is a dead letter by now. */
static const struct alm_deliver *come_back(void)
{
	const struct alm_envelope hello = {.kind = ALM_ENVELOPE_HELLO,
		.hello = {.version = ALM_PROTOCOL_VERSION,
			.software = "test",
			.credit = 8,
			.takes_parts = true}};
	const struct alm_envelope *e;

	test_peer_disconnect(&practice);
	test_peer_connect(&practice, &broker);
	test_peer_say(&practice, &hello);
	do {
		e = test_peer_next(&practice, 100);
		if (e != NULL && e->kind == ALM_ENVELOPE_DELIVER) {
			return &e->deliver;
		}
	} while (test_broker_figure(&broker, "dead-letters") == 0);
	return NULL;
}

/* It has so many parts; one more comes. */
static void say_has(uint64_t sequence, uint64_t next)
{
	const struct alm_envelope ask = {.kind = ALM_ENVELOPE_PROGRESS,
		.progress = {
			.sequence = sequence, .next = next, .until = next + 1}};

	test_peer_say(&practice, &ask);
	if (next < PARTS) {
		(void)test_peer_expect(&practice, ALM_ENVELOPE_PART);
	} else {
		test_peer_expect_nothing(&practice);
	}
}

Test(parts_again, a_download_that_gets_on_is_not_given_up)
{
	const struct alm_deliver *deliver;
	uint64_t sequence = 0;

	upload();
	for (unsigned i = 0; i < BREAKS; i++) {
		deliver = come_back();
		cr_assert_not_null(deliver, "given up at part %u", i);
		cr_expect_eq(deliver->is_repeat, i > 0);
		cr_expect_leq(deliver->attempt, 3);
		sequence = deliver->sequence;
		say_has(sequence, i);
	}
	test_peer_acknowledge(&practice, sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
	cr_expect_eq(test_broker_figure(&broker, "dead-letters"), 0);
}

/* How often it is handed over, when each time so many parts are said to be
 * there. */
static unsigned tries_with(const uint64_t *next, size_t count)
{
	const struct alm_deliver *deliver;
	unsigned tries = 0;

	while ((deliver = come_back()) != NULL) {
		say_has(deliver->sequence,
			next[tries < count ? tries : count - 1]);
		tries++;
	}
	return tries;
}

Test(parts_again, a_download_that_gets_nowhere_is_given_up)
{
	upload();
	cr_expect_eq(
		tries_with((const uint64_t[]){0}, 1), ATTEMPTS_MAX, "never");
}

Test(parts_again, what_it_has_had_before_is_no_progress)
{
	upload();
	cr_expect_eq(tries_with((const uint64_t[]){0, 0, 7, 7, 3, 7}, 6),
		3 + ATTEMPTS_MAX - 1);
}

Test(parts_again, more_than_there_is_is_no_progress)
{
	upload();
	cr_expect_eq(
		tries_with(
			(const uint64_t[]){PARTS + 1, PARTS + 2, PARTS + 3}, 3),
		ATTEMPTS_MAX);
}
