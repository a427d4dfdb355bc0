/*
 * fuzz_people.c - a line about a person is refused or is a record, and a
 * record is well-formed and comes back from the store as it was.
 */
#include <stdint.h>
#include <stdlib.h>

#include "broker/core/record.h"
#include "cli/people/json.h"
#include "lib/base.h"
#include "lib/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct alm_bytes encode(
	const struct alm_person_record *record, uint8_t *into, size_t size)
{
	struct alm_writer w;

	alm_writer_init(&w, into, size);
	alm_record_encode(record, &w);
	ALM_ASSERT(!w.is_bad);
	return (struct alm_bytes){into, w.bytes};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t first[4 * ALM_PERSON_RECORD_BYTES_MAX];
	static uint8_t second[4 * ALM_PERSON_RECORD_BYTES_MAX];
	struct alm_person_record record;
	struct alm_person_record again;
	struct alm_problem problem = {.detail = ""};
	struct alm_arena arena;
	struct alm_bytes kept;

	alm_arena_init(&arena, (size_t)1 << 22);
	if (alm_people_json_read((struct alm_bytes){data, size}, &arena,
		    &record, &problem) == ALM_OK) {
		ALM_ASSERT(alm_record_check(&record, NULL) == ALM_OK);
		kept = encode(&record, first, sizeof(first));
		ALM_ASSERT(alm_record_decode(kept, &arena, &again) == ALM_OK);
		ALM_ASSERT(alm_bytes_equal(
			kept, encode(&again, second, sizeof(second))));
	}
	alm_arena_fini(&arena);
	return 0;
}
