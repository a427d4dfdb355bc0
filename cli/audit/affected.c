#include "cli/audit/affected.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One message to one recipient that was handed over. */
struct entry {
	const struct alm_log_row *row;
	bool is_taken;
};

static int by_person(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	int order = strcmp(x->row->person, y->row->person);

	return order != 0                  ? order
	       : x->row->seq < y->row->seq ? -1
					   : x->row->seq > y->row->seq;
}

static unsigned level_bit(const char *word)
{
	for (unsigned i = 1; i <= 4; i++) {
		if (strcmp(alm_audit_level_word(i), word) == 0) {
			return 1u << i;
		}
	}
	return 0;
}

const char *alm_affected_levels(const struct alm_affected_group *group)
{
	for (unsigned i = 4; i >= 1; i--) {
		if ((group->levels & 1u << i) != 0) {
			return alm_audit_level_word(i);
		}
	}
	return "";
}

/* The number of a word among the groups, which is added if it is new; those
 * past the last place share it. */
static size_t number_of(struct alm_affected_group *groups, size_t *count,
	const char *word, size_t bytes, struct alm_arena *arena)
{
	for (size_t i = 0; i < *count; i++) {
		if (strlen(groups[i].key) == bytes &&
			memcmp(groups[i].key, word, bytes) == 0) {
			return i;
		}
	}
	if (*count == ALM_AFFECTED_WORDS_MAX) {
		groups[*count].key = "others";
		groups[(*count)++].masked = "";
		return ALM_AFFECTED_WORDS_MAX;
	}
	if (*count > ALM_AFFECTED_WORDS_MAX) {
		return ALM_AFFECTED_WORDS_MAX;
	}
	groups[*count].key = alm_arena_text(arena, word, bytes);
	groups[*count].masked = "";
	if (groups[*count].key == NULL) {
		groups[*count].key = "";
	}
	return (*count)++;
}

static void note(struct alm_affected_group *group, const struct entry *entry,
	bool is_new_person)
{
	group->messages++;
	group->people += is_new_person ? 1 : 0;
	group->taken += entry->is_taken ? 1 : 0;
	group->levels |= level_bit(entry->row->level_out);
	group->epoch = entry->row->epoch;
	if (group->first == NULL ||
		strcmp(entry->row->time, group->first) < 0) {
		group->first = entry->row->time;
	}
	if (group->last == NULL || strcmp(entry->row->time, group->last) > 0) {
		group->last = entry->row->time;
	}
}

/* Entries come by person: which recipients and categories this person was
 * already counted for. */
struct seen {
	uint64_t recipients;
	uint64_t categories;
};

static void add_entry(struct alm_affected *a, const struct entry *entry,
	struct alm_affected_group *person, struct seen *seen,
	struct alm_arena *arena)
{
	const struct alm_log_row *row = entry->row;
	size_t to = number_of(a->recipients, &a->recipient_count,
		row->recipient, strlen(row->recipient), arena);
	uint64_t kinds = 0;

	for (const char *c = row->categories; *c != '\0';) {
		size_t bytes = strcspn(c, ",");
		size_t kind = number_of(
			a->categories, &a->category_count, c, bytes, arena);
		uint64_t bit = UINT64_C(1) << kind;

		note(&a->categories[kind], entry,
			person != NULL && (seen->categories & bit) == 0);
		seen->categories |= bit;
		kinds |= bit;
		c += bytes + (c[bytes] == ',' ? 1 : 0);
	}
	note(&a->recipients[to], entry,
		person != NULL && (seen->recipients & UINT64_C(1) << to) == 0);
	a->recipients[to].categories |= kinds;
	seen->recipients |= UINT64_C(1) << to;
	if (person != NULL) {
		note(person, entry, false);
		person->categories |= kinds;
		person->recipients |= UINT64_C(1) << to;
	}
}

static size_t take_entries(
	struct alm_report *r, struct alm_affected *a, struct entry *entries)
{
	size_t count = 0;

	for (size_t i = 0; i < r->stories.count; i++) {
		const struct alm_story *story = &r->stories.items[i];
		bool is_taken = story->end == ALM_STORY_TAKEN;

		a->waiting += story->end == ALM_STORY_WAITS ? 1 : 0;
		if (!alm_story_was_given(story)) {
			continue;
		}
		a->taken += is_taken ? 1 : 0;
		entries[count++] =
			(struct entry){alm_story_main(story), is_taken};
	}
	return count;
}

enum alm_err alm_affected_count(struct alm_report *r, struct alm_affected *out,
	struct alm_problem *problem)
{
	struct alm_arena *arena = &r->arena;
	size_t count = r->stories.count;
	size_t word_bytes = (ALM_AFFECTED_WORDS_MAX + 1) *
			    sizeof(struct alm_affected_group);
	struct entry *entries =
		alm_arena_take(arena, (count + 1) * sizeof(*entries));
	struct alm_affected_group *person = NULL;
	struct seen seen = {0, 0};

	*out = (struct alm_affected){.given = 0};
	out->persons =
		alm_arena_take(arena, (count + 1) * sizeof(*out->persons));
	out->recipients = alm_arena_take(arena, word_bytes);
	out->categories = alm_arena_take(arena, word_bytes);
	if (entries == NULL || out->persons == NULL ||
		out->recipients == NULL || out->categories == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	memset(out->recipients, 0, word_bytes);
	memset(out->categories, 0, word_bytes);
	out->given = take_entries(r, out, entries);
	qsort(entries, out->given, sizeof(*entries), by_person);
	for (size_t i = 0; i < out->given; i++) {
		const char *key = entries[i].row->person;

		if (*key == '\0') {
			out->about_nobody++;
		} else if (person == NULL || strcmp(person->key, key) != 0) {
			person = &out->persons[out->person_count++];
			*person = (struct alm_affected_group){
				.key = key, .masked = "", .people = 1};
			seen = (struct seen){0, 0};
		}
		add_entry(out, &entries[i], person, &seen, arena);
	}
	return ALM_OK;
}

const char *alm_affected_words(const struct alm_affected *a, uint64_t set,
	bool is_categories, struct alm_arena *arena)
{
	const struct alm_affected_group *groups =
		is_categories ? a->categories : a->recipients;
	const char *text = "";

	for (size_t i = 0; i <= ALM_AFFECTED_WORDS_MAX; i++) {
		if ((set >> i & 1) != 0) {
			const char *more = alm_arena_printf(arena, "%s%s%s",
				text, *text != '\0' ? ", " : "", groups[i].key);

			text = more != NULL ? more : text;
		}
	}
	return text;
}

/* --- naming --------------------------------------------------------------- */

static struct alm_affected_group *find(
	struct alm_affected *a, const char *pseudonym)
{
	size_t low = 0;
	size_t high = a->person_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(a->persons[middle].key, pseudonym);

		if (order == 0) {
			return &a->persons[middle];
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NULL;
}

static enum alm_err name_one(struct alm_report *r, struct alm_affected *a,
	const char *number, struct alm_problem *problem)
{
	char masked[ALM_NHS_MASKED_BYTES];
	char pseudonym[33];
	struct alm_affected_group *person;
	enum alm_err err = alm_log_pseudonym(
		r->log, number, r->question.reason, pseudonym, problem);

	if (err != ALM_OK) {
		return err;
	}
	person = find(a, pseudonym);
	if (person != NULL) {
		const char *copy;

		alm_nhs_number_mask(number, masked);
		copy = alm_arena_text(&r->arena, masked, strlen(masked));
		person->masked = copy != NULL ? copy : "";
	}
	return ALM_OK;
}

enum alm_err alm_affected_name(struct alm_report *r, struct alm_affected *a,
	const char *path, struct alm_problem *problem)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	enum alm_err err = ALM_OK;
	unsigned line = 0;
	char text[64];

	if (in == NULL) {
		return alm_problem_set(problem, ALM_IO, "%s", path);
	}
	while (err == ALM_OK && fgets(text, sizeof(text), in) != NULL) {
		char number[ALM_NHS_NUMBER_BYTES + 1] = "";
		size_t digits = 0;

		line++;
		for (const char *c = text; *c != '\0'; c++) {
			if (*c >= '0' && *c <= '9' &&
				digits < ALM_NHS_NUMBER_BYTES) {
				number[digits++] = *c;
			}
		}
		if (digits == 0) {
			continue;
		}
		err = alm_nhs_number_is_valid(number)
			      ? name_one(r, a, number, problem)
			      : alm_problem_set(problem, ALM_SUBJECT_INVALID,
					"line %u", line);
		sodium_memzero(number, sizeof(number));
	}
	sodium_memzero(text, sizeof(text));
	if (in != stdin) {
		(void)fclose(in);
	}
	return err;
}
