/* The memory that decisions work in, and the lists that they leave in it. */
#include <stdlib.h>
#include <string.h>

#include "broker/core/decide_internal.h"

static bool take_lists(
	struct alm_scratch *scratch, const struct alm_snapshot *s)
{
	size_t bases = s->head->bases.count;
	size_t prohibitions = s->head->prohibitions.count;
	size_t rules = bases > prohibitions ? bases : prohibitions;

	scratch->keys_max = (size_t)s->head->membership_max + 3;
	scratch->keys = calloc(2 * scratch->keys_max, sizeof(uint32_t));
	scratch->marks.rule_max = (uint32_t)rules;
	scratch->marks.stamps = calloc(rules + 1, sizeof(uint32_t));
	scratch->rules = calloc(rules + 1, sizeof(uint32_t));
	scratch->candidates = calloc(bases + 1, sizeof(const char *));
	scratch->prohibitions = calloc(prohibitions + 1, sizeof(const char *));
	scratch->lifts = calloc(prohibitions + 2, sizeof(const char *));
	scratch->obligations = calloc(
		(size_t)s->head->obligations_max + 1, sizeof(const char *));
	return scratch->keys != NULL && scratch->marks.stamps != NULL &&
	       scratch->rules != NULL && scratch->candidates != NULL &&
	       scratch->prohibitions != NULL && scratch->lifts != NULL &&
	       scratch->obligations != NULL;
}

struct alm_scratch *alm_scratch_new(const struct alm_snapshot *snapshot)
{
	struct alm_scratch *scratch = calloc(1, sizeof(*scratch));

	if (scratch != NULL && snapshot != NULL &&
		!take_lists(scratch, snapshot)) {
		alm_scratch_free(scratch);
		return NULL;
	}
	return scratch;
}

void alm_scratch_free(struct alm_scratch *scratch)
{
	if (scratch == NULL) {
		return;
	}
	free(scratch->keys);
	free(scratch->marks.stamps);
	free(scratch->rules);
	free(scratch->candidates);
	free(scratch->prohibitions);
	free(scratch->lifts);
	free(scratch->obligations);
	free(scratch);
}

struct alm_ids alm_list_words(const struct alm_snapshot *snapshot,
	const struct alm_names *names, uint64_t mask, const char **out)
{
	size_t count = 0;

	for (; mask != 0; mask &= mask - 1) {
		out[count++] = alm_name_text(
			snapshot, names, (uint32_t)__builtin_ctzll(mask));
	}
	return (struct alm_ids){out, count};
}

/* Restores the heap below `at`, whose children are heaps already. */
static void sift(const char **ids, size_t count, size_t at)
{
	const char *id = ids[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < count &&
			strcmp(ids[child], ids[child + 1]) < 0) {
			child++;
		}
		if (child >= count || strcmp(id, ids[child]) >= 0) {
			break;
		}
		ids[at] = ids[child];
		at = child;
	}
	ids[at] = id;
}

size_t alm_sort_ids(const char **ids, size_t count)
{
	size_t kept = 0;

	for (size_t i = count / 2; i-- > 0;) {
		sift(ids, count, i);
	}
	for (size_t end = count; end > 1; end--) {
		const char *greatest = ids[0];

		ids[0] = ids[end - 1];
		ids[end - 1] = greatest;
		sift(ids, end - 1, 0);
	}
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0) {
			ids[kept++] = ids[i];
		}
	}
	return kept;
}

void alm_add_lift(struct alm_deciding *d, const char *lift)
{
	d->scratch->lifts[d->out->lifts.count] = lift;
	d->out->lifts =
		(struct alm_ids){d->scratch->lifts, d->out->lifts.count + 1};
}
