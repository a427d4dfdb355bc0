/*
 * The block and its checksum.  Each word goes into one of four lanes by steps
 * that lose nothing, so one changed word always changes the checksum.
 */
#include "broker/core/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "broker/core/snapshot_internal.h"

#define ALIGNMENT ((size_t)64)
#define MAGIC UINT64_C(0x31746F6870616E73)
#define MIX UINT64_C(0x9E3779B97F4A7C15)
#define LANES 4u

/* The block stands behind, on a cache line of its own. */
#define BLOCK_AT \
	((sizeof(struct alm_snapshot) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))

struct alm_snapshot *alm_snapshot_take(uint64_t block_bytes)
{
	struct alm_snapshot *snapshot =
		aligned_alloc(ALIGNMENT, BLOCK_AT + block_bytes);

	if (snapshot != NULL) {
		memset(snapshot, 0, BLOCK_AT + block_bytes);
		snapshot->block_bytes = block_bytes;
	}
	return snapshot;
}

void alm_snapshot_free(struct alm_snapshot *snapshot)
{
	free(snapshot);
}

uint8_t *alm_snapshot_block(struct alm_snapshot *snapshot)
{
	return (uint8_t *)snapshot + BLOCK_AT;
}

static const uint8_t *block_of(const struct alm_snapshot *snapshot)
{
	return (const uint8_t *)snapshot + BLOCK_AT;
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * MIX;
	return lane ^ (lane >> 29);
}

/* Of all words but the first, where the checksum stands. */
static uint64_t checksum(const uint8_t *block, size_t bytes)
{
	uint64_t lanes[LANES] = {1, 2, 3, 4};
	uint64_t sum = bytes;
	uint64_t word;

	for (size_t at = sizeof(word); at + sizeof(word) <= bytes;
		at += sizeof(word)) {
		uint64_t *lane = &lanes[at / sizeof(word) % LANES];

		memcpy(&word, block + at, sizeof(word));
		*lane = mix(*lane, word);
	}
	for (size_t i = 0; i < LANES; i++) {
		sum = mix(sum, lanes[i]);
	}
	return sum;
}

void alm_snapshot_seal(struct alm_snapshot *snapshot)
{
	struct alm_snapshot_head *head = (void *)alm_snapshot_block(snapshot);
	const uint8_t *block = block_of(snapshot);

	snapshot->head = head;
#define X(name, member, type) \
	snapshot->member = \
		(const void *)(block + head->sections[ALM_SECTION_##name].at);
	ALM_SECTION_MAP(X)
#undef X
	head->magic = MAGIC;
	head->checksum = checksum(block, head->bytes);
}

enum alm_err alm_snapshot_verify(const struct alm_snapshot *snapshot)
{
	const struct alm_snapshot_head *head = snapshot->head;
	bool is_whole =
		head->magic == MAGIC && head->bytes == snapshot->block_bytes &&
		head->checksum == checksum(block_of(snapshot), head->bytes);

	return is_whole ? ALM_OK : ALM_SNAPSHOT_DAMAGED;
}

size_t alm_snapshot_bytes(const struct alm_snapshot *snapshot)
{
	return snapshot->block_bytes;
}

const char *alm_snapshot_name(const struct alm_snapshot *snapshot)
{
	return snapshot->texts + snapshot->head->name;
}

size_t alm_snapshot_purpose_count(const struct alm_snapshot *snapshot)
{
	return snapshot->head->purposes.names.count;
}

const char *alm_snapshot_purpose(
	const struct alm_snapshot *snapshot, size_t index)
{
	const struct alm_names *names = &snapshot->head->purposes.names;

	ALM_ASSERT(index < names->count);
	return alm_name_text(snapshot, names, (uint32_t)index);
}

size_t alm_snapshot_category_count(const struct alm_snapshot *snapshot)
{
	return snapshot->head->categories.names.count;
}

const char *alm_snapshot_category(
	const struct alm_snapshot *snapshot, size_t index)
{
	const struct alm_names *names = &snapshot->head->categories.names;

	return index < names->count
		       ? alm_name_text(snapshot, names, (uint32_t)index)
		       : NULL;
}

bool alm_snapshot_category_narrows(
	const struct alm_snapshot *snapshot, size_t index, const char *word)
{
	const struct alm_covers *categories = &snapshot->head->categories;
	uint32_t at = alm_names_find(snapshot, &categories->names, word);

	return at != ALM_NAME_NONE && index < categories->names.count &&
	       ((categories->deny[at] & categories->leaves) >> index & 1) != 0;
}

size_t alm_snapshot_organisation_count(const struct alm_snapshot *snapshot)
{
	return snapshot->head->organisations.count;
}

static bool has_word(const struct alm_snapshot *snapshot,
	const struct alm_names *names, const char *word)
{
	return strcmp(word, "any") == 0 ||
	       alm_names_find(snapshot, names, word) != ALM_NAME_NONE;
}

bool alm_snapshot_has_purpose(
	const struct alm_snapshot *snapshot, const char *word)
{
	return has_word(snapshot, &snapshot->head->purposes.names, word);
}

bool alm_snapshot_has_category(
	const struct alm_snapshot *snapshot, const char *word)
{
	return has_word(snapshot, &snapshot->head->categories.names, word);
}

bool alm_snapshot_has_selector(
	const struct alm_snapshot *snapshot, const char *selector)
{
	return alm_selector_key(snapshot, selector) != ALM_NAME_NONE;
}

bool alm_snapshot_organisation(const struct alm_snapshot *snapshot,
	size_t index, struct alm_organisation_view *out)
{
	const struct alm_names *organisations = &snapshot->head->organisations;
	const struct alm_organisation_info *info;

	if (index >= organisations->count) {
		return false;
	}
	info = &snapshot->organisation_infos[index];
	*out = (struct alm_organisation_view){
		.id = alm_name_text(snapshot, organisations, (uint32_t)index),
		.name = snapshot->texts + info->name,
		.kind = alm_name_text(
			snapshot, &snapshot->head->kinds, info->kind),
		.host = info->host == ALM_NAME_NONE
				? NULL
				: alm_name_text(
					  snapshot, organisations, info->host),
		.status = (enum alm_status)info->status,
		.has_assurance_until =
			info->assurance_until_s != ALM_INSTANT_NEVER,
		.assurance_until_s = info->assurance_until_s,
	};
	return true;
}

bool alm_snapshot_find_organisation(const struct alm_snapshot *snapshot,
	const char *id, struct alm_organisation_view *out)
{
	uint32_t index =
		alm_names_find(snapshot, &snapshot->head->organisations, id);

	return index != ALM_NAME_NONE &&
	       alm_snapshot_organisation(snapshot, index, out);
}
