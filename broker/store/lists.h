/*
 * lists.h - which opt-out lists have come, and as of when.  What a list says
 * of a person is a record about that person; what it says by leaving somebody
 * out is here: the national list in use replaces every clearance as of an
 * older instant.  Of type-1 lists each practice has its own.
 */
#ifndef ALM_BROKER_STORE_LISTS_H
#define ALM_BROKER_STORE_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/person.h"
#include "lib/arena.h"
#include "lib/err.h"

struct alm_store;

struct alm_list_row {
	uint32_t number; /* set by begin */
	enum alm_opt_out_list list;
	bool is_in_use; /* false: it is still coming */
	int64_t as_of_s;
	int64_t recorded_s; /* when it began to come: that of its records */
	int64_t in_use_us;  /* since when it is in use; 0: it is not */
	uint64_t count;     /* of numbers that it names */
	const char *source; /* the practice of a type-1 list; "" else */
};

/**
 * Begin a list, or go on with one of the same source and instant that has not
 * been finished.  One of another instant is given up.  Sets number and
 * recorded_s.  Errors: LIST_OLDER.
 */
ALM_MUST_USE enum alm_err alm_store_list_begin(
	struct alm_store *store, struct alm_list_row *row);

/** Use it from now on.  Errors: LIST_UNFINISHED: it is not coming. */
ALM_MUST_USE enum alm_err alm_store_list_finish(struct alm_store *store,
	uint32_t number, struct alm_arena *arena, struct alm_list_row *out_row);

/** The first one with a number above `after`; its text lives in the arena.
 * Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_list_next(struct alm_store *store,
	uint32_t after, struct alm_arena *arena, struct alm_list_row *out_row);

/** As of when the national list in use is, open turn included; 0: there is
 * none. */
int64_t alm_store_list_as_of_s(const struct alm_store *store);

/** The same as it stands in its row, and the oldest of the type-1 lists
 * in use; 0: there is none. */
void alm_store_list_ages(struct alm_store *store, int64_t *out_national_s,
	int64_t *out_type_1_s);

#endif /* ALM_BROKER_STORE_LISTS_H */
