/*
 * frame.h - what the frame targets share: what decodes must encode again, and
 * from then on stay the same.
 */
#ifndef ALM_TESTS_FUZZ_FRAME_H
#define ALM_TESTS_FUZZ_FRAME_H

#include <stdio.h>
#include <stdlib.h>

#include "lib/wire/wire.h"

#define FUZZ_ASSERT(cond) \
	do { \
		if (!(cond)) { \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
				__LINE__, #cond); \
			abort(); \
		} \
	} while (0)

static inline size_t fuzz_encode(const struct alm_envelope *envelopes,
	size_t count, struct alm_frame_builder *frame, struct alm_arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		enum alm_err err = alm_frame_add(frame, &envelopes[i], arena);

		if (err == ALM_FRAME_TOO_LARGE) {
			return i; /* the catalogue's words are longer */
		}
		FUZZ_ASSERT(err == ALM_OK);
	}
	return count;
}

static inline void fuzz_frame(enum alm_wire_side side, struct alm_bytes bytes)
{
	const struct alm_envelope *envelopes = NULL;
	struct alm_problem problem;
	struct alm_frame_builder first;
	struct alm_frame_builder second;
	struct alm_arena arena;
	size_t count = 0;

	alm_arena_init(&arena, (size_t)256 * 1024 * 1024);
	alm_frame_init(&first, ALM_FRAME_BYTES_MAX);
	alm_frame_init(&second, ALM_FRAME_BYTES_MAX);
	if (alm_wire_decode(side, bytes, &arena, &envelopes, &count,
		    &problem) == ALM_OK) {
		count = fuzz_encode(envelopes, count, &first, &arena);
		FUZZ_ASSERT(count > 0);
		FUZZ_ASSERT(
			alm_wire_decode(side, alm_frame_bytes(&first), &arena,
				&envelopes, &count, &problem) == ALM_OK);
		(void)fuzz_encode(envelopes, count, &second, &arena);
		FUZZ_ASSERT(alm_bytes_equal(
			alm_frame_bytes(&first), alm_frame_bytes(&second)));
	}
	alm_frame_fini(&first);
	alm_frame_fini(&second);
	alm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#endif /* ALM_TESTS_FUZZ_FRAME_H */
