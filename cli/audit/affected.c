#include "cli/audit/affected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/words.h"

/* One message to one recipient that was handed over. */
struct entry {
	const struct alm_log_row *row;
	bool is_taken;
	uint32_t to; /* the number of its recipient */
};

static int by_recipient(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	return strcmp(x->row->recipient, y->row->recipient);
}

static int by_person(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	int order = strcmp(x->row->person, y->row->person);

	return order != 0                  ? order
	       : x->row->seq < y->row->seq ? -1
					   : x->row->seq > y->row->seq;
}

const char *alm_affected_levels(const struct alm_affected_group *group)
{
	for (unsigned i = ALM_LEVEL_WORDS; i > 0; i--) {
		if ((group->levels & 1u << i) != 0) {
			return alm_level_word(i);
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
	group->levels |= 1u << alm_level_of(entry->row->level_out);
	group->epoch = entry->row->epoch;
	if (group->first == NULL ||
		strcmp(entry->row->time, group->first) < 0) {
		group->first = entry->row->time;
	}
	if (group->last == NULL || strcmp(entry->row->time, group->last) > 0) {
		group->last = entry->row->time;
	}
}

/* Entries come by person: whom and what this person was counted for. */
struct person {
	struct alm_affected_group *group; /* NULL: nobody */
	uint64_t categories;
};

/* Whether the recipient is one more of the person's. */
static bool add_recipient(struct alm_affected_group *group, uint32_t to)
{
	for (size_t i = 0; i < group->recipient_count; i++) {
		if (group->recipients[i] == to) {
			return false;
		}
	}
	group->recipients[group->recipient_count++] = to;
	return true;
}

static void add_entry(struct alm_affected *a, const struct entry *entry,
	struct person *person, struct alm_arena *arena)
{
	bool is_about = person->group != NULL;
	uint64_t kinds = 0;

	for (const char *c = entry->row->categories; *c != '\0';) {
		size_t bytes = strcspn(c, ",");
		size_t kind = number_of(
			a->categories, &a->category_count, c, bytes, arena);
		uint64_t bit = UINT64_C(1) << kind;

		note(&a->categories[kind], entry,
			is_about && (person->categories & bit) == 0);
		person->categories |= bit;
		kinds |= bit;
		c += bytes + (c[bytes] == ',' ? 1 : 0);
	}
	note(&a->recipients[entry->to], entry,
		is_about && add_recipient(person->group, entry->to));
	a->recipients[entry->to].categories |= kinds;
	if (is_about) {
		note(person->group, entry, false);
		person->group->categories |= kinds;
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
			(struct entry){alm_story_main(story), is_taken, 0};
	}
	return count;
}

/* Every one: who received what they should not is what must be told. */
static void number_recipients(struct alm_affected *a, struct entry *entries)
{
	struct alm_affected_group *last = NULL;

	if (a->given > 0) {
		qsort(entries, a->given, sizeof(*entries), by_recipient);
	}
	for (size_t i = 0; i < a->given; i++) {
		const char *key = entries[i].row->recipient;

		if (last == NULL || strcmp(last->key, key) != 0) {
			last = &a->recipients[a->recipient_count++];
			*last = (struct alm_affected_group){
				.key = key, .masked = ""};
		}
		entries[i].to = (uint32_t)(a->recipient_count - 1);
	}
}

static void add_entries(struct alm_affected *a, struct entry *entries,
	uint32_t *recipients, struct alm_arena *arena)
{
	struct person person = {.group = NULL};

	if (a->given > 0) {
		qsort(entries, a->given, sizeof(*entries), by_person);
	}
	for (size_t i = 0; i < a->given; i++) {
		const char *key = entries[i].row->person;

		if (*key == '\0') {
			a->about_nobody++;
		} else if (person.group == NULL ||
			   strcmp(person.group->key, key) != 0) {
			person.group = &a->persons[a->person_count++];
			*person.group = (struct alm_affected_group){.key = key,
				.masked = "",
				.people = 1,
				.recipients = &recipients[i]};
			person.categories = 0;
		}
		add_entry(a, &entries[i], &person, arena);
	}
}

enum alm_err alm_affected_count(struct alm_report *r, struct alm_affected *out,
	struct alm_problem *problem)
{
	struct alm_arena *arena = &r->arena;
	size_t count = r->stories.count + 1;
	size_t group_bytes = sizeof(struct alm_affected_group);
	size_t word_bytes = (ALM_AFFECTED_WORDS_MAX + 1) * group_bytes;
	struct entry *entries = alm_arena_take(arena, count * sizeof(*entries));
	uint32_t *recipients =
		alm_arena_take(arena, count * sizeof(*recipients));

	*out = (struct alm_affected){.given = 0};
	out->persons = alm_arena_take(arena, count * group_bytes);
	out->recipients = alm_arena_take(arena, count * group_bytes);
	out->categories = alm_arena_take(arena, word_bytes);
	if (entries == NULL || recipients == NULL || out->persons == NULL ||
		out->recipients == NULL || out->categories == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	memset(out->categories, 0, word_bytes);
	out->given = take_entries(r, out, entries);
	number_recipients(out, entries);
	add_entries(out, entries, recipients, arena);
	return ALM_OK;
}

const char *alm_affected_kinds(const struct alm_affected *a,
	const struct alm_affected_group *group, struct alm_arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i <= ALM_AFFECTED_WORDS_MAX; i++) {
		if ((group->categories >> i & 1) != 0) {
			const char *more = alm_arena_printf(arena, "%s%s%s",
				text, *text != '\0' ? ", " : "",
				a->categories[i].key);

			text = more != NULL ? more : text;
		}
	}
	return text;
}

const char *alm_affected_recipients(const struct alm_affected *a,
	const struct alm_affected_group *person, struct alm_arena *arena)
{
	size_t bytes = 1;
	struct alm_writer w;
	char *text;

	for (size_t i = 0; i < person->recipient_count; i++) {
		bytes += strlen(a->recipients[person->recipients[i]].key) + 2;
	}
	text = alm_arena_take(arena, bytes);
	if (text == NULL) {
		return "";
	}
	alm_writer_init(&w, (uint8_t *)text, bytes);
	for (size_t i = 0; i < person->recipient_count; i++) {
		const char *key = a->recipients[person->recipients[i]].key;

		alm_write_raw(&w, ", ", i > 0 ? 2 : 0);
		alm_write_raw(&w, key, strlen(key));
	}
	text[w.bytes] = '\0';
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
