/*
 * The journal is used when standard error is connected to it: systemd names the
 * stream in JOURNAL_STREAM, which also stands in the environment of whoever has
 * put another in its place.  The level is the one piece of state of the process
 * that is not in the broker: a log that needs a handle is not written.
 */
#include "broker/edge/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define LINE_BYTES_MAX 2048

static enum alm_log_level level_max = ALM_LOG_INFO;
static bool is_journal;

/* See systemd.exec(5). */
static bool is_stream(const char *name)
{
	char own[64];
	struct stat info;

	if (name == NULL || fstat(STDERR_FILENO, &info) != 0) {
		return false;
	}
	(void)snprintf(own, sizeof(own), "%llu:%llu",
		(unsigned long long)info.st_dev,
		(unsigned long long)info.st_ino);
	return strcmp(name, own) == 0;
}

void alm_log_open(enum alm_log_level level)
{
	level_max = level;
	is_journal = is_stream(getenv("JOURNAL_STREAM"));
}

static void write_line(enum alm_log_level level, const char *id,
	const char *line, const char *code)
{
	if (!is_journal) {
		(void)fprintf(stderr, "almonerd: %s: %s\n", id, line);
		return;
	}
	(void)sd_journal_send("MESSAGE=%s: %s", id, line, "PRIORITY=%d",
		(int)level, "ALMONER_EVENT=%s", id, "ALMONER_CODE=%s", code,
		NULL);
}

void alm_log(enum alm_log_level level, const char *id, const char *format, ...)
{
	char line[LINE_BYTES_MAX];
	va_list args;

	if (level > level_max) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(level, id, line, "");
}

void alm_log_problem(enum alm_log_level level, const char *id,
	const struct alm_problem *problem)
{
	const struct alm_err_info *info = alm_err_info(problem->err);
	char line[LINE_BYTES_MAX];
	char code[16];

	if (level > level_max) {
		return;
	}
	(void)snprintf(code, sizeof(code), "ALM-%d", (int)problem->err);
	(void)snprintf(line, sizeof(line), "%s %s: %s%s%s%s %s", code,
		info->name, info->sentence,
		*problem->detail != '\0' ? " (" : "", problem->detail,
		*problem->detail != '\0' ? ")" : "", info->hint);
	write_line(level, id, line, code);
}
