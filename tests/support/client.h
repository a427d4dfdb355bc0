/* client.h - the library's client for a test, with the keys of a peer. */
#ifndef ALM_TESTS_SUPPORT_CLIENT_H
#define ALM_TESTS_SUPPORT_CLIENT_H

#include "agents/include/almoner.h"
#include "tests/support/peer.h"

/** The peer's agent at this broker; change what the test is about. */
struct alm_client_options test_client_options(
	const struct test_broker *broker, const struct test_peer *peer);

struct alm_client *test_client_open(const struct alm_client_options *options);

/** A message that the test policy permits, to C84001 and without a payload. */
struct alm_outgoing test_outgoing(void);

#endif /* ALM_TESTS_SUPPORT_CLIENT_H */
