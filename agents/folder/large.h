/*
 * large.h - payloads above 1 MiB, which are never in memory: read from where
 * they lie in the outbox, and fetched into state/taken/SEQ.part, from where
 * they move to the inbox when they are whole.  An agent that is stopped goes
 * on with that file.
 */
#ifndef ALM_AGENTS_FOLDER_LARGE_H
#define ALM_AGENTS_FOLDER_LARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"
#include "lib/limits.h"

/** Open a file of the outbox as a source, if it is larger than a message
 * takes; false if it is not, or cannot be opened. */
bool alm_large_open(const struct alm_folder *folder, const char *name,
	struct alm_source *out_source);

/** Close what that opened; of one that is none, a no-op. */
void alm_large_close(struct alm_source *source);

/** What stands for its content: the root of its parts.
 * Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_large_root(
	const struct alm_source *source, uint8_t out[ALM_DIGEST_BYTES]);

/* Of these the rest comes again when there is room. */
#define ALM_FETCHES_MAX 16u

/** A payload on its way into a file. */
struct alm_large_fetch {
	uint64_t sequence; /* 0: free */
	int fd;
	bool is_resumed;
	struct alm_event *event; /* the delivery; owned */
};

struct alm_large_fetches {
	struct alm_large_fetch items[ALM_FETCHES_MAX];
	size_t count;
};

/** Begin, or go on, to fetch the payload of a delivery.  True: the event is
 * ours now, until alm_large_take().  False: it comes again. */
bool alm_large_fetch(struct alm_large_fetches *fetches,
	const struct alm_folder *folder, struct alm_client *client,
	struct alm_event *event);

/** It has ended: OK when state/taken/SEQ.part is whole and on disk.  Gives the
 * event back, NULL if it was not begun.  Errors: as the code of the event. */
ALM_MUST_USE enum alm_err alm_large_take(struct alm_large_fetches *fetches,
	const struct alm_folder *folder, uint64_t sequence, int code,
	struct alm_event **out_event);

/** Whether a file of state/taken is a payload that nobody has gone on with
 * for a day: its mail was stopped or has expired meanwhile. */
bool alm_large_is_old(const struct alm_folder *folder, const char *name);

/** After the client is closed: what has come stays for the next start. */
void alm_large_fini(struct alm_large_fetches *fetches);

#endif /* ALM_AGENTS_FOLDER_LARGE_H */
