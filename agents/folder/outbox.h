/*
 * outbox.h - the agent's work on its outbox: what is complete is sent in the
 * order of names, and ends with a receipt or a refusal.  A little at a time,
 * so that mail is not kept waiting.
 */
#ifndef ALM_AGENTS_FOLDER_OUTBOX_H
#define ALM_AGENTS_FOLDER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/ending.h"
#include "agents/folder/entries.h"
#include "agents/folder/files.h"
#include "agents/folder/folder.h"
#include "agents/folder/lanes.h"
#include "agents/folder/pause.h"
#include "agents/folder/skew.h"
#include "agents/include/almoner.h"

/* Accepted, and ended together. */
#define ALM_ENDINGS_MAX 64u
/* Refused before they could be read, whose siblings go together. */
#define ALM_STRAYS_MAX 256u

struct alm_entries {
	struct alm_entry_table table;
	struct alm_lanes lanes;
	struct alm_files receipts;
	struct alm_entry *ended[ALM_ENDINGS_MAX]; /* with these receipts */
	size_t ended_count;
	struct alm_stray strays[ALM_STRAYS_MAX]; /* names are owned */
	size_t stray_count;
	struct alm_pause pause; /* of all of them */
	struct alm_skew skew;   /* which they wait for as well */
	int misnamed;           /* as last told of; -1: it cannot be read */
	/* A round goes through all of them, over many calls. */
	size_t next;
	bool is_changed; /* another round is due */
	bool is_full;    /* the window is */
	int64_t due_ms;  /* of the round after that */
	int64_t list_due_ms;
	int64_t list_rest_ms; /* not read before, whatever changes */
	size_t left[2];       /* unsettled, and later; of the round at work */
	size_t unsettled;
	size_t later;
	uint64_t accepted;
	uint64_t refused;
};

void alm_entries_init(struct alm_entries *entries);
void alm_entries_fini(struct alm_entries *entries);

/** The outbox has changed. */
void alm_entries_wake(struct alm_entries *entries);

/** Send some of what is ready, for a moment.  Logs what it refuses.  Gives when
 * to call it again. */
int64_t alm_entries_work(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_client *client);

/** A receipt has come. */
void alm_entries_receipt(struct alm_entries *entries,
	const struct alm_folder *folder,
	const struct alm_receipt_view *receipt);

/** All receipts that are here have come: end what they accepted. */
void alm_entries_settle(
	struct alm_entries *entries, const struct alm_folder *folder);

/** Whether all was looked at, and nothing of it is on its way or will be in a
 * moment. */
bool alm_entries_is_idle(const struct alm_entries *entries);

#endif /* ALM_AGENTS_FOLDER_OUTBOX_H */
