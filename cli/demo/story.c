#include "cli/demo/story.h"

#include <stdarg.h>
#include <string.h>

#define TEXT_BYTES 1024u
#define WIDTH 78u

static const char *paint(const struct alm_story *story, const char *code)
{
	return story->has_color ? code : "";
}

/** Print words with `indent` before the second and later lines. */
static void wrap(FILE *out, const char *text, unsigned indent)
{
	size_t column = indent;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fwrite(text, 1, word, out);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

void alm_story_chapter(struct alm_story *story, const char *title)
{
	story->chapter_count++;
	if (story->out != NULL) {
		(void)fprintf(story->out, "\n%s%2u  %s%s\n",
			paint(story, "\033[1m"), story->chapter_count, title,
			paint(story, "\033[0m"));
	}
}

void alm_story_say(struct alm_story *story, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (story->out != NULL) {
		(void)fputs("    ", story->out);
		wrap(story->out, text, 4);
	}
}

bool alm_story_expect(
	struct alm_story *story, bool holds, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (holds) {
		story->held_count++;
	} else {
		story->failed_count++;
	}
	if (story->out != NULL) {
		(void)fprintf(story->out, "    %s%s%s",
			paint(story, holds ? "\033[32m" : "\033[31;1m"),
			holds ? "ok     " : "NOT SO ", paint(story, "\033[0m"));
		wrap(story->out, text, 11);
		(void)fflush(story->out);
	}
	return holds;
}
