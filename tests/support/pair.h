/*
 * pair.h - what most tests of delivery begin with: a broker, a trust that
 * sends and a practice that receives.  Included once, by the test.
 */
#ifndef ALM_TESTS_SUPPORT_PAIR_H
#define ALM_TESTS_SUPPORT_PAIR_H

#include "tests/support/peer.h"

static struct test_broker broker;
static struct test_peer trust;    /* RX1 */
static struct test_peer practice; /* C84001 */

/** A broker with these settings and this policy, and the trust on it. */
static inline void open_trust(
	const char *settings, const char *policy_yaml, uint32_t credit)
{
	test_broker_open(&broker, settings);
	test_broker_activate(&broker, policy_yaml);
	test_peer_open(&trust, &broker, "RX1", credit);
}

/** The test policy, and the keys of both: others connect with them. */
static inline void enrol_pair(const char *settings)
{
	test_broker_open(&broker, settings);
	test_broker_activate(&broker, test_policy);
	test_peer_enrol(&trust, &broker, "RX1");
	test_peer_enrol(&practice, &broker, "C84001");
}

static inline void close_pair(void)
{
	test_peer_free(&trust);
	test_peer_free(&practice);
	test_broker_close(&broker);
}

#endif /* ALM_TESTS_SUPPORT_PAIR_H */
