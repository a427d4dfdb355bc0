/*
 * figure.h - one figure of the broker's as Prometheus text: its name without
 * `almoner_`, what it says, and its value.
 */
#ifndef ALM_BROKER_WATCH_FIGURE_H
#define ALM_BROKER_WATCH_FIGURE_H

#include <stdint.h>
#include <stdio.h>

/** What only grows, since the start. */
void alm_figure_counter(
	FILE *out, const char *name, const char *help, uint64_t value);

/** What goes up and down. */
void alm_figure_gauge(
	FILE *out, const char *name, const char *help, double value);

/** The head of a figure whose values the caller writes, all of them at once:
 * one for each label, or the parts of a summary or a histogram. */
void alm_figure_family(
	FILE *out, const char *name, const char *type, const char *help);

#endif /* ALM_BROKER_WATCH_FIGURE_H */
