/*
 * What was stored of a payload is on disk before its sender hears of it, in
 * the same commit as everything else of the turn.  So a connection that breaks
 * anywhere loses no more than what was on its way.
 */
#include "broker/mail/gather.h"

#include <string.h>

#include "broker/loop/weigh.h"
#include "broker/mail/accept.h"
#include "broker/mail/orders.h"
#include "broker/mail/packing.h"
#include "broker/mail/receipt.h"
#include "lib/parts.h"

/* --- what is said --------------------------------------------------------- */

enum alm_err alm_gather_say(
	struct alm_turn *turn, struct alm_live_upload *live, bool is_again)
{
	struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_PROGRESS,
		.progress =
			{
				.message_id = {live->message_id.raw,
					ALM_MESSAGE_ID_BYTES},
				.next = live->next,
				.until = live->until,
				.is_again = is_again,
			},
	};

	live->has_news = false;
	return alm_outbox_add(turn->broker->outbox, ALM_EDGE_AGENTS, live->peer,
		&envelope, turn->arena);
}

enum alm_err alm_refuse_part(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code)
{
	struct alm_bytes from = request->envelope->part.message_id;
	struct alm_message_id id;

	if (from.bytes != sizeof(id.raw)) {
		return alm_turn_reply_error(turn, request, code, "");
	}
	memcpy(id.raw, from.data, sizeof(id.raw));
	return alm_reply_refused(turn, request, &id, code, "", NULL);
}

/* --- the end -------------------------------------------------------------- */

enum alm_err alm_gather_drop(
	struct alm_turn *turn, const struct alm_upload *upload)
{
	struct alm_uploads *uploads = &turn->broker->uploads;
	struct alm_live_upload *live =
		alm_uploads_find_number(uploads, upload->number);

	if (live != NULL) {
		alm_uploads_remove(uploads, &live);
	}
	turn->has_effects = true;
	turn->broker->has_waste = true;
	return alm_store_upload_drop(turn->broker->store, upload);
}

/* The send that announced it, as it was signed then. */
static enum alm_err reread(struct alm_turn *turn,
	const struct alm_upload *upload, struct alm_arrival *arrival)
{
	struct alm_send *send = alm_arena_take(turn->arena, sizeof(*send));
	struct alm_audit_signature signature;
	enum alm_err err;

	if (send == NULL) {
		return ALM_NOMEM;
	}
	err = alm_audit_signature_decode(upload->signature, &signature);
	if (err == ALM_OK) {
		err = alm_wire_decode_message(
			upload->message, turn->arena, &arrival->message, NULL);
	}
	if (err != ALM_OK) {
		return err == ALM_NOMEM ? err : ALM_STORE_CORRUPT;
	}
	send->message = upload->message;
	send->sent_at_ms = signature.sent_at_ms;
	memcpy(send->signature.ed25519, signature.ed25519, ALM_SIGNATURE_BYTES);
	send->signature.leaf_index = signature.leaf_index;
	send->signature.tree_size = signature.tree_size;
	send->signature.path = signature.path;
	arrival->send = send;
	arrival->content = upload->content;
	arrival->upload = upload;
	return ALM_OK;
}

/* All parts are there, and each was checked against the root that was signed:
 * the whole is what was announced.  Now it is decided, once. */
static enum alm_err finish(struct alm_turn *turn,
	const struct alm_turn_request *request, const struct alm_upload *upload)
{
	struct alm_arrival *arrival =
		alm_arena_take(turn->arena, sizeof(*arrival));
	enum alm_err err;

	if (arrival == NULL) {
		return ALM_NOMEM;
	}
	arrival->request = request;
	err = reread(turn, upload, arrival);
	if (err == ALM_STORE_CORRUPT) {
		return alm_gather_drop(
			turn, upload); /* it is announced anew in time */
	}
	if (err == ALM_OK) {
		err = alm_accept_whole(turn, arrival);
	}
	if (err == ALM_OK && arrival->refused != ALM_OK &&
		!alm_err_info(arrival->refused)->is_retryable) {
		err = alm_gather_drop(turn, upload);
	}
	return err;
}

/* --- beginning ------------------------------------------------------------ */

enum alm_err alm_gather_check(
	const struct alm_turn *turn, const struct alm_message *message)
{
	if (message->payload_bytes >
		turn->broker->settings.large_payload_bytes_max) {
		return ALM_PAYLOAD_TOO_LARGE;
	}
	return message->standard[0] != '\0' ? ALM_PARTS_STANDARD : ALM_OK;
}

/* Errors: UPLOADS_FULL, and those of the store. */
static enum alm_err check_usage(
	struct alm_turn *turn, const struct alm_message *message)
{
	struct alm_upload_usage usage = {.count = 0};
	enum alm_err err = alm_store_upload_usage(
		turn->broker->store, message->sender, &usage);

	if (err == ALM_OK &&
		(usage.count >= ALM_UPLOADS_PER_ORGANISATION_MAX ||
			usage.bytes + message->payload_bytes >
				ALM_UPLOAD_BYTES_PER_ORGANISATION_MAX)) {
		return ALM_UPLOADS_FULL;
	}
	return err;
}

enum alm_err alm_gather_check_room(
	struct alm_turn *turn, const struct alm_message *message)
{
	struct alm_mailbox *mailbox =
		alm_mailboxes_get(turn->broker->mailboxes, message->recipient);
	struct alm_mailbox_state state = {.count = 0};
	enum alm_err err;

	if (mailbox == NULL) {
		return ALM_NOMEM;
	}
	if (mailbox->limits.age_ms != 0) {
		err = alm_mailbox_look(turn, mailbox);
		if (err != ALM_OK || mailbox->is_unread) {
			return err == ALM_OK ? ALM_MAILBOX_UNREAD : err;
		}
	}
	if (message->payload_bytes > mailbox->limits.bytes) {
		return ALM_MAILBOX_TOO_SMALL;
	}
	err = alm_store_mailbox_state(
		turn->broker->store, message->recipient, &state);
	if (err == ALM_OK && (state.count >= mailbox->limits.messages ||
				     state.bytes + message->payload_bytes >
					     mailbox->limits.bytes)) {
		return ALM_MAILBOX_FULL;
	}
	return err;
}

/* Whether there is room for it behind what others are let send already: else
 * all of them would stand still in a full store, with nobody else's mail. */
static enum alm_err promise_room(struct alm_turn *turn, uint64_t bytes)
{
	struct alm_uploads *uploads = &turn->broker->uploads;
	uint64_t room_bytes = alm_store_room_bytes(turn->broker->store);

	if (uploads->owed_bytes > room_bytes ||
		bytes > room_bytes - uploads->owed_bytes) {
		return ALM_STORE_FULL;
	}
	uploads->owed_bytes += bytes;
	return ALM_OK;
}

/* Errors: UPLOADS_FULL, those of a mailbox and STORE_FULL, and nothing was
 * begun; those of the store that end the turn. */
static enum alm_err begin(struct alm_turn *turn,
	const struct alm_arrival *arrival, struct alm_upload *out_upload)
{
	uint8_t *room =
		alm_arena_take(turn->arena, ALM_AUDIT_SIGNATURE_BYTES_MAX);
	struct alm_audit_record record =
		alm_arrival_record(turn, arrival, ALM_AUDIT_UPLOAD_BEGUN);
	enum alm_err err = check_usage(turn, &arrival->message);

	if (err == ALM_OK && arrival->message.recipients.count == 0) {
		err = alm_gather_check_room(turn, &arrival->message);
	}
	if (err == ALM_OK) {
		err = promise_room(turn, arrival->message.payload_bytes);
	}
	if (err != ALM_OK || room == NULL) {
		return room == NULL ? ALM_NOMEM : err;
	}
	alm_arrival_sign_off(&record, arrival->send, room);
	*out_upload = (struct alm_upload){
		.number = turn->broker->audit_size + 1,
		.sender = arrival->message.sender,
		.agent = arrival->request->agent->number,
		.message_id = arrival->message.id,
		.begun_at_ms = turn->now_ms,
		.payload_bytes = arrival->message.payload_bytes,
		.content = arrival->content,
		.message = arrival->send->message,
		.signature = record.signature,
	};
	err = alm_store_upload_begin(turn->broker->store, out_upload);
	if (err == ALM_OK) {
		err = alm_turn_audit(turn, &record, "");
	}
	ALM_ASSERT(err != ALM_OK || record.seq == out_upload->number);
	return err;
}

/* Go on from where it stands. */
static enum alm_err follow(struct alm_turn *turn,
	const struct alm_arrival *arrival, const struct alm_upload *upload)
{
	struct alm_uploads *uploads = &turn->broker->uploads;
	struct alm_live_upload *live;
	uint32_t next = 0;
	enum alm_err err = alm_store_part_count(
		turn->broker->store, upload->number, &next);

	if (err != ALM_OK) {
		return err;
	}
	if (next >= alm_parts_count(upload->payload_bytes)) {
		return finish(turn, arrival->request, upload);
	}
	live = alm_uploads_add(uploads, arrival->request->peer, upload,
		arrival->message.payload_sha256, next);
	if (live == NULL) {
		return ALM_NOMEM;
	}
	alm_uploads_share(uploads, turn->monotonic_ms);
	return alm_gather_say(turn, live, true);
}

/* The one that is there already.  Errors: NOT_FOUND: there is none. */
static enum alm_err find_begun(struct alm_turn *turn,
	const struct alm_arrival *arrival, struct alm_upload *upload)
{
	enum alm_err err = alm_store_upload_get(turn->broker->store,
		arrival->message.sender, &arrival->message.id, turn->arena,
		upload);

	if (err == ALM_OK && upload->is_damaged) {
		err = alm_gather_drop(turn, upload);
		return err == ALM_OK ? ALM_NOT_FOUND : err;
	}
	if (err == ALM_OK && memcmp(&upload->content, &arrival->content,
				     sizeof(upload->content)) != 0) {
		return ALM_MESSAGE_ID_CONFLICT;
	}
	return err;
}

enum alm_err alm_gather_open(struct alm_turn *turn, struct alm_arrival *arrival)
{
	struct alm_upload *upload =
		alm_arena_take(turn->arena, sizeof(*upload));
	enum alm_err err;

	if (upload == NULL) {
		return ALM_NOMEM;
	}
	err = find_begun(turn, arrival, upload);
	if (err == ALM_NOT_FOUND) {
		err = begin(turn, arrival, upload);
	}
	if (err == ALM_STORE_FULL) {
		turn->broker->metrics.refused_full++;
		return alm_refuse_unrecorded(turn, arrival->request, err);
	}
	if (alm_mailbox_is_refusal(err)) {
		return alm_arrival_refuse_room(turn, arrival, err);
	}
	if (err == ALM_UPLOADS_FULL || err == ALM_MESSAGE_ID_CONFLICT) {
		return alm_arrival_refuse(turn, arrival, err, "");
	}
	return err == ALM_OK ? follow(turn, arrival, upload) : err;
}

enum alm_err alm_gather_refused(
	struct alm_turn *turn, const struct alm_arrival *arrival)
{
	struct alm_upload upload;
	enum alm_err err;

	if (arrival->upload != NULL) {
		return ALM_OK; /* it is whole: dropped by who had it decided */
	}
	err = find_begun(turn, arrival, &upload);
	if (err == ALM_NOT_FOUND || err == ALM_MESSAGE_ID_CONFLICT) {
		return ALM_OK;
	}
	return err == ALM_OK ? alm_gather_drop(turn, &upload) : err;
}

/* --- parts ---------------------------------------------------------------- */

/* It is told once where to begin again; what was on its way is let go. */
static enum alm_err rewind_upload(
	struct alm_turn *turn, struct alm_live_upload *live)
{
	if (live->is_rewound) {
		return ALM_OK;
	}
	live->is_rewound = true;
	return alm_gather_say(turn, live, true);
}

static enum alm_err record_mismatch(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_live_upload *live)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_REFUSED);

	record.effect = ALM_EFFECT_DENY;
	record.code = ALM_PART_MISMATCH;
	record.ref = live->number;
	record.has_message_id = true;
	record.message_id = live->message_id;
	record.agent = request->agent->number;
	record.sender = request->agent->organisation;
	turn->broker->metrics.refused++;
	/* That it was begun was a record, too. */
	alm_fair_note_refused(turn, record.sender, 2);
	return alm_turn_audit(turn, &record, "");
}

/* What cannot be a part of it ends it: another would not do better. */
static enum alm_err mismatch(struct alm_turn *turn,
	const struct alm_turn_request *request, struct alm_live_upload *live,
	enum alm_err code)
{
	struct alm_upload upload;
	enum alm_err err = record_mismatch(turn, request, live);

	if (err == ALM_OK) {
		err = alm_store_upload_get(turn->broker->store, live->sender,
			&live->message_id, turn->arena, &upload);
	}
	if (err == ALM_OK) {
		err = alm_gather_drop(turn, &upload);
	}
	return err == ALM_OK ? alm_refuse_part(turn, request, code) : err;
}

static enum alm_err keep_part(struct alm_turn *turn,
	const struct alm_turn_request *request, struct alm_live_upload *live)
{
	const struct alm_payload_part *part = &request->envelope->part;
	const struct alm_stored_part stored = {
		.encoding = (uint8_t)part->encoding,
		.path = part->path,
		.data = part->data,
	};
	struct alm_upload *upload;
	enum alm_err err = alm_store_part_put(
		turn->broker->store, live->number, live->next, &stored);

	if (err == ALM_STORE_FULL) {
		alm_uploads_remove(&turn->broker->uploads, &live);
		turn->broker->metrics.refused_full++;
		return alm_refuse_part(turn, request, err);
	}
	if (err != ALM_OK) {
		return err;
	}
	turn->has_effects = true;
	turn->part_count++;
	turn->broker->metrics.parts_received++;
	alm_uploads_advance(&turn->broker->uploads, live, turn->monotonic_ms);
	if (live->next < live->count) {
		return alm_gather_say(turn, live, false);
	}
	upload = alm_arena_take(turn->arena, sizeof(*upload));
	if (upload == NULL) {
		return ALM_NOMEM;
	}
	err = alm_store_upload_get(turn->broker->store, live->sender,
		&live->message_id, turn->arena, upload);
	alm_uploads_remove(&turn->broker->uploads, &live);
	return err == ALM_OK ? finish(turn, request, upload) : err;
}

static enum alm_err check_part(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_session *session, struct alm_live_upload *live)
{
	const struct alm_payload_part *part = &request->envelope->part;
	struct alm_bytes clear = {NULL, 0};
	enum alm_err err;

	if (part->index != live->next || part->index >= live->until ||
		turn->part_count >= ALM_TURN_PARTS_MAX) {
		return part->index < live->next ? ALM_OK
						: rewind_upload(turn, live);
	}
	err = alm_unpack(turn, session, part->encoding, part->data,
		ALM_PART_BYTES, &clear);
	if (err == ALM_BUSY) {
		return rewind_upload(turn, live);
	}
	if (err == ALM_OK &&
		!alm_part_is_of(turn->broker->hash, live->payload_bytes,
			live->root, part->index, clear, part->path)) {
		err = ALM_PART_MISMATCH;
	}
	if (err == ALM_NOMEM) {
		return err;
	}
	return err == ALM_OK ? keep_part(turn, request, live)
			     : mismatch(turn, request, live, err);
}

enum alm_err alm_take_part(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_payload_part *part = &request->envelope->part;
	struct alm_session *session = alm_session_of(turn, request);
	struct alm_live_upload *live;

	if (session == NULL) {
		return alm_turn_reply_error(
			turn, request, ALM_HELLO_REQUIRED, "");
	}
	if (part->message_id.bytes == 0) {
		return alm_turn_reply_error(
			turn, request, ALM_MISSING_FIELD, "part.message_id");
	}
	if ((request->agent->roles & ALM_ROLE_SEND) == 0) {
		return alm_refuse_part(turn, request, ALM_AGENT_ROLE);
	}
	if (turn->broker->is_draining) {
		return alm_refuse_part(turn, request, ALM_DRAINING);
	}
	if (turn->is_store_full || turn->refuses_mail) {
		turn->broker->metrics.refused_full++;
		return alm_refuse_part(turn, request, ALM_STORE_FULL);
	}
	live = alm_uploads_find(
		&turn->broker->uploads, request->peer, part->message_id.data);
	if (live == NULL) {
		return alm_refuse_part(turn, request, ALM_UPLOAD_UNKNOWN);
	}
	alm_fair_note_part(
		turn, session, alm_weigh_content(part->encoding, part->data));
	return check_part(turn, request, session, live);
}
