/*
 * bytes.h - big-endian integers, and bounded reading and writing of records.
 * Pure; no allocation.
 *
 * A writer or reader that meets its end becomes bad and stays bad: the calls
 * after it do nothing, and the last call tells.  That keeps encoders straight.
 *
 * The small ones are inline: a record is thirty of them.
 */
#ifndef ALM_LIB_BYTES_H
#define ALM_LIB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/err.h"

/** Borrowed bytes; data may be NULL when bytes is 0. */
struct alm_bytes {
	const uint8_t *data;
	size_t bytes;
};

static inline void alm_put_u16(uint8_t out[2], uint16_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static inline void alm_put_u32(uint8_t out[4], uint32_t value)
{
	alm_put_u16(out, (uint16_t)(value >> 16));
	alm_put_u16(out + 2, (uint16_t)value);
}

static inline void alm_put_u64(uint8_t out[8], uint64_t value)
{
	alm_put_u32(out, (uint32_t)(value >> 32));
	alm_put_u32(out + 4, (uint32_t)value);
}

static inline uint16_t alm_get_u16(const uint8_t in[2])
{
	return (uint16_t)((in[0] << 8) | in[1]);
}

static inline uint32_t alm_get_u32(const uint8_t in[4])
{
	return ((uint32_t)alm_get_u16(in) << 16) | alm_get_u16(in + 2);
}

static inline uint64_t alm_get_u64(const uint8_t in[8])
{
	return ((uint64_t)alm_get_u32(in) << 32) | alm_get_u32(in + 4);
}

/** Equal content; not constant-time, so not for secrets. */
bool alm_bytes_equal(struct alm_bytes a, struct alm_bytes b);

struct alm_writer {
	uint8_t *data;
	size_t bytes_max;
	size_t bytes; /* written so far */
	bool is_bad;  /* something did not fit */
};

static inline void alm_writer_init(
	struct alm_writer *w, uint8_t *data, size_t bytes_max)
{
	*w = (struct alm_writer){.data = data, .bytes_max = bytes_max};
}

static inline void alm_write_raw(
	struct alm_writer *w, const void *data, size_t bytes)
{
	if (w->is_bad || bytes > w->bytes_max - w->bytes) {
		w->is_bad = true;
		return;
	}
	if (bytes > 0) {
		memcpy(w->data + w->bytes, data, bytes);
	}
	w->bytes += bytes;
}

static inline void alm_write_u8(struct alm_writer *w, uint8_t value)
{
	alm_write_raw(w, &value, 1);
}

static inline void alm_write_u16(struct alm_writer *w, uint16_t value)
{
	uint8_t raw[2];

	alm_put_u16(raw, value);
	alm_write_raw(w, raw, sizeof(raw));
}

static inline void alm_write_u32(struct alm_writer *w, uint32_t value)
{
	uint8_t raw[4];

	alm_put_u32(raw, value);
	alm_write_raw(w, raw, sizeof(raw));
}

static inline void alm_write_u64(struct alm_writer *w, uint64_t value)
{
	uint8_t raw[8];

	alm_put_u64(raw, value);
	alm_write_raw(w, raw, sizeof(raw));
}

/** u32 length, then the bytes. */
void alm_write_bytes(struct alm_writer *w, struct alm_bytes value);
/** u16 length, the text, and a NUL that the length does not count. */
void alm_write_text(struct alm_writer *w, const char *text);
/** How much was written; INTERNAL if something did not fit. */
ALM_MUST_USE enum alm_err alm_writer_finish(
	const struct alm_writer *w, size_t *out_bytes);

struct alm_reader {
	const uint8_t *data;
	size_t bytes_left;
	bool is_bad;
};

/** A reader that is or becomes bad gives zeros. */
void alm_reader_init(struct alm_reader *r, const void *data, size_t bytes);
uint8_t alm_read_u8(struct alm_reader *r);
uint16_t alm_read_u16(struct alm_reader *r);
uint32_t alm_read_u32(struct alm_reader *r);
uint64_t alm_read_u64(struct alm_reader *r);
/** Copies; zeroes `out` when the reader is or becomes bad. */
void alm_read_raw(struct alm_reader *r, void *out, size_t bytes);
/** Borrowed from the record; empty when bad. */
struct alm_bytes alm_read_bytes(struct alm_reader *r);
/** Borrowed, NUL-terminated in place, without NUL inside; "" when bad. */
const char *alm_read_text(struct alm_reader *r);
/** True if all was read, to the last byte, and nothing went wrong. */
ALM_MUST_USE bool alm_reader_is_done(const struct alm_reader *r);

#endif /* ALM_LIB_BYTES_H */
