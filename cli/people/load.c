/*
 * A file of records, sorted by subject and then by type, so that each person
 * is a run of records and each type a run within it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/people/json.h"
#include "lib/file.h"
#include "lib/limits.h"

#define FILE_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024 * 1024)

struct alm_people_entry {
	const char *subject;
	struct alm_person person;
};

struct records {
	struct alm_person_record *items;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct alm_person_record *x = a;
	const struct alm_person_record *y = b;
	int order = strcmp(x->subject, y->subject);

	return order != 0 ? order : (int)x->type - (int)y->type;
}

static bool is_blank(struct alm_bytes line)
{
	for (size_t i = 0; i < line.bytes; i++) {
		if (strchr(" \t\r", line.data[i]) == NULL ||
			line.data[i] == '\0') {
			return false;
		}
	}
	return true;
}

static size_t count_lines(struct alm_bytes content)
{
	size_t count = 1;

	for (size_t i = 0; i < content.bytes; i++) {
		count += content.data[i] == '\n' ? 1 : 0;
	}
	return count;
}

static enum alm_err read_lines(const char *path, struct alm_bytes content,
	struct alm_arena *arena, struct records *out,
	struct alm_problem *problem)
{
	struct alm_problem why = {ALM_OK, ""};

	out->items = calloc(count_lines(content), sizeof(*out->items));
	if (out->items == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", path);
	}
	for (size_t line = 1; content.bytes > 0; line++) {
		const uint8_t *end = memchr(content.data, '\n', content.bytes);
		size_t bytes = end != NULL ? (size_t)(end - content.data)
					   : content.bytes;
		struct alm_bytes text = {content.data, bytes};

		if (!is_blank(text)) {
			enum alm_err err = alm_people_json_read(
				text, arena, &out->items[out->count], &why);

			if (err != ALM_OK) {
				return alm_problem_set(problem, err,
					"%s:%zu: %s", path, line, why.detail);
			}
			out->count++;
		}
		bytes += end != NULL ? 1 : 0;
		content.data += bytes;
		content.bytes -= bytes;
	}
	return ALM_OK;
}

/* The records of one person, by type, in memory of their own. */
static bool gather(struct alm_arena *arena,
	const struct alm_person_record *items, size_t count,
	struct alm_person *out)
{
	struct alm_directive *directives =
		alm_arena_take(arena, count * sizeof(*directives));
	struct alm_relationship *relationships =
		alm_arena_take(arena, count * sizeof(*relationships));
	struct alm_opt_out *opt_outs =
		alm_arena_take(arena, count * sizeof(*opt_outs));
	struct alm_flag *flags = alm_arena_take(arena, count * sizeof(*flags));

	if (directives == NULL || relationships == NULL || opt_outs == NULL ||
		flags == NULL) {
		return false;
	}
	*out = (struct alm_person){
		.directives = directives,
		.relationships = relationships,
		.opt_outs = opt_outs,
		.flags = flags,
		.is_over_limit = count > ALM_PERSON_RECORDS_MAX,
	};
	if (out->is_over_limit) {
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		switch (items[i].type) {
		case ALM_RECORD_DIRECTIVE:
			directives[out->directive_count++] = items[i].directive;
			break;
		case ALM_RECORD_RELATIONSHIP:
			relationships[out->relationship_count++] =
				items[i].relationship;
			break;
		case ALM_RECORD_OPT_OUT:
			opt_outs[out->opt_out_count++] = items[i].opt_out;
			break;
		case ALM_RECORD_FLAG:
			flags[out->flag_count++] = items[i].flag;
			break;
		}
	}
	return true;
}

static bool index_people(struct alm_people *people, struct records *records)
{
	size_t first = 0;

	if (records->count > 1) {
		qsort(records->items, records->count, sizeof(*records->items),
			compare);
	}
	people->entries = alm_arena_take(&people->arena,
		(records->count + 1) * sizeof(*people->entries));
	if (people->entries == NULL) {
		return false;
	}
	while (first < records->count) {
		const struct alm_person_record *run = &records->items[first];
		struct alm_people_entry *entry =
			&people->entries[people->count++];
		size_t count = 1;

		while (first + count < records->count &&
			strcmp(run[count].subject, run->subject) == 0) {
			count++;
		}
		entry->subject = alm_arena_text(
			&people->arena, run->subject, strlen(run->subject));
		if (entry->subject == NULL ||
			!gather(&people->arena, run, count, &entry->person)) {
			return false;
		}
		first += count;
	}
	return true;
}

enum alm_err alm_people_load(
	const char *path, struct alm_people *out, struct alm_problem *problem)
{
	struct alm_people people = {.entries = NULL};
	struct records records = {NULL, 0};
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	alm_arena_init(&people.arena, ARENA_BYTES_MAX);
	err = alm_file_read(path, FILE_BYTES_MAX, &data, &bytes, problem);
	if (err == ALM_OK) {
		err = read_lines(path, (struct alm_bytes){data, bytes},
			&people.arena, &records, problem);
	}
	if (err == ALM_OK && !index_people(&people, &records)) {
		err = alm_problem_set(problem, ALM_NOMEM, "%s", path);
	}
	free(data);
	free(records.items);
	if (err != ALM_OK) {
		alm_people_fini(&people);
		return err;
	}
	*out = people;
	return ALM_OK;
}

void alm_people_fini(struct alm_people *people)
{
	alm_arena_fini(&people->arena);
	people->entries = NULL;
	people->count = 0;
}

const struct alm_person *alm_people_at(
	const struct alm_people *people, size_t i)
{
	return i < people->count ? &people->entries[i].person : NULL;
}

const struct alm_person *alm_people_find(
	const struct alm_people *people, const char *subject)
{
	size_t low = 0;
	size_t high = people->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(people->entries[middle].subject, subject);

		if (order == 0) {
			return &people->entries[middle].person;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NULL;
}
