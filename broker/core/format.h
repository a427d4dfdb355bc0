/* format.h - the formats that a label may ask of a text.  Pure. */
#ifndef ALM_BROKER_CORE_FORMAT_H
#define ALM_BROKER_CORE_FORMAT_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/standard.h"

/** `text` may be anything. */
bool alm_format_holds(enum alm_field_format format, struct alm_bytes text);

/** A shape: in the pattern 9 is a digit, A a capital letter, anything else
 * itself. */
bool alm_format_matches(struct alm_bytes text, const char *pattern);

#endif /* ALM_BROKER_CORE_FORMAT_H */
