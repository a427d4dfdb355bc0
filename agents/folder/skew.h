/*
 * skew.h - while this machine's clock and the broker's are too far apart, the
 * broker refuses whatever is sent: nothing is, and it is nobody's fault.
 */
#ifndef ALM_AGENTS_FOLDER_SKEW_H
#define ALM_AGENTS_FOLDER_SKEW_H

#include <stdbool.h>
#include <stdint.h>

/** Zeroed is none. */
struct alm_skew {
	bool is_on;       /* nothing is sent */
	int64_t ahead_ms; /* the broker's clock, of ours; as last seen */
};

/** The clocks are so far apart now.  Logs once that they part, and once that
 * they agree again; true: they have just come to agree. */
bool alm_skew_see(struct alm_skew *skew, int64_t ahead_ms);

/** The broker has refused a message for its time: whether the clocks are why.
 * Else it is the message's own time, which its id bears. */
bool alm_skew_refused(struct alm_skew *skew);

/** Whether an id was made by a clock that was ahead of the broker's. */
bool alm_skew_is_ahead(
	const struct alm_skew *skew, const uint8_t id[16], int64_t wall_ms);

#endif /* ALM_AGENTS_FOLDER_SKEW_H */
