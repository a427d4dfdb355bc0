/*
 * tail.c - almoner audit tail, and almoner tail, which follows: the last
 * records, and with --follow those that come, as long as it runs.  It waits for
 * a broker that is away, and with a file for its cursor it goes on where it was
 * when it ended: nothing is missed, and at most what was being written at that
 * moment comes twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "cli/audit/ask.h"
#include "cli/audit/asker.h"
#include "cli/audit/printer.h"
#include "cli/audit/reason.h"
#include "cli/commands.h"
#include "lib/file.h"

#define PAGE_ROWS 500u
#define LINES_DEFAULT 10
#define LINES_MAX 1000
#define LOOK_MS 500
#define AGAIN_MS_MAX 30000

static const struct alm_option options[] = {
	{"follow", 'f', ALM_OPTION_FLAG, NULL, "go on with what comes", false,
		false},
	{"lines", 'n', ALM_OPTION_NUMBER, "N",
		"begin with so many of the last records; 10 unless given",
		false, false},
	{"cursor-file", 0, ALM_OPTION_TEXT, "FILE",
		"keep in it how far the answer was written, and go on there",
		false, false},
	ALM_AUDIT_FILTER_OPTIONS,
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"show the private part of each record; needs --reason", false,
		false},
	ALM_ASKED_OPTION,
	ALM_AUDIT_FORMAT_OPTION,
	{"wide", 'w', ALM_OPTION_FLAG, NULL, "show all columns in a table",
		false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "audit tail",
	.summary = "Show the last records of the audit log, and follow it.  "
		   "That you do is recorded once, and again after a pause.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner audit tail --follow --effect deny --reason 'on "
		 "call'\n"
		 "  almoner audit tail --follow --format ocsf --cursor-file "
		 "/var/lib/siem/almoner --reason 'SIEM feed'",
};

static const struct alm_usage bare_usage = {
	.name = "tail",
	.summary = "Follow the audit log: the last records, and those that "
		   "come; audit tail --follow.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = options + 1, /* without --follow */
	.notes = "  almoner tail --effect deny --reason 'on call'",
};

struct tail {
	const struct alm_args *args;
	bool goes_on;
	const struct alm_audit_question *question;
	struct alm_asker *asker; /* NULL: the broker is away */
	struct alm_audit_printer *printer;
	struct alm_ask ask;
	struct alm_audit_texts texts;
	const char *cursor_file; /* NULL: none is kept */
	unsigned again_ms;       /* until it is tried again */
};

static void wait_ms(unsigned ms)
{
	const struct timespec moment = {
		.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&moment, NULL);
}

/* --- the cursor's file --------------------------------------------------- */

static enum alm_err read_cursor(struct tail *tail, struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	if (tail->cursor_file == NULL) {
		return ALM_OK;
	}
	err = alm_file_read(tail->cursor_file, sizeof(tail->texts.after) - 1,
		&data, &bytes, problem);
	if (err == ALM_NOT_FOUND) {
		problem->err = ALM_OK;
		return ALM_OK;
	}
	if (err == ALM_OK) {
		(void)snprintf(tail->texts.after, sizeof(tail->texts.after),
			"%.*s", (int)strcspn((const char *)data, "\n"),
			(const char *)data);
		free(data);
	}
	return err;
}

/* After the rows before it have been written. */
static enum alm_err write_cursor(
	const struct tail *tail, struct alm_problem *problem)
{
	char line[sizeof(tail->texts.after) + 1];
	int bytes = snprintf(line, sizeof(line), "%s\n", tail->texts.after);

	if (tail->cursor_file == NULL) {
		return ALM_OK;
	}
	return alm_file_write(tail->cursor_file,
		(struct alm_bytes){(const uint8_t *)line, (size_t)bytes}, 0600,
		problem);
}

/* --- asking -------------------------------------------------------------- */

static enum alm_err ask_page(struct tail *tail, size_t row_max,
	struct alm_answer *answer, struct alm_problem *problem)
{
	struct alm_ask ask = tail->ask;
	enum alm_err err = ALM_OK;

	if (tail->asker == NULL) {
		err = alm_asker_open(tail->args, &tail->asker, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	(void)snprintf(
		tail->texts.limit, sizeof(tail->texts.limit), "%zu", row_max);
	alm_ask_add(&ask, "follow", "yes");
	alm_ask_add(&ask, "limit", tail->texts.limit);
	alm_ask_add(&ask, "after",
		tail->texts.after[0] != '\0' ? tail->texts.after : NULL);
	return alm_asker_ask(tail->asker, &ask, answer, problem);
}

static enum alm_err print_page(struct tail *tail,
	const struct alm_answer *answer, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	if (tail->printer == NULL) {
		err = alm_audit_printer_new(tail->args, "almoner.audit.tail/1",
			answer->columns.items, answer->columns.count,
			&tail->printer, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 0; i < answer->row_count; i++) {
		alm_audit_printer_row(tail->printer, answer->rows[i].items);
	}
	if (answer->row_count > 0 &&
		alm_audit_printer_flush(tail->printer) != ALM_EXIT_OK) {
		return alm_problem_set(problem, ALM_IO, "standard output");
	}
	(void)snprintf(tail->texts.after, sizeof(tail->texts.after), "%s",
		answer->cursor);
	return write_cursor(tail, problem);
}

/* A broker that restarts is waited for, longer each time. */
static bool is_worth_waiting(
	struct tail *tail, enum alm_err err, const struct alm_problem *problem)
{
	if (!tail->goes_on ||
		alm_err_info(err)->exit_code != ALM_EXIT_UNAVAILABLE) {
		return false;
	}
	if (tail->again_ms == LOOK_MS) {
		alm_print_warning(&tail->args->output,
			"the broker is away (%s); waiting for it",
			problem->detail[0] != '\0' ? problem->detail
						   : alm_err_info(err)->name);
	}
	alm_asker_close(tail->asker);
	tail->asker = NULL;
	wait_ms(tail->again_ms);
	tail->again_ms = tail->again_ms * 2 < AGAIN_MS_MAX ? tail->again_ms * 2
							   : AGAIN_MS_MAX;
	return true;
}

static enum alm_err follow(
	struct tail *tail, size_t lines, struct alm_problem *problem)
{
	bool is_start = tail->texts.after[0] == '\0';

	tail->again_ms = LOOK_MS;
	for (;;) {
		struct alm_answer answer;
		enum alm_err err = ask_page(
			tail, is_start ? lines : PAGE_ROWS, &answer, problem);

		if (err != ALM_OK && is_worth_waiting(tail, err, problem)) {
			problem->err = ALM_OK;
			continue;
		}
		if (err == ALM_OK) {
			err = print_page(tail, &answer, problem);
		}
		if (err != ALM_OK || !tail->goes_on) {
			return err;
		}
		tail->again_ms = LOOK_MS;
		is_start = false;
		if (answer.row_count < PAGE_ROWS) {
			wait_ms(LOOK_MS);
		}
	}
}

static int tail_log(const struct alm_args *args, bool goes_on,
	const struct alm_audit_question *question)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	struct tail tail = {.args = args,
		.goes_on = goes_on,
		.question = question,
		.ask = {.verb = "audit.query"},
		.cursor_file = alm_args_text(args, "cursor-file")};
	int rc = ALM_EXIT_OK;

	alm_audit_ask_fill(&tail.ask, question, &tail.texts);
	problem.err = read_cursor(&tail, &problem);
	if (problem.err == ALM_OK) {
		problem.err = follow(&tail,
			(size_t)alm_args_number(args, "lines", LINES_DEFAULT),
			&problem);
	}
	if (problem.err != ALM_OK) {
		rc = alm_print_problem(&args->output, &problem);
	}
	alm_audit_printer_free(tail.printer);
	alm_asker_close(tail.asker);
	return rc;
}

/* Forms that have an end are for answers that have one. */
static enum alm_err check_format(
	const struct alm_args *args, struct alm_problem *problem)
{
	const char *format = alm_args_text(args, "format");
	int64_t lines = alm_args_number(args, "lines", LINES_DEFAULT);

	if (args->output.format == ALM_FORMAT_JSON ||
		(format != NULL && strcmp(format, "fhir") == 0)) {
		return alm_problem_set(problem, ALM_USAGE,
			"what has no end is a table, --jsonl, --csv or "
			"--format ocsf");
	}
	if (lines < 1 || lines > LINES_MAX) {
		return alm_problem_set(
			problem, ALM_USAGE, "--lines is 1 to %d", LINES_MAX);
	}
	return alm_audit_format_check(args, problem);
}

static int run(const struct alm_usage *used, int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	struct alm_audit_question question;
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_args_parse(used, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = check_format(&args, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_audit_reason(&args, &reason, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err =
			alm_audit_question_read(&args, &question, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	rc = tail_log(&args,
		used == &bare_usage || alm_args_has(&args, "follow"),
		&question);
	sodium_memzero(question.person, sizeof(question.person));
	return rc;
}

int alm_cmd_audit_tail(int argc, char **argv)
{
	return run(&usage, argc, argv);
}

int alm_cmd_tail(int argc, char **argv)
{
	return run(&bare_usage, argc, argv);
}
