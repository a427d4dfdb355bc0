/*
 * lines.h - the lines of a file or a pipe, in memory that does not grow
 * with the input: a line over the limit is told of and skipped.
 */
#ifndef ALM_CLI_PEOPLE_LINES_H
#define ALM_CLI_PEOPLE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/** Room for one line of the largest size, and more to read well. */
#define ALM_LINES_BUFFER_BYTES ((size_t)1024 * 1024)

struct alm_lines {
	int fd; /* borrowed; -1: what is in the buffer is all there is */
	size_t line_bytes_max;
	uint8_t *buffer;
	size_t from; /* what has not been given yet stands at from to end */
	size_t end;
	bool is_at_end;
	uint64_t number; /* of the line given last, from 1 */
	uint64_t offset; /* of the first byte behind it, in the input */
};

/** `line_bytes_max` is less than the buffer.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_lines_init(
	struct alm_lines *lines, int fd, size_t line_bytes_max);
void alm_lines_fini(struct alm_lines *lines);

/**
 * The next line without its line feed and a carriage return before that;
 * borrowed until the next call.
 *
 * Out:     out_is_too_long   then `out_line` is empty
 * Errors:  NOT_FOUND: there are no more; IO
 */
ALM_MUST_USE enum alm_err alm_lines_next(struct alm_lines *lines,
	struct alm_bytes *out_line, bool *out_is_too_long,
	struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_LINES_H */
