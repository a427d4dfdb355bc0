/* Whom two lists of keys select alike: as few organisations as answer that. */
#include "broker/policy/reach.h"
#include "lib/time.h"

struct picking {
	struct alm_reaches *r;
	const struct alm_period *window;
	uint64_t kinds;
	struct alm_picked *out;
};

static bool meets(
	const struct alm_period *period, const struct alm_period *window)
{
	return period->from_s < window->until_s &&
	       window->from_s < period->until_s;
}

static bool holds(
	const struct alm_period *period, const struct alm_period *window)
{
	return period->from_s <= window->from_s &&
	       window->until_s <= period->until_s;
}

/* Whether the key selects the organisation, by a test of the membership. */
static bool selects(struct alm_reaches *r, uint32_t key, uint32_t organisation,
	const struct alm_period *window,
	bool (*is_member)(const struct alm_period *, const struct alm_period *))
{
	uint32_t from = r->organisation_first[organisation];
	uint32_t until = r->organisation_first[organisation + 1];

	if (key == ALM_REACH_ANY ||
		key == r->first_organisation + organisation) {
		return true;
	}
	if (key < r->first_group) {
		return r->kind_of[organisation] == key - 1;
	}
	if (key >= r->first_organisation) {
		return false;
	}
	for (uint32_t i = from; i < until; i++) {
		r->work++;
		if (r->by_organisation[i].group == key - r->first_group &&
			is_member(&r->by_organisation[i].valid, window)) {
			return true;
		}
	}
	return false;
}

static bool is_done(const struct picking *p)
{
	return p->out->count == 2;
}

static void offer(struct picking *p, uint32_t key, uint32_t organisation)
{
	struct alm_picked *out = p->out;

	p->r->work++;
	if (!is_done(p) && p->r->is_usable[organisation] &&
		(p->kinds >> p->r->kind_of[organisation] & 1) != 0 &&
		(out->count == 0 || out->items[0] != organisation) &&
		selects(p->r, key, organisation, p->window, meets)) {
		out->items[out->count++] = organisation;
	}
}

static void offer_kind(struct picking *p, uint32_t kind, uint32_t key)
{
	struct alm_span all = p->r->of_kind[kind];

	for (uint32_t i = 0; i < all.count && !is_done(p); i++) {
		offer(p, key, all.items[i]);
	}
}

static void offer_group(struct picking *p, uint32_t group, uint32_t key)
{
	for (uint32_t i = p->r->group_first[group];
		i < p->r->group_first[group + 1] && !is_done(p); i++) {
		if (meets(&p->r->by_group[i].valid, p->window)) {
			offer(p, key, p->r->by_group[i].organisation);
		}
	}
}

/* Those that `narrow` selects, tested against `wide`. */
static void offer_all(struct picking *p, uint32_t narrow, uint32_t wide)
{
	const struct alm_reaches *r = p->r;

	if (narrow >= r->first_organisation) {
		offer(p, wide, narrow - r->first_organisation);
	} else if (narrow >= r->first_group) {
		offer_group(p, narrow - r->first_group, wide);
	} else if (narrow != ALM_REACH_ANY) {
		offer_kind(p, narrow - 1, wide);
	}
	for (uint32_t kind = 0;
		narrow == ALM_REACH_ANY && kind < r->bundle->kinds.count;
		kind++) {
		offer_kind(p, kind, wide);
	}
}

/* Two kinds, or two organisations, that are not the same. */
static bool are_apart(const struct alm_reaches *r, uint32_t a, uint32_t b)
{
	bool is_kind_a = a != ALM_REACH_ANY && a < r->first_group;
	bool is_kind_b = b != ALM_REACH_ANY && b < r->first_group;

	return a != b && ((is_kind_a && is_kind_b) ||
				 (a >= r->first_organisation &&
					 b >= r->first_organisation));
}

struct alm_picked alm_reach_pick(struct alm_reaches *r, struct alm_span a,
	struct alm_span b, const struct alm_period *window, uint64_t kinds)
{
	struct alm_picked out = {{0, 0}, 0};
	struct picking p = {r, window, kinds, &out};

	for (uint32_t i = 0; i < a.count && !is_done(&p); i++) {
		for (uint32_t j = 0; j < b.count && !is_done(&p); j++) {
			uint32_t x = a.items[i];
			uint32_t y = b.items[j];

			/* Later keys are narrower, but for a group of many. */
			r->work++;
			if (!are_apart(r, x, y)) {
				offer_all(&p, x > y ? x : y, x > y ? y : x);
			}
		}
	}
	return out;
}

bool alm_picked_differ(const struct alm_picked *a, const struct alm_picked *b)
{
	return a->count > 0 && b->count > 0 &&
	       (a->count > 1 || b->count > 1 || a->items[0] != b->items[0]);
}

/* --- all of them ---------------------------------------------------------- */

static bool some_selects(struct alm_reaches *r, struct alm_span keys,
	uint32_t organisation, const struct alm_period *window)
{
	for (uint32_t i = 0; i < keys.count; i++) {
		r->work++;
		if (selects(r, keys.items[i], organisation, window, holds)) {
			return true;
		}
	}
	return false;
}

static bool holds_kind(struct alm_reaches *r, struct alm_span keys,
	uint32_t kind, const struct alm_period *window)
{
	struct alm_span all = r->of_kind[kind];

	for (uint32_t i = 0; i < all.count; i++) {
		if (!some_selects(r, keys, all.items[i], window)) {
			return false;
		}
	}
	return true;
}

/* A member needs to be held for as long as it is one. */
static bool holds_group(struct alm_reaches *r, struct alm_span keys,
	uint32_t group, const struct alm_period *window)
{
	for (uint32_t i = r->group_first[group]; i < r->group_first[group + 1];
		i++) {
		const struct alm_reach_member *member = &r->by_group[i];
		struct alm_period both = *window;

		both.from_s = member->valid.from_s > both.from_s
				      ? member->valid.from_s
				      : both.from_s;
		both.until_s = member->valid.until_s < both.until_s
				       ? member->valid.until_s
				       : both.until_s;
		if (both.from_s < both.until_s &&
			r->is_usable[member->organisation] &&
			!some_selects(r, keys, member->organisation, &both)) {
			return false;
		}
	}
	return true;
}

static bool holds_key(struct alm_reaches *r, struct alm_span keys, uint32_t key,
	const struct alm_period *window)
{
	for (uint32_t i = 0; i < keys.count; i++) {
		if (keys.items[i] == key || keys.items[i] == ALM_REACH_ANY) {
			return true;
		}
	}
	if (key >= r->first_organisation) {
		return some_selects(
			r, keys, key - r->first_organisation, window);
	}
	if (key >= r->first_group) {
		return holds_group(r, keys, key - r->first_group, window);
	}
	if (key != ALM_REACH_ANY) {
		return holds_kind(r, keys, key - 1, window);
	}
	for (uint32_t kind = 0; kind < r->bundle->kinds.count; kind++) {
		if (!holds_kind(r, keys, kind, window)) {
			return false;
		}
	}
	return true;
}

bool alm_reach_holds_all(struct alm_reaches *r, struct alm_span a,
	struct alm_span b, const struct alm_period *window)
{
	for (uint32_t i = 0; i < b.count; i++) {
		if (!holds_key(r, a, b.items[i], window)) {
			return false;
		}
	}
	return true;
}
