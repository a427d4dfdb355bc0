/* client.h - the library's client for a test, with the keys of a peer. */
#ifndef ALM_TESTS_SUPPORT_CLIENT_H
#define ALM_TESTS_SUPPORT_CLIENT_H

#include "agents/include/almoner.h"
#include "tests/support/peer.h"

/** The peer's agent at this broker; change what the test is about. */
struct alm_client_options test_client_options(
	const struct test_broker *broker, const struct test_peer *peer);

struct alm_client *test_client_open(const struct alm_client_options *options);

/** The same peer's client, which takes payloads in parts. */
struct alm_client *test_client_in_parts(
	const struct test_broker *broker, const struct test_peer *peer);

/** A message that the test policy permits, to C84001 and without a payload. */
struct alm_outgoing test_outgoing(void);
/** The same, with the payload of `source`. */
struct alm_outgoing test_outgoing_of(const struct alm_source *source);

/* --- a client without a thread, step by step ----------------------------- */

/** Wait for its descriptor, at most so long, and let it work. */
void test_client_work(struct alm_client *client, int wait_ms);

/** Whether it sends anything in parts. */
bool test_client_is_sending(const struct alm_client *client);

/** Until so many parts are on their way; false if a receipt came before. */
bool test_client_work_for_parts(struct alm_client *client, uint32_t parts);
/** The same, where there must be no receipt before. */
void test_client_work_until_sent(struct alm_client *client, uint32_t parts);

/** The next event that is a receipt; free it. */
struct alm_event *test_client_wait_receipt(struct alm_client *client);
/** The code of the next receipt. */
int test_client_wait_code(struct alm_client *client);

#endif /* ALM_TESTS_SUPPORT_CLIENT_H */
