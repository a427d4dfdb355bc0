#include "lib/wire/encode.h"

#include "lib/wire/prescan.h"
#include "lib/wire/rules.h"

#include "almoner/v1/message.pb-c.h"

/* The message and the parts it may have, in one piece of stack. */
struct packed_message {
	Almoner__V1__Message message;
	Almoner__V1__Relationship relationship;
	Almoner__V1__Override override;
	Almoner__V1__NotBefore not_before;
};

static void give_words(const struct alm_message *in, Almoner__V1__Message *out)
{
	out->sender = alm_wire_give_text(in->sender);
	out->recipient = alm_wire_give_text(in->recipient);
	out->purpose = alm_wire_give_text(in->purpose);
	out->n_categories = in->categories.count;
	out->categories = alm_wire_give_texts(in->categories);
	out->standard = alm_wire_give_text(in->standard);
	out->standard_version = alm_wire_give_text(in->standard_version);
	out->subject = alm_wire_give_text(in->subject);
	out->subject_unknown = alm_wire_give_text(in->subject_unknown);
	out->basis = alm_wire_give_text(in->basis);
	out->traceparent = alm_wire_give_text(in->traceparent);
}

static void give_parts(const struct alm_message *in, struct packed_message *out)
{
	almoner__v1__relationship__init(&out->relationship);
	almoner__v1__override__init(&out->override);
	almoner__v1__not_before__init(&out->not_before);
	if (in->has_relationship) {
		out->relationship.kind =
			alm_wire_give_text(in->relationship_kind);
		out->relationship.ref =
			alm_wire_give_text(in->relationship_ref);
		out->relationship.organisation =
			alm_wire_give_text(in->relationship_organisation);
		out->message.relationship = &out->relationship;
	}
	if (in->has_override) {
		out->override.kind =
			(Almoner__V1__OverrideKind)in->override_kind;
		out->override.by = alm_wire_give_text(in->override_by);
		out->override.reason = alm_wire_give_text(in->override_reason);
		out->message.override = &out->override;
	}
	if (in->has_not_before) {
		out->not_before.epoch = in->not_before_epoch;
		out->not_before.seq = in->not_before_seq;
		out->message.not_before = &out->not_before;
	}
}

enum alm_err alm_wire_encode_message(const struct alm_message *message,
	struct alm_arena *arena, struct alm_bytes *out_bytes)
{
	struct packed_message out;
	struct alm_bytes packed;
	uint8_t *data;
	enum alm_err err;

	almoner__v1__message__init(&out.message);
	give_words(message, &out.message);
	give_parts(message, &out);
	out.message.id =
		alm_wire_give_raw(message->id.raw, ALM_MESSAGE_ID_BYTES);
	out.message.payload_level = (Almoner__V1__Level)message->payload_level;
	out.message.correlation_id =
		alm_wire_give_bytes(message->correlation_id);
	out.message.deadline_ms = (uint64_t)message->deadline_ms;
	out.message.expires_ms = (uint64_t)message->expires_ms;
	out.message.priority = (Almoner__V1__Priority)message->priority;
	out.message.payload_sha256 =
		alm_wire_give_raw(message->payload_sha256, ALM_DIGEST_BYTES);
	packed.bytes = almoner__v1__message__get_packed_size(&out.message);
	if (packed.bytes > ALM_MESSAGE_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	data = alm_arena_take(arena, packed.bytes);
	if (data == NULL) {
		return ALM_NOMEM;
	}
	almoner__v1__message__pack(&out.message, data);
	packed.data = data;
	err = alm_wire_prescan(&alm_wire_message_rules, packed, NULL);
	if (err == ALM_OK) {
		*out_bytes = packed;
	}
	return err;
}
