#include "cli/people/lint.h"

#include <stdlib.h>
#include <string.h>

#include "cli/people/json.h"
#include "lib/file.h"

#define FILE_BYTES_MAX ((size_t)1024 * 1024 * 1024)

struct gathering {
	const char *path;
	struct alm_arena *arena;
	struct alm_directive *items;
	struct alm_place *places;
	size_t count;
	size_t count_max;
};

static bool is_blank(struct alm_bytes line)
{
	for (size_t i = 0; i < line.bytes; i++) {
		if (line.data[i] != ' ' && line.data[i] != '\t' &&
			line.data[i] != '\r') {
			return false;
		}
	}
	return true;
}

static bool grow(struct gathering *g)
{
	size_t count_max = g->count_max == 0 ? 256 : 2 * g->count_max;
	struct alm_directive *items =
		alm_arena_take(g->arena, count_max * sizeof(*items));
	struct alm_place *places =
		alm_arena_take(g->arena, count_max * sizeof(*places));

	if (items == NULL || places == NULL) {
		return false;
	}
	if (g->count > 0) {
		memcpy(items, g->items, g->count * sizeof(*items));
		memcpy(places, g->places, g->count * sizeof(*places));
	}
	g->items = items;
	g->places = places;
	g->count_max = count_max;
	return true;
}

static enum alm_err read_line(struct gathering *g, struct alm_bytes line,
	unsigned number, struct alm_problem *problem)
{
	struct alm_person_record record;
	struct alm_problem why = {ALM_OK, ""};
	enum alm_err err;

	if (is_blank(line)) {
		return ALM_OK;
	}
	err = alm_people_json_read(line, g->arena, &record, &why);
	if (err == ALM_OK && record.type == ALM_RECORD_DIRECTIVE) {
		if (g->count == g->count_max && !grow(g)) {
			err = ALM_NOMEM;
		} else {
			g->places[g->count] =
				(struct alm_place){g->path, number, 1};
			g->items[g->count++] = record.directive;
		}
	}
	return err == ALM_OK ? ALM_OK
			     : alm_problem_set(problem, err, "%s:%u: %s",
				       g->path, number, why.detail);
}

enum alm_err alm_people_directives(const char *path, struct alm_arena *arena,
	struct alm_placed_directives *out, struct alm_problem *problem)
{
	struct gathering g = {.path = path, .arena = arena};
	uint8_t *data = NULL;
	size_t bytes = 0;
	size_t at = 0;
	enum alm_err err =
		alm_file_read(path, FILE_BYTES_MAX, &data, &bytes, problem);

	for (unsigned number = 1; err == ALM_OK && at < bytes; number++) {
		const uint8_t *end = memchr(data + at, '\n', bytes - at);
		size_t length =
			end != NULL ? (size_t)(end - data) - at : bytes - at;

		err = read_line(&g, (struct alm_bytes){data + at, length},
			number, problem);
		at += length + 1;
	}
	free(data);
	if (err == ALM_OK) {
		*out = (struct alm_placed_directives){
			g.items, g.places, g.count};
	}
	return err;
}
