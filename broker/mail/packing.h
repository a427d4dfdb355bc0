/*
 * packing.h - payloads as they travel: unpacked where they come in, because
 * the broker must see what it decides about, and packed where they go out, if
 * the recipient can read that.
 */
#ifndef ALM_BROKER_MAIL_PACKING_H
#define ALM_BROKER_MAIL_PACKING_H

#include "broker/loop/stage.h"

/**
 * The clear bytes, in the arena or as they came.
 * Errors:  ENCODING_NOT_AGREED, ENCODING_BROKEN: refuse it; BUSY: so much was
 *          unpacked in this turn that it should come again; NOMEM
 */
ALM_MUST_USE enum alm_err alm_unpack(struct alm_turn *turn,
	const struct alm_session *session, enum alm_encoding encoding,
	struct alm_bytes data, size_t bytes_max, struct alm_bytes *out_clear);

/** Pack a payload for a session, if that is agreed and worth it. */
void alm_pack(struct alm_turn *turn, const struct alm_session *session,
	struct alm_bytes *payload, enum alm_encoding *encoding);

#endif /* ALM_BROKER_MAIL_PACKING_H */
