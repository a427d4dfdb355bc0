#include "broker/watch/figure.h"

#include <inttypes.h>

void alm_figure_family(
	FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out,
		"# HELP almoner_%s %s\n"
		"# TYPE almoner_%s %s\n",
		name, help, name, type);
}

void alm_figure_counter(
	FILE *out, const char *name, const char *help, uint64_t value)
{
	alm_figure_family(out, name, "counter", help);
	(void)fprintf(out, "almoner_%s %" PRIu64 "\n", name, value);
}

void alm_figure_gauge(
	FILE *out, const char *name, const char *help, double value)
{
	alm_figure_family(out, name, "gauge", help);
	(void)fprintf(out, "almoner_%s %.15g\n", name, value);
}
