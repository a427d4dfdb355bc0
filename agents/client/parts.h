/*
 * parts.h - large payloads on their way: read from the caller's source and
 * written to the caller's sink, a few parts at a time.  A broken connection
 * loses nothing: the broker says how far a sending is, and a fetching says so
 * itself.  Private to agents/client.
 */
#ifndef ALM_AGENTS_CLIENT_PARTS_H
#define ALM_AGENTS_CLIENT_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agents/include/almoner.h"
#include "lib/parts.h"
#include "lib/wire/wire.h"

struct alm_pending;

/** A payload that is sent in parts; owned by its message in the outbox. */
struct alm_sending {
	LIST_ENTRY(alm_sending) order;
	struct alm_pending *pending; /* NULL: not started */
	struct alm_source source;
	struct alm_part_tree *tree;
	uint32_t count;
	uint32_t next;   /* to be sent */
	uint32_t until;  /* the broker takes those before this one */
	bool is_awaited; /* announced again, the broker has not answered */
};

LIST_HEAD(alm_sendings, alm_sending);

/** A payload that is fetched in parts. */
struct alm_fetching {
	LIST_ENTRY(alm_fetching) order;
	uint64_t sequence;
	uint8_t root[ALM_DIGEST_BYTES];
	uint64_t payload_bytes;
	uint32_t count;
	uint32_t next; /* the sink has those before this one */
	uint32_t until;
	bool is_held;        /* the broker has handed us the mail */
	unsigned mismatches; /* of one part, in a row */
	int64_t due_ms;      /* ask again if nothing comes */
	struct alm_sink sink;
};

LIST_HEAD(alm_fetchings, alm_fetching);

/** Read the whole source once and hash it.
 * Errors: NOMEM, BAD_ARGUMENT, PAYLOAD_TOO_LARGE, SOURCE_CHANGED. */
ALM_MUST_USE enum alm_err alm_sending_new(const struct alm_source *source,
	struct alm_hash *hash, struct alm_sending **out_sending);
/** NULL is a no-op. */
void alm_sending_free(struct alm_sending *sending);

struct alm_client;

/** After a reconnection: they are announced before all else. */
void alm_sendings_resume(struct alm_client *client);
/** While they are announced again: their parts go before all else. */
ALM_MUST_USE enum alm_err alm_sendings_flush_first(struct alm_client *client);
/** The connection is another: nothing may be sent until the broker says so. */
void alm_sendings_pause(struct alm_client *client);

/** Send what the broker takes.  Errors: BUSY, NOMEM. */
ALM_MUST_USE enum alm_err alm_sendings_flush(struct alm_client *client);

/** How far a sending is. */
void alm_sendings_progress(
	struct alm_client *client, const struct alm_progress *progress);

/** Mail that is being fetched was handed over again: go on.  False: it is not
 * being fetched. */
bool alm_fetchings_held(struct alm_client *client, uint64_t sequence);

/** The connection is lost: what is fetched is handed over again. */
void alm_fetchings_pause(struct alm_client *client);

/** A part came: it goes to the sink if it is the next and right; too many that
 * are wrong end the fetching. */
void alm_fetchings_part(
	struct alm_client *client, const struct alm_payload_part *part);

/** The broker has forgotten the mail. */
void alm_fetchings_gone(struct alm_client *client, uint64_t sequence);

/** Ask again for what does not come. */
void alm_fetchings_wake(struct alm_client *client);
/** When that has work next; INT64_MAX: never. */
int64_t alm_fetchings_due_ms(const struct alm_client *client);

void alm_fetchings_fini(struct alm_client *client);

#endif /* ALM_AGENTS_CLIENT_PARTS_H */
