#include "agents/folder/log.h"

#include <stdio.h>

/* Names of files are their users': none makes a line of its own, or looks like
 * another field. */
static void put_quoted(const char *text)
{
	(void)fputc('"', stderr);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			(void)fprintf(stderr, "\\%c", c);
		} else if (c < 0x20 || c == 0x7F) {
			(void)fprintf(stderr, "\\x%02x", c);
		} else {
			(void)fputc(c, stderr);
		}
	}
	(void)fputc('"', stderr);
}

void alm_log_problem(enum alm_err err, const char *what, const char *detail)
{
	const struct alm_err_info *info = alm_err_info(err);

	(void)fprintf(stderr, "ALM-%d %s what=", (int)err, info->name);
	put_quoted(what);
	(void)fputs(" detail=", stderr);
	put_quoted(detail);
	(void)fputs(" hint=", stderr);
	put_quoted(info->hint);
	(void)fputc('\n', stderr);
}

void alm_log_note(const char *what, const char *detail)
{
	(void)fputs("what=", stderr);
	put_quoted(what);
	(void)fputs(" detail=", stderr);
	put_quoted(detail);
	(void)fputc('\n', stderr);
}
