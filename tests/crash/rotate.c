/*
 * rotate.c - agents whose keys are replaced while they send and take.  It is
 * `almoner-agent rotate` that does it, as an operator would; the broker is
 * killed in the middle of it, and so is the command when it takes long.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "tests/crash/crash.h"
#include "tests/support/clock.h"
#include "tests/support/fork.h"

#define LONG_MS 700 /* and longer each time that was too short */
#define AGAIN_MS 100
#define FAILURES_MAX 200u

/* An agent and the command that runs for it. */
struct rotator {
	const char *organisation;
	char context[PATH_MAX];
	pid_t pid; /* 0: none runs */
	int64_t begun_ms;
	bool has_begun;    /* each does in the first round already */
	unsigned failures; /* in a row: it is tried again at once */
	unsigned count;
};

static struct rotator rotators[] = {
	{.organisation = "RTG"}, {.organisation = "C84005"}};

static struct rotator *rotator_of(const char *organisation)
{
	for (size_t i = 0; i < ALM_COUNT(rotators); i++) {
		if (strcmp(rotators[i].organisation, organisation) == 0) {
			return &rotators[i];
		}
	}
	return NULL;
}

static void write_key(const char *folder, const char *name, const uint8_t *key)
{
	struct alm_problem problem;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	cr_assert_eq(alm_key_file_write(path, key, &problem), ALM_OK);
}

static void write_context(
	const struct rotator *rotator, const struct crash_world *world)
{
	FILE *file = fopen(rotator->context, "w");

	cr_assert_neq(file, NULL);
	fprintf(file,
		"endpoint: %s\norganisation: %s\nagent: agent\n"
		"curve-key: curve.key\nsigning-key: signing.key\n"
		"broker-key: '",
		world->broker.endpoint, rotator->organisation);
	for (size_t i = 0; i < 32; i++) {
		fprintf(file, "%02x", world->broker.public_key[i]);
	}
	fputs("'\n", file);
	cr_assert_eq(fclose(file), 0);
}

void crash_rotate_keep(const struct crash_world *world,
	const char *organisation, const uint8_t curve[32],
	const uint8_t signing[32])
{
	struct rotator *rotator = rotator_of(organisation);
	char folder[PATH_MAX / 2];

	if (rotator == NULL) {
		return;
	}
	snprintf(folder, sizeof(folder), "%s/keys.%s", world->broker.folder,
		organisation);
	cr_assert_eq(mkdir(folder, 0700), 0);
	snprintf(rotator->context, PATH_MAX, "%s/context.yaml", folder);
	write_key(folder, "curve.key", curve);
	write_key(folder, "signing.key", signing);
	write_context(rotator, world);
}

static void run_command(const struct rotator *rotator)
{
	char program[PATH_MAX];
	int fd = open("/dev/null", O_WRONLY);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	snprintf(program, sizeof(program), "%s/almoner-agent",
		getenv("ALMONER_BUILD"));
	execl(program, program, "rotate", "--context", rotator->context,
		(char *)NULL);
	_exit(127);
}

static void start(struct rotator *rotator)
{
	rotator->has_begun = true;
	rotator->begun_ms = test_monotonic_ms();
	rotator->pid = test_fork();
	if (rotator->pid == 0) {
		run_command(rotator);
	}
}

/* The command is done: what it left is what the agent goes on with. */
static void finish(
	struct crash_world *world, struct rotator *rotator, int status)
{
	struct crash_agent *agent =
		crash_agent(world, rotator->organisation, 0);
	char error[512] = "";

	rotator->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		rotator->failures++;
		cr_assert_lt(rotator->failures, FAILURES_MAX);
		return;
	}
	rotator->failures = 0;
	rotator->count++;
	cr_assert_eq(alm_client_reload(agent->client, rotator->context, error,
			     sizeof(error)),
		0, "%s", error);
}

static void tend(struct crash_world *world, struct rotator *rotator)
{
	int status;

	if (rotator->pid == 0) {
		if (rotator->failures > 0 &&
			test_monotonic_ms() > rotator->begun_ms + AGAIN_MS) {
			start(rotator);
		}
		return;
	}
	if (waitpid(rotator->pid, &status, WNOHANG) == rotator->pid) {
		finish(world, rotator, status);
	} else if (test_monotonic_ms() >
		   rotator->begun_ms + LONG_MS * (1 + rotator->failures)) {
		cr_assert_eq(kill(rotator->pid, SIGKILL), 0);
	}
}

void crash_rotate_tend(struct crash_world *world)
{
	for (size_t i = 0; i < ALM_COUNT(rotators); i++) {
		tend(world, &rotators[i]);
	}
}

void crash_rotate_begin(struct crash_world *world)
{
	(void)crash_agent(world, "RTG", 16);
	(void)crash_agent(world, "C84005", 16);
}

void crash_rotate_step(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RTG", 0);
	struct alm_outgoing message = crash_message(world, "C84005");

	message.subject = "9990000050";
	if (crash_random(world, 4) == 0) {
		(void)crash_send(world, trust, &message);
	}
	for (size_t i = 0; i < ALM_COUNT(rotators); i++) {
		if (world->replaces_keys && rotators[i].pid == 0 &&
			(!rotators[i].has_begun ||
				crash_random(world, 100) == 0)) {
			start(&rotators[i]);
		}
	}
}

bool crash_rotate_is_done(struct crash_world *world)
{
	(void)world;
	for (size_t i = 0; i < ALM_COUNT(rotators); i++) {
		if (rotators[i].pid != 0 || rotators[i].failures > 0) {
			return false;
		}
	}
	return true;
}

unsigned crash_rotate_count(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < ALM_COUNT(rotators); i++) {
		count += rotators[i].count;
	}
	return count;
}
