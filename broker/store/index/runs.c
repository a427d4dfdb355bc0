/*
 * The runs that are there.  The folder is its own list: a run's name says what
 * it is about, and only whole runs have one.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/store/index/index.h"

static uint64_t end_of(const struct alm_run_place *place)
{
	return place->first + place->count;
}

static void remove_file(
	const struct alm_log_index *index, const struct alm_run_place *place)
{
	char path[ALM_RUN_PATH_BYTES];

	if (!index->is_read_only) {
		alm_run_path(&index->home, place, path);
		(void)unlink(path);
	}
}

/* What a name of the folder says; false if it is not one of a run.  Numbers
 * may be anything: the name that they make must be this one. */
static bool parse_name(const struct alm_log_index *index, const char *name,
	struct alm_run_place *out)
{
	struct alm_run_place place = {.level = 0};
	char again[ALM_RUN_PATH_BYTES];
	char *at = NULL;

	place.level = (unsigned)strtoul(name, &at, 10);
	if (*at == '-') {
		place.first = strtoull(at + 1, &at, 16);
	}
	if (*at == '-') {
		place.count = (uint32_t)strtoul(at + 1, &at, 16);
	}
	alm_run_path(&index->home, &place, again);
	if (strcmp(strrchr(again, '/') + 1, name) != 0 ||
		place.level >= ALM_LOG_INDEX_LEVELS || place.count == 0 ||
		place.count != alm_log_index_level_size(index, place.level) ||
		place.first % place.count != 0) {
		return false;
	}
	*out = place;
	return true;
}

/* By place, and of two that begin alike the larger first. */
static int compare_places(const void *a, const void *b)
{
	const struct alm_run_place *x = a;
	const struct alm_run_place *y = b;

	if (x->first != y->first) {
		return x->first < y->first ? -1 : 1;
	}
	return x->count == y->count ? 0 : x->count > y->count ? -1 : 1;
}

/* The runs of the folder, sorted; what else is there is nobody's. */
static enum alm_err list_folder(const struct alm_log_index *index,
	struct alm_run_place **out_places, size_t *out_count)
{
	struct alm_run_place *places = NULL;
	size_t count = 0;
	size_t max = 0;
	const struct dirent *entry;
	DIR *folder = opendir(index->folder);

	if (folder == NULL) {
		*out_count = 0;
		return index->is_read_only ? ALM_OK : ALM_STORE_IO;
	}
	while ((entry = readdir(folder)) != NULL) {
		struct alm_run_place place;

		if (!parse_name(index, entry->d_name, &place)) {
			if (!index->is_read_only && entry->d_name[0] != '.') {
				(void)unlinkat(dirfd(folder), entry->d_name, 0);
			}
			continue;
		}
		if (count == max) {
			struct alm_run_place *more;

			max = max == 0 ? 64 : 2 * max;
			more = realloc(places, max * sizeof(*places));
			if (more == NULL) {
				free(places);
				(void)closedir(folder);
				return ALM_NOMEM;
			}
			places = more;
		}
		places[count++] = place;
	}
	(void)closedir(folder);
	if (count > 0) {
		qsort(places, count, sizeof(*places), compare_places);
	}
	*out_places = places;
	*out_count = count;
	return ALM_OK;
}

/* Whether the log still ends a run as it did when the run was made: of a
 * store that was restored, it may not. */
static bool is_of_this_log(
	const struct alm_log_index *index, const struct alm_run *run)
{
	struct alm_store *store = index->store;
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_txn *txn = NULL;
	struct alm_digest leaf;
	bool is_same = false;

	alm_put_u64(raw, end_of(&run->place));
	if (alm_store_view(store, &txn) != ALM_OK) {
		return false;
	}
	if (mdb_get(txn, store->tables[ALM_TABLE_REC], &key, &value) ==
			MDB_SUCCESS &&
		value.mv_size >= ALM_SEAL_BYTES) {
		struct alm_bytes header = alm_of_val(value);

		header.bytes -= ALM_SEAL_BYTES;
		alm_merkle_leaf(store->hash, header, &leaf);
		is_same = memcmp(&leaf, &run->anchor, sizeof(leaf)) == 0;
	}
	alm_store_view_end(store);
	return is_same;
}

/* With the lock, or before there is a thread. */
static void count_up(struct alm_log_index *index)
{
	struct alm_log_index_state *state = &index->state;

	state->runs = index->run_count;
	state->covered = 0;
	state->bytes = 0;
	for (size_t i = 0; i < index->run_count; i++) {
		state->covered += index->runs[i]->place.count;
		state->bytes += alm_run_bytes(index->runs[i]);
	}
}

static enum alm_err make_room(struct alm_log_index *index)
{
	size_t max = index->run_max == 0 ? 64 : 2 * index->run_max;
	struct alm_run **runs;

	if (index->run_count < index->run_max) {
		return ALM_OK;
	}
	runs = realloc(index->runs, max * sizeof(struct alm_run *));
	if (runs == NULL) {
		return ALM_NOMEM;
	}
	index->runs = runs;
	index->run_max = max;
	return ALM_OK;
}

static enum alm_err load_one(
	struct alm_log_index *index, const struct alm_run_place *place)
{
	struct alm_run *run = NULL;
	enum alm_err err = make_room(index);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_run_open(&index->home, place, &run);
	if (err == ALM_NOMEM) {
		return err;
	}
	if (err == ALM_OK && is_of_this_log(index, run)) {
		index->runs[index->run_count++] = run;
		return ALM_OK;
	}
	alm_run_close(run);
	if (err != ALM_NOT_FOUND) {
		index->state.damaged++;
		remove_file(index, place);
	}
	return ALM_OK;
}

enum alm_err alm_log_index_load(struct alm_log_index *index)
{
	struct alm_run_place *places = NULL;
	size_t count = 0;
	uint64_t end = 0;
	enum alm_err err = list_folder(index, &places, &count);

	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		size_t before = index->run_count;

		if (places[i].first < end) { /* it was merged */
			remove_file(index, &places[i]);
			continue;
		}
		err = load_one(index, &places[i]);
		if (index->run_count > before) {
			end = end_of(&places[i]);
		}
	}
	free(places);
	count_up(index);
	return err;
}

void alm_log_index_unload(struct alm_log_index *index)
{
	for (size_t i = 0; i < index->run_count; i++) {
		alm_log_index_release(index->runs[i]);
	}
	free(index->runs);
	index->runs = NULL;
	index->run_count = 0;
}

/* With the lock: take runs out of the list, into `out`. */
static size_t take_out(struct alm_log_index *index,
	bool (*wants)(const void *cookie, const struct alm_run *run),
	const void *cookie, struct alm_run **out)
{
	size_t kept = 0;
	size_t taken = 0;

	for (size_t i = 0; i < index->run_count; i++) {
		if (wants(cookie, index->runs[i])) {
			out[taken++] = index->runs[i];
		} else {
			index->runs[kept++] = index->runs[i];
		}
	}
	index->run_count = kept;
	return taken;
}

static bool is_covered(const void *cookie, const struct alm_run *run)
{
	const struct alm_run_place *place = cookie;

	return run->place.first >= place->first &&
	       end_of(&run->place) <= end_of(place);
}

static bool is_unwanted(const void *cookie, const struct alm_run *run)
{
	const bool *all = cookie;

	return *all || atomic_load(&run->is_damaged);
}

/* Outside the lock: whoever still reads them holds them. */
static void drop(
	struct alm_log_index *index, struct alm_run **runs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		remove_file(index, &runs[i]->place);
		alm_log_index_release(runs[i]);
	}
}

enum alm_err alm_log_index_add(
	struct alm_log_index *index, struct alm_run **take_run)
{
	struct alm_run *run = *take_run;
	struct alm_run **old =
		calloc(index->run_count + 1, sizeof(struct alm_run *));
	size_t old_count = 0;
	enum alm_err err = old == NULL ? ALM_NOMEM : ALM_OK;
	size_t at;

	*take_run = NULL;
	(void)pthread_mutex_lock(&index->lock);
	if (err == ALM_OK) {
		err = make_room(index);
	}
	if (err == ALM_OK) {
		old_count = take_out(index, is_covered, &run->place, old);
		at = index->run_count++;
		for (; at > 0 &&
			index->runs[at - 1]->place.first > run->place.first;
			at--) {
			index->runs[at] = index->runs[at - 1];
		}
		index->runs[at] = run;
		count_up(index);
	}
	(void)pthread_mutex_unlock(&index->lock);
	drop(index, old, old_count);
	free(old);
	if (err != ALM_OK) {
		alm_run_close(run);
	}
	return err;
}

size_t alm_log_index_remove(struct alm_log_index *index, bool all)
{
	struct alm_run **old =
		calloc(index->run_count + 1, sizeof(struct alm_run *));
	size_t count;

	if (old == NULL) {
		return 0; /* the next time */
	}
	(void)pthread_mutex_lock(&index->lock);
	count = take_out(index, is_unwanted, &all, old);
	index->state.damaged += all ? 0 : count;
	count_up(index);
	(void)pthread_mutex_unlock(&index->lock);
	drop(index, old, count);
	free(old);
	return count;
}

struct alm_run *alm_log_index_hold(struct alm_log_index *index, uint64_t leaf,
	uint64_t *out_first, uint64_t *out_last)
{
	struct alm_run *found = NULL;

	*out_first = 0;
	*out_last = UINT64_MAX;
	(void)pthread_mutex_lock(&index->lock);
	for (size_t i = 0; i < index->run_count && found == NULL; i++) {
		struct alm_run *run = index->runs[i];

		if (atomic_load(&run->is_damaged)) {
			continue;
		}
		if (run->place.first > leaf) {
			*out_last = run->place.first - 1;
			break;
		}
		*out_first = end_of(&run->place);
		if (*out_first > leaf) {
			*out_first = run->place.first;
			*out_last = end_of(&run->place) - 1;
			atomic_fetch_add(&run->holders, 1);
			found = run;
		}
	}
	(void)pthread_mutex_unlock(&index->lock);
	return found;
}

void alm_log_index_release(struct alm_run *run)
{
	if (run != NULL && atomic_fetch_sub(&run->holders, 1) == 1) {
		alm_run_close(run);
	}
}
