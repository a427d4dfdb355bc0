/*
 * sweep.h - what grows old, looked after once a second.  Errors as stage.h
 * says.  Loop thread only; never logs.
 */
#ifndef ALM_BROKER_MAIL_SWEEP_H
#define ALM_BROKER_MAIL_SWEEP_H

#include "broker/loop/stage.h"

/** Remove expired mail, a bounded share of it in each call, and forget old
 * duplicates. */
ALM_MUST_USE enum alm_err alm_sweep(struct alm_turn *turn);

/** Remove one expired piece of mail, record it and tell its sender. */
ALM_MUST_USE enum alm_err alm_expire(
	struct alm_turn *turn, const char *recipient, uint64_t seq);

/** Count mail that was read because its time has come.  False when the turn
 * has read enough: the rest is the next one's, which comes at once. */
bool alm_sweep_reads(struct alm_turn *turn, size_t bytes);

#endif /* ALM_BROKER_MAIL_SWEEP_H */
