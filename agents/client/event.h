/*
 * event.h - what the library gives its caller: events and views, and the
 * frames they point into.  A frame lives as long as anything taken from it.
 */
#ifndef ALM_AGENTS_CLIENT_EVENT_H
#define ALM_AGENTS_CLIENT_EVENT_H

#include <sys/queue.h>

#include "agents/include/almoner.h"
#include "lib/arena.h"
#include "lib/err.h"

/* More than one turn of receipts, mail and notices; then we stop reading. */
#define ALM_EVENTS_MAX 20000u
/* Several times the mail that a broker hands over unacknowledged. */
#define ALM_EVENTS_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* What only informs is kept for those who ask; a program that never does must
 * not stop hearing of its mail. */
#define ALM_EVENTS_INFORMING_MAX 1024u

/* Frames whose memory is kept for the next, and how large it may be. */
#define ALM_SPARE_FRAMES_MAX 8u
#define ALM_SPARE_FRAME_BYTES_MAX ((size_t)512 * 1024)

struct alm_frame_pool;

/** Memory of a decoded frame, counted by its holders. */
struct alm_held_frame {
	struct alm_arena arena;
	size_t holders;
	size_t queued;        /* of them, events that nobody has taken */
	size_t charged_bytes; /* counted among those of the events */
	struct alm_frame_pool *pool;
	struct alm_held_frame *next_spare;
};

/** NULL when memory is out. */
struct alm_frame_pool *alm_frame_pool_new(void);

/** The pool lives on until its last frame is released. */
void alm_frame_pool_free(struct alm_frame_pool *pool);

/** A frame with one holder: the caller.  NULL when memory is out. */
struct alm_held_frame *alm_held_frame_new(
	struct alm_frame_pool *pool, size_t bytes_max);
void alm_held_frame_release(struct alm_held_frame *frame);

/** An event and the view in it; lives in its frame. */
struct alm_item {
	struct alm_event event;
	union {
		struct alm_receipt_view receipt;
		struct alm_delivery delivery;
		struct alm_notice_view notice;
		struct alm_table table;
	};
	struct alm_held_frame *frame;
	TAILQ_ENTRY(alm_item) order;
};

/** A zeroed item that holds `frame`; NULL when memory is out. */
struct alm_item *alm_item_new(
	struct alm_held_frame *frame, enum alm_event_kind kind);
void alm_item_free(struct alm_item *item);

struct alm_events {
	TAILQ_HEAD(, alm_item) items;
	size_t count;
	size_t informing_count; /* of these, what only informs */
	size_t bytes;           /* of the frames they lie in */
};

void alm_events_init(struct alm_events *events);
void alm_events_fini(struct alm_events *events);
/** Until some are taken, no more should come. */
bool alm_events_are_full(const struct alm_events *events);
/** Add; the oldest of what only informs makes room for the newest. */
void alm_events_put(struct alm_events *events, struct alm_item *take_item);

/** The oldest, taken out; NULL if there is none. */
struct alm_item *alm_events_take(struct alm_events *events);

/** Drop mail and notices: after a disconnection they come again. */
void alm_events_drop_mail(struct alm_events *events);

/** The oldest of its kind; of receipts and answers, the one with this id or
 * question.  Taken out; NULL if there is none. */
struct alm_item *alm_events_take_kind(
	struct alm_events *events, enum alm_event_kind kind);
struct alm_item *alm_events_take_receipt(
	struct alm_events *events, const uint8_t id[16]);
struct alm_item *alm_events_take_reply(
	struct alm_events *events, const uint8_t id[16]);
struct alm_item *alm_events_take_fetched(
	struct alm_events *events, uint64_t sequence);
struct alm_item *alm_events_take_answer(
	struct alm_events *events, uint32_t question);

#endif /* ALM_AGENTS_CLIENT_EVENT_H */
