/*
 * Which directives count, and what they say.
 *
 * The same word list is judged in two ways: a denial reaches further than a
 * permit.  For a denial an unknown word is `any` and ancestors always cover;
 * for a permit an unknown word is nothing and `inherit: never` stops a climb.
 */
#include <string.h>

#include "broker/core/decide_internal.h"

enum judging {
	FOR_DENIAL,
	FOR_PERMIT,
};

static uint64_t mask_of(const struct alm_deciding *d,
	const struct alm_covers *covers, const struct alm_word_list *words,
	enum judging judging)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		uint32_t at;

		if (strcmp(word, "any") == 0) {
			mask |= judging == FOR_DENIAL ? covers->all
						      : covers->permit_any;
			continue;
		}
		at = alm_names_find(d->snapshot, &covers->names, word);
		if (at != ALM_NAME_NONE) {
			mask |= judging == FOR_DENIAL ? covers->deny[at]
						      : covers->permit[at];
		} else if (judging == FOR_DENIAL) {
			mask |= covers->all;
		}
	}
	return mask;
}

static bool is_member(const struct alm_deciding *d, uint32_t group)
{
	const struct alm_organisation_info *info =
		&d->snapshot->organisation_infos[d->recipient];
	const struct alm_membership *m =
		d->snapshot->memberships + info->first_membership;

	uint32_t t = alm_short_instant(d->t_s);

	for (uint32_t i = 0; i < info->membership_count; i++) {
		if (m[i].group == group &&
			alm_short_period_holds(m[i].valid, t)) {
			return true;
		}
	}
	return false;
}

/* Whether one selector of a person's record selects the recipient. */
static bool selects(const struct alm_deciding *d, const char *selector,
	enum judging judging)
{
	const struct alm_snapshot *s = d->snapshot;
	bool is_lacking_any = judging == FOR_DENIAL;
	uint32_t at;

	if (strcmp(selector, "any") == 0) {
		return true;
	}
	if (strncmp(selector, "kind:", 5) == 0) {
		at = alm_names_find(s, &s->head->kinds, selector + 5);
		return at == ALM_NAME_NONE
			       ? is_lacking_any
			       : s->organisation_infos[d->recipient].kind == at;
	}
	if (strncmp(selector, "group:", 6) == 0) {
		at = alm_names_find(s, &s->head->groups, selector + 6);
		return at == ALM_NAME_NONE ? is_lacking_any : is_member(d, at);
	}
	at = alm_names_find(s, &s->head->organisations, selector);
	return at == ALM_NAME_NONE ? is_lacking_any : at == d->recipient;
}

/* Whether purposes and recipients of a directive or exception match. */
static bool reaches(const struct alm_deciding *d,
	const struct alm_word_list *purposes, const struct alm_word_list *to,
	enum judging judging)
{
	if ((mask_of(d, &d->snapshot->head->purposes, purposes, judging) &
		    d->purpose_bit) == 0) {
		return false;
	}
	for (size_t i = 0; i < to->count; i++) {
		if (selects(d, to->items[i], judging)) {
			return true;
		}
	}
	return false;
}

/* The categories of matching exceptions of one effect. */
static uint64_t exceptions_mask(const struct alm_deciding *d,
	const struct alm_directive *directive, enum alm_effect_word effect,
	enum judging judging)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < directive->exception_count; i++) {
		const struct alm_directive_exception *e =
			&directive->exceptions[i];

		if (e->effect == effect &&
			reaches(d, &e->purposes, &e->to, judging)) {
			mask |= mask_of(d, &d->snapshot->head->categories,
				&e->categories, judging);
		}
	}
	return mask;
}

struct alm_saying alm_directive_says(
	const struct alm_deciding *d, const struct alm_directive *directive)
{
	const struct alm_covers *categories = &d->snapshot->head->categories;
	uint64_t excepted_deny = 0;
	uint64_t excepted_permit = 0;
	uint64_t own_deny = 0;
	uint64_t own_permit = 0;

	if (directive->effect == ALM_WORD_WITHDRAWN ||
		!alm_period_holds(&directive->valid, d->t_s)) {
		return (struct alm_saying){0, 0};
	}
	if (reaches(d, &directive->purposes, &directive->to, FOR_DENIAL)) {
		excepted_deny = exceptions_mask(
			d, directive, ALM_WORD_DENY, FOR_DENIAL);
		if (directive->effect == ALM_WORD_DENY) {
			own_deny = mask_of(d, categories,
				&directive->categories, FOR_DENIAL);
		}
	}
	if (reaches(d, &directive->purposes, &directive->to, FOR_PERMIT)) {
		excepted_permit = exceptions_mask(
			d, directive, ALM_WORD_PERMIT, FOR_PERMIT);
		if (directive->effect == ALM_WORD_PERMIT) {
			own_permit =
				excepted_permit |
				mask_of(d, categories, &directive->categories,
					FOR_PERMIT);
		}
	}
	return (struct alm_saying){
		.deny = excepted_deny | (own_deny & ~excepted_permit),
		.permit = own_permit & ~excepted_deny,
	};
}

/* Whether the record takes part in counting at `t_s`. */
static bool takes_part(const struct alm_directive *directive, int64_t t_s)
{
	return directive->recorded_s <= t_s &&
	       (directive->effect == ALM_WORD_WITHDRAWN ||
		       directive->valid.from_s <= t_s);
}

/* Of two records alike in instant and id, the one that releases less. */
static int strictness(enum alm_effect_word effect)
{
	switch (effect) {
	case ALM_WORD_PERMIT:
		return 0;
	case ALM_WORD_WITHDRAWN:
		return 1;
	case ALM_WORD_DENY:
		return 2;
	}
	return 2;
}

/* Whether `a` counts rather than `b`. */
static bool supersedes(
	const struct alm_directive *a, const struct alm_directive *b)
{
	int order;

	if (a->recorded_s != b->recorded_s) {
		return a->recorded_s > b->recorded_s;
	}
	order = strcmp(a->id, b->id);
	if (order != 0) {
		return order > 0;
	}
	return strictness(a->effect) > strictness(b->effect);
}

static bool is_alike(
	const struct alm_directive *a, const struct alm_directive *b)
{
	return strcmp(a->authority, b->authority) == 0 &&
	       strcmp(a->scope, b->scope) == 0;
}

const struct alm_directive *alm_directive_counting(
	const struct alm_person *person, const struct alm_directive *like,
	int64_t t_s)
{
	const struct alm_directive *found = NULL;

	for (size_t i = 0; i < person->directive_count; i++) {
		const struct alm_directive *at = &person->directives[i];

		if (takes_part(at, t_s) && is_alike(at, like) &&
			(found == NULL || supersedes(at, found))) {
			found = at;
		}
	}
	return found;
}

static size_t hash_pair(const char *a, const char *b)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *a != '\0'; a++) {
		hash = (hash ^ (uint8_t)*a) * UINT64_C(0x100000001b3);
	}
	hash = (hash ^ 0xFF) * UINT64_C(0x100000001b3);
	for (; *b != '\0'; b++) {
		hash = (hash ^ (uint8_t)*b) * UINT64_C(0x100000001b3);
	}
	return (size_t)(hash ^ (hash >> 32));
}

/* An emptied table for `count` things; gives the mask of its slots. */
static size_t clear_slots(struct alm_scratch *scratch, size_t count)
{
	size_t slot_count = 2;

	while (slot_count < 2 * count) {
		slot_count *= 2;
	}
	memset(scratch->slots, 0, slot_count * sizeof(scratch->slots[0]));
	return slot_count - 1;
}

size_t alm_directives_counting(struct alm_deciding *d, uint32_t *out)
{
	const struct alm_directive *all = d->person->directives;
	size_t mask = clear_slots(d->scratch, d->person->directive_count);
	size_t count = 0;

	for (size_t i = 0; i < d->person->directive_count; i++) {
		uint32_t *slot;
		size_t at = hash_pair(all[i].authority, all[i].scope) & mask;

		if (!takes_part(&all[i], d->t_s)) {
			continue;
		}
		while (d->scratch->slots[at] != 0 &&
			!is_alike(&all[out[d->scratch->slots[at] - 1]],
				&all[i])) {
			at = (at + 1) & mask;
		}
		slot = &d->scratch->slots[at];
		if (*slot == 0) {
			out[count] = (uint32_t)i;
			*slot = (uint32_t)++count;
		} else if (supersedes(&all[i], &all[out[*slot - 1]])) {
			out[*slot - 1] = (uint32_t)i;
		}
	}
	return count;
}

/* The newest withdrawal of each of the recipient's roles, in the slots. */
static size_t list_withdrawals(struct alm_deciding *d, const char *recipient)
{
	const struct alm_relationship *all = d->person->relationships;
	uint32_t *slots = d->scratch->slots;
	size_t mask = clear_slots(d->scratch, d->person->relationship_count);

	for (size_t i = 0; i < d->person->relationship_count; i++) {
		size_t at = hash_pair(all[i].role, "") & mask;

		if (!all[i].is_withdrawal || all[i].recorded_s > d->t_s ||
			strcmp(all[i].organisation, recipient) != 0) {
			continue;
		}
		while (slots[at] != 0 &&
			strcmp(all[slots[at] - 1].role, all[i].role) != 0) {
			at = (at + 1) & mask;
		}
		if (slots[at] == 0 ||
			all[slots[at] - 1].recorded_s < all[i].recorded_s) {
			slots[at] = (uint32_t)i + 1;
		}
	}
	return mask;
}

bool alm_relationship_holds(struct alm_deciding *d)
{
	const struct alm_relationship *all = d->person->relationships;
	const char *recipient = alm_name_text(
		d->snapshot, &d->snapshot->head->organisations, d->recipient);
	const uint32_t *slots = d->scratch->slots;
	size_t mask = list_withdrawals(d, recipient);

	for (size_t i = 0; i < d->person->relationship_count; i++) {
		size_t at = hash_pair(all[i].role, "") & mask;

		if (all[i].is_withdrawal || all[i].recorded_s > d->t_s ||
			!alm_period_holds(&all[i].valid, d->t_s) ||
			strcmp(all[i].organisation, recipient) != 0) {
			continue;
		}
		while (slots[at] != 0 &&
			strcmp(all[slots[at] - 1].role, all[i].role) != 0) {
			at = (at + 1) & mask;
		}
		if (slots[at] == 0 ||
			all[slots[at] - 1].recorded_s < all[i].recorded_s) {
			return true;
		}
	}
	return false;
}
