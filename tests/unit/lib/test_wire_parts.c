/*
 * Goal: what large and compressed payloads add to the wire comes out as it
 * went in, and is refused out of its bounds.
 */
#include <criterion/criterion.h>

#include "tests/support/direct.h"
#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;
static struct alm_frame_builder frame;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
}

static void tear_down(void)
{
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

TestSuite(wire_parts, .init = set_up, .fini = tear_down);

static enum alm_err go(enum alm_wire_side side, const struct alm_envelope *in,
	const struct alm_envelope **out)
{
	size_t count = 0;

	alm_frame_reset(&frame);
	cr_assert_eq(alm_frame_add(&frame, in, &arena), ALM_OK);
	return alm_wire_decode(
		side, alm_frame_bytes(&frame), &arena, out, &count, NULL);
}

static struct alm_envelope of(enum alm_envelope_kind kind)
{
	return sample_envelope(
		kind, (struct alm_bytes){(const uint8_t *)"x", 1});
}

Test(wire_parts, a_part_and_a_progress_keep_every_field)
{
	struct alm_envelope in = of(ALM_ENVELOPE_PART);
	const struct alm_envelope *out = NULL;

	cr_assert_eq(go(ALM_WIRE_BROKER_AGENTS, &in, &out), ALM_OK);
	cr_assert(alm_bytes_equal(out->part.message_id, in.part.message_id));
	cr_assert_eq(out->part.sequence, 0);
	cr_assert_eq(out->part.index, 4095);
	cr_assert_eq(out->part.path.bytes, 64);
	cr_assert_eq(out->part.encoding, ALM_ENCODING_ZSTD);
	cr_assert(alm_bytes_equal(out->part.data, in.part.data));
	in = of(ALM_ENVELOPE_PROGRESS);
	cr_assert_eq(go(ALM_WIRE_AGENT, &in, &out), ALM_OK);
	cr_assert_eq(out->progress.sequence, 99);
	cr_assert_eq(out->progress.next, 17);
	cr_assert_eq(out->progress.until, 25);
	cr_assert(out->progress.is_again);
}

static void refuses(const struct alm_envelope *in, enum alm_err err)
{
	const struct alm_envelope *out = NULL;

	cr_assert_eq(go(ALM_WIRE_BROKER_AGENTS, in, &out), err);
}

Test(wire_parts, each_is_of_a_message_or_of_mail)
{
	struct alm_envelope e = of(ALM_ENVELOPE_PART);

	e.part.sequence = 5;
	refuses(&e, ALM_DUPLICATE_FIELD);
	e.part.message_id.bytes = 0;
	refuses(&e, ALM_OK);
	e.part.sequence = 0;
	refuses(&e, ALM_MISSING_FIELD);
	e = of(ALM_ENVELOPE_PROGRESS);
	e.progress.sequence = 0;
	refuses(&e, ALM_MISSING_FIELD);
	e.progress.message_id = (struct alm_bytes){sample_raw, 15};
	refuses(&e, ALM_MALFORMED);
}

Test(wire_parts, numbers_stay_within_their_bounds)
{
	struct alm_envelope e = of(ALM_ENVELOPE_PART);

	e.part.index = ALM_PARTS_MAX;
	refuses(&e, ALM_MALFORMED);
	e = of(ALM_ENVELOPE_PART);
	e.part.path.bytes = 33;
	refuses(&e, ALM_MALFORMED);
	e = of(ALM_ENVELOPE_PART);
	e.part.data.bytes = 0;
	refuses(&e, ALM_MISSING_FIELD);
	e = of(ALM_ENVELOPE_PART);
	e.part.encoding = 2;
	refuses(&e, ALM_MALFORMED);
	e = of(ALM_ENVELOPE_PROGRESS);
	e.progress.until = ALM_PARTS_MAX;
	refuses(&e, ALM_OK);
	e.progress.until = ALM_PARTS_MAX + 1;
	refuses(&e, ALM_MALFORMED);
}

Test(wire_parts, greetings_say_what_is_understood)
{
	struct alm_envelope in = of(ALM_ENVELOPE_HELLO);
	const struct alm_envelope *out = NULL;

	in.hello.encodings = 3;
	in.hello.takes_parts = true;
	in.hello.keeps_order = true;
	cr_assert_eq(go(ALM_WIRE_BROKER_AGENTS, &in, &out), ALM_OK);
	cr_assert_eq(out->hello.encodings, 3);
	cr_assert(out->hello.takes_parts);
	cr_assert(out->hello.keeps_order);
	in = of(ALM_ENVELOPE_WELCOME);
	in.welcome.encodings = 2;
	in.welcome.parts_bytes_max = ALM_PARTS_PAYLOAD_BYTES_MAX;
	cr_assert_eq(go(ALM_WIRE_AGENT, &in, &out), ALM_OK);
	cr_assert_eq(out->welcome.encodings, 2);
	cr_assert_eq(out->welcome.parts_bytes_max, ALM_PARTS_PAYLOAD_BYTES_MAX);
}

Test(wire_parts, a_send_and_mail_say_how_their_payload_travels)
{
	struct alm_envelope in = of(ALM_ENVELOPE_SEND);
	const struct alm_envelope *out = NULL;
	uint8_t root[ALM_DIGEST_BYTES] = {7};

	in.send.encoding = ALM_ENCODING_ZSTD;
	cr_assert_eq(go(ALM_WIRE_BROKER_AGENTS, &in, &out), ALM_OK);
	cr_assert_eq(out->send.encoding, ALM_ENCODING_ZSTD);
	in.send.encoding = 2;
	refuses(&in, ALM_MALFORMED);
	in = of(ALM_ENVELOPE_DELIVER);
	in.deliver.payload_bytes = 5000000;
	in.deliver.payload_root = SAMPLE_BYTES(root);
	in.deliver.encoding = ALM_ENCODING_ZSTD;
	cr_assert_eq(go(ALM_WIRE_AGENT, &in, &out), ALM_OK);
	cr_assert_eq(out->deliver.payload_bytes, 5000000);
	cr_assert_eq(out->deliver.payload_root.bytes, ALM_DIGEST_BYTES);
	cr_assert_eq(out->deliver.encoding, ALM_ENCODING_ZSTD);
	cr_assert_eq(
		direct_compare(ALM_WIRE_AGENT, alm_frame_bytes(&frame), &arena),
		1);
}

Test(wire_parts, a_message_says_how_large_its_parts_are_together)
{
	struct alm_message in = sample_message();
	struct alm_message out;
	struct alm_bytes bytes;

	in.payload_bytes = ALM_PARTS_PAYLOAD_BYTES_MAX;
	cr_assert_eq(alm_wire_encode_message(&in, &arena, &bytes), ALM_OK);
	cr_assert_eq(
		alm_wire_decode_message(bytes, &arena, &out, NULL), ALM_OK);
	cr_assert_eq(out.payload_bytes, ALM_PARTS_PAYLOAD_BYTES_MAX);
	in.has_relationship = in.has_override = in.has_not_before = false;
	cr_assert_eq(alm_wire_encode_message(&in, &arena, &bytes), ALM_OK);
	cr_assert_eq(direct_compare_message(bytes, &arena), 1);
}
