/*
 * unpack.h - bytes to generated protobuf structs in an arena, after the scan.
 * Private to lib/wire and its tests.
 */
#ifndef ALM_LIB_WIRE_UNPACK_H
#define ALM_LIB_WIRE_UNPACK_H

#include <protobuf-c/protobuf-c.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/limits.h"
#include "lib/wire/rules.h"

/**
 * Unpack into the arena, at most ALM_WIRE_ARENA_FACTOR times the bytes and a
 * floor.  The bytes must have passed a scan.  Never free_unpacked() it.
 * Errors: TOO_MANY_VALUES: they need more memory than that; NOMEM.
 */
ALM_MUST_USE enum alm_err alm_wire_unpack(
	const ProtobufCMessageDescriptor *descriptor, struct alm_bytes bytes,
	struct alm_arena *arena, ProtobufCMessage **out_message,
	struct alm_problem *problem);

#endif /* ALM_LIB_WIRE_UNPACK_H */
