/*
 * Whom an organisation may know, as a set of the keys that select: those of
 * the groups it is in, and of the other side of each rule that selects it.
 */
#include <string.h>

#include "broker/core/address.h"
#include "broker/core/snapshot_internal.h"

struct alm_known {
	const struct alm_snapshot *snapshot;
	uint32_t asker; /* ALM_NAME_NONE: it is not in the bundle */
	bool is_everybody;
	int64_t t_s;
	uint64_t *keys; /* a bit each */
};

static void add_key(struct alm_known *known, uint32_t key)
{
	known->keys[key / 64] |= UINT64_C(1) << (key % 64);
}

static bool has_key(const struct alm_known *known, uint32_t key)
{
	return (known->keys[key / 64] >> (key % 64) & 1) != 0;
}

static void add_keys(struct alm_known *known, struct alm_keys keys)
{
	for (uint32_t i = 0; i < keys.count; i++) {
		add_key(known, keys.items[i]);
	}
}

/* All keys that select an organisation, whoever lists them. */
static uint32_t keys_of(
	const struct alm_known *known, uint32_t organisation, uint32_t *out)
{
	const struct alm_snapshot *s = known->snapshot;
	const struct alm_organisation_info *info =
		&s->organisation_infos[organisation];
	const struct alm_membership *m =
		s->memberships + info->first_membership;
	uint32_t t = alm_short_instant(known->t_s);
	uint32_t count = 0;

	out[count++] = ALM_KEY_ANY;
	out[count++] = alm_key_of_kind(info->kind);
	out[count++] = alm_key_of_organisation(s, organisation);
	for (uint32_t i = 0; i < info->membership_count; i++) {
		if (alm_short_period_holds(m[i].valid, t)) {
			out[count++] = alm_key_of_group(s, m[i].group);
		}
	}
	return count;
}

static bool is_in_force(const struct alm_basis_info *basis, int64_t t_s)
{
	return (basis->flags & ALM_BASIS_ACTIVE) != 0 &&
	       t_s >= basis->valid.from_s && t_s < basis->valid.until_s;
}

/* What the rules that select the asker select on their other side. */
static void add_partners(struct alm_known *known, struct alm_keys own)
{
	const struct alm_snapshot *s = known->snapshot;
	const struct alm_rule_index *index = &s->head->basis_index;

	for (uint32_t i = 0; i < s->head->bases.count; i++) {
		const struct alm_rule_parties *listed =
			&s->parties[index->first_parties + i];
		struct alm_keys from = alm_keys_of(s, listed->from);
		struct alm_keys to = alm_keys_of(s, listed->to);

		if (!is_in_force(&s->basis_infos[i], known->t_s)) {
			continue;
		}
		if (alm_keys_meet(from, own)) {
			add_keys(known, to);
		}
		if (alm_keys_meet(to, own)) {
			add_keys(known, from);
		}
	}
}

static enum alm_err fill(struct alm_known *known, struct alm_arena *arena)
{
	const struct alm_snapshot_head *head = known->snapshot->head;
	size_t key_count = 1 + (size_t)head->kinds.count +
			   head->organisations.count + head->groups.count;
	uint32_t *own = alm_arena_take(
		arena, (head->membership_max + 3) * sizeof(*own));
	struct alm_keys keys = {own, 0};

	known->keys =
		alm_arena_take(arena, (key_count / 64 + 1) * sizeof(uint64_t));
	if (own == NULL || known->keys == NULL) {
		return ALM_NOMEM;
	}
	keys.count = keys_of(known, known->asker, own);
	add_partners(known, keys);
	/* Itself, and its groups: these begin behind any, kind and itself. */
	for (uint32_t i = 2; i < keys.count; i++) {
		add_key(known, own[i]);
	}
	return ALM_OK;
}

enum alm_err alm_known_make(const struct alm_snapshot *snapshot,
	const char *asker, int64_t t_s, struct alm_arena *arena,
	const struct alm_known **out_known)
{
	struct alm_known *known = alm_arena_take(arena, sizeof(*known));
	enum alm_err err = ALM_OK;

	if (known == NULL) {
		return ALM_NOMEM;
	}
	*known = (struct alm_known){
		.snapshot = snapshot,
		.asker = ALM_NAME_NONE,
		.is_everybody = asker == NULL,
		.t_s = t_s,
	};
	if (asker != NULL) {
		known->asker = alm_names_find(
			snapshot, &snapshot->head->organisations, asker);
	}
	if (known->asker != ALM_NAME_NONE) {
		err = fill(known, arena);
	}
	if (err == ALM_OK) {
		*out_known = known;
	}
	return err;
}

bool alm_known_has(const struct alm_known *known, size_t index)
{
	const struct alm_snapshot *s = known->snapshot;
	const struct alm_organisation_info *info;
	const struct alm_membership *m;
	uint32_t t = alm_short_instant(known->t_s);
	uint32_t organisation = (uint32_t)index;

	if (known->is_everybody) {
		return true;
	}
	if (known->asker == ALM_NAME_NONE) {
		return false;
	}
	info = &s->organisation_infos[organisation];
	if (has_key(known, ALM_KEY_ANY) ||
		has_key(known, alm_key_of_kind(info->kind)) ||
		has_key(known, alm_key_of_organisation(s, organisation)) ||
		info->host == known->asker ||
		s->organisation_infos[known->asker].host == organisation) {
		return true;
	}
	m = s->memberships + info->first_membership;
	for (uint32_t i = 0; i < info->membership_count; i++) {
		if (alm_short_period_holds(m[i].valid, t) &&
			has_key(known, alm_key_of_group(s, m[i].group))) {
			return true;
		}
	}
	return false;
}

bool alm_known_has_id(const struct alm_known *known, const char *id)
{
	uint32_t found = alm_names_find(
		known->snapshot, &known->snapshot->head->organisations, id);

	return found != ALM_NAME_NONE && alm_known_has(known, found);
}
