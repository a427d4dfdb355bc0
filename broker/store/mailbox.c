/*
 * What each mailbox holds, as counters.  A turn reads a mailbox's counters
 * once, changes them in memory and writes them once, because a row for each
 * message would make the commit slower than the messages themselves.
 */
#include "broker/store/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "broker/store/queue.h"
#include "lib/id.h"

/* Most mailboxes have neither dead letters nor anything set by an operator,
 * and a row without what says so. */
#define ROW_BYTES 24u
#define LONG_ROW_BYTES (ROW_BYTES + 40u)
/* It was damaged once, and an operator has not decided yet what holds. */
#define DAMAGED_ROW_BYTES (LONG_ROW_BYTES + 1u)
#define SLOTS_MIN 64u

static size_t hash_name(const char *name)
{
	uint64_t hash = UINT64_C(1469598103934665603);

	for (; *name != '\0'; name++) {
		hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
	}
	return (size_t)(hash ^ (hash >> 32));
}

/* The index entry of `name`, or the free one where it belongs. */
static uint32_t *find(struct alm_mailbox_cache *cache, const char *name)
{
	size_t mask = cache->index_count - 1;
	size_t at = hash_name(name) & mask;

	while (cache->index[at] != 0 &&
		strcmp(cache->slots[cache->index[at] - 1].recipient, name) !=
			0) {
		at = (at + 1) & mask;
	}
	return &cache->index[at];
}

/* Room for one slot more; the index stays at most half full. */
static bool grow(struct alm_mailbox_cache *cache)
{
	size_t slot_max =
		cache->slot_max == 0 ? SLOTS_MIN : cache->slot_max * 2;
	struct alm_mailbox_slot *slots;
	uint32_t *index;

	if (cache->slot_count < cache->slot_max) {
		return true;
	}
	index = calloc(slot_max * 2, sizeof(*index));
	if (index == NULL) {
		return false;
	}
	slots = realloc(cache->slots, slot_max * sizeof(*slots));
	if (slots == NULL) {
		free(index);
		return false;
	}
	free(cache->index);
	cache->slots = slots;
	cache->slot_max = slot_max;
	cache->index = index;
	cache->index_count = slot_max * 2;
	for (size_t i = 0; i < cache->slot_count; i++) {
		*find(cache, slots[i].recipient) = (uint32_t)(i + 1);
	}
	return true;
}

static void clear(struct alm_mailbox_slot *slot)
{
	slot->count = 0;
	slot->bytes = 0;
	slot->handed_seq = 0;
	slot->dead_count = 0;
	slot->held_since_us = 0;
	slot->limits = (struct alm_mailbox_limits){.messages = 0};
	slot->damage = ALM_MAILBOX_WHOLE;
}

/* From the queue itself, when the counters are damaged.  What was handed over
 * is not known then: all of it counts as handed over once.  Nor is what an
 * operator had set: it could have been a hold, and so it is on hold. */
static enum alm_err recount(struct alm_store *store, MDB_txn *txn,
	const char *recipient, struct alm_mailbox_slot *out_slot)
{
	struct alm_queue_row rows[ALM_QUEUE_LIST_MAX];
	uint64_t place = 0;
	size_t listed = 0;

	clear(out_slot);
	out_slot->damage = ALM_MAILBOX_DAMAGED;
	out_slot->held_since_us = store->turn != NULL ? store->now_us : 1;
	do {
		enum alm_err err = alm_queue_list(store, txn, recipient, place,
			rows, ALM_COUNT(rows), &listed);

		if (err != ALM_OK) {
			return err;
		}
		for (size_t i = 0; i < listed; i++) {
			out_slot->count++;
			out_slot->bytes += rows[i].entry.bytes;
			place = rows[i].entry.place;
			if (place < alm_mail_place(1, 0)) {
				out_slot->handed_seq = place;
			}
		}
	} while (listed > 0);
	return alm_dead_recount(store, txn, recipient, &out_slot->dead_count);
}

static bool is_row(struct alm_bytes row)
{
	return row.bytes == ROW_BYTES || row.bytes == LONG_ROW_BYTES ||
	       row.bytes == DAMAGED_ROW_BYTES;
}

static void read_more(
	struct alm_mailbox_slot *slot, const uint8_t data[LONG_ROW_BYTES])
{
	slot->dead_count = alm_get_u64(data + 24);
	slot->held_since_us = (int64_t)alm_get_u64(data + 32);
	slot->limits.messages = alm_get_u64(data + 40);
	slot->limits.bytes = alm_get_u64(data + 48);
	slot->limits.age_ms = (int64_t)alm_get_u64(data + 56);
}

/* The counters as stored, zero if there are none; of a slot, the rest is
 * left alone. */
static enum alm_err read_counters(struct alm_store *store, MDB_txn *txn,
	const char *recipient, struct alm_mailbox_slot *out_slot)
{
	struct alm_bytes row = {NULL, 0};
	enum alm_err err = alm_row_get(store, txn, ALM_TABLE_MAILBOX,
		alm_text_bytes(recipient, strlen(recipient)), &row);

	clear(out_slot);
	if (err == ALM_NOT_FOUND) {
		return ALM_OK;
	}
	if (err == ALM_OK && !is_row(row)) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_STORE_CORRUPT) {
		store->mailboxes.has_damage = true;
		return recount(store, txn, recipient, out_slot);
	}
	if (err == ALM_OK) {
		if (row.bytes >= LONG_ROW_BYTES) {
			read_more(out_slot, row.data);
		}
		if (row.bytes == DAMAGED_ROW_BYTES) {
			out_slot->damage = row.data[LONG_ROW_BYTES] == 1
						   ? ALM_MAILBOX_DAMAGED
						   : ALM_MAILBOX_DAMAGE_TOLD;
			store->mailboxes.has_damage |=
				out_slot->damage == ALM_MAILBOX_DAMAGED;
		}
		out_slot->count = alm_get_u64(row.data);
		out_slot->bytes = alm_get_u64(row.data + 8);
		out_slot->handed_seq = alm_get_u64(row.data + 16);
	}
	return err;
}

enum alm_err alm_mailbox_slot(struct alm_store *store, const char *recipient,
	struct alm_mailbox_slot **out_slot)
{
	struct alm_mailbox_cache *cache = &store->mailboxes;
	struct alm_mailbox_slot *slot;
	uint32_t *entry;
	enum alm_err err;

	if (!grow(cache)) {
		return ALM_NOMEM;
	}
	entry = find(cache, recipient);
	if (*entry == 0) {
		slot = &cache->slots[cache->slot_count];
		err = read_counters(store, store->turn, recipient, slot);
		if (err != ALM_OK) {
			return err;
		}
		slot->is_changed = false;
		memcpy(slot->recipient, recipient, strlen(recipient) + 1);
		*entry = (uint32_t)++cache->slot_count;
	}
	*out_slot = &cache->slots[*entry - 1];
	return ALM_OK;
}

/* Whether there is something to say besides the counters. */
static bool says_more(const struct alm_mailbox_slot *slot)
{
	const struct alm_mailbox_limits *limits = &slot->limits;

	return slot->dead_count != 0 || slot->held_since_us != 0 ||
	       limits->messages != 0 || limits->bytes != 0 ||
	       limits->age_ms != 0;
}

/* An empty mailbox has no row: whatever comes later was never handed over. */
static enum alm_err flush_slot(
	struct alm_store *store, const struct alm_mailbox_slot *slot)
{
	struct alm_bytes key =
		alm_text_bytes(slot->recipient, strlen(slot->recipient));
	bool is_long = says_more(slot);
	uint8_t row[DAMAGED_ROW_BYTES];
	size_t long_bytes = slot->damage != ALM_MAILBOX_WHOLE
				    ? DAMAGED_ROW_BYTES
				    : LONG_ROW_BYTES;
	enum alm_err err;

	if (is_long) {
		alm_put_u64(row + 24, slot->dead_count);
		alm_put_u64(row + 32, (uint64_t)slot->held_since_us);
		alm_put_u64(row + 40, slot->limits.messages);
		alm_put_u64(row + 48, slot->limits.bytes);
		alm_put_u64(row + 56, (uint64_t)slot->limits.age_ms);
		row[LONG_ROW_BYTES] = (uint8_t)slot->damage;
	}
	if (is_long || slot->count > 0) {
		alm_put_u64(row, slot->count);
		alm_put_u64(row + 8, slot->bytes);
		alm_put_u64(row + 16, slot->handed_seq);
		return alm_row_put(store, ALM_TABLE_MAILBOX, key,
			(struct alm_bytes){
				row, is_long ? long_bytes : ROW_BYTES},
			0);
	}
	err = alm_row_remove(store, ALM_TABLE_MAILBOX, key);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_mailbox_flush(struct alm_store *store)
{
	struct alm_mailbox_cache *cache = &store->mailboxes;

	for (size_t i = 0; i < cache->slot_count; i++) {
		enum alm_err err = ALM_OK;

		if (cache->slots[i].is_changed) {
			err = flush_slot(store, &cache->slots[i]);
		}
		if (err != ALM_OK) {
			return err;
		}
		cache->slots[i].is_changed = false;
	}
	return ALM_OK;
}

void alm_mailbox_reset(struct alm_store *store)
{
	struct alm_mailbox_cache *cache = &store->mailboxes;

	if (cache->slot_count > 0) {
		memset(cache->index, 0,
			cache->index_count * sizeof(*cache->index));
		cache->slot_count = 0;
	}
}

void alm_mailbox_fini(struct alm_store *store)
{
	free(store->mailboxes.slots);
	free(store->mailboxes.index);
	store->mailboxes = (struct alm_mailbox_cache){.slots = NULL};
}

enum alm_err alm_mailbox_view(struct alm_store *store, MDB_txn *txn,
	const char *recipient, struct alm_mailbox_slot *out)
{
	struct alm_mailbox_slot *slot;
	enum alm_err err;

	memset(out, 0, sizeof(*out));
	if (strlen(recipient) > ALM_ID_BYTES_MAX || recipient[0] == '\0') {
		return ALM_OK;
	}
	if (store->turn == NULL) {
		return read_counters(store, txn, recipient, out);
	}
	err = alm_mailbox_slot(store, recipient, &slot);
	if (err == ALM_OK) {
		*out = *slot;
	}
	return err;
}

/* A key that names nobody is damaged, and verification tells of it. */
static bool is_name(const MDB_val *key)
{
	char name[ALM_ID_BYTES_MAX + 1];

	if (key->mv_size > ALM_ID_BYTES_MAX) {
		return false;
	}
	memcpy(name, key->mv_data, key->mv_size);
	name[key->mv_size] = '\0';
	return strlen(name) == key->mv_size && alm_id_is_valid(name);
}

/* Only the name is looked at: damaged counters do not hide a mailbox. */
static enum alm_err next_name(struct alm_store *store, MDB_txn *txn,
	const char *after, struct alm_arena *arena, const char **out_name)
{
	/* With its NUL: the least text that is greater. */
	MDB_val key = alm_val(after, strlen(after) + 1);
	MDB_val value;
	MDB_cursor *cursor;
	const char *name;
	int rc =
		mdb_cursor_open(txn, store->tables[ALM_TABLE_MAILBOX], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS && !is_name(&key)) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	name = alm_arena_text(arena, key.mv_data, key.mv_size);
	if (name == NULL) {
		return ALM_NOMEM;
	}
	*out_name = name;
	return ALM_OK;
}

enum alm_err alm_store_mailbox_next(struct alm_store *store, const char *after,
	struct alm_arena *arena, const char **out_recipient)
{
	MDB_txn *txn = NULL;
	enum alm_err err = ALM_OK;

	if (strlen(after) > ALM_ID_BYTES_MAX) {
		return ALM_NOT_FOUND;
	}
	if (store->turn != NULL) {
		err = alm_mailbox_flush(store);
	}
	if (err == ALM_OK) {
		err = alm_store_view_beside_log(store, &txn);
	}
	if (err != ALM_OK) {
		return err;
	}
	err = next_name(store, txn, after, arena, out_recipient);
	alm_store_view_end(store);
	return err;
}

/* The oldest entry: the first of each priority, and of these the eldest. */
static enum alm_err find_oldest(struct alm_store *store, MDB_txn *txn,
	const char *recipient, struct alm_mailbox_state *state)
{
	for (unsigned i = 0; i < ALM_MAIL_PRIORITIES; i++) {
		uint64_t from = alm_mail_place((uint8_t)i, 0);
		struct alm_queue_row row;
		size_t count = 0;
		enum alm_err err = alm_queue_list(
			store, txn, recipient, from, &row, 1, &count);

		if (err != ALM_OK || count == 0) {
			return err;
		}
		if (state->first_seq == 0 || row.entry.seq < state->first_seq) {
			state->first_seq = row.entry.seq;
			state->oldest_at_ms = row.accepted_at_ms;
		}
	}
	return ALM_OK;
}

static enum alm_err read_state(struct alm_store *store, const char *recipient,
	bool with_oldest, struct alm_mailbox_state *out_state)
{
	struct alm_mailbox_state state = {.count = 0};
	struct alm_mailbox_slot slot;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_mailbox_view(store, txn, recipient, &slot);
	if (err == ALM_OK) {
		state.count = slot.count;
		state.bytes = slot.bytes;
		state.dead_count = slot.dead_count;
		state.held_since_us = slot.held_since_us;
		state.limits = slot.limits;
		state.damage = slot.damage;
	}
	if (err == ALM_OK && with_oldest) {
		err = find_oldest(store, txn, recipient, &state);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_state = state;
	}
	return err;
}

enum alm_err alm_store_mailbox_state(struct alm_store *store,
	const char *recipient, struct alm_mailbox_state *out_state)
{
	return read_state(store, recipient, true, out_state);
}

enum alm_err alm_store_mailbox_orders(struct alm_store *store,
	const char *recipient, struct alm_mailbox_state *out_state)
{
	return read_state(store, recipient, false, out_state);
}

enum alm_err alm_store_mailbox_hold(
	struct alm_store *store, const char *recipient, int64_t since_us)
{
	struct alm_mailbox_slot *slot;
	enum alm_err err = alm_mailbox_slot(store, recipient, &slot);

	if (err == ALM_OK) {
		slot->held_since_us = since_us;
		slot->damage = ALM_MAILBOX_WHOLE;
		slot->is_changed = true;
		store->is_state_changed = true;
	}
	return err;
}

bool alm_store_mailbox_take_damage(struct alm_store *store)
{
	bool has_damage = store->mailboxes.has_damage;

	store->mailboxes.has_damage = false;
	return has_damage;
}

enum alm_err alm_store_mailbox_told(
	struct alm_store *store, const char *recipient)
{
	struct alm_mailbox_slot *slot;
	enum alm_err err = alm_mailbox_slot(store, recipient, &slot);

	if (err == ALM_OK) {
		slot->damage = ALM_MAILBOX_DAMAGE_TOLD;
		slot->is_changed = true;
		store->is_state_changed = true;
	}
	return err;
}

enum alm_err alm_store_mailbox_limit(struct alm_store *store,
	const char *recipient, const struct alm_mailbox_limits *limits)
{
	struct alm_mailbox_slot *slot;
	enum alm_err err = alm_mailbox_slot(store, recipient, &slot);

	if (err == ALM_OK) {
		slot->limits = *limits;
		slot->is_changed = true;
		store->is_state_changed = true;
	}
	return err;
}
