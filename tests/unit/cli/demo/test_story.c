/* test_story.c - the teller of the demonstration. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/demo/story.h"

struct told {
	struct alm_story story;
	char *text;
	size_t bytes;
};

static void begin(struct told *told)
{
	memset(told, 0, sizeof(*told));
	told->story.out = open_memstream(&told->text, &told->bytes);
	cr_assert_not_null(told->story.out);
}

static void end(struct told *told)
{
	(void)fclose(told->story.out);
}

Test(story, counts_what_held_and_what_did_not)
{
	struct told told;

	begin(&told);
	cr_assert(alm_story_expect(&told.story, true, "first"));
	cr_assert_not(alm_story_expect(&told.story, false, "second"));
	end(&told);
	cr_assert_eq(told.story.held_count, 1);
	cr_assert_eq(told.story.failed_count, 1);
	cr_assert_not_null(strstr(told.text, "ok     first\n"));
	cr_assert_not_null(strstr(told.text, "NOT SO second\n"));
	free(told.text);
}

Test(story, numbers_its_chapters)
{
	struct told told;

	begin(&told);
	alm_story_chapter(&told.story, "One");
	alm_story_chapter(&told.story, "Two");
	end(&told);
	cr_assert_not_null(strstr(told.text, " 1  One\n"));
	cr_assert_not_null(strstr(told.text, " 2  Two\n"));
	free(told.text);
}

Test(story, keeps_lines_within_a_terminal)
{
	struct told told;

	begin(&told);
	for (unsigned i = 0; i < 3; i++) {
		alm_story_say(&told.story, "%s %s %s",
			"a sentence that goes on and on until it",
			"is certainly longer than one line of a terminal is,",
			"and then some more words to make a third line of it.");
	}
	end(&told);
	for (char *line = strtok(told.text, "\n"); line != NULL;
		line = strtok(NULL, "\n")) {
		cr_assert_leq(strlen(line), 80, "%s", line);
		cr_assert_eq(strncmp(line, "    ", 4), 0, "%s", line);
	}
	free(told.text);
}

Test(story, that_is_told_to_nobody_still_counts)
{
	struct alm_story story = {.out = NULL};

	alm_story_chapter(&story, "Unheard");
	alm_story_say(&story, "nothing");
	(void)alm_story_expect(&story, false, "something");
	cr_assert_eq(story.failed_count, 1);
}
