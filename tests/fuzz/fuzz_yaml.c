/* fuzz_yaml.c - the strict reader never crashes and keeps its limits. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct alm_yaml_options options = {
		.file = "fuzz", .bytes_max = 1 << 16, .depth_max = 8};
	const struct alm_yaml_node *root = NULL;
	struct alm_diagnostics *found = calloc(1, sizeof(*found));
	struct alm_arena arena;
	enum alm_err err;

	if (found == NULL) {
		return 0;
	}
	alm_arena_init(&arena, 1 << 22);
	alm_diagnostics_init(found, &arena);
	err = alm_yaml_parse(&options, (struct alm_bytes){data, bytes}, &arena,
		found, &root);
	if ((err == ALM_OK) != (root != NULL) ||
		(err == ALM_OK) != (found->count == 0)) {
		abort();
	}
	alm_arena_fini(&arena);
	free(found);
	return 0;
}
