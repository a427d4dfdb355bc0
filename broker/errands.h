/*
 * errands.h - what almonerd does without a loop, and ends: making keys, and
 * going on as another log.  Each prints what it made, and gives the exit code.
 */
#ifndef ALM_BROKER_ERRANDS_H
#define ALM_BROKER_ERRANDS_H

#include "broker/config/settings.h"

/** The keys of a store, of CURVE and of the log, in a folder that is made if
 * need be; none that is there is replaced. */
int alm_generate_keys(const char *folder);
/** As alm_origin_renew(); `reason` is for the record. */
int alm_new_origin(const struct alm_settings *settings, const char *reason);

#endif /* ALM_BROKER_ERRANDS_H */
