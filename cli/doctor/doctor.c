/*
 * doctor.c - almoner doctor: the whole path, one line a step.  With a context
 * it looks from the agent's side, else from the broker's own machine.
 */
#include "cli/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cli/commands.h"
#include "cli/context.h"

#define TIMEOUT_S 10

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
	{0},
};

static const struct alm_usage usage = {
	.name = "doctor",
	.summary = "Test the whole path between an agent and its broker and "
		   "say what to mend: with --context from the agent's side, "
		   "else on the broker's machine.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN & ~ALM_TAKES_TIMEOUT,
	.options = options,
	.notes =
		"  almoner doctor -c context.yaml\n"
		"  almoner doctor -c context.yaml --to C84001 --purpose "
		"direct-care --category discharge\n"
		"  almoner doctor\n"
		"\n"
		"  A letter of random bytes goes to the broker and back; it is "
		"in nobody's\n"
		"  mailbox, and stands in the log as path-trial.  The exit "
		"code "
		"is that of the\n"
		"  first step that failed.",
};

/* --- printing ------------------------------------------------------------ */

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

/* --- the command --------------------------------------------------------- */

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
		return alm_args_complain(args, "--to needs --context");
	}
	if (asks && (!alm_args_has(args, "purpose") ||
			    !alm_args_has(args, "category"))) {
		return alm_args_complain(
			args, "--to needs --purpose and --category");
	}
	if (!asks && (alm_args_has(args, "purpose") ||
			     alm_args_has(args, "category") ||
			     alm_args_has(args, "basis") ||
			     alm_args_has(args, "level"))) {
		return alm_args_complain(args, "whom a message would go to "
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
		alm_doctor_host(steps);
		alm_doctor_broker(steps, &args, timeout_ms);
	}
	rc = problem.err == ALM_OK ? print(&args, steps)
				   : alm_print_problem(&args.output, &problem);
	free(steps);
	return rc;
}
