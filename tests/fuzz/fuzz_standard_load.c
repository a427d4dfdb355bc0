/* Information standards, as an operator adds them. */
#include "lib/wire/standard_load.h"
#include "tests/fuzz/frame.h"

static size_t count_fields(const struct alm_standard_message *message)
{
	size_t count = message->field_count;

	FUZZ_ASSERT(count <= ALM_STANDARD_MESSAGE_FIELDS_MAX);
	for (size_t i = 0; i < message->field_count; i++) {
		const struct alm_standard_field *field = &message->fields[i];

		FUZZ_ASSERT((field->message != NULL) ==
			    (field->type == ALM_FIELD_MESSAGE));
		FUZZ_ASSERT(field->message != NULL ||
			    field->class != ALM_FIELD_NONE);
		if (field->message != NULL) {
			count += count_fields(field->message);
		}
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct alm_standard *standard = NULL;
	struct alm_problem problem;
	struct alm_arena arena;

	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
	if (alm_standard_load((struct alm_bytes){data, bytes}, &arena,
		    &standard, &problem) == ALM_OK) {
		FUZZ_ASSERT(count_fields(standard->payload) ==
			    standard->field_count);
	}
	alm_arena_fini(&arena);
	return 0;
}
