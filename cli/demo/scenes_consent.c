/* scenes_consent.c - consent: missing, given, scoped, and withdrawn. */
#include <string.h>

#include "cli/demo/demo.h"

#define SCOPE "macmillan-support"

static struct alm_outcome ask_for_support(struct alm_demo *demo, const char *to)
{
	struct alm_letter letter = {.from = ALM_PART_HOSPITAL,
		.part = "support",
		.to = to,
		.subject = ALM_DEMO_PATIENT};

	return alm_post_send(demo, &letter);
}

static void without_consent(struct alm_demo *demo)
{
	struct alm_outcome outcome;

	alm_story_chapter(&demo->story, "Macmillan, without consent");
	alm_story_say(&demo->story,
		"A nurse would like Macmillan to help her "
		"with benefits. That is not care, so nothing is implied.");
	outcome = ask_for_support(demo, "GB-CHC-261017");
	(void)alm_story_expect(&demo->story, outcome.code == ALM_REASON_401,
		"refused: ALM-%d %s", outcome.code, outcome.name);
}

static void with_consent(struct alm_demo *demo)
{
	struct alm_outcome outcome;
	enum alm_err err;

	alm_story_chapter(&demo->story, "Macmillan, with consent");
	alm_story_say(&demo->story,
		"She is asked, and agrees: Macmillan may "
		"know her support needs and her telephone number.");
	err = alm_demo_consent(demo, SCOPE, "\"voluntary-support\"",
		"\"support-needs\",\"contact\"", "\"GB-CHC-261017\"");
	(void)alm_story_expect(
		&demo->story, err == ALM_OK, "her choice is recorded");
	outcome = ask_for_support(demo, "GB-CHC-261017");
	(void)alm_story_expect(&demo->story,
		outcome.is_answered && outcome.code == 0 &&
			alm_post_arrives(demo, ALM_PART_MACMILLAN, outcome.id),
		"the same letter is delivered to Macmillan");
	outcome = ask_for_support(demo, "GB-CHC-1067881");
	(void)alm_story_expect(&demo->story, outcome.code == ALM_REASON_401,
		"Age UK, which she has not chosen, is refused: ALM-%d %s",
		outcome.code, outcome.name);
}

static void withdrawn(struct alm_demo *demo)
{
	struct alm_outcome outcome;
	enum alm_err err;

	alm_story_chapter(&demo->story, "A change of mind");
	alm_story_say(&demo->story,
		"In the morning she agrees to Age UK as "
		"well. Their system is down, so the letter waits at the "
		"broker. In the afternoon she changes her mind.");
	err = alm_demo_consent(demo, "age-uk-support", "\"voluntary-support\"",
		"\"support-needs\",\"contact\"", "\"GB-CHC-1067881\"");
	outcome = ask_for_support(demo, "GB-CHC-1067881");
	(void)alm_story_expect(&demo->story,
		err == ALM_OK && outcome.is_answered && outcome.code == 0,
		"the letter is accepted and waits");
	err = alm_demo_withdraw(demo, "age-uk-support");
	(void)alm_story_expect(
		&demo->story, err == ALM_OK, "the withdrawal is recorded");
	err = alm_cast_start(demo, ALM_PART_AGE_UK);
	(void)alm_story_expect(&demo->story,
		err == ALM_OK && alm_post_is_stopped(
					 demo, ALM_PART_HOSPITAL, outcome.id),
		"Age UK comes up; the letter is stopped at hand-over, and the "
		"hospital is told");
}

void alm_scene_consent(struct alm_demo *demo)
{
	without_consent(demo);
	with_consent(demo);
	withdrawn(demo);
}
