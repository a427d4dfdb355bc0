/*
 * Cursors: where an answer goes on, sealed with the question that it answers
 * and with whom it was given to, neither of which it has to carry.
 */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/find.h"
#include "broker/store/inside.h"
#include "broker/store/step.h"
#include "lib/id.h"

#define CURSOR_VERSION 2u
#define PLAIN_BYTES (1 + 8 + 8 + 8 + 4)
#define CURSOR_BYTES (PLAIN_BYTES + ALM_SEAL_BYTES)
/* A question; one that is longer is told apart by so much of it. */
#define QUESTION_BYTES_MAX 8192u

static_assert(2 * CURSOR_BYTES < ALM_CURSOR_TEXT_BYTES, "it fits as hex");

static const char *or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static void write_question(struct alm_writer *w,
	const struct alm_audit_find *find, const char *asker)
{
	const struct alm_audit_filter *filter = &find->filter;

	alm_write_u8(w, find->is_newest_first);
	alm_write_u8(w, find->with_detail);
	alm_write_u8(w, filter->has_person);
	alm_write_u8(w, filter->has_message_id);
	alm_write_u8(w, filter->has_code);
	alm_write_u8(w, filter->effect);
	alm_write_u32(w, filter->code);
	alm_write_u32(w, (uint32_t)filter->kind);
	alm_write_u64(w, (uint64_t)filter->since_us);
	alm_write_u64(w, (uint64_t)filter->until_us);
	if (filter->has_person) {
		alm_write_raw(w, filter->person, sizeof(filter->person));
	}
	if (filter->has_message_id) {
		alm_write_raw(w, filter->message_id.raw, ALM_MESSAGE_ID_BYTES);
	}
	alm_write_text(w, asker);
	alm_write_text(w, or_empty(filter->sender));
	alm_write_text(w, or_empty(filter->recipient));
	alm_write_text(w, or_empty(filter->either));
	alm_write_text(w, or_empty(filter->purpose));
	alm_write_text(w, or_empty(filter->basis));
}

static void seal(const struct alm_store *store,
	const struct alm_audit_find *find, const char *asker,
	const uint8_t plain[PLAIN_BYTES], uint8_t out[ALM_SEAL_BYTES])
{
	uint8_t question[QUESTION_BYTES_MAX];
	struct alm_writer w;

	alm_writer_init(&w, question, sizeof(question));
	write_question(&w, find, asker);
	alm_store_keys_seal(store->keys, ALM_SEAL_CURSOR,
		(struct alm_bytes){plain, PLAIN_BYTES},
		(struct alm_bytes){question, w.bytes}, out);
}

void alm_audit_cursor_text(const struct alm_store *store,
	const struct alm_audit_find *find, const char *asker,
	struct alm_cursor_given given, char out[ALM_CURSOR_TEXT_BYTES])
{
	uint8_t cursor[CURSOR_BYTES];
	struct alm_writer w;

	alm_writer_init(&w, cursor, sizeof(cursor));
	alm_write_u8(&w, CURSOR_VERSION);
	alm_write_u64(&w, find->size);
	alm_write_u64(&w, find->next);
	alm_write_u64(&w, (uint64_t)given.at_us);
	alm_write_u32(&w, given.mark);
	seal(store, find, asker, cursor, cursor + PLAIN_BYTES);
	alm_hex(cursor, sizeof(cursor), out);
}

enum alm_err alm_audit_cursor_read(const struct alm_store *store,
	const char *text, const char *asker, struct alm_audit_find *find,
	struct alm_cursor_given *out_given)
{
	uint8_t cursor[CURSOR_BYTES];
	uint8_t expected[ALM_SEAL_BYTES];
	struct alm_reader r;

	if (strlen(text) != 2 * sizeof(cursor) ||
		alm_unhex(text, cursor, sizeof(cursor)) != ALM_OK ||
		cursor[0] != CURSOR_VERSION) {
		return ALM_CURSOR;
	}
	seal(store, find, asker, cursor, expected);
	if (sodium_memcmp(expected, cursor + PLAIN_BYTES, sizeof(expected)) !=
		0) {
		return ALM_CURSOR;
	}
	alm_reader_init(&r, cursor + 1, PLAIN_BYTES - 1);
	find->size = alm_read_u64(&r);
	find->next = alm_read_u64(&r);
	out_given->at_us = (int64_t)alm_read_u64(&r);
	out_given->mark = alm_read_u32(&r);
	return ALM_OK;
}

void alm_store_seal_step(const struct alm_store *store, const char *work,
	struct alm_bytes at, char out[ALM_STEP_SEAL_BYTES])
{
	uint8_t seal_of[ALM_SEAL_BYTES];

	static_assert(2 * ALM_SEAL_BYTES < ALM_STEP_SEAL_BYTES, "it fits");
	alm_store_keys_seal(store->keys, ALM_SEAL_STEP, at,
		alm_text_bytes(work, strlen(work)), seal_of);
	alm_hex(seal_of, sizeof(seal_of), out);
}

bool alm_store_is_step(const struct alm_store *store, const char *work,
	struct alm_bytes at, const char *seal_text)
{
	char expected[ALM_STEP_SEAL_BYTES];

	alm_store_seal_step(store, work, at, expected);
	return strlen(seal_text) == ALM_STEP_SEAL_BYTES - 1 &&
	       sodium_memcmp(expected, seal_text, sizeof(expected)) == 0;
}
