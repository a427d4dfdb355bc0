#include "agents/folder/log.h"

#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/utf8.h"

/* Names of files are their users': none makes a line of its own, looks like
 * another field, or makes of the line what the journal takes for bytes. */
static void put_quoted(const char *text)
{
	struct alm_bytes left = {(const uint8_t *)text, strlen(text)};

	(void)fputc('"', stderr);
	while (left.bytes > 0) {
		unsigned char c = left.data[0];
		size_t bytes = alm_utf8_char(left);
		/* U+0080 to U+009F move the cursor of some terminals. */
		bool is_control =
			c < 0x20 || c == 0x7F ||
			(bytes == 2 && c == 0xC2 && left.data[1] < 0xA0);

		if (c == '"' || c == '\\') {
			(void)fprintf(stderr, "\\%c", c);
		} else if (bytes == 0 || is_control) {
			bytes = 1;
			(void)fprintf(stderr, "\\x%02x", c);
		} else {
			(void)fwrite(left.data, 1, bytes, stderr);
		}
		left.data += bytes;
		left.bytes -= bytes;
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
