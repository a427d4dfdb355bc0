#include "agents/folder/log.h"

#include <stdio.h>

void alm_log_problem(enum alm_err err, const char *what, const char *detail)
{
	(void)fprintf(stderr, "ALM-%d %s what=\"%s\" detail=\"%s\"\n", (int)err,
		alm_err_info(err)->name, what, detail);
}
