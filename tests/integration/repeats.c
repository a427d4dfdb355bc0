/*
 * Goal: what is sent again costs a turn no more than it has, however long its
 * receipt is.  Method: a message to as many as there can be, sent again and
 * again while the broker is held still, and somebody else who waits.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"

#define WAIT_MS 300000 /* a shared machine may stand still */
#define REPEATS 450u

static void open_all(void)
{
	test_broker_open(&broker, "acknowledge-timeout: 1h\n");
	test_policy_activate_many(&broker, ALM_MULTICAST_RECIPIENTS_MAX);
	test_peer_open(&trust, &broker, "RX1", 64);
	test_peer_open(&practice, &broker, "M1", 0);
}

TestSuite(repeats, .init = open_all, .fini = close_pair, .timeout = 1800);

Test(repeats, of_a_long_receipt_take_nothing_from_others)
{
	static const char *const everybody[] = {"group:many"};
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	struct alm_message message = test_message(&trust, "");
	const struct alm_envelope *e;

	message.recipients = (struct alm_texts){everybody, 1};
	test_peer_send(&trust, &message, "content", 0);
	e = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(e->receipt.is_accepted);
	cr_assert_eq(e->receipt.outcome_count, ALM_MULTICAST_RECIPIENTS_MAX);
	cr_assert_eq(kill(broker.pid, SIGSTOP), 0);
	test_peer_say(&practice, &ping);
	for (unsigned i = 0; i < REPEATS; i++) {
		test_peer_send(&trust, &message, "content", 0);
	}
	test_peer_say(&practice, &ping);
	cr_assert_eq(kill(broker.pid, SIGCONT), 0);
	for (unsigned i = 0; i < 2; i++) {
		e = test_peer_next(&practice, WAIT_MS);
		cr_assert_not_null(e);
		cr_expect_eq(e->kind, ALM_ENVELOPE_PONG, "%d: %s",
			(int)e->error.code, e->error.name);
	}
	for (unsigned i = 0; i < REPEATS; i++) {
		e = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
		if (e->receipt.is_accepted) {
			cr_expect(e->receipt.accepted.is_duplicate);
		} else {
			cr_assert_eq(e->receipt.refused.code, ALM_BUSY, "%s",
				e->receipt.refused.name);
		}
	}
}

static struct alm_answer trace(const char *message, const char *after)
{
	const struct alm_argument arguments[] = {{"message", message},
		{"part", "steps"}, {"reason", "a test"}, {"after", after}};
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 7,
			.verb = "trace",
			.arguments = arguments,
			.argument_count = after[0] == '\0' ? 3 : 4}};

	test_peer_say(&trust, &envelope);
	return test_peer_expect(&trust, ALM_ENVELOPE_ANSWER)->answer;
}

static size_t count_rows(const struct alm_answer *answer, const char *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->row_count; i++) {
		count += strncmp(test_cell(answer, i, "kind"), kind,
				 strlen(kind)) == 0;
	}
	return count;
}

/* Each step is followed by where its mail is, and that of the whole by how
 * often it came: it came for all of them. */
Test(repeats, a_trace_of_many_that_came_again_fits_its_pages)
{
	static const char *const everybody[] = {"group:many"};
	struct alm_message message = test_message(&trust, "");
	char id[ALM_UUID_TEXT_BYTES];
	char cursor[1024] = "";
	size_t places = 0;
	size_t repeats = 0;

	message.recipients = (struct alm_texts){everybody, 1};
	alm_message_id_text(&message.id, id);
	for (unsigned i = 0; i < 2; i++) {
		test_peer_send(&trust, &message, "content", 0);
		(void)test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	}
	do {
		struct alm_answer answer = trace(id, cursor);

		cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
		places += count_rows(&answer, "now-");
		repeats += count_rows(&answer, "sent-again");
		if (cursor[0] == '\0') {
			cr_expect_eq(repeats, 1);
			cr_expect_str_eq(test_cell(&answer, 0, "kind"),
				"sent-to-several");
			cr_expect_str_eq(
				test_cell(&answer, 1, "kind"), "sent-again");
			cr_expect_str_empty(test_cell(&answer, 1, "recipient"));
			cr_expect_str_eq(test_cell(&answer, 1, "attempt"), "1");
		}
		cr_assert_lt(strlen(answer.cursor), sizeof(cursor));
		memcpy(cursor, answer.cursor, strlen(answer.cursor) + 1);
	} while (cursor[0] != '\0');
	cr_expect_eq(places, ALM_MULTICAST_RECIPIENTS_MAX);
	cr_expect_eq(repeats, 1);
}
