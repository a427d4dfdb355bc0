#include "broker/policy/side.h"

#include <string.h>

static uint64_t bit(size_t position)
{
	return UINT64_C(1) << position;
}

/* An index over the ids of structs whose first member is their id. */
static enum alm_err index_ids(struct alm_index *index, const void *first,
	size_t stride, size_t count, struct alm_arena *arena)
{
	enum alm_err err = alm_index_init(index, arena, count);

	for (size_t i = 0; err == ALM_OK && i < count; i++) {
		const struct alm_word *id =
			(const void *)((const char *)first + i * stride);

		alm_index_add(index, id, i);
	}
	if (err == ALM_OK) {
		alm_index_sort(index);
	}
	return err;
}

#define INDEX(side, member, items, count, arena) \
	index_ids(&(side)->member, (items), sizeof((items)[0]), (count), \
		(arena))

static enum alm_err index_all(struct alm_side *side, struct alm_arena *arena)
{
	const struct alm_bundle *b = side->bundle;
	const enum alm_err errs[] = {
		INDEX(side, kinds, b->kinds.items, b->kinds.count, arena),
		INDEX(side, organisations, b->organisations,
			b->organisation_count, arena),
		INDEX(side, groups, b->groups, b->group_count, arena),
		INDEX(side, bases, b->bases, b->basis_count, arena),
		INDEX(side, prohibitions, b->prohibitions, b->prohibition_count,
			arena),
		INDEX(side, purposes.index, b->purposes, b->purpose_count,
			arena),
		INDEX(side, categories.index, b->categories, b->category_count,
			arena),
	};

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		if (errs[i] != ALM_OK) {
			return errs[i];
		}
	}
	return ALM_OK;
}

/* One word's climb to its ancestors; permits stop where one says never. */
static void climb(struct alm_side_words *covers, size_t from,
	const size_t *parents, const bool *is_end)
{
	bool is_ended = false;

	for (size_t at = from; at != ALM_INDEX_NONE; at = parents[at]) {
		covers->deny[at] |= bit(from);
		if (!is_ended) {
			covers->permit[at] |= bit(from);
		}
		is_ended = is_ended || is_end[at];
		if (at != from) {
			covers->leaves &= ~bit(at);
		}
	}
	if (!is_ended) {
		covers->permit_any |= bit(from);
	}
}

static void cover(struct alm_side_words *covers, const size_t *parents,
	const bool *is_end, size_t count)
{
	covers->all = count == 64 ? UINT64_MAX : bit(count) - 1;
	covers->leaves = covers->all;
	for (size_t i = 0; i < count; i++) {
		climb(covers, i, parents, is_end);
	}
}

static size_t parent_of(
	const struct alm_index *index, const struct alm_word *under)
{
	return under->text == NULL ? ALM_INDEX_NONE
				   : alm_index_find(index, under->text);
}

static void read_categories(struct alm_side *side)
{
	const struct alm_bundle *b = side->bundle;
	size_t parents[64];
	bool is_end[64] = {false};

	for (size_t i = 0; i < b->category_count; i++) {
		parents[i] = parent_of(
			&side->categories.index, &b->categories[i].under);
	}
	cover(&side->categories, parents, is_end, b->category_count);
}

/* Which kinds may receive for the purpose at `position`. */
static void read_recipients(struct alm_side *side, size_t position)
{
	struct alm_words words = side->bundle->purposes[position].recipients;

	for (size_t w = 0; w < words.count; w++) {
		const char *text = words.items[w].text;
		bool is_any = strcmp(text, "any") == 0;
		size_t kind = alm_index_find(&side->kinds, text);

		for (size_t k = 0; k < side->bundle->kinds.count; k++) {
			if (is_any || k == kind) {
				side->receives[k] |= bit(position);
			}
		}
	}
}

static void read_purposes(struct alm_side *side)
{
	const struct alm_bundle *b = side->bundle;
	size_t parents[64];
	bool is_end[64] = {false};

	for (size_t i = 0; i < b->purpose_count; i++) {
		const struct alm_bundle_purpose *p = &b->purposes[i];

		parents[i] = parent_of(&side->purposes.index, &p->under);
		is_end[i] = p->inherits_never;
		if (p->class == ALM_CLASS_CARE) {
			side->care |= bit(i);
		}
		read_recipients(side, i);
	}
	cover(&side->purposes, parents, is_end, b->purpose_count);
}

static bool is_assured(
	const struct alm_bundle_organisation *organisation, int64_t at_s)
{
	return organisation->status == ALM_STATUS_ACTIVE &&
	       (!organisation->has_assurance_until ||
		       at_s < organisation->assurance_until_s);
}

static enum alm_err read_organisations(
	struct alm_side *side, struct alm_arena *arena)
{
	const struct alm_bundle *b = side->bundle;
	size_t count = b->organisation_count;
	uint32_t *kinds = alm_arena_take(arena, (count + 1) * sizeof(*kinds));
	bool *is_able = alm_arena_take(arena, (count + 1) * sizeof(*is_able));

	if (kinds == NULL || is_able == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const struct alm_bundle_organisation *o = &b->organisations[i];
		size_t host = parent_of(&side->organisations, &o->host);

		kinds[i] = (uint32_t)alm_index_find(&side->kinds, o->kind.text);
		is_able[i] = is_assured(o, side->at_s) &&
			     (host == ALM_INDEX_NONE ||
				     is_assured(&b->organisations[host],
					     side->at_s));
	}
	side->kind_of = kinds;
	side->is_able = is_able;
	return ALM_OK;
}

enum alm_err alm_side_init(struct alm_side *side,
	const struct alm_bundle *bundle, int64_t at_s, struct alm_arena *arena)
{
	enum alm_err err;

	*side = (struct alm_side){.bundle = bundle, .at_s = at_s};
	err = index_all(side, arena);
	if (err != ALM_OK) {
		return err;
	}
	side->gp_kind = (uint32_t)alm_index_find(&side->kinds, "gp-practice");
	read_categories(side);
	read_purposes(side);
	return read_organisations(side, arena);
}

static enum alm_err number_members(
	struct alm_side *side, struct alm_arena *arena)
{
	const struct alm_bundle *b = side->bundle;
	const uint32_t **members =
		alm_arena_take(arena, (b->group_count + 1) * sizeof(*members));

	for (size_t g = 0; members != NULL && g < b->group_count; g++) {
		const struct alm_bundle_group *group = &b->groups[g];
		uint32_t *numbers = alm_arena_take(
			arena, (group->member_count + 1) * sizeof(*numbers));

		if (numbers == NULL) {
			return ALM_NOMEM;
		}
		for (size_t i = 0; i < group->member_count; i++) {
			numbers[i] = side->numbers[alm_index_find(
				&side->organisations,
				group->members[i].organisation.text)];
		}
		members[g] = numbers;
	}
	side->members = members;
	return members != NULL ? ALM_OK : ALM_NOMEM;
}

enum alm_err alm_side_number(struct alm_side *side, const uint32_t *numbers,
	uint32_t number_max, struct alm_arena *arena)
{
	const struct alm_bundle *b = side->bundle;
	size_t words = number_max / 64 + 1;
	uint64_t *sets = alm_arena_take(
		arena, (b->kinds.count + 1) * words * sizeof(*sets));

	if (sets == NULL) {
		return ALM_NOMEM;
	}
	side->numbers = numbers;
	side->set_words = words;
	for (size_t i = 0; i < b->organisation_count; i++) {
		alm_set_add(sets, numbers[i]);
		alm_set_add(sets + words * (1 + side->kind_of[i]), numbers[i]);
	}
	side->everyone = sets;
	for (size_t k = 0; k < b->kinds.count; k++) {
		side->of_kind[k] = sets + words * (1 + k);
	}
	return number_members(side, arena);
}

static void add_set(
	const struct alm_side *side, const uint64_t *from, uint64_t *set)
{
	for (size_t i = 0; i < side->set_words; i++) {
		set[i] |= from[i];
	}
}

static void add_group(
	const struct alm_side *side, const char *id, uint64_t *set)
{
	size_t at = alm_index_find(&side->groups, id);
	const struct alm_bundle_group *group = &side->bundle->groups[at];

	for (size_t i = 0; i < group->member_count; i++) {
		if (alm_period_holds(&group->members[i].valid, side->at_s)) {
			alm_set_add(set, side->members[at][i]);
		}
	}
}

void alm_side_select(
	const struct alm_side *side, struct alm_words words, uint64_t *set)
{
	for (size_t i = 0; i < words.count; i++) {
		const char *text = words.items[i].text;

		if (strcmp(text, "any") == 0) {
			add_set(side, side->everyone, set);
		} else if (strncmp(text, "kind:", 5) == 0) {
			add_set(side,
				side->of_kind[alm_index_find(
					&side->kinds, text + 5)],
				set);
		} else if (strncmp(text, "group:", 6) == 0) {
			add_group(side, text + 6, set);
		} else {
			alm_set_add(set, side->numbers[alm_index_find(
						 &side->organisations, text)]);
		}
	}
}

uint64_t alm_side_permits(
	const struct alm_side_words *covers, struct alm_words words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words.count; i++) {
		const char *text = words.items[i].text;

		mask |= strcmp(text, "any") == 0
				? covers->permit_any
				: covers->permit[alm_index_find(
					  &covers->index, text)];
	}
	return mask;
}

uint64_t alm_side_denies(
	const struct alm_side_words *covers, struct alm_words words)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words.count; i++) {
		const char *text = words.items[i].text;

		mask |= strcmp(text, "any") == 0
				? covers->all
				: covers->deny[alm_index_find(
					  &covers->index, text)];
	}
	return mask;
}

bool alm_side_is_in_force(
	const struct alm_side *side, const struct alm_bundle_basis *basis)
{
	return basis->status == ALM_STATUS_ACTIVE &&
	       alm_period_holds(&basis->valid, side->at_s);
}
