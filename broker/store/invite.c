#include "broker/store/invite.h"

#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/whole.h"

const char *alm_invite_state_word(enum alm_invite_state state)
{
	switch (state) {
	case ALM_INVITE_OPEN:
		return "open";
	case ALM_INVITE_JOINED:
		return "joined";
	case ALM_INVITE_APPROVED:
		return "approved";
	case ALM_INVITE_REVOKED:
		return "revoked";
	case ALM_INVITE_EXPIRED:
		return "expired";
	}
	return "";
}

static enum alm_err write_row(
	struct alm_store *store, const struct alm_invite_row *invite)
{
	uint8_t key[8];
	struct alm_writer w;

	if (strlen(invite->organisation) > ALM_ID_BYTES_MAX ||
		strlen(invite->agent) > ALM_ID_BYTES_MAX ||
		strlen(invite->categories) > ALM_AGENT_CATEGORIES_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u8(&w, (uint8_t)invite->state);
	alm_write_text(&w, invite->organisation);
	alm_write_text(&w, invite->agent);
	alm_write_u8(&w, invite->roles);
	alm_write_text(&w, invite->categories);
	alm_write_raw(&w, invite->invite_key, ALM_KEY_BYTES);
	alm_write_raw(&w, invite->proof_hash, 32);
	alm_write_u64(&w, (uint64_t)invite->made_at_us);
	alm_write_u64(&w, (uint64_t)invite->expires_us);
	alm_write_u64(&w, (uint64_t)invite->changed_at_us);
	alm_write_raw(&w, invite->curve_key, ALM_KEY_BYTES);
	alm_write_raw(&w, invite->signing_key, ALM_KEY_BYTES);
	alm_write_u64(&w, invite->agent_number);
	alm_put_u64(key, invite->number);
	return alm_row_put(store, ALM_TABLE_INVITE,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){store->scratch, w.bytes}, 0);
}

/* Texts are borrowed from `value`. */
static enum alm_err read_row(struct alm_bytes key, struct alm_bytes value,
	struct alm_invite_row *out)
{
	struct alm_invite_row invite = {.number = 0};
	struct alm_reader r;

	alm_reader_init(&r, value.data, value.bytes);
	invite.state = (enum alm_invite_state)alm_read_u8(&r);
	invite.organisation = alm_read_text(&r);
	invite.agent = alm_read_text(&r);
	invite.roles = alm_read_u8(&r);
	invite.categories = alm_read_text(&r);
	alm_read_raw(&r, invite.invite_key, ALM_KEY_BYTES);
	alm_read_raw(&r, invite.proof_hash, 32);
	invite.made_at_us = (int64_t)alm_read_u64(&r);
	invite.expires_us = (int64_t)alm_read_u64(&r);
	invite.changed_at_us = (int64_t)alm_read_u64(&r);
	alm_read_raw(&r, invite.curve_key, ALM_KEY_BYTES);
	alm_read_raw(&r, invite.signing_key, ALM_KEY_BYTES);
	invite.agent_number = alm_read_u64(&r);
	if (!alm_reader_is_done(&r) || key.bytes != 8 ||
		alm_invite_state_word(invite.state)[0] == '\0') {
		return ALM_STORE_CORRUPT;
	}
	invite.number = alm_get_u64(key.data);
	*out = invite;
	return ALM_OK;
}

static enum alm_err last_number(struct alm_store *store, uint64_t *out_last)
{
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int rc = mdb_cursor_open(
		store->turn, store->tables[ALM_TABLE_INVITE], &cursor);

	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
	*out_last = rc == MDB_SUCCESS && key.mv_size == 8
			    ? alm_get_u64(key.mv_data)
			    : 0;
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
}

enum alm_err alm_store_invite_put(
	struct alm_store *store, struct alm_invite_row *invite)
{
	struct alm_invite_row row = *invite;
	uint64_t last = 0;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = last_number(store, &last);
	if (err != ALM_OK) {
		return err;
	}
	row.number = last + 1;
	err = write_row(store, &row);
	if (err == ALM_OK) {
		store->is_state_changed = true; /* the count of rows */
		invite->number = row.number;
	}
	return err;
}

enum alm_err alm_store_invite_change(
	struct alm_store *store, const struct alm_invite_row *invite)
{
	ALM_ASSERT(store->turn != NULL && invite->number > 0);
	return write_row(store, invite);
}

static enum alm_err copy_texts(
	struct alm_invite_row *invite, struct alm_arena *arena)
{
	invite->organisation = alm_arena_text(
		arena, invite->organisation, strlen(invite->organisation));
	invite->agent =
		alm_arena_text(arena, invite->agent, strlen(invite->agent));
	invite->categories = alm_arena_text(
		arena, invite->categories, strlen(invite->categories));
	return invite->organisation == NULL || invite->agent == NULL ||
			       invite->categories == NULL
		       ? ALM_NOMEM
		       : ALM_OK;
}

enum alm_err alm_store_invite_next(struct alm_store *store, uint64_t after,
	struct alm_arena *arena, struct alm_invite_row *out)
{
	struct alm_invite_row invite = {.number = 0};
	struct alm_bytes key = {NULL, 0};
	struct alm_bytes value = {NULL, 0};
	uint8_t raw[8];
	bool has_damage = false;
	MDB_txn *txn = NULL;
	enum alm_err err;

	if (after == UINT64_MAX) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &txn);
	if (err != ALM_OK) {
		return err;
	}
	alm_put_u64(raw, after + 1);
	/* One that is damaged admits nobody. */
	err = alm_row_seek_whole(store, txn, ALM_TABLE_INVITE,
		(struct alm_bytes){raw, sizeof(raw)}, &key, &value,
		&has_damage);
	if (err == ALM_OK) {
		err = read_row(key, value, &invite);
	}
	if (err == ALM_OK) {
		err = copy_texts(&invite, arena);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out = invite;
	}
	return err;
}

enum alm_err alm_store_invite_get(struct alm_store *store, uint64_t number,
	struct alm_arena *arena, struct alm_invite_row *out)
{
	struct alm_invite_row invite = {.number = 0};
	enum alm_err err = number == 0 ? ALM_NOT_FOUND
				       : alm_store_invite_next(store,
						 number - 1, arena, &invite);

	if (err == ALM_OK && invite.number != number) {
		err = ALM_NOT_FOUND;
	}
	if (err == ALM_OK) {
		*out = invite;
	}
	return err;
}
