/*
 * Goal: what agents write by hand is what the broker reads, with every field
 * at its limit, and nothing past it is written.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;
static char text[ALM_TEXT_BYTES_MAX + 2];

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(wire_encode, .init = set_up, .fini = tear_down);

static const char *text_of(size_t bytes)
{
	memset(text, 'a', sizeof(text) - 1);
	return text + sizeof(text) - 1 - bytes;
}

static enum alm_err encode(
	const struct alm_message *message, struct alm_message *out)
{
	struct alm_bytes bytes = {NULL, 0};
	enum alm_err err = alm_wire_encode_message(message, &arena, &bytes);

	if (err == ALM_OK) {
		cr_assert_eq(alm_wire_decode_message(bytes, &arena, out, NULL),
			ALM_OK);
	}
	return err;
}

Test(wire_encode, a_part_may_have_any_length)
{
	/* Around 128 the length of the part takes a second byte. */
	for (size_t bytes = 0; bytes <= 300; bytes++) {
		struct alm_message message = sample_message();
		struct alm_message out;

		message.override_by = "";
		message.override_reason = text_of(bytes);
		cr_assert_eq(encode(&message, &out), ALM_OK, "%zu", bytes);
		cr_assert_str_eq(out.override_reason, message.override_reason);
		cr_assert_str_eq(out.traceparent, message.traceparent);
		cr_assert_eq(out.not_before_seq, message.not_before_seq);
		alm_arena_reset(&arena);
	}
}

Test(wire_encode, every_field_at_its_limit_fits)
{
	static const char *categories[ALM_CATEGORIES_MAX];
	const char *id = text_of(ALM_ID_BYTES_MAX);
	struct alm_message message = sample_message();
	struct alm_message out;

	for (size_t i = 0; i < ALM_CATEGORIES_MAX; i++) {
		categories[i] = id;
	}
	message.sender = message.recipient = message.purpose = id;
	message.categories = SAMPLE_TEXTS(categories);
	message.standard = message.standard_version = id;
	message.subject = message.subject_unknown = message.basis = id;
	message.relationship_kind = message.relationship_organisation = id;
	message.relationship_ref = message.override_by =
		text + sizeof(text) - 1 - ALM_REF_BYTES_MAX;
	message.override_reason = text + sizeof(text) - 1 - ALM_TEXT_BYTES_MAX;
	message.not_before_epoch = message.not_before_seq = UINT64_MAX;
	message.deadline_ms = message.expires_ms = INT64_MAX;
	cr_assert_eq(encode(&message, &out), ALM_OK);
	cr_assert_eq(out.categories.count, ALM_CATEGORIES_MAX);
	cr_assert_str_eq(out.override_reason, message.override_reason);
	cr_assert_str_eq(out.relationship_organisation, id);
	cr_assert_eq(out.not_before_seq, UINT64_MAX);
	message.override_reason--;
	cr_assert_eq(encode(&message, &out), ALM_FIELD_TOO_LARGE);
	message.override_reason++;
	message.basis--;
	cr_assert_eq(encode(&message, &out), ALM_FIELD_TOO_LARGE);
	message.basis++;
	message.correlation_id.bytes = ALM_MESSAGE_ID_BYTES + 1;
	cr_assert_eq(encode(&message, &out), ALM_FIELD_TOO_LARGE);
	message.correlation_id.bytes = 0;
	message.categories.count++;
	cr_assert_eq(encode(&message, &out), ALM_TOO_MANY_VALUES);
	message.categories.count--;
	message.purpose = "two\nlines";
	cr_assert_eq(encode(&message, &out), ALM_NOT_TEXT);
}

/* Who reads it. */
static enum alm_wire_side side_of(enum alm_envelope_kind kind)
{
	return kind == ALM_ENVELOPE_SEND || kind == ALM_ENVELOPE_ACKNOWLEDGE
		       ? ALM_WIRE_BROKER_AGENTS
		       : ALM_WIRE_AGENT;
}

static enum alm_err add(const struct alm_envelope *envelope)
{
	struct alm_frame_builder frame;
	const struct alm_envelope *envelopes = NULL;
	size_t count = 0;
	enum alm_err err;

	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	err = alm_frame_add(&frame, envelope, &arena);
	if (err == ALM_OK) {
		cr_assert_eq(alm_wire_decode(side_of(envelope->kind),
				     alm_frame_bytes(&frame), &arena,
				     &envelopes, &count, NULL),
			ALM_OK);
		cr_assert_eq(count, 1);
		cr_assert_eq(frame.envelope_count, 1);
	} else {
		cr_assert_eq(frame.bytes, 0);
		cr_assert_eq(frame.envelope_count, 0);
	}
	alm_frame_fini(&frame);
	return err;
}

Test(wire_encode, a_send_keeps_to_its_limits)
{
	struct alm_envelope e = {.kind = ALM_ENVELOPE_SEND};
	uint8_t *big = calloc(1, ALM_PAYLOAD_BYTES_MAX + 1);

	e.send.message = (struct alm_bytes){big, ALM_MESSAGE_BYTES_MAX};
	e.send.payload = (struct alm_bytes){big, ALM_PAYLOAD_BYTES_MAX};
	e.send.sent_at_ms = 1;
	e.send.signature.tree_size = ALM_SIGNATURE_LEAVES_MAX;
	e.send.signature.path =
		(struct alm_bytes){big, ALM_SIGNATURE_PATH_MAX * 32};
	cr_assert_eq(add(&e), ALM_OK);
	e.send.message.bytes++;
	cr_assert_eq(add(&e), ALM_FIELD_TOO_LARGE);
	e.send.message.bytes--;
	e.send.payload.bytes++;
	cr_assert_eq(add(&e), ALM_FIELD_TOO_LARGE);
	e.send.payload.bytes--;
	e.send.signature.path.bytes++;
	cr_assert_eq(add(&e), ALM_FIELD_TOO_LARGE);
	free(big);
}

Test(wire_encode, acknowledgements_keep_to_their_limits)
{
	static struct alm_acknowledgement items[ALM_ACKS_PER_ENVELOPE_MAX + 1];
	struct alm_envelope e = {.kind = ALM_ENVELOPE_ACKNOWLEDGE};

	for (size_t i = 0; i < ALM_COUNT(items); i++) {
		items[i].sequence = i + 1;
	}
	items[3].is_rejected = true;
	items[3].reason = text_of(ALM_REF_BYTES_MAX);
	e.acknowledge.items = items;
	e.acknowledge.count = ALM_ACKS_PER_ENVELOPE_MAX;
	cr_assert_eq(add(&e), ALM_OK);
	items[3].reason--;
	cr_assert_eq(add(&e), ALM_FIELD_TOO_LARGE);
	items[3].reason = "\x7f";
	cr_assert_eq(add(&e), ALM_NOT_TEXT);
	items[3].reason = NULL;
	e.acknowledge.count++;
	cr_assert_eq(add(&e), ALM_TOO_MANY_VALUES);
}

/* Each list and text of mail: at its limit it fits, past it it does not. */
Test(wire_encode, mail_keeps_to_its_limits)
{
	static const char *many[ALM_OBLIGATIONS_MAX + 1];
	struct alm_envelope e = {.kind = ALM_ENVELOPE_DELIVER};
	uint8_t *big = calloc(1, ALM_PAYLOAD_BYTES_MAX + 1);
	struct alm_deliver full = sample_deliver();

	for (size_t i = 0; i < ALM_COUNT(many); i++) {
		many[i] = "review:72h";
	}
	full.payload = (struct alm_bytes){big, ALM_PAYLOAD_BYTES_MAX};
	full.basis = text_of(ALM_ID_BYTES_MAX);
	full.obligations = (struct alm_texts){many, ALM_OBLIGATIONS_MAX};
	e.deliver = full;
	cr_expect_eq(add(&e), ALM_OK);
	e.deliver.payload.bytes++;
	cr_expect_eq(add(&e), ALM_FIELD_TOO_LARGE);
	e.deliver = full;
	e.deliver.basis--;
	cr_expect_eq(add(&e), ALM_FIELD_TOO_LARGE);
	e.deliver = full;
	e.deliver.obligations.count++;
	cr_expect_eq(add(&e), ALM_TOO_MANY_VALUES);
	e.deliver = full;
	e.deliver.purpose = "direct\ncare";
	cr_expect_eq(add(&e), ALM_NOT_TEXT);
	free(big);
}

Test(wire_encode, acceptances_keep_to_their_limits)
{
	static const char *many[ALM_WITHHELD_MAX + 1];
	struct alm_envelope e = {.kind = ALM_ENVELOPE_RECEIPT};

	for (size_t i = 0; i < ALM_COUNT(many); i++) {
		many[i] = "person.address";
	}
	e.receipt.is_accepted = true;
	e.receipt.accepted = sample_accepted();
	e.receipt.accepted.withheld =
		(struct alm_texts){many, ALM_WITHHELD_MAX};
	cr_expect_eq(add(&e), ALM_OK);
	e.receipt.accepted.withheld.count++;
	cr_expect_eq(add(&e), ALM_TOO_MANY_VALUES);
	e.receipt.accepted.withheld.count = 1;
	many[0] = text_of(ALM_REF_BYTES_MAX + 1);
	cr_expect_eq(add(&e), ALM_FIELD_TOO_LARGE);
	many[0] = "\x1b[2J";
	cr_expect_eq(add(&e), ALM_NOT_TEXT);
}
