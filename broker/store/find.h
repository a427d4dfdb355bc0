/*
 * find.h - questions to the log.  A page of an answer comes from the index
 * where it reaches, and from a scan of the log where it does not; what the
 * index names is read from the log itself, so it can invent nothing.
 *
 * The first page fixes the size of the log that the whole answer is about.
 * Its cursor carries that on: it is authenticated, and belongs to one
 * question of one asker.
 */
#ifndef ALM_BROKER_STORE_FIND_H
#define ALM_BROKER_STORE_FIND_H

#include "broker/store/audit.h"

/** A question, and which part of its answer is wanted.  Plain value. */
struct alm_audit_find {
	struct alm_audit_filter filter;
	uint64_t size; /* of the log as the answer sees it; 0: as it is now */
	uint64_t next; /* the record to go on at; 0: at the beginning */
	bool is_newest_first;
	bool with_detail; /* the private parts too */
	size_t row_max;
	uint64_t work_max; /* as much work as looking at so many records */
	/* NULL: whatever matches.  What it says no to does not end a page, so
	 * that the page does not tell that it is there. */
	bool (*is_wanted)(
		const void *cookie, const struct alm_audit_record *record);
	const void *cookie;
};

struct alm_audit_found {
	const struct alm_audit_view *rows; /* in the arena */
	size_t row_count;
	uint64_t next;    /* go on from here; 0: everything was seen */
	uint64_t size;    /* of the log that the answer is about */
	uint64_t scanned; /* records that were looked at one after the other */
	uint64_t damaged; /* records that cannot be read; the first of them */
	uint64_t first_damaged;
};

/**
 * One page of an answer.  Ends after `row_max` rows or when the work is done,
 * whichever is first; so a page may have no rows and a `next` all the same.
 * Damaged records are passed over and counted.
 * Errors:  STORE_IO, NOMEM (not one row fits the arena)
 */
ALM_MUST_USE enum alm_err alm_audit_find(struct alm_store *store,
	const struct alm_audit_find *find, struct alm_arena *arena,
	struct alm_audit_found *out_found);

#define ALM_CURSOR_TEXT_BYTES 80u

/** When a cursor was given, and a mark of who had it and for what reason: so
 * that a page which is asked for later, by somebody else or for another reason
 * can be told. */
struct alm_cursor_given {
	int64_t at_us;
	uint32_t mark;
};

/**
 * Where to go on, as a text that its asker can give back but not make.
 * In:      asker   whom it is given to; "" is the operator
 */
void alm_audit_cursor_text(const struct alm_store *store,
	const struct alm_audit_find *find, const char *asker,
	struct alm_cursor_given given, char out[ALM_CURSOR_TEXT_BYTES]);

/**
 * Set size and next of the question that a cursor goes on with.
 * Errors:  CURSOR: it is not of this store, question and asker
 */
ALM_MUST_USE enum alm_err alm_audit_cursor_read(const struct alm_store *store,
	const char *text, const char *asker, struct alm_audit_find *find,
	struct alm_cursor_given *out_given);

#endif /* ALM_BROKER_STORE_FIND_H */
