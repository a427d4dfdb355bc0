/*
 * direct.h - a second way to decode what is sent most: one pass over a copy of
 * the frame, into which texts and payloads then point.  Private to lib/wire.
 *
 * It takes only what a peer of ours writes without fault: ascending fields,
 * none empty, all within the limits.  Whatever else there is, right or wrong,
 * is for the general way to judge, so there is one place that says why.
 */
#ifndef ALM_LIB_WIRE_DIRECT_H
#define ALM_LIB_WIRE_DIRECT_H

#include <stdbool.h>

#include "lib/wire/wire.h"

/**
 * Decode a frame of sends and acknowledgements, or of accepting receipts, mail
 * and confirmed acknowledgements, to the same structs as alm_wire_decode()
 * does.  False: decode it the general way; nothing was taken of the arena.
 */
bool alm_wire_decode_direct(enum alm_wire_side side, struct alm_bytes frame,
	struct alm_arena *arena, const struct alm_envelope **out_envelopes,
	size_t *out_count);

/** The same of the signed part, without relationship, override and a policy
 * to wait for. */
bool alm_wire_decode_message_direct(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_message *out_message);

#endif /* ALM_LIB_WIRE_DIRECT_H */
