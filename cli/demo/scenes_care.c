/* scenes_care.c - one person's care across the organisations that give it. */
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
		.to = "C84001",
		.purpose = "direct-care",
		.categories = "treatment-summary,medications",
		.level = "identifiable",
		.subject = ALM_DEMO_PATIENT,
		.text = "End of treatment summary: surgery and six cycles of "
			"chemotherapy are complete."};

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
		.to = "RHA",
		.purpose = "cancer-care",
		.categories = "psycho-oncology",
		.level = "identifiable",
		.subject = ALM_DEMO_PATIENT,
		.referral = "PSY-2026-0417",
		.text = "Referral: distress thermometer 7, not sleeping, asks "
			"for help with fear of recurrence."};

	alm_story_chapter(&demo->story, "A referral");
	alm_story_say(&demo->story,
		"She agrees to see a psycho-oncologist. "
		"The mental health trust does not know her yet: the referral "
		"that she agreed to is the relationship.");
	carry(demo, &letter, ALM_PART_MIND, "the referral");
}

static void home_care(struct alm_demo *demo)
{
	static const struct alm_letter needs = {.from = ALM_PART_HOSPITAL,
		.to = "511",
		.purpose = "direct-care",
		.categories = "home-care,contact",
		.level = "identifiable",
		.subject = ALM_DEMO_PATIENT,
		.text = "Needs help with washing and dressing, twice a day."};
	static const struct alm_letter plan = {.from = ALM_PART_COUNCIL,
		.to = "CQC-1-10553191017",
		.purpose = "direct-care",
		.categories = "care-plan,home-care",
		.level = "identifiable",
		.subject = ALM_DEMO_PATIENT,
		.text = "Two visits a day, 8:00 and 18:00; key safe at the "
			"side door."};

	alm_story_chapter(&demo->story, "Help at home");
	alm_story_say(&demo->story,
		"She will need help at home. The hospital "
		"tells the county council what she needs; the council makes "
		"a plan and gives it to the home-care provider, which is "
		"told what to do and not why.");
	carry(demo, &needs, ALM_PART_COUNCIL, "what she needs");
	carry(demo, &plan, ALM_PART_HOMECARE, "the care plan");
}

static void hospice(struct alm_demo *demo)
{
	static const struct alm_letter letter = {.from = ALM_PART_HOSPITAL,
		.to = "GB-CHC-509759",
		.purpose = "direct-care",
		.categories = "hospice-care,medications",
		.level = "identifiable",
		.subject = ALM_DEMO_PATIENT,
		.text = "Day therapy and symptom control, please."};

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
