/* What is due of incoming payloads whether or not anybody asks for anything. */
#include <string.h>

#include "broker/mail/gather.h"

#define SWEEP_ROWS_MAX 256u

static enum alm_err remove_waste(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	unsigned removed = 0;
	bool has_more = false;
	enum alm_err err = alm_store_waste_remove(
		broker->store, ALM_TURN_WASTE_PARTS_MAX, &removed, &has_more);

	if (err == ALM_OK) {
		turn->has_effects |= removed > 0;
		broker->has_waste = has_more;
		broker->is_in_haste |= has_more;
	}
	return err;
}

/* The connection is gone: it is announced again on another. */
static bool is_gone(
	const struct alm_turn *turn, const struct alm_live_upload *live)
{
	return alm_sessions_find(turn->broker->sessions, live->peer) == NULL;
}

enum alm_err alm_gather_serve(struct alm_turn *turn)
{
	struct alm_uploads *uploads = &turn->broker->uploads;
	struct alm_live_upload *live = TAILQ_FIRST(&uploads->all);
	enum alm_err err = ALM_OK;

	if (turn->broker->has_waste && !turn->is_store_full) {
		err = remove_waste(turn);
	}
	while (live != NULL) {
		struct alm_live_upload *next = TAILQ_NEXT(live, order);

		if (is_gone(turn, live)) {
			alm_uploads_remove(uploads, &live);
		}
		live = next;
	}
	alm_uploads_share(uploads, turn->monotonic_ms);
	TAILQ_FOREACH(live, &uploads->all, order)
	{
		if (live->has_news && err == ALM_OK) {
			err = alm_gather_say(turn, live, false);
		}
	}
	return err;
}

static struct alm_audit_record record_of(struct alm_turn *turn,
	const struct alm_upload *upload, enum alm_audit_kind kind)
{
	struct alm_audit_record record = alm_turn_record(turn, kind);

	record.ref = upload->number;
	record.has_message_id = true;
	record.message_id = upload->message_id;
	record.sender = upload->sender;
	return record;
}

static enum alm_err expire(
	struct alm_turn *turn, const struct alm_upload *upload)
{
	struct alm_audit_record record =
		record_of(turn, upload, ALM_AUDIT_UPLOAD_EXPIRED);
	enum alm_err err = alm_turn_audit(turn, &record, "");

	turn->broker->metrics.uploads_expired++;
	return err == ALM_OK ? alm_gather_drop(turn, upload) : err;
}

/* Its final answer, so that nobody announces it again. */
static enum alm_err tell_cancelled(
	struct alm_turn *turn, const struct alm_live_upload *live)
{
	const struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = {.message_id = live->message_id,
			.refused = {.code = ALM_UPLOAD_CANCELLED,
				.detail = "",
				.nearest = ""}},
	};

	return alm_outbox_add(turn->broker->outbox, ALM_EDGE_AGENTS, live->peer,
		&envelope, turn->arena);
}

enum alm_err alm_gather_cancel(
	struct alm_turn *turn, uint64_t agent, const struct alm_upload *upload)
{
	struct alm_audit_record record =
		record_of(turn, upload, ALM_AUDIT_UPLOAD_CANCELLED);
	const struct alm_live_upload *live =
		alm_uploads_find_number(&turn->broker->uploads, upload->number);
	enum alm_err err;

	record.agent = agent;
	err = alm_turn_audit(turn, &record, "");
	if (err == ALM_OK && live != NULL) {
		err = tell_cancelled(turn, live);
	}
	turn->broker->metrics.uploads_cancelled++;
	return err == ALM_OK ? alm_gather_drop(turn, upload) : err;
}

/* One that is there; `walk` goes past it. */
static enum alm_err look_at(struct alm_turn *turn, struct alm_upload_walk *walk,
	const struct alm_upload *upload)
{
	uint32_t count = 0;
	uint64_t come;
	enum alm_err err;

	walk->at.number = upload->number;
	walk->at.message_id = upload->message_id;
	memcpy(walk->sender, upload->sender, strlen(upload->sender) + 1);
	walk->at.sender = walk->sender;
	if (upload->is_damaged ||
		upload->begun_at_ms + ALM_UPLOAD_KEEP_MS <= turn->now_ms) {
		return expire(turn, upload);
	}
	err = alm_store_part_count(turn->broker->store, upload->number, &count);
	if (err != ALM_OK) {
		return err;
	}
	come = (uint64_t)count * ALM_PART_BYTES;
	walk->met.count++;
	walk->met.bytes += upload->payload_bytes;
	walk->met_owed_bytes +=
		come < upload->payload_bytes ? upload->payload_bytes - come : 0;
	if (walk->oldest_ms == 0 || upload->begun_at_ms < walk->oldest_ms) {
		walk->oldest_ms = upload->begun_at_ms;
	}
	return ALM_OK;
}

enum alm_err alm_gather_sweep(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct alm_upload_walk *walk = &broker->uploads.walk;
	enum alm_err err = ALM_OK;

	broker->has_waste = true; /* mail that had parts may be gone */
	for (unsigned i = 0; i < SWEEP_ROWS_MAX && err == ALM_OK; i++) {
		struct alm_upload upload;

		err = alm_store_upload_next(broker->store,
			walk->at.number == 0 ? NULL : &walk->at, turn->arena,
			&upload);
		if (err == ALM_OK) {
			err = look_at(turn, walk, &upload);
		}
	}
	if (err == ALM_NOT_FOUND) {
		broker->uploads.usage = walk->met;
		broker->uploads.owed_bytes = walk->met_owed_bytes;
		broker->uploads.oldest_ms = walk->oldest_ms;
		*walk = (struct alm_upload_walk){.met = {.count = 0}};
		return ALM_OK;
	}
	return err;
}
