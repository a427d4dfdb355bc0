#include "cli/show/fit.h"

size_t alm_line_width(const size_t *widths, size_t count)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++) {
		if (widths[i] > 0) {
			width += (width > 0 ? ALM_COLUMN_GAP : 0) + widths[i];
		}
	}
	return width;
}

bool alm_fit_columns(
	size_t *widths, const size_t *least, size_t count, size_t columns)
{
	size_t width = alm_line_width(widths, count);

	while (width > columns) {
		size_t widest = count;

		for (size_t i = 0; i < count; i++) {
			if (widths[i] > least[i] &&
				(widest == count ||
					widths[i] > widths[widest])) {
				widest = i;
			}
		}
		if (widest == count) {
			return false;
		}
		widths[widest]--;
		width--;
	}
	return true;
}
