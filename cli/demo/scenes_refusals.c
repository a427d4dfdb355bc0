/* scenes_refusals.c - strangers, forgers, slips of the finger, old papers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/demo/demo.h"
#include "cli/keys.h"
#include "cli/paths.h"

#define STRANGER "handshake-refused"

/** What the intruder says, and with whose keys. */
struct intrusion {
	const char *folder; /* of the keys */
	const char *sender;
	const char *subject;
};

/** Run the intruder; gives the line it prints, or "". */
static void intrude(struct alm_demo *demo, const struct intrusion *what,
	char out[ALM_CHILD_LINE_BYTES])
{
	const char *argv[] = {NULL, alm_sandbox_endpoint(demo->sandbox),
		alm_sandbox_broker_key(demo->sandbox), what->folder,
		what->sender, "C84001", what->subject, NULL};
	struct alm_child child;
	char program[PATH_MAX];
	const char *line = NULL;

	out[0] = '\0';
	if (alm_path_program("almoner-role-intruder", program,
		    &demo->problem) != ALM_OK) {
		return;
	}
	argv[0] = program;
	if (alm_child_start(&child, argv, demo->log, &demo->problem) !=
		ALM_OK) {
		return;
	}
	while (line == NULL && !child.is_over &&
		alm_child_wait(&child, ALM_DEMO_WAIT_MS)) {
		line = alm_child_line(&child);
	}
	if (line != NULL) {
		(void)snprintf(out, ALM_CHILD_LINE_BYTES, "%s", line);
	}
	(void)alm_child_stop(&child, 0);
}

/** The folder in which a context file and its keys stand. */
static void folder_of(char context[PATH_MAX])
{
	char *slash = strrchr(context, '/');

	if (slash != NULL) {
		*slash = '\0';
	}
}

static void stranger(struct alm_demo *demo)
{
	char folder[PATH_MAX];
	char answer[ALM_CHILD_LINE_BYTES] = "";
	struct alm_public_keys keys;

	(void)snprintf(folder, sizeof(folder), "%s/stranger",
		alm_sandbox_folder(demo->sandbox));
	if (mkdir(folder, 0700) == 0 &&
		alm_keys_make(folder, &keys, &demo->problem) == ALM_OK) {
		intrude(demo,
			&(struct intrusion){folder, "RX1", ALM_DEMO_PATIENT},
			answer);
	}
	(void)alm_story_expect(&demo->story, strcmp(answer, STRANGER) == 0,
		"a key that nobody registered is not let in: %s", answer);
}

static void forger(struct alm_demo *demo)
{
	char folder[PATH_MAX];
	char answer[ALM_CHILD_LINE_BYTES];
	bool is_refused;

	memcpy(folder, demo->players[ALM_PART_RIVAL].context, sizeof(folder));
	folder_of(folder);
	alm_cast_stop(demo, ALM_PART_RIVAL);
	intrude(demo, &(struct intrusion){folder, "RX1", ALM_DEMO_PATIENT},
		answer);
	is_refused = strtol(answer, NULL, 10) == (long)ALM_SENDER_MISMATCH;
	demo->refused_count += is_refused ? 1 : 0;
	(void)alm_story_expect(&demo->story, is_refused,
		"%s writes in the hospital's name, with its own good key, and "
		"is refused: ALM-%s",
		alm_part_name(ALM_PART_RIVAL), answer);
}

/** A second system of the hospital's, that checks nothing itself. */
static void slip(struct alm_demo *demo)
{
	char context[PATH_MAX];
	char answer[ALM_CHILD_LINE_BYTES] = "";
	bool is_refused;

	if (alm_sandbox_agent(demo->sandbox, "RX1", "old-clinic-system",
		    context, &demo->problem) == ALM_OK) {
		folder_of(context);
		intrude(demo, &(struct intrusion){context, "RX1", "9990000081"},
			answer);
	}
	is_refused = strtol(answer, NULL, 10) == (long)ALM_REASON_107;
	demo->refused_count += is_refused ? 1 : 0;
	(void)alm_story_expect(&demo->story, is_refused,
		"an old system sends an NHS number with two digits exchanged, "
		"and is refused: ALM-%s",
		answer);
}

void alm_scene_intruders(struct alm_demo *demo)
{
	static const struct alm_letter expired = {.from = ALM_PART_HOSPITAL,
		.to = "NVC40",
		.purpose = "direct-care",
		.categories = "treatment-summary",
		.level = "identifiable",
		.subject = ALM_DEMO_PATIENT,
		.text = "Summary."};
	struct alm_outcome outcome;

	alm_story_chapter(&demo->story, "Those who should not");
	alm_story_say(&demo->story, "Not everything that reaches the broker is "
				    "meant well, or typed well.");
	stranger(demo);
	forger(demo);
	slip(demo);
	outcome = alm_post_send(demo, &expired);
	(void)alm_story_expect(&demo->story, outcome.code == ALM_REASON_302,
		"an independent hospital whose pandemic agreement has ended "
		"gets nothing: ALM-%d %s",
		outcome.code, outcome.name);
}
