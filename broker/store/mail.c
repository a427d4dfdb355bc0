/*
 * Mail: bodies, encrypted and in order of arrival, and small queue rows that
 * say whose they are.  A mailbox is read by its queue; the body is fetched by
 * its number.
 */
#include <string.h>

#include "broker/store/mailbox.h"
#include "broker/store/queue.h"
#include "broker/store/whole.h"

#define BODY_VERSION 1u
/* Of one that has a share of another. */
#define SHARE_VERSION 2u
#define FLAG_PARTIAL 1u
#define FLAG_STRIPS_LOCATION 2u
#define FLAG_ESCALATED 4u
#define FLAG_HIDES_SUBJECT 8u
#define FLAGS_ALL 15u
/* What a message takes besides its body, in rows, records and pages. */
#define OVERHEAD_BYTES 2048u

static bool is_escalated(const struct alm_mail *mail)
{
	return mail->escalated_from != NULL && mail->escalated_from[0] != '\0';
}

static void write_body(struct alm_writer *w, const struct alm_mail *mail)
{
	alm_write_u8(w, mail->shared_seq == 0 ? BODY_VERSION : SHARE_VERSION);
	alm_write_u8(w, (uint8_t)mail->kind);
	alm_write_u8(w, mail->level);
	alm_write_u8(w,
		(uint8_t)((mail->is_partial ? FLAG_PARTIAL : 0) |
			  (mail->strips_location ? FLAG_STRIPS_LOCATION : 0) |
			  (mail->hides_subject ? FLAG_HIDES_SUBJECT : 0) |
			  (is_escalated(mail) ? FLAG_ESCALATED : 0)));
	alm_write_u64(w, (uint64_t)mail->accepted_at_ms);
	alm_write_u64(w, (uint64_t)mail->expires_ms);
	alm_write_u64(w, mail->audit_seq);
	alm_write_raw(w, mail->message_id.raw, ALM_MESSAGE_ID_BYTES);
	alm_write_text(w, mail->recipient);
	alm_write_text(w, mail->sender);
	alm_write_text(w, mail->released);
	if (is_escalated(mail)) {
		alm_write_text(w, mail->escalated_from);
	}
	if (mail->shared_seq != 0) {
		alm_write_u64(w, mail->shared_seq);
		return;
	}
	alm_write_bytes(w, mail->message);
	alm_write_bytes(w, mail->payload);
}

enum alm_err alm_mail_body_decode(
	struct alm_bytes text, uint64_t seq, struct alm_mail *out)
{
	struct alm_mail mail = {.seq = seq};
	struct alm_reader r;
	uint8_t version;
	uint8_t flags;

	alm_reader_init(&r, text.data, text.bytes);
	version = alm_read_u8(&r);
	mail.kind = (enum alm_mail_kind)alm_read_u8(&r);
	mail.level = alm_read_u8(&r);
	flags = alm_read_u8(&r);
	mail.is_partial = (flags & FLAG_PARTIAL) != 0;
	mail.strips_location = (flags & FLAG_STRIPS_LOCATION) != 0;
	mail.hides_subject = (flags & FLAG_HIDES_SUBJECT) != 0;
	mail.accepted_at_ms = (int64_t)alm_read_u64(&r);
	mail.expires_ms = (int64_t)alm_read_u64(&r);
	mail.audit_seq = alm_read_u64(&r);
	alm_read_raw(&r, mail.message_id.raw, ALM_MESSAGE_ID_BYTES);
	mail.recipient = alm_read_text(&r);
	mail.sender = alm_read_text(&r);
	mail.released = alm_read_text(&r);
	mail.escalated_from =
		(flags & FLAG_ESCALATED) != 0 ? alm_read_text(&r) : "";
	if (version == SHARE_VERSION) {
		mail.shared_seq = alm_read_u64(&r);
	} else {
		mail.message = alm_read_bytes(&r);
		mail.payload = alm_read_bytes(&r);
	}
	if (!alm_reader_is_done(&r) ||
		(version == SHARE_VERSION ? mail.shared_seq == 0
					  : version != BODY_VERSION) ||
		flags > FLAGS_ALL ||
		(mail.kind != ALM_MAIL_MESSAGE &&
			mail.kind != ALM_MAIL_NOTICE)) {
		return ALM_STORE_CORRUPT;
	}
	*out = mail;
	return ALM_OK;
}

enum alm_err alm_mail_body_put(
	struct alm_store *store, uint64_t seq, size_t bytes)
{
	struct alm_bytes text = {store->scratch, bytes};
	uint8_t nonce[ALM_NONCE_BYTES];
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val room = {.mv_size = text.bytes + ALM_CRYPT_BYTES};
	MDB_cursor *cursor;
	enum alm_err err =
		alm_hand_get(store, ALM_TABLE_BODY, ALM_HAND_PUTS, &cursor);

	if (err != ALM_OK) {
		return err;
	}
	alm_put_u64(raw, seq);
	err = alm_store_fail(
		store, alm_hand_append(cursor, &key, &room, MDB_RESERVE));
	if (err == ALM_OK) {
		alm_noise_nonce(&store->noise, nonce);
		alm_store_keys_encrypt(store->keys, ALM_CRYPT_BODY, seq, nonce,
			text, room.mv_data);
	}
	return err;
}

enum alm_err alm_mail_take_room(
	struct alm_store *store, size_t body_bytes, size_t row_count)
{
	uint64_t cost = body_bytes + (uint64_t)row_count * OVERHEAD_BYTES;

	if (body_bytes > 1900) {
		cost += 4096; /* whole pages of its own */
	}
	if (cost > store->room_bytes) {
		return ALM_STORE_FULL;
	}
	store->room_bytes -= cost;
	return ALM_OK;
}

/* Whether so much more would be too much. */
static enum alm_err check_limits(const struct alm_mailbox_slot *slot,
	const struct alm_mailbox_limits *limits, size_t bytes)
{
	if (bytes > limits->bytes) {
		return ALM_MAILBOX_TOO_SMALL;
	}
	return slot->count >= limits->messages ||
			       slot->bytes + bytes > limits->bytes
		       ? ALM_MAILBOX_FULL
		       : ALM_OK;
}

/* Room in the mailbox, and in the store.  A notice stands for mail that
 * leaves, and is smaller. */
static enum alm_err take_room(struct alm_store *store,
	const struct alm_mailbox_slot *slot, const struct alm_mail *mail,
	size_t bytes, size_t body_bytes)
{
	enum alm_err err = ALM_OK;

	if (mail->kind != ALM_MAIL_MESSAGE) {
		return ALM_OK;
	}
	if (slot->count >= ALM_MAILBOX_MESSAGES_MAX) {
		return ALM_MAILBOX_FULL;
	}
	if (mail->limits != NULL) {
		err = check_limits(slot, mail->limits, bytes);
	}
	if (err != ALM_OK || mail->shared_seq != 0) {
		return err; /* a share's was taken with what it is of */
	}
	return alm_mail_take_room(store, body_bytes, 1);
}

static void count_in(struct alm_store *store, struct alm_mailbox_slot *slot,
	uint64_t seq, size_t bytes)
{
	slot->count++;
	slot->bytes += bytes;
	slot->is_changed = true;
	store->state.mail_seq = seq;
	store->is_state_changed = true;
}

enum alm_err alm_store_mail_put(struct alm_store *store, struct alm_mail *mail)
{
	uint64_t seq = store->state.mail_seq + 1;
	uint64_t place = alm_mail_place(mail->priority, seq);
	size_t bytes =
		mail->message.bytes + mail->payload.bytes + mail->payload_bytes;
	struct alm_queue_row row = {.accepted_at_ms = mail->accepted_at_ms,
		.is_shared = mail->shared_seq != 0,
		.bytes = ALM_QUEUE_ROW_BYTES};
	struct alm_mailbox_slot *slot;
	struct alm_queue_key key;
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	write_body(&w, mail);
	if (w.is_bad || !alm_queue_key_make(mail->recipient, place, &key)) {
		return ALM_FIELD_TOO_LARGE;
	}
	err = alm_mailbox_slot(store, mail->recipient, &slot);
	if (err == ALM_OK) {
		err = take_room(store, slot, mail, bytes, w.bytes);
	}
	if (err != ALM_OK) {
		return err;
	}
	row.entry = (struct alm_queue_entry){.seq = seq,
		.place = place,
		.kind = mail->kind,
		.bytes = (uint32_t)bytes,
		.has_parts = mail->payload_bytes != 0,
		.expires_ms = mail->expires_ms};
	if (mail->has_person) {
		memcpy(row.person, mail->person, sizeof(row.person));
	}
	err = alm_mail_body_put(store, seq, w.bytes);
	if (err == ALM_OK) {
		err = alm_queue_write(store, &key, &row);
	}
	if (err != ALM_OK) {
		return err;
	}
	count_in(store, slot, seq, bytes);
	mail->seq = seq;
	return ALM_OK;
}

enum alm_err alm_mail_body_get(struct alm_store *store, MDB_txn *txn,
	uint64_t seq, struct alm_arena *arena, struct alm_bytes *out_text)
{
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	size_t bytes;
	uint8_t *text;
	enum alm_err err;
	int rc;

	alm_put_u64(raw, seq);
	rc = mdb_get(txn, store->tables[ALM_TABLE_BODY], &key, &value);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	if (value.mv_size < ALM_CRYPT_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	bytes = value.mv_size - ALM_CRYPT_BYTES;
	text = alm_arena_take(arena, bytes);
	if (text == NULL) {
		return ALM_NOMEM;
	}
	err = alm_store_keys_decrypt(
		store->keys, ALM_CRYPT_BODY, seq, alm_of_val(value), text);
	if (err == ALM_OK) {
		*out_text = (struct alm_bytes){text, bytes};
	}
	return err;
}

enum alm_err alm_store_mail_get(struct alm_store *store, uint64_t seq,
	struct alm_arena *arena, struct alm_mail *out_mail)
{
	struct alm_bytes text = {NULL, 0};
	struct alm_mail mail;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view_beside_log(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_mail_body_get(store, txn, seq, arena, &text);
	if (err == ALM_OK) {
		err = alm_mail_body_decode(text, seq, &mail);
	}
	if (err == ALM_OK && mail.shared_seq != 0) {
		err = alm_shared_fill(store, txn, arena, &mail);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_mail = mail;
	}
	return err;
}

enum alm_err alm_mail_body_remove(struct alm_store *store, uint64_t seq)
{
	uint8_t raw[8];
	enum alm_err err;

	alm_put_u64(raw, seq);
	err = alm_row_remove(
		store, ALM_TABLE_BODY, (struct alm_bytes){raw, sizeof(raw)});
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_mail_content_remove(
	struct alm_store *store, const struct alm_queue_row *row, uint64_t seq)
{
	enum alm_err err = ALM_OK;

	if (row->is_shared || row->entry.is_damaged) {
		err = alm_shared_release(store, seq);
	}
	if (err == ALM_OK) {
		err = alm_mail_body_remove(store, seq);
	}
	/* What a damaged row was about may have had parts. */
	if (err == ALM_OK && (row->entry.has_parts || row->entry.is_damaged)) {
		err = alm_parts_discard(store, seq);
	}
	return err;
}

enum alm_err alm_store_mail_remove(
	struct alm_store *store, const char *recipient, uint64_t seq)
{
	struct alm_mailbox_slot *slot;
	struct alm_queue_row row;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	err = alm_queue_remove(store, recipient, seq, &row);
	if (err == ALM_OK) {
		err = alm_mailbox_slot(store, recipient, &slot);
	}
	if (err == ALM_OK) {
		err = alm_mail_content_remove(store, &row, seq);
	}
	if (err != ALM_OK) {
		return err;
	}
	slot->count -= slot->count > 0 ? 1 : 0;
	slot->bytes -=
		slot->bytes > row.entry.bytes ? row.entry.bytes : slot->bytes;
	slot->is_changed = true;
	store->is_state_changed = true;
	return ALM_OK;
}
