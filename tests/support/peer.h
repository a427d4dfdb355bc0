/*
 * peer.h - an agent at the level of the wire, so that the tests can do what
 * the library never would: forge, repeat, garble.  Signs each message alone.
 */
#ifndef ALM_TESTS_SUPPORT_PEER_H
#define ALM_TESTS_SUPPORT_PEER_H

#include "tests/support/broker.h"
#include "tests/support/clock.h"

struct test_peer {
	void *context;
	void *socket;
	int receive_frames_max; /* that its socket takes unread; 0: 1,000 */
	uint32_t claims; /* it says that ROUTER gave it this id; 0: nothing */
	char organisation[65];
	uint8_t curve_public[32];
	uint8_t curve_secret[32];
	uint8_t signing_public[32];
	uint8_t signing_secret[64];
	struct alm_arena arena;
	const struct alm_envelope *envelopes; /* of the last frame */
	size_t envelope_count;
	size_t envelope_next;
};

/** New keys; nothing is registered yet. */
void test_peer_make(struct test_peer *peer, const char *organisation);
void test_peer_register(
	struct test_peer *peer, struct test_broker *broker, const char *agent);
void test_peer_connect(struct test_peer *peer, struct test_broker *broker);
/** Close the socket, as a cable that is pulled. */
void test_peer_disconnect(struct test_peer *peer);
void test_peer_free(struct test_peer *peer);

/** Made, and registered under the name "agent". */
void test_peer_enrol(struct test_peer *peer, struct test_broker *broker,
	const char *organisation);
/** The same under that name, connected, and hello. */
void test_peer_open_as(struct test_peer *peer, struct test_broker *broker,
	const char *organisation, const char *agent, uint32_t credit);
/** The same under the name "agent". */
void test_peer_open(struct test_peer *peer, struct test_broker *broker,
	const char *organisation, uint32_t credit);

void test_peer_say(struct test_peer *peer, const struct alm_envelope *envelope);
void test_peer_say_bytes(struct test_peer *peer, struct alm_bytes frame);
void test_peer_hello(struct test_peer *peer, uint32_t credit);
/** Goodbye and hello: what it had comes again. */
void test_peer_renew(struct test_peer *peer, uint32_t credit);
/** Say goodbye, until the broker knows, and close. */
void test_peer_leave(struct test_peer *peer);
/** Break the connection, and be there again on a new one. */
void test_peer_come_back(
	struct test_peer *peer, struct test_broker *broker, uint32_t credit);
void test_peer_acknowledge(
	struct test_peer *peer, uint64_t sequence, const char *reject_reason);

/** The next envelope; NULL if none comes within `wait_ms`. */
const struct alm_envelope *test_peer_next(struct test_peer *peer, int wait_ms);
/** The next one of that kind; others are passed over.  Fails the test if it
 * does not come. */
const struct alm_envelope *test_peer_expect(
	struct test_peer *peer, enum alm_envelope_kind kind);

/** Nothing is on its way: what was said before the pong has come. */
void test_peer_expect_nothing(struct test_peer *peer);

/** Wait until the connection fails or succeeds; true when admitted. */
bool test_peer_is_admitted(struct test_peer *peer, struct test_broker *broker);
/** The same of its keys, on a connection of their own. */
bool test_peer_keys_are_admitted(
	const struct test_peer *keys, struct test_broker *broker);

/** A message that the test policy permits; change what the test is about. */
struct alm_message test_message(
	const struct test_peer *from, const char *recipient);

/** Sign and send, sent now plus `skew_ms`.  Of a payload in parts the message
 * says the root itself, and `payload` is "". */
void test_peer_send(struct test_peer *peer, const struct alm_message *message,
	const char *payload, int64_t skew_ms);

/** Both in one frame, with the payload "content". */
void test_peer_send_both(struct test_peer *peer,
	const struct alm_message *first, const struct alm_message *second);

/** As test_peer_send(), of a payload that travels as other bytes. */
void test_peer_send_as(struct test_peer *peer,
	const struct alm_message *message, const char *payload,
	struct alm_bytes travels, enum alm_encoding encoding);

/** Send with the payload "content", and wait for the receipt. */
const struct alm_receipt *test_peer_receipt(
	struct test_peer *peer, const struct alm_message *message);
/** The same, of what has to be accepted: the sequence of its mail. */
uint64_t test_peer_accepted(
	struct test_peer *peer, const struct alm_message *message);

/** The policy for which test_message() is written: RX1 to C84001 and RHA. */
extern const char test_policy[];
/** It, with a care agreement that accepts both overrides. */
void test_policy_activate_overridable(struct test_broker *broker);
/** It, with its first agreement for group:many, which are M0, M1 and so on. */
void test_policy_activate_many(struct test_broker *broker, size_t count);

#endif /* ALM_TESTS_SUPPORT_PEER_H */
