/*
 * faults.h - records of frames that were refused, so many that they tell and
 * so few that a flood of them is no flood of records.  Loop thread only.
 */
#ifndef ALM_BROKER_LOOP_FAULTS_H
#define ALM_BROKER_LOOP_FAULTS_H

#include <stdbool.h>

#include "lib/err.h"

struct alm_turn;
struct alm_turn_request;

/**
 * A fault of a frame, of which one record a second is written for each
 * organisation.  False: it is counted, for a later record.
 */
bool alm_faults_may_record(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** Record those that were only counted, once their second is over. */
ALM_MUST_USE enum alm_err alm_faults_record(struct alm_turn *turn);

#endif /* ALM_BROKER_LOOP_FAULTS_H */
