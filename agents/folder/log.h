/* log.h - one line on stderr for each failure: the code first, then pairs. */
#ifndef ALM_AGENTS_FOLDER_LOG_H
#define ALM_AGENTS_FOLDER_LOG_H

#include "lib/err.h"

/** `what` names the file or thing; `detail` may be "". */
void alm_log_problem(enum alm_err err, const char *what, const char *detail);

/** Something that is no failure any more. */
void alm_log_note(const char *what, const char *detail);

#endif /* ALM_AGENTS_FOLDER_LOG_H */
