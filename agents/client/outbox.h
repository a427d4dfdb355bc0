/*
 * outbox.h - the messages without a final answer: what is to be sent, what
 * has been sent, and what waits to be tried again.  A message keeps its bytes
 * and its id through every try, so the broker can tell a repeat.
 */
#ifndef ALM_AGENTS_CLIENT_OUTBOX_H
#define ALM_AGENTS_CLIENT_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/id.h"
#include "lib/limits.h"

/* What one client copies of messages that wait. */
#define ALM_OUTBOX_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define ALM_OUTBOX_BUCKETS 4096u
/* Memory of answered messages is kept for the next, up to this. */
#define ALM_OUTBOX_SPARE_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define ALM_OUTBOX_SPARE_STEP_BYTES ((size_t)256)
#define ALM_OUTBOX_SPARE_STEPS 32u /* larger ones are not kept */
/* No receipt after this: send again under the same id. */
#define ALM_ANSWER_WAIT_MS 30000

struct alm_sending;

enum alm_pending_state {
	ALM_PENDING_QUEUED,  /* to be sent as soon as possible */
	ALM_PENDING_SENT,    /* waits for its receipt until due_ms */
	ALM_PENDING_WAITING, /* to be tried again at due_ms */
};

struct alm_pending {
	TAILQ_ENTRY(alm_pending) order;
	struct alm_pending *next_in_bucket;
	size_t bytes; /* of the allocation */
	struct alm_message_id id;
	uint64_t number; /* in order of starting */
	enum alm_pending_state state;
	unsigned tries;  /* refused for a while, in a row */
	bool is_doubted; /* a frame was refused, perhaps for this one */
	bool is_held;    /* refused for the moment; see alm_outbox_hold() */
	int64_t due_ms;
	uint8_t message_sha256[ALM_DIGEST_BYTES];
	struct alm_bytes message; /* both in the same allocation */
	struct alm_bytes payload;
	struct alm_sending *sending; /* the payload goes in parts, or NULL */
	enum alm_err refused;        /* for want of room; ALM_OK: it was not */
	uint32_t whose;              /* room it waits for */
	bool is_told;                /* the caller knows */
};

TAILQ_HEAD(alm_pending_list, alm_pending);

struct alm_outbox {
	struct alm_pending_list lists[3]; /* by state, in order of starting */
	size_t counts[3];
	size_t count;    /* of all */
	size_t bytes;    /* of all */
	uint64_t number; /* of the last that was added */
	/* Nothing is sent: see alm_outbox_hold(). */
	bool is_holding;
	int64_t hold_until_ms;
	unsigned holds;   /* in a row, without an answer between them */
	bool needs_hello; /* the broker takes no send before the next */
	/* Of these, what was refused for want of room, and waits. */
	size_t kept_count;
	size_t kept_bytes;
	struct alm_pending *buckets[ALM_OUTBOX_BUCKETS];
	/* Of one size each, linked by next_in_bucket. */
	struct alm_pending *spares[ALM_OUTBOX_SPARE_STEPS];
	size_t spare_bytes;
};

void alm_outbox_init(struct alm_outbox *outbox);
void alm_outbox_fini(struct alm_outbox *outbox);

/** NULL if no such message waits. */
struct alm_pending *alm_outbox_find(
	const struct alm_outbox *outbox, const struct alm_message_id *id);

/**
 * Copy a message to the end of the queue; its id does not wait yet.
 * Errors: WINDOW_FULL: too many bytes wait; NOMEM.
 */
ALM_MUST_USE enum alm_err alm_outbox_add(struct alm_outbox *outbox,
	const struct alm_message_id *id,
	const uint8_t message_sha256[ALM_DIGEST_BYTES],
	struct alm_bytes message, struct alm_bytes payload);

/** It has its final answer: forget it. */
void alm_outbox_remove(struct alm_outbox *outbox, struct alm_pending *pending);

/** The oldest to be sent; NULL if there is none.  Payloads in parts keep no
 * order: they are accepted when they are whole. */
struct alm_pending *alm_outbox_next(const struct alm_outbox *outbox);

/** The message of alm_outbox_next() has gone out. */
void alm_outbox_mark_sent(
	struct alm_outbox *outbox, struct alm_pending *pending, int64_t now_ms);

/** The broker works on it: it has so much longer for its answer. */
void alm_outbox_answered(
	struct alm_outbox *outbox, struct alm_pending *pending, int64_t now_ms);

/**
 * It was refused for the moment, and all that is not sent yet waits with it,
 * or would overtake it: until some time has passed, longer each time, and
 * until what was sent has its answers, of which more may be such refusals.
 * Then all go out in the order in which they were started, behind a hello.
 * `random` is 32 bits of jitter.
 */
void alm_outbox_hold(struct alm_outbox *outbox, struct alm_pending *pending,
	int64_t now_ms, uint32_t random);

/** It alone was refused for a while: try again later, each time longer. */
void alm_outbox_retry_later(struct alm_outbox *outbox,
	struct alm_pending *pending, int64_t now_ms, uint32_t random);

#define ALM_ROOM_OF_BROKER 0u

/** It waits until `due_ms`, with others for the room of `whose`. */
void alm_outbox_keep(struct alm_outbox *outbox, struct alm_pending *pending,
	uint32_t whose, enum alm_err refused, int64_t due_ms);

/** Until when those wait that are for the room of `whose`; 0: none do. */
int64_t alm_outbox_kept_due_ms(const struct alm_outbox *outbox, uint32_t whose);

/** Everything sent and unanswered, or held, is to be sent again at once, in
 * the order of starting and before what was started later. */
void alm_outbox_resend_all(struct alm_outbox *outbox);

/** It goes out before the others in its state. */
void alm_outbox_put_first(
	struct alm_outbox *outbox, struct alm_pending *pending);

/** As alm_outbox_resend_all(), and each of them is in doubt until it has an
 * answer. */
void alm_outbox_doubt_all(struct alm_outbox *outbox);

/** Queue what is due, in the order of starting: retries, and what had no answer
 * in time. */
void alm_outbox_wake(struct alm_outbox *outbox, int64_t now_ms);

/** When alm_outbox_wake() has work next; INT64_MAX: never. */
int64_t alm_outbox_due_ms(const struct alm_outbox *outbox);

#endif /* ALM_AGENTS_CLIENT_OUTBOX_H */
