/*
 * Heads as they are shown: with the cosignatures that have come in, and how
 * far the log is signed and witnessed.
 */
#include <stdio.h>
#include <string.h>

#include "broker/store/evidence.h"
#include "broker/store/inside.h"
#include "lib/id.h"

/* Every agent that witnesses, read once. */
#define MARKS_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* A head's note with its cosignatures, and how many these are. */
static enum alm_err whole_note(struct alm_store *store, uint64_t size,
	struct alm_arena *arena, struct alm_bytes *out_note,
	unsigned *out_count)
{
	struct alm_signed_head head;
	struct alm_writer w;
	uint8_t *data = alm_arena_take(arena, ALM_HEAD_BYTES_MAX);
	uint64_t agent = 0;
	unsigned count = 0;
	enum alm_err err =
		data == NULL ? ALM_NOMEM
			     : alm_store_head_from(store, size, arena, &head);

	if (err == ALM_OK && head.size != size) {
		err = ALM_NOT_FOUND;
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_writer_init(&w, data, ALM_HEAD_BYTES_MAX);
	alm_write_raw(&w, head.note.data, head.note.bytes);
	while (count < ALM_COSIGNERS_MAX &&
		(err = alm_store_cosignature_line(
			 store, size, &agent, arena, &w)) == ALM_OK) {
		count++;
	}
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		return err;
	}
	*out_note = (struct alm_bytes){data, w.bytes};
	*out_count = count;
	return w.is_bad ? ALM_STORE_CORRUPT : ALM_OK;
}

enum alm_err alm_store_head_note(struct alm_store *store, uint64_t size,
	struct alm_arena *arena, struct alm_bytes *out_note)
{
	unsigned count = 0;

	return whole_note(store, size, arena, out_note, &count);
}

/* The better of the best so far and the head of `size`. */
struct best {
	uint64_t size;
	unsigned count;
	struct alm_bytes note;
};

static enum alm_err consider(struct alm_store *store, uint64_t size,
	struct alm_arena *arena, struct best *best)
{
	struct alm_bytes note;
	unsigned count = 0;
	enum alm_err err = whole_note(store, size, arena, &note, &count);

	if (err == ALM_OK &&
		(best->size == 0 || count > best->count ||
			(count == best->count && size > best->size))) {
		*best = (struct best){size, count, note};
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_head_covering(struct alm_store *store, uint64_t seq,
	struct alm_arena *arena, uint64_t *out_size, struct alm_bytes *out_note)
{
	struct alm_signed_head last;
	struct alm_witness witness = {.agent = 0};
	struct best best = {.size = 0};
	enum alm_err err = alm_store_head_last(store, arena, &last);

	if (err == ALM_NOT_FOUND || (err == ALM_OK && last.size < seq)) {
		return ALM_NOT_YET_SIGNED;
	}
	if (err == ALM_OK) {
		err = consider(store, last.size, arena, &best);
	}
	/* Agents stay for good: those that were replaced come first. */
	for (unsigned i = 0; i < ALM_COSIGNERS_MAX && err == ALM_OK;) {
		err = alm_store_witness_next(
			store, witness.agent, arena, &witness);
		if (err == ALM_OK && witness.cosigned_size >= seq) {
			err = consider(
				store, witness.cosigned_size, arena, &best);
			i++;
		}
	}
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		return err;
	}
	*out_size = best.size;
	*out_note = best.note;
	return best.size == 0 ? ALM_NOT_YET_SIGNED : ALM_OK;
}

/* Two agents of one organisation are one witness. */
static size_t place_of(const char *const *names, size_t count, const char *name)
{
	size_t at = 0;

	while (at < count && strcmp(names[at], name) != 0) {
		at++;
	}
	return at;
}

static enum alm_err add_witnesses(struct alm_store *store,
	struct alm_arena *arena, struct alm_evidence_marks *marks)
{
	const char *names[ALM_COSIGNERS_MAX];
	struct alm_witness witness = {.agent = 0};
	enum alm_err err;

	while ((err = alm_store_witness_next(
			store, witness.agent, arena, &witness)) == ALM_OK) {
		size_t at = place_of(
			names, marks->witness_count, witness.organisation);

		if (at == ALM_COSIGNERS_MAX) {
			continue;
		}
		if (at == marks->witness_count) {
			names[marks->witness_count++] = witness.organisation;
		}
		if (witness.cosigned_size > marks->witnessed_sizes[at]) {
			marks->witnessed_sizes[at] = witness.cosigned_size;
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_store_evidence_marks(
	struct alm_store *store, struct alm_evidence_marks *out_marks)
{
	struct alm_evidence_marks marks = {.signed_size = 0};
	struct alm_signed_head last;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, MARKS_BYTES_MAX);
	err = alm_store_head_last(store, &arena, &last);
	if (err == ALM_OK) {
		marks.signed_size = last.size;
		err = add_witnesses(store, &arena, &marks);
	}
	alm_arena_fini(&arena);
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		return err;
	}
	*out_marks = marks;
	return ALM_OK;
}

void alm_evidence_grade(const struct alm_evidence_marks *marks, uint64_t seq,
	char out[ALM_GRADE_TEXT_BYTES])
{
	unsigned count = 0;

	for (size_t i = 0; i < marks->witness_count; i++) {
		count += marks->witnessed_sizes[i] >= seq ? 1 : 0;
	}
	if (seq > marks->signed_size) {
		alm_text_copy(out, ALM_GRADE_TEXT_BYTES, "on-disk");
	} else if (count == 0) {
		alm_text_copy(out, ALM_GRADE_TEXT_BYTES, "signed");
	} else {
		(void)snprintf(
			out, ALM_GRADE_TEXT_BYTES, "witnessed-by-%u", count);
	}
}
