/*
 * band.h - counts of people as they may be shown (docs/POLICY.md, "Counts of
 * opt-outs").  Pure.
 */
#ifndef ALM_LIB_BAND_H
#define ALM_LIB_BAND_H

#include <stdint.h>

#define ALM_BAND_TEXT_BYTES 24u
/* Up to here a count is not shown, zero included. */
#define ALM_BAND_HIDDEN_MAX 7u
#define ALM_BAND_STEP 5u

/** "*" for a small count, else the nearest multiple of five. */
void alm_band_text(uint64_t count, char out[ALM_BAND_TEXT_BYTES]);

#endif /* ALM_LIB_BAND_H */
