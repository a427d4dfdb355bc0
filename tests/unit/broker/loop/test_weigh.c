/*
 * Goal: what a frame will cost is known before it is decoded: acknowledgements
 * by their number, messages by their bytes.  Method: real frames, cut at both
 * sides of the room, and bytes that are none.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/loop/weigh.h"
#include "lib/limits.h"
#include "lib/wire/wire.h"
#include "lib/zip.h"

static struct alm_frame_builder frame;
static struct alm_arena arena;

static void open_all(void)
{
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
}

static void close_all(void)
{
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}

TestSuite(weigh, .init = open_all, .fini = close_all);

static void add_acknowledgements(size_t count)
{
	static struct alm_acknowledgement items[ALM_ACKS_PER_ENVELOPE_MAX];
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_ACKNOWLEDGE,
		.acknowledge = {items, count}};

	for (size_t i = 0; i < count; i++) {
		items[i] = (struct alm_acknowledgement){
			.sequence = 1000000 + i, .reason = ""};
	}
	cr_assert_eq(alm_frame_add(&frame, &envelope, &arena), ALM_OK);
}

static void add_pings(size_t count)
{
	const struct alm_envelope envelope = {.kind = ALM_ENVELOPE_PING};

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(alm_frame_add(&frame, &envelope, &arena), ALM_OK);
	}
}

Test(weigh, acknowledgements_weigh_by_their_number)
{
	struct alm_front front;

	add_acknowledgements(1);
	front = alm_weigh_front(alm_frame_bytes(&frame), UINT32_MAX);
	cr_expect_eq(front.units, 1);
	cr_expect_eq(front.messages, 0);
	add_acknowledgements(ALM_ACKS_PER_ENVELOPE_MAX);
	front = alm_weigh_front(alm_frame_bytes(&frame), UINT32_MAX);
	cr_expect_geq(front.units, ALM_ACKS_PER_ENVELOPE_MAX / 16);
	cr_expect_leq(front.units, ALM_ACKS_PER_ENVELOPE_MAX / 4);
}

Test(weigh, cuts_where_the_room_ends_and_takes_one_at_least)
{
	struct alm_front front;

	add_pings(5);
	front = alm_weigh_front(alm_frame_bytes(&frame), 5);
	cr_expect_eq(front.count, 0, "all of it");
	cr_expect_eq(front.units, 5);
	cr_expect_eq(front.bytes, alm_frame_bytes(&frame).bytes);
	front = alm_weigh_front(alm_frame_bytes(&frame), 4);
	cr_expect_eq(front.count, 4);
	cr_expect_eq(front.messages, 4);
	front = alm_weigh_front(alm_frame_bytes(&frame), 0);
	cr_expect_eq(front.count, 1);
}

#define CONTENT_BYTES ((size_t)256 * 1024)

/* So many bytes that shrink to next to nothing, and what they travel as. */
static struct alm_bytes packed_content(void)
{
	uint8_t *clear = alm_arena_take(&arena, CONTENT_BYTES);
	uint8_t *packed = alm_arena_take(&arena, CONTENT_BYTES);
	struct alm_zip *zip = alm_zip_new();
	size_t bytes;

	for (size_t i = 0; i < CONTENT_BYTES; i++) {
		clear[i] = (uint8_t)(i % 97 * (i / 4096 + 1));
	}
	bytes = alm_zip_pack(
		zip, (struct alm_bytes){clear, CONTENT_BYTES}, packed);
	alm_zip_free(zip);
	cr_assert_gt(bytes, 0);
	cr_assert_lt(bytes, CONTENT_BYTES / 8);
	return (struct alm_bytes){packed, bytes};
}

static uint32_t units_of(const struct alm_envelope *envelope)
{
	alm_frame_reset(&frame);
	cr_assert_eq(alm_frame_add(&frame, envelope, &arena), ALM_OK);
	return alm_weigh_front(alm_frame_bytes(&frame), UINT32_MAX).units;
}

Test(weigh, what_is_packed_weighs_as_its_content)
{
	const uint8_t message[] = {1};
	struct alm_bytes packed = packed_content();
	struct alm_envelope send = {.kind = ALM_ENVELOPE_SEND,
		.send = {.message = {message, sizeof(message)},
			.payload = packed,
			.encoding = ALM_ENCODING_ZSTD,
			.sent_at_ms = 1,
			.signature = {.tree_size = 1}}};
	struct alm_envelope part = {.kind = ALM_ENVELOPE_PART,
		.part = {.data = packed, .encoding = ALM_ENCODING_ZSTD}};
	uint32_t content = alm_weigh_bytes(CONTENT_BYTES);
	uint8_t *broken;

	cr_expect_geq(units_of(&send), content);
	cr_expect_geq(units_of(&part), content);
	send.send.encoding = ALM_ENCODING_NONE;
	part.part.encoding = ALM_ENCODING_NONE;
	cr_expect_leq(units_of(&send), alm_weigh_bytes(packed.bytes) + 1);
	cr_expect_leq(units_of(&part), alm_weigh_bytes(packed.bytes) + 1);
	broken = alm_arena_take(&arena, packed.bytes);
	memcpy(broken, packed.data, packed.bytes);
	broken[0] ^= 1;
	send.send.encoding = ALM_ENCODING_ZSTD;
	send.send.payload.data = broken;
	cr_expect_leq(units_of(&send), alm_weigh_bytes(packed.bytes) + 1,
		"it will be refused, and never unpacked");
}

/* A frame that says of itself that it holds one byte, and holds many. */
static struct alm_bytes understated(size_t bytes)
{
	static const uint8_t head[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 1};
	uint32_t block = 1 | (uint32_t)bytes
				     << 3; /* the last one, not packed */
	uint8_t *packed = alm_arena_take(&arena, sizeof(head) + 3 + bytes);

	memcpy(packed, head, sizeof(head));
	for (size_t i = 0; i < 3; i++) {
		packed[sizeof(head) + i] = (uint8_t)(block >> 8 * i);
	}
	return (struct alm_bytes){packed, sizeof(head) + 3 + bytes};
}

Test(weigh, what_says_that_it_is_less_weighs_as_it_travels)
{
	struct alm_bytes packed = understated((size_t)100 * 1000);
	const struct alm_envelope part = {.kind = ALM_ENVELOPE_PART,
		.part = {.data = packed, .encoding = ALM_ENCODING_ZSTD}};
	size_t bytes = 0;

	cr_assert_eq(
		alm_zip_size(packed, ALM_PAYLOAD_BYTES_MAX, &bytes), ALM_OK);
	cr_assert_eq(bytes, 1, "known to be wrong when it is unpacked");
	cr_expect_eq(
		alm_weigh_content(ALM_ENCODING_ZSTD, packed), packed.bytes);
	cr_expect_geq(units_of(&part), alm_weigh_bytes(packed.bytes));
}

Test(weigh, what_is_no_frame_weighs_as_its_bytes)
{
	static const uint8_t rubbish[5000] = {0xff, 0xff, 0xff};
	const struct alm_bytes bytes = {rubbish, sizeof(rubbish)};

	cr_expect_eq(alm_weigh_front(bytes, 1).units, 2);
	cr_expect_eq(alm_weigh_front(bytes, 1).count, 0);
	cr_expect_not(alm_weigh_is_send(bytes));
	cr_expect_not(alm_weigh_is_send((struct alm_bytes){NULL, 0}));
}

Test(weigh, tells_messages_from_the_rest)
{
	const uint8_t message[] = {1};
	const struct alm_envelope send = {.kind = ALM_ENVELOPE_SEND,
		.send = {.message = {message, sizeof(message)},
			.sent_at_ms = 1,
			.signature = {.tree_size = 1}}};

	add_pings(1);
	cr_expect_not(alm_weigh_is_send(alm_frame_bytes(&frame)));
	alm_frame_reset(&frame);
	cr_assert_eq(alm_frame_add(&frame, &send, &arena), ALM_OK);
	cr_expect(alm_weigh_is_send(alm_frame_bytes(&frame)));
}
