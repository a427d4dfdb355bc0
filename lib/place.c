#include "lib/place.h"

#include <string.h>

int alm_place_compare(const struct alm_place *a, const struct alm_place *b)
{
	int order = strcmp(a->file, b->file);

	if (order != 0) {
		return order;
	}
	if (a->line != b->line) {
		return a->line < b->line ? -1 : 1;
	}
	return a->column != b->column ? (a->column < b->column ? -1 : 1) : 0;
}
