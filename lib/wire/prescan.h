/*
 * prescan.h - walk wire bytes against the rules before anything is unpacked.
 * Private to lib/wire and its tests.  Allocates nothing.
 */
#ifndef ALM_LIB_WIRE_PRESCAN_H
#define ALM_LIB_WIRE_PRESCAN_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/wire/rules.h"

/**
 * Check every field of a message and of those inside it.
 * Errors: MALFORMED, TOO_MANY_ENVELOPES, TOO_DEEP, UNKNOWN_FIELD,
 *         FIELD_TOO_LARGE, TOO_MANY_VALUES, NOT_TEXT, DUPLICATE_FIELD;
 *         `problem` names the field by its path.
 */
ALM_MUST_USE enum alm_err alm_wire_prescan(const struct alm_wire_rules *rules,
	struct alm_bytes bytes, struct alm_problem *problem);

#endif /* ALM_LIB_WIRE_PRESCAN_H */
