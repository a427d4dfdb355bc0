/*
 * identity.h - who may speak, as the broker changes it: agents and invites
 * between store and key ring, keys that replace each other, and what ends by
 * itself.  Loop thread only.
 */
#ifndef ALM_BROKER_IDENTITY_IDENTITY_H
#define ALM_BROKER_IDENTITY_IDENTITY_H

#include "broker/loop/stage.h"
#include "broker/store/invite.h"

/** Fill the key ring from the store, in place of what it holds.
 * Errors: STORE_CORRUPT, NOMEM. */
ALM_MUST_USE enum alm_err alm_identity_load(struct alm_broker *broker);

/** An agent of the key ring as a row; texts are borrowed from it. */
struct alm_agent_row alm_agent_to_row(const struct alm_agent *agent);

/** Write an agent anew, in the store and in the key ring: the next message
 * finds it so.  Errors: KEY_USED, AGENT_EXISTS, NOMEM, of the store. */
ALM_MUST_USE enum alm_err alm_identity_change(struct alm_turn *turn,
	const struct alm_agent *before, const struct alm_agent *after);

/** Whether an agent may have these keys now, as far as its own tell.  Keys
 * that end at once (an overlap of 0) wait for no other overlap.
 * Errors:  ROTATION_OPEN; KEY_USED: not both are new */
ALM_MUST_USE enum alm_err alm_identity_check_rotation(
	const struct alm_agent *agent, const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES], int64_t overlap_us);

/** New keys for an agent; the ones before stay valid for `overlap_us`.  With
 * 0 all older ones end, and a connection of theirs is handed no more.
 * Out:     what alm_identity_change() was given
 * Errors:  those of the check and of the change */
ALM_MUST_USE enum alm_err alm_identity_rotate(struct alm_turn *turn,
	const struct alm_agent *agent, const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES], int64_t overlap_us,
	struct alm_agent *out_after);

/** The invite's key is admitted from now on, or not any more. */
ALM_MUST_USE enum alm_err alm_identity_admit_invite(
	struct alm_turn *turn, const struct alm_invite_row *invite);
void alm_identity_end_invite(struct alm_turn *turn, uint64_t number);

/** What people compare and the joining agent signs.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_identity_check(const struct alm_broker *broker,
	const struct alm_invite_row *invite,
	const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES],
	uint8_t out[ALM_DIGEST_BYTES]);

/** Where agents reach the next endpoint, which there is. */
const char *alm_next_endpoint(const struct alm_broker *broker);

/** Keys and invites whose time is over end, before anything is decided. */
ALM_MUST_USE enum alm_err alm_identity_expire(struct alm_turn *turn);

/** Throw away the frame that was received last, if it came under the key of an
 * invite that has asked so often that it is not even told so.  True: it is
 * gone.
 */
bool alm_join_is_dropped(
	struct alm_turn *turn, const struct alm_edge_frame *frame);

/** What comes under the key of an invite is small and rare, or not read. */
bool alm_join_is_too_much(
	struct alm_turn *turn, const struct alm_edge_frame *frame);

/** Answer a join envelope. */
ALM_MUST_USE enum alm_err alm_join(
	struct alm_turn *turn, const struct alm_turn_request *request);

#endif /* ALM_BROKER_IDENTITY_IDENTITY_H */
