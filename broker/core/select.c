/*
 * Which rules select two parties.  Each rule of few pairs stands under every
 * (from-key, to-key) that it lists, in a hash table; a search tries the pairs
 * of the parties' own keys, of which most have no rule: a bit tells that, in
 * memory that stays near.  A rule of many pairs is tried by itself.  Where
 * the parties have more pairs than there are rules, all rules are tried.
 */
#include <string.h>

#include "broker/core/snapshot_internal.h"

#define SORT_BY_INSERTION_MAX 32u

uint32_t alm_key_of_kind(uint32_t kind)
{
	return 1 + kind;
}

uint32_t alm_key_of_organisation(
	const struct alm_snapshot *s, uint32_t organisation)
{
	return 1 + s->head->kinds.count + organisation;
}

uint32_t alm_key_of_group(const struct alm_snapshot *s, uint32_t group)
{
	return 1 + s->head->kinds.count + s->head->organisations.count + group;
}

uint32_t alm_selector_key(
	const struct alm_snapshot *snapshot, const char *selector)
{
	uint32_t found;

	if (strcmp(selector, "any") == 0) {
		return ALM_KEY_ANY;
	}
	if (strncmp(selector, "kind:", 5) == 0) {
		found = alm_names_find(
			snapshot, &snapshot->head->kinds, selector + 5);
		return found == ALM_NAME_NONE ? found : alm_key_of_kind(found);
	}
	if (strncmp(selector, "group:", 6) == 0) {
		found = alm_names_find(
			snapshot, &snapshot->head->groups, selector + 6);
		return found == ALM_NAME_NONE
			       ? found
			       : alm_key_of_group(snapshot, found);
	}
	found = alm_names_find(
		snapshot, &snapshot->head->organisations, selector);
	return found == ALM_NAME_NONE
		       ? found
		       : alm_key_of_organisation(snapshot, found);
}

uint32_t alm_keys_gather(const struct alm_snapshot *snapshot,
	uint32_t organisation, int64_t t_s, unsigned use, uint32_t *out)
{
	const struct alm_organisation_info *info =
		&snapshot->organisation_infos[organisation];
	const struct alm_membership *m =
		snapshot->memberships + info->first_membership;
	uint32_t kind = alm_key_of_kind(info->kind);
	uint32_t t = alm_short_instant(t_s);
	uint32_t count = 0;

	if ((snapshot->key_uses[ALM_KEY_ANY] & use) != 0) {
		out[count++] = ALM_KEY_ANY;
	}
	if ((snapshot->key_uses[kind] & use) != 0) {
		out[count++] = kind;
	}
	if ((info->uses & use) != 0) {
		out[count++] = alm_key_of_organisation(snapshot, organisation);
	}
	if ((snapshot->head->group_uses & use) == 0) {
		return count;
	}
	for (uint32_t i = 0; i < info->membership_count; i++) {
		uint32_t key = alm_key_of_group(snapshot, m[i].group);

		if ((m[i].uses & use) != 0 &&
			alm_short_period_holds(m[i].valid, t) &&
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

bool alm_rule_matches(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, uint32_t rule,
	const struct alm_parties *parties)
{
	const struct alm_rule_parties *listed =
		&snapshot->parties[index->first_parties + rule];

	return alm_keys_meet(
		       alm_keys_of(snapshot, listed->from), parties->from) &&
	       alm_keys_meet(alm_keys_of(snapshot, listed->to), parties->to);
}

const struct alm_pair_slot *alm_pair_find(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, uint64_t pair)
{
	const struct alm_pair_slot *slots = snapshot->slots + index->first_slot;
	uint32_t at = (uint32_t)alm_pair_hash(pair) & index->slot_mask;

	while (slots[at].count != 0 && slots[at].pair != pair) {
		at = (at + 1) & index->slot_mask;
	}
	return &slots[at];
}

static bool may_have_pair(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, uint64_t pair)
{
	const uint64_t *bits = snapshot->bits + index->first_bits;
	uint64_t bit = alm_pair_bit(index, pair);

	return (bits[bit / 64] >> (bit % 64) & 1) != 0;
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

static uint32_t collect_all(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, const struct alm_parties *parties,
	struct alm_marks *marks, uint32_t *out)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < index->rule_count; i++) {
		if (alm_rule_matches(snapshot, index, i, parties)) {
			marks->stamps[i] = marks->stamp;
			out[count++] = i;
		}
	}
	return count;
}

/* Adds the rules under one pair that were not met yet. */
static uint32_t collect_pair(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, uint64_t pair,
	struct alm_marks *marks, uint32_t *out, uint32_t count)
{
	const struct alm_pair_slot *slot = alm_pair_find(snapshot, index, pair);
	const uint32_t *rules =
		slot->count == 1
			? &slot->first
			: snapshot->numbers + index->first_rule + slot->first;

	for (uint32_t i = 0; i < slot->count; i++) {
		uint32_t rule = rules[i];

		if (marks->stamps[rule] != marks->stamp) {
			marks->stamps[rule] = marks->stamp;
			out[count++] = rule;
		}
	}
	return count;
}

uint32_t alm_rules_collect(const struct alm_snapshot *snapshot,
	const struct alm_rule_index *index, const struct alm_parties *parties,
	struct alm_marks *marks, uint32_t *out)
{
	uint64_t pairs = (uint64_t)parties->from.count * parties->to.count;
	const uint32_t *wide = snapshot->numbers + index->wide.first;
	uint32_t count = 0;

	renew_marks(marks);
	if (pairs > index->rule_count) {
		return collect_all(snapshot, index, parties, marks, out);
	}
	for (uint32_t i = 0; i < parties->from.count; i++) {
		for (uint32_t j = 0; j < parties->to.count; j++) {
			uint64_t pair = alm_pair(
				parties->from.items[i], parties->to.items[j]);

			if (may_have_pair(snapshot, index, pair)) {
				count = collect_pair(snapshot, index, pair,
					marks, out, count);
			}
		}
	}
	for (uint32_t i = 0; i < index->wide.count; i++) {
		if (alm_rule_matches(snapshot, index, wide[i], parties)) {
			marks->stamps[wide[i]] = marks->stamp;
			out[count++] = wide[i];
		}
	}
	return count;
}

void alm_rules_sort(const struct alm_rule_index *index,
	const struct alm_marks *marks, uint32_t *rules, uint32_t count)
{
	uint32_t at = 0;

	if (count <= SORT_BY_INSERTION_MAX) {
		sort_by_insertion(rules, count);
		return;
	}
	for (uint32_t i = 0; i < index->rule_count; i++) {
		if (marks->stamps[i] == marks->stamp) {
			rules[at++] = i;
		}
	}
}
