/* The calls that start a message: from memory, from a source, or encoded. */
#include <stdlib.h>
#include <string.h>

#include "agents/client/client.h"
#include "agents/client/clock.h"
#include "agents/client/room.h"

static enum alm_err check_room(const struct alm_client *client,
	const struct alm_message *message, size_t payload_bytes)
{
	if (client->state == ALM_SESSION_ENDED) {
		return client->last_err;
	}
	if (payload_bytes > client->payload_bytes_max ||
		(client->state == ALM_SESSION_READY &&
			message->payload_bytes > client->parts_bytes_max)) {
		return ALM_PAYLOAD_TOO_LARGE;
	}
	return client->outbox.count - client->outbox.kept_count >=
			       client->window
		       ? ALM_WINDOW_FULL
		       : ALM_OK;
}

/** A full batch does not wait for more to be signed with. */
static void flush_full_batch(struct alm_client *client)
{
	if (client->state == ALM_SESSION_READY &&
		client->outbox.counts[ALM_PENDING_QUEUED] >=
			ALM_SIGNATURE_LEAVES_MAX) {
		client->now_ms = alm_client_monotonic_ms();
		alm_outbound_flush(client);
	}
}

/** Starting again what waits is no fault: it is the same message. */
static enum alm_err start(struct alm_client *client,
	const struct alm_message *message, struct alm_bytes bytes,
	struct alm_bytes payload, struct alm_sending **take_sending,
	uint8_t *out_id)
{
	struct alm_pending *pending =
		alm_outbox_find(&client->outbox, &message->id);
	uint8_t sha256[ALM_DIGEST_BYTES];
	enum alm_err err;

	alm_hash_bytes(client->hash, bytes, sha256);
	if (out_id != NULL) {
		memcpy(out_id, message->id.raw, sizeof(message->id.raw));
	}
	if (pending != NULL) {
		return memcmp(sha256, pending->message_sha256,
			       sizeof(sha256)) == 0
			       ? ALM_OK
			       : ALM_MESSAGE_ID_CONFLICT;
	}
	err = check_room(client, message, payload.bytes);
	if (err == ALM_OK) {
		err = alm_outbox_add(
			&client->outbox, &message->id, sha256, bytes, payload);
	}
	if (err != ALM_OK) {
		return err;
	}
	pending = alm_outbox_find(&client->outbox, &message->id);
	alm_room_started(client, pending, message);
	if (*take_sending != NULL) {
		pending->sending = *take_sending;
		pending->sending->pending = pending;
		LIST_INSERT_HEAD(&client->sendings, pending->sending, order);
		*take_sending = NULL;
	}
	flush_full_batch(client);
	alm_session_wake(client);
	return ALM_OK;
}

/** Start what is in memory, or what `take_sending` reads; it is consumed. */
static enum alm_err start_outgoing(struct alm_client *client,
	const struct alm_outgoing *message, struct alm_sending **take_sending,
	uint8_t *out_id)
{
	struct alm_message encoded;
	struct alm_bytes bytes;
	enum alm_err err;

	alm_arena_reset(&client->scratch);
	err = alm_message_from_outgoing(
		client, message, *take_sending, &encoded, &bytes);
	if (err == ALM_OK) {
		err = start(client, &encoded, bytes,
			(struct alm_bytes){
				message->payload, message->payload_bytes},
			take_sending, out_id);
	}
	alm_sending_free(*take_sending);
	*take_sending = NULL;
	return err;
}

/** What fits a message goes with it. */
static enum alm_err start_small(struct alm_client *client,
	const struct alm_outgoing *message, uint8_t *out_id)
{
	const struct alm_source *source = message->source;
	struct alm_outgoing copy = *message;
	struct alm_sending *none = NULL;
	size_t bytes = (size_t)source->bytes;
	uint8_t *room = malloc(bytes + 1);
	enum alm_err err = ALM_OK;

	if (room == NULL) {
		return ALM_NOMEM;
	}
	if (bytes > 0 && source->read(source->cookie, 0, room, bytes) != 0) {
		err = ALM_SOURCE_CHANGED;
	}
	copy.payload = room;
	copy.payload_bytes = bytes;
	if (err == ALM_OK) {
		err = start_outgoing(client, &copy, &none, out_id);
	}
	free(room);
	return err;
}

int alm_send_start(struct alm_client *client,
	const struct alm_outgoing *message, uint8_t out_id[16])
{
	struct alm_outgoing copy = *message;
	struct alm_sending *sending = NULL;
	enum alm_err err;

	if (message->source == NULL) {
		return (int)start_outgoing(client, message, &sending, out_id);
	}
	if (message->source->bytes <= ALM_PAYLOAD_BYTES_MAX) {
		return (int)start_small(client, message, out_id);
	}
	err = alm_sending_new(message->source, client->hash, &sending);
	if (err != ALM_OK) {
		return (int)err;
	}
	copy.payload = NULL;
	copy.payload_bytes = 0;
	return (int)start_outgoing(client, &copy, &sending, out_id);
}

int alm_send_start_encoded(struct alm_client *client, const void *message,
	size_t message_bytes, const void *payload, size_t payload_bytes,
	uint8_t out_id[16])
{
	struct alm_bytes bytes = {message, message_bytes};
	struct alm_bytes content = {payload, payload_bytes};
	uint8_t sha256[ALM_DIGEST_BYTES];
	struct alm_sending *none = NULL;
	struct alm_message decoded;
	enum alm_err err;

	alm_arena_reset(&client->scratch);
	err = alm_wire_decode_message(bytes, &client->scratch, &decoded, NULL);
	if (err != ALM_OK) {
		return (int)err;
	}
	if (strcmp(decoded.sender, client->organisation) != 0) {
		return (int)ALM_SENDER_MISMATCH;
	}
	alm_hash_bytes(client->hash, content, sha256);
	if (memcmp(sha256, decoded.payload_sha256, sizeof(sha256)) != 0) {
		return (int)ALM_PAYLOAD_HASH;
	}
	return (int)start(client, &decoded, bytes, content, &none, out_id);
}
