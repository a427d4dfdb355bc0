/*
 * lines.h - text files made of lines, as the evidence formats are: taking
 * them apart strictly and putting them together.  Pure; no allocation.
 *
 * Every number and every base64 text has one spelling, so that two texts with
 * the same meaning are the same bytes.
 */
#ifndef ALM_LIB_LINES_H
#define ALM_LIB_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"

/** Take the first line, without its line feed, off `rest`.  False at the end,
 * and when the last line has no line feed. */
bool alm_line_take(struct alm_bytes *rest, struct alm_bytes *out_line);

/** Take `word` and a space off the front of a line. */
bool alm_line_word(struct alm_bytes *line, const char *word);

/** Up to the next space, which is taken too, or to the end; false: empty. */
bool alm_line_field(struct alm_bytes *line, struct alm_bytes *out_field);

/** The whole line, byte by byte. */
bool alm_line_is(struct alm_bytes line, const char *text);

/** The whole line as a decimal without leading zeros. */
bool alm_line_number(struct alm_bytes line, uint64_t *out_number);

/** Padded base64 of exactly `bytes` bytes. */
bool alm_line_base64(struct alm_bytes line, uint8_t *out, size_t bytes);

/** Padded base64 of any length up to `bytes_max`. */
bool alm_line_base64_any(struct alm_bytes line, uint8_t *out, size_t bytes_max,
	size_t *out_bytes);

/** As they stand, with nothing between or after; the writer is bad when it is
 * full. */
void alm_line_put(struct alm_writer *writer, const char *text);
void alm_line_put_number(struct alm_writer *writer, uint64_t number);
void alm_line_put_base64(struct alm_writer *writer, struct alm_bytes bytes);

#endif /* ALM_LIB_LINES_H */
