/*
 * zap.h - the ZeroMQ Authentication Protocol (RFC 27): who may connect.
 * Pure given the key ring; the socket belongs to broker/edge.
 */
#ifndef ALM_BROKER_AUTH_ZAP_H
#define ALM_BROKER_AUTH_ZAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/auth/keyring.h"
#include "lib/bytes.h"

#define ALM_ZAP_DOMAIN "almoner"
/* A 64-bit and a 32-bit number in decimal, a dot and a NUL. */
#define ALM_USER_ID_BYTES_MAX 32u

/** A token bucket over handshakes, since each costs the broker dearly. */
struct alm_handshake_limit {
	uint32_t per_second;
	double tokens;
	int64_t filled_at_ms;
};

#define ALM_HANDSHAKE_SOURCES 1024u

/** The same for each address; addresses may share a bucket, and a seed makes
 * that nobody can choose with whom. */
struct alm_handshake_sources {
	uint64_t seed;
	struct alm_handshake_limit limits[ALM_HANDSHAKE_SOURCES];
};

void alm_handshake_sources_init(struct alm_handshake_sources *sources,
	uint32_t per_second, int64_t now_ms, uint64_t seed);

struct alm_zap_verdict {
	const char *status; /* "200", "300", "400" or "500" */
	const char *text;
	char user_id[ALM_USER_ID_BYTES_MAX]; /* "" unless 200 */
};

/** The two clocks of a verdict. */
struct alm_zap_clock {
	int64_t monotonic_ms;
	int64_t wall_us;
};

/**
 * Judge one request: the frames after the empty delimiter, from the version
 * on.  Anything but CURVE in the domain `almoner` is denied, and so is any key
 * but a valid one of a registered, unrevoked agent, or that of an open invite.
 * One address takes its own share of all handshakes first.
 */
void alm_zap_judge(const struct alm_keyring *ring,
	struct alm_handshake_limit *limit,
	struct alm_handshake_sources *sources, struct alm_zap_clock now,
	const struct alm_bytes *frames, size_t frame_count,
	struct alm_zap_verdict *out_verdict);

/** What a user id says: an agent's number, and under which of its keys; or
 * `invite/` and the number of an invite. */
struct alm_user {
	const struct alm_agent *agent; /* NULL: none */
	uint32_t rotations;            /* of the agent, at the handshake */
	uint64_t invite;               /* 0: none */
};

/** Nobody for NULL, a malformed id, or one that is not known. */
struct alm_user alm_user_from_id(
	const struct alm_keyring *ring, const char *user_id);

/** Whether a user id is that of an invite; may be NULL. */
static inline bool alm_is_invite_user(const char *user_id)
{
	return user_id != NULL && user_id[0] == 'i';
}

/** Take one from the bucket.  False: it is empty. */
bool alm_handshake_take(struct alm_handshake_limit *limit, int64_t now_ms);

#endif /* ALM_BROKER_AUTH_ZAP_H */
