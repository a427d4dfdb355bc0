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

/** One bucket for each who asks; some may share one, and a seed makes that
 * nobody can choose with whom. */
struct alm_handshake_sources {
	uint64_t seed;
	struct alm_handshake_limit limits[ALM_HANDSHAKE_SOURCES];
};

/** What may be spent on handshakes.  Strangers, whose keys nobody knows, spend
 * their address's and nothing else: so no flood of them, from however many
 * addresses, keeps out whoever is registered. */
struct alm_handshake_gate {
	struct alm_handshake_limit known;       /* all valid keys together */
	struct alm_handshake_sources keys;      /* by key, of these */
	struct alm_handshake_sources strangers; /* by address */
};

void alm_handshake_gate_init(struct alm_handshake_gate *gate,
	uint32_t per_second, uint32_t per_address, int64_t now_ms,
	uint64_t seed);

/** Other rates from now on. */
void alm_handshake_gate_set(struct alm_handshake_gate *gate,
	uint32_t per_second, uint32_t per_address);

/** What comes under the keys of invites, each by its number: judged, and beyond
 * that answered at all. */
struct alm_join_gate {
	struct alm_handshake_limit all;
	struct alm_handshake_sources invites;
	struct alm_handshake_sources answers;
};

void alm_join_gate_init(
	struct alm_join_gate *gate, int64_t now_ms, uint64_t seed);

/** Whether a join is judged.  One that its own invite's rate holds back takes
 * nothing of the others'. */
bool alm_join_may_come(
	struct alm_join_gate *gate, uint64_t invite, int64_t now_ms);

/** Whether a frame under the invite's key gets an answer, whatever it is. */
bool alm_join_may_be_answered(
	struct alm_join_gate *gate, uint64_t invite, int64_t now_ms);

struct alm_zap_verdict {
	const char *status; /* "200", "300", "400" or "500" */
	const char *text;
	char user_id[ALM_USER_ID_BYTES_MAX]; /* "" unless 200 */
	bool is_limited;                     /* 300 for want of a token */
	bool is_known;                       /* the key is valid */
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
 */
void alm_zap_judge(const struct alm_keyring *ring,
	struct alm_handshake_gate *gate, struct alm_zap_clock now,
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

#endif /* ALM_BROKER_AUTH_ZAP_H */
