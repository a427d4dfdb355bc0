/*
 * The context of a ping is random, so that only who has read the ping can
 * answer it.  A connection is asked again when it has answered and more is
 * unread than is asked about; so one ping at most is on its way.
 */
#include "broker/loop/unread.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/limits.h"

#define BUCKETS 1024u

struct alm_unreads {
	struct alm_unread *buckets[BUCKETS];
	struct alm_unread *first_to_ask;
	uint64_t unread_bytes;
};

struct alm_unreads *alm_unreads_new(void)
{
	return calloc(1, sizeof(struct alm_unreads));
}

void alm_unreads_free(struct alm_unreads *readers)
{
	if (readers == NULL) {
		return;
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		while (readers->buckets[i] != NULL) {
			struct alm_unread *reader = readers->buckets[i];

			readers->buckets[i] = reader->next_in_bucket;
			free(reader);
		}
	}
	free(readers);
}

uint64_t alm_unreads_bytes(const struct alm_unreads *readers)
{
	return readers->unread_bytes;
}

static struct alm_unread *find(
	const struct alm_unreads *readers, struct alm_peer peer)
{
	struct alm_unread *reader = readers->buckets[peer.number % BUCKETS];

	while (reader != NULL && reader->peer.number != peer.number) {
		reader = reader->next_in_bucket;
	}
	return reader;
}

static struct alm_unread *add(struct alm_unreads *readers, struct alm_peer peer)
{
	struct alm_unread **bucket = &readers->buckets[peer.number % BUCKETS];
	struct alm_unread *reader = calloc(1, sizeof(*reader));

	if (reader != NULL) {
		reader->peer = peer;
		reader->next_in_bucket = *bucket;
		*bucket = reader;
	}
	return reader;
}

static uint64_t unread(const struct alm_unread *reader)
{
	return reader->sent_bytes - reader->read_bytes;
}

static void want_asked(struct alm_unreads *readers, struct alm_unread *reader)
{
	if (!reader->is_to_ask) {
		reader->is_to_ask = true;
		reader->next_to_ask = readers->first_to_ask;
		readers->first_to_ask = reader;
	}
}

enum alm_err alm_unreads_send(struct alm_unreads *readers, struct alm_peer peer,
	size_t bytes, int64_t now_ms)
{
	struct alm_unread *reader = find(readers, peer);

	if (reader == NULL) {
		reader = add(readers, peer);
	}
	if (reader == NULL) {
		return ALM_NOMEM;
	}
	reader->sent_at_ms = now_ms;
	if (!reader->is_stopped && unread(reader) >= ALM_UNREAD_BYTES_MAX) {
		reader->is_stopped = true;
		reader->is_asked = false;
	}
	if (reader->is_stopped) {
		if (!reader->is_asked) {
			want_asked(readers, reader);
		}
		return ALM_NOT_READING;
	}
	reader->sent_bytes += bytes;
	readers->unread_bytes += bytes;
	if (!reader->is_asked && unread(reader) >= ALM_UNREAD_BYTES_ASKED) {
		want_asked(readers, reader);
	}
	return ALM_OK;
}

struct alm_unread *alm_unreads_next_to_ask(struct alm_unreads *readers)
{
	struct alm_unread *reader = readers->first_to_ask;

	if (reader != NULL) {
		readers->first_to_ask = reader->next_to_ask;
		reader->is_to_ask = false;
		randombytes_buf(reader->context, sizeof(reader->context));
		reader->asked_at = reader->sent_bytes;
	}
	return reader;
}

void alm_unread_asked(struct alm_unread *reader, bool is_sent)
{
	reader->is_asked = is_sent;
}

bool alm_unreads_answer(struct alm_unreads *readers, struct alm_peer peer,
	struct alm_bytes context)
{
	struct alm_unread *reader = find(readers, peer);

	if (reader == NULL || !reader->is_asked ||
		context.bytes != sizeof(reader->context) ||
		memcmp(context.data, reader->context, context.bytes) != 0) {
		return false;
	}
	readers->unread_bytes -= reader->asked_at - reader->read_bytes;
	reader->read_bytes = reader->asked_at;
	reader->is_asked = false;
	reader->is_stopped = false;
	if (unread(reader) >= ALM_UNREAD_BYTES_ASKED) {
		want_asked(readers, reader);
	}
	return true;
}

bool alm_unreads_is_stopped(struct alm_unreads *readers, struct alm_peer peer)
{
	const struct alm_unread *reader = find(readers, peer);

	return reader != NULL && reader->is_stopped;
}

static void unqueue(struct alm_unreads *readers, struct alm_unread *reader)
{
	struct alm_unread **link = &readers->first_to_ask;

	if (!reader->is_to_ask) {
		return;
	}
	while (*link != reader) {
		link = &(*link)->next_to_ask;
	}
	*link = reader->next_to_ask;
}

static void drop(struct alm_unreads *readers, struct alm_unread **link)
{
	struct alm_unread *reader = *link;

	unqueue(readers, reader);
	*link = reader->next_in_bucket;
	readers->unread_bytes -= unread(reader);
	free(reader);
}

void alm_unreads_forget(struct alm_unreads *readers, struct alm_peer peer)
{
	struct alm_unread **link = &readers->buckets[peer.number % BUCKETS];

	while (*link != NULL && (*link)->peer.number != peer.number) {
		link = &(*link)->next_in_bucket;
	}
	if (*link != NULL) {
		drop(readers, link);
	}
}

void alm_unreads_sweep(struct alm_unreads *readers, int64_t before_ms,
	bool (*has_session)(void *cookie, struct alm_peer peer), void *cookie)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct alm_unread **link = &readers->buckets[i];

		while (*link != NULL) {
			if ((*link)->sent_at_ms < before_ms &&
				!has_session(cookie, (*link)->peer)) {
				drop(readers, link);
			} else {
				link = &(*link)->next_in_bucket;
			}
		}
	}
}
