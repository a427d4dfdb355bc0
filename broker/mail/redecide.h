/*
 * redecide.h - what was decided about queued mail is decided again when the
 * facts change: records of a person, or the policy.  What is not permitted
 * any more is stopped at once and its sender told, by the code that does so
 * at the door; what may still go on stays, and is decided once more there.
 *
 * A pass walks the queue and picks the mail of those whose records changed,
 * or all mail when the policy did; some of it in each turn.  What changes
 * meanwhile waits for the next pass.  That a pass is due is kept with the
 * store's state, so that none is lost in a crash: for whom is forgotten then,
 * and all mail is decided again.
 *
 * State of the redecider
 *   idle     nothing waits              -> waiting: a change
 *   waiting  a pass is due              -> running: a pause after the last
 *   running  somewhere in the queue     -> idle or waiting: at its end
 *
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_REDECIDE_H
#define ALM_BROKER_MAIL_REDECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/mail/person_set.h"
#include "broker/store/store.h"
#include "lib/err.h"

struct alm_broker;
struct alm_turn;

/* Changes of records that take effect together, told apart by their turn. */
#define ALM_REDECIDE_MOMENTS 64u

/** When it was asked for, and for how many people. */
struct alm_moment {
	int64_t at_us;
	uint64_t people;
};

/** What a pass is for. */
struct alm_redecide_cause {
	struct alm_person_set people;
	bool is_everyone;
	int64_t since_us; /* the first change; 0: it is not known */
	struct alm_moment moments[ALM_REDECIDE_MOMENTS];
	size_t moment_count;
};

/* Upper edges in microseconds; one more bucket takes what is longer. */
#define ALM_EFFECT_EDGES_US \
	{ \
		1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, \
			1000000, 2500000, 5000000, 10000000, 60000000 \
	}
#define ALM_EFFECT_BUCKETS 15u

/** How long changes took until they had their effect, since the start. */
struct alm_effect_times {
	uint64_t counts[ALM_EFFECT_BUCKETS];
	uint64_t count;
	uint64_t sum_us;
	uint64_t last_us;
};

struct alm_redecider {
	struct alm_redecide_cause running;
	struct alm_redecide_cause waiting;
	bool is_running;
	bool is_at_end; /* with the open turn */
	struct alm_queue_place place;
	bool is_at_dead; /* through with the queue, and among dead letters */
	uint64_t seen_epoch;
	struct alm_redecided reach; /* of the running pass */
	int64_t spent_us;           /* on the running pass */
	int64_t pause_until_us;     /* monotonic */
	struct alm_effect_times times;
	uint64_t passes;
};

/** Take up what the store says is due.  Nothing fails. */
void alm_redecide_init(struct alm_broker *broker);
void alm_redecide_fini(struct alm_broker *broker);

/** The turn's share: notice what it changed, and go on.  Out: the broker is
 * in haste when there is more to do.  Errors: those that end a turn. */
ALM_MUST_USE enum alm_err alm_redecide(struct alm_turn *turn);

/** The turn is on disk. */
void alm_redecide_committed(struct alm_turn *turn);

/** The turn did not happen: the running pass begins again. */
void alm_redecide_undone(struct alm_broker *broker);

/** Whether anything is due. */
bool alm_redecide_is_due(const struct alm_redecider *redecider);

#endif /* ALM_BROKER_MAIL_REDECIDE_H */
