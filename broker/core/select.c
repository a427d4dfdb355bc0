/*
 * Which rules select two parties.  Each rule of few pairs stands under every
 * (from-key, to-key) that it lists, in a hash table; a search tries the pairs
 * of the parties' own keys.  A rule of many pairs is tried by itself.  Where
 * the parties have more pairs than there are rules, all rules are tried.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/core/snapshot_internal.h"

#define PAIRS_PER_RULE_MAX 1024u
#define PAIRS_MAX ((size_t)1 << 22) /* 64 MiB of work space */
#define SORT_BY_INSERTION_MAX 32u

static uint32_t key_of_kind(const struct alm_snapshot *s, uint32_t kind)
{
	(void)s;
	return 1 + kind;
}

static uint32_t key_of_organisation(
	const struct alm_snapshot *s, uint32_t organisation)
{
	return 1 + s->kinds.count + organisation;
}

static uint32_t key_of_group(const struct alm_snapshot *s, uint32_t group)
{
	return 1 + s->kinds.count + s->organisations.count + group;
}

uint32_t alm_selector_key(
	const struct alm_snapshot *snapshot, const char *selector)
{
	uint32_t found;

	if (strcmp(selector, "any") == 0) {
		return ALM_KEY_ANY;
	}
	if (strncmp(selector, "kind:", 5) == 0) {
		found = alm_names_find(&snapshot->kinds, selector + 5);
		return found == ALM_NAME_NONE ? found
					      : key_of_kind(snapshot, found);
	}
	if (strncmp(selector, "group:", 6) == 0) {
		found = alm_names_find(&snapshot->groups, selector + 6);
		return found == ALM_NAME_NONE ? found
					      : key_of_group(snapshot, found);
	}
	found = alm_names_find(&snapshot->organisations, selector);
	return found == ALM_NAME_NONE ? found
				      : key_of_organisation(snapshot, found);
}

uint32_t alm_keys_gather(const struct alm_snapshot *snapshot,
	uint32_t organisation, int64_t t_s, unsigned use, uint32_t *out)
{
	const struct alm_organisation_info *info =
		&snapshot->organisation_infos[organisation];
	const struct alm_membership *m =
		snapshot->memberships + info->first_membership;
	const uint32_t own[] = {ALM_KEY_ANY, key_of_kind(snapshot, info->kind),
		key_of_organisation(snapshot, organisation)};
	uint32_t count = 0;

	for (size_t i = 0; i < ALM_COUNT(own); i++) {
		if ((snapshot->key_uses[own[i]] & use) != 0) {
			out[count++] = own[i];
		}
	}
	for (uint32_t i = 0; i < info->membership_count; i++) {
		uint32_t key = key_of_group(snapshot, m[i].group);

		if ((snapshot->key_uses[key] & use) != 0 &&
			alm_period_holds(&m[i].valid, t_s) &&
			(count == 0 || out[count - 1] != key)) {
			out[count++] = key;
		}
	}
	return count;
}

static bool has_key(struct alm_keys keys, uint32_t key)
{
	uint32_t low = 0;
	uint32_t high = keys.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (keys.items[middle] < key) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < keys.count && keys.items[low] == key;
}

bool alm_keys_meet(struct alm_keys rule, struct alm_keys party)
{
	struct alm_keys shorter = rule.count < party.count ? rule : party;
	struct alm_keys longer = rule.count < party.count ? party : rule;

	for (uint32_t i = 0; i < shorter.count; i++) {
		if (has_key(longer, shorter.items[i])) {
			return true;
		}
	}
	return false;
}

bool alm_parties_match(
	const struct alm_parties *rule, const struct alm_parties *parties)
{
	return alm_keys_meet(rule->from, parties->from) &&
	       alm_keys_meet(rule->to, parties->to);
}

static uint64_t pair_of(uint32_t from, uint32_t to)
{
	return ((uint64_t)from << 32) | to;
}

static size_t hash_pair(uint64_t pair)
{
	pair *= UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(pair ^ (pair >> 29));
}

static const struct alm_pair_slot *find_pair(
	const struct alm_rule_index *index, uint64_t pair)
{
	size_t at = hash_pair(pair) & index->slot_mask;

	while (index->slots[at].count != 0 && index->slots[at].pair != pair) {
		at = (at + 1) & index->slot_mask;
	}
	return &index->slots[at];
}

static void renew_marks(struct alm_marks *marks)
{
	marks->stamp++;
	if (marks->stamp == 0) {
		memset(marks->stamps, 0,
			marks->rule_max * sizeof(*marks->stamps));
		marks->stamp = 1;
	}
}

static void sort_by_insertion(uint32_t *items, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		uint32_t item = items[i];
		uint32_t at = i;

		while (at > 0 && items[at - 1] > item) {
			items[at] = items[at - 1];
			at--;
		}
		items[at] = item;
	}
}

static uint32_t collect_all(const struct alm_rule_index *index,
	const struct alm_parties *parties, uint32_t *out)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < index->rule_count; i++) {
		if (alm_parties_match(&index->parties[i], parties)) {
			out[count++] = i;
		}
	}
	return count;
}

/* Adds the rules under one pair that were not met yet. */
static uint32_t collect_pair(const struct alm_rule_index *index, uint64_t pair,
	struct alm_marks *marks, uint32_t *out, uint32_t count)
{
	const struct alm_pair_slot *slot = find_pair(index, pair);

	for (uint32_t i = 0; i < slot->count; i++) {
		uint32_t rule = index->rules[slot->first + i];

		if (marks->stamps[rule] != marks->stamp) {
			marks->stamps[rule] = marks->stamp;
			out[count++] = rule;
		}
	}
	return count;
}

static uint32_t sort_collected(const struct alm_marks *marks,
	uint32_t rule_count, uint32_t *out, uint32_t count)
{
	uint32_t at = 0;

	if (count <= SORT_BY_INSERTION_MAX) {
		sort_by_insertion(out, count);
		return count;
	}
	for (uint32_t i = 0; i < rule_count; i++) {
		if (marks->stamps[i] == marks->stamp) {
			out[at++] = i;
		}
	}
	return at;
}

uint32_t alm_rules_collect(const struct alm_rule_index *index,
	const struct alm_parties *parties, struct alm_marks *marks,
	uint32_t *out)
{
	uint64_t pairs = (uint64_t)parties->from.count * parties->to.count;
	uint32_t count = 0;

	if (pairs > index->rule_count) {
		return collect_all(index, parties, out);
	}
	renew_marks(marks);
	for (uint32_t i = 0; i < parties->from.count; i++) {
		for (uint32_t j = 0; j < parties->to.count; j++) {
			count = collect_pair(index,
				pair_of(parties->from.items[i],
					parties->to.items[j]),
				marks, out, count);
		}
	}
	for (uint32_t i = 0; i < index->wide_count; i++) {
		uint32_t rule = index->wide[i];

		if (alm_parties_match(&index->parties[rule], parties)) {
			marks->stamps[rule] = marks->stamp;
			out[count++] = rule;
		}
	}
	return sort_collected(marks, index->rule_count, out, count);
}

struct pair_rule {
	uint64_t pair;
	uint32_t rule;
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair_rule *left = a;
	const struct pair_rule *right = b;

	if (left->pair != right->pair) {
		return left->pair < right->pair ? -1 : 1;
	}
	return left->rule < right->rule ? -1 : left->rule > right->rule;
}

static size_t pairs_of(const struct alm_parties *parties)
{
	return (size_t)parties->from.count * parties->to.count;
}

/* How many pairs the table will hold, and how many rules it will not. */
static size_t count_pairs(const struct alm_parties *parties,
	uint32_t rule_count, uint32_t *out_wide_count)
{
	size_t count = 0;
	uint32_t wide = 0;

	for (uint32_t i = 0; i < rule_count; i++) {
		size_t pairs = pairs_of(&parties[i]);

		if (pairs > PAIRS_PER_RULE_MAX || pairs > PAIRS_MAX - count) {
			wide++;
		} else {
			count += pairs;
		}
	}
	*out_wide_count = wide;
	return count;
}

/* The same walk as count_pairs(), writing. */
static void list_pairs(const struct alm_parties *parties, uint32_t rule_count,
	struct pair_rule *out, uint32_t *out_wide)
{
	size_t count = 0;

	for (uint32_t i = 0; i < rule_count; i++) {
		const struct alm_parties *p = &parties[i];

		if (pairs_of(p) > PAIRS_PER_RULE_MAX ||
			pairs_of(p) > PAIRS_MAX - count) {
			*out_wide++ = i;
			continue;
		}
		for (uint32_t f = 0; f < p->from.count; f++) {
			for (uint32_t t = 0; t < p->to.count; t++) {
				out[count++] = (struct pair_rule){
					pair_of(p->from.items[f],
						p->to.items[t]),
					i};
			}
		}
	}
}

/* Sorted pairs into runs of rules, and the runs into the table. */
static void fill_table(const struct pair_rule *pairs, size_t pair_count,
	uint32_t *rules, struct alm_pair_slot *slots,
	const struct alm_rule_index *index)
{
	size_t first = 0;

	for (size_t i = 0; i < pair_count; i++) {
		rules[i] = pairs[i].rule;
		if (i + 1 < pair_count && pairs[i + 1].pair == pairs[i].pair) {
			continue;
		}
		slots[find_pair(index, pairs[i].pair) - slots] =
			(struct alm_pair_slot){pairs[i].pair, (uint32_t)first,
				(uint32_t)(i + 1 - first)};
		first = i + 1;
	}
}

bool alm_rules_index(struct alm_arena *arena, const struct alm_parties *parties,
	uint32_t rule_count, struct alm_rule_index *out)
{
	uint32_t wide_count;
	size_t pair_count = count_pairs(parties, rule_count, &wide_count);
	size_t slot_count = 2;
	struct pair_rule *pairs = malloc((pair_count + 1) * sizeof(*pairs));
	uint32_t *rules = alm_arena_take(arena, pair_count * sizeof(*rules));
	uint32_t *wide = alm_arena_take(arena, wide_count * sizeof(*wide));
	struct alm_pair_slot *slots;
	bool is_done = false;

	while (slot_count < 2 * pair_count) {
		slot_count *= 2;
	}
	slots = alm_arena_take(arena, slot_count * sizeof(*slots));
	if (pairs == NULL || rules == NULL || wide == NULL || slots == NULL) {
		goto out;
	}
	list_pairs(parties, rule_count, pairs, wide);
	qsort(pairs, pair_count, sizeof(*pairs), compare_pairs);
	*out = (struct alm_rule_index){.parties = parties,
		.rule_count = rule_count,
		.wide_count = wide_count,
		.wide = wide,
		.rules = rules,
		.slots = slots,
		.slot_mask = slot_count - 1};
	fill_table(pairs, pair_count, rules, slots, out);
	is_done = true;
out:
	free(pairs);
	return is_done;
}
