/*
 * A pass goes through the records in groups of 256, each group's leaves against
 * the tile that holds their root, then through the tiles, the head, and every
 * row of the other tables.  Each step has a view of its own, so that no page is
 * pinned for long; records never change, so a step may go on in a later view.
 *
 * It reads through the same map as everybody else: a page that lies in the
 * system's memory is checked there.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "broker/store/prune.h"
#include "broker/store/scrub_internal.h"

#define PAUSE_MS 1000u

/* --- the pass ------------------------------------------------------------- */

static void begin_pass(struct alm_scrub *scrub)
{
	scrub->phase = ALM_SCRUB_RECORDS;
	scrub->leaf = 0;
	scrub->time_us = 0;
}

static void end_pass(struct alm_scrub *scrub)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	atomic_store(&scrub->pass_at_us,
		(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	atomic_fetch_add(&scrub->passes, 1);
	begin_pass(scrub);
}

unsigned alm_scrub_step(struct alm_scrub *scrub)
{
	struct alm_store *side = scrub->side;
	MDB_txn *txn = NULL;

	scrub->units = 0;
	if (scrub->phase == ALM_SCRUB_ROWS &&
		alm_verify_table(scrub->table) == ALM_TABLE_COUNT) {
		end_pass(scrub);
		return 0;
	}
	/* How long the log is; a state that is damaged is told of with the
	 * head, and the records up to the last known one are read. */
	if (scrub->phase == ALM_SCRUB_RECORDS) {
		if (alm_store_side_refresh(side) == ALM_OK) {
			scrub->report.pruned_through =
				alm_pruned_through(&side->state);
		}
	}
	if (alm_store_view(side, &txn) != ALM_OK) {
		return ALM_SCRUB_STEP_ROWS; /* later */
	}
	alm_scrub_work(scrub, txn);
	alm_store_view_end(side);
	atomic_fetch_add(&scrub->rows, scrub->units);
	return scrub->units + 1;
}

/* --- the thread ----------------------------------------------------------- */

/* True when it shall end. */
static bool wait_us(struct alm_scrub *scrub, uint64_t us)
{
	struct timespec until;
	bool is_ending;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(us / 1000000);
	until.tv_nsec += (long)(us % 1000000) * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_mutex_lock(&scrub->lock);
	while (!scrub->is_ending &&
		pthread_cond_timedwait(&scrub->wake, &scrub->lock, &until) !=
			ETIMEDOUT) {
	}
	is_ending = scrub->is_ending;
	(void)pthread_mutex_unlock(&scrub->lock);
	return is_ending;
}

static void *run_thread(void *cookie)
{
	struct alm_scrub *scrub = cookie;
	uint64_t us = 0;

	/* Of this thread: it runs when nobody else wants to. */
	(void)sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
	while (!wait_us(scrub, us)) {
		unsigned units = alm_scrub_step(scrub);

		us = units == 0 ? (uint64_t)PAUSE_MS * 1000
				: (uint64_t)units * 1000000 / scrub->rate;
	}
	return NULL;
}

enum alm_err alm_scrub_open(const struct alm_store *store, unsigned rate,
	struct alm_scrub **out_scrub)
{
	struct alm_scrub *scrub = calloc(1, sizeof(*scrub));
	pthread_condattr_t attributes;
	enum alm_err err = scrub == NULL ? ALM_NOMEM : ALM_OK;

	if (err == ALM_OK) {
		err = alm_store_side_new(store, &scrub->side);
	}
	if (err != ALM_OK) {
		free(scrub);
		return err;
	}
	(void)pthread_mutex_init(&scrub->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&scrub->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	scrub->rate = rate > 0 ? rate : 1;
	scrub->verify.store = scrub->side;
	scrub->verify.report = &scrub->report;
	/* Its own contexts and room to decrypt with. */
	scrub->side->keys = alm_store_keys_copy(store->keys);
	scrub->side->scratch = malloc(ALM_SCRATCH_BYTES);
	if (scrub->side->keys == NULL || scrub->side->scratch == NULL) {
		alm_scrub_close(scrub);
		return ALM_NOMEM;
	}
	begin_pass(scrub);
	*out_scrub = scrub;
	return ALM_OK;
}

enum alm_err alm_scrub_start(struct alm_scrub *scrub)
{
	ALM_ASSERT(!scrub->has_thread);
	if (pthread_create(&scrub->thread, NULL, run_thread, scrub) != 0) {
		return ALM_NOMEM;
	}
	scrub->has_thread = true;
	return ALM_OK;
}

void alm_scrub_close(struct alm_scrub *scrub)
{
	if (scrub == NULL) {
		return;
	}
	if (scrub->has_thread) {
		(void)pthread_mutex_lock(&scrub->lock);
		scrub->is_ending = true;
		(void)pthread_cond_signal(&scrub->wake);
		(void)pthread_mutex_unlock(&scrub->lock);
		(void)pthread_join(scrub->thread, NULL);
	}
	alm_store_keys_free(scrub->side->keys);
	if (scrub->side->scratch != NULL) {
		sodium_memzero(scrub->side->scratch, ALM_SCRATCH_BYTES);
	}
	free(scrub->side->scratch);
	alm_store_side_free(scrub->side);
	(void)pthread_cond_destroy(&scrub->wake);
	(void)pthread_mutex_destroy(&scrub->lock);
	free(scrub);
}

void alm_scrub_state(struct alm_scrub *scrub, struct alm_scrub_state *out)
{
	*out = (struct alm_scrub_state){.verified_seq = 0};
	if (scrub != NULL) {
		out->verified_seq = atomic_load(&scrub->verified_seq);
		out->passes = atomic_load(&scrub->passes);
		out->pass_at_us = atomic_load(&scrub->pass_at_us);
		out->rows = atomic_load(&scrub->rows);
		out->damaged = atomic_load(&scrub->damaged);
	}
}

bool alm_scrub_finding(
	struct alm_scrub *scrub, size_t i, struct alm_scrub_finding *out)
{
	if (scrub == NULL || i >= atomic_load(&scrub->damaged)) {
		return false;
	}
	*out = scrub->findings[i];
	return true;
}
