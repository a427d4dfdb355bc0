/*
 * people_import.c - almoner people import: records about people, one JSON
 * object a line.  Running it again changes nothing; what is not taken goes to
 * a file of its own, to be mended and imported.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/people_put.h"

static const struct alm_option options[] = {
	{"rejects", 0, ALM_OPTION_TEXT, "FILE",
		"write lines that are not taken there, as they are", false,
		false},
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT", "why; it is recorded", false,
		false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage usage = {
	.name = "people import",
	.summary = "Import people's choices and relationships, one JSON object "
		   "a line.  Doing it again changes nothing.  Exit 1 if some "
		   "lines are not taken.",
	.positionals = "FILE|-",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = options,
};

struct import {
	const struct alm_output *output;
	FILE *rejects; /* or NULL */
	bool is_shown; /* progress */
};

static void reject(void *cookie, uint64_t line, const char *text,
	enum alm_err err, const char *detail)
{
	struct import *import = cookie;

	/* Never the line itself: it holds personal data. */
	alm_print_warning(import->output, "line %" PRIu64 ": ALM-%d %s (%s)",
		line, (int)err, alm_err_info(err)->name, detail);
	if (import->rejects != NULL) {
		(void)fprintf(import->rejects, "%s\n", text);
	}
}

static void progress(void *cookie, const struct alm_people_count *count)
{
	const struct import *import = cookie;

	if (import->is_shown) {
		(void)fprintf(
			stderr, "\r%" PRIu64 " lines\033[K", count->lines);
	}
}

static void add_number(struct alm_sheet *sheet, const char *key, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	alm_sheet_fact(sheet, key, text);
}

static int tell(
	const struct alm_args *args, const struct alm_people_count *count)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.people.import/1", NULL, 0);
	int rc;

	add_number(sheet, "lines", count->lines);
	add_number(sheet, "added", count->added);
	add_number(sheet, "known", count->known);
	add_number(sheet, "rejected", count->rejected);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
		alm_print_warning(&args->output,
			"this was a dry run: nothing has changed");
	}
	return rc == ALM_EXIT_OK && count->rejected > 0 ? ALM_EXIT_FAILURE : rc;
}

/** Open the input and the file of rejects, of mode 0600: personal data. */
static enum alm_err open_files(const struct alm_args *args, FILE **out_in,
	FILE **out_rejects, struct alm_problem *problem)
{
	const char *path = args->positionals[0];
	const char *rejects = alm_args_text(args, "rejects");

	*out_in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (*out_in == NULL) {
		return alm_problem_set(problem,
			errno == ENOENT ? ALM_NOT_FOUND : ALM_IO, "%s: %s",
			path, strerror(errno));
	}
	if (rejects != NULL) {
		int fd = open(rejects, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0600);

		*out_rejects = fd >= 0 ? fdopen(fd, "w") : NULL;
		if (*out_rejects == NULL) {
			return alm_problem_set(problem, ALM_IO, "%s: %s",
				rejects, strerror(errno));
		}
	}
	return ALM_OK;
}

static int run(const struct alm_args *args, FILE *in, struct import *import)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_people_put put = {.reason = alm_args_text(args, "reason"),
		.is_dry_run = alm_args_has(args, "dry-run"),
		.reject = reject,
		.progress = progress,
		.cookie = import};
	struct alm_people_count count;

	problem.err = alm_admin_open(args, &put.control, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_people_put_stream(&put, in, &count, &problem);
	}
	alm_control_close(put.control);
	if (import->is_shown) {
		(void)fputs("\r\033[K", stderr);
	}
	return problem.err == ALM_OK
		       ? tell(args, &count)
		       : alm_print_problem(&args->output, &problem);
}

int alm_cmd_people_import(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct import import = {.rejects = NULL};
	FILE *in = NULL;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	import.output = &args.output;
	import.is_shown = isatty(STDERR_FILENO) == 1 && !args.output.is_quiet;
	problem.err = open_files(&args, &in, &import.rejects, &problem);
	rc = problem.err == ALM_OK ? run(&args, in, &import)
				   : alm_print_problem(&args.output, &problem);
	if (in != NULL && in != stdin) {
		(void)fclose(in);
	}
	if (import.rejects != NULL && fclose(import.rejects) != 0 &&
		rc == ALM_EXIT_OK) {
		rc = ALM_EXIT_FAILURE;
	}
	return rc;
}
