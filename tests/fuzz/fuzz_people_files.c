/*
 * fuzz_people_files.c - the other ways in which records about people come:
 * CSV, lists of numbers, batches.  The first byte says which.  What is taken
 * is a well-formed record or a valid number.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/record.h"
#include "broker/core/record_batch.h"
#include "cli/people/csv.h"
#include "cli/people/dat.h"
#include "lib/base.h"
#include "lib/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts a line off `rest`. */
static struct alm_bytes next_line(struct alm_bytes *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->bytes);
	size_t bytes = end != NULL ? (size_t)(end - rest->data) : rest->bytes;
	struct alm_bytes line = {rest->data, bytes};

	bytes += end != NULL ? 1 : 0;
	rest->data += bytes;
	rest->bytes -= bytes;
	return line;
}

static void try_csv(struct alm_bytes rest, struct alm_arena *arena)
{
	struct alm_problem problem = {.detail = ""};
	struct alm_people_csv csv;

	if (alm_people_csv_head(next_line(&rest), &csv, &problem) != ALM_OK) {
		return;
	}
	while (rest.bytes > 0) {
		struct alm_person_record record;

		if (alm_people_csv_read(&csv, next_line(&rest), arena, &record,
			    &problem) == ALM_OK) {
			ALM_ASSERT(alm_record_check(&record, NULL) == ALM_OK);
		}
	}
}

static void try_list(struct alm_bytes rest)
{
	struct alm_problem problem = {.detail = ""};
	char number[ALM_NHS_NUMBER_BYTES + 1];

	while (rest.bytes > 0) {
		if (alm_people_dat_read(next_line(&rest), number, &problem) ==
			ALM_OK) {
			ALM_ASSERT(alm_nhs_number_is_valid(number));
		}
	}
}

static void try_batch(struct alm_bytes bytes, struct alm_arena *arena)
{
	struct alm_record_batch_reader reader;
	struct alm_person_record record;
	struct alm_bytes one;
	uint64_t line;
	unsigned count = 0;

	if (alm_record_batch_open(bytes, &reader, NULL) != ALM_OK) {
		return;
	}
	while (alm_record_batch_next(&reader, &line, &one) == ALM_OK) {
		ALM_ASSERT(++count <= ALM_PEOPLE_BATCH_RECORDS_MAX);
		if (alm_record_decode(one, arena, &record) == ALM_OK) {
			(void)!alm_record_check(&record, NULL);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alm_arena arena;

	if (size == 0) {
		return 0;
	}
	alm_arena_init(&arena, (size_t)4 << 20);
	switch (data[0] % 3) {
	case 0:
		try_csv((struct alm_bytes){data + 1, size - 1}, &arena);
		break;
	case 1:
		try_list((struct alm_bytes){data + 1, size - 1});
		break;
	default:
		try_batch((struct alm_bytes){data + 1, size - 1}, &arena);
		break;
	}
	alm_arena_fini(&arena);
	return 0;
}
