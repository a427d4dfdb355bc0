/* Round trips: what one side encodes, the other decodes, the same. */
#include <criterion/criterion.h>

#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)64 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(wire, .init = set_up, .fini = tear_down);

/* Encoded and decoded again; the frame's bytes are copied to the arena. */
static struct alm_bytes encode(const struct alm_envelope *envelope)
{
	struct alm_frame_builder frame;
	struct alm_bytes bytes;

	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	cr_assert_eq(alm_frame_add(&frame, envelope, &arena), ALM_OK);
	bytes = alm_frame_bytes(&frame);
	bytes.data = alm_arena_copy(&arena, bytes);
	alm_frame_fini(&frame);
	return bytes;
}

static const struct alm_envelope *decode(
	enum alm_wire_side side, struct alm_bytes bytes)
{
	const struct alm_envelope *envelopes = NULL;
	struct alm_problem problem = {0};
	size_t count = 0;
	enum alm_err err = alm_wire_decode(
		side, bytes, &arena, &envelopes, &count, &problem);

	cr_assert_eq(err, ALM_OK, "%d %s", err, problem.detail);
	cr_assert_eq(count, 1);
	return envelopes;
}

static struct alm_bytes message_bytes(void)
{
	struct alm_message message = sample_message();
	struct alm_bytes bytes = {NULL, 0};

	cr_assert_eq(alm_wire_encode_message(&message, &arena, &bytes), ALM_OK);
	return bytes;
}

static const struct alm_envelope *round_trip(enum alm_envelope_kind kind)
{
	struct alm_envelope in = sample_envelope(kind, message_bytes());
	const struct alm_envelope *out = decode(sample_side(kind), encode(&in));

	cr_assert_eq(out->kind, kind);
	return out;
}

static void same_texts(struct alm_texts a, struct alm_texts b)
{
	cr_assert_eq(a.count, b.count);
	for (size_t i = 0; i < a.count; i++) {
		cr_assert_str_eq(a.items[i], b.items[i]);
	}
}

static void same_bytes(struct alm_bytes a, struct alm_bytes b)
{
	cr_assert(alm_bytes_equal(a, b));
}

Test(wire, every_kind_encodes_to_the_same_bytes_after_decoding)
{
	for (size_t i = 0; i < ALM_COUNT(sample_kinds); i++) {
		enum alm_envelope_kind kind = sample_kinds[i].kind;
		struct alm_envelope in = sample_envelope(kind, message_bytes());
		struct alm_bytes first = encode(&in);
		const struct alm_envelope *out =
			decode(sample_side(kind), first);
		struct alm_bytes second = encode(out);

		cr_assert(alm_bytes_equal(first, second), "kind %d", kind);
	}
}

Test(wire, a_message_keeps_every_field)
{
	struct alm_message in = sample_message();
	struct alm_message out;
	struct alm_bytes bytes = message_bytes();

	cr_assert_eq(
		alm_wire_decode_message(bytes, &arena, &out, NULL), ALM_OK);
	cr_assert_arr_eq(out.id.raw, in.id.raw, 16);
	cr_assert_str_eq(out.sender, in.sender);
	cr_assert_str_eq(out.recipient, in.recipient);
	cr_assert_str_eq(out.purpose, in.purpose);
	same_texts(out.categories, in.categories);
	cr_assert_str_eq(out.standard, in.standard);
	cr_assert_str_eq(out.standard_version, in.standard_version);
	cr_assert_eq(out.payload_level, in.payload_level);
	cr_assert_str_eq(out.subject, in.subject);
	cr_assert_str_eq(out.subject_unknown, "");
	cr_assert_str_eq(out.basis, in.basis);
	cr_assert(out.has_relationship && out.has_override);
	cr_assert_str_eq(out.relationship_kind, in.relationship_kind);
	cr_assert_str_eq(out.relationship_ref, in.relationship_ref);
	cr_assert_str_eq(
		out.relationship_organisation, in.relationship_organisation);
	cr_assert_eq(out.override_kind, in.override_kind);
	cr_assert_str_eq(out.override_by, in.override_by);
	cr_assert_str_eq(out.override_reason, in.override_reason);
	cr_assert(out.has_not_before);
	cr_assert_eq(out.not_before_epoch, 7);
	cr_assert_eq(out.not_before_seq, 70000);
	same_bytes(out.correlation_id, in.correlation_id);
	cr_assert_eq(out.deadline_ms, in.deadline_ms);
	cr_assert_eq(out.expires_ms, in.expires_ms);
	cr_assert_eq(out.priority, in.priority);
	cr_assert_str_eq(out.traceparent, in.traceparent);
	cr_assert_arr_eq(out.payload_sha256, in.payload_sha256, 32);
}

Test(wire, absent_parts_are_absent_and_texts_are_never_null)
{
	struct alm_message in = {.id = sample_id()};
	struct alm_message out;
	struct alm_bytes bytes;

	cr_assert_eq(alm_wire_encode_message(&in, &arena, &bytes), ALM_OK);
	cr_assert_eq(
		alm_wire_decode_message(bytes, &arena, &out, NULL), ALM_OK);
	cr_assert(!out.has_relationship && !out.has_override);
	cr_assert_not(out.has_not_before);
	cr_assert_str_eq(out.purpose, "");
	cr_assert_str_eq(out.relationship_ref, "");
	cr_assert_str_eq(out.override_by, "");
	cr_assert_eq(out.categories.count, 0);
	cr_assert_eq(out.correlation_id.bytes, 0);
}

Test(wire, a_send_keeps_every_field)
{
	struct alm_bytes message = message_bytes();
	struct alm_send in = sample_send(message);
	const struct alm_send *out = &round_trip(ALM_ENVELOPE_SEND)->send;

	same_bytes(out->message, message);
	same_bytes(out->payload, in.payload);
	cr_assert_eq(out->sent_at_ms, in.sent_at_ms);
	cr_assert_arr_eq(out->signature.ed25519, in.signature.ed25519, 64);
	cr_assert_eq(out->signature.leaf_index, 2);
	cr_assert_eq(out->signature.tree_size, 4);
	same_bytes(out->signature.path, in.signature.path);
}

static void same_problem(
	const struct alm_wire_problem *out, const struct alm_wire_problem *in)
{
	const struct alm_err_info *info = alm_err_info(in->code);

	cr_assert_eq(out->code, in->code);
	cr_assert_str_eq(out->detail, in->detail);
	cr_assert_eq(out->reason_count, in->reason_count);
	cr_assert_arr_eq(out->reasons, in->reasons,
		in->reason_count * sizeof(in->reasons[0]));
	same_texts(out->withheld, in->withheld);
	cr_assert_str_eq(out->nearest, in->nearest);
	same_texts(out->candidates, in->candidates);
	same_bytes(out->message_id, in->message_id);
	cr_assert_str_eq(out->name, info->name);
	cr_assert_str_eq(out->sentence, info->sentence);
	cr_assert_str_eq(out->hint, info->hint);
	cr_assert_eq(out->is_retryable, info->is_retryable);
	cr_assert_eq(out->retry_after_ms, in->retry_after_ms);
}

Test(wire, an_accepting_receipt_keeps_every_field)
{
	struct alm_accepted in = sample_accepted();
	const struct alm_receipt *receipt =
		&round_trip(ALM_ENVELOPE_RECEIPT)->receipt;
	const struct alm_accepted *out = &receipt->accepted;

	cr_assert(receipt->is_accepted);
	cr_assert_eq(out->sequence, in.sequence);
	cr_assert_eq(out->audit_sequence, in.audit_sequence);
	cr_assert_eq(out->accepted_at_ms, in.accepted_at_ms);
	cr_assert(out->is_duplicate && out->is_transformed);
	cr_assert_str_eq(out->basis, in.basis);
	cr_assert_eq(out->level, in.level);
	same_texts(out->released, in.released);
	same_texts(out->withheld, in.withheld);
	same_texts(out->obligations, in.obligations);
}

Test(wire, a_refusing_receipt_takes_its_words_from_the_catalogue)
{
	struct alm_envelope in = {.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = {.message_id = sample_id(),
			.refused = sample_problem()}};
	const struct alm_envelope *out = decode(ALM_WIRE_AGENT, encode(&in));

	cr_assert_not(out->receipt.is_accepted);
	same_problem(&out->receipt.refused, &in.receipt.refused);
}

Test(wire, a_notice_keeps_every_field)
{
	struct alm_notice in = sample_notice();
	const struct alm_notice *out = &round_trip(ALM_ENVELOPE_NOTICE)->notice;

	cr_assert_eq(out->sequence, in.sequence);
	cr_assert_eq(out->attempt, in.attempt);
	cr_assert(out->is_repeat);
	cr_assert_eq(out->kind, in.kind);
	cr_assert_arr_eq(out->message_id.raw, in.message_id.raw, 16);
	cr_assert_str_eq(out->recipient, in.recipient);
	cr_assert_str_eq(out->reason, in.reason);
	cr_assert_eq(out->at_ms, in.at_ms);
	same_problem(&out->problem, &in.problem);
}

Test(wire, mail_keeps_every_field)
{
	struct alm_deliver in = sample_deliver();
	const struct alm_deliver *out =
		&round_trip(ALM_ENVELOPE_DELIVER)->deliver;

	cr_assert_eq(out->sequence, in.sequence);
	cr_assert_eq(out->attempt, in.attempt);
	cr_assert(out->is_repeat && out->is_partial);
	cr_assert_arr_eq(out->message_id.raw, in.message_id.raw, 16);
	cr_assert_str_eq(out->sender, in.sender);
	cr_assert_str_eq(out->recipient, in.recipient);
	cr_assert_str_eq(out->purpose, in.purpose);
	same_texts(out->categories, in.categories);
	cr_assert_str_eq(out->standard, in.standard);
	cr_assert_str_eq(out->standard_version, in.standard_version);
	cr_assert_eq(out->level, in.level);
	cr_assert_str_eq(out->subject, in.subject);
	same_bytes(out->pseudonym, in.pseudonym);
	cr_assert_str_eq(out->basis, in.basis);
	same_texts(out->obligations, in.obligations);
	same_bytes(out->correlation_id, in.correlation_id);
	cr_assert_eq(out->deadline_ms, in.deadline_ms);
	cr_assert_eq(out->expires_ms, in.expires_ms);
	cr_assert_eq(out->priority, in.priority);
	cr_assert_str_eq(out->traceparent, in.traceparent);
	cr_assert_eq(out->accepted_at_ms, in.accepted_at_ms);
	same_bytes(out->payload, in.payload);
}

Test(wire, acknowledgements_keep_their_order)
{
	const struct alm_envelope *ack = round_trip(ALM_ENVELOPE_ACKNOWLEDGE);
	const struct alm_envelope *acked =
		round_trip(ALM_ENVELOPE_ACKNOWLEDGED);

	cr_assert_eq(ack->acknowledge.count, 2);
	cr_assert_eq(ack->acknowledge.items[1].sequence, 300);
	cr_assert(ack->acknowledge.items[1].is_rejected);
	cr_assert_str_eq(ack->acknowledge.items[1].reason, "not ours");
	cr_assert_eq(acked->acknowledged.count, 4);
	cr_assert_arr_eq(acked->acknowledged.sequences, sample_sequences,
		sizeof(sample_sequences));
}

Test(wire, a_request_and_its_answer_keep_every_field)
{
	const struct alm_envelope *e = round_trip(ALM_ENVELOPE_ADMINISTER);
	const struct alm_answer *answer =
		&round_trip(ALM_ENVELOPE_ANSWER)->answer;

	cr_assert_eq(e->request.id, 77);
	cr_assert_str_eq(e->request.verb, "policy.activate");
	cr_assert_eq(e->request.argument_count, 2);
	cr_assert_str_eq(e->request.arguments[1].value, "complaint 12");
	cr_assert_eq(e->request.attachment_count, 2);
	cr_assert_eq(e->request.attachments[0].content.bytes, 40);
	cr_assert_eq(answer->code, ALM_NOT_FOUND);
	cr_assert_str_eq(answer->detail, "nothing after 2");
	cr_assert_eq(answer->row_count, 2);
	cr_assert_str_eq(answer->rows[1].items[0], "2");
	cr_assert_str_eq(answer->cursor, "2");
	cr_assert_str_eq(answer->facts[0].key, "size");
}

Test(wire, a_frame_carries_many_envelopes_in_order)
{
	struct alm_frame_builder frame;
	const struct alm_envelope *out;
	struct alm_envelope e = {.kind = ALM_ENVELOPE_CREDIT};
	size_t count;

	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	for (e.credit = 0; e.credit < ALM_FRAME_ENVELOPES_MAX; e.credit++) {
		cr_assert_eq(alm_frame_add(&frame, &e, &arena), ALM_OK);
	}
	cr_assert_eq(alm_frame_add(&frame, &e, &arena), ALM_TOO_MANY_ENVELOPES);
	cr_assert_eq(
		alm_wire_decode(ALM_WIRE_BROKER_AGENTS, alm_frame_bytes(&frame),
			&arena, &out, &count, NULL),
		ALM_OK);
	cr_assert_eq(count, ALM_FRAME_ENVELOPES_MAX);
	cr_assert_eq(out[255].credit, 255);
	alm_frame_reset(&frame);
	cr_assert_eq(alm_frame_bytes(&frame).bytes, 0);
	cr_assert_eq(alm_frame_add(&frame, &e, &arena), ALM_OK);
	alm_frame_fini(&frame);
}

Test(wire, an_envelope_that_does_not_fit_is_not_added)
{
	struct alm_envelope e =
		sample_envelope(ALM_ENVELOPE_PING, (struct alm_bytes){NULL, 0});
	struct alm_frame_builder frame;
	size_t bytes = encode(&e).bytes;

	alm_frame_init(&frame, 2 * bytes);
	cr_assert_eq(alm_frame_add(&frame, &e, &arena), ALM_OK);
	cr_assert_eq(alm_frame_add(&frame, &e, &arena), ALM_OK);
	cr_assert_eq(alm_frame_add(&frame, &e, &arena), ALM_FRAME_TOO_LARGE);
	cr_assert_eq(alm_frame_bytes(&frame).bytes, 2 * bytes);
	cr_assert_eq(frame.envelope_count, 2);
	alm_frame_fini(&frame);
}
