/* inspect.h - what reading back in the background has found: a record for each
 * damaged row, once, in the next turn. */
#ifndef ALM_BROKER_EVIDENCE_INSPECT_H
#define ALM_BROKER_EVIDENCE_INSPECT_H

#include "broker/loop/stage.h"

/** Begin, if the settings say so; failing to is no reason not to start. */
void alm_inspect_start(struct alm_broker *broker);

/** Record what was found since the last turn. */
ALM_MUST_USE enum alm_err alm_inspect(struct alm_turn *turn);

#endif /* ALM_BROKER_EVIDENCE_INSPECT_H */
