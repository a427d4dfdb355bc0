/*
 * sending.h - one entry of the outbox from first sight to its end, so that a
 * crash at any point neither loses it nor sends it twice.
 *
 * The id is on disk before the first try, bound to what it stands for.  The
 * end of an entry is one rename: its sidecar leaves the outbox.  What is left
 * to tidy after that is done by alm_sending_tidy(), now or after a restart.
 */
#ifndef ALM_AGENTS_FOLDER_SENDING_H
#define ALM_AGENTS_FOLDER_SENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/folder.h"
#include "agents/folder/sidecar.h"
#include "agents/include/almoner.h"

/** Ready to be sent.  Free with alm_prepared_fini(). */
struct alm_prepared {
	struct alm_arena arena;
	uint8_t id[16];
	bool is_encoded;            /* the file was NAME.envelope */
	struct alm_sidecar sidecar; /* unless encoded */
	uint8_t *message;           /* when encoded */
	size_t message_bytes;
	uint8_t *payload;
	size_t payload_bytes;
	/* In place of payload when it is large; taken by who sends it. */
	struct alm_source source;
};

/**
 * The name of the payload of an entry, to see whether it is there yet.
 * Errors: as alm_sending_prepare().
 */
ALM_MUST_USE enum alm_err alm_sending_payload_name(
	const struct alm_folder *folder, const char *name, bool is_encoded,
	char out[ALM_NAME_BYTES_MAX + 1], struct alm_problem *problem);

/**
 * Read an entry whose payload is there, and bind it to an id: the one of an
 * earlier try if nothing has changed, else a new one, which is on disk when
 * this returns.
 *
 * Out:     out_prepared  pointers into it: it is not moved
 * Errors:  SIDECAR, PAYLOAD_TOO_LARGE, FIELD_TOO_LARGE: refuse the entry;
 *          IO, NOMEM: try again later; NOT_FOUND: it has gone
 */
ALM_MUST_USE enum alm_err alm_sending_prepare(const struct alm_folder *folder,
	const char *name, bool is_encoded, struct alm_prepared *out_prepared,
	struct alm_problem *problem);
void alm_prepared_fini(struct alm_prepared *prepared);

/** It is accepted: write receipts/NAME.yaml and take it from the outbox.
 * Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_sending_accepted(const struct alm_folder *folder,
	const char *name, bool is_encoded,
	const struct alm_receipt_view *receipt, struct alm_problem *problem);

/** It is refused, by the broker or by us (`receipt` is NULL): move it to
 * refused/ with NAME.refusal.yaml.  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_sending_refused(const struct alm_folder *folder,
	const char *name, bool is_encoded,
	const struct alm_receipt_view *receipt, const struct alm_problem *own,
	struct alm_problem *problem);

/** Tidy up after entries whose sidecar has left the outbox.  At start.
 * Errors: IO. */
ALM_MUST_USE enum alm_err alm_sending_tidy(
	const struct alm_folder *folder, struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_SENDING_H */
