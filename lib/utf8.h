/* utf8.h - is it text?  Pure; no allocation. */
#ifndef ALM_LIB_UTF8_H
#define ALM_LIB_UTF8_H

#include <stddef.h>

#include "lib/bytes.h"

/**
 * Bytes of the well-formed character at the start of `text`: 1 to 4; 0 if it
 * is cut off, overlong, a surrogate or past U+10FFFF.  `text` is not empty.
 */
size_t alm_utf8_char(struct alm_bytes text);

#endif /* ALM_LIB_UTF8_H */
