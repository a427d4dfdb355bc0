/* A bundle's prohibitions and bases as rules over masks and keys. */
#include <stdlib.h>
#include <string.h>

#include "broker/core/snapshot_internal.h"
#include "lib/limits.h"

#define LIFT_PREFIX "prohibition:"
#define LIFT_BYTES (sizeof(LIFT_PREFIX) - 1)
#define REVIEW_OVERRIDE "review:override"

static uint64_t permit_mask(
	const struct alm_covers *covers, const struct alm_words *words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->items[i].text;
		uint32_t at = alm_names_find(&covers->names, text);

		if (strcmp(text, "any") == 0) {
			mask |= covers->permit_any;
			continue;
		}
		ALM_ASSERT(at != ALM_NAME_NONE);
		mask |= covers->permit[at];
	}
	return mask;
}

static uint64_t deny_mask(
	const struct alm_covers *covers, const struct alm_words *words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->items[i].text;
		uint32_t at = alm_names_find(&covers->names, text);

		if (strcmp(text, "any") == 0) {
			return covers->all;
		}
		ALM_ASSERT(at != ALM_NAME_NONE);
		mask |= covers->deny[at];
	}
	return mask;
}

static int compare_keys(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* Ascending and unique; gives the new count. */
static uint32_t sort_keys(uint32_t *keys, size_t count)
{
	uint32_t kept = 0;

	if (count > 0) {
		qsort(keys, count, sizeof(*keys), compare_keys);
	}
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || keys[kept - 1] != keys[i]) {
			keys[kept++] = keys[i];
		}
	}
	return kept;
}

static bool compile_selectors(struct alm_snapshot *s,
	const struct alm_words *words, uint8_t *key_uses, uint8_t use,
	struct alm_keys *out)
{
	uint32_t *keys =
		alm_arena_take(&s->arena, words->count * sizeof(*keys));

	if (keys == NULL) {
		return false;
	}
	for (size_t i = 0; i < words->count; i++) {
		keys[i] = alm_selector_key(s, words->items[i].text);
		ALM_ASSERT(keys[i] != ALM_NAME_NONE);
		key_uses[keys[i]] |= use;
	}
	out->items = keys;
	out->count = sort_keys(keys, words->count);
	return true;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A sorted, unique list of copies, with `extra` (or NULL) among them. */
static bool compile_texts(struct alm_snapshot *s, const struct alm_words *words,
	const char *extra, struct alm_id_list *out)
{
	size_t count = words->count + (extra == NULL ? 0 : 1);
	const char **items =
		alm_arena_take(&s->arena, (count + 1) * sizeof(*items));
	size_t kept = 0;

	if (items == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text =
			i < words->count ? words->items[i].text : extra;

		items[i] = alm_arena_text(&s->arena, text, strlen(text));
		if (items[i] == NULL) {
			return false;
		}
	}
	qsort(items, count, sizeof(*items), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || strcmp(items[kept - 1], items[i]) != 0) {
			items[kept++] = items[i];
		}
	}
	*out = (struct alm_id_list){items, kept};
	return true;
}

static uint32_t lifted_prohibition(
	const struct alm_snapshot *s, const char *lift)
{
	uint32_t at;

	ALM_ASSERT(strncmp(lift, LIFT_PREFIX, LIFT_BYTES) == 0);
	at = alm_names_find(&s->prohibitions, lift + LIFT_BYTES);
	ALM_ASSERT(at != ALM_NAME_NONE);
	return at;
}

static bool compile_lifts(struct alm_snapshot *s, const struct alm_words *words,
	struct alm_basis_info *out)
{
	uint32_t *lifted =
		alm_arena_take(&s->arena, words->count * sizeof(*lifted));
	size_t count = 0;

	if (lifted == NULL) {
		return false;
	}
	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->items[i].text;

		if (strcmp(text, "objection") == 0) {
			out->lifts_objection = true;
		} else if (strcmp(text, "type-1") == 0) {
			out->lifts_type_1 = true;
		} else {
			lifted[count++] = lifted_prohibition(s, text);
		}
	}
	out->lifted.items = lifted;
	out->lifted.count = sort_keys(lifted, count);
	return true;
}

static bool compile_basis(struct alm_snapshot *s,
	const struct alm_bundle_basis *in, uint8_t *key_uses,
	struct alm_parties *parties, struct alm_basis_info *out)
{
	*out = (struct alm_basis_info){
		.purposes = permit_mask(&s->purposes, &in->purposes),
		.categories = permit_mask(&s->categories, &in->categories),
		.valid = in->valid,
		.identifiability = in->identifiability,
		.consent = in->consent,
		.opt_out = in->opt_out,
		.is_active = in->status == ALM_STATUS_ACTIVE,
		.requires_relationship = in->requires_relationship,
		.accepts_emergency = in->accepts_emergency,
		.accepts_guardian = in->accepts_guardian,
		.refuses_withheld_location = in->refuses_withheld_location,
		.smallest_group = in->smallest_group,
	};
	return compile_selectors(s, &in->from, key_uses, ALM_USE_BASIS_FROM,
		       &parties->from) &&
	       compile_selectors(
		       s, &in->to, key_uses, ALM_USE_BASIS_TO, &parties->to) &&
	       compile_lifts(s, &in->lifts, out) &&
	       compile_texts(s, &in->obligations, NULL, &out->obligations) &&
	       compile_texts(s, &in->obligations, REVIEW_OVERRIDE,
		       &out->obligations_reviewed);
}

static bool compile_prohibition(struct alm_snapshot *s,
	const struct alm_bundle_prohibition *in, uint8_t *key_uses,
	struct alm_parties *parties, struct alm_prohibition_info *out)
{
	*out = (struct alm_prohibition_info){
		.purposes = deny_mask(&s->purposes, &in->purposes),
		.categories = deny_mask(&s->categories, &in->categories),
		.at_or_above = in->at_or_above,
		.de_identifies = in->de_identifies,
	};
	return compile_selectors(s, &in->from, key_uses,
		       ALM_USE_PROHIBITION_FROM, &parties->from) &&
	       compile_selectors(s, &in->to, key_uses, ALM_USE_PROHIBITION_TO,
		       &parties->to);
}

/* The names of rules by id, sorted. */
static bool name_rules(struct alm_snapshot *s, const struct alm_bundle *bundle)
{
	size_t count = bundle->basis_count + bundle->prohibition_count;
	const char **texts = calloc(count + 1, sizeof(*texts));
	bool is_done = false;

	if (texts == NULL) {
		return false;
	}
	for (size_t i = 0; i < bundle->prohibition_count; i++) {
		texts[i] = bundle->prohibitions[i].id.text;
	}
	if (!alm_names_build(&s->arena, texts, bundle->prohibition_count,
		    &s->prohibitions)) {
		goto out;
	}
	for (size_t i = 0; i < bundle->basis_count; i++) {
		texts[i] = bundle->bases[i].id.text;
	}
	is_done = alm_names_build(
		&s->arena, texts, bundle->basis_count, &s->bases);
out:
	free(texts);
	return is_done;
}

/* How a mandate names each prohibition that it lifts. */
static bool name_lifts(struct alm_snapshot *s)
{
	const char **texts = alm_arena_take(
		&s->arena, s->prohibitions.count * sizeof(*texts));

	for (uint32_t i = 0; texts != NULL && i < s->prohibitions.count; i++) {
		texts[i] = alm_arena_printf(
			&s->arena, LIFT_PREFIX "%s", s->prohibitions.ids[i]);
		if (texts[i] == NULL) {
			return false;
		}
	}
	s->prohibition_lifts = texts;
	return texts != NULL;
}

static bool compile_prohibitions(struct alm_snapshot *s,
	const struct alm_bundle *bundle, uint8_t *key_uses)
{
	size_t count = bundle->prohibition_count;
	struct alm_parties *parties =
		alm_arena_take(&s->arena, count * sizeof(*parties));
	struct alm_prohibition_info *infos =
		alm_arena_take(&s->arena, count * sizeof(*infos));

	if (parties == NULL || infos == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_bundle_prohibition *in =
			&bundle->prohibitions[i];
		uint32_t at = alm_names_find(&s->prohibitions, in->id.text);

		if (!compile_prohibition(
			    s, in, key_uses, &parties[at], &infos[at])) {
			return false;
		}
	}
	s->prohibition_infos = infos;
	return alm_rules_index(
		&s->arena, parties, (uint32_t)count, &s->prohibition_index);
}

static bool compile_bases(struct alm_snapshot *s,
	const struct alm_bundle *bundle, uint8_t *key_uses)
{
	size_t count = bundle->basis_count;
	struct alm_parties *parties =
		alm_arena_take(&s->arena, count * sizeof(*parties));
	struct alm_basis_info *infos =
		alm_arena_take(&s->arena, count * sizeof(*infos));

	if (parties == NULL || infos == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_bundle_basis *in = &bundle->bases[i];
		uint32_t at = alm_names_find(&s->bases, in->id.text);

		if (!compile_basis(s, in, key_uses, &parties[at], &infos[at])) {
			return false;
		}
	}
	s->basis_infos = infos;
	return alm_rules_index(
		&s->arena, parties, (uint32_t)count, &s->basis_index);
}

bool alm_compile_rules(
	struct alm_snapshot *snapshot, const struct alm_bundle *bundle)
{
	size_t key_count = (size_t)1 + snapshot->kinds.count +
			   snapshot->organisations.count +
			   snapshot->groups.count;
	uint8_t *key_uses = alm_arena_take(&snapshot->arena, key_count);

	ALM_ASSERT(bundle->basis_count <= ALM_BASES_MAX);
	ALM_ASSERT(bundle->prohibition_count <= ALM_PROHIBITIONS_MAX);
	if (key_uses == NULL || !name_rules(snapshot, bundle) ||
		!name_lifts(snapshot)) {
		return false;
	}
	snapshot->key_uses = key_uses;
	return compile_prohibitions(snapshot, bundle, key_uses) &&
	       compile_bases(snapshot, bundle, key_uses);
}
