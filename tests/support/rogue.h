/*
 * rogue.h - a process that has the broker's key and says what it likes: real
 * sockets and real handshakes, so that clients can be shown a broker that is
 * broken, slow or another's.  One client at a time; the test drives both.
 */
#ifndef ALM_TESTS_SUPPORT_ROGUE_H
#define ALM_TESTS_SUPPORT_ROGUE_H

#include "agents/include/almoner.h"
#include "tests/support/peer.h"

struct test_rogue {
	char folder[ALM_TEMPDIR_BYTES];
	char endpoint[PATH_MAX];
	uint8_t public_key[32];
	uint8_t secret_key[32];
	void *context;
	void *socket;
	uint8_t route[256]; /* of who spoke last */
	size_t route_bytes;
	struct alm_arena arena;
	const struct alm_envelope *envelopes; /* of the last frame */
	size_t envelope_count;
	size_t envelope_next;
};

/** Listen; `frames_max` that lie on this side unread, 0: as many as come. */
void test_rogue_open(struct test_rogue *rogue, int frames_max);
void test_rogue_close(struct test_rogue *rogue);
/** End the connection behind all that was said, and listen anew. */
void test_rogue_hang_up(struct test_rogue *rogue);

/** A client of RX1 that connects to it, with this credit. */
struct alm_client *test_rogue_client(struct test_rogue *rogue,
	const struct test_peer *peer, uint32_t credit, bool takes_parts);

/** What the client says next, which works meanwhile; fails the test if nothing
 * comes.  The kind: others are passed over. */
const struct alm_envelope *test_rogue_expect(struct test_rogue *rogue,
	struct alm_client *client, enum alm_envelope_kind kind);
/** The next envelope that lies there; NULL if none does. */
const struct alm_envelope *test_rogue_next(struct test_rogue *rogue);

void test_rogue_say(
	struct test_rogue *rogue, const struct alm_envelope *envelope);
/** False: it did not fit into what waits for the client. */
bool test_rogue_say_bytes(struct test_rogue *rogue, struct alm_bytes frame);

/** A welcome, and mail, as an honest broker says it; change what the test is
 * about. */
struct alm_envelope test_rogue_welcome(void);
struct alm_envelope test_rogue_mail(uint64_t sequence);

/** Hello and welcome; what came of it before is dropped. */
void test_rogue_greet(struct test_rogue *rogue, struct alm_client *client);

/** Let the client work until it has taken all that was said so far. */
void test_rogue_settle(struct test_rogue *rogue, struct alm_client *client);

#endif /* ALM_TESTS_SUPPORT_ROGUE_H */
