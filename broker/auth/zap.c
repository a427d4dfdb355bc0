#include "broker/auth/zap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* version, request id, domain, address, identity, mechanism, credential */
#define FRAME_COUNT 7u
#define INVITE_PREFIX "invite/"

static bool is_text(struct alm_bytes frame, const char *text)
{
	return frame.bytes == strlen(text) &&
	       memcmp(frame.data, text, frame.bytes) == 0;
}

bool alm_handshake_take(struct alm_handshake_limit *limit, int64_t now_ms)
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

void alm_handshake_sources_init(struct alm_handshake_sources *sources,
	uint32_t per_second, int64_t now_ms, uint64_t seed)
{
	sources->seed = seed;
	for (size_t i = 0; i < ALM_HANDSHAKE_SOURCES; i++) {
		sources->limits[i] = (struct alm_handshake_limit){
			per_second, per_second, now_ms};
	}
}

static struct alm_handshake_limit *limit_of(
	struct alm_handshake_sources *sources, struct alm_bytes address)
{
	uint64_t hash = sources->seed ^ UINT64_C(14695981039346656037);

	for (size_t i = 0; i < address.bytes; i++) { /* FNV-1a */
		hash = (hash ^ address.data[i]) * UINT64_C(1099511628211);
	}
	return &sources->limits[(hash ^ hash >> 32) % ALM_HANDSHAKE_SOURCES];
}

static void say(
	struct alm_zap_verdict *out, const char *status, const char *text)
{
	out->status = status;
	out->text = text;
}

/* The agent's key in use, or the one before while it is valid.  Which one it
 * was stays with the connection: the old ones retire on it as well. */
static bool admit_agent(const struct alm_agent *agent, const uint8_t *key,
	int64_t wall_us, struct alm_zap_verdict *out)
{
	bool is_old = memcmp(agent->curve_key, key, 32) != 0;
	uint32_t rotations = agent->rotations - (is_old ? 1 : 0);

	if (agent->is_revoked ||
		(is_old && !alm_agent_has_old_keys(agent, wall_us))) {
		return false;
	}
	if (rotations == 0) {
		(void)snprintf(out->user_id, sizeof(out->user_id), "%" PRIu64,
			agent->number);
	} else {
		(void)snprintf(out->user_id, sizeof(out->user_id),
			"%" PRIu64 ".%" PRIu32, agent->number, rotations);
	}
	return true;
}

static bool admit_invite(const struct alm_keyring *ring, const uint8_t *key,
	int64_t wall_us, struct alm_zap_verdict *out)
{
	const struct alm_invite_key *invite =
		alm_keyring_invite_by_key(ring, key);

	if (invite == NULL || invite->expires_us <= wall_us) {
		return false;
	}
	(void)snprintf(out->user_id, sizeof(out->user_id),
		INVITE_PREFIX "%" PRIu64, invite->number);
	return true;
}

void alm_zap_judge(const struct alm_keyring *ring,
	struct alm_handshake_limit *limit,
	struct alm_handshake_sources *sources, struct alm_zap_clock now,
	const struct alm_bytes *frames, size_t frame_count,
	struct alm_zap_verdict *out_verdict)
{
	const struct alm_agent *agent;
	bool is_admitted;

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
	if (!alm_handshake_take(
		    limit_of(sources, frames[3]), now.monotonic_ms) ||
		!alm_handshake_take(limit, now.monotonic_ms)) {
		say(out_verdict, "300", "too many handshakes");
		return;
	}
	agent = alm_keyring_by_key(ring, frames[6].data);
	is_admitted = agent != NULL ? admit_agent(agent, frames[6].data,
					      now.wall_us, out_verdict)
				    : admit_invite(ring, frames[6].data,
					      now.wall_us, out_verdict);
	if (is_admitted) {
		say(out_verdict, "200", "");
	} else {
		/* A stranger does not learn whether a key was ever known. */
		say(out_verdict, "400", "not registered");
	}
}

static bool take_number(const char **text, uint64_t max, uint64_t *out_number)
{
	char *end = NULL;

	if (**text < '1' || **text > '9') {
		return false;
	}
	errno = 0;
	*out_number = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0 && *out_number <= max;
}

struct alm_user alm_user_from_id(
	const struct alm_keyring *ring, const char *user_id)
{
	struct alm_user user = {.agent = NULL};
	bool is_invite;
	uint64_t number;
	uint64_t rotations = 0;

	if (user_id == NULL || strlen(user_id) >= ALM_USER_ID_BYTES_MAX) {
		return user;
	}
	is_invite = user_id[0] == INVITE_PREFIX[0];
	if (is_invite &&
		strncmp(user_id, INVITE_PREFIX, strlen(INVITE_PREFIX)) != 0) {
		return user;
	}
	user_id += is_invite ? strlen(INVITE_PREFIX) : 0;
	if (!take_number(&user_id, UINT64_MAX, &number)) {
		return user;
	}
	if (!is_invite && *user_id == '.') {
		user_id++;
		if (!take_number(&user_id, UINT32_MAX, &rotations)) {
			return user;
		}
	}
	if (*user_id != '\0') {
		return user;
	}
	if (is_invite) {
		user.invite = number;
		return user;
	}
	user.agent = alm_keyring_by_number(ring, number);
	user.rotations = (uint32_t)rotations;
	return user;
}
