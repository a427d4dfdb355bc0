/*
 * Turns and the state that goes with them.  What a turn changes in memory is
 * in `state`; `committed` is what is on disk, and comes back on abort.
 */
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/inside.h"
#include "broker/store/mailbox.h"

/* What new mail may not take, so that there is always room to record and to
 * remove: an eighth of the map, but not more than this. */
#define RESERVE_BYTES_MAX ((uint64_t)512 << 20)

/* With room for less than a message of the largest size the map counts as
 * full, so that nobody's mail is taken because it is smaller than another's;
 * of a small map a part. */
#define ROOM_BYTES_MIN \
	((uint64_t)ALM_PAYLOAD_BYTES_MAX + ALM_MESSAGE_BYTES_MAX + 8192)

static const uint8_t STATE_KEY[5] = {'s', 't', 'a', 't', 'e'};

/* Numbers, rows of each table but meta, roots. */
#define STATE_BYTES_MAX \
	((9 + ALM_RETENTION_COUNT) * 8 + (ALM_TABLE_COUNT - 1) * 8 + 8 + \
		64 * 32)

static size_t root_count(const struct alm_frontier *frontier)
{
	return (size_t)__builtin_popcountll(frontier->size);
}

static void write_roots(
	struct alm_writer *w, const struct alm_frontier *frontier)
{
	alm_write_u64(w, frontier->size);
	for (size_t i = 0; i < root_count(frontier); i++) {
		alm_write_raw(w, frontier->roots[i].raw, ALM_DIGEST_BYTES);
	}
}

static void read_roots(struct alm_reader *r, struct alm_frontier *out)
{
	out->size = alm_read_u64(r);
	for (size_t i = 0; i < root_count(out); i++) {
		alm_read_raw(r, out->roots[i].raw, ALM_DIGEST_BYTES);
	}
}

enum alm_err alm_state_write(struct alm_store *store)
{
	uint8_t row[STATE_BYTES_MAX];
	const struct alm_store_state *state = &store->state;
	struct alm_writer w;

	alm_writer_init(&w, row, sizeof(row));
	alm_write_u64(&w, (uint64_t)state->last_time_us);
	alm_write_u64(&w, state->mail_seq);
	alm_write_u64(&w, state->agent_number);
	alm_write_u64(&w, state->people_seq);
	alm_write_u64(&w, state->policy_epoch);
	alm_write_u64(&w, state->redecided.people_seq);
	alm_write_u64(&w, state->redecided.policy_epoch);
	alm_write_u64(&w, (uint64_t)state->redecided.waiting_since_us);
	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		alm_write_u64(&w, state->pruned[i]);
	}
	alm_write_u64(&w, ALM_TABLE_COUNT - 1);
	for (unsigned i = 1; i < ALM_TABLE_COUNT; i++) {
		uint64_t rows = 0;
		enum alm_err err = alm_table_rows(
			store, store->turn, (enum alm_table)i, &rows);

		if (err != ALM_OK) {
			return err;
		}
		alm_write_u64(&w, rows);
	}
	write_roots(&w, &state->frontier);
	ALM_ASSERT(!w.is_bad);
	return alm_row_put(store, ALM_TABLE_META,
		(struct alm_bytes){STATE_KEY, sizeof(STATE_KEY)},
		(struct alm_bytes){row, w.bytes}, 0);
}

/* A row that was removed without the key shows as a count that differs, and
 * so does a table. */
static enum alm_err check_rows(struct alm_store *store, MDB_txn *txn,
	struct alm_reader *r, struct alm_problem *problem)
{
	if (alm_read_u64(r) != ALM_TABLE_COUNT - 1) {
		return alm_problem_set(problem, ALM_STORE_FORMAT,
			"it has other tables than this release");
	}
	for (unsigned i = 1; i < ALM_TABLE_COUNT; i++) {
		uint64_t want = alm_read_u64(r);
		uint64_t rows = 0;
		enum alm_err err =
			alm_table_rows(store, txn, (enum alm_table)i, &rows);

		if (err != ALM_OK) {
			return alm_problem_set(problem, err, "table %s",
				alm_table_name((enum alm_table)i));
		}
		if (rows != want && !r->is_bad) {
			return alm_problem_set(problem, ALM_STORE_CORRUPT,
				"table %s has %llu rows, not %llu",
				alm_table_name((enum alm_table)i),
				(unsigned long long)rows,
				(unsigned long long)want);
		}
	}
	return ALM_OK;
}

enum alm_err alm_state_read(struct alm_store *store, MDB_txn *txn,
	struct alm_store_state *out, struct alm_problem *problem)
{
	struct alm_store_state state = {.last_time_us = 0};
	struct alm_bytes row = {NULL, 0};
	struct alm_reader r;
	enum alm_err err = alm_row_get(store, txn, ALM_TABLE_META,
		(struct alm_bytes){STATE_KEY, sizeof(STATE_KEY)}, &row);

	if (err != ALM_OK) {
		return alm_problem_set(problem,
			err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err,
			"the state row of table meta");
	}
	alm_reader_init(&r, row.data, row.bytes);
	state.last_time_us = (int64_t)alm_read_u64(&r);
	state.mail_seq = alm_read_u64(&r);
	state.agent_number = alm_read_u64(&r);
	state.people_seq = alm_read_u64(&r);
	state.policy_epoch = alm_read_u64(&r);
	state.redecided.people_seq = alm_read_u64(&r);
	state.redecided.policy_epoch = alm_read_u64(&r);
	state.redecided.waiting_since_us = (int64_t)alm_read_u64(&r);
	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		state.pruned[i] = alm_read_u64(&r);
	}
	err = check_rows(store, txn, &r, problem);
	if (err != ALM_OK) {
		return err;
	}
	read_roots(&r, &state.frontier);
	if (!alm_reader_is_done(&r) || state.last_time_us < 0) {
		return alm_problem_set(problem, ALM_STORE_CORRUPT,
			"the state row of table meta");
	}
	*out = state;
	return ALM_OK;
}

uint64_t alm_map_room(uint64_t used, uint64_t size)
{
	uint64_t reserve =
		size / 8 < RESERVE_BYTES_MAX ? size / 8 : RESERVE_BYTES_MAX;

	return used + reserve < size ? size - used - reserve : 0;
}

static enum alm_err measure_room(struct alm_store *store)
{
	uint64_t used = 0;
	uint64_t size = 0;
	enum alm_err err = alm_store_usage(store, store->turn, &used, &size);

	if (err != ALM_OK) {
		return err;
	}
	store->room_bytes = alm_map_room(used, size);
	store->has_room = store->room_bytes >= ROOM_BYTES_MIN ||
			  store->room_bytes >= size / 16;
	if (!store->has_room || store->space.is_low) {
		store->room_bytes = 0;
	}
	return ALM_OK;
}

enum alm_err alm_store_begin(
	struct alm_store *store, int64_t now_us, const uint8_t seed[32])
{
	enum alm_err err;

	ALM_ASSERT(store->turn == NULL && !store->is_read_only);
	if (store->is_dead) {
		return ALM_STORE_IO;
	}
	err = alm_store_map_rc(
		mdb_txn_begin(store->env, NULL, 0, &store->turn));
	if (err != ALM_OK) {
		store->turn = NULL;
		return err;
	}
	store->turn_err = ALM_OK;
	store->is_state_changed = false;
	store->changed.count = 0;
	store->changed.is_over = false;
	store->is_clamped = now_us < store->state.last_time_us;
	store->now_us = store->is_clamped ? store->state.last_time_us : now_us;
	alm_noise_init(&store->noise, seed);
	alm_space_ensure(store);
	err = measure_room(store);
	if (err != ALM_OK) {
		alm_store_abort(store);
	}
	return err;
}

/* The transaction is gone, whichever way. */
static void end_turn(struct alm_store *store)
{
	store->turn = NULL;
	alm_hands_drop(store);
	alm_log_rows_drop(store);
	alm_mailbox_reset(store);
	sodium_memzero(&store->noise, sizeof(store->noise));
}

void alm_store_abort(struct alm_store *store)
{
	if (store->turn != NULL) {
		mdb_txn_abort(store->turn);
		end_turn(store);
		if (store->turn_err == ALM_STORE_FULL) {
			alm_reuse_free(store); /* it may be what was missing */
		}
		alm_person_keys_abort(store);
		store->state = store->committed;
	}
}

/* A full disk leaves the old pages whole, and the environment says so by
 * going on.  A read-only one does, too; but nothing can be recorded, so nothing
 * can be done.  Of anything else nobody knows what reached the disk. */
static bool goes_on_after(struct alm_store *store, enum alm_err err)
{
	MDB_txn *txn = NULL;

	if (err == ALM_STORE_FULL) {
		alm_space_met_full(store);
		alm_reuse_free(store);
	} else if (err != ALM_NOMEM) {
		return false;
	}
	if (mdb_txn_begin(store->env, NULL, 0, &txn) != MDB_SUCCESS) {
		return false; /* the page that says what is valid was hit */
	}
	mdb_txn_abort(txn);
	return true;
}

enum alm_err alm_store_commit(struct alm_store *store)
{
	enum alm_err err = store->turn_err;

	ALM_ASSERT(store->turn != NULL);
	if (err == ALM_OK) {
		err = alm_mailbox_flush(store);
	}
	if (err == ALM_OK) {
		err = alm_log_rows_write(store);
	}
	if (err == ALM_OK && store->is_state_changed) {
		err = alm_state_write(store);
	}
	if (err != ALM_OK) {
		alm_store_abort(store);
		return err;
	}
	err = alm_store_map_rc(mdb_txn_commit(store->turn));
	end_turn(store);
	if (err != ALM_OK) {
		store->is_dead = !goes_on_after(store, err);
		store->state = store->committed;
		alm_person_keys_abort(store);
		return store->is_dead && err != ALM_STORE_READ_ONLY
			       ? ALM_STORE_IO
			       : err;
	}
	alm_person_keys_commit(store);
	store->committed = store->state;
	alm_reuse_committed(store);
	return ALM_OK;
}

bool alm_store_is_spoilt(const struct alm_store *store)
{
	return store->is_dead || store->turn_err != ALM_OK;
}

unsigned alm_store_used_permille(struct alm_store *store)
{
	uint64_t used = 0;
	uint64_t size = 0;
	MDB_txn *txn = NULL;

	if (alm_store_view(store, &txn) != ALM_OK) {
		return 1000;
	}
	if (alm_store_usage(store, txn, &used, &size) != ALM_OK ||
		used >= size) {
		used = 1;
		size = 1;
	}
	alm_store_view_end(store);
	return (unsigned)((double)used * 1000.0 / (double)size);
}

int64_t alm_store_last_time_us(const struct alm_store *store)
{
	return store->state.last_time_us;
}

void alm_store_id(
	const struct alm_store *store, uint8_t out[ALM_STORE_ID_BYTES])
{
	memcpy(out, store->id, ALM_STORE_ID_BYTES);
}

uint64_t alm_store_people_sequence(const struct alm_store *store)
{
	return store->state.people_seq;
}

void alm_store_redecided(
	const struct alm_store *store, struct alm_redecided *out_redecided)
{
	*out_redecided = store->state.redecided;
}

void alm_store_set_redecided(
	struct alm_store *store, const struct alm_redecided *redecided)
{
	ALM_ASSERT(store->turn != NULL);
	store->state.redecided = *redecided;
	store->is_state_changed = true;
}

const struct alm_changed_people *alm_store_changed_people(
	const struct alm_store *store)
{
	return &store->changed;
}

void alm_store_audit_head(
	struct alm_store *store, struct alm_audit_head *out_head)
{
	/* A turn for whose records there is no room is dropped, and with it
	 * all that was made of this head. */
	(void)!alm_log_rows_write(store);
	out_head->size = store->state.frontier.size;
	alm_frontier_root(store->hash, &store->state.frontier, &out_head->root);
}

void alm_store_pseudonym(
	const struct alm_store *store, const char *subject, uint8_t out[16])
{
	alm_store_keys_pseudonym(store->keys, subject, out);
}

void alm_store_agreement_pseudonym(const struct alm_store *store,
	const char *basis, const char *subject, uint8_t out[16])
{
	alm_store_keys_agreement(store->keys, basis, subject, out);
}
