/*
 * keeper.h - a thread that keeps the newest signed head outside the store, so
 * that no turn waits for its file: to make one, and to have its name on disk,
 * takes as long as several commits.  One head at a time.
 */
#ifndef ALM_BROKER_EVIDENCE_KEEPER_H
#define ALM_BROKER_EVIDENCE_KEEPER_H

#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct alm_keeper;

enum alm_keeper_state {
	ALM_KEEPER_IDLE,
	ALM_KEEPER_BUSY,
	ALM_KEEPER_KEPT, /* until it is told to go on */
	ALM_KEEPER_FAILED,
};

/** Errors: NOMEM, FIELD_TOO_LARGE for the path */
ALM_MUST_USE enum alm_err alm_keeper_open(
	const char *path, struct alm_keeper **out_keeper);
/** Waits for what it is writing; NULL is a no-op. */
void alm_keeper_close(struct alm_keeper *keeper);

/** While it is idle: have `head`, which is copied, replace the file. */
void alm_keeper_write(struct alm_keeper *keeper, struct alm_bytes head);

/** How far it is, and how long the last one took. */
enum alm_keeper_state alm_keeper_look(
	struct alm_keeper *keeper, int64_t *out_took_us);

/** The caller has seen that it has ended: it is idle. */
void alm_keeper_go_on(struct alm_keeper *keeper);

/** Wait until it does not write; gives what became of it.  It is idle then. */
enum alm_keeper_state alm_keeper_finish(struct alm_keeper *keeper);

#endif /* ALM_BROKER_EVIDENCE_KEEPER_H */
