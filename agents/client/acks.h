/*
 * acks.h - acknowledgements the broker has not confirmed.  They are sent many
 * at a time, and again after a reconnection; mail that comes again meanwhile
 * is not shown to the caller a second time.
 */
#ifndef ALM_AGENTS_CLIENT_ACKS_H
#define ALM_AGENTS_CLIENT_ACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/err.h"
#include "lib/limits.h"

#define ALM_ACKS_MAX ((size_t)4 * ALM_DELIVER_WINDOW_MAX)
#define ALM_ACKS_BUCKETS 4096u
#define ALM_ACK_REASON_BYTES_MAX 256u
/* Memory of confirmed ones that is kept for the next. */
#define ALM_ACK_SPARES_MAX 1024u

struct alm_ack {
	TAILQ_ENTRY(alm_ack) order;
	struct alm_ack *next_in_bucket;
	uint64_t sequence;
	bool is_sent;
	bool is_rejected;
	char reason[]; /* "" unless rejected */
};

TAILQ_HEAD(alm_ack_list, alm_ack);

struct alm_acks {
	struct alm_ack_list queued;
	struct alm_ack_list sent;
	size_t queued_count;
	size_t count;
	struct alm_ack *buckets[ALM_ACKS_BUCKETS];
	struct alm_ack *spares; /* accepting ones, linked as in a bucket */
	size_t spare_count;
};

void alm_acks_init(struct alm_acks *acks);
void alm_acks_fini(struct alm_acks *acks);

/**
 * Queue an acknowledgement; the first word on a sequence stands.
 * Errors: FIELD_TOO_LARGE: the reason; WINDOW_FULL; NOMEM.
 */
ALM_MUST_USE enum alm_err alm_acks_add(
	struct alm_acks *acks, uint64_t sequence, const char *reject_reason);

bool alm_acks_has(const struct alm_acks *acks, uint64_t sequence);

/** The first to be sent; NULL if there is none. */
const struct alm_ack *alm_acks_next(const struct alm_acks *acks);

/** The first `count` to be sent have gone out. */
void alm_acks_mark_sent(struct alm_acks *acks, size_t count);

/** Its mail has come again: send it again. */
void alm_acks_repeat(struct alm_acks *acks, uint64_t sequence);

/** After a reconnection: send all again. */
void alm_acks_repeat_all(struct alm_acks *acks);

/** The broker has it: forget it. */
void alm_acks_remove(struct alm_acks *acks, uint64_t sequence);

#endif /* ALM_AGENTS_CLIENT_ACKS_H */
