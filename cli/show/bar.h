/*
 * bar.h - how far a long task is, on stderr: share, rate and time left
 * on one line, while stderr is a terminal and nobody said --quiet.
 */
#ifndef ALM_CLI_SHOW_BAR_H
#define ALM_CLI_SHOW_BAR_H

#include "cli/show/output.h"

struct alm_bar {
	const char *what; /* is counted: "records" */
	double begun_s;
	double shown_s;
	bool is_wanted;
	bool is_shown;
};

void alm_bar_init(
	struct alm_bar *bar, const struct alm_output *output, const char *what);

/** At most a few times a second, whatever the caller does. */
void alm_bar_show(struct alm_bar *bar, uint64_t done, uint64_t total);

/** Leave the line empty. */
void alm_bar_end(struct alm_bar *bar);

#endif /* ALM_CLI_SHOW_BAR_H */
