/*
 * retention.h - how long the private parts of the log are kept, and taking
 * away those that were kept long enough.  Headers, tiles and heads stay, so
 * every proof that was ever given still verifies.
 *
 * Time is cut into months (UTC): a month's parts of one class go together,
 * and with them the keys of that month that nothing needs any more.
 */
#ifndef ALM_BROKER_STORE_RETENTION_H
#define ALM_BROKER_STORE_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/store/audit.h"
#include "lib/err.h"

/** Classes of records.  The numbers are stored. */
enum alm_retention {
	/* Agents, questions, administration, start, stop. */
	ALM_RETENTION_SECURITY = 0,
	/* Messages, people's choices, and the policy that they fell under. */
	ALM_RETENTION_DISCLOSURE = 1,
	/* Of those, what is kept as long as a cancer record. */
	ALM_RETENTION_LONG = 2,
	ALM_RETENTION_COUNT = 3,
};

/** "security", "disclosures" or "long". */
const char *alm_retention_word(enum alm_retention class);

struct alm_retention_rule {
	int64_t keep_s[ALM_RETENTION_COUNT];
	/* Patterns with commas between, * for any letters: purposes, released
	 * categories and standards of the class LONG. */
	const char *long_words;
};

/** What a walk has met so far. */
struct alm_prune_counts {
	uint64_t looked_at;                  /* private parts */
	uint64_t parts[ALM_RETENTION_COUNT]; /* of those, past their time */
	uint64_t bytes;                      /* of these */
	uint64_t keys;                       /* of persons, destroyed */
	uint64_t damaged;      /* parts that stay: their headers are damaged */
	uint64_t cosignatures; /* of heads, that newer ones stand for */
};

/** A longer gap in the log makes one doubt the clock. */
#define ALM_PRUNE_GAP_US_MAX (INT64_C(31) * 86400 * 1000000)

/** A walk: plain value; what is not counted is the inside's. */
struct alm_prune {
	int64_t before_us[ALM_RETENTION_COUNT]; /* older ones go */
	uint64_t from[ALM_RETENTION_COUNT];     /* was looked at before */
	uint64_t last[ALM_RETENTION_COUNT]; /* the last record that is older */
	int64_t now_us;
	int64_t gap_us; /* without records, up to ALM_PRUNE_GAP_US_MAX ago */
	bool is_dry;    /* counts, and changes nothing */
	struct alm_prune_counts counts;
	unsigned class;      /* that is walked now; COUNT: cosignatures */
	bool is_among_keys;  /* not among private parts */
	bool is_done;        /* cosignatures too */
	uint64_t next;       /* the next row's number */
	uint64_t next_agent; /* and of whom, among cosignatures */
};

/** Find out what is past its time at `now_us`. */
ALM_MUST_USE enum alm_err alm_store_prune_begin(struct alm_store *store,
	const struct alm_retention_rule *rule, int64_t now_us, bool is_dry,
	struct alm_prune *out_prune);

/** Of every class. */
bool alm_store_prune_is_done(const struct alm_prune *prune);

/** Go on, looking at no more than `row_max` rows; unless it is dry, in the
 * open turn.  After an abort go on from a copy made before it. */
ALM_MUST_USE enum alm_err alm_store_prune_step(struct alm_store *store,
	const struct alm_retention_rule *rule, unsigned row_max,
	struct alm_prune *prune);

/** The last record of a class whose private part was looked at for pruning;
 * 0: none. */
uint64_t alm_store_pruned(
	const struct alm_store *store, enum alm_retention class);

/** What the file holds: bytes of pages in use, of pages free for use again,
 * and of the whole file. */
struct alm_store_space {
	uint64_t used;
	uint64_t free;
	uint64_t file;
};
ALM_MUST_USE enum alm_err alm_store_space(
	struct alm_store *store, struct alm_store_space *out_space);

#endif /* ALM_BROKER_STORE_RETENTION_H */
