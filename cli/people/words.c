#include "cli/people/words.h"

/* The first word of a list that the snapshot lacks; NULL: it has all. */
static const char *lacking(const struct alm_snapshot *snapshot,
	const struct alm_word_list *words,
	bool (*has)(const struct alm_snapshot *, const char *))
{
	for (size_t i = 0; i < words->count; i++) {
		if (!has(snapshot, words->items[i])) {
			return words->items[i];
		}
	}
	return NULL;
}

static const char *lacking_of(const struct alm_snapshot *snapshot,
	const struct alm_word_list *purposes,
	const struct alm_word_list *categories, const struct alm_word_list *to)
{
	const char *word =
		lacking(snapshot, purposes, alm_snapshot_has_purpose);

	if (word == NULL) {
		word = lacking(snapshot, categories, alm_snapshot_has_category);
	}
	return word != NULL ? word
			    : lacking(snapshot, to, alm_snapshot_has_selector);
}

static const char *find_word(const struct alm_snapshot *snapshot,
	const struct alm_directive *directive)
{
	const char *word = lacking_of(snapshot, &directive->purposes,
		&directive->categories, &directive->to);

	for (size_t i = 0; word == NULL && i < directive->exception_count;
		i++) {
		const struct alm_directive_exception *at =
			&directive->exceptions[i];

		word = lacking_of(
			snapshot, &at->purposes, &at->categories, &at->to);
	}
	return word;
}

void alm_people_warn_of_words(const struct alm_people *people,
	const struct alm_snapshot *snapshot, const struct alm_output *output)
{
	const struct alm_person *person;
	const char *first = NULL;
	const char *id = "";
	size_t count = 0;

	for (size_t i = 0; (person = alm_people_at(people, i)) != NULL; i++) {
		for (size_t j = 0; j < person->directive_count; j++) {
			const char *word =
				find_word(snapshot, &person->directives[j]);

			if (word != NULL && count++ == 0) {
				first = word;
				id = person->directives[j].id;
			}
		}
	}
	if (count > 0) {
		alm_print_warning(output,
			"%zu directives name words that the bundle lacks, "
			"such as '%.64s' in '%.64s': in a denial such a word "
			"counts as any, in a permit as nothing",
			count, first, id);
	}
}
