/*
 * taking.h - mail on its way into the inbox, written once however often it is
 * handed over.
 *
 * For each piece of mail: the payload is written; then state/taken/SEQ.new,
 * which is the sidecar; then the mark state/taken/SEQ; then SEQ.new is renamed
 * into the inbox.  The mark without SEQ.new means that the inbox has had it,
 * even if its user has moved it on.  The mark goes when the broker has
 * confirmed the acknowledgement.
 */
#ifndef ALM_AGENTS_FOLDER_TAKING_H
#define ALM_AGENTS_FOLDER_TAKING_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"

/** Whether the inbox has had it: then it need not be fetched. */
bool alm_taking_has(
	const struct alm_folder *folder, const struct alm_delivery *delivery);

/** Write it; a payload in parts lies in state/taken/SEQ.part.  OK: acknowledge
 * it now.  Errors: IO, NOMEM: do not. */
ALM_MUST_USE enum alm_err alm_taking_delivery(const struct alm_folder *folder,
	const struct alm_delivery *delivery, struct alm_problem *problem);
ALM_MUST_USE enum alm_err alm_taking_notice(const struct alm_folder *folder,
	const struct alm_notice_view *notice, struct alm_problem *problem);

/** The broker has confirmed: it will not come again.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_taking_confirmed(const struct alm_folder *folder,
	uint64_t sequence, struct alm_problem *problem);

/** Calls `acknowledge` for each piece that was taken and not confirmed; at
 * start.  Finishes what a crash cut off.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_taking_recover(const struct alm_folder *folder,
	void (*acknowledge)(void *cookie, uint64_t sequence), void *cookie,
	struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_TAKING_H */
