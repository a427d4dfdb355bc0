/* At the end: what the agents wrote down, against what the log says. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/crash/crash.h"

#define COMMAND_BYTES (4 * PATH_MAX)

static void run(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

static void export_log(const struct test_broker *broker)
{
	char command[COMMAND_BYTES];

	snprintf(command, sizeof(command),
		"%s/almoner audit query --admin %s --jsonl --limit 0 --quiet "
		"--reason journals >%s/audit.jsonl",
		getenv("ALMONER_BUILD"), broker->admin, broker->folder);
	run(command);
}

static void keep(const char *folder)
{
	const char *kept = getenv("CRASH_KEEP");
	char command[COMMAND_BYTES];

	if (kept != NULL) {
		snprintf(command, sizeof(command),
			"cp %s/audit.jsonl %s/journal.* '%s'", folder, folder,
			kept);
		run(command);
	}
}

void crash_check_journals(struct crash_world *world)
{
	const char *folder = world->broker.folder;
	char command[COMMAND_BYTES];

	export_log(&world->broker);
	crash_close_agents(world);
	keep(folder);
	snprintf(command, sizeof(command),
		"PYTHONDONTWRITEBYTECODE=1 python3 tests/checker/check.py "
		"%s/audit.jsonl %s/journal.*",
		folder, folder);
	run(command);
}
