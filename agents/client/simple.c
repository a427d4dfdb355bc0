/* The calls that wait, and those that start something. */
#include <stdlib.h>
#include <string.h>

#include "agents/client/client.h"
#include "agents/client/clock.h"
#include "agents/client/room.h"
#include "lib/patience.h"

#define FOR_EVER INT64_MAX

#define ITEM_OF(member, view) \
	((struct alm_item *)(void *)((char *)(view)-offsetof( \
		struct alm_item, member)))

/** What a caller waits for: true once `out_item` or the state is there. */
typedef bool is_done_fn(struct alm_client *client, const void *wanted,
	struct alm_item **out_item);

static struct alm_patience patience_of(int timeout_ms)
{
	return alm_patience_of(timeout_ms < 0 ? FOR_EVER : timeout_ms,
		alm_client_monotonic_ms());
}

/* How long to wait now; 0: it is over. */
static int step_of(struct alm_patience *patience)
{
	return patience->left_ms == FOR_EVER
		       ? -1
		       : alm_patience_step(patience, alm_client_monotonic_ms());
}

static enum alm_err why_late(const struct alm_client *client)
{
	if (client->state == ALM_SESSION_READY) {
		return ALM_TIMEOUT;
	}
	return client->last_err == ALM_OK ? ALM_UNREACHABLE : client->last_err;
}

static enum alm_err wait_on(struct alm_client *client,
	struct alm_patience *patience, is_done_fn *is_done, const void *wanted,
	struct alm_item **out_item)
{
	enum alm_err err = ALM_OK;

	for (;;) {
		int step_ms;

		err = alm_session_turn(client, false);
		if (is_done(client, wanted, out_item)) {
			err = ALM_OK;
			break;
		}
		if (err == ALM_OK && client->is_final &&
			client->state != ALM_SESSION_READY) {
			err = client->last_err;
		}
		if (err == ALM_OK && alm_events_are_full(&client->events)) {
			err = ALM_WINDOW_FULL; /* what is waited for is behind
						  them */
		}
		if (err != ALM_OK) {
			break;
		}
		step_ms = step_of(patience);
		if (step_ms == 0) {
			err = why_late(client);
			break;
		}
		err = alm_link_wait(client->link, step_ms);
		if (err == ALM_INTERRUPTED) {
			break;
		}
	}
	alm_session_arm(client, true);
	return err;
}

static enum alm_err wait_for(struct alm_client *client, int timeout_ms,
	is_done_fn *is_done, const void *wanted, struct alm_item **out_item)
{
	struct alm_patience patience = patience_of(timeout_ms);

	return wait_on(client, &patience, is_done, wanted, out_item);
}

static bool is_ready(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	(void)wanted;
	(void)out_item;
	return client->state == ALM_SESSION_READY;
}

int alm_client_wait_ready(struct alm_client *client, int timeout_ms)
{
	return (int)wait_for(client, timeout_ms, is_ready, NULL, NULL);
}

/* --- sending ---------------------------------------------------------- */

static bool has_room(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	(void)wanted;
	(void)out_item;
	return client->outbox.count - client->outbox.kept_count <
		       client->window &&
	       client->outbox.bytes < ALM_OUTBOX_BYTES_MAX / 2;
}

static bool has_receipt(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	*out_item = alm_events_take_receipt(&client->events, wanted);
	return *out_item != NULL;
}

int alm_send(struct alm_client *client, const struct alm_outgoing *message,
	int timeout_ms, struct alm_receipt_view **out_receipt)
{
	struct alm_patience patience = patience_of(timeout_ms);
	struct alm_outgoing copy = *message;
	struct alm_item *item = NULL;
	uint8_t id[16];
	enum alm_err err;

	/* One id for all tries of this call. */
	if (copy.id == NULL) {
		struct alm_message_id made =
			alm_message_id_next(&client->ids, alm_client_wall_ms(),
				alm_random_for_id(&client->random));

		memcpy(id, made.raw, sizeof(id));
		copy.id = id;
	}
	memmove(id, copy.id, sizeof(id));
	if (!has_receipt(client, id, &item)) {
		err = (enum alm_err)alm_send_start(client, &copy, NULL);
		while (err == ALM_WINDOW_FULL) {
			err = wait_on(client, &patience, has_room, NULL, NULL);
			if (err != ALM_OK) {
				return (int)err;
			}
			err = (enum alm_err)alm_send_start(client, &copy, NULL);
		}
		if (err == ALM_OK) {
			err = wait_on(
				client, &patience, has_receipt, id, &item);
		}
		if (err == ALM_TIMEOUT && alm_room_why(client, id) != ALM_OK) {
			err = alm_room_why(client, id);
		}
		if (err != ALM_OK) {
			return (int)err;
		}
	}
	*out_receipt = &item->receipt;
	return ALM_CODE_OK;
}

/* --- receiving -------------------------------------------------------- */

static bool has_delivery(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	(void)wanted;
	*out_item = alm_events_take_kind(&client->events, ALM_EVENT_DELIVERY);
	return *out_item != NULL;
}

int alm_receive(struct alm_client *client, int timeout_ms,
	struct alm_delivery **out_delivery)
{
	struct alm_item *item = NULL;
	enum alm_err err =
		wait_for(client, timeout_ms, has_delivery, NULL, &item);

	if (err == ALM_OK) {
		*out_delivery = &item->delivery;
	}
	return (int)err;
}

static bool has_reply(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	*out_item = alm_events_take_reply(&client->events, wanted);
	return *out_item != NULL;
}

int alm_await_reply(struct alm_client *client, const uint8_t id[16],
	int timeout_ms, struct alm_delivery **out_delivery)
{
	struct alm_item *item = NULL;
	int code = (int)wait_for(client, timeout_ms, has_reply, id, &item);

	if (code != ALM_CODE_OK) {
		return code;
	}
	if (item->event.kind == ALM_EVENT_DELIVERY) {
		*out_delivery = &item->delivery;
		return ALM_CODE_OK;
	}
	code = alm_acknowledge(client, item->notice.sequence, NULL);
	code = code != ALM_CODE_OK ? code : item->notice.code;
	alm_item_free(item);
	return code;
}

int alm_acknowledge(
	struct alm_client *client, uint64_t sequence, const char *reject_reason)
{
	enum alm_err err = alm_acks_add(&client->acks, sequence, reject_reason);

	if (err == ALM_OK && client->state == ALM_SESSION_READY &&
		client->acks.queued_count >= ALM_ACKS_PER_ENVELOPE_MAX) {
		client->now_ms = alm_client_monotonic_ms();
		alm_outbound_flush(client);
	}
	alm_session_wake(client);
	return (int)err;
}

static bool is_acknowledged(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	(void)out_item;
	return !alm_acks_has(&client->acks, *(const uint64_t *)wanted);
}

int alm_acknowledge_wait(struct alm_client *client, uint64_t sequence,
	const char *reject_reason, int timeout_ms)
{
	int code = alm_acknowledge(client, sequence, reject_reason);

	if (code != ALM_CODE_OK) {
		return code;
	}
	return (int)wait_for(
		client, timeout_ms, is_acknowledged, &sequence, NULL);
}

static bool has_fetched(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	*out_item = alm_events_take_fetched(
		&client->events, *(const uint64_t *)wanted);
	return *out_item != NULL;
}

int alm_fetch(struct alm_client *client, const struct alm_delivery *delivery,
	const struct alm_sink *sink, int timeout_ms)
{
	uint64_t sequence = delivery->sequence;
	int code = alm_fetch_start(client, delivery, sink);
	struct alm_item *item = NULL;

	if (code != ALM_CODE_OK) {
		return code;
	}
	code = (int)wait_for(client, timeout_ms, has_fetched, &sequence, &item);
	if (code != ALM_CODE_OK) {
		alm_fetch_stop(client, sequence);
		return code;
	}
	code = item->event.code;
	alm_item_free(item);
	return code;
}

/* --- asking ----------------------------------------------------------- */

int alm_ask_start(struct alm_client *client, const char *verb,
	const struct alm_pair *arguments, size_t argument_count,
	uint32_t *out_question)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_QUERY};
	struct alm_argument copies[64];
	struct alm_question *question;
	struct alm_bytes frame;
	enum alm_err err;

	if (argument_count > ALM_COUNT(copies)) {
		return (int)ALM_TOO_MANY_VALUES;
	}
	if (client->question_count >= ALM_QUESTIONS_MAX) {
		return (int)ALM_WINDOW_FULL;
	}
	for (size_t i = 0; i < argument_count; i++) {
		copies[i].key = arguments[i].key;
		copies[i].value = arguments[i].value;
	}
	envelope.request.id = client->question_last + 1;
	envelope.request.verb = verb;
	envelope.request.arguments = copies;
	envelope.request.argument_count = argument_count;
	alm_arena_reset(&client->scratch);
	alm_frame_reset(&client->frame);
	err = alm_frame_add(&client->frame, &envelope, &client->scratch);
	if (err != ALM_OK) {
		return (int)err;
	}
	frame = alm_frame_bytes(&client->frame);
	question = calloc(1, sizeof(*question) + frame.bytes);
	if (question == NULL) {
		return ALM_CODE_NOMEM;
	}
	question->id = ++client->question_last;
	question->bytes = frame.bytes;
	memcpy(question->frame, frame.data, frame.bytes);
	TAILQ_INSERT_TAIL(&client->questions, question, order);
	client->question_count++;
	alm_session_wake(client);
	*out_question = question->id;
	return ALM_CODE_OK;
}

static bool has_answer(struct alm_client *client, const void *wanted,
	struct alm_item **out_item)
{
	*out_item = alm_events_take_answer(
		&client->events, *(const uint32_t *)wanted);
	return *out_item != NULL;
}

int alm_ask(struct alm_client *client, const char *verb,
	const struct alm_pair *arguments, size_t argument_count, int timeout_ms,
	struct alm_table **out_table)
{
	struct alm_question *question;
	struct alm_item *item = NULL;
	uint32_t id = 0;
	enum alm_err err = (enum alm_err)alm_ask_start(
		client, verb, arguments, argument_count, &id);

	if (err == ALM_OK) {
		err = wait_for(client, timeout_ms, has_answer, &id, &item);
	}
	if (err == ALM_OK) {
		*out_table = &item->table;
		return ALM_CODE_OK;
	}
	TAILQ_FOREACH(question, &client->questions, order)
	{
		if (question->id == id) {
			alm_client_forget_question(client, question);
			break;
		}
	}
	return (int)err;
}

/* --- freeing ---------------------------------------------------------- */

void alm_receipt_free(struct alm_receipt_view *receipt)
{
	if (receipt != NULL) {
		alm_item_free(ITEM_OF(receipt, receipt));
	}
}

void alm_delivery_free(struct alm_delivery *delivery)
{
	if (delivery != NULL) {
		alm_item_free(ITEM_OF(delivery, delivery));
	}
}

void alm_table_free(struct alm_table *table)
{
	if (table != NULL) {
		alm_item_free(ITEM_OF(table, table));
	}
}

void alm_event_free(struct alm_event *event)
{
	if (event != NULL) {
		alm_item_free(ITEM_OF(event, event));
	}
}
