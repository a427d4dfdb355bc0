/* fit.h - a table on a terminal that is narrower than it. */
#ifndef ALM_CLI_SHOW_FIT_H
#define ALM_CLI_SHOW_FIT_H

#include <stdbool.h>
#include <stddef.h>

/** Between two columns. */
#define ALM_COLUMN_GAP 2u

/** How wide a line of such columns is; those of width 0 are left out. */
size_t alm_line_width(const size_t *widths, size_t count);

/** Make columns narrower, the widest first and none below its least width,
 * until they fit.  False: they do not. */
bool alm_fit_columns(
	size_t *widths, const size_t *least, size_t count, size_t columns);

#endif /* ALM_CLI_SHOW_FIT_H */
