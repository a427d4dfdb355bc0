/*
 * Goal: what a registered but hostile agent, or an unlucky operator, can do
 * to a broker and to others: nothing.  Method: agents at the level of the
 * wire, against a real broker, which must answer afterwards as before.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"

#define SUBJECT "9990000018"
#define WIDE_CATEGORIES 60u
#define LONG_MS 300000

static void open_with(const char *settings)
{
	open_trust(settings, test_policy, 64);
	test_peer_open(&practice, &broker, "C84001", 1);
}

static void open_all(void)
{
	open_with("acknowledge-timeout: 1h\n");
}

TestSuite(hostile, .init = open_all, .fini = close_pair, .timeout = 1800);

static struct alm_answer query(struct test_peer *peer, const char *key,
	const char *value, const char *reason)
{
	const struct alm_argument arguments[] = {
		{"limit", "1000"}, {"reason", reason}, {key, value}};
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 7,
			.verb = "audit.query",
			.arguments = arguments,
			.argument_count = key[0] == '\0' ? 2 : 3}};

	test_peer_say(peer, &envelope);
	return test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer;
}

Test(hostile, redelivers_to_a_session_whose_window_is_full)
{
	struct alm_message message;
	const struct alm_envelope *mail;

	close_pair();
	open_with("acknowledge-timeout: 1s\n");
	message = test_message(&trust, "C84001");
	cr_assert(test_peer_receipt(&trust, &message)->is_accepted);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	cr_assert(mail->deliver.is_repeat);
	cr_assert_eq(mail->deliver.attempt, 2);
}

/* --- what an agent may learn from the log -------------------------------- */

Test(hostile, recipient_learns_nothing_of_what_was_refused)
{
	struct alm_message message = test_message(&trust, "C84001");
	static const char *const unknown[] = {"contact"};
	struct alm_answer answer;

	message.categories.items = unknown;
	cr_assert_not(test_peer_receipt(&trust, &message)->is_accepted);
	answer = query(&practice, "person", SUBJECT, "curious");
	cr_assert_eq(answer.code, ALM_OK);
	cr_assert_eq(answer.row_count, 0);
	answer = query(&trust, "person", SUBJECT, "a complaint");
	cr_assert_eq(answer.row_count, 1);
}

Test(hostile, recipient_sees_what_it_was_given)
{
	const struct alm_message message = test_message(&trust, "C84001");
	struct alm_answer answer;

	cr_assert(test_peer_receipt(&trust, &message)->is_accepted);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	answer = query(&practice, "person", SUBJECT, "an access request");
	cr_assert_eq(answer.row_count, 1);
	cr_assert_str_eq(test_cell(&answer, 0, "kind"), "delivered");
}

/* A page of one row, of what the log has about a person. */
static struct alm_answer query_one(struct test_peer *peer, const char *person)
{
	const struct alm_argument arguments[] = {
		{"limit", "1"}, {"person", person}, {"reason", "curious"}};
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 8,
			.verb = "audit.query",
			.arguments = arguments,
			.argument_count = 3}};

	test_peer_say(peer, &envelope);
	return test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer;
}

/* A page that is over tells of a record as its row would. */
Test(hostile, a_short_page_tells_nothing_of_what_is_not_shown)
{
	static const char *const unknown[] = {"contact"};
	struct alm_message message = test_message(&trust, "C84001");
	struct alm_answer answer;

	message.categories.items = unknown;
	for (unsigned i = 0; i < 3; i++) {
		message.id = test_message(&trust, "C84001").id;
		cr_assert_not(test_peer_receipt(&trust, &message)->is_accepted);
	}
	answer = query_one(&practice, "9990000026");
	cr_assert_eq(answer.row_count, 0);
	cr_assert_str_eq(answer.cursor, "");
	answer = query_one(&practice, SUBJECT);
	cr_assert_eq(answer.row_count, 0);
	cr_expect_str_eq(answer.cursor, "");
	answer = query_one(&trust, SUBJECT);
	cr_assert_eq(answer.row_count, 1);
	cr_expect_str_neq(answer.cursor, "");
}

/* The cursor that a plain question gave, with one that reveals. */
Test(hostile, refuses_a_question_that_pretends_to_go_on)
{
	char cursor[128];
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"limit", "1", NULL});

	cr_assert_str_neq(answer.cursor, "");
	(void)snprintf(cursor, sizeof(cursor), "%s", answer.cursor);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"after", cursor, "reveal", "yes",
			"reason", "not to be seen", NULL});
	cr_expect_eq(answer.code, ALM_CURSOR);
	cr_expect_eq(answer.row_count, 0);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"after", cursor, "limit", "1", NULL});
	cr_expect_eq(answer.row_count, 1);
	cr_expect_eq(test_broker_records(&broker, "audit-queried"), 2,
		"one question was asked in pages, and one was refused");
}

/* --- what the directory tells --------------------------------------------- */

/* More than one call looks at. */
#define STRANGERS 8300u

/* Before the practice stand many whom the trust may not write to. */
static void activate_strangers(void)
{
	static char yaml[1024 * 1024];
	int at = snprintf(yaml, sizeof(yaml),
		"almoner: 1\nbundle: many\nkinds: [nhs-trust, gp-practice, "
		"charity]\npurposes:\n"
		"  - {id: direct-care, class: care, recipients: [any]}\n"
		"categories:\n  - id: discharge\norganisations:\n"
		"  - {id: RX1, name: First trust, kind: nhs-trust}\n"
		"  - {id: C84001, name: A practice, kind: gp-practice}\n");

	for (unsigned i = 0; i < STRANGERS; i++) {
		at += snprintf(yaml + at, sizeof(yaml) - (size_t)at,
			"  - {id: A%04uX, name: S, kind: charity}\n", i);
	}
	(void)snprintf(yaml + at, sizeof(yaml) - (size_t)at, "%s%s",
		"agreements:\n  - id: DSA-CARE\n    title: Care\n"
		"    from: [RX1]\n    to: [kind:gp-practice]\n"
		"    purposes: [direct-care]\n    categories: [discharge]\n"
		"    identifiability: identifiable\n"
		"    relationship: not-required\n    consent: implied\n"
		"    opt-out: not-applicable\n"
		"    valid: 2020-01-01 until further notice\n",
		"    law: {article-6: 6(1)(e), article-9: 9(2)(h), "
		"confidentiality: implied-consent}\n"
		"    evidence: [DPIA-1]\n"
		"    approved-by: [guardian, owner]\n");
	test_broker_activate(&broker, yaml);
}

static struct alm_answer find_all(void)
{
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 9, .verb = "org.find"}};

	test_peer_say(&trust, &envelope);
	return test_peer_expect(&trust, ALM_ENVELOPE_ANSWER)->answer;
}

Test(hostile, a_page_of_the_directory_names_no_stranger)
{
	struct alm_answer answer;

	activate_strangers();
	answer = find_all();
	cr_assert_eq(answer.code, ALM_OK);
	cr_expect_null(strchr(answer.cursor, 'X'), "%s", answer.cursor);
	cr_expect_geq(answer.row_count, 1);
	cr_expect_leq(answer.row_count, 2, "itself");
}

/* --- how much one may ask of a turn --------------------------------------- */

/* In one frame, and so in one turn. */
static void say_all(struct test_peer *peer,
	const struct alm_envelope *envelopes, size_t count)
{
	struct alm_frame_builder frame;
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)64 << 20);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(
			alm_frame_add(&frame, &envelopes[i], &arena), ALM_OK);
	}
	test_peer_say_bytes(peer, alm_frame_bytes(&frame));
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

/* Each of them is looked for. */
Test(hostile, acknowledges_no_more_of_what_it_was_not_given_than_a_window)
{
	static struct alm_acknowledgement items[ALM_ACKS_PER_ENVELOPE_MAX];
	static struct alm_envelope envelopes[20];
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};
	const struct alm_message message = test_message(&trust, "C84001");
	const struct alm_envelope *mail;
	size_t taken = 0;

	for (size_t i = 0; i < ALM_COUNT(items); i++) {
		items[i] = (struct alm_acknowledgement){1000 + i, false, ""};
	}
	for (size_t i = 0; i < ALM_COUNT(envelopes); i++) {
		envelopes[i].kind = ALM_ENVELOPE_ACKNOWLEDGE;
		envelopes[i].acknowledge =
			(struct alm_acknowledge){items, ALM_COUNT(items)};
	}
	say_all(&practice, envelopes, ALM_COUNT(envelopes));
	test_peer_say(&practice, &ping);
	while ((mail = test_peer_next(&practice, LONG_MS)) != NULL &&
		mail->kind != ALM_ENVELOPE_PONG) {
		cr_assert_eq(mail->kind, ALM_ENVELOPE_ACKNOWLEDGED);
		taken += mail->acknowledged.count;
	}
	cr_assert_not_null(mail, "no pong after all of it");
	cr_expect_eq(taken, ALM_TURN_UNHELD_ACKS_MAX, "%zu", taken);
	cr_assert(test_peer_receipt(&trust, &message)->is_accepted);
	mail = test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	test_peer_acknowledge(&practice, mail->deliver.sequence, NULL);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_ACKNOWLEDGED);
}

static void limit_practice(const char *roles, const char *categories)
{
	struct alm_answer answer = test_broker_ask(&broker, "agent.roles",
		(const char *const[]){"organisation", "C84001", "agent",
			"agent", "roles", roles, "categories", categories,
			"reason", "test", NULL});

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

static size_t refusals(enum alm_err code)
{
	struct alm_answer answer;
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)code);
	cr_expect_eq(
		test_peer_expect(&practice, ALM_ENVELOPE_ERROR)->error.code,
		code);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "refused", "code", text, "limit",
			"1000", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	return answer.row_count;
}

/* All that was said before the ping is answered before it. */
static void pass_over_errors(void)
{
	const struct alm_envelope ping = {.kind = ALM_ENVELOPE_PING};

	test_peer_say(&practice, &ping);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_PONG);
}

/* Each of them would be a record. */
Test(hostile, fills_no_log_with_acknowledgements_that_are_refused)
{
	static struct alm_acknowledgement items[ALM_ACKS_PER_ENVELOPE_MAX];
	static struct alm_envelope envelopes[200];
	const struct alm_message message = test_message(&trust, "C84001");

	limit_practice("all", "contact");
	cr_assert(test_peer_receipt(&trust, &message)->is_accepted);
	for (size_t i = 0; i < ALM_COUNT(items); i++) {
		items[i] = (struct alm_acknowledgement){1, false, ""};
	}
	for (size_t i = 0; i < ALM_COUNT(envelopes); i++) {
		envelopes[i].kind = ALM_ENVELOPE_ACKNOWLEDGE;
		envelopes[i].acknowledge = (struct alm_acknowledge){
			items, i == 0 ? ALM_COUNT(items) : 1};
	}
	say_all(&practice, envelopes, 1);
	cr_expect_eq(refusals(ALM_AGENT_CATEGORY),
		ALM_TURN_UNHELD_ACKS_MAX / ALM_REFUSED_ACK_COST);
	limit_practice("send", "any");
	pass_over_errors();
	say_all(&practice, envelopes, ALM_COUNT(envelopes));
	cr_expect_eq(refusals(ALM_AGENT_ROLE),
		ALM_TURN_UNHELD_ACKS_MAX / ALM_REFUSED_ACK_COST);
}

Test(hostile, asks_no_more_in_a_turn_than_its_part)
{
	static struct alm_envelope envelopes[200];
	static const struct alm_argument reason = {"reason", "a test"};
	const struct alm_envelope *e;
	size_t answered = 0;
	size_t busy = 0;

	for (size_t i = 0; i < ALM_COUNT(envelopes); i++) {
		envelopes[i].kind = ALM_ENVELOPE_QUERY;
		envelopes[i].request =
			(struct alm_request_call){.id = (uint32_t)i + 1,
				.verb = "audit.query",
				.arguments = &reason,
				.argument_count = 1};
	}
	say_all(&practice, envelopes, ALM_COUNT(envelopes));
	while (answered + busy < ALM_COUNT(envelopes)) {
		e = test_peer_expect(&practice, ALM_ENVELOPE_ANSWER);
		answered += e->answer.code == ALM_OK ? 1 : 0;
		busy += e->answer.code == ALM_BUSY ? 1 : 0;
	}
	cr_expect_gt(answered, 0);
	cr_expect_leq(answered, ALM_TURN_QUESTIONS_MAX);
	cr_expect_eq(query(&practice, "", "", "a test").code, ALM_OK);
}

/* --- answers that are too large ------------------------------------------ */

static char wide_ids[WIDE_CATEGORIES][ALM_ID_BYTES_MAX + 1];
static const char *wide_names[WIDE_CATEGORIES];

/* As many bytes in each word as the language allows. */
static void activate_wide(size_t covered)
{
	static char yaml[32768];
	int at = snprintf(yaml, sizeof(yaml),
		"almoner: 1\nbundle: wide\nkinds: [nhs-trust]\n"
		"purposes:\n"
		"  - {id: direct-care, class: care, recipients: [any]}\n"
		"categories:\n");

	for (unsigned i = 0; i < WIDE_CATEGORIES; i++) {
		(void)snprintf(wide_ids[i], sizeof(wide_ids[i]), "c%063u", i);
		wide_names[i] = wide_ids[i];
		at += snprintf(yaml + at, sizeof(yaml) - (size_t)at,
			"  - id: %s\n", wide_ids[i]);
	}
	at += snprintf(yaml + at, sizeof(yaml) - (size_t)at,
		"organisations:\n"
		"  - {id: RX1, name: A, kind: nhs-trust}\n"
		"  - {id: C84001, name: B, kind: nhs-trust}\n"
		"agreements:\n  - id: DSA-CARE\n    title: Care\n"
		"    from: [RX1]\n    to: [C84001]\n"
		"    purposes: [direct-care]\n    categories: [");
	for (unsigned i = 0; i < covered; i++) {
		at += snprintf(yaml + at, sizeof(yaml) - (size_t)at, "%s%s",
			i == 0 ? "" : ", ", wide_ids[i]);
	}
	(void)snprintf(yaml + at, sizeof(yaml) - (size_t)at,
		"]\n    identifiability: identifiable\n"
		"    relationship: not-required\n    consent: implied\n"
		"    opt-out: not-applicable\n"
		"    valid: 2020-01-01 until further notice\n"
		"    law: {article-6: 6(1)(e), article-9: 9(2)(h), "
		"confidentiality: implied-consent}\n"
		"    evidence: [DPIA-1]\n"
		"    approved-by: [guardian, owner]\n");
	test_broker_activate(&broker, yaml);
}

static struct alm_message wide_message(void)
{
	struct alm_message message = test_message(&trust, "C84001");

	message.categories = (struct alm_texts){wide_names, WIDE_CATEGORIES};
	return message;
}

Test(hostile, shows_a_private_part_that_is_longer_than_a_cell)
{
	struct alm_message message;
	struct alm_answer answer;
	char reference[ALM_REF_BYTES_MAX + 1] = "";

	activate_wide(1);
	memset(reference, 'r', ALM_REF_BYTES_MAX);
	message = wide_message();
	message.has_relationship = true;
	message.relationship_kind = "treating";
	message.relationship_ref = reference;
	message.relationship_organisation = "C84001";
	cr_assert_not(test_peer_receipt(&trust, &message)->is_accepted);
	answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "refused", "reveal", "yes",
			"reason", "a review", NULL});
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	cr_assert_eq(answer.row_count, 1);
	/* As much as a cell takes. */
	cr_assert_eq(
		strlen(test_cell(&answer, 0, "detail")), ALM_CELL_BYTES_MAX);
}

Test(hostile, gives_a_long_answer_in_pages_that_fit_a_frame)
{
	struct alm_answer answer;

	activate_wide(WIDE_CATEGORIES);
	for (unsigned i = 0; i < 320; i++) {
		const struct alm_message message = wide_message();
		const struct alm_receipt *receipt =
			test_peer_receipt(&trust, &message);

		cr_assert(receipt->is_accepted, "%s", receipt->refused.name);
	}
	answer = query(&trust, "", "", "a test");
	cr_assert_eq(answer.code, ALM_OK);
	cr_assert_gt(answer.row_count, 100);
	cr_assert_str_neq(answer.cursor, "");
}
