/* Words become masks, selectors keys, and memberships two sorted lists. */
#include "broker/policy/reach.h"

#include <string.h>

/* --- words ---------------------------------------------------------------- */

static bool index_bundle(struct alm_reaches *r)
{
	const struct alm_bundle *b = r->bundle;

	return alm_index_build(&r->kinds, r->arena, b->kinds.items,
		       sizeof(*b->kinds.items), b->kinds.count) == ALM_OK &&
	       alm_index_build(&r->purposes_index, r->arena, &b->purposes->id,
		       sizeof(*b->purposes), b->purpose_count) == ALM_OK &&
	       alm_index_build(&r->categories_index, r->arena,
		       &b->categories->id, sizeof(*b->categories),
		       b->category_count) == ALM_OK &&
	       (b->group_count == 0 ||
		       alm_index_build(&r->groups, r->arena, &b->groups->id,
			       sizeof(*b->groups), b->group_count) == ALM_OK) &&
	       alm_index_build(&r->organisations, r->arena,
		       &b->organisations->id, sizeof(*b->organisations),
		       b->organisation_count) == ALM_OK;
}

static size_t parent(const struct alm_index *index, struct alm_word under)
{
	return under.text == NULL ? ALM_INDEX_NONE
				  : alm_index_find(index, under.text);
}

static void cover_purposes(struct alm_reaches *r)
{
	const struct alm_bundle *b = r->bundle;
	struct alm_reach_covers *covers = &r->purposes;

	for (size_t i = 0; i < b->purpose_count; i++) {
		uint64_t bit = UINT64_C(1) << i;
		bool climbs = true;

		for (size_t at = i; at != ALM_INDEX_NONE;
			at = parent(
				&r->purposes_index, b->purposes[at].under)) {
			covers->deny[at] |= bit;
			covers->permit[at] |= climbs ? bit : 0;
			climbs = climbs && !b->purposes[at].inherits_never;
		}
		covers->permit_any |= climbs ? bit : 0;
		covers->all |= bit;
	}
}

static void cover_categories(struct alm_reaches *r)
{
	const struct alm_bundle *b = r->bundle;
	struct alm_reach_covers *covers = &r->categories;
	uint64_t parents = 0;

	for (size_t i = 0; i < b->category_count; i++) {
		size_t at =
			parent(&r->categories_index, b->categories[i].under);

		parents |= at == ALM_INDEX_NONE ? 0 : UINT64_C(1) << at;
	}
	for (size_t i = 0; i < b->category_count; i++) {
		uint64_t bit = UINT64_C(1) << i & ~parents;

		for (size_t at = i; at != ALM_INDEX_NONE;
			at = parent(&r->categories_index,
				b->categories[at].under)) {
			covers->deny[at] |= bit;
			covers->permit[at] |= bit;
		}
		covers->all |= bit;
	}
	covers->permit_any = covers->all;
}

static void read_recipients(struct alm_reaches *r)
{
	const struct alm_bundle *b = r->bundle;

	for (size_t i = 0; i < b->purpose_count; i++) {
		const struct alm_words *words = &b->purposes[i].recipients;

		for (size_t j = 0; j < words->count; j++) {
			size_t kind =
				alm_index_find(&r->kinds, words->items[j].text);

			r->recipients[i] |= kind == ALM_INDEX_NONE
						    ? UINT64_MAX
						    : UINT64_C(1) << kind;
		}
	}
}

/* --- organisations -------------------------------------------------------- */

static bool is_active(
	const struct alm_reaches *r, const struct alm_bundle_organisation *at)
{
	size_t host = at->host.text == NULL ? ALM_INDEX_NONE
					    : alm_index_find(&r->organisations,
						      at->host.text);

	return at->status == ALM_STATUS_ACTIVE &&
	       (host == ALM_INDEX_NONE ||
		       r->bundle->organisations[host].status ==
			       ALM_STATUS_ACTIVE);
}

static bool sort_by_kind(struct alm_reaches *r, const uint8_t *kind_of,
	const bool *is_usable, size_t count)
{
	uint32_t *items =
		alm_arena_take(r->arena, (count + 1) * sizeof(*items));
	size_t used = 0;

	for (size_t kind = 0; items != NULL && kind < r->bundle->kinds.count;
		kind++) {
		size_t first = used;

		for (size_t i = 0; i < count; i++) {
			if (is_usable[i] && kind_of[i] == kind) {
				items[used++] = (uint32_t)i;
			}
		}
		r->of_kind[kind] = (struct alm_span){
			items + first, (uint32_t)(used - first)};
	}
	return items != NULL;
}

static bool read_organisations(struct alm_reaches *r)
{
	const struct alm_bundle *b = r->bundle;
	size_t count = b->organisation_count;
	uint8_t *kind_of = alm_arena_take(r->arena, count + 1);
	bool *is_usable = alm_arena_take(r->arena, count + 1);

	if (kind_of == NULL || is_usable == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		kind_of[i] = (uint8_t)alm_index_find(
			&r->kinds, b->organisations[i].kind.text);
		is_usable[i] = is_active(r, &b->organisations[i]);
	}
	r->kind_of = kind_of;
	r->is_usable = is_usable;
	return sort_by_kind(r, kind_of, is_usable, count);
}

/* --- memberships ---------------------------------------------------------- */

static size_t count_members(const struct alm_bundle *bundle)
{
	size_t total = 0;

	for (size_t i = 0; i < bundle->group_count; i++) {
		total += bundle->groups[i].member_count;
	}
	return total;
}

/* By group, as the bundle has them. */
static bool read_members(struct alm_reaches *r)
{
	const struct alm_bundle *b = r->bundle;
	struct alm_reach_member *by_group = alm_arena_take(
		r->arena, (count_members(b) + 1) * sizeof(*by_group));
	uint32_t *first =
		alm_arena_take(r->arena, (b->group_count + 1) * sizeof(*first));
	size_t used = 0;

	if (by_group == NULL || first == NULL) {
		return false;
	}
	for (size_t i = 0; i < b->group_count; i++) {
		first[i] = (uint32_t)used;
		for (size_t j = 0; j < b->groups[i].member_count; j++) {
			const struct alm_bundle_member *member =
				&b->groups[i].members[j];
			size_t at = alm_index_find(
				&r->organisations, member->organisation.text);

			by_group[used++] = (struct alm_reach_member){
				(uint32_t)at, (uint32_t)i, member->valid};
		}
	}
	first[b->group_count] = (uint32_t)used;
	r->by_group = by_group;
	r->group_first = first;
	return true;
}

/* The same by organisation: each one's are counted a place too far up, so
 * that putting them in leaves behind where each one's begin. */
static bool sort_members(struct alm_reaches *r)
{
	const struct alm_bundle *b = r->bundle;
	size_t total = r->group_first[b->group_count];
	struct alm_reach_member *by_organisation = alm_arena_take(
		r->arena, (total + 1) * sizeof(*by_organisation));
	uint32_t *first = alm_arena_take(
		r->arena, (b->organisation_count + 2) * sizeof(*first));

	if (by_organisation == NULL || first == NULL) {
		return false;
	}
	for (size_t i = 0; i < total; i++) {
		first[r->by_group[i].organisation + 2]++;
	}
	for (size_t i = 2; i < b->organisation_count + 2; i++) {
		first[i] += first[i - 1];
	}
	for (size_t i = 0; i < total; i++) {
		by_organisation[first[r->by_group[i].organisation + 1]++] =
			r->by_group[i];
	}
	r->by_organisation = by_organisation;
	r->organisation_first = first;
	return true;
}

bool alm_reaches_init(struct alm_reaches *out, const struct alm_bundle *bundle,
	struct alm_arena *arena)
{
	memset(out, 0, sizeof(*out));
	out->bundle = bundle;
	out->arena = arena;
	out->first_group = 1 + (uint32_t)bundle->kinds.count;
	out->first_organisation =
		out->first_group + (uint32_t)bundle->group_count;
	if (!index_bundle(out)) {
		return false;
	}
	cover_purposes(out);
	cover_categories(out);
	read_recipients(out);
	return read_organisations(out) && read_members(out) &&
	       sort_members(out);
}

/* --- rules ---------------------------------------------------------------- */

static uint32_t key_of(const struct alm_reaches *r, const char *selector)
{
	const struct alm_index *index = &r->organisations;
	uint32_t first = r->first_organisation;
	size_t at;

	if (strcmp(selector, "any") == 0) {
		return ALM_REACH_ANY;
	}
	if (strncmp(selector, "kind:", 5) == 0) {
		index = &r->kinds;
		first = 1;
		selector += 5;
	} else if (strncmp(selector, "group:", 6) == 0) {
		index = &r->groups;
		first = r->first_group;
		selector += 6;
	}
	at = alm_index_find(index, selector);
	return at == ALM_INDEX_NONE ? UINT32_MAX : first + (uint32_t)at;
}

static bool add_key(const struct alm_reaches *r, const char *selector,
	uint32_t *items, uint32_t *count)
{
	uint32_t key = key_of(r, selector);

	if (key != UINT32_MAX) {
		items[(*count)++] = key;
	}
	return key == ALM_REACH_ANY;
}

bool alm_reach_keys(struct alm_reaches *r, const char *const *selectors,
	size_t count, struct alm_span *out)
{
	uint32_t *items =
		alm_arena_take(r->arena, (count + 1) * sizeof(*items));

	*out = (struct alm_span){items, 0};
	for (size_t i = 0; items != NULL && i < count; i++) {
		(void)add_key(r, selectors[i], items, &out->count);
	}
	return items != NULL;
}

bool alm_reach_has_selector(const struct alm_reaches *r, const char *selector)
{
	return key_of(r, selector) != UINT32_MAX;
}

/* `any` among others says it all. */
static bool keys_of_words(
	struct alm_reaches *r, struct alm_words words, struct alm_span *out)
{
	uint32_t *items =
		alm_arena_take(r->arena, (words.count + 1) * sizeof(*items));
	uint32_t count = 0;

	for (size_t i = 0; items != NULL && i < words.count; i++) {
		if (add_key(r, words.items[i].text, items, &count)) {
			items[0] = ALM_REACH_ANY;
			count = 1;
			break;
		}
	}
	*out = (struct alm_span){items, count};
	return items != NULL;
}

static uint64_t permitted(const struct alm_reach_covers *covers,
	const struct alm_index *index, struct alm_words words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words.count; i++) {
		size_t at = alm_index_find(index, words.items[i].text);

		mask |= at == ALM_INDEX_NONE ? covers->permit_any
					     : covers->permit[at];
	}
	return mask;
}

bool alm_reach_of_basis(struct alm_reaches *r,
	const struct alm_bundle_basis *basis, struct alm_reach *out)
{
	out->purposes =
		permitted(&r->purposes, &r->purposes_index, basis->purposes);
	out->categories = permitted(
		&r->categories, &r->categories_index, basis->categories);
	return keys_of_words(r, basis->from, &out->from) &&
	       keys_of_words(r, basis->to, &out->to);
}

uint64_t alm_reach_recipients(const struct alm_reaches *r, uint64_t purposes)
{
	uint64_t kinds = 0;

	for (; purposes != 0; purposes &= purposes - 1) {
		kinds |= r->recipients[__builtin_ctzll(purposes)];
	}
	return kinds;
}

size_t alm_reach_keys_of(const struct alm_reaches *r, uint32_t organisation,
	uint32_t *out, size_t out_max)
{
	uint32_t from = r->organisation_first[organisation];
	uint32_t until = r->organisation_first[organisation + 1];
	size_t count = 0;

	out[count++] = r->first_organisation + organisation;
	out[count++] = ALM_REACH_ANY;
	out[count++] = 1u + r->kind_of[organisation];
	for (uint32_t i = from; i < until && count < out_max; i++) {
		uint32_t key = r->first_group + r->by_organisation[i].group;

		/* Those of one group follow each other. */
		if (out[count - 1] != key) {
			out[count++] = key;
		}
	}
	return count;
}
