#include "broker/rules/standards.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/wire/standard_load.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct alm_standards {
	struct alm_arena arena;
	const struct alm_standard *items[ALM_STANDARDS_MAX];
	size_t count;
};

struct alm_standards *alm_standards_new(void)
{
	struct alm_standards *standards = calloc(1, sizeof(*standards));

	if (standards != NULL) {
		alm_arena_init(&standards->arena, ARENA_BYTES_MAX);
	}
	return standards;
}

void alm_standards_free(struct alm_standards *standards)
{
	if (standards != NULL) {
		alm_arena_fini(&standards->arena);
		free(standards);
	}
}

enum alm_err alm_standards_add(struct alm_standards *standards,
	struct alm_bytes descriptor, const struct alm_standard **out_standard,
	struct alm_problem *problem)
{
	const struct alm_standard *standard;
	const struct alm_standard *known;
	enum alm_err err;

	if (standards->count == ALM_STANDARDS_MAX) {
		return alm_problem_set(problem, ALM_TOO_MANY_VALUES,
			"at most %u standards", ALM_STANDARDS_MAX);
	}
	err = alm_standard_load(
		descriptor, &standards->arena, &standard, problem);
	if (err != ALM_OK) {
		return err;
	}
	known = alm_standards_find(standards, standard->id, standard->version);
	if (known == NULL) {
		standards->items[standards->count++] = standard;
		known = standard;
	}
	*out_standard = known;
	return ALM_OK;
}

const struct alm_standard *alm_standards_find(
	const struct alm_standards *standards, const char *id,
	const char *version)
{
	for (size_t i = 0; i < standards->count; i++) {
		if (strcmp(standards->items[i]->id, id) == 0 &&
			strcmp(standards->items[i]->version, version) == 0) {
			return standards->items[i];
		}
	}
	return NULL;
}

size_t alm_standards_count(const struct alm_standards *standards)
{
	return standards->count;
}

const struct alm_standard *alm_standards_at(
	const struct alm_standards *standards, size_t i)
{
	return i < standards->count ? standards->items[i] : NULL;
}

enum alm_err alm_standards_load(struct alm_store *store,
	struct alm_standards **in_use, struct alm_problem *problem)
{
	struct alm_standards *fresh = alm_standards_new();
	struct alm_standard_row row = {.id = "", .version = ""};
	struct alm_arena arena;
	enum alm_err err = fresh == NULL ? ALM_NOMEM : ALM_OK;

	alm_arena_init(&arena, ARENA_BYTES_MAX);
	while (err == ALM_OK) {
		const struct alm_standard *standard;

		err = alm_store_standard_next(
			store, row.id, row.version, &arena, &row);
		if (err == ALM_OK) {
			err = alm_standards_add(
				fresh, row.descriptor, &standard, problem);
		}
	}
	alm_arena_fini(&arena);
	if (err != ALM_NOT_FOUND) {
		alm_standards_free(fresh);
		return err;
	}
	alm_standards_free(*in_use);
	*in_use = fresh;
	return ALM_OK;
}
