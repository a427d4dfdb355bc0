/*
 * proofs.h - receipts of the audit log, kept beside what was sent and what
 * came: receipts/ID.tlog-proof and inbox/ID.tlog-proof, where ID is the
 * message's.  They are asked for one at a time, a little after the message,
 * when a signed head covers it.  What waits is not remembered over a start.
 */
#ifndef ALM_AGENTS_FOLDER_PROOFS_H
#define ALM_AGENTS_FOLDER_PROOFS_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"
#include "lib/id.h"

#define ALM_PROOFS_MAX 1024u

struct alm_proof_wanted {
	enum alm_place_in_folder place;
	char id[ALM_UUID_TEXT_BYTES];
	char from[ALM_ID_BYTES_MAX + 1]; /* "": our own message */
	int64_t due_ms;
};

/** A ring; zeroed is empty and off. */
struct alm_proofs {
	bool is_on;
	bool is_asking;
	uint32_t question;
	size_t first;
	size_t count;
	struct alm_proof_wanted items[ALM_PROOFS_MAX];
};

/** Remember to ask; when too many wait, this one is left out, and said. */
void alm_proofs_want(struct alm_proofs *proofs, const uint8_t id[16],
	const char *from, enum alm_place_in_folder place, int64_t now_ms);

/** Ask for the first, if it is time. */
void alm_proofs_ask(
	struct alm_proofs *proofs, struct alm_client *client, int64_t now_ms);

/** When to call that again; INT64_MAX: when something new is wanted. */
int64_t alm_proofs_due_ms(const struct alm_proofs *proofs);

/** Take an answer, if it is ours. */
void alm_proofs_answer(struct alm_proofs *proofs,
	const struct alm_folder *folder, const struct alm_table *answer,
	int64_t now_ms);

#endif /* ALM_AGENTS_FOLDER_PROOFS_H */
