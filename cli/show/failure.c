/* failure.c - problems and warnings on stderr. */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/show/output.h"

static void print_json(
	const struct alm_failure *failure, const struct alm_err_info *info)
{
	char code[16];
	char message[2 * ALM_DETAIL_BYTES_MAX];
	json_t *after = failure->retry_after_ms == 0
				? NULL
				: json_integer(failure->retry_after_ms);
	json_t *root;

	(void)snprintf(code, sizeof(code), "ALM-%d", (int)info->err);
	(void)snprintf(message, sizeof(message), "%s%s%s%s", info->sentence,
		*failure->detail != '\0' ? " (" : "", failure->detail,
		*failure->detail != '\0' ? ")" : "");
	root = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o*, s:s?}", "code", code,
		"name", info->name, "message", message, "hint", info->hint,
		"retryable", (int)info->is_retryable, "retry_after_ms", after,
		"trace_id", failure->trace_id);
	if (root == NULL) {
		return;
	}
	(void)json_dumpf(root, stderr, JSON_COMPACT);
	(void)fputc('\n', stderr);
	json_decref(root);
}

/* Whoever read standard output has had enough, like head(1). */
static bool is_reader_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int alm_print_failure(
	const struct alm_output *output, const struct alm_failure *failure)
{
	const struct alm_err_info *info = alm_err_info(failure->err);

	if (failure->err == ALM_IO && is_reader_gone()) {
		(void)signal(SIGPIPE, SIG_DFL);
		(void)raise(SIGPIPE); /* in silence, as others end */
	}
	if (output->format == ALM_FORMAT_JSON ||
		output->format == ALM_FORMAT_JSONL) {
		print_json(failure, info);
		return (int)info->exit_code;
	}
	(void)fprintf(stderr, "almoner: ALM-%d %s: %s", (int)info->err,
		info->name, info->sentence);
	if (*failure->detail != '\0') {
		(void)fputs(" (", stderr);
		alm_print_safe(stderr, failure->detail);
		(void)fputc(')', stderr);
	}
	(void)fprintf(stderr, "\n  %s\n", info->hint);
	return (int)info->exit_code;
}

int alm_print_problem(
	const struct alm_output *output, const struct alm_problem *problem)
{
	return alm_print_failure(output,
		&(struct alm_failure){problem->err, problem->detail, NULL, 0});
}

void alm_print_dry_run(const struct alm_output *output)
{
	alm_print_warning(output, "this was a dry run: nothing has changed");
}

void alm_print_warning(const struct alm_output *output, const char *format, ...)
{
	char text[ALM_DETAIL_BYTES_MAX];
	va_list args;

	if (output->is_quiet) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)fputs("almoner: ", stderr);
	alm_print_safe(stderr, text);
	(void)fputc('\n', stderr);
}
