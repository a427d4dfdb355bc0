/*
 * A broker that is broken, or another's by now, is believed no more than it
 * must be: a caller who follows the header must come to no harm by it.
 */
#include "agents/client/mail.h"

#include <string.h>

#include "agents/client/views.h"
#include "lib/words.h"

static const uint8_t *raw16(struct alm_bytes bytes)
{
	return bytes.bytes == ALM_MESSAGE_ID_BYTES ? bytes.data : NULL;
}

/* What is wrong with it; NULL: nothing. */
static const char *fault_of(
	const struct alm_client *client, const struct alm_deliver *deliver)
{
	if (strcmp(deliver->recipient, client->organisation) != 0) {
		return "mail for another organisation";
	}
	if (deliver->payload_bytes == 0) {
		return deliver->payload_root.bytes == 0
			       ? NULL
			       : "mail in parts without a length";
	}
	if (deliver->payload_bytes > ALM_PARTS_PAYLOAD_BYTES_MAX ||
		deliver->payload_root.bytes != ALM_DIGEST_BYTES ||
		deliver->payload.bytes != 0 ||
		deliver->encoding != ALM_ENCODING_NONE) {
		return "mail that is in parts and is not";
	}
	return client->takes_parts ? NULL : "mail in parts, not asked for";
}

static void fill_delivery(struct alm_delivery *view,
	const struct alm_deliver *deliver, struct alm_bytes payload)
{
	view->sequence = deliver->sequence;
	view->attempt = deliver->attempt;
	view->is_repeat = deliver->is_repeat;
	memcpy(view->id, deliver->message_id.raw, sizeof(view->id));
	view->sender = alm_view_text(deliver->sender);
	view->recipient = alm_view_text(deliver->recipient);
	view->purpose = alm_view_text(deliver->purpose);
	view->categories = alm_view_strings(deliver->categories);
	view->standard = alm_view_text(deliver->standard);
	view->standard_version = alm_view_text(deliver->standard_version);
	view->level = alm_level_word(deliver->level);
	view->subject = alm_view_text(deliver->subject);
	view->pseudonym = raw16(deliver->pseudonym);
	view->basis = alm_view_text(deliver->basis);
	view->obligations = alm_view_strings(deliver->obligations);
	view->is_partial = deliver->is_partial;
	view->correlation_id = raw16(deliver->correlation_id);
	view->deadline_ms = deliver->deadline_ms;
	view->expires_ms = deliver->expires_ms;
	view->priority = alm_priority_word(deliver->priority);
	view->traceparent = alm_view_text(deliver->traceparent);
	view->accepted_at_ms = deliver->accepted_at_ms;
	view->kind = alm_message_kind_word(deliver->kind);
	view->escalated_from = alm_view_text(deliver->escalated_from);
	view->payload = payload.data;
	view->payload_bytes = payload.bytes;
	if (deliver->payload_bytes != 0) {
		view->is_in_parts = true;
		view->payload = NULL;
		view->payload_bytes = (size_t)deliver->payload_bytes;
		view->payload_root = deliver->payload_root.data;
	}
}

/* A connection that is lost leaves frames unread, and mail before them was
 * dropped: all of it comes again, in its order, behind the next welcome. */
static bool is_of_lost_connection(const struct alm_client *client)
{
	return client->state != ALM_SESSION_READY;
}

void alm_mail_deliver(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_deliver *deliver)
{
	struct alm_bytes payload = deliver->payload;
	struct alm_item *item;
	const char *fault = fault_of(client, deliver);

	if (is_of_lost_connection(client)) {
		return;
	}
	if (alm_acks_has(&client->acks, deliver->sequence)) {
		alm_acks_repeat(&client->acks, deliver->sequence);
		return;
	}
	if (alm_fetchings_held(client, deliver->sequence)) {
		return; /* the caller has it, and its parts come on */
	}
	if (fault != NULL) {
		alm_session_tell(client, ALM_BROKER_ASTRAY, fault);
		return;
	}
	if (deliver->encoding != ALM_ENCODING_NONE) {
		enum alm_err err = alm_inbound_unpack(client, &frame->arena,
			deliver->payload, ALM_PAYLOAD_BYTES_MAX, &payload);

		if (err != ALM_OK) {
			alm_session_fail(client, err, false, "deliver.payload");
			return; /* it comes again */
		}
	}
	item = alm_item_new(frame, ALM_EVENT_DELIVERY);
	if (item == NULL) {
		return; /* it comes again */
	}
	fill_delivery(&item->delivery, deliver, payload);
	item->event.delivery = &item->delivery;
	alm_events_put(&client->events, item);
}

void alm_mail_notice(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_notice *notice)
{
	struct alm_item *item;
	struct alm_notice_view *view;

	if (is_of_lost_connection(client)) {
		return;
	}
	if (alm_acks_has(&client->acks, notice->sequence)) {
		alm_acks_repeat(&client->acks, notice->sequence);
		return;
	}
	item = alm_item_new(frame, ALM_EVENT_NOTICE);
	if (item == NULL) {
		return; /* it comes again */
	}
	view = &item->notice;
	view->sequence = notice->sequence;
	view->attempt = notice->attempt;
	view->is_repeat = notice->is_repeat;
	view->kind = alm_notice_kind_word(notice->kind);
	memcpy(view->id, notice->message_id.raw, sizeof(view->id));
	view->recipient = alm_view_text(notice->recipient);
	view->code = (int)notice->problem.code;
	view->name = alm_view_text(notice->problem.name);
	view->sentence = alm_view_text(notice->problem.sentence);
	view->hint = alm_view_text(notice->problem.hint);
	view->detail = alm_view_text(notice->problem.detail);
	view->reason = alm_view_text(notice->reason);
	view->at_ms = notice->at_ms;
	item->event.notice = view;
	alm_events_put(&client->events, item);
}
