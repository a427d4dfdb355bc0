/*
 * Addresses to organisations.  What they select is marked in one set, bit by
 * index, so that who is in several groups is there once and in order.
 */
#include "broker/core/address.h"

#include <stdlib.h>
#include <string.h>

#include "broker/core/snapshot_internal.h"
#include "lib/id.h"
#include "lib/limits.h"

/* --- groups of an organisation ------------------------------------------- */

bool alm_snapshot_is_in_group(const struct alm_snapshot *snapshot, size_t index,
	const char *group, int64_t t_s)
{
	const struct alm_organisation_info *info =
		&snapshot->organisation_infos[index];
	const struct alm_membership *m =
		snapshot->memberships + info->first_membership;
	uint32_t wanted =
		alm_names_find(snapshot, &snapshot->head->groups, group);

	for (uint32_t i = 0; i < info->membership_count; i++) {
		if (m[i].group == wanted && alm_short_period_holds(m[i].valid,
						    alm_short_instant(t_s))) {
			return true;
		}
	}
	return false;
}

const char *alm_snapshot_groups_of(const struct alm_snapshot *snapshot,
	size_t index, int64_t t_s, struct alm_arena *arena)
{
	const struct alm_organisation_info *info =
		&snapshot->organisation_infos[index];
	const struct alm_membership *m =
		snapshot->memberships + info->first_membership;
	size_t bytes_max =
		(size_t)info->membership_count * (ALM_ID_BYTES_MAX + 1) + 1;
	char *joined = alm_arena_take(arena, bytes_max);
	char *at = joined;

	for (uint32_t i = 0; joined != NULL && i < info->membership_count;
		i++) {
		const char *group = alm_name_text(
			snapshot, &snapshot->head->groups, m[i].group);
		size_t bytes = strlen(group);

		if (!alm_short_period_holds(
			    m[i].valid, alm_short_instant(t_s)) ||
			(i > 0 && m[i].group == m[i - 1].group &&
				alm_short_period_holds(m[i - 1].valid,
					alm_short_instant(t_s)))) {
			continue;
		}
		if (at != joined) {
			*at++ = ',';
		}
		memcpy(at, group, bytes + 1);
		at += bytes;
	}
	return joined;
}

/* --- resolution ---------------------------------------------------------- */

struct resolving {
	const struct alm_addressing *asked;
	const struct alm_known *known; /* made when a group is asked for */
	struct alm_arena *arena;
	struct alm_problem *problem;
	uint64_t *marks;        /* organisations of the bundle */
	const char **strangers; /* ids that the bundle lacks */
	size_t stranger_count;
};

static enum alm_err fault(
	const struct resolving *r, enum alm_err err, const char *address)
{
	return alm_problem_set(r->problem, err, "%s", address);
}

static void mark(struct resolving *r, uint32_t organisation)
{
	r->marks[organisation / 64] |= UINT64_C(1) << (organisation % 64);
}

static bool is_marked(const struct resolving *r, size_t organisation)
{
	return (r->marks[organisation / 64] >> (organisation % 64) & 1) != 0;
}

static enum alm_err add_named(struct resolving *r, const char *id)
{
	const struct alm_snapshot *s = r->asked->snapshot;
	uint32_t found = ALM_NAME_NONE;

	if (!alm_id_is_valid(id)) {
		return fault(r, ALM_ADDRESS_MALFORMED, id);
	}
	if (s != NULL) {
		found = alm_names_find(s, &s->head->organisations, id);
	}
	if (found == ALM_NAME_NONE) {
		r->strangers[r->stranger_count++] = id;
	} else {
		mark(r, found);
	}
	return ALM_OK;
}

/* `kind` NULL: of any kind. */
static enum alm_err add_members(struct resolving *r, const char *address,
	const char *kind, const char *group_id)
{
	const struct alm_snapshot *s = r->asked->snapshot;
	uint32_t group = alm_names_find(s, &s->head->groups, group_id);
	uint32_t kind_index = ALM_NAME_NONE;
	uint32_t t = alm_short_instant(r->asked->t_s);
	const struct alm_span *span;

	if (group == ALM_NAME_NONE) {
		return fault(r, ALM_GROUP_UNKNOWN, address);
	}
	if (kind != NULL) {
		kind_index = alm_names_find(s, &s->head->kinds, kind);
		if (kind_index == ALM_NAME_NONE) {
			return fault(r, ALM_KIND_UNKNOWN, address);
		}
	}
	span = &s->group_members[group];
	for (uint32_t i = span->first; i < span->first + span->count; i++) {
		const struct alm_member *m = &s->members[i];

		if (alm_short_period_holds(m->valid, t) &&
			(kind == NULL ||
				s->organisation_infos[m->organisation].kind ==
					kind_index) &&
			alm_known_has(r->known, m->organisation)) {
			mark(r, m->organisation);
		}
	}
	return ALM_OK;
}

/* The group of `address`, and the kind before it; false if it has another
 * form.  `kind` is copied, "" if there is none. */
static bool split(const char *address, char kind[ALM_ID_BYTES_MAX + 1],
	const char **out_group)
{
	const char *at;

	kind[0] = '\0';
	if (strncmp(address, "kind:", 5) == 0) {
		size_t bytes;

		address += 5;
		at = strchr(address, '@');
		bytes = at == NULL ? 0 : (size_t)(at - address);
		if (bytes == 0 || bytes > ALM_ID_BYTES_MAX) {
			return false;
		}
		memcpy(kind, address, bytes);
		kind[bytes] = '\0';
		address = at + 1;
	}
	if (strncmp(address, "group:", 6) != 0) {
		return false;
	}
	*out_group = address + 6;
	return alm_id_is_valid(*out_group) &&
	       (kind[0] == '\0' || alm_id_is_valid(kind));
}

static enum alm_err know(struct resolving *r)
{
	return r->known != NULL
		       ? ALM_OK
		       : alm_known_make(r->asked->snapshot, r->asked->sender,
				 r->asked->t_s, r->arena, &r->known);
}

/* Who answers for an organisation without legal personality.  Whom the sender
 * may not know has no host for it, like whoever needs none. */
static enum alm_err add_host(
	struct resolving *r, const char *address, const char *id)
{
	const struct alm_snapshot *s = r->asked->snapshot;
	uint32_t found = alm_names_find(s, &s->head->organisations, id);
	uint32_t host;

	if (found == ALM_NAME_NONE || !alm_known_has(r->known, found)) {
		return fault(r, ALM_NOBODY_ADDRESSED, address);
	}
	host = s->organisation_infos[found].host;
	if (host == ALM_NAME_NONE) {
		return fault(r, ALM_NOBODY_ADDRESSED, address);
	}
	mark(r, host);
	return ALM_OK;
}

static enum alm_err add_address(struct resolving *r, const char *address)
{
	bool is_host = strncmp(address, "host:", 5) == 0;
	char kind[ALM_ID_BYTES_MAX + 1] = "";
	const char *group = NULL;
	enum alm_err err;

	if (strchr(address, ':') == NULL) {
		return add_named(r, address);
	}
	if (is_host ? !alm_id_is_valid(address + 5)
		    : !split(address, kind, &group)) {
		return fault(r, ALM_ADDRESS_MALFORMED, address);
	}
	if (r->asked->snapshot == NULL) {
		return fault(r, ALM_NO_BUNDLE, address);
	}
	err = know(r);
	if (err != ALM_OK || is_host) {
		return err == ALM_OK ? add_host(r, address, address + 5) : err;
	}
	return add_members(r, address, kind[0] == '\0' ? NULL : kind, group);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Strangers are ascending among themselves; the same one may stand twice. */
static enum alm_err put_together(struct resolving *r, size_t known_count,
	const char *const **out_ids, size_t *out_count)
{
	const struct alm_snapshot *s = r->asked->snapshot;
	const char **ids = alm_arena_take(
		r->arena, (known_count + r->stranger_count + 1) * sizeof(*ids));
	size_t count = 0;

	if (ids == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < known_count; i++) {
		if (is_marked(r, i)) {
			ids[count++] = alm_name_text(
				s, &s->head->organisations, (uint32_t)i);
		}
	}
	for (size_t i = 0; i < r->stranger_count; i++) {
		if (i == 0 ||
			strcmp(r->strangers[i], r->strangers[i - 1]) != 0) {
			ids[count++] = r->strangers[i];
		}
	}
	if (r->stranger_count > 0) {
		qsort(ids, count, sizeof(*ids), compare_texts);
	}
	*out_ids = ids;
	*out_count = count;
	return ALM_OK;
}

/* The sender is never its own recipient.  The snapshot may be replaced while
 * the turn still needs the names. */
static enum alm_err keep(const struct resolving *r, const char *const *ids,
	size_t count, const char *const **out_ids, size_t *out_count)
{
	const char **kept =
		alm_arena_take(r->arena, (count + 1) * sizeof(*kept));
	size_t kept_count = 0;

	for (size_t i = 0; kept != NULL && i < count; i++) {
		if (strcmp(ids[i], r->asked->sender) == 0) {
			continue;
		}
		if (kept_count == r->asked->recipient_max) {
			return fault(r, ALM_TOO_MANY_RECIPIENTS, "");
		}
		kept[kept_count] =
			alm_arena_text(r->arena, ids[i], strlen(ids[i]));
		if (kept[kept_count++] == NULL) {
			return ALM_NOMEM;
		}
	}
	if (kept == NULL) {
		return ALM_NOMEM;
	}
	if (kept_count == 0) {
		return fault(r, ALM_NOBODY_ADDRESSED,
			r->asked->address_count == 0 ? ""
						     : r->asked->addresses[0]);
	}
	*out_ids = kept;
	*out_count = kept_count;
	return ALM_OK;
}

enum alm_err alm_addresses_resolve(const struct alm_addressing *addressing,
	struct alm_arena *arena, const char *const **out_ids, size_t *out_count,
	struct alm_problem *problem)
{
	const struct alm_snapshot *s = addressing->snapshot;
	size_t known_count = s == NULL ? 0 : s->head->organisations.count;
	struct resolving r = {
		.asked = addressing,
		.arena = arena,
		.problem = problem,
		.marks = alm_arena_take(
			arena, (known_count / 64 + 1) * sizeof(uint64_t)),
		.strangers = alm_arena_take(arena,
			(addressing->address_count + 1) * sizeof(const char *)),
	};
	const char *const *ids = NULL;
	size_t count = 0;
	enum alm_err err = ALM_OK;

	if (r.marks == NULL || r.strangers == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < addressing->address_count && err == ALM_OK;
		i++) {
		err = add_address(&r, addressing->addresses[i]);
	}
	if (err == ALM_OK && r.stranger_count > 1) {
		qsort(r.strangers, r.stranger_count, sizeof(*r.strangers),
			compare_texts);
	}
	if (err == ALM_OK) {
		err = put_together(&r, known_count, &ids, &count);
	}
	return err == ALM_OK ? keep(&r, ids, count, out_ids, out_count) : err;
}
