/*
 * Goal: the direct decoder takes what a broker sends most, makes of it what
 * the general one makes, and takes nothing that the general one refuses.
 */
#include <criterion/criterion.h>

#include "lib/protowire.h"
#include "tests/support/direct.h"
#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;
static struct alm_frame_builder frame;
static enum alm_wire_side side = ALM_WIRE_AGENT;
static const enum alm_envelope_kind kinds[] = {ALM_ENVELOPE_RECEIPT,
	ALM_ENVELOPE_DELIVER, ALM_ENVELOPE_ACKNOWLEDGED, ALM_ENVELOPE_SEND,
	ALM_ENVELOPE_ACKNOWLEDGE};
#define AGENT_KINDS 3u

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)256 * 1024 * 1024);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
}

static void tear_down(void)
{
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

TestSuite(wire_direct, .init = set_up, .fini = tear_down);

static struct alm_envelope sample(enum alm_envelope_kind kind)
{
	/* The largest number of the sample is left to the general decoder. */
	static const uint64_t sequences[] = {1, 127, 128, 300, INT64_MAX};
	struct alm_envelope e = sample_envelope(
		kind, (struct alm_bytes){(const uint8_t *)"message", 7});

	side = sample_side(kind);

	if (kind == ALM_ENVELOPE_ACKNOWLEDGED) {
		e.acknowledged = (struct alm_acknowledged){
			sequences, ALM_COUNT(sequences)};
	}
	return e;
}

static void add(const struct alm_envelope *envelope)
{
	cr_assert_eq(alm_frame_add(&frame, envelope, &arena), ALM_OK);
}

static int compare(void)
{
	return direct_compare(side, alm_frame_bytes(&frame), &arena);
}

Test(wire_direct, takes_each_kind_full_and_empty)
{
	for (size_t i = 0; i < ALM_COUNT(kinds); i++) {
		struct alm_envelope e = sample(kinds[i]);

		alm_frame_reset(&frame);
		add(&e);
		cr_assert_eq(compare(), 1, "%d", (int)kinds[i]);
	}
	alm_frame_reset(&frame);
	side = ALM_WIRE_AGENT;
	add(&(struct alm_envelope){.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = {.is_accepted = true, .accepted.sequence = 1}});
	add(&(struct alm_envelope){.kind = ALM_ENVELOPE_DELIVER,
		.deliver = {.sequence = 1, .sender = "A", .recipient = "B"}});
	cr_assert_eq(compare(), 1);
}

Test(wire_direct, takes_many_in_a_frame_and_ends_every_text)
{
	const struct alm_envelope *out = NULL;
	size_t count = 0;

	for (size_t i = 0; i < ALM_FRAME_ENVELOPES_MAX - 1; i++) {
		struct alm_envelope e = sample(kinds[i % AGENT_KINDS]);

		add(&e);
	}
	cr_assert_eq(compare(), 1);
	cr_assert(alm_wire_decode_direct(
		ALM_WIRE_AGENT, alm_frame_bytes(&frame), &arena, &out, &count));
	cr_assert_eq(count, ALM_FRAME_ENVELOPES_MAX - 1);
	cr_assert_str_eq(out[0].receipt.accepted.basis, "icb-care-2026");
	cr_assert_str_eq(out[0].receipt.accepted.obligations.items[0],
		sample_obligations[0]);
	cr_assert_str_eq(out[1].deliver.traceparent, SAMPLE_TRACE);
	cr_assert_str_eq(out[1].deliver.categories.items[1], "medications");
	cr_assert_eq(out[1].deliver.payload.bytes, 100);
	cr_assert_eq(out[2].acknowledged.sequences[4], INT64_MAX);
}

Test(wire_direct, takes_lists_of_any_length)
{
	static const char *texts[ALM_CATEGORIES_MAX];

	for (size_t i = 0; i < ALM_COUNT(texts); i++) {
		texts[i] = i % 7 == 0 ? "" : "some-category";
	}
	for (size_t count = 0; count <= ALM_COUNT(texts); count++) {
		struct alm_envelope e = sample(ALM_ENVELOPE_DELIVER);

		e.deliver.categories = (struct alm_texts){texts, count};
		alm_frame_reset(&frame);
		add(&e);
		cr_assert_eq(compare(), 1, "%zu", count);
	}
}

Test(wire_direct, leaves_to_the_other_what_is_not_plain)
{
	struct alm_envelope e = sample(ALM_ENVELOPE_RECEIPT);

	e.receipt.is_accepted = false;
	e.receipt.refused = sample_problem();
	add(&e);
	cr_assert_eq(compare(), 0);
	alm_frame_reset(&frame);
	e = sample(ALM_ENVELOPE_DELIVER);
	add(&e);
	e = sample_envelope(ALM_ENVELOPE_PING, (struct alm_bytes){NULL, 0});
	add(&e);
	cr_assert_eq(compare(), 0);
	cr_assert_eq(
		direct_compare(side, (struct alm_bytes){NULL, 0}, &arena), 0);
}

static bool is_message;

static int compare_either(struct alm_bytes bytes)
{
	return is_message ? direct_compare_message(bytes, &arena)
			  : direct_compare(side, bytes, &arena);
}

/** Every byte of the frame, changed to each of some values. */
static size_t mutate(struct alm_bytes bytes)
{
	static const uint8_t values[] = {
		0, 1, 2, 8, 0x0A, 0x10, 0x12, 0x7F, 0x80, 0xC2, 0xFF};
	uint8_t *copy = malloc(bytes.bytes);
	size_t taken = 0;

	memcpy(copy, bytes.data, bytes.bytes);
	for (size_t at = 0; at < bytes.bytes; at++) {
		for (size_t i = 0; i < 2 * ALM_COUNT(values); i++) {
			uint8_t value = values[i / 2];
			int rc;

			copy[at] = i % 2 == 0 ? value : copy[at] ^ value;
			rc = compare_either(
				(struct alm_bytes){copy, bytes.bytes});
			cr_assert_neq(rc, -1, "byte %zu is %u", at, copy[at]);
			taken += rc == 1 ? 1 : 0;
			copy[at] = bytes.data[at];
			alm_arena_reset(&arena);
		}
	}
	free(copy);
	return taken;
}

Test(wire_direct, takes_no_damaged_frame_that_the_other_refuses)
{
	for (size_t i = 0; i < ALM_COUNT(kinds); i++) {
		struct alm_envelope e = sample(kinds[i]);

		alm_frame_reset(&frame);
		add(&e);
		cr_assert_gt(mutate(alm_frame_bytes(&frame)), 0);
	}
}

Test(wire_direct, takes_no_frame_that_is_cut_off)
{
	struct alm_envelope e = sample(ALM_ENVELOPE_DELIVER);
	struct alm_bytes bytes;

	add(&e);
	bytes = alm_frame_bytes(&frame);
	while (--bytes.bytes > 0) {
		/* Without slack, so that reading past it is seen. */
		uint8_t *copy = malloc(bytes.bytes);

		memcpy(copy, bytes.data, bytes.bytes);
		cr_assert_eq(
			direct_compare(side,
				(struct alm_bytes){copy, bytes.bytes}, &arena),
			0);
		free(copy);
	}
}

Test(wire_direct, takes_nothing_of_the_arena_when_it_gives_up)
{
	const struct alm_envelope *out = NULL;
	struct alm_envelope e = sample(ALM_ENVELOPE_ACKNOWLEDGE);
	size_t count = 0;
	size_t bytes;

	add(&e);
	e.kind = ALM_ENVELOPE_GOODBYE;
	add(&e);
	bytes = arena.bytes;
	cr_assert_not(alm_wire_decode_direct(ALM_WIRE_BROKER_AGENTS,
		alm_frame_bytes(&frame), &arena, &out, &count));
	cr_assert_eq(arena.bytes, bytes);
}

static struct alm_bytes message_bytes(const struct alm_message *message)
{
	struct alm_bytes bytes = {NULL, 0};

	cr_assert_eq(alm_wire_encode_message(message, &arena, &bytes), ALM_OK);
	return bytes;
}

/** The sample, without the parts that are left to the general decoder. */
static struct alm_message plain_message(void)
{
	struct alm_message message = sample_message();

	message.has_relationship = false;
	message.has_override = false;
	message.has_not_before = false;
	return message;
}

Test(wire_direct, takes_the_signed_part_full_and_empty)
{
	struct alm_message message = plain_message();
	struct alm_message empty = {.id = message.id};

	cr_assert_eq(
		direct_compare_message(message_bytes(&message), &arena), 1);
	cr_assert_eq(direct_compare_message(message_bytes(&empty), &arena), 1);
	message.has_override = true;
	cr_assert_eq(
		direct_compare_message(message_bytes(&message), &arena), 0);
	empty.id.raw[6] = 0x40; /* version 4 */
	cr_assert_eq(direct_compare_message(message_bytes(&empty), &arena), 0);
}

Test(wire_direct, takes_no_damaged_message_that_the_other_refuses)
{
	struct alm_message message = plain_message();
	struct alm_bytes bytes = message_bytes(&message);
	struct alm_bytes copy = {malloc(bytes.bytes), bytes.bytes};

	/* Outside of the arena, which is reset between. */
	memcpy((void *)(uintptr_t)copy.data, bytes.data, bytes.bytes);
	is_message = true;
	cr_assert_gt(mutate(copy), 0);
	free((void *)(uintptr_t)copy.data);
}
