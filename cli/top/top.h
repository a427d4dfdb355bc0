/*
 * top.h - what almoner top sees of a broker at one moment, and how it shows
 * two such moments.
 */
#ifndef ALM_CLI_TOP_TOP_H
#define ALM_CLI_TOP_TOP_H

#include "cli/admin.h"

#define ALM_TOP_BOXES_MAX 4096u

/** What the broker has counted since it started, and what it holds now. */
enum alm_top_number {
	ALM_TOP_ACCEPTED,
	ALM_TOP_REFUSED,
	ALM_TOP_DELIVERED,
	ALM_TOP_ACKNOWLEDGED,
	ALM_TOP_TURNS,
	ALM_TOP_COMMIT_US,
	ALM_TOP_RISING, /* those above only rise while it runs */
	ALM_TOP_SESSIONS = ALM_TOP_RISING,
	ALM_TOP_AGENTS,
	ALM_TOP_DEAD_LETTERS,
	ALM_TOP_OVERDUE, /* overrides */
	ALM_TOP_STORE_PERMILLE,
	ALM_TOP_MEMORY_BYTES,
	ALM_TOP_AUDIT_SIZE,
	ALM_TOP_NUMBERS
};

struct alm_top_box {
	char organisation[ALM_ID_BYTES_MAX + 1];
	uint64_t messages;
	uint64_t bytes;
	int64_t oldest_us; /* its age */
	bool is_connected;
	bool is_on_hold;
};

/** Of the broker's own clock; texts as it says them. */
struct alm_top_sample {
	double at_s; /* of this machine's monotonic clock */
	int64_t now_us;
	int64_t started_us;
	char endpoint[ALM_ENDPOINT_BYTES_MAX + 1];
	char version[32];
	char epoch[24];
	char takes_mail[64];
	uint64_t numbers[ALM_TOP_NUMBERS];
	uint64_t waiting; /* messages, in the mailboxes below */
	int64_t oldest_us;
	struct alm_top_box boxes[ALM_TOP_BOXES_MAX]; /* by name */
	size_t box_count;
	bool has_more_boxes;
};

/** A screen of at most `lines` lines, in the place of the one before. */
void alm_top_screen(const struct alm_output *output,
	const struct alm_top_sample *before, const struct alm_top_sample *now,
	unsigned lines);

/** One line for people, after a heading when `is_first`. */
void alm_top_line(const struct alm_top_sample *before,
	const struct alm_top_sample *now, bool is_first);

/** One line for programs: JSON, or CSV after a heading.  Gives the exit code.
 */
ALM_MUST_USE int alm_top_record(const struct alm_output *output,
	const struct alm_top_sample *before, const struct alm_top_sample *now,
	bool is_first);

#endif /* ALM_CLI_TOP_TOP_H */
