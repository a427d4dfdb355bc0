/* cast.c - who plays, and the processes in which they do. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/demo/demo.h"
#include "cli/paths.h"

#define TRUST "almoner-role-trust"
#define COUNCIL "almoner-role-local-authority"
#define PROVIDER "almoner-role-care-provider"
#define CHARITY "almoner-role-charity"

/** How an organisation takes part. */
struct role {
	const char *id;
	const char *name;
	const char *program; /* of agents/roles; NULL: a folder agent */
};

static const struct role roles[ALM_PART_COUNT] = {
	[ALM_PART_HOSPITAL] = {"RX1", "Nottingham University Hospitals", TRUST},
	[ALM_PART_DONCASTER] = {"RP5", "Doncaster and Bassetlaw", TRUST},
	[ALM_PART_MIND] = {"RHA", "Nottinghamshire Healthcare", TRUST},
	[ALM_PART_PRACTICE] = {"C84001", "Larwood Surgery", NULL},
	[ALM_PART_COUNCIL] = {"511", "Nottinghamshire County Council", COUNCIL},
	[ALM_PART_HOMECARE] = {"CQC-1-10553191017", "Helping Hands Mansfield",
		PROVIDER},
	[ALM_PART_RIVAL] = {"DEMO-V0002", "Trentside Homecare", PROVIDER},
	[ALM_PART_HOSPICE] = {"GB-CHC-509759", "Nottinghamshire Hospice",
		CHARITY},
	[ALM_PART_MACMILLAN] = {"GB-CHC-261017", "Macmillan Cancer Support",
		CHARITY},
	[ALM_PART_AGE_UK] = {"GB-CHC-1067881", "Age UK", CHARITY},
	[ALM_PART_BOARD] = {"QT1", "the integrated care board", NULL},
	[ALM_PART_ALLIANCE] = {"E56000024", "the cancer alliance", NULL},
	[ALM_PART_PRIVATE] = {"NVC40", "Woodthorpe Hospital", NULL},
	[ALM_PART_HSSIB] = {"HSSIB", "HSSIB", NULL},
};

const char *alm_part_name(enum alm_part part)
{
	return roles[part].name;
}

/* --- folder agents ------------------------------------------------------ */

/** Watch where a folder agent puts things; it makes its folders at start. */
static enum alm_err watch_folder(
	struct alm_player *player, struct alm_problem *problem)
{
	static const char *const places[] = {"receipts", "refused", "inbox"};
	char path[PATH_MAX];

	player->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (size_t i = 0; i < ALM_COUNT(places) && player->watch >= 0; i++) {
		if (!alm_path_join(player->folder, places[i], path) ||
			(mkdir(path, 0700) != 0 && errno != EEXIST) ||
			inotify_add_watch(player->watch, path,
				IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
			break;
		}
		if (i + 1 == ALM_COUNT(places)) {
			return ALM_OK;
		}
	}
	return alm_problem_set(
		problem, ALM_IO, "%s: %s", player->folder, strerror(errno));
}

static enum alm_err make_folder(
	struct alm_demo *demo, struct alm_player *player, const char *id)
{
	const char *sandbox = alm_sandbox_folder(demo->sandbox);
	char outbox[PATH_MAX];
	int n = snprintf(player->folder, sizeof(player->folder), "%s/folder-%s",
		sandbox, id);

	if (n >= (int)sizeof(player->folder) ||
		mkdir(player->folder, 0700) != 0 ||
		!alm_path_join(player->folder, "outbox", outbox) ||
		mkdir(outbox, 0700) != 0) {
		return alm_problem_set(&demo->problem, ALM_IO, "%s: %s",
			player->folder, strerror(errno));
	}
	return watch_folder(player, &demo->problem);
}

/* --- all ---------------------------------------------------------------- */

enum alm_err alm_cast_start(struct alm_demo *demo, enum alm_part part)
{
	struct alm_player *player = &demo->players[part];
	const char *argv[] = {
		NULL, "--context", player->context, NULL, NULL, NULL};
	char program[PATH_MAX];
	const char *name = roles[part].program;
	enum alm_err err = alm_path_program(
		name != NULL ? name : "almoner-agent", program, &demo->problem);

	if (err != ALM_OK) {
		return err;
	}
	argv[0] = program;
	if (name == NULL) {
		argv[3] = "--folder";
		argv[4] = player->folder;
	}
	return alm_child_start(&player->child, argv, demo->log, &demo->problem);
}

void alm_cast_stop(struct alm_demo *demo, enum alm_part part)
{
	/* A role agent ends with its input, and acknowledges before. */
	(void)alm_child_stop(&demo->players[part].child,
		roles[part].program == NULL ? SIGTERM : 0);
}

enum alm_err alm_cast_open(struct alm_demo *demo)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < ALM_PART_COUNT; i++) {
		demo->players[i].watch = -1;
	}
	for (size_t i = 0; i < ALM_PART_COUNT && err == ALM_OK; i++) {
		struct alm_player *player = &demo->players[i];

		err = alm_sandbox_agent(demo->sandbox, roles[i].id, "demo",
			player->context, &demo->problem);
		if (err == ALM_OK && roles[i].program == NULL) {
			err = make_folder(demo, player, roles[i].id);
		}
		/* Age UK's system is down until the story starts it. */
		if (err == ALM_OK && i != ALM_PART_AGE_UK) {
			err = alm_cast_start(demo, (enum alm_part)i);
		}
	}
	return err;
}

void alm_cast_close(struct alm_demo *demo)
{
	for (size_t i = 0; i < ALM_PART_COUNT; i++) {
		alm_cast_stop(demo, (enum alm_part)i);
		if (demo->players[i].watch > 0) {
			(void)close(demo->players[i].watch);
		}
	}
}
