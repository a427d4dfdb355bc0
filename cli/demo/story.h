/*
 * story.h - tells the demonstration: chapters, sentences, and expectations
 * that held or did not.  One thread.
 */
#ifndef ALM_CLI_DEMO_STORY_H
#define ALM_CLI_DEMO_STORY_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/base.h"

/** Caller's memory; zeroed is a story that is told to nobody. */
struct alm_story {
	FILE *out; /* borrowed; NULL: only the expectations count */
	bool has_color;
	unsigned chapter_count;
	unsigned held_count;
	unsigned failed_count;
};

/** Begin a numbered chapter. */
void alm_story_chapter(struct alm_story *story, const char *title);

/** A sentence of what happens; wrapped to the width of a terminal. */
void alm_story_say(struct alm_story *story, const char *format, ...)
	ALM_PRINTF(2, 3);

/** An expectation; gives `holds` back. */
bool alm_story_expect(struct alm_story *story, bool holds, const char *format,
	...) ALM_PRINTF(3, 4);

#endif /* ALM_CLI_DEMO_STORY_H */
