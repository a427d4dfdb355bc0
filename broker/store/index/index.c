/*
 * Keeping the index: what to do next, and the thread that does it.  It looks
 * at the log a few times a second, and reads what was committed through a view
 * of its own: whoever appends to the log does nothing for the index.
 */
#include "broker/store/index/index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#define LOOK_MS 200
/* While the log grows faster than this, whoever appends has the processor,
 * until the index lags by so much that a scan of it takes half a second. */
#define BUSY_RECORDS 5000u /* since the last look */
#define LAG_MAX (UINT64_C(1) << 20)
#define TRY_AGAIN_MS 10000

static enum alm_err open_parts(struct alm_log_index *index,
	const struct alm_log_index_options *options)
{
	pthread_condattr_t monotonic;
	int bytes = snprintf(index->folder, sizeof(index->folder), "%s/index",
		options->path);

	if (bytes < 0 || (size_t)bytes >= sizeof(index->folder) - 64) {
		return ALM_STORE_IO;
	}
	index->home = (struct alm_run_home){.folder = index->folder,
		.keys = index->store->keys,
		.store_id = index->store->id};
	alm_term_key_init(&index->term_key, index->store->keys);
	(void)pthread_mutex_init(&index->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&index->wake, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	if (index->is_read_only) {
		return ALM_OK;
	}
	if (mkdir(index->folder, 0700) != 0 && errno != EEXIST) {
		return ALM_STORE_IO;
	}
	return alm_store_side_new(index->store, &index->side);
}

enum alm_err alm_log_index_open(
	struct alm_store *store, const struct alm_log_index_options *options)
{
	struct alm_log_index *index = calloc(1, sizeof(*index));
	enum alm_err err;

	ALM_ASSERT(store->index == NULL && store->keys != NULL);
	if (index == NULL) {
		return ALM_NOMEM;
	}
	index->store = store;
	index->is_read_only = options->is_read_only;
	index->unit_bits = options->unit_bits == 0 ? ALM_LOG_INDEX_UNIT_BITS
						   : options->unit_bits;
	err = open_parts(index, options);
	if (err == ALM_OK) {
		err = alm_log_index_load(index);
	}
	store->index = index;
	if (err != ALM_OK) {
		alm_log_index_close(store);
	}
	return err;
}

void alm_log_index_close(struct alm_store *store)
{
	struct alm_log_index *index = store->index;

	if (index == NULL) {
		return;
	}
	store->index = NULL;
	if (index->has_thread) {
		(void)pthread_mutex_lock(&index->lock);
		atomic_store(&index->is_ending, true);
		(void)pthread_cond_signal(&index->wake);
		(void)pthread_mutex_unlock(&index->lock);
		(void)pthread_join(index->thread, NULL);
	}
	alm_log_index_unload(index);
	alm_store_side_free(index->side);
	(void)pthread_cond_destroy(&index->wake);
	(void)pthread_mutex_destroy(&index->lock);
	sodium_memzero(&index->term_key, sizeof(index->term_key));
	free(index);
}

/* --- what to do next ------------------------------------------------------ */

/* Sixteen of a level, the first at a multiple of the next level's size. */
static bool find_merge(const struct alm_log_index *index,
	struct alm_run_place *out_place, size_t *out_at)
{
	size_t same = 0; /* of the run's level, without a gap, up to it */

	for (size_t i = 0; i < index->run_count; i++) {
		const struct alm_run_place *place = &index->runs[i]->place;
		const struct alm_run_place *last =
			i == 0 ? place : &index->runs[i - 1]->place;

		if (i == 0 || place->level != last->level ||
			place->first != last->first + last->count) {
			same = 0;
		}
		if (place->first %
				((uint64_t)place->count * ALM_LOG_INDEX_FAN) ==
			0) {
			same = 0;
		}
		same++;
		if (same == ALM_LOG_INDEX_FAN &&
			place->level + 1 < ALM_LOG_INDEX_LEVELS) {
			*out_at = i + 1 - ALM_LOG_INDEX_FAN;
			*out_place = (struct alm_run_place){
				.level = place->level + 1,
				.count = place->count * ALM_LOG_INDEX_FAN,
				.first = index->runs[*out_at]->place.first};
			return true;
		}
	}
	return false;
}

/* The first stretch that no run covers, as large as there is room for, but no
 * larger than what one reading may take. */
static bool find_gap(const struct alm_log_index *index, uint64_t size,
	struct alm_run_place *out_place)
{
	uint64_t at = 0;
	uint64_t end = size;

	for (size_t i = 0; i < index->run_count; i++) {
		const struct alm_run_place *place = &index->runs[i]->place;

		if (place->first != at) {
			end = place->first < size ? place->first : size;
			break;
		}
		at += place->count;
	}
	for (unsigned level = 2; level-- > 0;) {
		uint64_t count = alm_log_index_level_size(index, level);

		if (at % count == 0 && at < end && end - at >= count) {
			*out_place = (struct alm_run_place){.level = level,
				.first = at,
				.count = (uint32_t)count};
			return true;
		}
	}
	return false;
}

static void tell_lag(struct alm_log_index *index, uint64_t size)
{
	(void)pthread_mutex_lock(&index->lock);
	index->state.lag =
		size > index->state.covered ? size - index->state.covered : 0;
	(void)pthread_mutex_unlock(&index->lock);
}

static enum alm_err work(struct alm_log_index *index, bool *out_is_done)
{
	struct alm_run_place place;
	struct alm_run *run = NULL;
	bool is_anew = atomic_load(&index->wants_rebuild);
	uint64_t size;
	size_t at = 0;
	enum alm_err err = alm_store_side_refresh(index->side);

	if (err != ALM_OK) {
		return err;
	}
	(void)alm_log_index_remove(index, is_anew);
	if (is_anew) {
		atomic_store(&index->wants_rebuild, false);
	}
	size = index->side->state.frontier.size;
	*out_is_done = false;
	if (find_merge(index, &place, &at)) {
		err = alm_log_index_merge(
			index, &place, &index->runs[at], &run);
		if (err == ALM_STORE_CORRUPT) {
			return ALM_OK; /* it goes with the next work */
		}
	} else if (find_gap(index, size, &place)) {
		(void)mkdir(index->folder, 0700); /* it may be gone */
		err = alm_log_index_build(index, &place, &run);
	} else {
		*out_is_done = true;
	}
	if (err == ALM_OK && run != NULL) {
		err = alm_log_index_add(index, &run);
	}
	tell_lag(index, size);
	return err;
}

enum alm_err alm_log_index_work(struct alm_store *store, bool *out_is_done)
{
	ALM_ASSERT(store->index != NULL && !store->index->has_thread &&
		   store->index->side != NULL);
	return work(store->index, out_is_done);
}

/* --- the thread ----------------------------------------------------------- */

/* True when it shall end. */
static bool wait_ms(struct alm_log_index *index, unsigned ms)
{
	struct timespec until;
	bool is_ending;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_mutex_lock(&index->lock);
	while (!atomic_load(&index->is_ending) && ms > 0 &&
		pthread_cond_timedwait(&index->wake, &index->lock, &until) !=
			ETIMEDOUT) {
	}
	is_ending = atomic_load(&index->is_ending);
	(void)pthread_mutex_unlock(&index->lock);
	return is_ending;
}

static enum alm_err check_one(struct alm_log_index *index)
{
	uint64_t covered = index->state.covered;
	uint64_t leaf = 0;

	if (covered == 0) {
		return ALM_OK;
	}
	randombytes_buf(&leaf, sizeof(leaf));
	return alm_log_index_spot_check(index, leaf % covered);
}

/* Whether what there is to do can wait. */
static enum alm_err look(
	struct alm_log_index *index, uint64_t *size, bool *out_can_wait)
{
	uint64_t before = *size;
	enum alm_err err = alm_store_side_refresh(index->side);

	if (err == ALM_OK) {
		*size = index->side->state.frontier.size;
		tell_lag(index, *size);
		*out_can_wait = *size - before > BUSY_RECORDS &&
				index->state.lag < LAG_MAX;
	}
	return err;
}

static void *run_thread(void *cookie)
{
	struct alm_log_index *index = cookie;
	uint64_t size = 0;
	unsigned ms = 0;

	while (!wait_ms(index, ms)) {
		bool is_done = true;
		bool can_wait = false;
		enum alm_err err =
			ms == 0 ? ALM_OK : look(index, &size, &can_wait);

		if (err == ALM_OK && !can_wait) {
			err = work(index, &is_done);
			size = index->side->state.frontier.size;
		}

		if (err == ALM_OK && is_done) {
			err = check_one(index);
		}
		ms = err != ALM_OK ? TRY_AGAIN_MS : is_done ? LOOK_MS : 0;
		if (err != ALM_OK && err != ALM_INTERRUPTED) {
			(void)pthread_mutex_lock(&index->lock);
			index->state.failures++;
			(void)pthread_mutex_unlock(&index->lock);
		}
	}
	return NULL;
}

enum alm_err alm_log_index_start(struct alm_store *store)
{
	struct alm_log_index *index = store->index;

	ALM_ASSERT(index != NULL && index->side != NULL && !index->has_thread);
	if (pthread_create(&index->thread, NULL, run_thread, index) != 0) {
		return ALM_NOMEM;
	}
	index->has_thread = true;
	return ALM_OK;
}

void alm_log_index_rebuild(struct alm_store *store)
{
	if (store->index != NULL) {
		atomic_store(&store->index->wants_rebuild, true);
	}
}

void alm_log_index_state(
	struct alm_store *store, struct alm_log_index_state *out_state)
{
	struct alm_log_index *index = store->index;

	*out_state = (struct alm_log_index_state){.covered = 0};
	if (index != NULL) {
		(void)pthread_mutex_lock(&index->lock);
		*out_state = index->state;
		(void)pthread_mutex_unlock(&index->lock);
		if (atomic_load(&index->wants_rebuild)) {
			out_state->covered = 0; /* it is about to go */
		}
	}
}
