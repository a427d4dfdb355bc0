/*
 * A stranger with an invite.  Its connection was made under the key of that
 * invite, and nothing but this envelope is taken on it.  The same agent may
 * ask again, as when the answer was lost; another one may not.
 */
#include "lib/join.h"

#include <string.h>

#include <sodium.h>

#include "broker/identity/identity.h"
#include "broker/loop/detail.h"
#include "lib/hash.h"

/* 0: the frame came under no invite's key. */
static uint64_t invite_of(
	const struct alm_turn *turn, const struct alm_edge_frame *frame)
{
	return alm_is_invite_user(frame->user_id)
		       ? alm_user_from_id(turn->broker->keyring, frame->user_id)
				 .invite
		       : 0;
}

bool alm_join_is_dropped(
	struct alm_turn *turn, const struct alm_edge_frame *frame)
{
	uint64_t invite = invite_of(turn, frame);
	struct alm_edge_kept *kept;

	if (invite == 0 || alm_join_may_be_answered(&turn->broker->joins,
				   invite, turn->monotonic_ms)) {
		return false;
	}
	kept = alm_edge_keep(turn->broker->edge, frame);
	if (kept == NULL) {
		return false; /* out of memory: it is refused with the rest */
	}
	alm_edge_drop_kept(&kept);
	turn->broker->metrics.joins_dropped++;
	return true;
}

bool alm_join_is_too_much(
	struct alm_turn *turn, const struct alm_edge_frame *frame)
{
	uint64_t invite = invite_of(turn, frame);

	return invite != 0 && (frame->bytes.bytes > ALM_JOIN_FRAME_BYTES_MAX ||
				      !alm_join_may_come(&turn->broker->joins,
					      invite, turn->monotonic_ms));
}

static enum alm_err refuse(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_invite_row *invite, enum alm_err code)
{
	struct alm_audit_record record = alm_turn_record(turn, ALM_AUDIT_JOIN);
	enum alm_err err;

	if (turn->is_store_full) {
		return alm_turn_reply_error(turn, request, ALM_STORE_FULL, "");
	}
	record.effect = ALM_EFFECT_DENY;
	record.code = (uint32_t)code;
	record.sender = invite->organisation;
	alm_detail_init(turn->detail);
	alm_detail_text(turn->detail, "what", "refused");
	alm_detail_number(turn->detail, "invite", invite->number);
	alm_detail_text(turn->detail, "address", request->address);
	err = alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
	return err == ALM_OK ? alm_turn_reply_error(turn, request, code, "")
			     : err;
}

static bool is_proved(
	const struct alm_invite_row *invite, const struct alm_join *join)
{
	uint8_t hash[32];

	if (crypto_hash_sha256(hash, join->proof, sizeof(join->proof)) != 0) {
		return false;
	}
	return sodium_memcmp(hash, invite->proof_hash, sizeof(hash)) == 0;
}

static bool has_same_keys(
	const struct alm_invite_row *invite, const struct alm_join *join)
{
	return memcmp(invite->curve_key, join->curve_key, ALM_KEY_BYTES) == 0 &&
	       memcmp(invite->signing_key, join->signing_key, ALM_KEY_BYTES) ==
		       0;
}

/* Whether this invite is good for these keys. */
static enum alm_err check(const struct alm_turn *turn,
	const struct alm_invite_row *invite, const struct alm_join *join,
	const uint8_t check[32])
{
	const struct alm_agent *known =
		alm_keyring_by_key(turn->broker->keyring, join->curve_key);
	bool is_again = (invite->state == ALM_INVITE_JOINED ||
				invite->state == ALM_INVITE_APPROVED) &&
			has_same_keys(invite, join);

	if (join->invite != invite->number ||
		invite->expires_us <= turn->now_us ||
		(invite->state != ALM_INVITE_OPEN && !is_again) ||
		!is_proved(invite, join)) {
		return ALM_INVITE_INVALID;
	}
	if (!alm_digest_is_signed(ALM_JOIN_CONTEXT, check, join->signature,
		    join->signing_key)) {
		return ALM_BAD_SIGNATURE;
	}
	if (memcmp(invite->invite_key, join->curve_key, ALM_KEY_BYTES) == 0 ||
		(known != NULL && invite->state != ALM_INVITE_APPROVED)) {
		return ALM_KEY_USED;
	}
	return ALM_OK;
}

static enum alm_err keep(struct alm_turn *turn,
	const struct alm_turn_request *request, struct alm_invite_row *invite,
	const struct alm_join *join)
{
	struct alm_audit_record record = alm_turn_record(turn, ALM_AUDIT_JOIN);
	enum alm_err err;

	invite->state = ALM_INVITE_JOINED;
	invite->changed_at_us = turn->now_us;
	memcpy(invite->curve_key, join->curve_key, ALM_KEY_BYTES);
	memcpy(invite->signing_key, join->signing_key, ALM_KEY_BYTES);
	err = alm_store_invite_change(turn->broker->store, invite);
	if (err != ALM_OK) {
		return err;
	}
	record.sender = invite->organisation;
	alm_detail_init(turn->detail);
	alm_detail_text(turn->detail, "what", "joined");
	alm_detail_number(turn->detail, "invite", invite->number);
	alm_detail_text(turn->detail, "agent", invite->agent);
	alm_detail_hex(turn->detail, "curve-key",
		(struct alm_bytes){join->curve_key, ALM_KEY_BYTES});
	alm_detail_hex(turn->detail, "signing-key",
		(struct alm_bytes){join->signing_key, ALM_KEY_BYTES});
	alm_detail_text(turn->detail, "address", request->address);
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

enum alm_err alm_join(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_join *join = &request->envelope->join;
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_JOINED};
	struct alm_invite_row invite;
	enum alm_err err = alm_store_invite_get(
		turn->broker->store, request->invite, turn->arena, &invite);

	if (err == ALM_NOT_FOUND) {
		return alm_turn_reply_error(
			turn, request, ALM_INVITE_INVALID, "");
	}
	if (err == ALM_OK) {
		err = alm_identity_check(turn->broker, &invite, join->curve_key,
			join->signing_key, envelope.joined.check);
	}
	if (err != ALM_OK) {
		return err;
	}
	err = check(turn, &invite, join, envelope.joined.check);
	if (err != ALM_OK) {
		return refuse(turn, request, &invite, err);
	}
	if (invite.state == ALM_INVITE_OPEN) {
		err = turn->is_store_full ? alm_turn_reply_error(turn, request,
						    ALM_STORE_FULL, "")
					  : keep(turn, request, &invite, join);
		if (err != ALM_OK || turn->is_store_full) {
			return err;
		}
	}
	envelope.joined.invite = invite.number;
	envelope.joined.organisation = invite.organisation;
	envelope.joined.agent = invite.agent;
	envelope.joined.is_approved = invite.state == ALM_INVITE_APPROVED;
	return alm_turn_reply(turn, request, &envelope);
}
