/*
 * sending.h - an entry of the outbox on its way: the id is on disk before the
 * first try, bound to what it stands for, so that a crash at any point neither
 * loses it nor sends it twice.  How it ends is in ending.h.
 */
#ifndef ALM_AGENTS_FOLDER_SENDING_H
#define ALM_AGENTS_FOLDER_SENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/folder.h"
#include "agents/folder/lanes.h"
#include "agents/folder/sidecar.h"
#include "agents/include/almoner.h"

/** Ready to be sent.  Free with alm_prepared_fini(). */
struct alm_prepared {
	struct alm_arena arena;
	uint8_t id[16];
	bool is_encoded;            /* the file is NAME.envelope */
	struct alm_sidecar sidecar; /* unless encoded */
	uint8_t *message;           /* when encoded */
	size_t message_bytes;
	uint8_t *payload;
	size_t payload_bytes;
	/* In place of payload when it is large; taken by who sends it. */
	struct alm_source source;
};

/** The content of a file of the outbox, on the heap; no link is followed.
 * Errors: SIDECAR: no file; FIELD_TOO_LARGE, NOT_FOUND, IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_sending_read(const struct alm_folder *folder,
	const char *name, const char *suffix, size_t bytes_max,
	uint8_t **out_data, size_t *out_bytes, struct alm_problem *problem);

/** What is to be known of an entry before it is its turn. */
struct alm_outline {
	char payload[ALM_NAME_BYTES_MAX + 1]; /* "": it has none */
	uint32_t lane;
};

/** Errors: as alm_sending_prepare(). */
ALM_MUST_USE enum alm_err alm_sending_outline(const struct alm_folder *folder,
	const char *name, struct alm_outline *out_outline,
	struct alm_problem *problem);

/**
 * Read an entry whose payload is there, and bind it to an id: the one of an
 * earlier try if nothing has changed, else a new one, which is on disk once
 * `files` are: it may be sent from then on.
 *
 * In:      files         has room for one
 * Out:     out_prepared  pointers into it: it is not moved
 * Errors:  SIDECAR, PAYLOAD_TOO_LARGE, FIELD_TOO_LARGE: refuse the entry;
 *          IO, NOMEM: try again later; NOT_FOUND: it has gone
 */
ALM_MUST_USE enum alm_err alm_sending_prepare(const struct alm_folder *folder,
	const char *name, struct alm_files *files,
	struct alm_prepared *out_prepared, struct alm_problem *problem);
void alm_prepared_fini(struct alm_prepared *prepared);

#endif /* ALM_AGENTS_FOLDER_SENDING_H */
