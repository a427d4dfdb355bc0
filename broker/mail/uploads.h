/*
 * uploads.h - the large payloads that are coming in on open connections: how
 * far each is, and whose turn it is.
 *
 * Only some have a slot, and those alone are told to send; together they have
 * a bounded number of parts on their way, so a turn takes no more of them
 * whoever sends.  A slot that is not used goes to the one that has waited
 * longest.  What is on disk is the store's to say: after a turn that did not
 * happen, or a restart, everything here is forgotten and asked for again.
 *
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_UPLOADS_H
#define ALM_BROKER_MAIL_UPLOADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "broker/edge/edge.h"
#include "broker/store/parts.h"

struct alm_live_upload {
	TAILQ_ENTRY(alm_live_upload) order;
	struct alm_peer peer;
	uint64_t number; /* in the store */
	char sender[ALM_ID_BYTES_MAX + 1];
	struct alm_message_id message_id;
	uint64_t payload_bytes;
	uint8_t root[ALM_DIGEST_BYTES];
	uint32_t count;
	uint32_t next;  /* parts before this one are stored */
	uint32_t until; /* parts before this one may come */
	bool has_slot;
	bool is_rewound;   /* it was told to begin with `next` again */
	bool has_news;     /* it may send more, and does not know yet */
	int64_t active_ms; /* monotonic: a part came, or a slot */
};

TAILQ_HEAD(alm_live_uploads, alm_live_upload);

/** Where the walk over all that is begun goes on, and what it has met. */
struct alm_upload_walk {
	struct alm_upload at; /* its number 0: at the first */
	char sender[ALM_ID_BYTES_MAX + 1];
	struct alm_upload_usage met;
	uint64_t met_owed_bytes; /* of them, what has not come */
	int64_t oldest_ms; /* when the oldest of them was begun; 0: none */
};

struct alm_uploads {
	struct alm_live_uploads all; /* those that wait longest come first */
	size_t count;
	size_t slots; /* of them, with a slot */
	struct alm_upload_walk walk;
	struct alm_upload_usage usage; /* of the last whole walk */
	uint64_t owed_bytes; /* what is still to come of what was let begin: as
				of that walk, and of all that was begun since */
	int64_t oldest_ms;   /* in it; 0: there is none */
};

void alm_uploads_init(struct alm_uploads *uploads);
/** Forget them all; also at the end. */
void alm_uploads_clear(struct alm_uploads *uploads);

/** NULL: not on this connection. */
struct alm_live_upload *alm_uploads_find(struct alm_uploads *uploads,
	struct alm_peer peer, const uint8_t message_id[ALM_MESSAGE_ID_BYTES]);

/** On whatever connection it is; NULL: on none. */
struct alm_live_upload *alm_uploads_find_number(
	struct alm_uploads *uploads, uint64_t number);

/** Follow an upload on a connection, in place of any before; `root` is that of
 * its parts.  NULL when memory is out. */
struct alm_live_upload *alm_uploads_add(struct alm_uploads *uploads,
	struct alm_peer peer, const struct alm_upload *upload,
	const uint8_t root[ALM_DIGEST_BYTES], uint32_t next);

/** Follow it no more. */
void alm_uploads_remove(
	struct alm_uploads *uploads, struct alm_live_upload **take_live);

/** A part was stored: it may send another in its place. */
void alm_uploads_advance(struct alm_uploads *uploads,
	struct alm_live_upload *live, int64_t now_ms);

/** Give free slots, and those that were not used while others wait, to who
 * has waited longest; they have news then. */
void alm_uploads_share(struct alm_uploads *uploads, int64_t now_ms);

#endif /* ALM_BROKER_MAIL_UPLOADS_H */
