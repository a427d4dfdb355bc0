/* values.h - what may stand behind an option: texts, numbers, sizes, durations
 * and times. */
#ifndef ALM_CLI_VALUES_H
#define ALM_CLI_VALUES_H

#include "cli/args.h"

/** False: it is none of that type.  `out` is left by flags and texts. */
bool alm_option_parse(
	enum alm_option_type type, const char *text, int64_t *out);

/** How such a value is written, for a complaint. */
const char *alm_option_form(enum alm_option_type type);

#endif /* ALM_CLI_VALUES_H */
