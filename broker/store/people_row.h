/*
 * people_row.h - the row of one person: the short records about them in one
 * value, so that a decision reads one row.  Records that do not fit have rows
 * of their own behind it, which it counts.  Bytes only; docs/FORMAT.md.
 */
#ifndef ALM_BROKER_STORE_PEOPLE_ROW_H
#define ALM_BROKER_STORE_PEOPLE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/person.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_PEOPLE_ROW_BYTES_MAX 1536u
/* Of a row without records. */
#define ALM_PEOPLE_ROW_BYTES_MIN 3u

struct alm_people_row {
	uint16_t row_count; /* records that have rows of their own */
	struct alm_bytes entries;
};

/** Errors: STORE_CORRUPT, STORE_FORMAT (another version wrote it). */
ALM_MUST_USE enum alm_err alm_people_row_open(
	struct alm_bytes value, struct alm_people_row *out_row);

/** One record in a row: an opt-out as such, others as they are encoded. */
struct alm_people_entry {
	enum alm_record_type type;
	struct alm_opt_out opt_out; /* of that type */
	struct alm_bytes record;    /* of the other types */
};

/**
 * Cuts the first entry off `entries`, which are not empty.  Errors:
 * STORE_CORRUPT; what a record says is not looked at.
 */
ALM_MUST_USE enum alm_err alm_people_row_next(
	struct alm_bytes *entries, struct alm_people_entry *out_entry);

/**
 * Writes the row anew.
 * In:      entries  as they stand in the row
 *          added    one more, or NULL
 * False when it would be longer than a row may be.
 */
ALM_MUST_USE bool alm_people_row_write(uint16_t row_count,
	struct alm_bytes entries, const struct alm_people_entry *added,
	struct alm_writer *writer);

/** Appends one more entry; false when it does not fit, as above. */
ALM_MUST_USE bool alm_people_row_add(
	const struct alm_people_entry *entry, struct alm_writer *writer);

/** The entry for a record whose encoding is `content`. */
struct alm_people_entry alm_people_entry_of(
	const struct alm_person_record *record, struct alm_bytes content);

/** Whether two entries are the same record. */
bool alm_people_entry_same(
	const struct alm_people_entry *a, const struct alm_people_entry *b);

/** The id in the encoding of a directive; "" if there is none. */
const char *alm_people_entry_id(struct alm_bytes directive);

#endif /* ALM_BROKER_STORE_PEOPLE_ROW_H */
