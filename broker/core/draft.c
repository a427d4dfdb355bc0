#include "broker/core/draft.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_BYTES_MIN ((size_t)4096)
#define SECTION_BYTES_MAX ((size_t)1 << 31)
/* Each section begins on a cache line of its own. */
#define ALIGNMENT ((size_t)64)

void alm_draft_init(struct alm_draft *draft)
{
	memset(draft, 0, sizeof(*draft));
	draft->snapshot.head = &draft->head;
}

void alm_draft_fini(struct alm_draft *draft)
{
	for (size_t i = 0; i < ALM_SECTION_COUNT; i++) {
		free(draft->sections[i].data);
	}
}

/* The places of all sections, wherever they are now. */
static void bind_draft(struct alm_draft *draft)
{
#define X(name, member, type) \
	draft->snapshot.member = \
		(const void *)draft->sections[ALM_SECTION_##name].data;
	ALM_SECTION_MAP(X)
#undef X
}

static bool grow(struct alm_draft_section *section, size_t bytes)
{
	size_t bytes_max = section->bytes_max < SECTION_BYTES_MIN
				   ? SECTION_BYTES_MIN
				   : section->bytes_max;
	uint8_t *data;

	while (bytes_max < bytes) {
		bytes_max *= 2;
	}
	data = realloc(section->data, bytes_max);
	if (data == NULL) {
		return false;
	}
	section->data = data;
	section->bytes_max = bytes_max;
	return true;
}

void *alm_draft_take(struct alm_draft *draft, enum alm_section section,
	size_t count, size_t item_bytes, uint32_t *out_first)
{
	struct alm_draft_section *to = &draft->sections[section];
	size_t bytes = count * item_bytes;
	void *at;

	*out_first = 0;
	if (bytes > SECTION_BYTES_MAX - to->bytes) {
		draft->is_full = true;
	}
	if (draft->is_full) {
		return NULL;
	}
	if (to->data == NULL || to->bytes_max - to->bytes < bytes) {
		if (!grow(to, to->bytes + bytes)) {
			draft->is_full = true;
			return NULL;
		}
		bind_draft(draft);
	}
	at = to->data + to->bytes;
	memset(at, 0, bytes);
	*out_first = (uint32_t)(to->bytes / item_bytes);
	to->bytes += bytes;
	return at;
}

void *alm_draft_at(struct alm_draft *draft, enum alm_section section,
	size_t index, size_t item_bytes)
{
	return draft->sections[section].data + index * item_bytes;
}

uint32_t alm_draft_text(struct alm_draft *draft, const char *text)
{
	size_t bytes = strlen(text) + 1;
	uint32_t place;
	char *at = alm_draft_take(draft, ALM_SECTION_TEXTS, bytes, 1, &place);

	if (at != NULL) {
		memcpy(at, text, bytes);
	}
	return place;
}

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

struct alm_snapshot *alm_draft_finish(struct alm_draft *draft)
{
	size_t at = aligned(sizeof(draft->head));
	struct alm_snapshot *snapshot;

	if (draft->is_full) {
		return NULL;
	}
	for (size_t i = 0; i < ALM_SECTION_COUNT; i++) {
		draft->head.sections[i].at = at;
		draft->head.sections[i].bytes = draft->sections[i].bytes;
		at += aligned(draft->sections[i].bytes);
	}
	draft->head.bytes = at;
	snapshot = alm_snapshot_take(at);
	if (snapshot == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < ALM_SECTION_COUNT; i++) {
		if (draft->sections[i].bytes > 0) {
			memcpy(alm_snapshot_block(snapshot) +
					draft->head.sections[i].at,
				draft->sections[i].data,
				draft->sections[i].bytes);
		}
	}
	memcpy(alm_snapshot_block(snapshot), &draft->head, sizeof(draft->head));
	alm_snapshot_seal(snapshot);
	return snapshot;
}
