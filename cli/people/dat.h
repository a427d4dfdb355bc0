/*
 * dat.h - a list of NHS numbers as the national check service sends it
 * over MESH: a number, a comma and a line feed on each line, and nothing else.
 * One bad line makes the whole list bad.
 */
#ifndef ALM_CLI_PEOPLE_DAT_H
#define ALM_CLI_PEOPLE_DAT_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/nhs_number.h"

/** Of the longest line that can be right. */
#define ALM_DAT_LINE_BYTES (ALM_NHS_NUMBER_BYTES + 1)

/** One line without its line feed.  Errors: LIST_INVALID; the problem does not
 * tell the line's content. */
ALM_MUST_USE enum alm_err alm_people_dat_read(struct alm_bytes line,
	char out[ALM_NHS_NUMBER_BYTES + 1], struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_DAT_H */
