#include "lib/bytes.h"

#include <string.h>

bool alm_bytes_equal(struct alm_bytes a, struct alm_bytes b)
{
	return a.bytes == b.bytes &&
	       (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

void alm_write_bytes(struct alm_writer *w, struct alm_bytes value)
{
	if (value.bytes > UINT32_MAX) {
		w->is_bad = true;
		return;
	}
	alm_write_u32(w, (uint32_t)value.bytes);
	alm_write_raw(w, value.data, value.bytes);
}

void alm_write_text(struct alm_writer *w, const char *text)
{
	size_t bytes = strlen(text);

	if (bytes > UINT16_MAX) {
		w->is_bad = true;
		return;
	}
	alm_write_u16(w, (uint16_t)bytes);
	alm_write_raw(w, text, bytes + 1);
}

enum alm_err alm_writer_finish(const struct alm_writer *w, size_t *out_bytes)
{
	if (w->is_bad) {
		return ALM_INTERNAL;
	}
	*out_bytes = w->bytes;
	return ALM_OK;
}

void alm_reader_init(struct alm_reader *r, const void *data, size_t bytes)
{
	*r = (struct alm_reader){.data = data, .bytes_left = bytes};
}

/* The next `bytes` bytes, or NULL once the reader is bad. */
static const uint8_t *take(struct alm_reader *r, size_t bytes)
{
	const uint8_t *at = r->data;

	if (r->is_bad || bytes > r->bytes_left) {
		r->is_bad = true;
		return NULL;
	}
	if (bytes > 0) {
		r->data += bytes;
		r->bytes_left -= bytes;
	}
	return at;
}

uint8_t alm_read_u8(struct alm_reader *r)
{
	const uint8_t *at = take(r, 1);

	return at == NULL ? 0 : at[0];
}

uint16_t alm_read_u16(struct alm_reader *r)
{
	const uint8_t *at = take(r, 2);

	return at == NULL ? 0 : alm_get_u16(at);
}

uint32_t alm_read_u32(struct alm_reader *r)
{
	const uint8_t *at = take(r, 4);

	return at == NULL ? 0 : alm_get_u32(at);
}

uint64_t alm_read_u64(struct alm_reader *r)
{
	const uint8_t *at = take(r, 8);

	return at == NULL ? 0 : alm_get_u64(at);
}

void alm_read_raw(struct alm_reader *r, void *out, size_t bytes)
{
	const uint8_t *at = take(r, bytes);

	if (r->is_bad) {
		memset(out, 0, bytes);
	} else if (bytes > 0) {
		memcpy(out, at, bytes);
	}
}

struct alm_bytes alm_read_bytes(struct alm_reader *r)
{
	size_t bytes = alm_read_u32(r);
	const uint8_t *at = take(r, bytes);

	if (r->is_bad) {
		return (struct alm_bytes){NULL, 0};
	}
	return (struct alm_bytes){at, bytes};
}

const char *alm_read_text(struct alm_reader *r)
{
	size_t bytes = alm_read_u16(r);
	const uint8_t *at = take(r, bytes + 1);

	if (r->is_bad || memchr(at, 0, bytes + 1) != at + bytes) {
		r->is_bad = true;
		return "";
	}
	return (const char *)at;
}

bool alm_reader_is_done(const struct alm_reader *r)
{
	return !r->is_bad && r->bytes_left == 0;
}
