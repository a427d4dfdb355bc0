/*
 * register.h - many people at once: an empty store filled in the order of its
 * keys, and where the people of a list stand on the national opt-out.
 */
#ifndef ALM_BROKER_STORE_REGISTER_H
#define ALM_BROKER_STORE_REGISTER_H

#include "broker/store/store.h"

#define ALM_SUBJECT_TEXT_BYTES 11u /* an NHS number and a NUL */

/** People by number, from 0, and what is known of each. */
struct alm_people_source {
	void *cookie;
	uint32_t count;
	void (*subject)(void *cookie, uint32_t number,
		char out[ALM_SUBJECT_TEXT_BYTES]);
	/** Gives how many records were written to `out`, at most `record_max`;
	 * their texts live until the next call. */
	size_t (*records)(void *cookie, uint32_t number,
		struct alm_person_record *out, size_t record_max);
};

struct alm_people_fill;

/**
 * Prepare to fill a store that knows nobody: sorts the people by their keys,
 * which takes 16 bytes a person.
 * In:      source  borrowed until the end; its people differ from each other
 * Errors:  RECORD_CONFLICT (somebody is known already), NOMEM
 */
ALM_MUST_USE enum alm_err alm_people_fill_open(struct alm_store *store,
	const struct alm_people_source *source,
	struct alm_people_fill **out_fill);

/**
 * Append the next people, at most `count_max`, in the open turn.  If the turn
 * is aborted, so is the filling: close it.
 * Out:     out_left  how many are left
 * Errors:  RECORD_INVALID (a person's records do not fit into one row),
 *          RECORD_CONFLICT (two people are the same)
 */
ALM_MUST_USE enum alm_err alm_people_fill_next(
	struct alm_people_fill *fill, uint32_t count_max, uint32_t *out_left);

void alm_people_fill_close(struct alm_people_fill *fill);

enum alm_opt_out_state {
	ALM_OPT_OUT_ABSENT = 0, /* no record: that is not clear */
	ALM_OPT_OUT_CLEAR = 1,
	ALM_OPT_OUT_OBJECTED = 2,
	ALM_OPT_OUT_UNREADABLE = 3, /* damaged, or written by another version */
};

struct alm_opt_out_answer {
	enum alm_opt_out_state state;
	int64_t as_of_s; /* when clear or objected */
};

/**
 * Where each of `subjects` stands on the national list at `t_s`, as the rule
 * reads their records; the age of an answer is for the caller to judge.
 * Looks them up in the order of their keys.  Out: answers in the given order.
 */
ALM_MUST_USE enum alm_err alm_store_opt_outs(struct alm_store *store,
	const char (*subjects)[ALM_SUBJECT_TEXT_BYTES], size_t count,
	int64_t t_s, struct alm_opt_out_answer *out_answers);

#endif /* ALM_BROKER_STORE_REGISTER_H */
