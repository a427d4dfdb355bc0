/*
 * Damaged queue rows.  The mail itself says everything that its row does but
 * how often it was handed over, and whether it was at all is in the mark of
 * its mailbox; so a row is written anew from it; only when
 * the mail is damaged too are both set aside, as evidence and out of the way.
 */
#include <string.h>

#include "broker/store/mailbox.h"
#include "broker/store/parts.h"
#include "broker/store/queue.h"

/* True if the mail is whole and stands where it says. */
static bool read_whole(struct alm_store *store, const char *recipient,
	uint64_t seq, struct alm_arena *arena, struct alm_mail *mail,
	enum alm_err *err)
{
	*err = alm_store_mail_get(store, seq, arena, mail);
	return *err == ALM_OK && strcmp(mail->recipient, recipient) == 0;
}

static enum alm_err write_anew(struct alm_store *store,
	const struct alm_queue_key *key, const struct alm_mail *mail)
{
	struct alm_queue_row row = {
		.entry =
			{
				.seq = mail->seq,
				.place = alm_queue_key_place(key),
				.kind = mail->kind,
				.bytes = (uint32_t)(mail->message.bytes +
						    mail->payload.bytes),
				.expires_ms = mail->expires_ms,
			},
		.accepted_at_ms = mail->accepted_at_ms,
		.is_shared = mail->shared_seq != 0,
		/* Whose message it is is not said: it is anybody's. */
		.bytes = mail->kind == ALM_MAIL_NOTICE ? ALM_QUEUE_ROW_BYTES
						       : ALM_QUEUE_PERSON_AT,
	};

	uint64_t number = 0;
	uint64_t bytes = 0;
	enum alm_err err =
		alm_store_parts_of(store, mail->seq, &number, &bytes);

	if (err != ALM_OK && err != ALM_NOT_FOUND && err != ALM_STORE_CORRUPT) {
		return err;
	}
	row.entry.has_parts = err != ALM_NOT_FOUND;
	row.entry.bytes += (uint32_t)bytes;
	return alm_queue_write(store, key, &row);
}

/* Move what stands under a key, whatever it is, to the table aside. */
static enum alm_err move(struct alm_store *store, enum alm_table table,
	struct alm_bytes key, struct alm_arena *arena)
{
	uint8_t raw[1 + sizeof(((struct alm_queue_key *)NULL)->data)];
	MDB_val mdb_key = alm_val(key.data, key.bytes);
	MDB_val value;
	struct alm_bytes copy;
	enum alm_err err = alm_store_fail(store,
		mdb_get(store->turn, store->tables[table], &mdb_key, &value));

	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_OK : err;
	}
	copy = (struct alm_bytes){
		alm_arena_copy(arena, alm_of_val(value)), value.mv_size};
	if (copy.data == NULL) {
		return ALM_NOMEM;
	}
	raw[0] = (uint8_t)table;
	memcpy(raw + 1, key.data, key.bytes);
	err = alm_row_put(store, ALM_TABLE_ASIDE,
		(struct alm_bytes){raw, 1 + key.bytes}, copy, 0);
	return err == ALM_OK ? alm_row_remove(store, table, key) : err;
}

static enum alm_err set_aside(struct alm_store *store, const char *recipient,
	const struct alm_queue_key *key, uint64_t seq, struct alm_arena *arena)
{
	struct alm_mailbox_slot *slot;
	uint8_t body[8];
	enum alm_err err = alm_mailbox_slot(store, recipient, &slot);

	if (err != ALM_OK) {
		return err;
	}
	slot->count -= slot->count > 0 ? 1 : 0;
	slot->is_changed = true;
	store->is_state_changed = true;
	alm_put_u64(body, seq);
	err = move(store, ALM_TABLE_QUEUE, alm_queue_key_bytes(key), arena);
	if (err == ALM_OK) {
		err = move(store, ALM_TABLE_BODY,
			(struct alm_bytes){body, sizeof(body)}, arena);
	}
	/* Without the mail nobody knows what they are parts of. */
	if (err == ALM_OK) {
		err = alm_parts_discard(store, seq);
	}
	return err;
}

enum alm_err alm_store_queue_mend(struct alm_store *store,
	const char *recipient, uint64_t seq, struct alm_arena *arena,
	bool *out_is_mended)
{
	struct alm_queue_key key;
	struct alm_queue_row row;
	struct alm_mail mail;
	bool is_whole;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = alm_queue_read(store, store->turn, recipient, seq, &key, &row);
	if (err != ALM_OK) {
		return err;
	}
	is_whole = read_whole(store, recipient, seq, arena, &mail, &err);
	if (err != ALM_OK && err != ALM_STORE_CORRUPT && err != ALM_NOT_FOUND) {
		return err;
	}
	err = is_whole ? write_anew(store, &key, &mail)
		       : set_aside(store, recipient, &key, seq, arena);
	if (err == ALM_OK) {
		store->is_state_changed = true;
		*out_is_mended = is_whole;
	}
	return err;
}
