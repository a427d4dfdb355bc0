#include "cli/audit/story.h"

#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"

#define ARENA_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define INDEX_COUNT_MIN 1024u

void alm_stories_init(struct alm_stories *stories)
{
	memset(stories, 0, sizeof(*stories));
	alm_arena_init(&stories->arena, ARENA_BYTES_MAX);
}

void alm_stories_fini(struct alm_stories *stories)
{
	free(stories->items);
	free(stories->index);
	free(stories->others);
	alm_arena_fini(&stories->arena);
}

/* FNV-1a: ids are UUIDs, and whoever fills the table is the one who reads. */
static uint64_t hash(const char *text, uint64_t seed)
{
	for (const char *c = text; *c != '\0'; c++) {
		seed = (seed ^ (uint8_t)*c) * UINT64_C(1099511628211);
	}
	return seed;
}

/* A sender chooses its ids: another may choose the same. */
static uint64_t hash_of(const struct alm_log_row *row)
{
	return hash(row->recipient,
		hash(row->sender,
			hash(row->message, UINT64_C(14695981039346656037))));
}

static const struct alm_log_row *any_of(const struct alm_story *story)
{
	return story->asked.seq != 0   ? &story->asked
	       : story->given.seq != 0 ? &story->given
				       : &story->ended;
}

static bool is_of(const struct alm_story *story, const struct alm_log_row *row)
{
	const struct alm_log_row *known = any_of(story);

	return strcmp(known->message, row->message) == 0 &&
	       strcmp(known->sender, row->sender) == 0 &&
	       strcmp(known->recipient, row->recipient) == 0;
}

static uint32_t *place(struct alm_stories *s, const struct alm_log_row *row)
{
	size_t at = (size_t)(hash_of(row) & (s->index_count - 1));

	while (s->index[at] != 0 && !is_of(&s->items[s->index[at] - 1], row)) {
		at = (at + 1) & (s->index_count - 1);
	}
	return &s->index[at];
}

/* At most half full. */
static bool grow_index(struct alm_stories *s)
{
	size_t count =
		s->index_count == 0 ? INDEX_COUNT_MIN : 2 * s->index_count;
	uint32_t *index;

	if (2 * (s->count + 1) <= s->index_count) {
		return true;
	}
	index = calloc(count, sizeof(*index));
	if (index == NULL) {
		return false;
	}
	free(s->index);
	s->index = index;
	s->index_count = count;
	for (size_t i = 0; i < s->count; i++) {
		if (!s->items[i].is_over) {
			*place(s, any_of(&s->items[i])) = (uint32_t)i + 1;
		}
	}
	return true;
}

static bool grow(void **items, size_t *capacity, size_t count, size_t bytes)
{
	size_t more = *capacity == 0 ? 64 : 2 * *capacity;
	void *grown;

	if (count < *capacity) {
		return true;
	}
	grown = count < ALM_STORIES_MAX ? realloc(*items, more * bytes) : NULL;
	if (grown == NULL) {
		return false;
	}
	*items = grown;
	*capacity = more;
	return true;
}

static bool is(const struct alm_log_row *row, enum alm_audit_kind kind)
{
	return strcmp(row->kind, alm_audit_kind_word(kind)) == 0;
}

/* Later records of a message change what became of it. */
static void follow(struct alm_story *story, const struct alm_log_row *row)
{
	static const struct {
		enum alm_audit_kind kind;
		enum alm_story_end end;
	} ends[] = {
		{ALM_AUDIT_ACKNOWLEDGED, ALM_STORY_TAKEN},
		{ALM_AUDIT_REJECTED, ALM_STORY_REJECTED},
		{ALM_AUDIT_STOPPED, ALM_STORY_STOPPED},
		{ALM_AUDIT_EXPIRED, ALM_STORY_EXPIRED},
		{ALM_AUDIT_DEAD_LETTERED, ALM_STORY_DEAD},
	};

	if (is(row, ALM_AUDIT_ACCEPTED) || is(row, ALM_AUDIT_REFUSED)) {
		/* The same message again, after it was refused: that counts. */
		story->asked = *row;
		story->end = is(row, ALM_AUDIT_REFUSED) ? ALM_STORY_REFUSED
							: ALM_STORY_WAITS;
	} else if (is(row, ALM_AUDIT_DELIVERED)) {
		if (story->given.seq == 0) {
			story->given = *row;
		}
		story->end = ALM_STORY_GIVEN;
	} else if (is(row, ALM_AUDIT_OVERRIDE_REVIEWED)) {
		story->reviewed = *row;
	}
	for (size_t i = 0; i < ALM_COUNT(ends); i++) {
		if (is(row, ends[i].kind)) {
			story->ended = *row;
			story->end = ends[i].end;
		}
	}
}

/* What an entry can begin with: the message, or what became of it. */
static bool begins(const struct alm_log_row *row)
{
	static const enum alm_audit_kind kinds[] = {ALM_AUDIT_ACCEPTED,
		ALM_AUDIT_REFUSED, ALM_AUDIT_DELIVERED, ALM_AUDIT_ACKNOWLEDGED,
		ALM_AUDIT_REJECTED, ALM_AUDIT_STOPPED, ALM_AUDIT_EXPIRED,
		ALM_AUDIT_DEAD_LETTERED};

	for (size_t i = 0; i < ALM_COUNT(kinds); i++) {
		if (is(row, kinds[i])) {
			return true;
		}
	}
	return false;
}

/* An id that was accepted is used again: for other content, which is refused,
 * or after the broker has forgotten the first.  Neither undoes what went out,
 * so it is an entry of its own, and what follows belongs to what was accepted
 * last. */
static void add_again(
	struct alm_stories *s, uint32_t *at, const struct alm_log_row *copy)
{
	struct alm_story *story = &s->items[s->count];
	bool is_refused = is(copy, ALM_AUDIT_REFUSED);

	*story = (struct alm_story){.is_over = is_refused};
	s->count++;
	if (!is_refused) {
		s->items[*at - 1].is_over = true;
		*at = (uint32_t)s->count;
	}
	follow(story, copy);
}

static bool is_again(
	const struct alm_story *story, const struct alm_log_row *row)
{
	return story->end != ALM_STORY_REFUSED &&
	       (is(row, ALM_AUDIT_ACCEPTED) || is(row, ALM_AUDIT_REFUSED));
}

bool alm_stories_add(struct alm_stories *s, const struct alm_log_row *row)
{
	struct alm_log_row copy;
	uint32_t *at;

	s->erased += strcmp(row->detail, "erased") == 0;
	s->pruned += strcmp(row->detail, "pruned") == 0;
	if (*row->message != '\0' && !begins(row) &&
		!alm_stories_have(s, row)) {
		return true; /* other records say what happened */
	}
	if (alm_log_keep(row, &s->arena, &copy) != ALM_OK || !grow_index(s) ||
		!grow((void **)&s->items, &s->capacity, s->count,
			sizeof(*s->items)) ||
		!grow((void **)&s->others, &s->other_capacity, s->other_count,
			sizeof(*s->others))) {
		s->is_short = true;
		return false;
	}
	if (*row->message == '\0') {
		s->others[s->other_count++] = copy;
		return true;
	}
	at = place(s, row);
	if (*at != 0 && is_again(&s->items[*at - 1], row)) {
		add_again(s, at, &copy);
		return true;
	}
	if (*at == 0) {
		s->items[s->count] = (struct alm_story){.end = 0};
		*at = (uint32_t)++s->count;
		/* So that it is found again, whatever came first. */
		s->items[*at - 1].ended = copy;
	}
	follow(&s->items[*at - 1], &copy);
	return true;
}

bool alm_stories_have(struct alm_stories *s, const struct alm_log_row *row)
{
	return s->index_count > 0 && *place(s, row) != 0;
}

bool alm_story_was_given(const struct alm_story *story)
{
	return story->given.seq != 0 || story->end == ALM_STORY_GIVEN ||
	       story->end == ALM_STORY_TAKEN ||
	       story->end == ALM_STORY_REJECTED;
}

const struct alm_log_row *alm_story_main(const struct alm_story *story)
{
	return story->given.seq != 0   ? &story->given
	       : story->asked.seq != 0 ? &story->asked
				       : &story->ended;
}
