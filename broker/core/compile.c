/*
 * A bundle's words, organisations and groups as a snapshot; the rules follow
 * in compile_rules.c.  The bundle is checked: a word that does not resolve
 * here is a mistake of its reader.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/snapshot_internal.h"
#include "lib/limits.h"

#define SNAPSHOT_BYTES_MAX ((size_t)4 << 30)

static uint64_t bit(uint32_t index)
{
	return UINT64_C(1) << index;
}

static uint32_t must_find(const struct alm_names *names, const char *text)
{
	uint32_t index = alm_names_find(names, text);

	ALM_ASSERT(index != ALM_NAME_NONE);
	return index;
}

/* The id of every item of an array of structs whose first field is its id. */
static bool build_names(struct alm_arena *arena, const void *items,
	size_t count, size_t item_bytes, struct alm_names *out)
{
	const char **texts = calloc(count + 1, sizeof(*texts));
	bool is_done;

	if (texts == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_word *id =
			(const void *)((const char *)items + i * item_bytes);

		texts[i] = id->text;
	}
	is_done = alm_names_build(arena, texts, count, out);
	free(texts);
	return is_done;
}

#define BUILD_NAMES(arena, items, count, out) \
	build_names((arena), (items), (count), sizeof((items)[0]), (out))

/* Parents by index, and whose climb ends with themselves. */
struct climbs {
	uint32_t parent[ALM_WORDS_MAX];
	bool is_end[ALM_WORDS_MAX];
};

/* What each listed word covers, from where each word's climb leads. */
static void compile_covers(
	const struct climbs *climbs, struct alm_covers *covers)
{
	uint32_t count = covers->names.count;

	covers->all = count == ALM_WORDS_MAX ? UINT64_MAX : bit(count) - 1;
	covers->leaves = covers->all;
	for (uint32_t i = 0; i < count; i++) {
		bool is_ended = false;

		for (uint32_t at = i; at != ALM_NAME_NONE;
			at = climbs->parent[at]) {
			covers->deny[at] |= bit(i);
			if (!is_ended) {
				covers->permit[at] |= bit(i);
			}
			is_ended = is_ended || climbs->is_end[at];
			if (at != i) {
				covers->leaves &= ~bit(at);
			}
		}
		if (!is_ended) {
			covers->permit_any |= bit(i);
		}
	}
}

static uint32_t parent_of(
	const struct alm_names *names, const struct alm_word *under)
{
	return under->text == NULL ? ALM_NAME_NONE
				   : must_find(names, under->text);
}

static uint64_t kinds_mask(
	const struct alm_snapshot *s, const struct alm_words *words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->items[i].text, "any") == 0) {
			return UINT64_MAX;
		}
		mask |= bit(must_find(&s->kinds, words->items[i].text));
	}
	return mask;
}

static bool compile_purposes(
	struct alm_snapshot *s, const struct alm_bundle *bundle)
{
	struct climbs climbs = {.is_end = {false}};
	struct alm_purpose_info *infos;

	ALM_ASSERT(bundle->purpose_count <= ALM_WORDS_MAX);
	infos = alm_arena_take(
		&s->arena, bundle->purpose_count * sizeof(*infos));
	if (infos == NULL ||
		!BUILD_NAMES(&s->arena, bundle->purposes, bundle->purpose_count,
			&s->purposes.names)) {
		return false;
	}
	for (size_t i = 0; i < bundle->purpose_count; i++) {
		const struct alm_bundle_purpose *p = &bundle->purposes[i];
		uint32_t at = must_find(&s->purposes.names, p->id.text);

		climbs.parent[at] = parent_of(&s->purposes.names, &p->under);
		climbs.is_end[at] = p->inherits_never;
		infos[at].class = p->class;
		infos[at].recipients = kinds_mask(s, &p->recipients);
	}
	s->purpose_infos = infos;
	compile_covers(&climbs, &s->purposes);
	return true;
}

static bool compile_categories(
	struct alm_snapshot *s, const struct alm_bundle *bundle)
{
	struct climbs climbs = {.is_end = {false}};

	ALM_ASSERT(bundle->category_count <= ALM_WORDS_MAX);
	if (!BUILD_NAMES(&s->arena, bundle->categories, bundle->category_count,
		    &s->categories.names)) {
		return false;
	}
	for (size_t i = 0; i < bundle->category_count; i++) {
		const struct alm_bundle_category *c = &bundle->categories[i];
		uint32_t at = must_find(&s->categories.names, c->id.text);

		climbs.parent[at] = parent_of(&s->categories.names, &c->under);
	}
	compile_covers(&climbs, &s->categories);
	return true;
}

static bool compile_kinds(
	struct alm_snapshot *s, const struct alm_bundle *bundle)
{
	ALM_ASSERT(bundle->kinds.count <= ALM_WORDS_MAX);
	if (!BUILD_NAMES(&s->arena, bundle->kinds.items, bundle->kinds.count,
		    &s->kinds)) {
		return false;
	}
	s->gp_kind = alm_names_find(&s->kinds, "gp-practice");
	return true;
}

static bool compile_organisation(struct alm_snapshot *s,
	const struct alm_bundle_organisation *in,
	struct alm_organisation_info *out)
{
	const char *name = in->name == NULL ? "" : in->name;

	out->name = alm_arena_text(&s->arena, name, strlen(name));
	out->kind = must_find(&s->kinds, in->kind.text);
	out->host = parent_of(&s->organisations, &in->host);
	out->status = in->status;
	out->assurance_until_s = in->has_assurance_until ? in->assurance_until_s
							 : ALM_INSTANT_NEVER;
	return out->name != NULL;
}

static int compare_memberships(const void *a, const void *b)
{
	const struct alm_membership *left = a;
	const struct alm_membership *right = b;

	if (left->organisation != right->organisation) {
		return left->organisation < right->organisation ? -1 : 1;
	}
	if (left->group != right->group) {
		return left->group < right->group ? -1 : 1;
	}
	return 0;
}

/* All memberships by organisation, then group. */
static struct alm_membership *list_memberships(struct alm_snapshot *s,
	const struct alm_bundle *bundle, size_t *out_count)
{
	struct alm_membership *items;
	size_t count = 0;

	for (size_t g = 0; g < bundle->group_count; g++) {
		count += bundle->groups[g].member_count;
	}
	items = alm_arena_take(&s->arena, count * sizeof(*items));
	*out_count = count;
	count = 0;
	for (size_t g = 0; items != NULL && g < bundle->group_count; g++) {
		const struct alm_bundle_group *group = &bundle->groups[g];
		uint32_t index = must_find(&s->groups, group->id.text);

		for (size_t i = 0; i < group->member_count; i++) {
			const struct alm_bundle_member *m = &group->members[i];

			items[count++] = (struct alm_membership){
				.organisation = must_find(&s->organisations,
					m->organisation.text),
				.group = index,
				.valid = m->valid};
		}
	}
	if (items != NULL) {
		qsort(items, count, sizeof(*items), compare_memberships);
	}
	return items;
}

static bool compile_groups(struct alm_snapshot *s,
	const struct alm_bundle *bundle, struct alm_organisation_info *infos)
{
	size_t count;
	struct alm_membership *items;

	if (!BUILD_NAMES(&s->arena, bundle->groups, bundle->group_count,
		    &s->groups)) {
		return false;
	}
	items = list_memberships(s, bundle, &count);
	if (items == NULL || count > UINT32_MAX) {
		return false;
	}
	for (size_t i = count; i-- > 0;) {
		struct alm_organisation_info *info =
			&infos[items[i].organisation];

		info->first_membership = (uint32_t)i;
		info->membership_count++;
		if (info->membership_count > s->membership_max) {
			s->membership_max = info->membership_count;
		}
	}
	s->memberships = items;
	return true;
}

static bool compile_organisations(
	struct alm_snapshot *s, const struct alm_bundle *bundle)
{
	size_t count = bundle->organisation_count;
	struct alm_organisation_info *infos =
		alm_arena_take(&s->arena, count * sizeof(*infos));

	ALM_ASSERT(count <= ALM_ORGANISATIONS_MAX);
	if (infos == NULL || !BUILD_NAMES(&s->arena, bundle->organisations,
				     count, &s->organisations)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_bundle_organisation *in =
			&bundle->organisations[i];

		if (!compile_organisation(s, in,
			    &infos[must_find(
				    &s->organisations, in->id.text)])) {
			return false;
		}
	}
	s->organisation_infos = infos;
	return compile_groups(s, bundle, infos);
}

struct alm_snapshot *alm_snapshot_compile(const struct alm_bundle *bundle)
{
	struct alm_snapshot *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		return NULL;
	}
	alm_arena_init(&s->arena, SNAPSHOT_BYTES_MAX);
	s->name = alm_arena_text(&s->arena, bundle->name, strlen(bundle->name));
	if (s->name == NULL || !compile_kinds(s, bundle) ||
		!compile_purposes(s, bundle) ||
		!compile_categories(s, bundle) ||
		!compile_organisations(s, bundle) ||
		!alm_compile_rules(s, bundle)) {
		alm_snapshot_free(s);
		return NULL;
	}
	return s;
}
