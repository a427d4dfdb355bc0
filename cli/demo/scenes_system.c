/* scenes_system.c - what planners and investigators may know. */
#include "cli/demo/demo.h"

static void expect_delivery(struct alm_demo *demo,
	const struct alm_letter *letter, enum alm_part to, const char *what)
{
	struct alm_outcome outcome = alm_post_send(demo, letter);

	(void)alm_story_expect(&demo->story,
		outcome.is_answered && outcome.code == 0 &&
			alm_post_arrives(demo, to, outcome.id),
		"%s", what);
}

static void expect_refusal(struct alm_demo *demo,
	const struct alm_letter *letter, int code, const char *what)
{
	struct alm_outcome outcome = alm_post_send(demo, letter);

	(void)alm_story_expect(&demo->story, outcome.code == code,
		"%s: ALM-%d %s", what, outcome.code, outcome.name);
}

void alm_scene_planning(struct alm_demo *demo)
{
	static const char figures[] = "{\"capacity\":120,\"occupied\":97}";
	static const struct alm_letter to_board = {.from = ALM_PART_HOMECARE,
		.part = "capacity-return",
		.to = "QT1"};
	static const struct alm_letter to_rival = {.from = ALM_PART_HOMECARE,
		.part = "capacity-return",
		.to = "DEMO-V0002"};
	static const struct alm_letter onward = {.from = ALM_PART_BOARD,
		.to = "DEMO-V0002",
		.purpose = "service-planning",
		.categories = "capacity",
		.level = "aggregate",
		.text = figures};
	static const struct alm_letter hospital = {.from = ALM_PART_PRIVATE,
		.to = "QT1",
		.purpose = "service-planning",
		.categories = "capacity",
		.level = "aggregate",
		.text = "{\"theatre-sessions\":14}"};
	static const struct alm_letter waits = {.from = ALM_PART_HOSPITAL,
		.to = "E56000024",
		.purpose = "service-planning",
		.categories = "waiting-times",
		.level = "aggregate",
		.text = "{\"62-day\":{\"within\":215,\"all\":300}}"};

	alm_story_chapter(&demo->story, "Capacity and waiting times");
	alm_story_say(&demo->story,
		"By law the home-care provider returns its "
		"capacity. Those who plan may see it, those who compete with "
		"it may not, also not by way of the planners.");
	expect_delivery(demo, &to_board, ALM_PART_BOARD,
		"the integrated care board has the return");
	expect_refusal(demo, &to_rival, ALM_REASON_210,
		"to a competitor it is refused");
	expect_refusal(demo, &onward, ALM_REASON_403,
		"and the board may not pass it on");
	expect_delivery(demo, &hospital, ALM_PART_BOARD,
		"an independent hospital's free theatre sessions arrive too");
	expect_delivery(demo, &waits, ALM_PART_ALLIANCE,
		"the cancer alliance, at its host, has the waiting times, as "
		"counts");
}

void alm_scene_investigation(struct alm_demo *demo)
{
	static const struct alm_letter evidence = {.from = ALM_PART_DONCASTER,
		.to = "HSSIB",
		.purpose = "safety-investigation",
		.categories = "safety-investigation",
		.level = "identifiable",
		.subject = ALM_DEMO_PATIENT,
		.text = "Interview notes, incident of 3 October."};
	static const struct alm_letter draft = {.from = ALM_PART_HSSIB,
		.to = "RP5",
		.purpose = "safety-investigation",
		.categories = "safety-investigation",
		.level = "anonymised",
		.text = "Draft report, for comment. Protected material."};
	static const struct alm_letter onward = {.from = ALM_PART_DONCASTER,
		.to = "QF7",
		.purpose = "quality-and-safety",
		.categories = "safety-investigation",
		.level = "anonymised",
		.text = "Draft report, forwarded."};

	alm_story_chapter(&demo->story, "A safety investigation");
	alm_story_say(&demo->story,
		"Investigators get evidence from a trust "
		"and send it their draft report to comment on. The law "
		"protects that report: passing it on is an offence.");
	expect_delivery(
		demo, &evidence, ALM_PART_HSSIB, "the evidence arrives");
	expect_delivery(demo, &draft, ALM_PART_DONCASTER,
		"the trust has the draft report");
	expect_refusal(demo, &onward, ALM_REASON_403,
		"forwarding it to the next board is refused");
}
