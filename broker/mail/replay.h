/*
 * replay.h - what a record says of its request, so that it can be decided
 * again: written with the answer to a message, and read back from the log.
 * Writer and reader of those lines stand side by side.
 */
#ifndef ALM_BROKER_MAIL_REPLAY_H
#define ALM_BROKER_MAIL_REPLAY_H

#include "broker/mail/judge.h"

/** What a record must say so that its request can be decided again: the flags
 * of the header, and the first lines of the private part, for what the header
 * does not say.  For what was judged only. */
uint8_t alm_replay_flags(const struct alm_message *message,
	const struct alm_judgement *judgement);
void alm_replay_describe(struct alm_turn *turn,
	const struct alm_message *message,
	const struct alm_judgement *judgement);

/** Why a record's request was decided again, or not. */
enum alm_replay {
	ALM_REPLAY_DONE,
	ALM_REPLAY_NO_REQUEST, /* no request that the rule judged */
	ALM_REPLAY_NOT_WHOLE,  /* the record does not say all of it */
	ALM_REPLAY_MALFORMED,  /* no policy could have permitted it */
	ALM_REPLAY_ERASED,     /* the private part is gone */
	ALM_REPLAY_DAMAGED,
	ALM_REPLAYS,
};

/** A request as it was made, and whom it is about, as recorded now.
 * In the arena that it was read with. */
struct alm_recalled {
	struct alm_request request;
	bool has_person;
	struct alm_person person;
};

/**
 * Read back what one record is about.
 * Out:     out_replay    DONE, or why there is nothing to decide again
 *          out_recalled  whole if DONE
 * Errors:  NOMEM, STORE_IO
 */
ALM_MUST_USE enum alm_err alm_replay_read(struct alm_store *store,
	struct alm_arena *arena, const struct alm_audit_record *record,
	struct alm_recalled *out_recalled, enum alm_replay *out_replay);

#endif /* ALM_BROKER_MAIL_REPLAY_H */
