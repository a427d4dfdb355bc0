/*
 * doctor.c - almoner doctor: the whole path, one line a step.  With a context
 * it looks from the agent's side, else from the broker's own machine.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agents/include/almoner_control.h"
#include "agents/include/almoner_doctor.h"
#include "broker/config/settings.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "lib/id.h"

#define PERMILLE_WARNED 900
#define KEYS_FOLDER "/etc/almoner"
#define UNIT_PROCESSES \
	"/sys/fs/cgroup/system.slice/almonerd.service/cgroup.procs"

static const struct alm_usage usage = {
	.name = "doctor",
	.summary = "Test the whole path between an agent and its broker and "
		   "say what to mend: with --context from the agent's side, "
		   "else on the broker's machine.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.notes = "  almoner doctor -c context.yaml\n  almoner doctor\n"
		 "The exit code is that of the first step that failed.",
};

/* --- the broker's side -----------------------------------------------------
 */

/* The unit's control group holds a process while the daemon runs. */
static void see_systemd(struct alm_steps *steps)
{
	char line[32];
	FILE *processes;
	bool is_running;

	if (access("/run/systemd/system", F_OK) != 0) {
		alm_step_add(steps, "systemd", ALM_STEP_SKIPPED, ALM_OK,
			"not run by systemd");
		return;
	}
	processes = fopen(UNIT_PROCESSES, "re");
	is_running = processes != NULL &&
		     fgets(line, sizeof(line), processes) != NULL;
	if (processes != NULL) {
		(void)fclose(processes);
	}
	alm_step_add(steps, "systemd",
		is_running ? ALM_STEP_GOOD : ALM_STEP_WARNED, ALM_OK,
		is_running ? "almonerd.service is running"
			   : "almonerd.service is not running: systemctl "
			     "status almonerd");
}

static void see_settings(struct alm_steps *steps)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_settings *settings = calloc(1, sizeof(*settings));
	enum alm_err err =
		settings == NULL ? ALM_NOMEM
				 : alm_settings_load(NULL, settings, &problem);

	alm_step_add(steps, "settings",
		err == ALM_OK ? ALM_STEP_GOOD : ALM_STEP_FAILED, err, "%s",
		err == ALM_OK ? "/etc/almoner/almonerd.yaml is valid, or not "
				"there"
			      : problem.detail);
	free(settings);
}

static void see_key_file(struct alm_steps *steps, const char *name)
{
	char path[256];
	struct stat info;

	(void)snprintf(path, sizeof(path), KEYS_FOLDER "/%s", name);
	if (stat(path, &info) != 0) {
		alm_step_add(steps, "key-file", ALM_STEP_SKIPPED, ALM_OK,
			"%s is not there, or not for us to see", path);
		return;
	}
	alm_step_add(steps, "key-file",
		(info.st_mode & 077) == 0 ? ALM_STEP_GOOD : ALM_STEP_FAILED,
		(info.st_mode & 077) == 0 ? ALM_OK : ALM_KEY_FILE_MODE,
		"%s has mode %04o", path, (unsigned)(info.st_mode & 07777));
}

static const char *fact(const struct alm_answer *answer, const char *key)
{
	const char *value = alm_answer_fact(answer, key);

	return value == NULL ? "" : value;
}

static void see_state(struct alm_steps *steps, const struct alm_answer *answer)
{
	bool has_policy = strcmp(fact(answer, "policy-epoch"), "0") != 0;
	bool is_emergency =
		strcmp(fact(answer, "policy-how"), "emergency") == 0;
	long permille = strtol(fact(answer, "store-used-permille"), NULL, 10);
	bool takes = strncmp(fact(answer, "takes-mail"), "no", 2) != 0;

	alm_step_add(steps, "policy",
		!has_policy    ? ALM_STEP_FAILED
		: is_emergency ? ALM_STEP_WARNED
			       : ALM_STEP_GOOD,
		has_policy ? ALM_OK : ALM_NO_BUNDLE, "epoch %s%s",
		fact(answer, "policy-epoch"),
		!has_policy    ? ": no policy is active; nothing is permitted"
		: is_emergency ? " is in force on one person's word"
			       : " is active");
	alm_step_add(steps, "store",
		!takes                       ? ALM_STEP_FAILED
		: permille > PERMILLE_WARNED ? ALM_STEP_WARNED
					     : ALM_STEP_GOOD,
		takes ? ALM_OK : ALM_STORE_FULL,
		"%ld permille of the map is used; takes mail: %s", permille,
		fact(answer, "takes-mail"));
	alm_step_add(steps, "agents", ALM_STEP_GOOD, ALM_OK,
		"%s of %s are connected; %s invites are open%s%s",
		fact(answer, "sessions"), fact(answer, "agents"),
		fact(answer, "invites-open"),
		fact(answer, "agents-on-old-key")[0] == '\0'
			? ""
			: "; not seen under the next key: ",
		fact(answer, "agents-on-old-key"));
}

/* What is bound to all addresses, as this machine reaches it. */
static void reachable(const char *endpoint, char out[256])
{
	const char *colon = strrchr(endpoint, ':');

	if (strncmp(endpoint, "tcp://*:", 8) == 0 ||
		strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0) {
		(void)snprintf(out, 256, "tcp://127.0.0.1%s", colon);
	} else {
		(void)snprintf(out, 256, "%s", endpoint);
	}
}

static void see_endpoint(
	struct alm_steps *steps, const char *endpoint, const char *key_text)
{
	uint8_t broker_key[32];
	uint8_t stranger[32];
	char at[256];

	reachable(endpoint, at);
	randombytes_buf(stranger, sizeof(stranger));
	if (alm_unhex(key_text, broker_key, 32) == ALM_OK &&
		alm_doctor_reach(steps, at)) {
		(void)alm_doctor_handshake(
			steps, at, broker_key, stranger, true);
	}
}

static void see_mailboxes(struct alm_steps *steps, struct alm_control *control,
	struct alm_arena *arena)
{
	const struct alm_ask ask = {.verb = "mailbox.list"};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_answer answer;
	int connected;
	int name;
	size_t absent = 0;
	const char *first = "";

	if (alm_admin_ask(control, &ask, arena, &answer, &problem) != ALM_OK) {
		return;
	}
	connected = alm_answer_column(&answer, "connected");
	name = alm_answer_column(&answer, "organisation");
	for (size_t i = 0; connected >= 0 && name >= 0 && i < answer.row_count;
		i++) {
		if (strcmp(answer.rows[i].items[connected], "0") == 0 ||
			strcmp(answer.rows[i].items[connected], "no") == 0) {
			first = absent++ == 0 ? answer.rows[i].items[name]
					      : first;
		}
	}
	alm_step_add(steps, "hand-over",
		absent > 0 ? ALM_STEP_WARNED : ALM_STEP_GOOD, ALM_OK,
		"%zu mailboxes hold mail; of %zu nobody is connected%s%s",
		answer.row_count, absent, absent > 0 ? ", first " : "", first);
}

static void see_broker(struct alm_steps *steps, const struct alm_args *args)
{
	const struct alm_ask ask = {.verb = "status"};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_control *control = NULL;
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err = alm_admin_open(args, &control, &problem);

	alm_arena_init(&arena, ALM_ADMIN_FRAME_BYTES_MAX);
	if (err == ALM_OK) {
		err = alm_admin_ask(control, &ask, &arena, &answer, &problem);
	}
	if (err != ALM_OK) {
		alm_step_add(steps, "administration", ALM_STEP_FAILED, err,
			"%s%s", problem.detail,
			err == ALM_NOT_PERMITTED ? "; join the group almoner"
						 : "; is almonerd running?");
	} else {
		alm_step_add(steps, "administration", ALM_STEP_GOOD, ALM_OK,
			"%s answers since %s", fact(&answer, "version"),
			fact(&answer, "started-at"));
		see_state(steps, &answer);
		see_endpoint(steps, fact(&answer, "endpoint"),
			fact(&answer, "broker-key"));
		if (fact(&answer, "endpoint-next")[0] != '\0') {
			see_endpoint(steps, fact(&answer, "endpoint-next"),
				fact(&answer, "broker-key-next"));
		}
		see_mailboxes(steps, control, &arena);
	}
	alm_control_close(control);
	alm_arena_fini(&arena);
}

/* --- printing ---------------------------------------------------------------
 */

static const char *status_word(enum alm_step_status status)
{
	switch (status) {
	case ALM_STEP_GOOD:
		break;
	case ALM_STEP_WARNED:
		return "warning";
	case ALM_STEP_FAILED:
		return "FAILED";
	case ALM_STEP_SKIPPED:
		return "skipped";
	}
	return "ok";
}

static int print(const struct alm_args *args, const struct alm_steps *steps)
{
	static const char *const columns[] = {"step", "status", "code", "what"};
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.doctor/1", columns, ALM_COUNT(columns));
	enum alm_err first = ALM_OK;
	int rc;

	for (size_t i = 0; i < steps->count; i++) {
		const struct alm_step *step = &steps->items[i];
		char code[16] = "";

		if (step->status == ALM_STEP_FAILED) {
			(void)snprintf(
				code, sizeof(code), "ALM-%d", (int)step->err);
			first = first == ALM_OK ? step->err : first;
		}
		alm_sheet_row(sheet,
			(const char *const[]){step->name,
				status_word(step->status), code, step->what});
	}
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	if (rc != ALM_EXIT_OK || first == ALM_OK) {
		return rc;
	}
	rc = (int)alm_err_info(first)->exit_code;
	return rc == ALM_EXIT_OK ? ALM_EXIT_FAILURE : rc;
}

int alm_cmd_doctor(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_steps *steps;
	char context[PATH_MAX];
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	steps = calloc(1, sizeof(*steps));
	if (steps == NULL || sodium_init() < 0) {
		free(steps);
		return ALM_EXIT_FAILURE;
	}
	if (alm_context_is_agents(&args)) {
		problem.err = alm_context_path(&args, context, &problem);
		if (problem.err == ALM_OK) {
			alm_doctor_agent(steps, context);
		}
	} else {
		see_systemd(steps);
		see_settings(steps);
		see_key_file(steps, "curve.key");
		see_key_file(steps, "store.key");
		see_broker(steps, &args);
	}
	rc = problem.err == ALM_OK ? print(&args, steps)
				   : alm_print_problem(&args.output, &problem);
	free(steps);
	return rc;
}
