/*
 * Goal: a payload without a standard, which nobody can take apart, goes on
 * whole or not at all: when its level is lowered, when its location must be
 * taken out, and when that comes up while it waits.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"
#include "tests/support/people.h"
#include "tests/support/policy.h"

static const char policy[] = TEST_POLICY("{id: discharge}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_PRACTICE("C84001"),
	TEST_CARE_AGREEMENT("DSA-LESS", "RX1", "C84001", "discharge",
		"pseudonymised") TEST_CARE_AGREEMENT("DSA-ALL", "RX1", "RHA",
		"discharge", "identifiable"));

static void open_all(void)
{
	open_trust("", policy, 8);
	test_peer_enrol(&practice, &broker, "RHA");
}

TestSuite(opaque, .init = open_all, .fini = close_pair, .timeout = 1800);

static enum alm_err refusal_of(const struct alm_message *message)
{
	const struct alm_receipt *receipt = test_peer_receipt(&trust, message);

	return receipt->is_accepted ? ALM_OK : receipt->refused.code;
}

static void withhold_location(void)
{
	struct alm_person_record record = {.type = ALM_RECORD_FLAG,
		.flag = {.flag = ALM_FLAG_LOCATION_WITHHELD,
			.recorded_s = 1700000000,
			.valid = {1600000000, ALM_INSTANT_NEVER}}};

	strcpy(record.subject, "9990000018");
	test_people_put(&broker, &record);
}

Test(opaque, does_not_go_on_at_a_lower_level)
{
	struct alm_message message = test_message(&trust, "C84001");

	cr_expect_eq(refusal_of(&message), ALM_CANNOT_MINIMISE);
	message = test_message(&trust, "C84001");
	message.payload_level = ALM_WIRE_LEVEL_PSEUDONYMISED;
	cr_expect_eq(refusal_of(&message), ALM_OK, "it was sent so");
	message = test_message(&trust, "RHA");
	cr_expect_eq(refusal_of(&message), ALM_OK);
}

Test(opaque, does_not_go_on_where_location_is_withheld)
{
	struct alm_message message = test_message(&trust, "RHA");

	withhold_location();
	cr_expect_eq(refusal_of(&message), ALM_CANNOT_MINIMISE);
}

Test(opaque, that_waits_is_stopped_when_location_is_withheld)
{
	struct alm_message message = test_message(&trust, "RHA");
	const struct alm_envelope *notice;

	cr_assert_eq(refusal_of(&message), ALM_OK);
	withhold_location();
	notice = test_peer_expect(&trust, ALM_ENVELOPE_NOTICE);
	cr_expect_eq(notice->notice.kind, ALM_NOTICE_KIND_STOPPED);
	cr_expect_eq(notice->notice.problem.code, ALM_CANNOT_MINIMISE);
	test_peer_connect(&practice, &broker);
	test_peer_hello(&practice, 8);
	test_peer_expect_nothing(&practice);
}
