/* What agents and operators send, and the choice of the body. */
#include "lib/wire/encode.h"

/* protobuf-c has no const in its structs, and reads only while it packs. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
char *alm_wire_give_text(const char *text)
{
	return (char *)(text == NULL ? "" : text);
}

char **alm_wire_give_texts(struct alm_texts texts)
{
	return (char **)texts.items;
}

ProtobufCBinaryData alm_wire_give_raw(const uint8_t *data, size_t bytes)
{
	return (ProtobufCBinaryData){bytes, (uint8_t *)data};
}

static uint64_t *give_sequences(const uint64_t *sequences)
{
	return (uint64_t *)sequences;
}
#pragma GCC diagnostic pop

ProtobufCBinaryData alm_wire_give_bytes(struct alm_bytes bytes)
{
	return alm_wire_give_raw(bytes.data, bytes.bytes);
}

static ProtobufCMessage *give_hello(
	const struct alm_hello *in, struct alm_arena *arena)
{
	Almoner__V1__Hello *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__hello__init(out);
	out->version = in->version;
	out->software = alm_wire_give_text(in->software);
	out->credit = in->credit;
	out->encodings = in->encodings;
	out->takes_parts = in->takes_parts;
	out->keeps_order = in->keeps_order;
	return &out->base;
}

static ProtobufCMessage *give_acknowledged(
	const struct alm_acknowledged *in, struct alm_arena *arena)
{
	Almoner__V1__Acknowledged *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__acknowledged__init(out);
	out->n_sequences = in->count;
	out->sequences = give_sequences(in->sequences);
	return &out->base;
}

static ProtobufCMessage *give_ping(
	const struct alm_ping *in, struct alm_arena *arena)
{
	Almoner__V1__Ping *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__ping__init(out);
	out->context = alm_wire_give_bytes(in->context);
	return &out->base;
}

static ProtobufCMessage *give_pong(
	const struct alm_ping *in, struct alm_arena *arena)
{
	Almoner__V1__Pong *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__pong__init(out);
	out->context = alm_wire_give_bytes(in->context);
	out->broker_time_ms = (uint64_t)in->broker_time_ms;
	return &out->base;
}

static ProtobufCMessage *give_credit(uint32_t window, struct alm_arena *arena)
{
	Almoner__V1__Credit *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__credit__init(out);
	out->window = window;
	return &out->base;
}

Almoner__V1__Argument **alm_wire_give_arguments(
	const struct alm_argument *in, size_t count, struct alm_arena *arena)
{
	Almoner__V1__Argument **pointers =
		alm_arena_take(arena, count * sizeof(void *));
	Almoner__V1__Argument *items =
		alm_arena_take(arena, count * sizeof(items[0]));

	if (pointers == NULL || items == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		almoner__v1__argument__init(&items[i]);
		items[i].key = alm_wire_give_text(in[i].key);
		items[i].value = alm_wire_give_text(in[i].value);
		pointers[i] = &items[i];
	}
	return pointers;
}

static Almoner__V1__Attachment **give_attachments(
	const struct alm_request_call *in, struct alm_arena *arena)
{
	size_t count = in->attachment_count;
	Almoner__V1__Attachment **pointers =
		alm_arena_take(arena, count * sizeof(void *));
	Almoner__V1__Attachment *items =
		alm_arena_take(arena, count * sizeof(items[0]));

	if (pointers == NULL || items == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		almoner__v1__attachment__init(&items[i]);
		items[i].name = alm_wire_give_text(in->attachments[i].name);
		items[i].content =
			alm_wire_give_bytes(in->attachments[i].content);
		pointers[i] = &items[i];
	}
	return pointers;
}

static ProtobufCMessage *give_request(
	const struct alm_request_call *in, struct alm_arena *arena)
{
	Almoner__V1__Request *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__request__init(out);
	out->id = in->id;
	out->verb = alm_wire_give_text(in->verb);
	out->n_arguments = in->argument_count;
	out->arguments = alm_wire_give_arguments(
		in->arguments, in->argument_count, arena);
	out->n_attachments = in->attachment_count;
	out->attachments = give_attachments(in, arena);
	return out->arguments == NULL || out->attachments == NULL ? NULL
								  : &out->base;
}

static ProtobufCMessage *give_goodbye(struct alm_arena *arena)
{
	Almoner__V1__Goodbye *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__goodbye__init(out);
	return &out->base;
}

static ProtobufCMessage *give_part(
	const struct alm_payload_part *in, struct alm_arena *arena)
{
	Almoner__V1__Part *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__part__init(out);
	out->message_id = alm_wire_give_bytes(in->message_id);
	out->sequence = in->sequence;
	out->index = in->index;
	out->path = alm_wire_give_bytes(in->path);
	out->encoding = (Almoner__V1__Encoding)in->encoding;
	out->data = alm_wire_give_bytes(in->data);
	return &out->base;
}

static ProtobufCMessage *give_progress(
	const struct alm_progress *in, struct alm_arena *arena)
{
	Almoner__V1__Progress *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__progress__init(out);
	out->message_id = alm_wire_give_bytes(in->message_id);
	out->sequence = in->sequence;
	out->next = in->next;
	out->until = in->until;
	out->is_again = in->is_again;
	return &out->base;
}

static ProtobufCMessage *give_join(
	const struct alm_join *in, struct alm_arena *arena)
{
	Almoner__V1__Join *out = alm_arena_take(arena, sizeof(*out));

	if (out == NULL) {
		return NULL;
	}
	almoner__v1__join__init(out);
	out->invite = in->invite;
	out->proof = alm_wire_give_raw(in->proof, sizeof(in->proof));
	out->curve_key =
		alm_wire_give_raw(in->curve_key, sizeof(in->curve_key));
	out->signing_key =
		alm_wire_give_raw(in->signing_key, sizeof(in->signing_key));
	out->signature =
		alm_wire_give_raw(in->signature, sizeof(in->signature));
	return &out->base;
}

ProtobufCMessage *alm_wire_give_body(
	const struct alm_envelope *envelope, struct alm_arena *arena)
{
	switch (envelope->kind) {
	case ALM_ENVELOPE_HELLO:
		return give_hello(&envelope->hello, arena);
	case ALM_ENVELOPE_WELCOME:
		return alm_wire_give_welcome(&envelope->welcome, arena);
	case ALM_ENVELOPE_RECEIPT:
		return alm_wire_give_receipt(&envelope->receipt, arena);
	case ALM_ENVELOPE_ACKNOWLEDGED:
		return give_acknowledged(&envelope->acknowledged, arena);
	case ALM_ENVELOPE_NOTICE:
		return alm_wire_give_notice(&envelope->notice, arena);
	case ALM_ENVELOPE_PING:
		return give_ping(&envelope->ping, arena);
	case ALM_ENVELOPE_PONG:
		return give_pong(&envelope->ping, arena);
	case ALM_ENVELOPE_ERROR:
		return alm_wire_give_problem(&envelope->error, arena);
	case ALM_ENVELOPE_CREDIT:
		return give_credit(envelope->credit, arena);
	case ALM_ENVELOPE_QUERY:
	case ALM_ENVELOPE_ADMINISTER:
		return give_request(&envelope->request, arena);
	case ALM_ENVELOPE_ANSWER:
		return alm_wire_give_answer(&envelope->answer, arena);
	case ALM_ENVELOPE_GOODBYE:
		return give_goodbye(arena);
	case ALM_ENVELOPE_PART:
		return give_part(&envelope->part, arena);
	case ALM_ENVELOPE_PROGRESS:
		return give_progress(&envelope->progress, arena);
	case ALM_ENVELOPE_JOIN:
		return give_join(&envelope->join, arena);
	case ALM_ENVELOPE_JOINED:
		return alm_wire_give_joined(&envelope->joined, arena);
	case ALM_ENVELOPE_DELIVER:
	case ALM_ENVELOPE_SEND:
	case ALM_ENVELOPE_ACKNOWLEDGE:
		break; /* encode_agent.c, encode_mail.c */
	}
	return NULL;
}
