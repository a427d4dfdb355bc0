/* The pairs of parties that rules list, as a table of runs of rules. */
#include <stdlib.h>
#include <string.h>

#include "broker/core/draft.h"

#define PAIRS_PER_RULE_MAX 1024u
#define PAIRS_MAX ((size_t)1 << 22) /* 64 MiB of work space */
#define BITS_PER_PAIR 16u

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

static size_t pairs_of(const struct alm_rule_parties *parties)
{
	return (size_t)parties->from.count * parties->to.count;
}

/* How many pairs the table will hold, and how many rules it will not. */
static size_t count_pairs(const struct alm_rule_parties *parties,
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
static void list_pairs(const struct alm_snapshot *s,
	const struct alm_rule_parties *parties, uint32_t rule_count,
	struct pair_rule *out, uint32_t *out_wide)
{
	size_t count = 0;

	for (uint32_t i = 0; i < rule_count; i++) {
		struct alm_keys from = alm_keys_of(s, parties[i].from);
		struct alm_keys to = alm_keys_of(s, parties[i].to);

		if (pairs_of(&parties[i]) > PAIRS_PER_RULE_MAX ||
			pairs_of(&parties[i]) > PAIRS_MAX - count) {
			*out_wide++ = i;
			continue;
		}
		for (uint32_t f = 0; f < from.count; f++) {
			for (uint32_t t = 0; t < to.count; t++) {
				out[count++] = (struct pair_rule){
					alm_pair(from.items[f], to.items[t]),
					i};
			}
		}
	}
}

/* Sorted pairs into runs of rules, and the runs into the table. */
static void fill_table(struct alm_draft *draft,
	const struct alm_rule_index *index, const struct pair_rule *pairs,
	size_t pair_count)
{
	uint32_t *rules = alm_draft_at(
		draft, ALM_SECTION_NUMBERS, index->first_rule, sizeof(*rules));
	struct alm_pair_slot *slots = alm_draft_at(
		draft, ALM_SECTION_SLOTS, index->first_slot, sizeof(*slots));
	uint64_t *bits = alm_draft_at(
		draft, ALM_SECTION_BITS, index->first_bits, sizeof(*bits));
	size_t first = 0;

	for (size_t i = 0; i < pair_count; i++) {
		uint64_t pair = pairs[i].pair;
		uint64_t bit = alm_pair_bit(index, pair);

		rules[i] = pairs[i].rule;
		if (i + 1 < pair_count && pairs[i + 1].pair == pair) {
			continue;
		}
		bits[bit / 64] |= UINT64_C(1) << (bit % 64);
		slots[alm_pair_find(&draft->snapshot, index, pair) - slots] =
			(struct alm_pair_slot){pair,
				first == i ? pairs[i].rule : (uint32_t)first,
				(uint32_t)(i + 1 - first)};
		first = i + 1;
	}
}

static uint32_t power_of_two(size_t least, uint32_t from)
{
	while (from < least) {
		from *= 2;
	}
	return from;
}

static void take_table(struct alm_draft *draft, size_t pair_count,
	struct alm_rule_index *index)
{
	uint32_t slot_count = power_of_two(2 * pair_count, 2);
	uint32_t bit_count = power_of_two(BITS_PER_PAIR * pair_count, 64);

	index->slot_mask = slot_count - 1;
	index->bit_mask = bit_count - 1;
	(void)alm_draft_take(draft, ALM_SECTION_NUMBERS, index->wide.count,
		sizeof(uint32_t), &index->wide.first);
	(void)alm_draft_take(draft, ALM_SECTION_NUMBERS, pair_count,
		sizeof(uint32_t), &index->first_rule);
	(void)alm_draft_take(draft, ALM_SECTION_SLOTS, slot_count,
		sizeof(struct alm_pair_slot), &index->first_slot);
	(void)alm_draft_take(draft, ALM_SECTION_BITS, bit_count / 64,
		sizeof(uint64_t), &index->first_bits);
}

void alm_draft_index(struct alm_draft *draft, uint32_t first_parties,
	uint32_t rule_count, struct alm_rule_index *out)
{
	struct alm_rule_index index = {
		.first_parties = first_parties, .rule_count = rule_count};
	const struct alm_rule_parties *parties;
	struct pair_rule *pairs;
	size_t pair_count;

	if (draft->is_full) {
		return;
	}
	parties = draft->snapshot.parties + first_parties;
	pair_count = count_pairs(parties, rule_count, &index.wide.count);
	pairs = malloc((pair_count + 1) * sizeof(*pairs));
	take_table(draft, pair_count, &index);
	if (pairs == NULL || draft->is_full) {
		draft->is_full = true;
		free(pairs);
		return;
	}
	parties = draft->snapshot.parties + first_parties;
	list_pairs(&draft->snapshot, parties, rule_count, pairs,
		alm_draft_at(draft, ALM_SECTION_NUMBERS, index.wide.first,
			sizeof(uint32_t)));
	qsort(pairs, pair_count, sizeof(*pairs), compare_pairs);
	fill_table(draft, &index, pairs, pair_count);
	free(pairs);
	*out = index;
}
