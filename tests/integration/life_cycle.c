/*
 * Goal: once a guardian is registered no policy comes into force on one
 * person's word, whatever is asked in whatever order and wherever the broker
 * is killed in between; and an emergency ends by itself.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "broker/store/policy.h"
#include "tests/support/officers.h"
#include "tests/support/peer.h"

#define NONE ((const char *const[]){NULL})

static struct test_broker broker;
static struct test_officer anna;  /* an author */
static struct test_officer grace; /* guardians */
static struct test_officer henry;
static char next_policy[16384]; /* the same policy under another name */

static void open_broker(void)
{
	test_broker_open(&broker, "");
	test_officer_make(&anna, "anna");
	test_officer_make(&grace, "grace");
	test_officer_make(&henry, "henry");
	snprintf(next_policy, sizeof(next_policy), "%s", test_policy);
	memcpy(strstr(next_policy, "bundle: test"), "bundle: next", 12);
}

static void close_broker(void)
{
	test_broker_close(&broker);
}

TestSuite(
	life_cycle, .init = open_broker, .fini = close_broker, .timeout = 1800);

#define OK(expression) \
	do { \
		struct alm_answer got = (expression); \
		cr_assert_eq(got.code, ALM_OK, "%s: %d %s", #expression, \
			(int)got.code, got.detail); \
	} while (0)
#define REFUSED(error, expression) \
	do { \
		struct alm_answer got = (expression); \
		cr_assert_eq(got.code, error, "%s: %d %s", #expression, \
			(int)got.code, got.detail); \
	} while (0)

/* The first policy, then an author and two guardians. */
static void guard(void)
{
	test_broker_activate(&broker, test_policy);
	OK(test_officer_register(&broker, &anna, "author", NULL));
	OK(test_officer_register(&broker, &grace, "guardian", NULL));
	OK(test_officer_register(&broker, &henry, "guardian", &grace));
}

static struct alm_answer propose(
	const struct test_officer *officer, const char *yaml)
{
	return test_propose(&broker, officer, yaml, 0, NULL);
}

static struct alm_answer approve(
	const struct test_officer *officer, uint64_t proposal, uint64_t base)
{
	struct alm_digest digest = test_policy_digest(next_policy);

	return test_approve(
		&broker, officer, proposal, base, &digest, &digest, "");
}

static void active_is(uint64_t epoch, const char *bundle, const char *how)
{
	struct alm_answer answer =
		test_broker_ask(&broker, "policy.show", NONE);

	cr_assert_eq(test_number(&answer, "epoch"), epoch);
	cr_assert_str_eq(test_fact(&answer, "bundle"), bundle);
	cr_assert_str_eq(test_fact(&answer, "how"), how);
	cr_assert_eq(test_broker_figure(&broker, "policy-epoch"), epoch);
}

static struct alm_answer activate_alone(const char *yaml)
{
	const struct alm_attachment file = {.name = "policy.yaml",
		.content = {(const uint8_t *)yaml, strlen(yaml)}};

	return test_broker_attach(&broker, "policy.activate", NONE, &file, 1);
}

Test(life_cycle, needs_a_second_person_once_there_is_a_guardian)
{
	guard();
	REFUSED(ALM_POLICY_GUARDED, activate_alone(next_policy));
	OK(propose(&anna, next_policy));
	REFUSED(ALM_NOT_APPROVED, test_activate_proposal(&broker, 1));
	OK(approve(&grace, 1, 1));
	active_is(1, "test", "unguarded");
	OK(test_activate_proposal(&broker, 1));
	active_is(2, "next", "approved");
	cr_expect_eq(test_broker_records(&broker, "policy-proposed"), 1);
	cr_expect_eq(test_broker_records(&broker, "policy-approved"), 1);
	cr_expect_eq(test_broker_records(&broker, "policy-activated"), 2);
	cr_expect_eq(test_broker_records(&broker, "officer-changed"), 3);
}

Test(life_cycle, takes_the_first_policies_on_one_word_without_a_guardian)
{
	test_broker_activate(&broker, test_policy);
	OK(test_officer_register(&broker, &anna, "author", NULL));
	test_broker_activate(&broker, next_policy);
	active_is(2, "next", "unguarded");
}

Test(life_cycle, goes_on_where_a_crash_has_stopped_it)
{
	guard();
	OK(propose(&anna, next_policy));
	test_broker_kill(&broker);
	test_broker_start(&broker);
	active_is(1, "test", "unguarded");
	OK(approve(&grace, 1, 1));
	test_broker_kill(&broker);
	test_broker_start(&broker);
	active_is(1, "test", "unguarded");
	OK(test_activate_proposal(&broker, 1));
	test_broker_kill(&broker);
	test_broker_start(&broker);
	active_is(2, "next", "approved");
}

Test(life_cycle, refuses_an_approval_by_the_proposer)
{
	struct test_officer twin;

	guard();
	OK(propose(&grace, next_policy));
	REFUSED(ALM_SELF_APPROVAL, approve(&grace, 1, 1));
	/* Nor under a new key. */
	OK(test_officer_revoke(&broker, &grace, "guardian", 2, &grace));
	test_officer_make(&twin, "grace");
	OK(test_officer_register(&broker, &twin, "guardian", &henry));
	REFUSED(ALM_SELF_APPROVAL, approve(&twin, 1, 1));
	OK(approve(&henry, 1, 1));
	OK(test_activate_proposal(&broker, 1));
}

Test(life_cycle, refuses_an_approval_of_other_content)
{
	struct alm_digest right = test_policy_digest(next_policy);
	struct alm_digest wrong = test_policy_digest(test_policy);

	guard();
	OK(propose(&anna, next_policy));
	REFUSED(ALM_CONTENT_CHANGED,
		test_approve(&broker, &grace, 1, 1, &wrong, &wrong, ""));
	REFUSED(ALM_OFFICER_SIGNATURE,
		test_approve(&broker, &grace, 1, 1, &right, &wrong, ""));
	REFUSED(ALM_OFFICER_SIGNATURE, approve(&grace, 1, 2));
	REFUSED(ALM_NOT_APPROVED, test_activate_proposal(&broker, 1));
}

Test(life_cycle, refuses_an_approval_that_something_has_overtaken)
{
	guard();
	OK(propose(&anna, next_policy));
	OK(approve(&grace, 1, 1));
	OK(propose(&anna, next_policy));
	REFUSED(ALM_APPROVAL_STALE, test_activate_proposal(&broker, 1));
	REFUSED(ALM_APPROVAL_STALE, approve(&henry, 1, 1));
	OK(approve(&grace, 2, 1));
	OK(test_emergency(&broker, &henry, next_policy));
	REFUSED(ALM_APPROVAL_STALE, test_activate_proposal(&broker, 2));
	active_is(2, "next", "emergency");
}

Test(life_cycle, refuses_to_activate_twice)
{
	guard();
	OK(propose(&anna, next_policy));
	OK(approve(&grace, 1, 1));
	OK(test_activate_proposal(&broker, 1));
	REFUSED(ALM_APPROVAL_STALE, test_activate_proposal(&broker, 1));
	REFUSED(ALM_NOT_FOUND, test_activate_proposal(&broker, 2));
}

Test(life_cycle, knows_officers_by_their_keys)
{
	struct test_officer mallory;

	guard();
	test_officer_make(&mallory, "mallory");
	REFUSED(ALM_OFFICER_UNKNOWN, propose(&mallory, next_policy));
	mallory.name = "anna";
	REFUSED(ALM_OFFICER_SIGNATURE, propose(&mallory, next_policy));
	OK(propose(&anna, next_policy));
	mallory.name = "grace";
	REFUSED(ALM_OFFICER_SIGNATURE, approve(&mallory, 1, 1));
	REFUSED(ALM_OFFICER_SIGNATURE,
		test_emergency(&broker, &mallory, next_policy));
	REFUSED(ALM_OFFICER_ROLE, approve(&anna, 1, 1));
	REFUSED(ALM_OFFICER_ROLE, test_emergency(&broker, &anna, next_policy));
}

Test(life_cycle, lets_guardians_alone_change_the_officers)
{
	struct test_officer mallory;

	guard();
	test_officer_make(&mallory, "mallory");
	REFUSED(ALM_OFFICER_UNKNOWN,
		test_officer_register(&broker, &mallory, "guardian", NULL));
	REFUSED(ALM_OFFICER_ROLE,
		test_officer_register(&broker, &mallory, "guardian", &anna));
	REFUSED(ALM_OFFICER_UNKNOWN,
		test_officer_register(&broker, &mallory, "guardian", &mallory));
	REFUSED(ALM_OFFICER_EXISTS,
		test_officer_register(&broker, &anna, "author", &grace));
	OK(test_officer_revoke(&broker, &henry, "guardian", 3, &grace));
	REFUSED(ALM_LAST_GUARDIAN,
		test_officer_revoke(&broker, &grace, "guardian", 2, &grace));
	/* A key is never registered again. */
	REFUSED(ALM_OFFICER_EXISTS,
		test_officer_register(&broker, &henry, "guardian", &grace));
}

Test(life_cycle, forgets_the_approval_of_one_who_has_left)
{
	guard();
	OK(propose(&anna, next_policy));
	OK(approve(&henry, 1, 1));
	OK(test_officer_revoke(&broker, &henry, "guardian", 3, &grace));
	REFUSED(ALM_NOT_APPROVED, test_activate_proposal(&broker, 1));
	REFUSED(ALM_OFFICER_UNKNOWN, approve(&henry, 1, 1));
	OK(approve(&grace, 1, 1));
	OK(test_activate_proposal(&broker, 1));
}

Test(life_cycle, rolls_back_to_a_kept_policy_in_the_same_way)
{
	struct alm_digest first = test_policy_digest(test_policy);
	struct alm_answer answer;

	guard();
	OK(propose(&anna, next_policy));
	OK(approve(&grace, 1, 1));
	OK(test_activate_proposal(&broker, 1));
	REFUSED(ALM_POLICY_GUARDED,
		test_broker_ask(&broker, "policy.activate",
			(const char *const[]){"rollback", "1", NULL}));
	REFUSED(ALM_NOT_FOUND, test_propose(&broker, &anna, NULL, 9, &first));
	OK(test_propose(&broker, &anna, NULL, 1, &first));
	/* The approver says what kind of change it is. */
	REFUSED(ALM_OFFICER_SIGNATURE,
		test_approve(&broker, &grace, 2, 2, &first, &first, ""));
	OK(test_approve(&broker, &grace, 2, 2, &first, &first, "epoch 1"));
	OK(test_activate_proposal(&broker, 2));
	active_is(3, "test", "approved");
	cr_expect_eq(test_broker_records(&broker, "policy-rolled-back"), 1);
	test_broker_kill(&broker);
	test_broker_start(&broker);
	active_is(3, "test", "approved");
	answer = test_broker_ask(&broker, "policy.history", NONE);
	cr_assert_eq(answer.row_count, 3);
	cr_expect_str_eq(test_cell(&answer, 0, "rollback"), "1");
	cr_expect_str_eq(test_cell(&answer, 0, "proposed-by"), "anna");
	cr_expect_str_eq(test_cell(&answer, 0, "approved-by"), "grace");
	cr_expect_str_eq(test_cell(&answer, 2, "how"), "unguarded");
}

Test(life_cycle, lists_proposals_with_what_became_of_them)
{
	struct alm_answer answer;

	guard();
	OK(propose(&anna, next_policy));
	OK(approve(&grace, 1, 1));
	OK(test_activate_proposal(&broker, 1));
	OK(propose(&anna, test_policy));
	OK(propose(&anna, test_policy));
	answer = test_broker_ask(&broker, "policy.proposals", NONE);
	cr_assert_eq(answer.row_count, 3);
	cr_expect_str_eq(test_cell(&answer, 0, "status"), "open");
	cr_expect_str_eq(test_cell(&answer, 1, "status"), "stale");
	cr_expect_str_eq(test_cell(&answer, 2, "status"), "activated");
	cr_expect_str_eq(test_cell(&answer, 2, "approved-by"), "grace");
}

Test(life_cycle, proposes_nothing_that_does_not_load)
{
	guard();
	memcpy(strstr(next_policy, "kind: charity"), "kind: chariot", 13);
	REFUSED(ALM_KIND_UNDECLARED, propose(&anna, next_policy));
	cr_expect_eq(
		test_broker_ask(&broker, "policy.proposals", NONE).row_count,
		0);
	REFUSED(ALM_KIND_UNDECLARED,
		test_emergency(&broker, &grace, next_policy));
	active_is(1, "test", "unguarded");
}

/* --- emergencies ---------------------------------------------------------- */

/* The broker wakes by itself; asking is what passes the time. */
static void wait_for_epoch(uint64_t epoch)
{
	time_t until = time(NULL) + 900;

	while (test_broker_figure(&broker, "policy-epoch") != epoch) {
		cr_assert_lt(time(NULL), until, "the emergency did not end");
	}
}

static void wait_for_fallback(void)
{
	time_t until = time(NULL) + 900;
	struct alm_answer answer;

	do {
		answer = test_broker_ask(&broker, "status", NONE);
		cr_assert_lt(time(NULL), until, "the emergency did not end");
	} while (strcmp(test_fact(&answer, "policy-how"), "fallback") != 0);
}

Test(life_cycle, ends_an_emergency_by_itself)
{
	test_broker_stop(&broker);
	test_broker_add_settings(&broker, "policy-emergency: 1s\n");
	test_broker_start(&broker);
	guard();
	OK(test_emergency(&broker, &grace, next_policy));
	wait_for_epoch(3);
	active_is(3, "test", "fallback");
	cr_expect_eq(test_broker_records(&broker, "policy-emergency"), 1);
	cr_expect_eq(
		test_broker_records(&broker, "policy-emergency-expired"), 1);
	/* The same content does not get a second day. */
	REFUSED(ALM_EMERGENCY_AGAIN,
		test_emergency(&broker, &henry, next_policy));
	OK(propose(&anna, next_policy));
	OK(approve(&grace, 1, 3));
	OK(test_activate_proposal(&broker, 1));
	active_is(4, "next", "approved");
}

Test(life_cycle, ends_an_emergency_that_outlives_the_broker)
{
	struct alm_answer answer;

	test_broker_stop(&broker);
	test_broker_add_settings(&broker, "policy-emergency: 1s\n");
	test_broker_start(&broker);
	guard();
	OK(test_emergency(&broker, &grace, next_policy));
	test_broker_kill(&broker);
	test_broker_start(&broker);
	wait_for_epoch(3);
	active_is(3, "test", "fallback");
	answer = test_broker_ask(&broker, "policy.history", NONE);
	cr_assert_eq(answer.row_count, 3);
	cr_expect_str_eq(test_cell(&answer, 1, "how"), "emergency");
	cr_expect_str_eq(test_cell(&answer, 1, "proposed-by"), "grace");
	cr_expect_str_eq(test_cell(&answer, 0, "rollback"), "1");
}

Test(life_cycle, keeps_an_emergency_over_a_restart_until_its_time)
{
	struct alm_answer answer;

	guard();
	OK(test_emergency(&broker, &grace, next_policy));
	test_broker_kill(&broker);
	test_broker_start(&broker);
	active_is(2, "next", "emergency");
	answer = test_broker_ask(&broker, "policy.show", NONE);
	cr_expect_str_neq(test_fact(&answer, "expires-at"), "");
}

/* The first has hours, so that it has not ended when the second begins. */
Test(life_cycle, falls_back_behind_all_emergencies)
{
	struct alm_answer answer;

	guard();
	OK(test_emergency(&broker, &grace, next_policy));
	test_broker_stop(&broker);
	test_broker_add_settings(&broker, "policy-emergency: 1s\n");
	test_broker_start(&broker);
	memcpy(strstr(next_policy, "bundle: next"), "bundle: last", 12);
	OK(test_emergency(&broker, &henry, next_policy));
	wait_for_fallback();
	answer = test_broker_ask(&broker, "policy.show", NONE);
	cr_expect_str_eq(test_fact(&answer, "bundle"), "test");
}

Test(life_cycle, has_no_emergency_without_a_policy_to_go_back_to)
{
	OK(test_officer_register(&broker, &grace, "guardian", NULL));
	REFUSED(ALM_NO_BUNDLE, test_emergency(&broker, &grace, next_policy));
}

/* A policy without the agreement that `test_policy` has with C84001. */
static void begin_narrow(void)
{
	char *to = strstr(next_policy, "to: [C84001, RHA]");

	memcpy(to, "to: [RHA, CHA]   ", 17);
	test_broker_activate(&broker, next_policy);
	OK(test_officer_register(&broker, &grace, "guardian", NULL));
}

static enum alm_err send_to_practice(struct test_peer *trust)
{
	struct alm_message message = test_message(trust, "C84001");
	const struct alm_envelope *receipt;

	test_peer_send(trust, &message, "content", 0);
	receipt = test_peer_expect(trust, ALM_ENVELOPE_RECEIPT);
	return receipt->receipt.is_accepted ? ALM_OK
					    : receipt->receipt.refused.code;
}

Test(life_cycle, decides_by_the_emergency_while_it_lasts)
{
	struct test_peer trust;

	begin_narrow();
	test_peer_open(&trust, &broker, "RX1", 1);
	cr_expect_eq(send_to_practice(&trust), ALM_REASON_300);
	OK(test_emergency(&broker, &grace, test_policy));
	cr_expect_eq(send_to_practice(&trust), ALM_OK);
	test_peer_free(&trust);
}

Test(life_cycle, decides_by_the_policy_before_once_the_emergency_is_over)
{
	struct test_peer trust;

	test_broker_stop(&broker);
	test_broker_add_settings(&broker, "policy-emergency: 1s\n");
	test_broker_start(&broker);
	begin_narrow();
	OK(test_emergency(&broker, &grace, test_policy));
	wait_for_epoch(3);
	test_peer_open(&trust, &broker, "RX1", 1);
	cr_expect_eq(send_to_practice(&trust), ALM_REASON_300);
	test_peer_free(&trust);
}

Test(life_cycle, tells_of_agreements_that_end_soon)
{
	static const char until[] = "until further notice";
	char *valid = strstr(next_policy, until);
	time_t soon = time(NULL) + 30 * 86400;
	struct alm_answer answer;
	char text[32];

	strftime(text, sizeof(text), "to %Y-%m-%d       ", gmtime(&soon));
	memcpy(valid, text, strlen(until));
	test_broker_activate(&broker, next_policy);
	answer = test_broker_ask(&broker, "status", NONE);
	cr_expect_eq(test_number(&answer, "agreements-expiring"), 1);
	cr_expect_str_eq(test_fact(&answer, "next-to-expire"), "DSA-CARE");
	cr_expect_str_neq(test_fact(&answer, "next-expiry"), "");
}
