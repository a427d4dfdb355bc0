/*
 * growth.h - what each table of the store takes, how fast the log grows, which
 * is kept for good, and how long the room that is left is enough for that.
 */
#ifndef ALM_BROKER_STORE_GROWTH_H
#define ALM_BROKER_STORE_GROWTH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct alm_store;

#define ALM_TABLE_SIZES_MAX 32u

struct alm_table_size {
	const char *name;
	uint64_t rows;
	uint64_t bytes; /* of its pages */
};

/** Of all tables, in their order. */
ALM_MUST_USE enum alm_err alm_store_table_sizes(struct alm_store *store,
	struct alm_table_size out_sizes[ALM_TABLE_SIZES_MAX],
	size_t *out_count);

struct alm_store_growth {
	uint64_t bytes_a_day; /* of the log, in the last 30 days */
	uint64_t room_bytes;  /* until new mail is refused */
	int64_t lasts_s;      /* at that rate; at most a hundred years */
};

/** Errors: NOT_FOUND while the log is younger than a day. */
ALM_MUST_USE enum alm_err alm_store_growth(struct alm_store *store,
	int64_t now_us, struct alm_store_growth *out_growth);

#endif /* ALM_BROKER_STORE_GROWTH_H */
