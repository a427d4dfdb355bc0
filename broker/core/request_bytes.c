/*
 * The bytes: version, bits, level, kind of override, instant, the two numbers
 * of `not-before`, which texts are there, those texts, then the categories.
 */
#include "broker/core/request_bytes.h"

#include <string.h>

/* A text takes at least its length and its NUL. */
#define TEXT_BYTES_MIN 3u
#define TEXTS 12u

enum bit {
	BIT_MALFORMED = 1,
	BIT_PAYLOAD = 2,
	BIT_RELATIONSHIP = 4,
	BIT_OVERRIDE = 8,
	BIT_NO_OVERRIDE_KIND = 16,
	BIT_BATCH = 32,
	BIT_NOT_BEFORE = 64,
	BIT_CATEGORIES = 128,
};

static uint8_t bits_of(const struct alm_request *request)
{
	return (uint8_t)((request->is_malformed ? BIT_MALFORMED : 0) |
			 (request->has_payload ? BIT_PAYLOAD : 0) |
			 (request->has_relationship ? BIT_RELATIONSHIP : 0) |
			 (request->has_override ? BIT_OVERRIDE : 0) |
			 (request->lacks_override_kind ? BIT_NO_OVERRIDE_KIND
						       : 0) |
			 (request->is_batch ? BIT_BATCH : 0) |
			 (request->has_not_before ? BIT_NOT_BEFORE : 0) |
			 (request->categories != NULL ? BIT_CATEGORIES : 0));
}

static void write_optional(struct alm_writer *w, const char *text)
{
	alm_write_u8(w, text == NULL ? 0 : 1);
	if (text != NULL) {
		alm_write_text(w, text);
	}
}

void alm_request_encode(const struct alm_request *request, int64_t at_s,
	struct alm_writer *writer)
{
	const char *const texts[TEXTS] = {request->id, request->from,
		request->to, request->purpose, request->subject,
		request->subject_unknown, request->basis,
		request->relationship_kind, request->relationship_ref,
		request->relationship_organisation, request->override_by,
		request->override_reason};

	alm_write_u8(writer, ALM_REQUEST_BYTES_VERSION);
	alm_write_u8(writer, bits_of(request));
	alm_write_u8(writer, (uint8_t)request->payload);
	alm_write_u8(writer, (uint8_t)request->override_kind);
	alm_write_u64(writer, (uint64_t)at_s);
	alm_write_u64(writer, request->not_before_epoch);
	alm_write_u64(writer, request->not_before_seq);
	for (unsigned i = 0; i < TEXTS; i++) {
		write_optional(writer, texts[i]);
	}
	alm_write_u32(writer, (uint32_t)request->category_count);
	for (size_t i = 0; i < request->category_count; i++) {
		alm_write_text(writer, request->categories[i]);
	}
}

static const char *read_optional(struct alm_reader *r)
{
	uint8_t is_there = alm_read_u8(r);

	if (is_there > 1) {
		r->is_bad = true;
	}
	return is_there == 1 && !r->is_bad ? alm_read_text(r) : NULL;
}

static void read_texts(struct alm_reader *r, struct alm_request *out)
{
	out->id = read_optional(r);
	out->from = read_optional(r);
	out->to = read_optional(r);
	out->purpose = read_optional(r);
	out->subject = read_optional(r);
	out->subject_unknown = read_optional(r);
	out->basis = read_optional(r);
	out->relationship_kind = read_optional(r);
	out->relationship_ref = read_optional(r);
	out->relationship_organisation = read_optional(r);
	out->override_by = read_optional(r);
	out->override_reason = read_optional(r);
}

static enum alm_err read_categories(struct alm_reader *r,
	struct alm_arena *arena, bool are_there, struct alm_request *out)
{
	uint32_t count = alm_read_u32(r);
	const char **items;

	if (r->is_bad || count > r->bytes_left / TEXT_BYTES_MIN ||
		(!are_there && count > 0)) {
		return ALM_MALFORMED;
	}
	items = alm_arena_take(arena, (count + 1) * sizeof(*items));
	if (items == NULL) {
		return ALM_NOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		items[i] = alm_read_text(r);
	}
	out->categories = are_there ? items : NULL;
	out->category_count = count;
	return ALM_OK;
}

enum alm_err alm_request_decode(struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_request *out, int64_t *out_at_s)
{
	struct alm_request request;
	struct alm_reader r;
	uint8_t bits;
	uint8_t payload;
	uint8_t kind;
	int64_t at_s;
	enum alm_err err;

	memset(&request, 0, sizeof(request));
	alm_reader_init(&r, bytes.data, bytes.bytes);
	if (alm_read_u8(&r) != ALM_REQUEST_BYTES_VERSION) {
		return ALM_MALFORMED;
	}
	bits = alm_read_u8(&r);
	payload = alm_read_u8(&r);
	kind = alm_read_u8(&r);
	at_s = (int64_t)alm_read_u64(&r);
	request.not_before_epoch = alm_read_u64(&r);
	request.not_before_seq = alm_read_u64(&r);
	if (payload > ALM_LEVEL_IDENTIFIABLE || kind > ALM_OVERRIDE_GUARDIAN) {
		return ALM_MALFORMED;
	}
	request.is_malformed = (bits & BIT_MALFORMED) != 0;
	request.has_payload = (bits & BIT_PAYLOAD) != 0;
	request.payload = (enum alm_level)payload;
	request.has_relationship = (bits & BIT_RELATIONSHIP) != 0;
	request.has_override = (bits & BIT_OVERRIDE) != 0;
	request.lacks_override_kind = (bits & BIT_NO_OVERRIDE_KIND) != 0;
	request.override_kind = (enum alm_override_kind)kind;
	request.is_batch = (bits & BIT_BATCH) != 0;
	request.has_not_before = (bits & BIT_NOT_BEFORE) != 0;
	read_texts(&r, &request);
	err = read_categories(
		&r, arena, (bits & BIT_CATEGORIES) != 0, &request);
	if (err != ALM_OK) {
		return err;
	}
	if (!alm_reader_is_done(&r)) {
		return ALM_MALFORMED;
	}
	*out = request;
	*out_at_s = at_s;
	return ALM_OK;
}
