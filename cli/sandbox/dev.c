/*
 * dev.c - almoner dev: a broker to try things on, in a temporary folder, with
 * the demonstration's policy, people and agents.  Gone at Ctrl-C.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/sandbox/sandbox.h"

static const struct alm_option options[] = {
	{"keep", 0, ALM_OPTION_FLAG, NULL,
		"leave the folder behind when ending", false, false},
	{"bare", 0, ALM_OPTION_FLAG, NULL, "no policy, people or agents", false,
		false},
	{"once", 0, ALM_OPTION_FLAG, NULL,
		"end as soon as all is ready, to prove that it works", false,
		false},
	{0},
};

static const struct alm_usage usage = {
	.name = "dev",
	.summary = "Run a broker of your own until Ctrl-C: fresh keys, a "
		   "temporary store, a demonstration policy and agents.",
	.positionals = "",
	.options = options,
};

/* The agents that are registered, and whose they are. */
static const struct {
	const char *organisation;
	const char *agent;
} agents[] = {{"RX1", "ward-system"}, {"C84001", "practice-system"},
	{"511", "adult-social-care"}, {"CQC-1-10553191017", "care-office"},
	{"GB-CHC-509759", "hospice-office"}};

struct dev {
	const struct alm_args *args;
	struct alm_sandbox *sandbox;
	struct alm_sheet *sheet;
	char first_context[PATH_MAX];
	char second_context[PATH_MAX];
	size_t people;
	size_t standards;
};

static enum alm_err add_agents(struct dev *dev, struct alm_problem *problem)
{
	char context[PATH_MAX];

	for (size_t i = 0; i < ALM_COUNT(agents); i++) {
		enum alm_err err =
			alm_sandbox_agent(dev->sandbox, agents[i].organisation,
				agents[i].agent, context, problem);

		if (err != ALM_OK) {
			return err;
		}
		if (i < 2) {
			memcpy(i == 0 ? dev->first_context
				      : dev->second_context,
				context, sizeof(context));
		}
	}
	return ALM_OK;
}

/** Policy, standards, people and agents of the demonstration. */
static enum alm_err furnish(struct dev *dev, struct alm_problem *problem)
{
	char demo[PATH_MAX];
	char path[PATH_MAX];
	enum alm_err err = alm_path_demo(demo, problem);

	if (err == ALM_OK && alm_path_join(demo, "policy", path)) {
		err = alm_sandbox_activate(dev->sandbox, path, problem);
	}
	if (err == ALM_OK && alm_path_standards(path, problem) == ALM_OK) {
		err = alm_sandbox_standards(
			dev->sandbox, path, &dev->standards, problem);
	}
	if (err == ALM_OK &&
		alm_path_join(demo, "people/people.ndjson", path)) {
		err = alm_sandbox_people(
			dev->sandbox, path, &dev->people, problem);
	}
	return err == ALM_OK ? add_agents(dev, problem) : err;
}

static int describe(struct dev *dev)
{
	const struct alm_sandbox *s = dev->sandbox;
	int rc;

	dev->sheet = alm_sheet_new("almoner.dev/1", NULL, 0);
	alm_sheet_fact(dev->sheet, "folder", alm_sandbox_folder(s));
	alm_sheet_fact(dev->sheet, "endpoint", alm_sandbox_endpoint(s));
	alm_sheet_fact(dev->sheet, "broker-key", alm_sandbox_broker_key(s));
	alm_sheet_fact(dev->sheet, "audit-key", alm_sandbox_audit_key(s));
	alm_sheet_fact(dev->sheet, "admin", alm_sandbox_admin(s));
	alm_sheet_fact(dev->sheet, "store", alm_sandbox_store(s));
	alm_sheet_fact(dev->sheet, "store-key", alm_sandbox_store_key(s));
	alm_sheet_fact(dev->sheet, "log", alm_sandbox_log(s));
	alm_sheet_number(dev->sheet, "people-records", dev->people);
	alm_sheet_number(dev->sheet, "standards", dev->standards);
	alm_sheet_fact(dev->sheet, "sender-context", dev->first_context);
	alm_sheet_fact(dev->sheet, "receiver-context", dev->second_context);
	rc = alm_sheet_print(dev->sheet, &dev->args->output);
	alm_sheet_free(dev->sheet);
	return rc;
}

static void show_first_steps(const struct dev *dev)
{
	if (dev->args->output.is_quiet || dev->first_context[0] == '\0') {
		return;
	}
	(void)fprintf(stderr,
		"\nSend a first message, take it, and see what was recorded:\n"
		"  echo 'Seen today' | almoner send -c %s --to C84001 \\\n"
		"    --purpose direct-care --category treatment-summary "
		"--level identifiable \\\n"
		"    --subject 9990000018 --payload -\n"
		"  almoner recv -c %s 1\n"
		"  almoner audit query --admin %s --reason 'first "
		"try'\n\nCtrl-C ends it%s.\n",
		dev->first_context, dev->second_context,
		alm_sandbox_admin(dev->sandbox),
		alm_args_has(dev->args, "keep") ? ""
						: " and removes the folder");
}

/** Wait for a signal, or for the daemon's end. */
static int wait_for_end(struct dev *dev, int signal_fd)
{
	struct pollfd fds[] = {{signal_fd, POLLIN, 0},
		{alm_sandbox_fd(dev->sandbox), POLLIN, 0}};
	struct alm_problem problem = {.err = ALM_OK};

	while (poll(fds, ALM_COUNT(fds), -1) < 0) {
		if (errno != EINTR) {
			return ALM_EXIT_FAILURE;
		}
	}
	if (fds[0].revents == 0) {
		(void)alm_sandbox_bury(dev->sandbox, &problem);
		return alm_print_problem(&dev->args->output, &problem);
	}
	return ALM_EXIT_OK;
}

static int run(struct dev *dev, int signal_fd)
{
	struct alm_sandbox_options sandbox_options = {
		.keeps_folder = alm_args_has(dev->args, "keep")};
	struct alm_problem problem = {.err = ALM_OK};
	int rc;

	problem.err =
		alm_sandbox_open(&sandbox_options, &dev->sandbox, &problem);
	if (problem.err == ALM_OK && !alm_args_has(dev->args, "bare")) {
		problem.err = furnish(dev, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&dev->args->output, &problem);
	}
	rc = describe(dev);
	if (rc == ALM_EXIT_OK && !alm_args_has(dev->args, "once")) {
		show_first_steps(dev);
		rc = wait_for_end(dev, signal_fd);
	}
	return rc;
}

int alm_cmd_dev(int argc, char **argv)
{
	struct alm_args args;
	struct dev dev = {.args = &args};
	sigset_t signals;
	int signal_fd;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	rc = run(&dev, signal_fd);
	alm_sandbox_close(dev.sandbox);
	(void)close(signal_fd);
	return rc;
}
