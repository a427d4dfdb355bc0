/*
 * story.h - records of one message to one recipient as one entry: what was
 * asked, what was decided, what went out and what became of it.
 */
#ifndef ALM_CLI_AUDIT_STORY_H
#define ALM_CLI_AUDIT_STORY_H

#include "cli/audit/log.h"

enum alm_story_end {
	ALM_STORY_WAITS = 0, /* accepted, not handed over */
	ALM_STORY_GIVEN,     /* handed over */
	ALM_STORY_TAKEN,     /* and acknowledged */
	ALM_STORY_REJECTED,  /* handed over, and not wanted */
	ALM_STORY_STOPPED,   /* at hand-over, by a later decision */
	ALM_STORY_EXPIRED,
	ALM_STORY_DEAD,   /* set aside after many tries */
	ALM_STORY_REFUSED /* never accepted */
};

/** The records that matter; seq 0: there is none (in the time asked for). */
struct alm_story {
	struct alm_log_row asked; /* accepted or refused */
	struct alm_log_row given; /* the first hand-over */
	struct alm_log_row ended; /* what came last of the others */
	struct alm_log_row reviewed;
	enum alm_story_end end;
	bool is_over; /* what follows under its id is of another entry */
};

struct alm_stories {
	struct alm_arena arena;
	struct alm_story *items;
	size_t count;
	size_t capacity;
	uint32_t *index; /* by message, sender and recipient; item + 1 */
	size_t index_count;
	/* Records that are about no message: questions to the log, changes. */
	struct alm_log_row *others;
	size_t other_count;
	size_t other_capacity;
	uint64_t erased; /* private parts that cannot be read any more */
	uint64_t pruned;
	bool is_short; /* memory was out */
};

#define ALM_STORIES_MAX 1000000u

void alm_stories_init(struct alm_stories *stories);
void alm_stories_fini(struct alm_stories *stories);

/** Add a record, in the order of the log.  False: memory is out. */
bool alm_stories_add(
	struct alm_stories *stories, const struct alm_log_row *row);

/** Whether a record belongs to an entry that is there. */
bool alm_stories_have(
	struct alm_stories *stories, const struct alm_log_row *row);

/** Whether anything reached the recipient. */
bool alm_story_was_given(const struct alm_story *story);

/** The record that says most about it: what was handed over, else asked. */
const struct alm_log_row *alm_story_main(const struct alm_story *story);

#endif /* ALM_CLI_AUDIT_STORY_H */
