#include "broker/auth/zap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"

/* version, request id, domain, address, identity, mechanism, credential */
#define FRAME_COUNT 7u
#define INVITE_PREFIX "invite/"

static bool is_text(struct alm_bytes frame, const char *text)
{
	return frame.bytes == strlen(text) &&
	       memcmp(frame.data, text, frame.bytes) == 0;
}

/* Take one from the bucket.  False: it is empty. */
static bool take(struct alm_handshake_limit *limit, int64_t now_ms)
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

static void init_limit(
	struct alm_handshake_limit *limit, uint32_t per_second, int64_t now_ms)
{
	*limit = (struct alm_handshake_limit){per_second, per_second, now_ms};
}

static void init_sources(struct alm_handshake_sources *sources,
	uint32_t per_second, int64_t now_ms, uint64_t seed)
{
	sources->seed = seed;
	for (size_t i = 0; i < ALM_HANDSHAKE_SOURCES; i++) {
		init_limit(&sources->limits[i], per_second, now_ms);
	}
}

void alm_handshake_gate_init(struct alm_handshake_gate *gate,
	uint32_t per_second, uint32_t per_address, int64_t now_ms,
	uint64_t seed)
{
	init_limit(&gate->known, per_second, now_ms);
	init_sources(&gate->keys, ALM_HANDSHAKES_PER_AGENT_MAX, now_ms, seed);
	init_sources(&gate->strangers, per_address, now_ms, seed);
}

void alm_handshake_gate_set(struct alm_handshake_gate *gate,
	uint32_t per_second, uint32_t per_address)
{
	gate->known.per_second = per_second;
	for (size_t i = 0; i < ALM_HANDSHAKE_SOURCES; i++) {
		gate->strangers.limits[i].per_second = per_address;
	}
}

static struct alm_handshake_limit *limit_of(
	struct alm_handshake_sources *sources, struct alm_bytes who)
{
	uint64_t hash = sources->seed ^ UINT64_C(14695981039346656037);

	for (size_t i = 0; i < who.bytes; i++) { /* FNV-1a */
		hash = (hash ^ who.data[i]) * UINT64_C(1099511628211);
	}
	return &sources->limits[(hash ^ hash >> 32) % ALM_HANDSHAKE_SOURCES];
}

/* Whoever has one address of IPv6 has all that begin with its first half. */
static bool stranger_may_ask(struct alm_handshake_gate *gate,
	struct alm_bytes address, int64_t now_ms)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr parsed;
	struct alm_bytes who = address;

	if (address.bytes < sizeof(text)) {
		memcpy(text, address.data, address.bytes);
		text[address.bytes] = '\0';
		if (inet_pton(AF_INET6, text, &parsed) == 1 &&
			!IN6_IS_ADDR_V4MAPPED(&parsed)) {
			who = (struct alm_bytes){parsed.s6_addr, 8};
		}
	}
	return take(limit_of(&gate->strangers, who), now_ms);
}

/* Its own bucket first: one that is empty takes nothing of the others'. */
static bool agent_may_come(
	struct alm_handshake_gate *gate, struct alm_bytes key, int64_t now_ms)
{
	return take(limit_of(&gate->keys, key), now_ms) &&
	       take(&gate->known, now_ms);
}

void alm_join_gate_init(
	struct alm_join_gate *gate, int64_t now_ms, uint64_t seed)
{
	init_limit(&gate->all, ALM_JOINS_PER_SECOND_MAX, now_ms);
	init_sources(&gate->invites, ALM_JOINS_PER_INVITE_MAX, now_ms, seed);
	init_sources(
		&gate->answers, ALM_JOIN_ANSWERS_PER_INVITE_MAX, now_ms, seed);
}

static bool take_of_invite(
	struct alm_handshake_sources *sources, uint64_t invite, int64_t now_ms)
{
	uint8_t who[sizeof(invite)];

	alm_put_u64(who, invite);
	return take(limit_of(sources, (struct alm_bytes){who, sizeof(who)}),
		now_ms);
}

bool alm_join_may_come(
	struct alm_join_gate *gate, uint64_t invite, int64_t now_ms)
{
	return take_of_invite(&gate->invites, invite, now_ms) &&
	       take(&gate->all, now_ms);
}

bool alm_join_may_be_answered(
	struct alm_join_gate *gate, uint64_t invite, int64_t now_ms)
{
	return take_of_invite(&gate->answers, invite, now_ms);
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
	bool is_old = memcmp(agent->curve_key, key, ALM_KEY_BYTES) != 0;
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

static bool admit(const struct alm_keyring *ring, const uint8_t *key,
	int64_t wall_us, struct alm_zap_verdict *out)
{
	const struct alm_agent *agent = alm_keyring_by_key(ring, key);

	return agent != NULL ? admit_agent(agent, key, wall_us, out)
			     : admit_invite(ring, key, wall_us, out);
}

void alm_zap_judge(const struct alm_keyring *ring,
	struct alm_handshake_gate *gate, struct alm_zap_clock now,
	const struct alm_bytes *frames, size_t frame_count,
	struct alm_zap_verdict *out_verdict)
{
	struct alm_zap_verdict *out = out_verdict;

	memset(out, 0, sizeof(*out));
	if (frame_count != FRAME_COUNT || !is_text(frames[0], "1.0") ||
		!is_text(frames[5], "CURVE") || frames[6].bytes != 32) {
		say(out, "400", "not a CURVE request");
		return;
	}
	if (!is_text(frames[2], ALM_ZAP_DOMAIN)) {
		say(out, "400", "wrong domain");
		return;
	}
	out->is_known = admit(ring, frames[6].data, now.wall_us, out);
	out->is_limited =
		out->is_known
			? !agent_may_come(gate, frames[6], now.monotonic_ms)
			: !stranger_may_ask(gate, frames[3], now.monotonic_ms);
	if (out->is_limited) {
		out->user_id[0] = '\0';
		say(out, "300", "too many handshakes");
	} else if (out->is_known) {
		say(out, "200", "");
	} else {
		/* A stranger does not learn whether a key was ever known. */
		say(out, "400", "not registered");
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
