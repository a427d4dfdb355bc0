/* scenes_care.c - one person's care across the organisations that give it. */
#include <stdio.h>

#include "cli/demo/demo.h"

/** Send, expect acceptance, and expect it to arrive. */
static void carry(struct alm_demo *demo, const struct alm_letter *letter,
	enum alm_part to, const char *what)
{
	struct alm_outcome outcome = alm_post_send(demo, letter);

	if (alm_story_expect(&demo->story,
		    outcome.is_answered && outcome.code == 0,
		    "%s: on the broker's disk%s%s", what,
		    outcome.basis[0] != '\0' ? ", under " : "",
		    outcome.code == 0 ? outcome.basis : outcome.name)) {
		(void)alm_story_expect(&demo->story,
			alm_post_arrives(demo, to, outcome.id), "%s has it",
			alm_part_name(to));
	}
	if (demo->summary.id[0] == '\0') {
		demo->summary = outcome;
	}
}

static void treatment_summary(struct alm_demo *demo)
{
	static const struct alm_letter letter = {.from = ALM_PART_HOSPITAL,
		.part = "treatment-summary",
		.to = "C84001",
		.subject = ALM_DEMO_PATIENT};

	alm_story_chapter(&demo->story, "The end of treatment");
	alm_story_say(&demo->story,
		"Nottingham University Hospitals has "
		"finished treating a patient for breast cancer. It sends "
		"the treatment summary to her practice in Worksop, which "
		"lies at the edge of the next system.");
	carry(demo, &letter, ALM_PART_PRACTICE, "the treatment summary");
}

static void psycho_oncology(struct alm_demo *demo)
{
	static const struct alm_letter letter = {.from = ALM_PART_HOSPITAL,
		.part = "psycho-oncology",
		.to = "RHA",
		.subject = ALM_DEMO_PATIENT,
		.referral = "PSY-2026-0417"};

	alm_story_chapter(&demo->story, "A referral");
	alm_story_say(&demo->story,
		"She agrees to see a psycho-oncologist. "
		"The mental health trust does not know her yet: the referral "
		"that she agreed to is the relationship.");
	carry(demo, &letter, ALM_PART_MIND, "the referral");
}

/** The council makes its plan, and sends it on, without being told to. */
static void care_plan(struct alm_demo *demo, const char *needs_id)
{
	struct alm_outcome outcome;
	char ref[64];

	(void)snprintf(ref, sizeof(ref), "plan-for-%s", needs_id);
	outcome = alm_post_answer(demo, ALM_PART_COUNCIL, ref);
	(void)alm_story_expect(&demo->story,
		outcome.is_answered && outcome.code == 0 &&
			alm_post_arrives(demo, ALM_PART_HOMECARE, outcome.id),
		"its care plan goes to %s%s%s",
		alm_part_name(ALM_PART_HOMECARE),
		outcome.code == 0 ? ", under " : ": ",
		outcome.is_answered && outcome.code == 0 ? outcome.basis
							 : outcome.name);
}

static void home_care(struct alm_demo *demo)
{
	static const struct alm_letter needs = {.from = ALM_PART_HOSPITAL,
		.part = "home-care",
		.to = "511",
		.subject = ALM_DEMO_PATIENT};
	struct alm_outcome outcome;

	alm_story_chapter(&demo->story, "Help at home");
	alm_story_say(&demo->story,
		"She will need help at home. The hospital "
		"tells the county council what she needs, and puts in the "
		"diagnosis, which the agreement does not cover; the council "
		"makes a plan and gives it to the home-care provider.");
	outcome = alm_post_send(demo, &needs);
	(void)alm_story_expect(&demo->story,
		outcome.is_answered && outcome.code == 0 &&
			outcome.is_transformed,
		"accepted under %s, and the diagnosis is taken out",
		outcome.basis);
	(void)alm_story_expect(&demo->story,
		alm_post_arrives(demo, ALM_PART_COUNCIL, outcome.id),
		"%s has the rest", alm_part_name(ALM_PART_COUNCIL));
	care_plan(demo, outcome.id);
}

static void hospice(struct alm_demo *demo)
{
	static const struct alm_letter letter = {.from = ALM_PART_HOSPITAL,
		.part = "hospice",
		.to = "GB-CHC-509759",
		.subject = ALM_DEMO_PATIENT};

	alm_story_chapter(&demo->story, "The hospice");
	alm_story_say(&demo->story,
		"Nottinghamshire Hospice is a charity that "
		"gives care. For care, consent is implied, as for any other "
		"part of the team.");
	carry(demo, &letter, ALM_PART_HOSPICE, "the hospice referral");
}

void alm_scene_pathway(struct alm_demo *demo)
{
	treatment_summary(demo);
	psycho_oncology(demo);
	home_care(demo);
	hospice(demo);
}
