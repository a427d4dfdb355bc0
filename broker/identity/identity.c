/*
 * The store has every agent and invite; the key ring has what decides a
 * handshake and a message.  A turn that is undone loads the ring anew.
 */
#include "broker/identity/identity.h"

#include <string.h>

#include "broker/loop/detail.h"
#include "lib/join.h"

static void from_row(struct alm_agent *agent, const struct alm_agent_row *row)
{
	memset(agent, 0, sizeof(*agent));
	agent->number = row->number;
	alm_text_copy(agent->organisation, sizeof(agent->organisation),
		row->organisation);
	alm_text_copy(agent->name, sizeof(agent->name), row->name);
	memcpy(agent->curve_key, row->curve_key, ALM_KEY_BYTES);
	memcpy(agent->signing_key, row->signing_key, ALM_KEY_BYTES);
	agent->is_revoked = row->is_revoked;
	agent->roles = row->roles;
	agent->registered_at_us = row->registered_at_us;
	agent->rotations = row->rotations;
	agent->keys_since_us = row->keys_since_us;
	agent->old_until_us = row->old_until_us;
	memcpy(agent->old_curve_key, row->old_curve_key, ALM_KEY_BYTES);
	memcpy(agent->old_signing_key, row->old_signing_key, ALM_KEY_BYTES);
	alm_text_copy(
		agent->categories, sizeof(agent->categories), row->categories);
}

struct alm_agent_row alm_agent_to_row(const struct alm_agent *agent)
{
	struct alm_agent_row row = {.number = agent->number,
		.organisation = agent->organisation,
		.name = agent->name,
		.is_revoked = agent->is_revoked,
		.registered_at_us = agent->registered_at_us,
		.roles = agent->roles,
		.categories = agent->categories,
		.rotations = agent->rotations,
		.keys_since_us = agent->keys_since_us,
		.old_until_us = agent->old_until_us};

	memcpy(row.curve_key, agent->curve_key, ALM_KEY_BYTES);
	memcpy(row.signing_key, agent->signing_key, ALM_KEY_BYTES);
	memcpy(row.old_curve_key, agent->old_curve_key, ALM_KEY_BYTES);
	memcpy(row.old_signing_key, agent->old_signing_key, ALM_KEY_BYTES);
	return row;
}

static enum alm_err load_agents(struct alm_broker *broker,
	struct alm_keyring *ring, struct alm_arena *arena)
{
	struct alm_agent_row row = {.number = 0};

	for (;;) {
		struct alm_agent agent;
		enum alm_err err;

		alm_arena_reset(arena);
		err = alm_store_agent_next(
			broker->store, row.number, arena, &row);
		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND ? ALM_OK : err;
		}
		from_row(&agent, &row);
		err = alm_keyring_put(ring, &agent);
		if (err != ALM_OK) {
			return err;
		}
	}
}

static struct alm_invite_key key_of(const struct alm_invite_row *invite)
{
	struct alm_invite_key key = {
		.number = invite->number, .expires_us = invite->expires_us};

	memcpy(key.key, invite->invite_key, ALM_KEY_BYTES);
	return key;
}

static bool is_admitted(const struct alm_invite_row *invite)
{
	return invite->state == ALM_INVITE_OPEN ||
	       invite->state == ALM_INVITE_JOINED;
}

static enum alm_err load_invites(struct alm_broker *broker,
	struct alm_keyring *ring, struct alm_arena *arena)
{
	struct alm_invite_row row = {.number = 0};

	for (;;) {
		struct alm_invite_key key;
		enum alm_err err;

		alm_arena_reset(arena);
		err = alm_store_invite_next(
			broker->store, row.number, arena, &row);
		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND ? ALM_OK : err;
		}
		key = key_of(&row);
		err = is_admitted(&row) ? alm_keyring_invite_put(ring, &key)
					: ALM_OK;
		if (err != ALM_OK) {
			return err;
		}
	}
}

enum alm_err alm_identity_load(struct alm_broker *broker)
{
	struct alm_keyring *ring = alm_keyring_new();
	struct alm_arena arena;
	enum alm_err err = ring == NULL ? ALM_NOMEM : ALM_OK;

	/* Not the turn's: its requests are still needed when it is undone. */
	alm_arena_init(&arena, ALM_TURN_ARENA_BYTES_MAX);
	if (err == ALM_OK) {
		err = load_agents(broker, ring, &arena);
	}
	if (err == ALM_OK) {
		err = load_invites(broker, ring, &arena);
	}
	alm_arena_fini(&arena);
	if (err != ALM_OK) {
		alm_keyring_free(ring);
		return err;
	}
	alm_keyring_free(broker->keyring);
	broker->keyring = ring;
	broker->identity_due_us = alm_keyring_due_us(ring);
	return ALM_OK;
}

/* --- changes ------------------------------------------------------------- */

enum alm_err alm_identity_change(struct alm_turn *turn,
	const struct alm_agent *before, const struct alm_agent *after)
{
	const struct alm_agent_row was = alm_agent_to_row(before);
	const struct alm_agent_row row = alm_agent_to_row(after);
	struct alm_mailbox *mailbox = alm_mailboxes_find(
		turn->broker->mailboxes, after->organisation);
	enum alm_err err =
		alm_store_agent_change(turn->broker->store, &was, &row);

	turn->has_effects |= err == ALM_OK;
	if (err == ALM_OK) {
		err = alm_turn_change_agent(turn, after);
	}
	if (err == ALM_OK && mailbox != NULL) {
		mailbox->has_limited |= row.categories[0] != '\0';
		alm_mailbox_from_start(mailbox);
	}
	return err;
}

static void forget_old(struct alm_agent *agent)
{
	agent->old_until_us = 0;
	memset(agent->old_curve_key, 0, ALM_KEY_BYTES);
	memset(agent->old_signing_key, 0, ALM_KEY_BYTES);
}

/* What a connection holds whose key is valid no more is due again elsewhere. */
static void end_old_session(
	struct alm_turn *turn, const struct alm_agent *agent)
{
	struct alm_sessions *sessions = turn->broker->sessions;
	struct alm_session *session =
		alm_sessions_of_agent(sessions, agent->number);

	if (session != NULL && agent->old_until_us == 0 &&
		session->rotations != agent->rotations) {
		alm_sessions_remove(sessions, &session);
	}
}

enum alm_err alm_identity_check_rotation(const struct alm_agent *agent,
	const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES], int64_t overlap_us)
{
	if (agent->old_until_us != 0 && overlap_us > 0) {
		return ALM_ROTATION_OPEN;
	}
	return memcmp(agent->curve_key, curve_key, ALM_KEY_BYTES) == 0 ||
			       memcmp(agent->signing_key, signing_key,
				       ALM_KEY_BYTES) == 0
		       ? ALM_KEY_USED
		       : ALM_OK;
}

enum alm_err alm_identity_rotate(struct alm_turn *turn,
	const struct alm_agent *agent, const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES], int64_t overlap_us,
	struct alm_agent *out_after)
{
	const struct alm_agent before = *agent; /* it moves in the ring */
	struct alm_agent after = *agent;
	enum alm_err err = alm_identity_check_rotation(
		agent, curve_key, signing_key, overlap_us);

	if (err != ALM_OK) {
		return err;
	}
	after.rotations++;
	after.keys_since_us = turn->now_us;
	memcpy(after.curve_key, curve_key, ALM_KEY_BYTES);
	memcpy(after.signing_key, signing_key, ALM_KEY_BYTES);
	forget_old(&after);
	if (overlap_us > 0) {
		after.old_until_us = turn->now_us + overlap_us;
		memcpy(after.old_curve_key, before.curve_key, ALM_KEY_BYTES);
		memcpy(after.old_signing_key, before.signing_key,
			ALM_KEY_BYTES);
	}
	err = alm_identity_change(turn, &before, &after);
	if (err == ALM_OK) {
		end_old_session(turn, &after);
		*out_after = after;
	}
	return err;
}

enum alm_err alm_identity_admit_invite(
	struct alm_turn *turn, const struct alm_invite_row *invite)
{
	const struct alm_invite_key key = key_of(invite);
	struct alm_broker *broker = turn->broker;
	enum alm_err err = alm_keyring_invite_put(broker->keyring, &key);

	turn->has_new_world = true;
	broker->identity_due_us = alm_keyring_due_us(broker->keyring);
	return err;
}

void alm_identity_end_invite(struct alm_turn *turn, uint64_t number)
{
	struct alm_broker *broker = turn->broker;

	turn->has_new_world = true;
	alm_keyring_invite_remove(broker->keyring, number);
	broker->identity_due_us = alm_keyring_due_us(broker->keyring);
}

enum alm_err alm_identity_check(const struct alm_broker *broker,
	const struct alm_invite_row *invite,
	const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES], uint8_t out[ALM_DIGEST_BYTES])
{
	const struct alm_join_facts facts = {.invite = invite->number,
		.organisation = invite->organisation,
		.agent = invite->agent,
		.invite_key = invite->invite_key,
		.proof_hash = invite->proof_hash,
		.broker_key = alm_edge_public_key(broker->edge),
		.curve_key = curve_key,
		.signing_key = signing_key};

	return alm_join_check(&facts, out);
}

const char *alm_next_endpoint(const struct alm_broker *broker)
{
	return broker->settings.public_endpoint_next[0] != '\0'
		       ? broker->settings.public_endpoint_next
		       : alm_edge_next_endpoint(broker->edge);
}

/* --- what ends by itself -------------------------------------------------- */

static enum alm_err retire(struct alm_turn *turn, const struct alm_agent *agent)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_ROTATED);
	const struct alm_agent before = *agent;
	struct alm_agent after = *agent;
	enum alm_err err;

	forget_old(&after);
	record.agent = before.number;
	record.sender = before.organisation;
	alm_detail_init(turn->detail);
	alm_detail_text(turn->detail, "what", "retired");
	alm_detail_text(turn->detail, "agent", before.name);
	alm_detail_hex(turn->detail, "curve-key",
		(struct alm_bytes){before.old_curve_key, ALM_KEY_BYTES});
	alm_detail_hex(turn->detail, "signing-key",
		(struct alm_bytes){before.old_signing_key, ALM_KEY_BYTES});
	err = alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
	if (err == ALM_OK) {
		err = alm_identity_change(turn, &before, &after);
	}
	if (err == ALM_OK) {
		end_old_session(turn, &after);
	}
	return err;
}

static const struct alm_agent *next_retiring(
	const struct alm_keyring *ring, int64_t now_us)
{
	for (size_t i = 0; i < alm_keyring_count(ring); i++) {
		const struct alm_agent *agent = alm_keyring_at(ring, i);

		if (agent->old_until_us != 0 && agent->old_until_us <= now_us) {
			return agent;
		}
	}
	return NULL;
}

static enum alm_err expire_invite(struct alm_turn *turn, uint64_t number)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_INVITE);
	struct alm_store *store = turn->broker->store;
	struct alm_invite_row invite;
	enum alm_err err =
		alm_store_invite_get(store, number, turn->arena, &invite);

	if (err != ALM_OK) {
		return err;
	}
	invite.state = ALM_INVITE_EXPIRED;
	invite.changed_at_us = turn->now_us;
	err = alm_store_invite_change(store, &invite);
	if (err != ALM_OK) {
		return err;
	}
	alm_identity_end_invite(turn, number);
	record.sender = invite.organisation;
	alm_detail_init(turn->detail);
	alm_detail_text(turn->detail, "what", "expired");
	alm_detail_number(turn->detail, "invite", number);
	alm_detail_text(turn->detail, "agent", invite.agent);
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

enum alm_err alm_identity_expire(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	const struct alm_invite_key *invite;
	const struct alm_agent *agent;
	enum alm_err err = ALM_OK;

	/* A turn that may not write takes no mail either. */
	if (turn->now_us < broker->identity_due_us || turn->is_store_full) {
		return ALM_OK;
	}
	while (err == ALM_OK && (agent = next_retiring(broker->keyring,
					 turn->now_us)) != NULL) {
		err = retire(turn, agent);
	}
	while (err == ALM_OK &&
		(invite = alm_keyring_invite_expired(
			 broker->keyring, turn->now_us)) != NULL) {
		err = expire_invite(turn, invite->number);
	}
	return err;
}
