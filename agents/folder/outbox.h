/*
 * outbox.h - the entries of the outbox that the agent knows of: which are
 * still being written, which are on their way, which wait to be tried again.
 */
#ifndef ALM_AGENTS_FOLDER_OUTBOX_H
#define ALM_AGENTS_FOLDER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"

/* Entries looked at in one go; the others' turn comes as these end. */
#define ALM_ENTRIES_MAX 1024u

enum alm_entry_state {
	ALM_ENTRY_SEEN,      /* perhaps still being written */
	ALM_ENTRY_IN_FLIGHT, /* waits for its receipt */
	ALM_ENTRY_LATER,     /* to be tried again at due_ms */
};

struct alm_entry {
	char name[ALM_NAME_BYTES_MAX + 1];
	bool is_encoded;
	enum alm_entry_state state;
	/* What the id on disk was made for, if there is one: no other entry
	 * may have this payload. */
	bool is_bound;
	char payload[ALM_NAME_BYTES_MAX + 1];
	unsigned tries;
	int64_t due_ms;       /* monotonic clock */
	int64_t unchanged_ms; /* since when; monotonic clock */
	int64_t missing_ms;   /* the payload, since when; 0: it is there */
	bool is_told;         /* that it is missing */
	struct stat files[2]; /* as last seen */
	uint8_t id[16];
	struct alm_source source; /* of a large payload in flight */
};

struct alm_entries {
	struct alm_entry *items[ALM_ENTRIES_MAX];
	size_t count;
	size_t in_flight;
	size_t unsettled; /* seen in the last scan, and not sent */
	uint64_t accepted;
	uint64_t refused;
};

void alm_entries_init(struct alm_entries *entries);
void alm_entries_fini(struct alm_entries *entries);

/** Look at the outbox and send what is ready.  Logs what it refuses. */
void alm_entries_scan(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_client *client);

/** A receipt has come. */
void alm_entries_receipt(struct alm_entries *entries,
	const struct alm_folder *folder,
	const struct alm_receipt_view *receipt);

/** Check every sidecar in the outbox and print what is wrong.  Gives how
 * many are wrong. */
size_t alm_entries_check(const struct alm_folder *folder);

#endif /* ALM_AGENTS_FOLDER_OUTBOX_H */
