#include "cli/people/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum alm_err alm_lines_init(
	struct alm_lines *lines, int fd, size_t line_bytes_max)
{
	ALM_ASSERT(line_bytes_max < ALM_LINES_BUFFER_BYTES);
	*lines = (struct alm_lines){.fd = fd, .line_bytes_max = line_bytes_max};
	lines->buffer = malloc(ALM_LINES_BUFFER_BYTES);
	return lines->buffer == NULL ? ALM_NOMEM : ALM_OK;
}

void alm_lines_fini(struct alm_lines *lines)
{
	free(lines->buffer);
	lines->buffer = NULL;
}

/* More bytes behind those that are there. */
static enum alm_err fill(struct alm_lines *lines, struct alm_problem *problem)
{
	ssize_t n;

	memmove(lines->buffer, lines->buffer + lines->from,
		lines->end - lines->from);
	lines->end -= lines->from;
	lines->from = 0;
	do {
		n = read(lines->fd, lines->buffer + lines->end,
			ALM_LINES_BUFFER_BYTES - lines->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		return alm_problem_set(
			problem, ALM_IO, "reading: %s", strerror(errno));
	}
	lines->is_at_end = n == 0;
	lines->end += (size_t)n;
	return ALM_OK;
}

static void take(struct alm_lines *lines, size_t bytes)
{
	lines->from += bytes;
	lines->offset += bytes;
}

/* Bytes up to the next line feed, which is not counted; all that are there if
 * it has not come. */
static size_t length(
	const struct alm_lines *lines, size_t searched, bool *out_is_whole)
{
	const uint8_t *at = lines->buffer + lines->from;
	size_t bytes = lines->end - lines->from;
	const uint8_t *end =
		bytes > searched ? memchr(at + searched, '\n', bytes - searched)
				 : NULL;

	*out_is_whole = end != NULL;
	return end != NULL ? (size_t)(end - at) : bytes;
}

/* Past a line that is too long, however long it is. */
static enum alm_err skip(struct alm_lines *lines, struct alm_problem *problem)
{
	bool is_whole = false;
	enum alm_err err = ALM_OK;

	while (err == ALM_OK) {
		size_t bytes = length(lines, 0, &is_whole);

		take(lines, bytes + (is_whole ? 1 : 0));
		if (is_whole || lines->is_at_end) {
			break;
		}
		err = fill(lines, problem);
	}
	return err;
}

enum alm_err alm_lines_next(struct alm_lines *lines, struct alm_bytes *out_line,
	bool *out_is_too_long, struct alm_problem *problem)
{
	bool is_whole = false;
	size_t bytes = length(lines, 0, &is_whole);

	while (!is_whole && !lines->is_at_end &&
		bytes <= lines->line_bytes_max) {
		enum alm_err err = fill(lines, problem);

		if (err != ALM_OK) {
			return err;
		}
		bytes = length(lines, bytes, &is_whole);
	}
	if (bytes == 0 && !is_whole) {
		return ALM_NOT_FOUND;
	}
	lines->number++;
	*out_is_too_long = bytes > lines->line_bytes_max;
	*out_line = (struct alm_bytes){lines->buffer + lines->from, 0};
	if (*out_is_too_long) {
		return skip(lines, problem);
	}
	out_line->bytes = bytes;
	take(lines, bytes + (is_whole ? 1 : 0));
	if (bytes > 0 && out_line->data[bytes - 1] == '\r') {
		out_line->bytes--;
	}
	return ALM_OK;
}
