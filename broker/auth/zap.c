#include "broker/auth/zap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* version, request id, domain, address, identity, mechanism, credential */
#define FRAME_COUNT 7u

static bool is_text(struct alm_bytes frame, const char *text)
{
	return frame.bytes == strlen(text) &&
	       memcmp(frame.data, text, frame.bytes) == 0;
}

static bool take_token(struct alm_handshake_limit *limit, int64_t now_ms)
{
	double burst = limit->per_second;

	limit->tokens += (double)(now_ms - limit->filled_at_ms) *
			 limit->per_second / 1000.0;
	if (limit->tokens > burst) {
		limit->tokens = burst;
	}
	limit->filled_at_ms = now_ms;
	if (limit->tokens < 1.0) {
		return false;
	}
	limit->tokens -= 1.0;
	return true;
}

static void say(
	struct alm_zap_verdict *out, const char *status, const char *text)
{
	out->status = status;
	out->text = text;
}

void alm_zap_judge(const struct alm_keyring *ring,
	struct alm_handshake_limit *limit, int64_t now_ms,
	const struct alm_bytes *frames, size_t frame_count,
	struct alm_zap_verdict *out_verdict)
{
	const struct alm_agent *agent;

	memset(out_verdict, 0, sizeof(*out_verdict));
	if (frame_count != FRAME_COUNT || !is_text(frames[0], "1.0") ||
		!is_text(frames[5], "CURVE") || frames[6].bytes != 32) {
		say(out_verdict, "400", "not a CURVE request");
		return;
	}
	if (!is_text(frames[2], ALM_ZAP_DOMAIN)) {
		say(out_verdict, "400", "wrong domain");
		return;
	}
	if (!take_token(limit, now_ms)) {
		say(out_verdict, "300", "too many handshakes");
		return;
	}
	agent = alm_keyring_by_key(ring, frames[6].data);
	if (agent == NULL || agent->is_revoked) {
		/* A stranger does not learn whether a key was ever known. */
		say(out_verdict, "400", "not registered");
		return;
	}
	say(out_verdict, "200", "");
	(void)snprintf(out_verdict->user_id, sizeof(out_verdict->user_id),
		"%" PRIu64, agent->number);
}

const struct alm_agent *alm_agent_from_user_id(
	const struct alm_keyring *ring, const char *user_id)
{
	char *end = NULL;
	uint64_t number;

	if (user_id == NULL || user_id[0] < '1' || user_id[0] > '9' ||
		strlen(user_id) >= ALM_USER_ID_BYTES_MAX) {
		return NULL;
	}
	errno = 0;
	number = strtoull(user_id, &end, 10);
	if (errno != 0 || *end != '\0') {
		return NULL;
	}
	return alm_keyring_by_number(ring, number);
}
