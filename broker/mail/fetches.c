#include "broker/mail/fetches.h"

#include <stdlib.h>
#include <string.h>

#include "broker/mail/handover.h"
#include "broker/mail/mend.h"
#include "broker/mail/packing.h"
#include "broker/store/parts.h"
#include "lib/parts.h"

void alm_fetches_clear(struct alm_fetches *fetches)
{
	free(fetches->items);
	*fetches = (struct alm_fetches){.count = 0};
}

/* The last one takes its place. */
static void remove_fetch(struct alm_fetches *fetches, size_t i)
{
	fetches->items[i] = fetches->items[--fetches->count];
}

static struct alm_fetch *find(
	struct alm_fetches *fetches, struct alm_peer peer, uint64_t seq)
{
	for (size_t i = 0; i < fetches->count; i++) {
		struct alm_fetch *fetch = &fetches->items[i];

		if (fetch->peer.number == peer.number && fetch->seq == seq) {
			return fetch;
		}
	}
	return NULL;
}

/* Room for one more; NULL when memory is out. */
static struct alm_fetch *append(struct alm_fetches *fetches)
{
	size_t capacity = fetches->capacity * 2 + 16;
	struct alm_fetch *items;

	if (fetches->count == fetches->capacity) {
		items = realloc(fetches->items, capacity * sizeof(*items));
		if (items == NULL) {
			return NULL;
		}
		fetches->items = items;
		fetches->capacity = capacity;
	}
	return &fetches->items[fetches->count++];
}

/* --- asking --------------------------------------------------------------- */

/* It was acknowledged, stopped or has expired: forget it. */
static enum alm_err say_gone(
	struct alm_turn *turn, struct alm_peer peer, uint64_t seq)
{
	struct alm_envelope envelope = {
		.kind = ALM_ENVELOPE_ACKNOWLEDGED,
		.acknowledged = {&seq, 1},
	};

	return alm_outbox_add(turn->broker->outbox, ALM_EDGE_AGENTS, peer,
		&envelope, turn->arena);
}

/* Mail that the asker does not hold: it comes to somebody again, or is gone.
 */
static enum alm_err answer_unheld(
	struct alm_turn *turn, const struct alm_session *session, uint64_t seq)
{
	struct alm_queue_entry entry;
	enum alm_err err = alm_store_queue_get(turn->broker->store,
		session->mailbox->organisation, seq, &entry);

	return err == ALM_NOT_FOUND ? say_gone(turn, session->peer, seq) : err;
}

static enum alm_err add(struct alm_turn *turn, struct alm_peer peer,
	uint64_t seq, struct alm_fetch **out_fetch)
{
	struct alm_fetches *fetches = &turn->broker->fetches;
	struct alm_fetch *fetch;
	uint64_t number = 0;
	uint64_t bytes = 0;
	enum alm_err err =
		alm_store_parts_of(turn->broker->store, seq, &number, &bytes);

	if (err != ALM_OK) {
		return err;
	}
	fetch = append(fetches);
	if (fetch == NULL) {
		return ALM_NOMEM;
	}
	*fetch = (struct alm_fetch){
		.peer = peer,
		.seq = seq,
		.number = number,
		.count = alm_parts_count(bytes),
	};
	*out_fetch = fetch;
	return ALM_OK;
}

/* It goes on: it is not due again while it does. */
static void note_alive(struct alm_turn *turn, struct alm_held *held)
{
	int64_t due_ms = turn->monotonic_ms +
			 turn->broker->settings.acknowledge_timeout_ms;

	if (held->due_ms < due_ms) {
		held->due_ms = due_ms;
	}
}

/* Who gets on is not counted out: each part of it once. */
static void note_moved(struct alm_held *held, const struct alm_fetch *fetch,
	const struct alm_progress *progress)
{
	if (progress->next > held->parts_got &&
		progress->next <= fetch->count) {
		held->parts_got = (uint32_t)progress->next;
		held->has_moved = true;
	}
}

/* Said while the last parts were on their way to it: it asks for none. */
static bool says_how_far(
	const struct alm_held *held, const struct alm_progress *progress)
{
	return !held->is_part_way && progress->next > 0 && !progress->is_again;
}

static enum alm_err ask(struct alm_turn *turn,
	const struct alm_session *session, struct alm_held *held,
	const struct alm_progress *progress)
{
	struct alm_fetch *fetch =
		find(&turn->broker->fetches, session->peer, progress->sequence);
	bool is_new = fetch == NULL;
	uint64_t until = progress->until;
	uint64_t from;
	enum alm_err err = ALM_OK;

	if (is_new) {
		err = add(turn, session->peer, progress->sequence, &fetch);
	}
	if (err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT) {
		return alm_set_damaged_aside(
			turn, session->mailbox, progress->sequence);
	}
	if (err != ALM_OK) {
		return err;
	}
	note_moved(held, fetch, progress);
	if (is_new && says_how_far(held, progress)) {
		remove_fetch(&turn->broker->fetches,
			(size_t)(fetch - turn->broker->fetches.items));
		return ALM_OK;
	}
	if (is_new || progress->is_again) {
		fetch->next = progress->next;
	}
	/* What it says it has may not have left yet. */
	from = progress->next < fetch->next ? progress->next : fetch->next;
	if (until > from + ALM_PART_WINDOW_MAX) {
		until = from + ALM_PART_WINDOW_MAX;
	}
	fetch->until = until < fetch->count ? (uint32_t)until : fetch->count;
	return ALM_OK;
}

enum alm_err alm_take_progress(
	struct alm_turn *turn, const struct alm_turn_request *request)
{
	const struct alm_progress *progress = &request->envelope->progress;
	struct alm_session *session = alm_session_of(turn, request);
	struct alm_held *held;

	if (session == NULL) {
		return alm_turn_reply_error(
			turn, request, ALM_HELLO_REQUIRED, "");
	}
	if (progress->sequence == 0) {
		return alm_turn_reply_error(
			turn, request, ALM_MISSING_FIELD, "progress.sequence");
	}
	held = alm_mailbox_held(session->mailbox, progress->sequence);
	if (held == NULL || held->session != session) {
		return answer_unheld(turn, session, progress->sequence);
	}
	if (!held->has_parts) {
		return alm_turn_reply_error(turn, request, ALM_BAD_ARGUMENT,
			"progress.sequence: not in parts");
	}
	note_alive(turn, held);
	return ask(turn, session, held, progress);
}

/* --- giving --------------------------------------------------------------- */

/* As it is stored, or in clear for who cannot read that. */
static enum alm_err give_part(struct alm_turn *turn,
	const struct alm_session *session, const struct alm_fetch *fetch)
{
	struct alm_stored_part part;
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_PART};
	struct alm_session all = {.encodings = UINT32_MAX};
	enum alm_err err = alm_store_part_get(turn->broker->store,
		fetch->number, fetch->next, turn->arena, &part);

	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
	}
	envelope.part = (struct alm_payload_part){
		.sequence = fetch->seq,
		.index = fetch->next,
		.path = part.path,
		.encoding = (enum alm_encoding)part.encoding,
		.data = part.data,
	};
	if ((session->encodings & 1u << envelope.part.encoding) == 0) {
		err = alm_unpack(turn, &all, envelope.part.encoding, part.data,
			ALM_PART_BYTES, &envelope.part.data);
		envelope.part.encoding = ALM_ENCODING_NONE;
	}
	if (err != ALM_OK) {
		return err == ALM_ENCODING_BROKEN ? ALM_STORE_CORRUPT : err;
	}
	turn->broker->metrics.parts_sent++;
	return alm_outbox_add(turn->broker->outbox, ALM_EDGE_AGENTS,
		session->peer, &envelope, turn->arena);
}

/* One part, if it may have one.  `*out_is_over`: forget it. */
static enum alm_err serve(struct alm_turn *turn, struct alm_fetch *fetch,
	bool *out_is_given, bool *out_is_over)
{
	struct alm_session *session =
		alm_sessions_find(turn->broker->sessions, fetch->peer);
	struct alm_held *held = NULL;
	enum alm_err err;

	if (session != NULL) {
		held = alm_mailbox_held(session->mailbox, fetch->seq);
	}
	*out_is_over = held == NULL || held->session != session ||
		       !alm_may_take(turn, session);
	if (*out_is_over) {
		return session == NULL
			       ? ALM_OK
			       : answer_unheld(turn, session, fetch->seq);
	}
	if (fetch->next >= fetch->until || session->mailbox->is_on_hold) {
		return ALM_OK;
	}
	err = give_part(turn, session, fetch);
	if (err == ALM_STORE_CORRUPT) {
		*out_is_over = true;
		return alm_set_damaged_aside(
			turn, session->mailbox, fetch->seq);
	}
	if (err != ALM_OK) {
		return err;
	}
	note_alive(turn, held);
	fetch->next++;
	*out_is_over = fetch->next == fetch->count;
	if (*out_is_over) {
		held->is_part_way = false;
		held->parts_turn = turn->number;
	}
	*out_is_given = true;
	return ALM_OK;
}

enum alm_err alm_fetches_serve(struct alm_turn *turn)
{
	struct alm_fetches *fetches = &turn->broker->fetches;
	size_t idle = 0; /* looked at since one was given anything */
	unsigned given = 0;
	unsigned given_max = alm_fair_parts(&turn->broker->fair);
	enum alm_err err = ALM_OK;

	if (turn->broker->is_draining) {
		return ALM_OK;
	}
	while (err == ALM_OK && idle < fetches->count && given < given_max) {
		bool is_given = false;
		bool is_over = false;

		fetches->at = fetches->at < fetches->count ? fetches->at : 0;
		err = serve(turn, &fetches->items[fetches->at], &is_given,
			&is_over);
		if (is_over) {
			remove_fetch(fetches, fetches->at);
		} else {
			fetches->at++;
		}
		idle = is_given ? 0 : idle + (is_over ? 0 : 1);
		given += is_given ? 1 : 0;
	}
	turn->broker->is_in_haste |= given == given_max;
	return err == ALM_BUSY ? ALM_OK : err;
}
