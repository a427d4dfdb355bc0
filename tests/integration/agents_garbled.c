/*
 * Goal: whatever comes from a broker, in any order, a client neither fails an
 * assertion nor reads where it must not, and what it keeps has a bound.
 * Method: frames about what it has under way, and half of them garbled.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agents/client/client.h"
#include "tests/support/client.h"
#include "tests/support/rogue.h"

#define SEED 20261123u
#define GARBLED_FRAMES 4000u

static struct test_rogue rogue;
static struct test_peer own; /* for its keys */
static struct alm_client *client;

static void open_all(void)
{
	test_rogue_open(&rogue, 0);
	test_peer_make(&own, "RX1");
	client = test_rogue_client(&rogue, &own, 16, true);
}

static void close_all(void)
{
	alm_client_close(client);
	test_peer_free(&own);
	test_rogue_close(&rogue);
}

TestSuite(agents_garbled, .init = open_all, .fini = close_all, .timeout = 1800);

/** A whole conversation's worth of envelopes, some of them about what the
 * client has under way. */
static size_t build(struct alm_frame_builder *frame, struct alm_arena *arena,
	const uint8_t id[16])
{
	struct alm_envelope envelopes[] = {test_rogue_welcome(),
		test_rogue_mail(1 + (uint64_t)rand() % 20),
		{.kind = ALM_ENVELOPE_RECEIPT,
			.receipt = {.is_accepted = rand() % 2 == 0,
				.accepted = {.basis = ""},
				.refused = {.code = ALM_BUSY,
					.detail = "",
					.nearest = ""}}},
		{.kind = ALM_ENVELOPE_ANSWER,
			.answer = {.id = 1, .detail = "", .cursor = ""}},
		{.kind = ALM_ENVELOPE_PROGRESS,
			.progress = {.message_id = {id, 16},
				.next = (uint32_t)rand(),
				.until = (uint32_t)rand(),
				.is_again = rand() % 2 == 0}},
		{.kind = ALM_ENVELOPE_ERROR,
			.error = {.code = (enum alm_err)(1000 + rand() % 400),
				.detail = "",
				.nearest = ""}},
		{.kind = ALM_ENVELOPE_PING}, {.kind = ALM_ENVELOPE_PONG}};

	memcpy(envelopes[2].receipt.message_id.raw, id, 16);
	alm_frame_reset(frame);
	alm_arena_reset(arena);
	for (unsigned i = 0; i < 4; i++) {
		size_t which = (size_t)rand() % ALM_COUNT(envelopes);

		if (envelopes[which].kind == ALM_ENVELOPE_ERROR &&
			(envelopes[which].error.code == ALM_SUPERSEDED ||
				envelopes[which].error.code == ALM_OK)) {
			continue;
		}
		cr_assert_eq(
			alm_frame_add(frame, &envelopes[which], arena), ALM_OK);
	}
	return alm_frame_bytes(frame).bytes;
}

static void say_garbled(struct alm_frame_builder *frame,
	struct alm_arena *arena, const uint8_t id[16])
{
	static uint8_t copy[ALM_FRAME_BYTES_MAX];
	size_t bytes = build(frame, arena, id);

	if (bytes == 0) {
		return;
	}
	memcpy(copy, alm_frame_bytes(frame).data, bytes);
	if (rand() % 2 == 0) {
		copy[(size_t)rand() % bytes] ^= (uint8_t)(1 + rand() % 255);
	}
	if (rand() % 8 == 0) {
		bytes = (size_t)rand() % bytes;
	}
	(void)test_rogue_say_bytes(&rogue, (struct alm_bytes){copy, bytes});
}

Test(agents_garbled, anything_at_all_in_any_order)
{
	struct alm_outgoing message = test_outgoing();
	struct alm_frame_builder frame;
	struct alm_arena arena;
	uint8_t id[16];
	uint32_t question;

	srand(SEED);
	test_rogue_greet(&rogue, client);
	alm_arena_init(&arena, 8 * ALM_PAYLOAD_BYTES_MAX);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	alm_make_id(id);
	message.id = id;
	for (unsigned i = 0; i < GARBLED_FRAMES; i++) {
		(void)alm_send_start(client, &message, NULL);
		if (i % 16 == 0) {
			(void)alm_ask_start(
				client, "status", NULL, 0, &question);
			(void)alm_acknowledge(client, 1 + i % 20, NULL);
		}
		say_garbled(&frame, &arena, id);
		(void)alm_client_process(client);
		while (test_rogue_next(&rogue) != NULL) {
		}
		if (i % 8 == 0) {
			alm_event_free(alm_client_next_event(client));
		}
	}
	cr_assert_leq(client->events.count, ALM_EVENTS_MAX + 1024);
	alm_frame_fini(&frame);
	alm_arena_fini(&arena);
}
