#include "broker/core/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "broker/core/snapshot_internal.h"

void alm_snapshot_free(struct alm_snapshot *snapshot)
{
	if (snapshot != NULL) {
		alm_arena_fini(&snapshot->arena);
		free(snapshot);
	}
}

const char *alm_snapshot_name(const struct alm_snapshot *snapshot)
{
	return snapshot->name;
}

size_t alm_snapshot_category_count(const struct alm_snapshot *snapshot)
{
	return snapshot->categories.names.count;
}

const char *alm_snapshot_category(
	const struct alm_snapshot *snapshot, size_t index)
{
	return index < snapshot->categories.names.count
		       ? snapshot->categories.names.ids[index]
		       : NULL;
}

size_t alm_snapshot_organisation_count(const struct alm_snapshot *snapshot)
{
	return snapshot->organisations.count;
}

size_t alm_snapshot_basis_count(const struct alm_snapshot *snapshot)
{
	return snapshot->bases.count;
}

static bool has_word(const struct alm_names *names, const char *word)
{
	return strcmp(word, "any") == 0 ||
	       alm_names_find(names, word) != ALM_NAME_NONE;
}

bool alm_snapshot_has_purpose(
	const struct alm_snapshot *snapshot, const char *word)
{
	return has_word(&snapshot->purposes.names, word);
}

bool alm_snapshot_has_category(
	const struct alm_snapshot *snapshot, const char *word)
{
	return has_word(&snapshot->categories.names, word);
}

bool alm_snapshot_has_selector(
	const struct alm_snapshot *snapshot, const char *selector)
{
	return alm_selector_key(snapshot, selector) != ALM_NAME_NONE;
}

bool alm_snapshot_organisation(const struct alm_snapshot *snapshot,
	size_t index, struct alm_organisation_view *out)
{
	const struct alm_organisation_info *info;

	if (index >= snapshot->organisations.count) {
		return false;
	}
	info = &snapshot->organisation_infos[index];
	*out = (struct alm_organisation_view){
		.id = snapshot->organisations.ids[index],
		.name = info->name,
		.kind = snapshot->kinds.ids[info->kind],
		.host = info->host == ALM_NAME_NONE
				? NULL
				: snapshot->organisations.ids[info->host],
		.status = info->status,
		.has_assurance_until =
			info->assurance_until_s != ALM_INSTANT_NEVER,
		.assurance_until_s = info->assurance_until_s,
	};
	return true;
}

bool alm_snapshot_find_organisation(const struct alm_snapshot *snapshot,
	const char *id, struct alm_organisation_view *out)
{
	uint32_t index = alm_names_find(&snapshot->organisations, id);

	return index != ALM_NAME_NONE &&
	       alm_snapshot_organisation(snapshot, index, out);
}
