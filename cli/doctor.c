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
#define TIMEOUT_S 10
#define KEYS_FOLDER "/etc/almoner"
#define UNIT_PROCESSES \
	"/sys/fs/cgroup/system.slice/almonerd.service/cgroup.procs"

static const struct alm_option options[] = {
	{"to", 0, ALM_OPTION_TEXT, "ORG",
		"also ask what a message to ORG would be answered, without a "
		"person and without sending it; recorded",
		false, false},
	{"purpose", 0, ALM_OPTION_TEXT, "P", "of that message", false, false},
	{"category", 0, ALM_OPTION_TEXT, "C[,C...]", "of that message", false,
		false},
	{"level", 0, ALM_OPTION_TEXT, "LEVEL",
		"of that message: aggregate, anonymised, pseudonymised or "
		"identifiable (which it is)",
		false, false},
	{"basis", 0, ALM_OPTION_TEXT, "ID", "that it would name", false, false},
	{"timeout", 0, ALM_OPTION_DURATION, "TIME",
		"for each connection and handshake; 10s", false, false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage usage = {
	.name = "doctor",
	.summary = "Test the whole path between an agent and its broker and "
		   "say what to mend: with --context from the agent's side, "
		   "else on the broker's machine.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner doctor -c context.yaml\n"
		 "  almoner doctor -c context.yaml --to C84001 --purpose "
		 "direct-care --category discharge\n"
		 "  almoner doctor\n"
		 "A letter of random bytes goes to the broker and back; it is "
		 "in nobody's mailbox, and stands in the log as path-trial. "
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

static void see_endpoint(struct alm_steps *steps, const char *endpoint,
	const char *key_text, int timeout_ms)
{
	uint8_t broker_key[32];
	uint8_t stranger[32];
	char at[256];

	reachable(endpoint, at);
	randombytes_buf(stranger, sizeof(stranger));
	if (alm_unhex(key_text, broker_key, 32) == ALM_OK &&
		alm_doctor_reach(steps, at, timeout_ms)) {
		(void)alm_doctor_stranger(
			steps, at, broker_key, stranger, timeout_ms);
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

static void see_broker(
	struct alm_steps *steps, const struct alm_args *args, int timeout_ms)
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
			fact(&answer, "broker-key"), timeout_ms);
		if (fact(&answer, "endpoint-next")[0] != '\0') {
			see_endpoint(steps, fact(&answer, "endpoint-next"),
				fact(&answer, "broker-key-next"), timeout_ms);
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

static void code_text(const struct alm_step *step, char out[16])
{
	out[0] = '\0';
	if (step->err != ALM_OK && step->status != ALM_STEP_GOOD) {
		(void)snprintf(out, 16, "ALM-%d", (int)step->err);
	}
}

static int print_sheet(
	const struct alm_args *args, const struct alm_steps *steps)
{
	static const char *const columns[] = {
		"step", "status", "code", "name", "where", "what", "do", "ask"};
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.doctor/1", columns, ALM_COUNT(columns));
	int rc;

	for (size_t i = 0; i < steps->count; i++) {
		const struct alm_step *step = &steps->items[i];
		char code[16];

		code_text(step, code);
		alm_sheet_row(sheet,
			(const char *const[]){step->name,
				status_word(step->status), code,
				code[0] == '\0' ? ""
						: alm_err_info(step->err)->name,
				step->where, step->what, step->todo,
				step->ask});
	}
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

/* What comes from a broker or a file is not trusted to be text alone. */
static void print_text(const char *before, const char *text)
{
	(void)fputs(before, stdout);
	for (const char *at = text; *at != '\0'; at++) {
		bool is_control = (unsigned char)*at < 0x20 || *at == 0x7F;

		(void)fputc(is_control ? ' ' : *at, stdout);
	}
}

/* A line each, and what to do under those that need it. */
static void print_step(const struct alm_step *step)
{
	char head[64];
	char code[16];

	code_text(step, code);
	(void)snprintf(head, sizeof(head), "%-14s %-8s ", step->name,
		status_word(step->status));
	print_text(head, step->what);
	(void)printf("%s%s\n", code[0] == '\0' ? "" : "  ", code);
	if (step->status == ALM_STEP_FAILED && step->where[0] != '\0') {
		print_text("               at: ", step->where);
		(void)fputc('\n', stdout);
	}
	if (step->todo[0] != '\0') {
		print_text("               do: ", step->todo);
		(void)fputc('\n', stdout);
	}
	for (const char *at = step->ask; at[0] != '\0';) {
		size_t bytes = strcspn(at, ";");
		char line[sizeof(step->ask)];

		(void)snprintf(line, sizeof(line), "%.*s", (int)bytes, at);
		print_text("               ask for: ", line);
		(void)fputc('\n', stdout);
		at += bytes + (at[bytes] == '\0' ? 0 : strlen("; "));
	}
}

static int print(const struct alm_args *args, const struct alm_steps *steps)
{
	enum alm_err first = ALM_OK;
	int rc = ALM_EXIT_OK;

	for (size_t i = 0; i < steps->count; i++) {
		const struct alm_step *step = &steps->items[i];

		if (step->status == ALM_STEP_FAILED && first == ALM_OK) {
			first = step->err == ALM_OK ? ALM_DOCTOR_FAILED
						    : step->err;
		}
		if (args->output.format == ALM_FORMAT_TABLE) {
			print_step(step);
		}
	}
	if (args->output.format != ALM_FORMAT_TABLE) {
		rc = print_sheet(args, steps);
	}
	if (rc != ALM_EXIT_OK || first == ALM_OK) {
		return rc;
	}
	rc = (int)alm_err_info(first)->exit_code;
	return rc == ALM_EXIT_OK ? ALM_EXIT_FAILURE : rc;
}

/* --- the command -------------------------------------------------------------
 */

static const char *or_else(const char *text, const char *otherwise)
{
	return text == NULL ? otherwise : text;
}

static enum alm_err see_agent(struct alm_steps *steps,
	const struct alm_args *args, int timeout_ms,
	struct alm_problem *problem)
{
	char context[PATH_MAX];
	const struct alm_doctor_options wanted = {
		.context_file = context,
		.timeout_ms = timeout_ms,
		.to = alm_args_text(args, "to"),
		.purpose = or_else(alm_args_text(args, "purpose"), ""),
		.categories = or_else(alm_args_text(args, "category"), ""),
		.level = or_else(alm_args_text(args, "level"), "identifiable"),
		.basis = alm_args_text(args, "basis"),
	};
	enum alm_err err = alm_context_path(args, context, problem);

	if (err == ALM_OK) {
		alm_doctor_agent(steps, &wanted);
	}
	return err;
}

static int complain(const struct alm_args *args, bool is_agent)
{
	bool asks = alm_args_has(args, "to");

	if (asks && !is_agent) {
		return alm_args_complain(&usage, "--to needs --context");
	}
	if (asks && (!alm_args_has(args, "purpose") ||
			    !alm_args_has(args, "category"))) {
		return alm_args_complain(
			&usage, "--to needs --purpose and --category");
	}
	if (!asks && (alm_args_has(args, "purpose") ||
			     alm_args_has(args, "category") ||
			     alm_args_has(args, "basis") ||
			     alm_args_has(args, "level"))) {
		return alm_args_complain(&usage, "whom a message would go to "
						 "is missing: --to ORG");
	}
	return -1;
}

int alm_cmd_doctor(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_steps *steps;
	struct alm_args args;
	bool is_agent;
	int timeout_ms;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	is_agent = alm_context_is_agents(&args);
	rc = complain(&args, is_agent);
	if (rc >= 0) {
		return rc;
	}
	steps = calloc(1, sizeof(*steps));
	if (steps == NULL || sodium_init() < 0) {
		free(steps);
		return ALM_EXIT_FAILURE;
	}
	timeout_ms = (int)alm_args_number(&args, "timeout", TIMEOUT_S) * 1000;
	if (is_agent) {
		problem.err = see_agent(steps, &args, timeout_ms, &problem);
	} else {
		see_systemd(steps);
		see_settings(steps);
		see_key_file(steps, "curve.key");
		see_key_file(steps, "store.key");
		see_broker(steps, &args, timeout_ms);
	}
	rc = problem.err == ALM_OK ? print(&args, steps)
				   : alm_print_problem(&args.output, &problem);
	free(steps);
	return rc;
}
