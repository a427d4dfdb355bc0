/*
 * Goal: what a message is to another one comes out as it went in, by both
 * readers, and a kind that there is not is refused.
 */
#include <criterion/criterion.h>

#include "tests/support/direct.h"
#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(wire_kinds, .init = set_up, .fini = tear_down);

Test(wire_kinds, every_kind_of_message_is_read_as_it_was_written)
{
	for (unsigned kind = 0; kind <= ALM_KIND_ACTED; kind++) {
		struct alm_message in = sample_message();
		struct alm_message out;
		struct alm_bytes bytes;

		in.kind = (enum alm_message_kind)kind;
		in.has_relationship = in.has_override = false;
		in.has_not_before = false;
		cr_assert_eq(
			alm_wire_encode_message(&in, &arena, &bytes), ALM_OK);
		cr_assert_eq(alm_wire_decode_message(bytes, &arena, &out, NULL),
			ALM_OK);
		cr_assert_eq((unsigned)out.kind, kind);
		cr_assert_eq(direct_compare_message(bytes, &arena), 1);
	}
}

Test(wire_kinds, a_kind_that_there_is_not_is_refused)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_message in = sample_message();
	struct alm_message out;
	struct alm_bytes bytes;

	in.kind = (enum alm_message_kind)(ALM_KIND_ACTED + 1);
	cr_assert_eq(alm_wire_encode_message(&in, &arena, &bytes), ALM_OK);
	cr_assert_eq(alm_wire_decode_message(bytes, &arena, &out, &problem),
		ALM_MALFORMED);
	cr_assert_str_eq(problem.detail, "send.message.kind: out of its range");
}

Test(wire_kinds, mail_says_what_it_is_and_whose_deputy_gets_it)
{
	struct alm_envelope in = sample_envelope(ALM_ENVELOPE_DELIVER,
		(struct alm_bytes){(const uint8_t *)"x", 1});
	const struct alm_envelope *out = NULL;
	struct alm_frame_builder frame;
	size_t count = 0;

	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	in.deliver.kind = ALM_KIND_REQUEST;
	in.deliver.escalated_from = "C84001";
	cr_assert_eq(alm_frame_add(&frame, &in, &arena), ALM_OK);
	cr_assert_eq(alm_wire_decode(ALM_WIRE_AGENT, alm_frame_bytes(&frame),
			     &arena, &out, &count, NULL),
		ALM_OK);
	cr_assert_eq(out->deliver.kind, ALM_KIND_REQUEST);
	cr_assert_str_eq(out->deliver.escalated_from, "C84001");
	cr_assert_eq(
		direct_compare(ALM_WIRE_AGENT, alm_frame_bytes(&frame), &arena),
		1);
	alm_frame_fini(&frame);
}
