/*
 * Goal: who asks the log is in the log, also when the answer is no: another's
 * cursor, another reason, what is not for the asker or is not there; and an
 * agent's receipts tell it no more than its answers do.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "broker/store/audit.h"
#include "lib/err.h"
#include "lib/lines.h"
#include "tests/support/peer.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"

#define FILE_BYTES_MAX 65536u

static const char policy[] = TEST_POLICY("{id: discharge}, {id: contact}",
	TEST_TRUST("RX1") TEST_PRACTICE("C84001"),
	TEST_CARE_AGREEMENT("DSA-CARE", "RX1", "C84001", "discharge",
		"identifiable") TEST_PLANNING_AGREEMENT("DSA-PLAN",
		"RX1, C84001", "RX1, C84001", "discharge", "applies"));

static const uint8_t audit_seed[32] = {7};

static struct test_broker broker;
static struct test_peer trust;

static void open_all(void)
{
	test_broker_open(&broker, "");
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_add_audit_key(&broker, audit_seed);
	test_broker_start(&broker);
	test_broker_activate(&broker, policy);
	test_peer_open(&trust, &broker, "RX1", 0);
}

static void close_all(void)
{
	test_peer_free(&trust);
	test_broker_close(&broker);
}

TestSuite(questions, .init = open_all, .fini = close_all, .timeout = 1800);

static struct alm_answer recorded(void)
{
	return test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "audit-queried", "reveal", "yes",
			"limit", "500", "reason", "looking", NULL});
}

/* The code and the private part of the last question but those of ours. */
static void expect_last(enum alm_err code, const char *what)
{
	struct alm_answer answer = recorded();
	char number[16];

	for (size_t i = answer.row_count; i-- > 0;) {
		const char *detail = test_cell(&answer, i, "detail");

		if (strstr(detail, "reason: looking") != NULL) {
			continue;
		}
		(void)snprintf(number, sizeof(number), "%u", (unsigned)code);
		cr_expect_str_eq(
			test_cell(&answer, i, "code"), number, "%s", detail);
		cr_expect_neq(strstr(detail, what), NULL, "%s", detail);
		return;
	}
	cr_assert_fail("no question is recorded");
}

static size_t count(const char *text)
{
	struct alm_answer answer = recorded();
	size_t found = 0;

	for (size_t i = 0; i < answer.row_count; i++) {
		found += strstr(test_cell(&answer, i, "detail"), text) != NULL;
	}
	return found;
}

static const struct alm_answer *ask_as(struct test_peer *peer, const char *verb,
	const struct alm_argument *arguments, size_t n)
{
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY,
		.request = {.id = 7,
			.verb = verb,
			.arguments = arguments,
			.argument_count = n}};

	test_peer_say(peer, &envelope);
	return &test_peer_expect(peer, ALM_ENVELOPE_ANSWER)->answer;
}

static const struct alm_answer *ask(
	const char *verb, const struct alm_argument *arguments, size_t n)
{
	return ask_as(&trust, verb, arguments, n);
}

Test(questions, another_reason_on_the_next_page_is_a_record_of_its_own)
{
	char after[128];
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){
			"limit", "1", "reason", "first thought", NULL});

	(void)snprintf(after, sizeof(after), "%s", answer.cursor);
	(void)test_broker_ask(&broker, "audit.query",
		(const char *const[]){"limit", "1", "after", after, "reason",
			"first thought", NULL});
	cr_expect_eq(count("reason: first thought"), 1);
	(void)test_broker_ask(&broker, "audit.query",
		(const char *const[]){"limit", "1", "after", after, "reason",
			"second thought", NULL});
	cr_expect_eq(count("reason: second thought"), 1);
}

Test(questions, what_an_agent_may_not_ask_is_recorded)
{
	const struct alm_argument reveal[] = {
		{"reveal", "yes"}, {"reason", "curious"}};
	const struct alm_argument either[] = {
		{"either", "C84001"}, {"reason", "very curious"}};
	const struct alm_argument forged[] = {
		{"after", "0200"}, {"reason", "forging"}};

	cr_expect_eq(ask("audit.query", reveal, 2)->code, ALM_NOT_PERMITTED);
	expect_last(ALM_NOT_PERMITTED, "reason: curious;agent: agent");
	cr_expect_eq(ask("audit.query", either, 2)->code, ALM_NOT_PERMITTED);
	expect_last(ALM_NOT_PERMITTED, "either: C84001");
	cr_expect_eq(ask("audit.query", forged, 2)->code, ALM_CURSOR);
	expect_last(ALM_CURSOR, "what: refused;reason: forging");
}

Test(questions, receipts_of_what_was_not_given_are_recorded)
{
	const struct alm_argument other[] = {{"seq", "1"}};

	cr_expect_eq(ask("audit.receipt", other, 1)->code, ALM_NOT_FOUND);
	expect_last(ALM_NOT_FOUND, "verb: audit.receipt");
}

Test(questions, a_record_that_is_not_there_is_asked_for_in_the_log)
{
	struct alm_problem problem = {.err = ALM_OK};
	const struct alm_argument arguments[] = {
		{"seq", "99999"}, {"reason", "fishing"}};
	const struct alm_request_call request = {.verb = "audit.show",
		.arguments = arguments,
		.argument_count = 2};
	struct alm_answer answer;

	alm_arena_reset(&broker.arena);
	cr_assert_eq(alm_control_ask(broker.control, &request, 10000,
			     &broker.arena, &answer, &problem),
		ALM_OK);
	cr_expect_eq(answer.code, ALM_NOT_FOUND);
	expect_last(ALM_NOT_FOUND, "reason: fishing");
}

/* What a receipt carries beside its proof, in bytes. */
static size_t extra_bytes(const char *base64)
{
	static uint8_t file[FILE_BYTES_MAX];
	static uint8_t extra[FILE_BYTES_MAX];
	const struct alm_bytes text = {(const uint8_t *)base64, strlen(base64)};
	size_t bytes = 0;
	size_t extra_bytes = 0;
	const char *at;

	cr_assert(alm_line_base64_any(text, file, sizeof(file) - 1, &bytes));
	file[bytes] = '\0';
	at = strstr((const char *)file, "\nextra ");
	cr_assert_not_null(at);
	at += strlen("\nextra ");
	cr_assert(alm_line_base64_any(
		(struct alm_bytes){(const uint8_t *)at, strcspn(at, "\n")},
		extra, sizeof(extra), &extra_bytes));
	return extra_bytes;
}

/* Once a head stands for the record. */
static const struct alm_answer *receipt_for(
	struct test_peer *peer, const struct alm_argument *arguments, size_t n)
{
	const struct alm_answer *answer;

	do {
		answer = ask_as(peer, "audit.receipt", arguments, n);
	} while (
		answer->code == ALM_NOT_YET_SIGNED || answer->code == ALM_BUSY);
	cr_assert_eq(answer->code, ALM_OK);
	cr_assert_eq(answer->row_count, 1);
	return answer;
}

/* Of an opt-out an agent is told that there is a reason, not which: its
 * receipt has the record's digest, and not the record. */
Test(questions, a_receipt_does_not_tell_one_opt_out_from_another)
{
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_answer *answer;
	struct alm_argument seq = {"seq", ""};
	char number[24];

	message.purpose = "planning";
	cr_expect_eq(test_peer_receipt(&trust, &message)->refused.code, 4410);
	struct alm_answer log = test_broker_ask(&broker, "audit.query",
		(const char *const[]){
			"code", "411", "reason", "looking", NULL});
	cr_assert_eq(log.row_count, 1);
	(void)snprintf(number, sizeof(number), "%s", test_cell(&log, 0, "seq"));
	seq.value = number;
	answer = receipt_for(&trust, &seq, 1);
	cr_expect_eq(extra_bytes(answer->rows[0].items[0]), 1 + 32);
}

Test(questions, agents_are_named_to_their_own_organisation)
{
	static const struct alm_argument all[] = {{"reason", "curious"}};
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_answer *answer;
	struct test_peer practice;
	size_t named = 0;

	(void)test_peer_accepted(&trust, &message);
	test_peer_open_as(&practice, &broker, "C84001", "front-desk", 8);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	answer = ask("audit.query", all, 1);
	cr_assert_eq(answer->code, ALM_OK);
	for (size_t i = 0; i < answer->row_count; i++) {
		const char *kind = test_cell(answer, i, "kind");
		const char *agent = test_cell(answer, i, "agent");

		cr_expect_str_neq(agent, "front-desk", "%s", kind);
		named += strcmp(agent, "agent") == 0 ? 1 : 0;
	}
	cr_expect_geq(named, 1, "its own");
	cr_expect_eq(test_broker_records(&broker, "delivered"), 1);
	test_peer_free(&practice);
}

/* What the check of opt-outs said of somebody, some days ago. */
static void check_opt_out(const char *subject, enum alm_opt_out_list list,
	bool is_objecting, int64_t days)
{
	int64_t at_s = test_now_ms() / 1000 - 86400 * days - 60;
	struct alm_person_record record = {.type = ALM_RECORD_OPT_OUT,
		.opt_out = {.list = list,
			.is_objecting = is_objecting,
			.as_of_s = at_s,
			.recorded_s = at_s}};

	strcpy(record.subject, subject);
	test_people_put(&broker, &record);
}

static size_t rows_of_code(struct test_peer *peer, const char *code)
{
	const struct alm_argument arguments[] = {
		{"code", code}, {"reason", "curious"}};
	const struct alm_answer *answer =
		ask_as(peer, "audit.query", arguments, 2);

	cr_assert_eq(answer->code, ALM_OK);
	for (size_t i = 0; i < answer->row_count; i++) {
		cr_expect_str_eq(test_cell(answer, i, "code"), "4410");
	}
	return answer->row_count;
}

/* The log keeps the true code; who sent it is told 410 of each. */
static void expect_untold(
	struct test_peer *from, const char *subject, const char *code)
{
	struct alm_message message =
		test_message(from, from == &trust ? "C84001" : "RX1");
	size_t before = rows_of_code(from, "410");
	const struct alm_receipt *receipt;
	struct alm_answer log;

	message.purpose = "planning";
	message.subject = subject;
	receipt = test_peer_receipt(from, &message);
	cr_expect_eq(receipt->refused.code, ALM_REASON_410);
	cr_assert_eq(receipt->refused.reason_count, 1, "%s", code);
	cr_expect_eq(receipt->refused.reasons[0], 410);
	cr_expect_eq(rows_of_code(from, "410"), before + 1);
	cr_expect(strcmp(code, "410") == 0 || rows_of_code(from, code) == 0);
	log = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"code", code, "reason", "looking", NULL});
	cr_expect_eq(log.row_count, 1, "%s", code);
}

Test(questions, an_agent_is_told_of_no_opt_out_which)
{
	struct test_peer practice;

	test_peer_open(&practice, &broker, "C84001", 0);
	check_opt_out("9990000018", ALM_OPT_OUT_NATIONAL, true, 0);
	check_opt_out("9990000034", ALM_OPT_OUT_NATIONAL, false, 8);
	check_opt_out("9990000042", ALM_OPT_OUT_NATIONAL, false, 0);
	check_opt_out("9990000042", ALM_OPT_OUT_TYPE_1, true, 0);
	expect_untold(&trust, "9990000018", "410");
	expect_untold(&trust, "9990000026", "411");
	expect_untold(&trust, "9990000034", "412");
	expect_untold(&practice, "9990000042", "413");
	test_peer_free(&practice);
}

/* The row of the one hand-over, with its proof. */
static const struct alm_answer *handed_over(struct test_peer *peer)
{
	static const struct alm_argument arguments[] = {
		{"kind", "delivered"}, {"proof", "yes"}, {"reason", "curious"}};
	const struct alm_answer *answer;

	do { /* until it stands in a signed head */
		answer = ask_as(peer, "audit.query", arguments, 3);
		cr_assert(answer->code == ALM_OK || answer->code == ALM_BUSY);
	} while (answer->row_count == 0);
	return answer;
}

static size_t handed_over_about(struct test_peer *peer, const char *subject)
{
	const struct alm_argument arguments[] = {{"kind", "delivered"},
		{"person", subject}, {"reason", "curious"}};

	return ask_as(peer, "audit.query", arguments, 3)->row_count;
}

/* Who was to get something is not told of what was refused it, nor the sender
 * by the leaf of the log of which opt-out it was. */
Test(questions, a_refusal_is_between_the_sender_and_the_log)
{
	static const struct alm_argument refused[] = {
		{"kind", "refused"}, {"proof", "yes"}, {"reason", "curious"}};
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_answer *answer;
	struct test_peer practice;

	message.purpose = "planning";
	cr_expect_eq(test_peer_receipt(&trust, &message)->refused.code,
		ALM_REASON_410);
	test_peer_open(&practice, &broker, "C84001", 0);
	do { /* until it stands in a signed head */
		answer = ask("audit.query", refused, 3);
		cr_assert(answer->code == ALM_OK || answer->code == ALM_BUSY);
	} while (answer->row_count == 0);
	cr_expect_str_eq(test_cell(answer, 0, "code"), "4410");
	cr_expect_str_neq(test_cell(answer, 0, "proof"), "");
	cr_expect_str_empty(test_cell(answer, 0, "header"));
	answer = ask_as(&practice, "audit.query", refused, 3);
	cr_assert_eq(answer->code, ALM_OK);
	cr_expect_eq(answer->row_count, 0);
	test_peer_free(&practice);
}

static size_t rows_of_kind(struct test_peer *peer, const char *kind)
{
	const struct alm_argument arguments[] = {
		{"kind", kind}, {"reason", "curious"}};
	const struct alm_answer *answer =
		ask_as(peer, "audit.query", arguments, 2);

	cr_assert_eq(answer->code, ALM_OK);
	return answer->row_count;
}

/* Nor does what its sender was told of it show that there was something. */
Test(questions, what_is_stopped_is_told_to_the_sender_alone)
{
	struct alm_message message = test_message(&trust, "C84001");
	struct test_peer practice;

	(void)test_peer_accepted(&trust, &message);
	test_people_object(&broker);
	test_broker_await(&broker, "stopped", 1);
	test_peer_open(&practice, &broker, "C84001", 0);
	cr_expect_eq(rows_of_kind(&practice, "notice"), 0);
	cr_expect_eq(rows_of_kind(&practice, "accepted"), 0);
	cr_expect_eq(rows_of_kind(&practice, "stopped-at-hand-over"), 0);
	cr_expect_eq(rows_of_kind(&trust, "notice"), 1);
	cr_expect_eq(rows_of_kind(&trust, "stopped-at-hand-over"), 1);
	test_peer_free(&practice);
}

static void limit_clerk(const char *categories)
{
	struct alm_answer answer = test_broker_ask(&broker, "agent.roles",
		(const char *const[]){"organisation", "RX1", "agent", "clerk",
			"roles", "query", "categories", categories, "reason",
			"test", NULL});

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

Test(questions, a_limited_agent_sees_its_categories_alone)
{
	struct alm_message message = test_message(&trust, "C84001");
	struct test_peer clerk;

	(void)test_peer_accepted(&trust, &message);
	test_peer_open_as(&clerk, &broker, "RX1", "clerk", 0);
	limit_clerk("contact");
	cr_expect_eq(rows_of_kind(&clerk, "accepted"), 0);
	limit_clerk("discharge");
	cr_expect_eq(rows_of_kind(&clerk, "accepted"), 1);
	test_peer_free(&clerk);
}

/* What went as a pseudonym is not traced back by whoever has a number. */
Test(questions, the_log_does_not_undo_a_pseudonym)
{
	struct alm_message message = test_message(&trust, "C84001");
	const struct alm_answer *answer;
	struct test_peer practice;
	struct alm_argument receipt[] = {{"message", ""}, {"from", "RX1"}};
	char id[ALM_UUID_TEXT_BYTES];

	message.payload_level = ALM_WIRE_LEVEL_PSEUDONYMISED;
	(void)test_peer_accepted(&trust, &message);
	test_peer_open(&practice, &broker, "C84001", 8);
	(void)test_peer_expect(&practice, ALM_ENVELOPE_DELIVER);
	answer = handed_over(&practice);
	cr_expect_str_empty(test_cell(answer, 0, "person"));
	cr_expect_str_empty(test_cell(answer, 0, "header"));
	cr_expect_str_neq(test_cell(answer, 0, "proof"), "");
	cr_expect_eq(handed_over_about(&practice, message.subject), 0);
	answer = handed_over(&trust);
	cr_expect_str_neq(test_cell(answer, 0, "person"), "");
	cr_expect_str_neq(test_cell(answer, 0, "header"), "");
	cr_expect_eq(handed_over_about(&trust, message.subject), 1);
	alm_message_id_text(&message.id, id);
	receipt[0].value = id;
	answer = receipt_for(&practice, receipt, 2);
	cr_expect_eq(extra_bytes(answer->rows[0].items[0]), 1 + 32);
	answer = receipt_for(&trust, receipt, 1);
	cr_expect_gt(extra_bytes(answer->rows[0].items[0]), 1 + 32);
	test_peer_free(&practice);
}
