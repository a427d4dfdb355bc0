/*
 * Each basis is a set of items, a key of the sender and one of the recipient.
 * Two items meet if their keys do on both sides.  Of two keys that meet, one
 * is an organisation and the other the same or a wide key that holds it, or
 * both are wide.  So for each item the others are looked up under the keys
 * that hold its own: `plain` has every item under its own two keys.  That
 * misses the pairs in which the first is the narrow one for the sender and
 * the second for the recipient; for these, `crossed` has each item of a wide
 * sender and an organisation under every wide key of the organisation.
 */
#include "broker/policy/overlap.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX ((size_t)1 << 20)
#define MEETS_MAX ((size_t)1 << 20)
#define KEYS_OF_ONE_MAX 256u
#define WORK_MAX UINT64_C(60000000)

struct item {
	uint32_t from;
	uint32_t to;
	uint32_t basis;
};

/* Items by their keys, in a hash table of runs. */
struct table {
	struct item *items;
	size_t count;
	size_t count_max;
	uint32_t *slots; /* first item of a run, plus one */
	size_t slot_mask;
};

struct finding {
	struct alm_reaches *r;
	const struct alm_reach *reaches;
	int64_t now_s;
	struct table plain;
	struct table crossed;
	uint32_t *meets; /* wide keys that meet a wide key */
	size_t meet_count;
	uint32_t *first_meet; /* by wide key, and one more */
	uint32_t *stamps;     /* by basis: last basis it was compared with */
	struct alm_overlap *found;
	struct alm_overlaps *out;
	bool is_spent; /* no more work: what was found so far stands */
};

static bool is_wide(const struct finding *f, uint32_t key)
{
	return key < f->r->first_organisation;
}

static bool is_spent(struct finding *f)
{
	if (f->r->work > WORK_MAX) {
		f->is_spent = true;
		f->out->is_partial = true;
	}
	return f->is_spent;
}

/* --- tables --------------------------------------------------------------- */

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	if (x->from != y->from) {
		return x->from < y->from ? -1 : 1;
	}
	if (x->to != y->to) {
		return x->to < y->to ? -1 : 1;
	}
	return x->basis < y->basis ? -1 : x->basis > y->basis;
}

static size_t hash(uint32_t from, uint32_t to)
{
	uint64_t x = ((uint64_t)from << 32 | to) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(x ^ x >> 29);
}

static bool is_same(const struct item *a, uint32_t from, uint32_t to)
{
	return a->from == from && a->to == to;
}

static bool index_table(struct finding *f, struct table *table)
{
	size_t size = 16;

	while (size < 2 * table->count) {
		size *= 2;
	}
	table->slots =
		alm_arena_take(f->r->arena, size * sizeof(*table->slots));
	if (table->slots == NULL) {
		return false;
	}
	table->slot_mask = size - 1;
	if (table->count > 1) {
		qsort(table->items, table->count, sizeof(*table->items),
			compare_items);
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct item *item = &table->items[i];
		size_t at = hash(item->from, item->to) & table->slot_mask;

		if (i > 0 && is_same(item - 1, item->from, item->to)) {
			continue;
		}
		while (table->slots[at] != 0) {
			at = (at + 1) & table->slot_mask;
		}
		table->slots[at] = (uint32_t)i + 1;
	}
	return true;
}

/* The first item with these keys; the count if there is none. */
static size_t look_up(const struct table *table, uint32_t from, uint32_t to)
{
	size_t at = hash(from, to) & table->slot_mask;

	while (table->slots[at] != 0) {
		size_t i = table->slots[at] - 1;

		if (is_same(&table->items[i], from, to)) {
			return i;
		}
		at = (at + 1) & table->slot_mask;
	}
	return table->count;
}

static bool add_item(struct finding *f, struct table *table, struct item item)
{
	if (table->count == ITEMS_MAX) {
		f->out->is_partial = true;
		return false;
	}
	if (table->count == table->count_max) {
		size_t count_max =
			table->count_max == 0 ? 1024 : 2 * table->count_max;
		struct item *items =
			alm_arena_take(f->r->arena, count_max * sizeof(*items));

		if (items == NULL) {
			f->out->is_partial = true;
			return false;
		}
		if (table->count > 0) {
			memcpy(items, table->items,
				table->count * sizeof(*items));
		}
		table->items = items;
		table->count_max = count_max;
	}
	table->items[table->count++] = item;
	return true;
}

static bool can_overlap(const struct finding *f, uint32_t basis)
{
	const struct alm_bundle_basis *at = &f->r->bundle->bases[basis];

	return f->reaches[basis].purposes != 0 &&
	       at->status == ALM_STATUS_ACTIVE && at->valid.until_s > f->now_s;
}

static bool add_crossed(struct finding *f, struct item item)
{
	uint32_t keys[KEYS_OF_ONE_MAX];
	size_t count;

	if (!is_wide(f, item.from) || is_wide(f, item.to)) {
		return true;
	}
	count = alm_reach_keys_of(f->r, item.to - f->r->first_organisation,
		keys, KEYS_OF_ONE_MAX);
	f->out->is_partial = f->out->is_partial || count == KEYS_OF_ONE_MAX;
	for (size_t i = 1; i < count; i++) {
		item.to = keys[i];
		if (!add_item(f, &f->crossed, item)) {
			return false;
		}
	}
	return true;
}

static bool add_basis(struct finding *f, uint32_t basis)
{
	const struct alm_reach *reach = &f->reaches[basis];

	for (uint32_t i = 0; i < reach->from.count; i++) {
		for (uint32_t j = 0; j < reach->to.count; j++) {
			struct item item = {reach->from.items[i],
				reach->to.items[j], basis};

			if (!add_item(f, &f->plain, item) ||
				!add_crossed(f, item)) {
				return false;
			}
		}
	}
	return true;
}

/* --- wide keys ------------------------------------------------------------ */

static void add_meet(
	struct finding *f, uint32_t key, uint32_t *seen, uint32_t stamp)
{
	if (seen[key] == stamp) {
		return;
	}
	seen[key] = stamp;
	if (f->meet_count == MEETS_MAX) {
		f->out->is_partial = true;
		return;
	}
	f->meets[f->meet_count++] = key;
}

static void add_meets_of_group(
	struct finding *f, uint32_t group, uint32_t *seen, uint32_t stamp)
{
	const struct alm_reaches *r = f->r;

	for (uint32_t i = r->group_first[group]; i < r->group_first[group + 1];
		i++) {
		uint32_t at = r->by_group[i].organisation;

		add_meet(f, 1u + r->kind_of[at], seen, stamp);
		for (uint32_t j = r->organisation_first[at];
			j < r->organisation_first[at + 1] && !is_spent(f);
			j++) {
			f->r->work++;
			add_meet(f,
				r->first_group + r->by_organisation[j].group,
				seen, stamp);
		}
	}
}

static void add_meets_of_kind(
	struct finding *f, uint32_t kind, uint32_t *seen, uint32_t stamp)
{
	const struct alm_reaches *r = f->r;

	for (uint32_t g = 0; g < r->bundle->group_count && !is_spent(f); g++) {
		for (uint32_t i = r->group_first[g]; i < r->group_first[g + 1];
			i++) {
			f->r->work++;
			if (r->kind_of[r->by_group[i].organisation] == kind) {
				add_meet(f, r->first_group + g, seen, stamp);
				break;
			}
		}
	}
}

static bool find_meets(struct finding *f)
{
	uint32_t wide = f->r->first_organisation;
	uint32_t *seen = alm_arena_take(f->r->arena, wide * sizeof(*seen));

	f->meets = alm_arena_take(f->r->arena, MEETS_MAX * sizeof(*f->meets));
	f->first_meet = alm_arena_take(
		f->r->arena, (wide + 1) * sizeof(*f->first_meet));
	if (seen == NULL || f->meets == NULL || f->first_meet == NULL) {
		return false;
	}
	for (uint32_t key = 0; key < wide && !is_spent(f); key++) {
		f->first_meet[key] = (uint32_t)f->meet_count;
		add_meet(f, key, seen, key + 1);
		add_meet(f, ALM_REACH_ANY, seen, key + 1);
		if (key >= f->r->first_group) {
			add_meets_of_group(
				f, key - f->r->first_group, seen, key + 1);
		} else if (key != ALM_REACH_ANY) {
			add_meets_of_kind(f, key - 1, seen, key + 1);
		}
		for (uint32_t all = 1; key == ALM_REACH_ANY && all < wide;
			all++) {
			add_meet(f, all, seen, 1);
		}
		f->first_meet[key + 1] = (uint32_t)f->meet_count;
	}
	return true;
}

/* The keys under which others may meet this one. */
static struct alm_span held_by(
	const struct finding *f, uint32_t key, uint32_t *room)
{
	if (is_wide(f, key)) {
		return (struct alm_span){f->meets + f->first_meet[key],
			f->first_meet[key + 1] - f->first_meet[key]};
	}
	return (struct alm_span){room,
		(uint32_t)alm_reach_keys_of(f->r,
			key - f->r->first_organisation, room, KEYS_OF_ONE_MAX)};
}

/* --- pairs ---------------------------------------------------------------- */

static struct alm_period common_window(
	const struct finding *f, uint32_t a, uint32_t b)
{
	const struct alm_period *x = &f->r->bundle->bases[a].valid;
	const struct alm_period *y = &f->r->bundle->bases[b].valid;
	struct alm_period window = {
		x->from_s > y->from_s ? x->from_s : y->from_s,
		x->until_s < y->until_s ? x->until_s : y->until_s};

	if (window.from_s < f->now_s) {
		window.from_s = f->now_s;
	}
	return window;
}

static bool is_overlap(struct finding *f, uint32_t a, uint32_t b)
{
	const struct alm_reach *x = &f->reaches[a];
	const struct alm_reach *y = &f->reaches[b];
	struct alm_period window = common_window(f, a, b);
	uint64_t purposes = x->purposes & y->purposes;
	struct alm_picked from;
	struct alm_picked to;

	if (purposes == 0 || (x->categories & y->categories) == 0 ||
		window.from_s >= window.until_s) {
		return false;
	}
	from = alm_reach_pick(f->r, x->from, y->from, &window, UINT64_MAX);
	to = alm_reach_pick(f->r, x->to, y->to, &window,
		alm_reach_recipients(f->r, purposes));
	return alm_picked_differ(&from, &to);
}

static void compare_run(struct finding *f, const struct table *table,
	uint32_t basis, uint32_t from, uint32_t to)
{
	f->r->work += 4;
	for (size_t i = look_up(table, from, to);
		i < table->count && is_same(&table->items[i], from, to) &&
		!is_spent(f);
		i++) {
		uint32_t other = table->items[i].basis;

		f->r->work++;
		if (other == basis || f->stamps[other] == basis + 1) {
			continue;
		}
		f->stamps[other] = basis + 1;
		if (!is_overlap(f, basis, other)) {
			continue;
		}
		if (f->out->count == ALM_OVERLAPS_MAX) {
			f->is_spent = true;
			f->out->is_partial = true;
			return;
		}
		f->found[f->out->count++] =
			(struct alm_overlap){other < basis ? other : basis,
				other < basis ? basis : other};
	}
}

static void compare_item(
	struct finding *f, uint32_t basis, uint32_t from, uint32_t to)
{
	uint32_t from_room[KEYS_OF_ONE_MAX];
	uint32_t to_room[KEYS_OF_ONE_MAX];
	struct alm_span senders = held_by(f, from, from_room);
	struct alm_span recipients = held_by(f, to, to_room);
	bool is_crossing = !is_wide(f, from) && is_wide(f, to);

	for (uint32_t i = 0; i < senders.count && !is_spent(f); i++) {
		for (uint32_t j = 0; j < recipients.count; j++) {
			compare_run(f, &f->plain, basis, senders.items[i],
				recipients.items[j]);
		}
		if (is_crossing) {
			compare_run(
				f, &f->crossed, basis, senders.items[i], to);
		}
	}
}

static void compare_all(struct finding *f)
{
	for (uint32_t b = 0; b < f->r->bundle->basis_count && !is_spent(f);
		b++) {
		const struct alm_reach *reach = &f->reaches[b];

		for (uint32_t i = 0; can_overlap(f, b) && i < reach->from.count;
			i++) {
			for (uint32_t j = 0; j < reach->to.count; j++) {
				compare_item(f, b, reach->from.items[i],
					reach->to.items[j]);
			}
		}
	}
}

static int compare_overlaps(const void *a, const void *b)
{
	const struct alm_overlap *x = a;
	const struct alm_overlap *y = b;

	if (x->second != y->second) {
		return x->second < y->second ? -1 : 1;
	}
	return x->first < y->first ? -1 : x->first > y->first;
}

/* A pair may have been found from either side. */
static void sort_found(struct finding *f)
{
	size_t kept = 0;

	if (f->out->count > 1) {
		qsort(f->found, f->out->count, sizeof(*f->found),
			compare_overlaps);
	}
	for (size_t i = 0; i < f->out->count; i++) {
		if (kept == 0 || compare_overlaps(&f->found[kept - 1],
					 &f->found[i]) != 0) {
			f->found[kept++] = f->found[i];
		}
	}
	f->out->items = f->found;
	f->out->count = kept;
}

void alm_overlaps_find(struct alm_reaches *r, const struct alm_reach *reaches,
	int64_t now_s, struct alm_overlaps *out)
{
	struct finding f = {
		.r = r, .reaches = reaches, .now_s = now_s, .out = out};
	uint32_t count = (uint32_t)r->bundle->basis_count;

	*out = (struct alm_overlaps){NULL, 0, false};
	r->work = 0;
	f.found = alm_arena_take(r->arena, ALM_OVERLAPS_MAX * sizeof(*f.found));
	f.stamps = alm_arena_take(r->arena, (count + 1) * sizeof(*f.stamps));
	if (f.found == NULL || f.stamps == NULL || !find_meets(&f)) {
		out->is_partial = true;
		return;
	}
	for (uint32_t b = 0; b < count; b++) {
		if (can_overlap(&f, b) && !add_basis(&f, b)) {
			break;
		}
	}
	if (!index_table(&f, &f.plain) || !index_table(&f, &f.crossed)) {
		out->is_partial = true;
		return;
	}
	compare_all(&f);
	sort_found(&f);
}

bool alm_overlap_is_shadow(struct alm_reaches *r,
	const struct alm_reach *reaches, uint32_t a, uint32_t b)
{
	const struct alm_bundle_basis *x = &r->bundle->bases[a];
	const struct alm_bundle_basis *y = &r->bundle->bases[b];
	const struct alm_reach *rx = &reaches[a];
	const struct alm_reach *ry = &reaches[b];

	return (ry->purposes & ~rx->purposes) == 0 &&
	       (ry->categories & ~rx->categories) == 0 &&
	       x->identifiability >= y->identifiability &&
	       x->valid.from_s <= y->valid.from_s &&
	       x->valid.until_s >= y->valid.until_s &&
	       alm_reach_holds_all(r, rx->from, ry->from, &y->valid) &&
	       alm_reach_holds_all(r, rx->to, ry->to, &y->valid);
}
