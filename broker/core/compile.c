/*
 * A bundle's words, organisations and groups as a snapshot; the rules follow
 * in compile_rules.c.  The bundle is checked: a word that does not resolve
 * here is a mistake of its reader.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/draft.h"
#include "lib/limits.h"

static uint64_t bit(uint32_t index)
{
	return UINT64_C(1) << index;
}

static uint32_t must_find(const struct alm_draft *draft,
	const struct alm_names *names, const char *text)
{
	uint32_t index = alm_names_find(&draft->snapshot, names, text);

	ALM_ASSERT(index != ALM_NAME_NONE);
	return index;
}

/* The id of every item of an array of structs whose first field is its id. */
static void build_names(struct alm_draft *draft, const void *items,
	size_t count, size_t item_bytes, struct alm_names *out)
{
	const char **texts = calloc(count + 1, sizeof(*texts));

	if (texts == NULL) {
		draft->is_full = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_word *id =
			(const void *)((const char *)items + i * item_bytes);

		texts[i] = id->text;
	}
	alm_draft_names(draft, texts, count, out);
	free(texts);
}

#define BUILD_NAMES(draft, items, count, out) \
	build_names((draft), (items), (count), sizeof((items)[0]), (out))

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

static uint32_t parent_of(const struct alm_draft *draft,
	const struct alm_names *names, const struct alm_word *under)
{
	return under->text == NULL ? ALM_NAME_NONE
				   : must_find(draft, names, under->text);
}

static uint64_t kinds_mask(
	const struct alm_draft *draft, const struct alm_words *words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->items[i].text, "any") == 0) {
			return UINT64_MAX;
		}
		mask |= bit(must_find(
			draft, &draft->head.kinds, words->items[i].text));
	}
	return mask;
}

static void compile_purposes(
	struct alm_draft *draft, const struct alm_bundle *bundle)
{
	struct alm_covers *covers = &draft->head.purposes;
	struct climbs climbs = {.is_end = {false}};

	ALM_ASSERT(bundle->purpose_count <= ALM_WORDS_MAX);
	BUILD_NAMES(
		draft, bundle->purposes, bundle->purpose_count, &covers->names);
	for (size_t i = 0; i < bundle->purpose_count && !draft->is_full; i++) {
		const struct alm_bundle_purpose *p = &bundle->purposes[i];
		uint32_t at = must_find(draft, &covers->names, p->id.text);

		climbs.parent[at] = parent_of(draft, &covers->names, &p->under);
		climbs.is_end[at] = p->inherits_never;
		draft->head.purpose_infos[at] = (struct alm_purpose_info){
			.recipients = kinds_mask(draft, &p->recipients),
			.class = p->class,
		};
	}
	if (!draft->is_full) {
		compile_covers(&climbs, covers);
	}
}

static void compile_categories(
	struct alm_draft *draft, const struct alm_bundle *bundle)
{
	struct alm_covers *covers = &draft->head.categories;
	struct climbs climbs = {.is_end = {false}};

	ALM_ASSERT(bundle->category_count <= ALM_WORDS_MAX);
	BUILD_NAMES(draft, bundle->categories, bundle->category_count,
		&covers->names);
	for (size_t i = 0; i < bundle->category_count && !draft->is_full; i++) {
		const struct alm_bundle_category *c = &bundle->categories[i];
		uint32_t at = must_find(draft, &covers->names, c->id.text);

		climbs.parent[at] = parent_of(draft, &covers->names, &c->under);
	}
	if (!draft->is_full) {
		compile_covers(&climbs, covers);
	}
}

static void compile_kinds(
	struct alm_draft *draft, const struct alm_bundle *bundle)
{
	ALM_ASSERT(bundle->kinds.count <= ALM_WORDS_MAX);
	BUILD_NAMES(draft, bundle->kinds.items, bundle->kinds.count,
		&draft->head.kinds);
	draft->head.gp_kind = alm_names_find(
		&draft->snapshot, &draft->head.kinds, "gp-practice");
}

static struct alm_organisation_info *organisation_at(
	struct alm_draft *draft, size_t index)
{
	return alm_draft_at(draft, ALM_SECTION_ORGANISATIONS, index,
		sizeof(struct alm_organisation_info));
}

static void compile_organisation(
	struct alm_draft *draft, const struct alm_bundle_organisation *in)
{
	const struct alm_names *names = &draft->head.organisations;
	struct alm_organisation_info info = {
		.assurance_until_s = in->has_assurance_until
					     ? in->assurance_until_s
					     : ALM_INSTANT_NEVER,
		.name = alm_draft_text(draft, in->name == NULL ? "" : in->name),
		.host = parent_of(draft, names, &in->host),
		.kind = (uint8_t)must_find(
			draft, &draft->head.kinds, in->kind.text),
		.status = (uint8_t)in->status,
	};

	*organisation_at(draft, must_find(draft, names, in->id.text)) = info;
}

struct member {
	uint32_t organisation;
	uint32_t group;
	struct alm_period valid;
};

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a;
	const struct member *right = b;

	if (left->organisation != right->organisation) {
		return left->organisation < right->organisation ? -1 : 1;
	}
	if (left->group != right->group) {
		return left->group < right->group ? -1 : 1;
	}
	return 0;
}

/* All memberships by organisation, then group. */
static struct member *list_members(const struct alm_draft *draft,
	const struct alm_bundle *bundle, size_t *out_count)
{
	const struct alm_snapshot_head *head = &draft->head;
	struct member *items;
	size_t count = 0;

	for (size_t g = 0; g < bundle->group_count; g++) {
		count += bundle->groups[g].member_count;
	}
	items = calloc(count + 1, sizeof(*items));
	*out_count = count;
	count = 0;
	for (size_t g = 0; items != NULL && g < bundle->group_count; g++) {
		const struct alm_bundle_group *group = &bundle->groups[g];
		uint32_t index =
			must_find(draft, &head->groups, group->id.text);

		for (size_t i = 0; i < group->member_count; i++) {
			const struct alm_bundle_member *m = &group->members[i];

			items[count++] =
				(struct member){.organisation = must_find(draft,
							&head->organisations,
							m->organisation.text),
					.group = index,
					.valid = m->valid};
		}
	}
	if (items != NULL && count > 0) {
		qsort(items, count, sizeof(*items), compare_members);
	}
	return items;
}

static void add_members(
	struct alm_draft *draft, const struct member *items, size_t count)
{
	struct alm_membership *to;
	uint32_t first;

	to = alm_draft_take(
		draft, ALM_SECTION_MEMBERSHIPS, count, sizeof(*to), &first);
	for (size_t i = count; to != NULL && i-- > 0;) {
		struct alm_organisation_info *info =
			organisation_at(draft, items[i].organisation);

		to[i].valid.from_s = alm_short_instant(items[i].valid.from_s);
		to[i].valid.until_s = alm_short_instant(items[i].valid.until_s);
		to[i].group = (uint16_t)items[i].group;
		info->first_membership = (uint32_t)i;
		info->membership_count++;
		if (info->membership_count > draft->head.membership_max) {
			draft->head.membership_max = info->membership_count;
		}
	}
}

static int compare_by_group(const void *a, const void *b)
{
	const struct member *left = a;
	const struct member *right = b;

	if (left->group != right->group) {
		return left->group < right->group ? -1 : 1;
	}
	return compare_members(a, b);
}

/* The same by group, then organisation. */
static void add_groups(
	struct alm_draft *draft, struct member *items, size_t count)
{
	struct alm_member *to;
	uint32_t first;

	(void)alm_draft_take(draft, ALM_SECTION_GROUPS,
		draft->head.groups.count, sizeof(struct alm_span), &first);
	to = alm_draft_take(
		draft, ALM_SECTION_MEMBERS, count, sizeof(*to), &first);
	if (draft->is_full || count == 0) {
		return;
	}
	qsort(items, count, sizeof(*items), compare_by_group);
	for (size_t i = count; i-- > 0;) {
		struct alm_span *span = alm_draft_at(draft, ALM_SECTION_GROUPS,
			items[i].group, sizeof(*span));

		to[i].valid.from_s = alm_short_instant(items[i].valid.from_s);
		to[i].valid.until_s = alm_short_instant(items[i].valid.until_s);
		to[i].organisation = items[i].organisation;
		span->first = (uint32_t)i;
		span->count++;
	}
}

static void compile_groups(
	struct alm_draft *draft, const struct alm_bundle *bundle)
{
	struct member *items = NULL;
	size_t count = 0;

	BUILD_NAMES(draft, bundle->groups, bundle->group_count,
		&draft->head.groups);
	if (!draft->is_full) {
		items = list_members(draft, bundle, &count);
	}
	if (items == NULL) {
		draft->is_full = true;
		return;
	}
	add_members(draft, items, count);
	add_groups(draft, items, count);
	free(items);
}

static void compile_organisations(
	struct alm_draft *draft, const struct alm_bundle *bundle)
{
	size_t count = bundle->organisation_count;
	uint32_t first;

	ALM_ASSERT(count <= ALM_ORGANISATIONS_MAX);
	(void)alm_draft_take(draft, ALM_SECTION_ORGANISATIONS, count,
		sizeof(struct alm_organisation_info), &first);
	BUILD_NAMES(draft, bundle->organisations, count,
		&draft->head.organisations);
	for (size_t i = 0; i < count && !draft->is_full; i++) {
		compile_organisation(draft, &bundle->organisations[i]);
	}
}

struct alm_snapshot *alm_snapshot_compile(const struct alm_bundle *bundle)
{
	struct alm_draft draft;
	struct alm_snapshot *snapshot;

	alm_draft_init(&draft);
	draft.head.name = alm_draft_text(&draft, bundle->name);
	compile_kinds(&draft, bundle);
	compile_purposes(&draft, bundle);
	compile_categories(&draft, bundle);
	compile_organisations(&draft, bundle);
	compile_groups(&draft, bundle);
	alm_draft_rules(&draft, bundle);
	snapshot = alm_draft_finish(&draft);
	alm_draft_fini(&draft);
	return snapshot;
}
