/*
 * One page of an answer.  The log is walked in spans: one that a run of the
 * index covers is walked by its postings, any other record by record.  So an
 * index that lags, lacks runs or is not there costs time, and nothing else.
 */
#include "broker/store/find.h"

#include <string.h>

#include "broker/store/index/index.h"
#include "broker/store/index/walk.h"
#include "broker/store/inside.h"

/* One call of alm_audit_find(). */
struct hunt {
	struct alm_store *store;
	const struct alm_audit_find *find;
	MDB_txn *txn;
	MDB_cursor *cursor;
	struct alm_arena *arena;
	struct alm_audit_view *rows;
	struct alm_audit_found found;
	uint64_t first; /* the question is about these, both included */
	uint64_t last;
	uint64_t at;          /* the record to look at next */
	uint64_t cursor_at;   /* where the cursor stands; 0: nowhere */
	bool has_failed;      /* in the log or for want of memory */
	struct alm_walk walk; /* through the runs; it counts the work, too */
};

static bool is_over(const struct hunt *hunt)
{
	return hunt->at < hunt->first || hunt->at > hunt->last;
}

static bool has_room(const struct hunt *hunt)
{
	return hunt->found.row_count < hunt->find->row_max &&
	       hunt->walk.work_left > 0;
}

static void step(struct hunt *hunt)
{
	hunt->at += hunt->find->is_newest_first ? UINT64_MAX : 1;
}

static void note_damage(struct hunt *hunt, uint64_t seq)
{
	if (hunt->found.damaged++ == 0) {
		hunt->found.first_damaged = seq;
	}
}

/* The record as it is in the page.  Errors: NOT_FOUND: there is none. */
static enum alm_err fetch(struct hunt *hunt, uint64_t seq,
	struct alm_bytes *out_key, struct alm_bytes *out_value)
{
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_cursor_op op = hunt->cursor_at == 0         ? MDB_SET_KEY
			   : seq == hunt->cursor_at + 1 ? MDB_NEXT
			   : seq == hunt->cursor_at - 1 ? MDB_PREV
							: MDB_SET_KEY;
	int rc;

	alm_put_u64(raw, seq);
	rc = mdb_cursor_get(hunt->cursor, &key, &value, op);
	if (rc == MDB_SUCCESS && op != MDB_SET_KEY &&
		(key.mv_size != 8 || alm_get_u64(key.mv_data) != seq)) {
		key = alm_val(raw, sizeof(raw));
		rc = mdb_cursor_get(hunt->cursor, &key, &value, MDB_SET_KEY);
	}
	hunt->cursor_at = rc == MDB_SUCCESS ? seq : 0;
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(hunt->store, rc);
	}
	*out_key = alm_of_val(key);
	*out_value = alm_of_val(value);
	return ALM_OK;
}

static bool is_wanted(const struct alm_audit_find *find,
	const struct alm_audit_record *record)
{
	return alm_audit_filter_matches(&find->filter, record) &&
	       (find->is_wanted == NULL ||
		       find->is_wanted(find->cookie, record));
}

/* Look at one record, and take it if it matches.
 * Errors: STORE_CORRUPT: it cannot be read. */
static enum alm_err look_at(struct hunt *hunt, uint64_t seq)
{
	struct alm_audit_record record;
	struct alm_bytes key = {NULL, 0};
	struct alm_bytes header = {NULL, 0};
	enum alm_err err = fetch(hunt, seq, &key, &header);

	if (err == ALM_NOT_FOUND) {
		return ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		err = alm_row_open(hunt->store, ALM_TABLE_REC, key, &header);
	}
	if (err == ALM_OK) {
		err = alm_audit_record_decode(header, &record);
	}
	if (err == ALM_OK && record.seq != seq) {
		err = ALM_STORE_CORRUPT;
	}
	if (err != ALM_OK || !is_wanted(hunt->find, &record)) {
		return err;
	}
	err = alm_audit_view_copy(hunt->store, hunt->txn, header,
		hunt->find->with_detail, hunt->arena,
		&hunt->rows[hunt->found.row_count]);
	if (err == ALM_OK) {
		hunt->found.row_count++;
	}
	return err;
}

/* The same, for a page that goes on after damage. */
static enum alm_err take(struct hunt *hunt)
{
	enum alm_err err = look_at(hunt, hunt->at);

	hunt->walk.work_left -= hunt->walk.work_left < ALM_WORK_RECORD
					? hunt->walk.work_left
					: ALM_WORK_RECORD;
	if (err == ALM_STORE_CORRUPT) {
		note_damage(hunt, hunt->at);
		err = ALM_OK;
	}
	return err;
}

/* Record by record, while they are from `first` to `last`. */
static enum alm_err scan(struct hunt *hunt, uint64_t first, uint64_t last)
{
	enum alm_err err = ALM_OK;

	while (!is_over(hunt) && has_room(hunt) && hunt->at >= first &&
		hunt->at <= last) {
		err = take(hunt);
		if (err != ALM_OK) {
			break;
		}
		hunt->found.scanned++;
		step(hunt);
	}
	return err;
}

/* By the postings of a run that is about where the hunt is.
 * Errors: STORE_CORRUPT, STORE_IO: of the run; what was taken is right. */
static enum alm_err follow(struct hunt *hunt, const struct alm_run *run)
{
	uint64_t first = run->place.first + 1;
	enum alm_err err = ALM_OK;

	alm_walk_enter(&hunt->walk, run);
	while (!is_over(hunt) && has_room(hunt) && hunt->at >= first &&
		hunt->at - first < run->place.count) {
		bool is_found = false;
		uint64_t place = 0;

		err = alm_walk_next(
			&hunt->walk, hunt->at - first, &place, &is_found);
		if (err == ALM_NOT_FOUND) {
			hunt->at = hunt->find->is_newest_first
					   ? first - 1
					   : first + run->place.count;
			return ALM_OK;
		}
		if (err != ALM_OK) {
			return err;
		}
		hunt->at = first + place;
		if (!is_found || is_over(hunt)) {
			return ALM_OK;
		}
		err = take(hunt);
		if (err != ALM_OK) {
			hunt->has_failed = true;
			return err;
		}
		step(hunt);
	}
	return ALM_OK;
}

/* A run that fails is passed over from now on, and made anew. */
static enum alm_err span(struct hunt *hunt)
{
	struct alm_log_index *index = hunt->store->index;
	uint64_t first = 0;
	uint64_t last = UINT64_MAX;
	struct alm_run *run;
	enum alm_err err;

	if (hunt->walk.term_count == 0) {
		return scan(hunt, first, last);
	}
	run = alm_log_index_hold(index, hunt->at - 1, &first, &last);
	if (run == NULL) {
		return scan(
			hunt, first + 1, last == UINT64_MAX ? last : last + 1);
	}
	err = follow(hunt, run);
	if (err != ALM_OK && !hunt->has_failed) {
		atomic_store(&run->is_damaged, true);
		err = ALM_OK;
	}
	alm_log_index_release(run);
	return err;
}

/* --- which records a time names ------------------------------------------ */

/* Damaged records have no time; one near by has nearly the same. */
static enum alm_err time_near(
	struct hunt *hunt, uint64_t seq, uint64_t end, int64_t *out_us)
{
	for (; seq < end; seq++) {
		struct alm_audit_record record;
		struct alm_bytes header = {NULL, 0};
		enum alm_err err =
			alm_audit_header(hunt->store, hunt->txn, seq, &header);

		if (err == ALM_OK) {
			err = alm_audit_record_decode(header, &record);
		}
		if (err == ALM_OK) {
			*out_us = record.time_us;
			return ALM_OK;
		}
		if (err != ALM_NOT_FOUND && err != ALM_STORE_CORRUPT) {
			return err;
		}
	}
	*out_us = INT64_MAX;
	return ALM_OK;
}

/* The first record at or after an instant; size + 1: there is none.  Times
 * never go back along the log. */
static enum alm_err first_at(
	struct hunt *hunt, int64_t instant_us, uint64_t size, uint64_t *out_seq)
{
	uint64_t low = 1;
	uint64_t high = size + 1;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		int64_t time_us = 0;
		enum alm_err err = time_near(hunt, middle, high, &time_us);

		if (err != ALM_OK) {
			return err;
		}
		if (time_us < instant_us) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*out_seq = low;
	return ALM_OK;
}

/* From time to sequence, and where to begin. */
static enum alm_err place(struct hunt *hunt, uint64_t size)
{
	const struct alm_audit_filter *filter = &hunt->find->filter;
	uint64_t next = hunt->find->next;
	enum alm_err err = ALM_OK;

	hunt->first = 1;
	hunt->last = size;
	if (filter->since_us > 0) {
		err = first_at(hunt, filter->since_us, size, &hunt->first);
	}
	if (err == ALM_OK && filter->until_us > 0) {
		err = first_at(hunt, filter->until_us, size, &hunt->last);
		hunt->last--;
	}
	if (hunt->find->is_newest_first) {
		hunt->at = next != 0 && next < hunt->last ? next : hunt->last;
	} else {
		hunt->at = next > hunt->first ? next : hunt->first;
	}
	return err;
}

static enum alm_err walk(struct hunt *hunt, uint64_t size)
{
	int rc = mdb_cursor_open(
		hunt->txn, hunt->store->tables[ALM_TABLE_REC], &hunt->cursor);
	enum alm_err err = alm_store_fail(hunt->store, rc);

	if (err != ALM_OK) {
		return err;
	}
	err = place(hunt, size);
	while (err == ALM_OK && !is_over(hunt) && has_room(hunt)) {
		err = span(hunt);
	}
	mdb_cursor_close(hunt->cursor);
	if (err == ALM_NOMEM && hunt->found.row_count > 0) {
		err = ALM_OK;
	}
	return err;
}

enum alm_err alm_audit_find(struct alm_store *store,
	const struct alm_audit_find *find, struct alm_arena *arena,
	struct alm_audit_found *out_found)
{
	uint64_t now = alm_log_size(store);
	uint64_t size = find->size == 0 || find->size > now ? now : find->size;
	struct hunt hunt = {
		.store = store,
		.find = find,
		.arena = arena,
		.rows = alm_arena_take(
			arena, find->row_max * sizeof(*hunt.rows)),
		.found = {.size = size},
	};
	enum alm_err err = hunt.rows == NULL ? ALM_NOMEM : ALM_OK;

	if (err == ALM_OK && store->index != NULL &&
		alm_walk_init(&hunt.walk, &store->index->term_key,
			&find->filter, find->is_newest_first,
			arena) != ALM_OK) {
		hunt.walk.term_count = 0; /* a scan takes no more memory */
	}
	hunt.walk.work_left = find->work_max < UINT64_MAX / ALM_WORK_RECORD
				      ? find->work_max * ALM_WORK_RECORD
				      : UINT64_MAX;
	if (err == ALM_OK) {
		err = alm_store_view(store, &hunt.txn);
	}
	if (err != ALM_OK) {
		return err;
	}
	err = walk(&hunt, size);
	alm_store_view_end(store);
	if (err == ALM_OK) {
		hunt.found.rows = hunt.rows;
		hunt.found.next = is_over(&hunt) ? 0 : hunt.at;
		*out_found = hunt.found;
	}
	return err;
}
