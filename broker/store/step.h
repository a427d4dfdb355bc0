/*
 * step.h - work that takes several calls: where it goes on is given out, and
 * believed only if this store has sealed it.
 */
#ifndef ALM_BROKER_STORE_STEP_H
#define ALM_BROKER_STORE_STEP_H

#include <stdbool.h>

#include "lib/bytes.h"

struct alm_store;

#define ALM_STEP_SEAL_BYTES 17u /* as text */

/** Where work of several calls goes on, sealed with what it is about. */
void alm_store_seal_step(const struct alm_store *store, const char *work,
	struct alm_bytes at, char out[ALM_STEP_SEAL_BYTES]);
/** Whether this store has sealed it. */
bool alm_store_is_step(const struct alm_store *store, const char *work,
	struct alm_bytes at, const char *seal_text);

#endif /* ALM_BROKER_STORE_STEP_H */
