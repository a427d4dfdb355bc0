/*
 * record.h - one record about a person (docs/POLICY.md section 2) as bytes,
 * and the rules of its form.  Pure.
 *
 * The bytes begin with a version.  The subject may be an empty text, so that
 * a store which keeps records under the person's key need not hold it.
 */
#ifndef ALM_BROKER_CORE_RECORD_H
#define ALM_BROKER_CORE_RECORD_H

#include "broker/core/person.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_RECORD_VERSION 1u

/**
 * Append the record to `writer`, which becomes bad if it does not fit; equal
 * records give equal bytes.
 */
void alm_record_encode(
	const struct alm_person_record *record, struct alm_writer *writer);

/**
 * Read what alm_record_encode() wrote.
 *
 * In:  bytes   borrowed by the texts of `out`: keep them as long
 *      arena   holds the lists of `out`
 * Errors: STORE_FORMAT (another version wrote it), STORE_CORRUPT, NOMEM (the
 * arena is full; retry with a larger one).
 */
ALM_MUST_USE enum alm_err alm_record_decode(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_person_record *out);

/**
 * The rules of form that hold whatever policy is active: ids and words,
 * lists, the check digit, exceptions, the order of instants.
 *
 * Out: problem  may be NULL; its detail names the field and never its value
 * Errors: RECORD_INVALID (refuse the record).
 */
ALM_MUST_USE enum alm_err alm_record_check(
	const struct alm_person_record *record, struct alm_problem *problem);

/** any | ORG-ID | kind:KIND | group:GROUP-ID, by form alone. */
bool alm_selector_is_valid(const char *text);

#endif /* ALM_BROKER_CORE_RECORD_H */
