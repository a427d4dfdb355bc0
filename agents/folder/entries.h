/*
 * entries.h - the entries of the outbox that the agent knows of, in the order
 * of their names, which is the order in which they are sent.
 */
#ifndef ALM_AGENTS_FOLDER_ENTRIES_H
#define ALM_AGENTS_FOLDER_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "agents/folder/folder.h"
#include "agents/folder/lanes.h"
#include "agents/include/almoner.h"

/* Known of at a time; the others' turn comes as these end. */
#define ALM_ENTRIES_MAX 131072u
#define ALM_ENTRY_BUCKETS 4096u

enum alm_entry_state {
	ALM_ENTRY_SEEN,      /* perhaps still being written */
	ALM_ENTRY_IN_FLIGHT, /* waits for its receipt */
	ALM_ENTRY_LATER,     /* to be tried again at due_ms */
	ALM_ENTRY_ROOM,      /* to be tried again when its lane is due */
	ALM_ENTRY_GONE,      /* to be forgotten */
};

/** As much of a file as tells whether it changes. */
struct alm_file_look {
	off_t bytes;
	ino_t inode;
	struct timespec changed;
};

struct alm_entry {
	TAILQ_ENTRY(alm_entry) flight;
	LIST_ENTRY(alm_entry) bucket; /* while it is bound */
	/* What the id on disk was made for, if there is one: no other entry
	 * may have this payload.  Owned; NULL: not bound, "": it has none. */
	char *payload;
	enum alm_entry_state state;
	bool is_answered; /* on its way, and its receipt is here */
	bool is_told;     /* that its payload is missing */
	bool is_large;    /* its payload is sent in parts */
	unsigned tries;
	uint32_t lane;
	uint32_t room; /* with ALM_ENTRY_ROOM: the lane that it waits for */
	uint32_t listed;
	int64_t due_ms;       /* when to look again; monotonic clock */
	int64_t seen_ms;      /* first */
	int64_t unchanged_ms; /* since when */
	int64_t missing_ms;   /* the payload, since when; 0: it is there */
	struct alm_file_look files[2]; /* as last seen */
	uint8_t id[16];
	struct alm_source source; /* of a large payload in flight */
	char name[];
};

TAILQ_HEAD(alm_flight, alm_entry);
LIST_HEAD(alm_entry_bucket, alm_entry);

/** Zeroed, then alm_entry_table_init(). */
struct alm_entry_table {
	struct alm_entry **items; /* in the order of names */
	size_t count;
	size_t room;
	uint32_t listing;
	struct alm_flight flight; /* in the order of starting */
	size_t in_flight;
	size_t large_in_flight;
	struct alm_entry_bucket buckets[ALM_ENTRY_BUCKETS];
};

void alm_entry_table_init(struct alm_entry_table *table);
void alm_entry_table_fini(struct alm_entry_table *table);

/** Read the outbox: take up what is new, forget what has gone.  Gives how many
 * names there are that no entry may have; -1: it cannot be read. */
int alm_entry_table_list(
	struct alm_entry_table *table, const struct alm_folder *folder);

/** NAME of NAME.yaml, or NAME.envelope as it is; false: it describes no
 * message.
 */
bool alm_entry_name(const char *file, char out_name[ALM_NAME_BYTES_MAX + 1]);

/** How a file of the outbox looks; false: it is not there. */
bool alm_file_look_at(const struct alm_folder *folder, const char *name,
	const char *suffix, struct alm_file_look *out_look);
bool alm_file_look_is_same(
	const struct alm_file_look *a, const struct alm_file_look *b);

/** The same of the file that describes the message. */
bool alm_entry_look_at(const struct alm_folder *folder,
	const struct alm_entry *entry, struct alm_file_look *out_look);

/* What is wrong with it. */
#define ALM_MISNAMED \
	"longer than 128 bytes, not in UTF-8 or with control characters, or " \
	"ends with .yml, .refusal.yaml or .envelope.yaml"

/** Whether it is meant as one, and can be none. */
bool alm_entry_is_misnamed(const char *file);

/** It has this payload; out of memory it is found out later. */
void alm_entry_bind(struct alm_entry_table *table, struct alm_entry *entry,
	const char *payload);

/** Another entry that has this payload: when it ends it takes the file with
 * it, so the two cannot both be sent.  NULL: none. */
const struct alm_entry *alm_entry_holder(const struct alm_entry_table *table,
	const struct alm_entry *entry, const char *payload);

void alm_entry_fly(struct alm_entry_table *table, struct alm_entry *entry);
/** It is on its way no more, and in that state. */
void alm_entry_land(struct alm_entry_table *table, struct alm_entry *entry,
	enum alm_entry_state state);

/** NULL: none that is on its way has this id. */
struct alm_entry *alm_entry_find(
	const struct alm_entry_table *table, const uint8_t id[16]);

#endif /* ALM_AGENTS_FOLDER_ENTRIES_H */
