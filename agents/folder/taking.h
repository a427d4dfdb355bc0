/*
 * taking.h - mail on its way into the inbox, written once however often it is
 * handed over.
 *
 * For each piece of mail: state/taken/SEQ.payload is written and SEQ.new, which
 * is the sidecar; then the mark state/taken/SEQ; then the payload is renamed
 * into the inbox, and then SEQ.new.  The mark without SEQ.new means that the
 * inbox has had it, even if its user has moved it on.  The mark goes when the
 * broker has confirmed the acknowledgement.  Each step is on disk before the
 * next, for many at once.
 */
#ifndef ALM_AGENTS_FOLDER_TAKING_H
#define ALM_AGENTS_FOLDER_TAKING_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/folder.h"
#include "agents/include/almoner.h"
#include "lib/id.h"

/** Whether the inbox has had it: then it need not be fetched. */
bool alm_taking_has(
	const struct alm_folder *folder, const struct alm_delivery *delivery);

#define ALM_SEQUENCE_TEXT_BYTES 21u
/* ID, a dash and a sequence; then ".notice.yaml". */
#define ALM_INBOX_NAME_BYTES \
	(ALM_UUID_TEXT_BYTES + ALM_SEQUENCE_TEXT_BYTES + 16u)
/* Of two files each. */
#define ALM_TAKINGS_MAX (ALM_FILES_MAX / 2)

/** What a mark says: for which mail it stands, and under which name. */
struct alm_taking_mark {
	char id[ALM_UUID_TEXT_BYTES];
	char name[ALM_INBOX_NAME_BYTES]; /* in the inbox */
};

/** Mail that is taken together.  Zeroed is none. */
struct alm_takings {
	struct alm_files files;
	struct {
		uint64_t sequence;
		bool is_marked; /* before */
		struct alm_taking_mark mark;
	} items[ALM_TAKINGS_MAX];
	size_t count;
	size_t bytes;
};

/** Whether another may be added; else flush first. */
bool alm_takings_has_room(
	const struct alm_takings *takings, const uint8_t id[16]);

/** Add it; a payload in parts lies in state/taken/SEQ.part.
 * Errors: IO, NOMEM: it is not added, and comes again. */
ALM_MUST_USE enum alm_err alm_taking_delivery(const struct alm_folder *folder,
	struct alm_takings *takings, const struct alm_delivery *delivery,
	struct alm_problem *problem);
ALM_MUST_USE enum alm_err alm_taking_notice(const struct alm_folder *folder,
	struct alm_takings *takings, const struct alm_notice_view *notice,
	struct alm_problem *problem);

/** Bring all into the inbox, call `acknowledge` for each, and keep none.
 * Errors: IO, NOMEM: nothing is to be acknowledged; it comes again. */
ALM_MUST_USE enum alm_err alm_takings_flush(const struct alm_folder *folder,
	struct alm_takings *takings,
	void (*acknowledge)(void *cookie, uint64_t sequence), void *cookie,
	struct alm_problem *problem);
void alm_takings_drop(struct alm_takings *takings);

/** The broker has confirmed: it will not come again.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_taking_confirmed(const struct alm_folder *folder,
	uint64_t sequence, struct alm_problem *problem);

/** Calls `acknowledge` for each piece that was taken and not confirmed; at
 * start.  Finishes what a crash cut off.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_taking_recover(const struct alm_folder *folder,
	void (*acknowledge)(void *cookie, uint64_t sequence), void *cookie,
	struct alm_problem *problem);

#endif /* ALM_AGENTS_FOLDER_TAKING_H */
