/*
 * pause.h - while mail cannot be written, a full disk say, none is asked for:
 * each hand-over in vain counts, and after some the broker gives a message up.
 */
#ifndef ALM_AGENTS_FOLDER_PAUSE_H
#define ALM_AGENTS_FOLDER_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"

/* Mail held unacknowledged otherwise. */
#define ALM_AGENT_CREDIT 256u

#define ALM_PAUSE_MS 10000 /* until the next look */

/** Zeroed is none. */
struct alm_pause {
	bool is_on;
	int64_t due_ms; /* when to look again; monotonic clock */
};

/** Mail could not be taken; it may be the mail itself that is wrong. */
void alm_pause_begin(
	struct alm_pause *pause, struct alm_client *client, enum alm_err err);

/** Ask for mail again once as much as a message takes can be written. */
void alm_pause_look(struct alm_pause *pause, const struct alm_folder *folder,
	struct alm_client *client, int64_t now_ms);

#endif /* ALM_AGENTS_FOLDER_PAUSE_H */
