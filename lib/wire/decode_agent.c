/* What agents and operators send, and the signed part of a message. */
#include <string.h>

#include "lib/wire/decode.h"
#include "lib/wire/direct.h"
#include "lib/wire/prescan.h"
#include "lib/wire/rules.h"
#include "lib/wire/unpack.h"

void alm_wire_take_hello(struct alm_wire_decoder *d,
	const Almoner__V1__Hello *in, struct alm_hello *out)
{
	alm_wire_need(d, in->version != 0, "version");
	out->version = in->version;
	out->software = in->software;
	out->credit = alm_wire_number(
		d, in->credit, ALM_DELIVER_WINDOW_MAX, "credit");
	out->encodings = in->encodings;
	out->takes_parts = in->takes_parts != 0;
	out->keeps_order = in->keeps_order != 0;
}

static void take_signature(struct alm_wire_decoder *d,
	const Almoner__V1__Signature *in, struct alm_signature *out)
{
	alm_wire_exact(d, in->ed25519, out->ed25519, ALM_SIGNATURE_BYTES,
		"signature.ed25519");
	alm_wire_need(d, in->tree_size != 0, "signature.tree_size");
	out->tree_size = alm_wire_number(d, in->tree_size,
		ALM_SIGNATURE_LEAVES_MAX, "signature.tree_size");
	if (in->leaf_index >= in->tree_size) {
		alm_wire_fault(d, ALM_MALFORMED, "signature.leaf_index",
			"not in the tree");
	}
	out->leaf_index = in->leaf_index;
	if (in->path.len % ALM_DIGEST_BYTES != 0) {
		alm_wire_fault(
			d, ALM_MALFORMED, "signature.path", "wrong length");
	}
	out->path = alm_wire_bytes(in->path);
}

void alm_wire_take_send(struct alm_wire_decoder *d, const Almoner__V1__Send *in,
	struct alm_send *out)
{
	alm_wire_need(d, in->message.len > 0, "message");
	out->message = alm_wire_bytes(in->message);
	out->payload = alm_wire_bytes(in->payload);
	alm_wire_need(d, in->sent_at_ms != 0, "sent_at_ms");
	out->sent_at_ms = alm_wire_time(d, in->sent_at_ms, "sent_at_ms");
	alm_wire_need(d, in->signature != NULL, "signature");
	if (in->signature != NULL) {
		take_signature(d, in->signature, &out->signature);
	}
	out->encoding = alm_wire_take_encoding(d, in->encoding);
}

void alm_wire_take_acknowledge(struct alm_wire_decoder *d,
	const Almoner__V1__Acknowledge *in, struct alm_acknowledge *out)
{
	struct alm_acknowledgement *items =
		alm_arena_take(d->arena, in->n_items * sizeof(items[0]));

	alm_wire_need(d, in->n_items > 0, "items");
	if (items == NULL) {
		alm_wire_fault(d, ALM_NOMEM, "items", "");
		return;
	}
	for (size_t i = 0; i < in->n_items; i++) {
		alm_wire_need(d, in->items[i]->sequence != 0, "items.sequence");
		items[i] = (struct alm_acknowledgement){
			.sequence = in->items[i]->sequence,
			.is_rejected = in->items[i]->is_rejected != 0,
			.reason = in->items[i]->reason};
	}
	out->items = items;
	out->count = in->n_items;
}

const struct alm_argument *alm_wire_take_arguments(struct alm_wire_decoder *d,
	Almoner__V1__Argument *const *in, size_t count, const char *field)
{
	struct alm_argument *items =
		alm_arena_take(d->arena, count * sizeof(items[0]));

	if (items == NULL) {
		alm_wire_fault(d, ALM_NOMEM, field, "");
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (in[i]->key[0] == '\0') {
			alm_wire_fault(
				d, ALM_MISSING_FIELD, field, "one has no key");
		}
		items[i] = (struct alm_argument){in[i]->key, in[i]->value};
	}
	return items;
}

void alm_wire_take_request(struct alm_wire_decoder *d,
	const Almoner__V1__Request *in, struct alm_request_call *out)
{
	struct alm_attachment *attachments = alm_arena_take(
		d->arena, in->n_attachments * sizeof(attachments[0]));

	out->id = in->id;
	alm_wire_need(d, in->verb[0] != '\0', "verb");
	out->verb = in->verb;
	out->arguments = alm_wire_take_arguments(
		d, in->arguments, in->n_arguments, "arguments");
	out->argument_count = in->n_arguments;
	if (in->n_attachments > 0 && d->side != ALM_WIRE_BROKER_ADMIN) {
		alm_wire_fault(d, ALM_TOO_MANY_VALUES, "attachments",
			"on the local socket only");
	}
	if (attachments == NULL) {
		alm_wire_fault(d, ALM_NOMEM, "attachments", "");
		return;
	}
	for (size_t i = 0; i < in->n_attachments; i++) {
		attachments[i].name = in->attachments[i]->name;
		attachments[i].content =
			alm_wire_bytes(in->attachments[i]->content);
	}
	out->attachments = attachments;
	out->attachment_count = in->n_attachments;
}

void alm_wire_take_join(struct alm_wire_decoder *d, const Almoner__V1__Join *in,
	struct alm_join *out)
{
	alm_wire_need(d, in->invite != 0, "invite");
	out->invite = in->invite;
	alm_wire_exact(d, in->proof, out->proof, ALM_DIGEST_BYTES, "proof");
	alm_wire_exact(d, in->curve_key, out->curve_key, ALM_DIGEST_BYTES,
		"curve_key");
	alm_wire_exact(d, in->signing_key, out->signing_key, ALM_DIGEST_BYTES,
		"signing_key");
	alm_wire_exact(d, in->signature, out->signature, ALM_SIGNATURE_BYTES,
		"signature");
}

static void take_relationship(
	const Almoner__V1__Relationship *in, struct alm_message *out)
{
	out->has_relationship = in != NULL;
	out->relationship_kind = in == NULL ? "" : in->kind;
	out->relationship_ref = in == NULL ? "" : in->ref;
	out->relationship_organisation = in == NULL ? "" : in->organisation;
}

static void take_override(struct alm_wire_decoder *d,
	const Almoner__V1__Override *in, struct alm_message *out)
{
	out->has_override = in != NULL;
	out->override_by = in == NULL ? "" : in->by;
	out->override_reason = in == NULL ? "" : in->reason;
	if (in != NULL) {
		out->override_kind = (enum alm_wire_override)alm_wire_number(d,
			(uint32_t)in->kind, ALM_WIRE_OVERRIDE_GUARDIAN,
			"override.kind");
	}
}

static void take_id(struct alm_wire_decoder *d, const Almoner__V1__Message *in,
	struct alm_message *out)
{
	alm_wire_need(d, in->id.len > 0, "id");
	if (in->id.len == ALM_MESSAGE_ID_BYTES) {
		alm_wire_exact(
			d, in->id, out->id.raw, ALM_MESSAGE_ID_BYTES, "id");
	}
	if (!alm_message_id_is_valid(&out->id)) {
		alm_wire_fault(d, ALM_BAD_MESSAGE_ID, "id", "");
	}
}

static void take_words(const Almoner__V1__Message *in, struct alm_message *out)
{
	out->sender = in->sender;
	out->recipient = in->recipient;
	out->purpose = in->purpose;
	out->categories = alm_wire_texts(in->categories, in->n_categories);
	out->standard = in->standard;
	out->standard_version = in->standard_version;
	out->subject = in->subject;
	out->subject_unknown = in->subject_unknown;
	out->basis = in->basis;
	out->traceparent = in->traceparent;
	out->recipients = alm_wire_texts(in->recipients, in->n_recipients);
}

static void take_message(struct alm_wire_decoder *d,
	const Almoner__V1__Message *in, struct alm_message *out)
{
	take_id(d, in, out);
	take_words(in, out);
	out->payload_level = (enum alm_wire_level)alm_wire_number(d,
		(uint32_t)in->payload_level, ALM_WIRE_LEVEL_IDENTIFIABLE,
		"payload_level");
	take_relationship(in->relationship, out);
	take_override(d, in->override, out);
	out->has_not_before = in->not_before != NULL;
	if (in->not_before != NULL) {
		out->not_before_epoch = in->not_before->epoch;
		out->not_before_seq = in->not_before->seq;
	}
	out->correlation_id = alm_wire_optional(
		d, in->correlation_id, ALM_MESSAGE_ID_BYTES, "correlation_id");
	out->deadline_ms = alm_wire_time(d, in->deadline_ms, "deadline_ms");
	out->expires_ms = alm_wire_time(d, in->expires_ms, "expires_ms");
	out->priority = (enum alm_priority)alm_wire_number(
		d, (uint32_t)in->priority, ALM_PRIORITY_BULK, "priority");
	alm_wire_exact(d, in->payload_sha256, out->payload_sha256,
		ALM_DIGEST_BYTES, "payload_sha256");
	out->payload_bytes =
		(uint64_t)alm_wire_time(d, in->payload_bytes, "payload_bytes");
	out->kind = (enum alm_message_kind)alm_wire_number(
		d, (uint32_t)in->kind, ALM_KIND_ACTED, "kind");
}

static enum alm_err read_message(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_message *out_message,
	struct alm_problem *problem)
{
	struct alm_wire_decoder d = {
		.arena = arena, .problem = problem, .body = ""};
	struct alm_message message = {0};
	ProtobufCMessage *base = NULL;
	enum alm_err err;

	err = alm_wire_prescan(&alm_wire_message_rules, bytes, problem);
	if (err != ALM_OK) {
		return err;
	}
	err = alm_wire_unpack(&almoner__v1__message__descriptor, bytes, arena,
		&base, problem);
	if (err != ALM_OK) {
		return err;
	}
	take_message(&d, (const Almoner__V1__Message *)base, &message);
	if (d.err == ALM_OK) {
		*out_message = message;
	}
	return d.err;
}

/* The field by its path from the envelope on, which is what its sender sees. */
static void say_where(struct alm_problem *problem)
{
	static const char whole[] = "frame: ";
	const size_t begin = sizeof(whole) - 1;
	const struct alm_problem inside = *problem;
	bool is_whole = strncmp(inside.detail, whole, begin) == 0;

	(void)alm_problem_set(problem, inside.err, "send.message%s%s",
		is_whole ? ": " : ".", inside.detail + (is_whole ? begin : 0));
}

enum alm_err alm_wire_decode_message(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_message *out_message,
	struct alm_problem *problem)
{
	struct alm_message message = {0};
	enum alm_err err;

	if (bytes.bytes > ALM_MESSAGE_BYTES_MAX) {
		return alm_problem_set(
			problem, ALM_FIELD_TOO_LARGE, "send.message");
	}
	if (alm_wire_decode_message_direct(bytes, arena, &message)) {
		*out_message = message;
		return ALM_OK;
	}
	err = read_message(bytes, arena, out_message, problem);
	if (err != ALM_OK && err != ALM_NOMEM && problem != NULL) {
		say_where(problem);
	}
	return err;
}
