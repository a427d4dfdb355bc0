/*
 * import.c - almoner people import: records about people, a line each.
 * Running it again changes nothing; what is not taken goes to a file that says
 * why, to be mended and imported; what was interrupted can go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/people/put.h"
#include "cli/people/resume.h"
#include "lib/band.h"

#define IMPORT_ID_BYTES 8u
#define KEEP_EVERY_S 2.0
#define SHOW_EVERY_S 0.2

static const struct alm_option options[] = {
	{"format", 0, ALM_OPTION_TEXT, "FORMAT",
		"ndjson or csv; by the file's name unless given", false, false},
	{"rejects", 0, ALM_OPTION_TEXT, "FILE",
		"write lines that are not taken there, each behind a line that "
		"says why",
		false, false},
	{"resume", 0, ALM_OPTION_FLAG, NULL,
		"go on where an import of this file was interrupted", false,
		false},
	ALM_REASON_OPTION(false),
	{0},
};

static const struct alm_usage usage = {
	.name = "people import",
	.summary = "Import people's choices and relationships, one record a "
		   "line.  Doing it again changes nothing.  Exit 1 if some "
		   "lines are not taken.",
	.positionals = "FILE|-",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = options,
	.notes = "  The first line of CSV names the columns, which are the "
		 "fields of the records; the\n  words of a list stand in one "
		 "cell, divided by spaces.  Lines that begin with # are\n  "
		 "passed over, so a file of rejects can be mended and "
		 "imported.",
};

struct import {
	const struct alm_output *output;
	FILE *rejects; /* or NULL */
	bool is_shown; /* progress, on a terminal */
	bool is_kept;  /* how far it has come */
	struct alm_people_resume resume;
	struct alm_people_place from;
	uint64_t bytes; /* of the input; 0: not known */
	int signal_fd;  /* -1: a signal ends us at once */
	double began_s;
	double shown_s;
	double kept_s;
};

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void reject(void *cookie, const struct alm_people_reject *rejected)
{
	struct import *import = cookie;
	const char *name = alm_err_info(rejected->err)->name;

	/* Never the line itself: it holds personal data. */
	alm_print_warning(import->output, "line %" PRIu64 ": ALM-%d %s (%s)",
		rejected->line, (int)rejected->err, name, rejected->detail);
	if (import->rejects != NULL) {
		(void)fprintf(import->rejects,
			"# line %" PRIu64 ": ALM-%d %s: %s\n", rejected->line,
			(int)rejected->err, name, rejected->detail);
		(void)fwrite(rejected->text.data, 1, rejected->text.bytes,
			import->rejects);
		(void)fputc('\n', import->rejects);
	}
}

static void show(struct import *import, const struct alm_people_count *count,
	double at_s)
{
	double elapsed_s = at_s - import->began_s;
	double done = (double)(count->done.offset - import->from.offset);
	double rate = elapsed_s > 0 ? (double)count->lines / elapsed_s : 0;

	(void)fprintf(
		stderr, "\r%" PRIu64 " lines, %.0f/s", count->lines, rate);
	if (import->bytes > count->done.offset && done > 0) {
		double left = (double)(import->bytes - count->done.offset);
		uint64_t left_s = (uint64_t)(elapsed_s * left / done);

		(void)fprintf(stderr,
			", %.0f%%, %" PRIu64 ":%02" PRIu64 " left",
			100.0 * (double)count->done.offset /
				(double)import->bytes,
			left_s / 60, left_s % 60);
	}
	(void)fputs("\033[K", stderr);
}

static enum alm_err progress(void *cookie, const struct alm_people_count *count)
{
	struct import *import = cookie;
	struct signalfd_siginfo signal;
	struct alm_problem problem;
	double at_s = now_s();

	if (import->is_shown && at_s - import->shown_s >= SHOW_EVERY_S) {
		import->shown_s = at_s;
		show(import, count, at_s);
	}
	if (import->is_kept && at_s - import->kept_s >= KEEP_EVERY_S) {
		import->kept_s = at_s;
		import->is_kept = alm_people_resume_write(&import->resume,
					  &count->done, &problem) == ALM_OK;
	}
	return import->signal_fd >= 0 && read(import->signal_fd, &signal,
						 sizeof(signal)) > 0
		       ? ALM_INTERRUPTED
		       : ALM_OK;
}

/* From now on a signal ends the import between two batches, so that it can go
 * on there.  Not for a pipe, which may make us wait. */
static void take_signals(struct import *import)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	import->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (import->signal_fd >= 0) {
		(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	}
}

static int tell(const struct alm_args *args, const struct import *import,
	const char *id, const struct alm_people_count *count)
{
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.people.import/1", NULL, 0);
	char banded[ALM_BAND_TEXT_BYTES];
	int rc;

	alm_sheet_number(sheet, "lines", count->lines);
	alm_sheet_number(sheet, "added", count->added);
	alm_sheet_number(sheet, "known", count->known);
	alm_band_text(count->opt_outs, banded);
	alm_sheet_fact(sheet, "opt-outs", banded);
	alm_sheet_number(sheet, "rejected", count->rejected);
	if (import->from.offset > 0) {
		alm_sheet_number(
			sheet, "resumed-after-line", import->from.line);
	}
	alm_sheet_fact(sheet, "import", id);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
		alm_print_dry_run(&args->output);
	}
	return rc == ALM_EXIT_OK && count->rejected > 0 ? ALM_EXIT_FAILURE : rc;
}

/** The input, and where to begin in it. */
static enum alm_err open_input(const struct alm_args *args,
	struct import *import, int *out_fd, struct alm_problem *problem)
{
	const char *path = args->positionals[0];
	bool is_stdin = strcmp(path, "-") == 0;
	struct stat stat;
	enum alm_err err;

	*out_fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (*out_fd < 0) {
		return alm_problem_set(problem,
			errno == ENOENT ? ALM_NOT_FOUND : ALM_IO, "%s: %s",
			path, strerror(errno));
	}
	if (is_stdin || fstat(*out_fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
		return alm_args_has(args, "resume")
			       ? alm_problem_set(problem, ALM_USAGE,
					 "--resume needs a file")
			       : ALM_OK;
	}
	import->bytes = (uint64_t)stat.st_size;
	import->is_kept = !alm_args_has(args, "dry-run");
	take_signals(import);
	alm_people_resume_init(&import->resume, path, *out_fd);
	if (!alm_args_has(args, "resume")) {
		return ALM_OK;
	}
	err = alm_people_resume_read(&import->resume, &import->from, problem);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/** The file of rejects, of mode 0600: personal data. */
static enum alm_err open_rejects(const struct alm_args *args,
	struct import *import, struct alm_problem *problem)
{
	const char *path = alm_args_text(args, "rejects");
	int how = import->from.offset > 0 ? O_APPEND : O_TRUNC;
	int fd;

	if (path == NULL) {
		return ALM_OK;
	}
	fd = open(path, O_WRONLY | O_CREAT | how | O_CLOEXEC, 0600);
	import->rejects = fd >= 0 ? fdopen(fd, "a") : NULL;
	if (import->rejects == NULL) {
		if (fd >= 0) {
			(void)close(fd);
		}
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	return ALM_OK;
}

/** Of what --format or the file's name says.  Errors: USAGE. */
static enum alm_err format_of(const struct alm_args *args,
	enum alm_people_format *out, struct alm_problem *problem)
{
	const char *word = alm_args_text(args, "format");
	const char *dot = strrchr(args->positionals[0], '.');

	if (word == NULL) {
		word = dot != NULL && strcasecmp(dot, ".csv") == 0 ? "csv"
								   : "ndjson";
	}
	if (strcmp(word, "csv") != 0 && strcmp(word, "ndjson") != 0) {
		return alm_problem_set(
			problem, ALM_USAGE, "--format is ndjson or csv");
	}
	*out = word[0] == 'c' ? ALM_PEOPLE_CSV : ALM_PEOPLE_NDJSON;
	return ALM_OK;
}

/* The columns again, so that the file of rejects stands by itself. */
static void copy_head(const struct import *import, int fd)
{
	char head[512];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	const char *end = n > 0 ? memchr(head, '\n', (size_t)n) : NULL;

	if (import->rejects != NULL && import->from.offset == 0 &&
		end != NULL) {
		(void)fwrite(
			head, 1, (size_t)(end - head) + 1, import->rejects);
	}
}

/* What is in stays in; the next import may go on behind it. */
static void keep_place(
	struct import *import, const struct alm_people_count *count)
{
	struct alm_problem problem;

	if (import->is_kept && count->done.offset > import->from.offset &&
		alm_people_resume_write(
			&import->resume, &count->done, &problem) == ALM_OK) {
		alm_print_warning(import->output,
			"%" PRIu64 " lines are in; --resume goes on "
			"behind them",
			count->done.line);
	}
}

static int run(const struct alm_args *args, int fd, struct import *import)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t raw[IMPORT_ID_BYTES];
	char id[2 * IMPORT_ID_BYTES + 1];
	struct alm_people_put put = {.reason = alm_args_text(args, "reason"),
		.import = id,
		.is_dry_run = alm_args_has(args, "dry-run"),
		.from = import->from,
		.reject = reject,
		.progress = progress,
		.cookie = import};
	struct alm_people_count count = {.lines = 0};

	randombytes_buf(raw, sizeof(raw));
	alm_hex(raw, sizeof(raw), id);
	import->began_s = now_s();
	import->kept_s = import->began_s;
	problem.err = format_of(args, &put.format, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_admin_open(args, &put.control, &problem);
	}
	if (problem.err == ALM_OK && put.format == ALM_PEOPLE_CSV) {
		copy_head(import, fd);
	}
	if (problem.err == ALM_OK) {
		problem.err = alm_people_put_stream(&put, fd, &count, &problem);
	}
	alm_control_close(put.control);
	if (import->is_shown) {
		(void)fputs("\r\033[K", stderr);
	}
	if (problem.err == ALM_OK) {
		alm_people_resume_forget(&import->resume);
		return tell(args, import, id, &count);
	}
	keep_place(import, &count);
	return alm_print_problem(&args->output, &problem);
}

int alm_cmd_people_import(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct import import = {.rejects = NULL, .signal_fd = -1};
	struct alm_args args;
	int fd = -1;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	import.output = &args.output;
	import.is_shown = isatty(STDERR_FILENO) == 1 && !args.output.is_quiet;
	problem.err = open_input(&args, &import, &fd, &problem);
	if (problem.err == ALM_OK) {
		problem.err = open_rejects(&args, &import, &problem);
	}
	rc = problem.err == ALM_OK ? run(&args, fd, &import)
				   : alm_print_problem(&args.output, &problem);
	if (import.signal_fd >= 0) {
		(void)close(import.signal_fd);
	}
	if (fd > STDIN_FILENO) {
		(void)close(fd);
	}
	if (import.rejects != NULL && fclose(import.rejects) != 0 &&
		rc == ALM_EXIT_OK) {
		rc = ALM_EXIT_FAILURE;
	}
	return rc;
}
