/*
 * What several mailboxes hold, kept once: a body under a sequence of its own,
 * and a row that counts the shares.  A share is a body too, small, which says
 * what its recipient may have of the other.
 */
#include <string.h>

#include "broker/store/inside.h"

#define COUNT_BYTES 4u

enum alm_err alm_store_shared_put(struct alm_store *store,
	const struct alm_mail *mail, size_t share_count, uint64_t *out_seq)
{
	uint64_t seq = store->state.mail_seq + 1;
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u8(&w, ALM_SHARED_VERSION);
	alm_write_bytes(&w, mail->message);
	alm_write_bytes(&w, mail->payload);
	if (w.is_bad) {
		return ALM_FIELD_TOO_LARGE;
	}
	err = alm_mail_take_room(store, w.bytes, share_count);
	if (err == ALM_OK) {
		err = alm_mail_body_put(store, seq, w.bytes);
	}
	if (err == ALM_OK) {
		store->state.mail_seq = seq;
		store->is_state_changed = true;
		*out_seq = seq;
	}
	return err;
}

static enum alm_err put_count(
	struct alm_store *store, uint64_t seq, uint32_t count)
{
	uint8_t key[8];
	uint8_t value[COUNT_BYTES];

	alm_put_u64(key, seq);
	alm_put_u32(value, count);
	return alm_row_put(store, ALM_TABLE_SHARED,
		(struct alm_bytes){key, sizeof(key)},
		(struct alm_bytes){value, sizeof(value)}, 0);
}

enum alm_err alm_store_shared_close(
	struct alm_store *store, uint64_t seq, size_t share_count)
{
	ALM_ASSERT(store->turn != NULL && share_count <= UINT32_MAX);
	return share_count == 0 ? alm_mail_body_remove(store, seq)
				: put_count(store, seq, (uint32_t)share_count);
}

enum alm_err alm_shared_decode(struct alm_bytes text, struct alm_mail *mail)
{
	struct alm_bytes message;
	struct alm_bytes payload;
	struct alm_reader r;
	uint8_t version;

	alm_reader_init(&r, text.data, text.bytes);
	version = alm_read_u8(&r);
	message = alm_read_bytes(&r);
	payload = alm_read_bytes(&r);
	if (!alm_reader_is_done(&r) || version != ALM_SHARED_VERSION) {
		return ALM_STORE_CORRUPT;
	}
	mail->message = message;
	mail->payload = payload;
	return ALM_OK;
}

enum alm_err alm_shared_fill(struct alm_store *store, MDB_txn *txn,
	struct alm_arena *arena, struct alm_mail *mail)
{
	struct alm_bytes text = {NULL, 0};
	enum alm_err err =
		alm_mail_body_get(store, txn, mail->shared_seq, arena, &text);

	if (err == ALM_NOT_FOUND) {
		return ALM_STORE_CORRUPT;
	}
	return err == ALM_OK ? alm_shared_decode(text, mail) : err;
}

/* Of what the mail has a share; 0: of none, or it cannot be read.  A body
 * whose share was damaged stays: nobody knows any more who else needs it. */
static enum alm_err find_share(
	struct alm_store *store, uint64_t seq, uint64_t *out_shared_seq)
{
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	struct alm_mail mail;
	struct alm_bytes text = {store->scratch, 0};
	int rc;

	*out_shared_seq = 0;
	alm_put_u64(raw, seq);
	rc = mdb_get(store->turn, store->tables[ALM_TABLE_BODY], &key, &value);
	if (rc != MDB_SUCCESS) {
		return rc == MDB_NOTFOUND ? ALM_OK : alm_store_fail(store, rc);
	}
	if (value.mv_size < ALM_CRYPT_BYTES ||
		value.mv_size - ALM_CRYPT_BYTES > ALM_SCRATCH_BYTES) {
		return ALM_OK;
	}
	text.bytes = value.mv_size - ALM_CRYPT_BYTES;
	if (alm_store_keys_decrypt(store->keys, ALM_CRYPT_BODY, seq,
		    alm_of_val(value), store->scratch) == ALM_OK &&
		alm_mail_body_decode(text, seq, &mail) == ALM_OK) {
		*out_shared_seq = mail.shared_seq;
	}
	return ALM_OK;
}

enum alm_err alm_shared_release(struct alm_store *store, uint64_t seq)
{
	uint64_t shared_seq = 0;
	uint8_t raw[8];
	struct alm_bytes key = {raw, sizeof(raw)};
	struct alm_bytes row = {NULL, 0};
	uint32_t count;
	enum alm_err err = find_share(store, seq, &shared_seq);

	if (err != ALM_OK || shared_seq == 0) {
		return err;
	}
	alm_put_u64(raw, shared_seq);
	err = alm_row_get(store, store->turn, ALM_TABLE_SHARED, key, &row);
	if (err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ||
		(err == ALM_OK && row.bytes != COUNT_BYTES)) {
		return ALM_OK; /* as above */
	}
	if (err != ALM_OK) {
		return err;
	}
	count = alm_get_u32(row.data);
	if (count > 1) {
		return put_count(store, shared_seq, count - 1);
	}
	err = alm_row_remove(store, ALM_TABLE_SHARED, key);
	return err == ALM_OK ? alm_mail_body_remove(store, shared_seq) : err;
}
