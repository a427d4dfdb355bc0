/*
 * Whose mail is queued?  The queue's rows say it themselves: a search walks
 * them in order, some in each call, and looks at sixteen bytes of each.  An
 * index by person would cost every message two random writes, to spare this
 * walk a few milliseconds in a hundred thousand rows (decision 0040).
 */
#include <string.h>

#include "broker/store/queue.h"

/* One call of a search. */
struct walk {
	const struct alm_queue_search *search;
	struct alm_arena *arena;
	struct alm_queue_hit *hits;
	size_t hit_count;
	size_t byte_count;
};

/* From the bytes alone; the seal is checked of what is found. */
static bool is_wanted(
	const struct alm_queue_search *search, struct alm_bytes value)
{
	if (search->is_of_dead && value.bytes > ALM_DEAD_QUEUE_ROW_AT) {
		value.data += ALM_DEAD_QUEUE_ROW_AT;
		value.bytes -= ALM_DEAD_QUEUE_ROW_AT;
	}
	switch (value.bytes) {
	case ALM_QUEUE_ROW_BYTES + ALM_SEAL_BYTES:
		return value.data[0] != ALM_MAIL_NOTICE &&
		       (search->wants == NULL ||
			       search->wants(search->cookie,
				       value.data + ALM_QUEUE_PERSON_AT));
	case ALM_QUEUE_PERSON_AT + ALM_SEAL_BYTES:
		return value.data[0] != ALM_MAIL_NOTICE;
	default:
		return true; /* damaged */
	}
}

static enum alm_err take_hit(const struct alm_store *store, struct walk *walk,
	struct alm_bytes key, struct alm_bytes value)
{
	struct alm_queue_hit *hit = &walk->hits[walk->hit_count];
	const char *recipient = "";
	uint64_t place = 0;

	if (!alm_queue_key_parse(key, &recipient, &place)) {
		return ALM_OK; /* nobody's mail; verification tells of it */
	}
	if (walk->search->is_of_dead) {
		struct alm_dead_letter dead;

		alm_dead_row_open(store, key, value, place, &dead);
		hit->entry = dead.entry;
	} else {
		struct alm_queue_row row;

		alm_queue_row_open(store, key, value, place, &row);
		hit->entry = row.entry;
	}
	hit->recipient =
		alm_arena_text(walk->arena, recipient, strlen(recipient));
	if (hit->recipient == NULL) {
		return ALM_NOMEM;
	}
	walk->hit_count++;
	walk->byte_count += hit->entry.bytes;
	return ALM_OK;
}

static enum alm_err go(const struct alm_store *store, MDB_cursor *cursor,
	struct walk *walk, struct alm_queue_place *place, bool *out_is_done)
{
	const struct alm_queue_search *search = walk->search;
	MDB_val key = alm_val(place->key, place->bytes);
	MDB_val value;
	enum alm_err err = ALM_OK;
	int rc = mdb_cursor_get(cursor, &key, &value,
		place->bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);

	if (rc == MDB_SUCCESS && place->bytes > 0 &&
		key.mv_size == place->bytes &&
		memcmp(key.mv_data, place->key, place->bytes) == 0) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	for (size_t i = 0;
		rc == MDB_SUCCESS && err == ALM_OK && i < search->row_max &&
		walk->hit_count < search->hit_max &&
		walk->byte_count <= search->byte_max;
		i++) {
		if (is_wanted(search, alm_of_val(value))) {
			err = take_hit(store, walk, alm_of_val(key),
				alm_of_val(value));
		}
		if (key.mv_size <= sizeof(place->key)) {
			memcpy(place->key, key.mv_data, key.mv_size);
			place->bytes = key.mv_size;
		}
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	*out_is_done = rc == MDB_NOTFOUND;
	return err != ALM_OK || rc == MDB_SUCCESS || rc == MDB_NOTFOUND
		       ? err
		       : alm_store_map_rc(rc);
}

enum alm_err alm_store_queue_search(struct alm_store *store,
	const struct alm_queue_search *search, struct alm_queue_place *place,
	struct alm_arena *arena, const struct alm_queue_hit **out_hits,
	size_t *out_count, bool *out_is_done)
{
	struct walk walk = {
		.search = search,
		.arena = arena,
		.hits = alm_arena_take(
			arena, search->hit_max * sizeof(*walk.hits)),
	};
	MDB_cursor *cursor;
	MDB_txn *txn = NULL;
	enum alm_err err =
		walk.hits == NULL ? ALM_NOMEM : alm_store_view(store, &txn);
	int rc;

	if (err != ALM_OK) {
		return err;
	}
	rc = mdb_cursor_open(txn,
		store->tables[search->is_of_dead ? ALM_TABLE_DEAD
						 : ALM_TABLE_QUEUE],
		&cursor);
	if (rc == MDB_SUCCESS) {
		err = go(store, cursor, &walk, place, out_is_done);
		mdb_cursor_close(cursor);
	} else {
		err = alm_store_fail(store, rc);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_hits = walk.hits;
		*out_count = walk.hit_count;
	}
	return err;
}
