#include "lib/base.h"

#include <stdio.h>
#include <stdlib.h>

void alm_assert_fail(const char *expr, const char *file, int line)
{
	(void)fprintf(stderr, "almoner: assertion failed: %s (%s:%d)\n", expr,
		file, line);
	abort();
}
