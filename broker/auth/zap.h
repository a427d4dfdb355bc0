/*
 * zap.h - the ZeroMQ Authentication Protocol (RFC 27): who may connect.
 * Pure given the key ring; the socket belongs to broker/edge.
 */
#ifndef ALM_BROKER_AUTH_ZAP_H
#define ALM_BROKER_AUTH_ZAP_H

#include <stddef.h>
#include <stdint.h>

#include "broker/auth/keyring.h"
#include "lib/bytes.h"

#define ALM_ZAP_DOMAIN "almoner"
#define ALM_USER_ID_BYTES_MAX 21u /* a 64-bit number in decimal, and a NUL */

/** A token bucket over handshakes, since each costs the broker dearly. */
struct alm_handshake_limit {
	uint32_t per_second;
	double tokens;
	int64_t filled_at_ms;
};

struct alm_zap_verdict {
	const char *status; /* "200", "300", "400" or "500" */
	const char *text;
	char user_id[ALM_USER_ID_BYTES_MAX]; /* "" unless 200 */
};

/**
 * Judge one request: the frames after the empty delimiter, from the version
 * on.  Anything but CURVE with the key of a registered, unrevoked agent in
 * the domain `almoner` is denied.
 */
void alm_zap_judge(const struct alm_keyring *ring,
	struct alm_handshake_limit *limit, int64_t now_ms,
	const struct alm_bytes *frames, size_t frame_count,
	struct alm_zap_verdict *out_verdict);

/** The agent whom ZAP named; NULL for NULL, a malformed id, or nobody. */
const struct alm_agent *alm_agent_from_user_id(
	const struct alm_keyring *ring, const char *user_id);

#endif /* ALM_BROKER_AUTH_ZAP_H */
