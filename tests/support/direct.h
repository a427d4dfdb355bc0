/*
 * direct.h - holds the direct decoder to the general one: what the first
 * takes, the second takes as well, and both make the same of it.
 */
#ifndef ALM_TESTS_SUPPORT_DIRECT_H
#define ALM_TESTS_SUPPORT_DIRECT_H

#include <stdlib.h>
#include <string.h>

#include "lib/protowire.h"
#include "lib/wire/direct.h"

/* An envelope that the direct decoder leaves to the general one. */
static const uint8_t direct_ping[] = {0x0A, 2, 0x4A, 0};

static inline bool direct_encodes_alike(const struct alm_envelope *a,
	const struct alm_envelope *b, struct alm_arena *arena)
{
	struct alm_frame_builder frames[2];
	bool is_alike;

	alm_frame_init(&frames[0], 2 * ALM_FRAME_BYTES_MAX);
	alm_frame_init(&frames[1], 2 * ALM_FRAME_BYTES_MAX);
	is_alike = alm_frame_add(&frames[0], a, arena) == ALM_OK &&
		   alm_frame_add(&frames[1], b, arena) == ALM_OK &&
		   alm_bytes_equal(alm_frame_bytes(&frames[0]),
			   alm_frame_bytes(&frames[1]));
	alm_frame_fini(&frames[0]);
	alm_frame_fini(&frames[1]);
	return is_alike;
}

/** -1: taken and not alike; 0: left to the general one; 1: taken and alike. */
static inline int direct_compare(enum alm_wire_side side,
	struct alm_bytes frame, struct alm_arena *arena)
{
	const struct alm_envelope *direct = NULL;
	const struct alm_envelope *general = NULL;
	size_t direct_count = 0;
	size_t general_count = 0;
	uint8_t *longer;

	if (frame.bytes + sizeof(direct_ping) > ALM_FRAME_BYTES_MAX ||
		!alm_wire_decode_direct(
			side, frame, arena, &direct, &direct_count) ||
		direct_count == ALM_FRAME_ENVELOPES_MAX) {
		return 0;
	}
	longer = alm_arena_take(arena, frame.bytes + sizeof(direct_ping));
	if (longer == NULL) {
		return 0;
	}
	memcpy(longer, frame.data, frame.bytes);
	memcpy(longer + frame.bytes, direct_ping, sizeof(direct_ping));
	frame = (struct alm_bytes){longer, frame.bytes + sizeof(direct_ping)};
	if (alm_wire_decode(side, frame, arena, &general, &general_count,
		    NULL) != ALM_OK ||
		general_count != direct_count + 1) {
		return -1;
	}
	for (size_t i = 0; i < direct_count; i++) {
		if (direct[i].kind != general[i].kind ||
			!direct_encodes_alike(&direct[i], &general[i], arena)) {
			return -1;
		}
	}
	return 1;
}

/** The same of the signed part; an empty part at the end leaves it to the
 * general one. */
static inline int direct_compare_message(
	struct alm_bytes bytes, struct alm_arena *arena)
{
	/* not_before, empty */
	static const uint8_t part[] = {14 << 3 | ALM_PROTO_BYTES, 0};
	struct alm_message direct;
	struct alm_message general;
	struct alm_bytes encoded[2];
	uint8_t *longer = alm_arena_take(arena, bytes.bytes + sizeof(part));

	if (longer == NULL ||
		bytes.bytes + sizeof(part) > ALM_MESSAGE_BYTES_MAX ||
		!alm_wire_decode_message_direct(bytes, arena, &direct)) {
		return 0;
	}
	memcpy(longer, bytes.data, bytes.bytes);
	memcpy(longer + bytes.bytes, part, sizeof(part));
	bytes = (struct alm_bytes){longer, bytes.bytes + sizeof(part)};
	if (alm_wire_decode_message(bytes, arena, &general, NULL) != ALM_OK ||
		!general.has_not_before) {
		return -1;
	}
	general.has_not_before = false;
	return alm_wire_encode_message(&direct, arena, &encoded[0]) == ALM_OK &&
			       alm_wire_encode_message(&general, arena,
				       &encoded[1]) == ALM_OK &&
			       alm_bytes_equal(encoded[0], encoded[1])
		       ? 1
		       : -1;
}

#endif /* ALM_TESTS_SUPPORT_DIRECT_H */
