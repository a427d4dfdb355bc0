/*
 * standard_load.h - an information standard from the FileDescriptorSet that
 * `protoc --include_imports` writes.  Strict: what is not labelled, or cannot
 * be checked and minimised, is refused.  Never logs; any thread.
 */
#ifndef ALM_LIB_WIRE_STANDARD_LOAD_H
#define ALM_LIB_WIRE_STANDARD_LOAD_H

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/standard.h"

/**
 * Load a standard; it lives in the arena, and borrows nothing from `set`.
 * Errors:  STANDARD_INVALID: `problem` names the field by its path; NOMEM
 */
ALM_MUST_USE enum alm_err alm_standard_load(struct alm_bytes set,
	struct alm_arena *arena, const struct alm_standard **out_standard,
	struct alm_problem *problem);

#endif /* ALM_LIB_WIRE_STANDARD_LOAD_H */
