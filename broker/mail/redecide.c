/*
 * Passes over the queue.  Between two of them lies a pause ten times as long
 * as the pass took, a tenth of a second at most: while records come in by the
 * thousand, as in an import, a pass serves all who came meanwhile, and takes
 * no more than a tenth of the time.
 */
#include "broker/mail/redecide.h"

#include <string.h>

#include "broker/broker.h"
#include "broker/edge/clock.h"
#include "broker/mail/dead.h"
#include "broker/mail/give.h"
#include "broker/store/dead.h"

/* From the end of a pass to the beginning of the next. */
#define PAUSE_TIMES 10
#define PAUSE_US_MAX 100000

static bool is_empty(const struct alm_redecide_cause *cause)
{
	return !cause->is_everyone && cause->people.count == 0;
}

static void clear(struct alm_redecide_cause *cause)
{
	alm_person_set_fini(&cause->people);
	*cause = (struct alm_redecide_cause){.is_everyone = false};
}

bool alm_redecide_is_due(const struct alm_redecider *redecider)
{
	return redecider->is_running || !is_empty(&redecider->waiting);
}

void alm_redecide_init(struct alm_broker *broker)
{
	struct alm_redecider *redecider = &broker->redecider;
	struct alm_redecided done;

	alm_store_redecided(broker->store, &done);
	redecider->seen_epoch = broker->world.epoch;
	if (done.people_seq != broker->world.seq ||
		done.policy_epoch != broker->world.epoch) {
		redecider->waiting.is_everyone = true;
		redecider->waiting.since_us = done.waiting_since_us;
		if (done.waiting_since_us != 0) {
			redecider->waiting.moments[0] =
				(struct alm_moment){done.waiting_since_us, 1};
			redecider->waiting.moment_count = 1;
		}
	}
}

void alm_redecide_fini(struct alm_broker *broker)
{
	clear(&broker->redecider.running);
	clear(&broker->redecider.waiting);
}

/* --- what changed -------------------------------------------------------- */

static void add_moment(
	struct alm_redecide_cause *cause, int64_t at_us, uint64_t people)
{
	struct alm_moment *last = &cause->moments[ALM_REDECIDE_MOMENTS - 1];

	if (cause->moment_count < ALM_REDECIDE_MOMENTS) {
		cause->moments[cause->moment_count++] =
			(struct alm_moment){at_us, people};
	} else {
		last->people += people; /* it looks slower than it was */
	}
}

/* People whose records the turn has changed; everyone if they are too many,
 * or if there is no memory to tell them apart. */
static void gather(struct alm_turn *turn)
{
	struct alm_redecider *redecider = &turn->broker->redecider;
	struct alm_redecide_cause *cause = &redecider->waiting;
	const struct alm_changed_people *changed =
		alm_store_changed_people(turn->broker->store);
	/* A list that is in use from now on is one change, of whoever. */
	uint64_t people =
		changed->count == 0 && changed->is_over ? 1 : changed->count;

	if (turn->broker->world.epoch != redecider->seen_epoch) {
		redecider->seen_epoch = turn->broker->world.epoch;
		cause->is_everyone = true;
	} else if (people == 0) {
		return;
	}
	if (cause->since_us == 0) {
		cause->since_us = turn->now_us;
	}
	if (people > 0) {
		add_moment(cause, turn->now_us, people);
	}
	cause->is_everyone |= changed->is_over;
	for (size_t i = 0; i < changed->count && !cause->is_everyone; i++) {
		cause->is_everyone = alm_person_set_add(&cause->people,
					     changed->persons[i]) != ALM_OK;
	}
}

static void begin_pass(struct alm_turn *turn)
{
	struct alm_redecider *redecider = &turn->broker->redecider;

	if (redecider->is_running || is_empty(&redecider->waiting) ||
		alm_clock_monotonic_us() < redecider->pause_until_us) {
		return;
	}
	redecider->spent_us = 0;
	redecider->running = redecider->waiting;
	redecider->waiting = (struct alm_redecide_cause){.is_everyone = false};
	redecider->is_running = true;
	redecider->place = (struct alm_queue_place){.bytes = 0};
	redecider->is_at_dead = false;
	redecider->reach = (struct alm_redecided){
		.people_seq = turn->broker->world.seq,
		.policy_epoch = turn->broker->world.epoch,
	};
}

/* --- the pass ------------------------------------------------------------ */

static bool is_one_of(const void *cookie, const uint8_t person[16])
{
	return alm_person_set_contains(cookie, person);
}

static enum alm_err go_on(struct alm_turn *turn)
{
	struct alm_redecider *redecider = &turn->broker->redecider;
	const struct alm_redecide_cause *cause = &redecider->running;
	const struct alm_queue_search search = {
		.is_of_dead = redecider->is_at_dead,
		.wants = cause->is_everyone ? NULL : is_one_of,
		.cookie = &cause->people,
		.row_max = ALM_TURN_REDECIDE_ROWS_MAX,
		.hit_max = ALM_TURN_REDECIDE_MAX,
		.byte_max = ALM_TURN_REDECIDE_BYTES_MAX,
	};
	const struct alm_queue_hit *hits = NULL;
	size_t count = 0;
	bool is_done = false;
	enum alm_err err = alm_store_queue_search(turn->broker->store, &search,
		&redecider->place, turn->arena, &hits, &count, &is_done);

	for (size_t i = 0; err == ALM_OK && i < count; i++) {
		err = search.is_of_dead
			      ? alm_decide_dead(turn, &hits[i].entry)
			      : alm_decide_queued(turn, hits[i].recipient,
					&hits[i].entry);
	}
	redecider->is_at_end =
		is_done &&
		(redecider->is_at_dead ||
			alm_store_dead_count(turn->broker->store) == 0);
	if (is_done && !redecider->is_at_end) {
		redecider->is_at_dead = true;
		redecider->place = (struct alm_queue_place){.bytes = 0};
	}
	return err;
}

/* How far it has come, and what waits, with the turn that says so. */
static void keep(struct alm_turn *turn)
{
	struct alm_redecider *redecider = &turn->broker->redecider;
	struct alm_redecided kept;

	alm_store_redecided(turn->broker->store, &kept);
	if (redecider->is_at_end) {
		kept = redecider->reach;
		kept.waiting_since_us = redecider->waiting.since_us;
		turn->has_effects = true;
	} else if (kept.waiting_since_us == 0) {
		kept.waiting_since_us = redecider->is_running
						? redecider->running.since_us
						: redecider->waiting.since_us;
	} else {
		return;
	}
	alm_store_set_redecided(turn->broker->store, &kept);
}

enum alm_err alm_redecide(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct alm_redecider *redecider = &broker->redecider;
	enum alm_err err = ALM_OK;

	gather(turn);
	if (!alm_redecide_is_due(redecider)) {
		return ALM_OK;
	}
	if (!turn->is_store_full && !broker->is_draining) {
		begin_pass(turn);
		if (redecider->is_running) {
			int64_t from_us = alm_clock_monotonic_us();

			err = go_on(turn);
			redecider->spent_us +=
				alm_clock_monotonic_us() - from_us;
			broker->is_in_haste |= !redecider->is_at_end;
		}
	}
	if (err == ALM_OK) {
		keep(turn);
	}
	return err;
}

static void note_effect(struct alm_effect_times *times, int64_t us, uint64_t n)
{
	static const int64_t edges[] = ALM_EFFECT_EDGES_US;
	size_t bucket = 0;

	us = us < 0 ? 0 : us;
	while (bucket < ALM_COUNT(edges) && us > edges[bucket]) {
		bucket++;
	}
	times->counts[bucket] += n;
	times->count += n;
	times->sum_us += (uint64_t)us * n;
	times->last_us = (uint64_t)us;
}

void alm_redecide_committed(struct alm_turn *turn)
{
	struct alm_redecider *redecider = &turn->broker->redecider;
	const struct alm_redecide_cause *cause = &redecider->running;
	int64_t now_us = alm_broker_now_us(turn->broker);

	if (!redecider->is_running || !redecider->is_at_end) {
		return;
	}
	for (size_t i = 0; i < cause->moment_count; i++) {
		note_effect(&redecider->times, now_us - cause->moments[i].at_us,
			cause->moments[i].people);
	}
	redecider->passes++;
	redecider->pause_until_us =
		alm_clock_monotonic_us() +
		(redecider->spent_us * PAUSE_TIMES < PAUSE_US_MAX
				? redecider->spent_us * PAUSE_TIMES
				: PAUSE_US_MAX);
	redecider->is_running = false;
	redecider->is_at_end = false;
	clear(&redecider->running);
}

void alm_redecide_undone(struct alm_broker *broker)
{
	broker->redecider.is_at_end = false;
	/* What the turn counted will be counted again, for other changes. */
	broker->redecider.reach = (struct alm_redecided){.people_seq = 0};
	broker->redecider.place = (struct alm_queue_place){.bytes = 0};
	broker->redecider.is_at_dead = false;
}
