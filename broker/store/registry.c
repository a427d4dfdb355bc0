/*
 * Agents, by number, and information standards, by id and version.  Agents
 * are never removed: a revoked key stays known, so it cannot come back, nor
 * can one that was replaced.
 */
#include <string.h>

#include "broker/store/inside.h"

static void write_agent(struct alm_writer *w, const struct alm_agent_row *agent)
{
	alm_write_text(w, agent->organisation);
	alm_write_text(w, agent->name);
	alm_write_raw(w, agent->curve_key, sizeof(agent->curve_key));
	alm_write_raw(w, agent->signing_key, sizeof(agent->signing_key));
	alm_write_u8(w, agent->is_revoked ? 1 : 0);
	alm_write_u64(w, (uint64_t)agent->registered_at_us);
	alm_write_u64(w, (uint64_t)agent->revoked_at_us);
	alm_write_u8(w, agent->roles);
	alm_write_text(w, agent->categories == NULL ? "" : agent->categories);
	alm_write_u32(w, agent->rotations);
	alm_write_u64(w, (uint64_t)agent->keys_since_us);
	alm_write_u64(w, (uint64_t)agent->old_until_us);
	alm_write_raw(w, agent->old_curve_key, sizeof(agent->old_curve_key));
	alm_write_raw(
		w, agent->old_signing_key, sizeof(agent->old_signing_key));
}

/* Texts are borrowed from `value`. */
static enum alm_err read_agent(
	struct alm_bytes key, struct alm_bytes value, struct alm_agent_row *out)
{
	struct alm_agent_row agent = {.number = 0};
	struct alm_reader r;
	uint8_t revoked;

	alm_reader_init(&r, value.data, value.bytes);
	agent.organisation = alm_read_text(&r);
	agent.name = alm_read_text(&r);
	alm_read_raw(&r, agent.curve_key, sizeof(agent.curve_key));
	alm_read_raw(&r, agent.signing_key, sizeof(agent.signing_key));
	revoked = alm_read_u8(&r);
	agent.registered_at_us = (int64_t)alm_read_u64(&r);
	agent.revoked_at_us = (int64_t)alm_read_u64(&r);
	agent.roles = alm_read_u8(&r);
	agent.categories = alm_read_text(&r);
	agent.rotations = alm_read_u32(&r);
	agent.keys_since_us = (int64_t)alm_read_u64(&r);
	agent.old_until_us = (int64_t)alm_read_u64(&r);
	alm_read_raw(&r, agent.old_curve_key, sizeof(agent.old_curve_key));
	alm_read_raw(&r, agent.old_signing_key, sizeof(agent.old_signing_key));
	if (!alm_reader_is_done(&r) || revoked > 1 || key.bytes != 8) {
		return ALM_STORE_CORRUPT;
	}
	agent.number = alm_get_u64(key.data);
	agent.is_revoked = revoked == 1;
	*out = agent;
	return ALM_OK;
}

/* The first agent with a number above `after`, in the page. */
static enum alm_err next_agent(struct alm_store *store, MDB_txn *txn,
	uint64_t after, struct alm_bytes *out_value,
	struct alm_agent_row *out_agent)
{
	uint8_t raw[8];
	struct alm_bytes key = {NULL, 0};
	enum alm_err err;

	if (after == UINT64_MAX) {
		return ALM_NOT_FOUND;
	}
	alm_put_u64(raw, after + 1);
	err = alm_row_seek(store, txn, ALM_TABLE_AGENT,
		(struct alm_bytes){raw, sizeof(raw)}, 0, &key, out_value);
	return err == ALM_OK ? read_agent(key, *out_value, out_agent) : err;
}

/* --- keys that were replaced -------------------------------------------- */

/* One row for each, so that none of them comes back, and a signature under it
 * can be told to its agent for ever. */
static enum alm_err keep_key(struct alm_store *store,
	const uint8_t key[ALM_KEY_BYTES], uint8_t kind,
	const struct alm_agent_row *agent, int64_t until_us)
{
	uint8_t value[25];

	alm_put_u64(value, agent->number);
	value[8] = kind;
	alm_put_u64(value + 9, (uint64_t)agent->keys_since_us);
	alm_put_u64(value + 17, (uint64_t)until_us);
	store->is_state_changed = true;
	return alm_row_put(store, ALM_TABLE_AGENT_KEY,
		(struct alm_bytes){key, ALM_KEY_BYTES},
		(struct alm_bytes){value, sizeof(value)}, 0);
}

static enum alm_err check_unused(
	struct alm_store *store, const uint8_t key[ALM_KEY_BYTES])
{
	struct alm_bytes value = {NULL, 0};
	enum alm_err err = alm_row_get(store, store->turn, ALM_TABLE_AGENT_KEY,
		(struct alm_bytes){key, ALM_KEY_BYTES}, &value);

	return err == ALM_NOT_FOUND ? ALM_OK
	       : err == ALM_OK      ? ALM_KEY_USED
				    : err;
}

static enum alm_err check_unused_both(
	struct alm_store *store, const struct alm_agent_row *agent)
{
	enum alm_err err = check_unused(store, agent->curve_key);

	return err == ALM_OK ? check_unused(store, agent->signing_key) : err;
}

static bool collides(
	const struct alm_agent_row *a, const struct alm_agent_row *b)
{
	if (a->number == b->number) {
		return false;
	}
	return memcmp(a->curve_key, b->curve_key, sizeof(a->curve_key)) == 0 ||
	       memcmp(a->signing_key, b->signing_key, sizeof(a->signing_key)) ==
		       0 ||
	       (!a->is_revoked && strcmp(a->name, b->name) == 0 &&
		       strcmp(a->organisation, b->organisation) == 0);
}

/* That it may stand among the others, of which there is place for one less
 * than the most. */
static enum alm_err check_agent(
	struct alm_store *store, const struct alm_agent_row *agent)
{
	struct alm_agent_row other = {.number = 0};
	struct alm_bytes value = {NULL, 0};
	enum alm_err err;
	size_t count = 0;

	for (;;) {
		err = next_agent(
			store, store->turn, other.number, &value, &other);
		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND
				       ? check_unused_both(store, agent)
				       : err;
		}
		if (collides(&other, agent)) {
			return ALM_AGENT_EXISTS;
		}
		count += other.number == agent->number ? 0 : 1;
		if (count >= ALM_AGENTS_MAX) {
			return ALM_STORE_FULL;
		}
	}
}

static enum alm_err write_row(
	struct alm_store *store, const struct alm_agent_row *agent)
{
	uint8_t key[8];
	struct alm_writer w;

	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	write_agent(&w, agent);
	if (w.is_bad || strlen(agent->organisation) > ALM_ID_BYTES_MAX ||
		strlen(agent->name) > ALM_ID_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	alm_put_u64(key, agent->number);
	return alm_row_put(store, ALM_TABLE_AGENT,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){store->scratch, w.bytes}, 0);
}

enum alm_err alm_store_agent_put(
	struct alm_store *store, struct alm_agent_row *agent)
{
	struct alm_agent_row row = *agent;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	row.number = store->state.agent_number + 1;
	err = check_agent(store, &row);
	if (err != ALM_OK) {
		return err;
	}
	err = write_row(store, &row);
	if (err == ALM_OK) {
		store->state.agent_number = row.number;
		store->is_state_changed = true;
		agent->number = row.number;
	}
	return err;
}

static bool has_same_keys(
	const struct alm_agent_row *a, const struct alm_agent_row *b)
{
	return memcmp(a->curve_key, b->curve_key, ALM_KEY_BYTES) == 0 &&
	       memcmp(a->signing_key, b->signing_key, ALM_KEY_BYTES) == 0;
}

enum alm_err alm_store_agent_change(struct alm_store *store,
	const struct alm_agent_row *before, const struct alm_agent_row *agent)
{
	struct alm_agent_row there = {.number = 0};
	struct alm_bytes value = {NULL, 0};
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL && agent->number > 0 &&
		   before->number == agent->number);
	err = next_agent(store, store->turn, agent->number - 1, &value, &there);
	if (err == ALM_OK && there.number != agent->number) {
		err = ALM_NOT_FOUND;
	}
	if (err == ALM_OK && !has_same_keys(before, agent)) {
		err = check_agent(store, agent);
		if (err == ALM_OK) {
			err = keep_key(store, before->curve_key, 1, before,
				agent->old_until_us);
		}
		if (err == ALM_OK) {
			err = keep_key(store, before->signing_key, 2, before,
				agent->old_until_us);
		}
	}
	return err == ALM_OK ? write_row(store, agent) : err;
}

enum alm_err alm_store_agent_revoke(
	struct alm_store *store, uint64_t number, int64_t now_us)
{
	struct alm_agent_row agent = {.number = 0};
	struct alm_bytes value = {NULL, 0};
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	if (number == 0) {
		return ALM_NOT_FOUND;
	}
	err = next_agent(store, store->turn, number - 1, &value, &agent);
	if (err != ALM_OK) {
		return err;
	}
	if (agent.number != number) {
		return ALM_NOT_FOUND;
	}
	if (agent.is_revoked) {
		return ALM_OK; /* the first instant stands */
	}
	agent.is_revoked = true;
	agent.revoked_at_us = now_us;
	return write_row(store, &agent);
}

enum alm_err alm_store_agent_next(struct alm_store *store, uint64_t after,
	struct alm_arena *arena, struct alm_agent_row *out)
{
	struct alm_agent_row agent = {.number = 0};
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = next_agent(store, txn, after, &value, &agent);
	if (err == ALM_OK) {
		agent.organisation = alm_arena_text(
			arena, agent.organisation, strlen(agent.organisation));
		agent.name =
			alm_arena_text(arena, agent.name, strlen(agent.name));
		agent.categories = alm_arena_text(
			arena, agent.categories, strlen(agent.categories));
		if (agent.organisation == NULL || agent.name == NULL ||
			agent.categories == NULL) {
			err = ALM_NOMEM;
		}
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out = agent;
	}
	return err;
}

/* --- standards ---------------------------------------------------------- */

#define STANDARD_KEY_BYTES_MAX (2 * ALM_ID_BYTES_MAX + 2)

struct standard_key {
	uint8_t data[STANDARD_KEY_BYTES_MAX];
	size_t bytes;
};

/* id, NUL, version */
static bool make_standard_key(
	const char *id, const char *version, struct standard_key *out)
{
	size_t id_bytes = strlen(id);
	size_t version_bytes = strlen(version);

	if (id_bytes > ALM_ID_BYTES_MAX || version_bytes > ALM_ID_BYTES_MAX) {
		return false;
	}
	memcpy(out->data, id, id_bytes + 1);
	memcpy(out->data + id_bytes + 1, version, version_bytes);
	out->bytes = id_bytes + 1 + version_bytes;
	return true;
}

enum alm_err alm_store_standard_put(
	struct alm_store *store, const struct alm_standard_row *standard)
{
	struct standard_key key;
	struct alm_bytes key_bytes;
	struct alm_bytes old = {NULL, 0};
	uint64_t rows = 0;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	if (standard->id[0] == '\0' ||
		standard->descriptor.bytes > ALM_STANDARD_BYTES_MAX ||
		!make_standard_key(standard->id, standard->version, &key)) {
		return ALM_FIELD_TOO_LARGE;
	}
	key_bytes = (struct alm_bytes){key.data, key.bytes};
	err = alm_row_get(
		store, store->turn, ALM_TABLE_STANDARD, key_bytes, &old);
	if (err == ALM_OK) {
		return alm_bytes_equal(old, standard->descriptor)
			       ? ALM_OK
			       : ALM_ID_DUPLICATE;
	}
	if (err == ALM_NOT_FOUND) {
		err = alm_table_rows(
			store, store->turn, ALM_TABLE_STANDARD, &rows);
	}
	if (err == ALM_OK && rows >= ALM_STANDARDS_MAX) {
		err = ALM_STORE_FULL;
	}
	if (err == ALM_OK) {
		err = alm_row_put(store, ALM_TABLE_STANDARD, key_bytes,
			standard->descriptor, 0);
	}
	if (err == ALM_OK) {
		store->is_state_changed = true;
	}
	return err;
}

static enum alm_err copy_standard(struct alm_bytes key, struct alm_bytes value,
	struct alm_arena *arena, struct alm_standard_row *out)
{
	const char *text =
		alm_arena_text(arena, (const char *)key.data, key.bytes);
	const uint8_t *descriptor = alm_arena_copy(arena, value);
	const char *nul = memchr(key.data, 0, key.bytes);

	if (text == NULL || descriptor == NULL) {
		return ALM_NOMEM;
	}
	if (nul == NULL) {
		return ALM_STORE_CORRUPT;
	}
	out->id = text;
	out->version = text + (nul - (const char *)key.data) + 1;
	out->descriptor = (struct alm_bytes){descriptor, value.bytes};
	return ALM_OK;
}

enum alm_err alm_store_standard_next(struct alm_store *store,
	const char *after_id, const char *after_version,
	struct alm_arena *arena, struct alm_standard_row *out_standard)
{
	struct standard_key after;
	struct alm_bytes key = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	MDB_txn *txn = NULL;
	enum alm_err err;

	if (!make_standard_key(after_id, after_version, &after)) {
		return ALM_NOT_FOUND;
	}
	/* With one more NUL: the least key that is greater. */
	after.data[after.bytes++] = 0;
	err = alm_store_view(store, &txn);
	if (err != ALM_OK) {
		return err;
	}
	err = alm_row_seek(store, txn, ALM_TABLE_STANDARD,
		(struct alm_bytes){after.data, after.bytes}, 0, &key, &value);
	if (err == ALM_OK) {
		err = copy_standard(key, value, arena, out_standard);
	}
	alm_store_view_end(store);
	return err;
}
