/* size.h - numbers of bytes as people write them: 4096, 64KiB, 2TiB. */
#ifndef ALM_LIB_SIZE_H
#define ALM_LIB_SIZE_H

#include <stdint.h>

#include "lib/err.h"

#define ALM_SIZE_TEXT_BYTES 24u

/**
 * Digits, then KiB, MiB, GiB, TiB, B or nothing; no space between.
 * Errors:  VALUE_BAD, also for a size of more than 64 bits
 */
ALM_MUST_USE enum alm_err alm_size_parse(const char *text, uint64_t *out_bytes);

/** In the largest unit of which it is a whole number, so that it parses. */
void alm_size_write(uint64_t bytes, char out[ALM_SIZE_TEXT_BYTES]);

#endif /* ALM_LIB_SIZE_H */
