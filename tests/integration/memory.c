/*
 * Goal: who makes the broker need more memory than a turn has is refused, and
 * nobody else, and mail goes on.  Method: a person with so many and so long
 * directives that a few messages about it take it all; while the broker stands
 * still, these and another's messages gather for one turn.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/record_batch.h"
#include "tests/support/peer.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"

#define LONG "9990000026" /* of whom a few messages are too many */
#define USUAL "9990000018"
#define EXCEPTIONS 2500u /* of a directive: 60 KB, and six times that read */
#define DIRECTIVES 48u
#define GREEDY 40u
#define MODEST 3u

static const char two_senders[] = TEST_POLICY("{id: discharge}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001"),
	TEST_CARE_AGREEMENT(
		"DSA-CARE", "RX1, RHA", "C84001", "discharge", "identifiable"));

static struct test_broker broker;
static struct test_peer greedy;
static struct test_peer modest;

static void open_all(void)
{
	test_broker_open(&broker, "");
	test_broker_activate(&broker, two_senders);
	test_peer_open(&greedy, &broker, "RX1", 0);
	test_peer_open(&modest, &broker, "RHA", 0);
}

static void close_all(void)
{
	test_peer_free(&greedy);
	test_peer_free(&modest);
	test_broker_close(&broker);
}

TestSuite(memory, .init = open_all, .fini = close_all, .timeout = 1800);

static void put(struct alm_record_batch_writer *batch)
{
	struct alm_attachment file = {
		.name = "batch", .content = alm_record_batch_finish(batch)};
	struct alm_answer answer = {.code = ALM_TURN_SHARE_USED};

	while (answer.code == ALM_TURN_SHARE_USED) {
		answer = test_broker_attach(&broker, "people.put",
			(const char *const[]){NULL}, &file, 1);
	}
	cr_assert_eq(answer.code, ALM_OK);
	cr_assert_eq(test_number(&answer, "added"), batch->count);
}

/* Directives that say nothing in many words. */
static void make_long(void)
{
	static const char *const a[] = {"a"};
	static const struct alm_word_list list = {a, 1};
	static struct alm_directive_exception exceptions[EXCEPTIONS];
	static uint8_t bytes[ALM_PEOPLE_BATCH_BYTES_MAX];
	struct alm_person_record record = test_objection(LONG);
	struct alm_record_batch_writer batch;
	char scope[32];

	for (size_t i = 0; i < EXCEPTIONS; i++) {
		exceptions[i] = (struct alm_directive_exception){
			ALM_WORD_PERMIT, list, list, list};
	}
	record.directive.effect = ALM_WORD_PERMIT;
	record.directive.purposes = list;
	record.directive.categories = list;
	record.directive.exceptions = exceptions;
	record.directive.exception_count = EXCEPTIONS;
	record.directive.id = scope;
	record.directive.scope = scope;
	alm_record_batch_init(&batch, bytes, sizeof(bytes));
	for (unsigned i = 0; i < DIRECTIVES;) {
		enum alm_err err;

		snprintf(scope, sizeof(scope), "scope-%u", i);
		err = alm_record_batch_add(&batch, i + 1, &record);
		if (err == ALM_TOO_MANY_VALUES) {
			put(&batch);
			alm_record_batch_init(&batch, bytes, sizeof(bytes));
			continue;
		}
		cr_assert_eq(err, ALM_OK);
		i++;
	}
	put(&batch);
}

/* To one, or to several, for whom the person is read once and kept. */
static void send_about(struct test_peer *peer, const char *subject,
	unsigned count, bool is_one)
{
	static const char *const several[] = {"C84001"};

	for (unsigned i = 0; i < count; i++) {
		struct alm_message message = test_message(peer, "C84001");

		message.subject = subject;
		if (!is_one) {
			message.recipient = "";
			message.recipients = (struct alm_texts){several, 1};
		}
		test_peer_send(peer, &message, "content", 0);
	}
}

/* All were accepted, or refused with this code: how many were. */
static unsigned take_receipts(
	struct test_peer *peer, unsigned count, enum alm_err code)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct alm_receipt *receipt =
			&test_peer_expect(peer, ALM_ENVELOPE_RECEIPT)->receipt;

		if (!receipt->is_accepted) {
			cr_assert_eq(receipt->refused.code, code, "%s",
				receipt->refused.name);
			refused++;
		}
	}
	return refused;
}

Test(memory, that_one_organisation_takes_is_refused_to_it_alone)
{
	make_long();
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	send_about(&greedy, LONG, GREEDY, false);
	send_about(&modest, USUAL, MODEST, true);
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	cr_expect_eq(take_receipts(&modest, MODEST, ALM_OK), 0);
	cr_expect_lt(take_receipts(&greedy, GREEDY, ALM_BUSY), GREEDY);
	cr_expect_eq(test_broker_records(&broker, "anomaly"), 0);
}

/* Nobody has sent anything in the turn that hands all of it over. */
Test(memory, is_enough_for_mail_about_people_of_many_records)
{
	struct test_peer practice;

	make_long();
	send_about(&greedy, LONG, GREEDY, true);
	cr_expect_eq(take_receipts(&greedy, GREEDY, ALM_OK), 0);
	test_peer_open(&practice, &broker, "C84001", GREEDY);
	for (unsigned i = 0; i < GREEDY; i++) {
		const struct alm_envelope *mail =
			test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);

		test_peer_acknowledge(&practice, mail->deliver.sequence, NULL);
	}
	test_peer_free(&practice);
	send_about(&modest, USUAL, MODEST, true);
	cr_expect_eq(take_receipts(&modest, MODEST, ALM_OK), 0);
}
