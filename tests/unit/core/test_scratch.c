/* The lists that an answer leaves in the scratch: sorted, each id once. */
#include "broker/core/decide_internal.h"
#include "tests/unit/core/builder.h"

TestSuite(scratch);

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same by the library's sort. */
static size_t sort_plainly(const char **ids, size_t count)
{
	size_t kept = 0;

	qsort(ids, count, sizeof(*ids), compare);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0) {
			ids[kept++] = ids[i];
		}
	}
	return kept;
}

Test(scratch, sorts_ids_and_keeps_each_once)
{
	uint32_t state = 1;

	for (size_t count = 0; count < 200; count++) {
		static char texts[200][8];
		const char *ids[200];
		const char *want[200];
		size_t kept;

		for (size_t i = 0; i < count; i++) {
			state = state * 1664525u + 1013904223u;
			snprintf(texts[i], sizeof(texts[i]), "%c%u",
				"aZ9-"[state >> 30],
				(state >> 16) % (1u + (unsigned)count));
			ids[i] = want[i] = texts[i];
		}
		kept = sort_plainly(want, count);
		cr_assert_eq(alm_sort_ids(ids, count), kept);
		for (size_t i = 0; i < kept; i++) {
			cr_assert_str_eq(
				ids[i], want[i], "%zu of %zu", i, count);
		}
	}
}
