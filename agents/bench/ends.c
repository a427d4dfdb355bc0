#include "agents/bench/ends.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>
#include <zmq.h>

#include "agents/client/batch.h"
#include "lib/hash.h"
#include "lib/wire/wire.h"

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define ACKS_AT_ONCE 256u

/* --- sending ------------------------------------------------------------ */

struct origin {
	void *socket;
	const struct alm_bench_load *load;
	struct alm_hash *hash;
	struct alm_arena arena; /* of one batch, or of one answer */
	struct alm_frame_builder frame;
	struct alm_batch batch;
	struct alm_bytes messages[ALM_SIGNATURE_LEAVES_MAX];
	uint8_t secret[ALM_SIGNING_SECRET_BYTES];
	uint8_t random[10]; /* of the next id */
	struct alm_id_series ids;
	struct alm_bytes payload;
	uint64_t started;
	uint64_t answered;
};

static int64_t wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool add_message(struct origin *o, int64_t now_ms)
{
	struct alm_message message = alm_bench_message();
	struct alm_bytes *bytes = &o->messages[o->batch.count];
	uint8_t digest[ALM_DIGEST_BYTES];

	sodium_increment(o->random, sizeof(o->random));
	message.id = alm_message_id_next(&o->ids, now_ms, o->random);
	alm_hash_bytes(o->hash, o->payload, message.payload_sha256);
	if (alm_wire_encode_message(&message, &o->arena, bytes) != ALM_OK) {
		return false;
	}
	alm_hash_bytes(o->hash, *bytes, digest);
	alm_batch_add(&o->batch, o->hash, now_ms, digest);
	o->started++;
	return true;
}

static bool flush(struct origin *o)
{
	struct alm_bytes bytes = alm_frame_bytes(&o->frame);
	bool is_good = o->frame.envelope_count == 0 ||
		       zmq_send(o->socket, bytes.data, bytes.bytes, 0) >= 0;

	alm_frame_reset(&o->frame);
	return is_good;
}

static bool send_batch(struct origin *o, int64_t now_ms)
{
	bool is_good = true;

	alm_batch_sign(&o->batch, o->hash, o->secret);
	for (size_t i = 0; is_good && i < o->batch.count; i++) {
		struct alm_envelope envelope = {.kind = ALM_ENVELOPE_SEND};

		envelope.send.message = o->messages[i];
		envelope.send.payload = o->payload;
		envelope.send.sent_at_ms = now_ms;
		alm_batch_signature(&o->batch, i, &envelope.send.signature);
		is_good = alm_frame_add(&o->frame, &envelope, &o->arena) ==
			  ALM_OK;
		if (o->frame.envelope_count == o->load->envelopes_per_frame) {
			is_good = is_good && flush(o);
		}
	}
	return is_good && flush(o);
}

/* As many as the window takes, up to one tree. */
static bool send_some(struct origin *o)
{
	int64_t now_ms = wall_ms();

	alm_arena_reset(&o->arena);
	alm_batch_reset(&o->batch);
	while (o->batch.count < ALM_SIGNATURE_LEAVES_MAX &&
		o->started < o->load->message_count &&
		o->started - o->answered < o->load->window) {
		if (!add_message(o, now_ms)) {
			return false;
		}
	}
	return o->batch.count == 0 || send_batch(o, now_ms);
}

/* Waits for the first when nothing else can be done. */
static bool take_answers(struct origin *o)
{
	bool must_wait = o->started == o->load->message_count ||
			 o->started - o->answered >= o->load->window;
	zmq_msg_t frame;
	bool is_good = true;

	(void)zmq_msg_init(&frame);
	while (is_good && zmq_msg_recv(&frame, o->socket,
				  must_wait ? 0 : ZMQ_DONTWAIT) >= 0) {
		struct alm_bytes bytes = {
			zmq_msg_data(&frame), zmq_msg_size(&frame)};
		const struct alm_envelope *envelopes;
		size_t count = 0;

		alm_arena_reset(&o->arena);
		is_good = alm_wire_decode(ALM_WIRE_BROKER_AGENTS, bytes,
				  &o->arena, &envelopes, &count,
				  NULL) == ALM_OK &&
			  envelopes[0].kind == ALM_ENVELOPE_ACKNOWLEDGE;
		o->answered += is_good ? envelopes[0].acknowledge.count : 0;
		must_wait = false;
	}
	(void)zmq_msg_close(&frame);
	return is_good && !must_wait; /* or the time was up */
}

bool alm_bench_send_signed(void *socket, const struct alm_bench_load *load)
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	uint8_t *payload = calloc(1, load->payload_bytes + 1);
	struct origin *o = calloc(1, sizeof(*o));
	bool is_good = o != NULL && payload != NULL;

	if (is_good) {
		o->socket = socket;
		o->load = load;
		o->hash = alm_hash_new();
		o->payload = (struct alm_bytes){payload, load->payload_bytes};
		alm_arena_init(&o->arena, ARENA_BYTES_MAX);
		alm_frame_init(&o->frame, ALM_FRAME_BYTES_MAX);
		(void)crypto_sign_keypair(public_key, o->secret);
		randombytes_buf(o->random, sizeof(o->random));
		is_good = o->hash != NULL;
		while (is_good && o->answered < load->message_count) {
			is_good = send_some(o) && take_answers(o);
		}
		alm_frame_fini(&o->frame);
		alm_arena_fini(&o->arena);
		alm_hash_free(o->hash);
	}
	free(o);
	free(payload);
	return is_good;
}

/* --- receiving ---------------------------------------------------------- */

struct target {
	void *socket;
	struct alm_arena arena;
	struct alm_frame_builder frame;
	struct alm_acknowledgement items[ALM_ACKS_PER_ENVELOPE_MAX];
	size_t item_count;
	uint64_t taken;
};

static bool acknowledge(struct target *t)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_ACKNOWLEDGE};
	struct alm_bytes bytes;

	if (t->item_count == 0) {
		return true;
	}
	envelope.acknowledge.items = t->items;
	envelope.acknowledge.count = t->item_count;
	alm_frame_reset(&t->frame);
	if (alm_frame_add(&t->frame, &envelope, &t->arena) != ALM_OK) {
		return false;
	}
	bytes = alm_frame_bytes(&t->frame);
	t->item_count = 0;
	return zmq_send(t->socket, bytes.data, bytes.bytes, 0) >= 0;
}

static bool take_frame(struct target *t, zmq_msg_t *frame)
{
	struct alm_bytes bytes = {zmq_msg_data(frame), zmq_msg_size(frame)};
	const struct alm_envelope *envelopes;
	size_t count = 0;

	alm_arena_reset(&t->arena);
	if (alm_wire_decode(ALM_WIRE_BROKER_AGENTS, bytes, &t->arena,
		    &envelopes, &count, NULL) != ALM_OK) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (t->item_count == ALM_COUNT(t->items) && !acknowledge(t)) {
			return false;
		}
		t->items[t->item_count++].sequence = ++t->taken;
	}
	return t->item_count < ACKS_AT_ONCE || acknowledge(t);
}

bool alm_bench_take_signed(void *socket, const struct alm_bench_load *load)
{
	struct target *t = calloc(1, sizeof(*t));
	bool is_good = t != NULL;
	zmq_msg_t frame;

	if (t == NULL) {
		return false;
	}
	t->socket = socket;
	alm_arena_init(&t->arena, ARENA_BYTES_MAX);
	alm_frame_init(&t->frame, ALM_FRAME_BYTES_MAX);
	(void)zmq_msg_init(&frame);
	while (is_good && t->taken < load->message_count) {
		if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
			is_good = acknowledge(t) &&
				  zmq_msg_recv(&frame, socket, 0) >= 0;
		}
		is_good = is_good && take_frame(t, &frame);
	}
	is_good = is_good && acknowledge(t);
	(void)zmq_msg_close(&frame);
	alm_frame_fini(&t->frame);
	alm_arena_fini(&t->arena);
	free(t);
	return is_good;
}
