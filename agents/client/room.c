#include "agents/client/room.h"

#include <string.h>

#include <sodium.h>

#include "agents/client/clock.h"

/* What is kept so; more is given back to the caller. */
#define KEPT_MAX 4096u
#define KEPT_BYTES_MAX (ALM_OUTBOX_BYTES_MAX / 2)
#define WAIT_MS_MAX 60000
#define DOUBLINGS_MAX 5u
/* As the broker has it for messages that do not say. */
#define EXPIRES_AFTER_MS (INT64_C(14) * 24 * 3600 * 1000)

/* Whose room it waits for: the broker's, or a recipient's. */
static uint32_t recipient_of(const struct alm_message *message)
{
	uint32_t hash = UINT32_C(2166136261);

	for (const char *at = message->recipient; *at != '\0'; at++) {
		hash = (hash ^ (uint8_t)*at) * UINT32_C(16777619);
	}
	return hash == ALM_ROOM_OF_BROKER ? 1 : hash;
}

/* Past this nobody wants it any more. */
static int64_t wanted_until_ms(const struct alm_message *message)
{
	if (message->kind == ALM_KIND_REQUEST && message->deadline_ms > 0) {
		return message->deadline_ms;
	}
	return message->expires_ms > 0
		       ? message->expires_ms
		       : alm_message_id_ms(&message->id) + EXPIRES_AFTER_MS;
}

static bool has_place(
	const struct alm_outbox *outbox, const struct alm_pending *pending)
{
	return pending->refused != ALM_OK ||
	       (outbox->kept_count < KEPT_MAX &&
		       outbox->kept_bytes + pending->bytes <= KEPT_BYTES_MAX);
}

/* With those who wait already; else after the time the broker says, which
 * grows with each try. */
static int64_t due_ms(struct alm_client *client,
	const struct alm_pending *pending, uint32_t whose,
	uint32_t retry_after_ms)
{
	int64_t wait_ms = retry_after_ms;
	int64_t due = alm_outbox_kept_due_ms(&client->outbox, whose);

	if (due > client->now_ms) {
		return due;
	}
	for (unsigned i = 0; i < pending->tries && i < DOUBLINGS_MAX &&
			     2 * wait_ms <= WAIT_MS_MAX;
		i++) {
		wait_ms *= 2;
	}
	return client->now_ms + wait_ms +
	       randombytes_uniform((uint32_t)(wait_ms / 4 + 1));
}

bool alm_room_keeps(struct alm_client *client, struct alm_pending *pending,
	const struct alm_wire_problem *refused)
{
	struct alm_message message;
	uint32_t whose;
	int64_t due;

	if (client->gives_back || !refused->is_retryable ||
		refused->retry_after_ms == 0 ||
		!has_place(&client->outbox, pending)) {
		return false;
	}
	alm_arena_reset(&client->scratch);
	if (alm_wire_decode_message(pending->message, &client->scratch,
		    &message, NULL) != ALM_OK) {
		return false; /* the broker has read it, so this is not so */
	}
	whose = refused->code == ALM_STORE_FULL ? ALM_ROOM_OF_BROKER
						: recipient_of(&message);
	due = due_ms(client, pending, whose, refused->retry_after_ms);
	if (alm_client_wall_ms() + (due - client->now_ms) >=
		wanted_until_ms(&message)) {
		return false;
	}
	pending->tries++;
	alm_outbox_keep(&client->outbox, pending, whose, refused->code, due);
	return true;
}

void alm_room_started(struct alm_client *client, struct alm_pending *pending,
	const struct alm_message *message)
{
	struct alm_outbox *outbox = &client->outbox;
	uint32_t whose = ALM_ROOM_OF_BROKER;
	int64_t due;

	if (outbox->kept_count == 0 || client->gives_back ||
		!has_place(outbox, pending)) {
		return;
	}
	due = alm_outbox_kept_due_ms(outbox, whose);
	if (due == 0 && message->recipients.count == 0) {
		whose = recipient_of(message);
		due = alm_outbox_kept_due_ms(outbox, whose);
	}
	if (due != 0) {
		alm_outbox_keep(outbox, pending, whose,
			whose == ALM_ROOM_OF_BROKER ? ALM_STORE_FULL
						    : ALM_MAILBOX_FULL,
			due);
	}
}

enum alm_err alm_room_why(const struct alm_client *client, const uint8_t id[16])
{
	const struct alm_pending *pending;
	struct alm_message_id message_id;

	memcpy(message_id.raw, id, sizeof(message_id.raw));
	pending = alm_outbox_find(&client->outbox, &message_id);
	return pending == NULL ? ALM_OK : pending->refused;
}
