/* The kinds, purposes and categories of a bundle. */
#include <string.h>

#include "broker/policy/loader.h"
#include "lib/limits.h"
#include "lib/yaml/read.h"

/* A section that is a list of ids (kinds) or of references (hosted kinds). */
static struct alm_words read_ids(struct alm_loader *loader,
	const struct alm_entries *entries, bool are_new)
{
	struct alm_words words = {NULL, 0};
	struct alm_word *items;

	if (entries->count == 0) {
		return words;
	}
	items = alm_loader_take(loader, entries->count, sizeof(*items));
	if (items == NULL) {
		return words;
	}
	for (size_t i = 0; i < entries->count; i++) {
		struct alm_word word = alm_loader_id(loader, entries->items[i]);

		if (word.text == NULL) {
			continue;
		}
		if (!are_new) {
			(void)alm_loader_refer(loader, &loader->kinds, word, 0,
				ALM_KIND_UNDECLARED, "a declared kind");
		}
		items[words.count++] = word;
	}
	words.items = items;
	return words;
}

void alm_load_kinds(struct alm_loader *loader)
{
	struct alm_bundle *bundle = loader->bundle;

	bundle->kinds =
		read_ids(loader, &loader->entries[ALM_SECTION_KINDS], true);
	alm_loader_index(loader, &loader->kinds, bundle->kinds.items,
		sizeof(struct alm_word), bundle->kinds.count);
	bundle->hosted_kinds = read_ids(
		loader, &loader->entries[ALM_SECTION_HOSTED_KINDS], false);
}

/* [any], or kinds. */
static void check_recipients(struct alm_loader *loader, struct alm_words words)
{
	for (size_t i = 0; i < words.count; i++) {
		struct alm_word word = words.items[i];

		if (strcmp(word.text, "any") != 0) {
			(void)alm_loader_refer(loader, &loader->kinds, word, 0,
				ALM_KIND_UNDECLARED, "a declared kind");
		} else if (words.count > 1) {
			(void)alm_diagnostics_add(loader->diagnostics,
				ALM_VALUE_BAD, word.place,
				"'any' stands alone: write [any], or a list "
				"of kinds");
		}
	}
}

static void read_purpose(struct alm_loader *loader,
	const struct alm_yaml_node *node, void *out_item)
{
	struct alm_bundle_purpose *out = out_item;
	enum { ID, CLASS, RECIPIENTS, UNDER, INHERIT, HL7, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {{"id", true},
		{"class", true}, {"recipients", true}, {"under", false},
		{"inherit", false}, {"hl7", false}};
	static const char *const classes[] = {"care", "secondary", "statutory"};
	static const char *const inherits[] = {"normal", "never"};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a purpose", keys, COUNT, at, loader->diagnostics);
	out->id = alm_loader_id(loader, at[ID]);
	out->under = alm_loader_id(loader, at[UNDER]);
	if (at[CLASS] != NULL) {
		out->class = (enum alm_purpose_class)(
			1 + alm_yaml_read_word(at[CLASS], classes,
				    ALM_COUNT(classes), loader->diagnostics));
	}
	if (at[INHERIT] != NULL) {
		out->inherits_never =
			alm_yaml_read_word(at[INHERIT], inherits,
				ALM_COUNT(inherits), loader->diagnostics) == 1;
	}
	out->recipients = alm_loader_words(loader, at[RECIPIENTS]);
	check_recipients(loader, out->recipients);
	out->hl7 = alm_loader_words(loader, at[HL7]);
}

/* Positions of the parents; a dangling one is reported and has none. */
static void find_parent(struct alm_loader *loader,
	const struct alm_index *index, const struct alm_word *under,
	const char *what, size_t *out_parent)
{
	*out_parent = under->text == NULL
			      ? ALM_INDEX_NONE
			      : alm_loader_refer(loader, index, *under, 0,
					ALM_REFERENCE_DANGLING, what);
}

/* Climbing stops after the first purpose that says `inherit: never`. */
static void note_purpose(struct alm_loader *loader,
	const struct alm_bundle_purpose *purposes, const size_t *parents,
	size_t position)
{
	struct alm_purpose_facts *facts = &loader->purpose_facts;
	uint64_t self = UINT64_C(1) << position;
	size_t at = position;

	if (purposes[position].class != ALM_CLASS_CARE) {
		facts->not_care |= self;
	}
	facts->covered_by[position] |= self;
	while (!purposes[at].inherits_never) {
		at = parents[at];
		if (at == ALM_INDEX_NONE) {
			facts->reached_by_any |= self;
			return;
		}
		facts->covered_by[position] |= UINT64_C(1) << at;
	}
}

void alm_load_purposes(struct alm_loader *loader)
{
	const struct alm_word *unders[ALM_PURPOSES_MAX];
	size_t parents[ALM_PURPOSES_MAX];
	struct alm_bundle_purpose *items =
		alm_loader_section(loader, ALM_SECTION_PURPOSES, sizeof(*items),
			read_purpose, &loader->purposes);
	size_t count = loader->entries[ALM_SECTION_PURPOSES].count;

	loader->bundle->purposes = items;
	loader->bundle->purpose_count = count;
	for (size_t i = 0; i < count; i++) {
		unders[i] = &items[i].under;
		find_parent(loader, &loader->purposes, unders[i], "a purpose",
			&parents[i]);
	}
	if (!alm_loader_check_cycles(loader, parents, unders, count)) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		note_purpose(loader, items, parents, i);
	}
}

uint64_t alm_loader_purposes_covered(
	const struct alm_loader *loader, struct alm_words words)
{
	const struct alm_purpose_facts *facts = &loader->purpose_facts;
	uint64_t listed = 0;
	uint64_t covered = 0;

	for (size_t i = 0; i < words.count; i++) {
		size_t position =
			alm_index_find(&loader->purposes, words.items[i].text);

		if (position != ALM_INDEX_NONE) {
			listed |= UINT64_C(1) << position;
		} else if (strcmp(words.items[i].text, "any") == 0) {
			covered |= facts->reached_by_any;
		}
	}
	for (size_t i = 0; i < loader->bundle->purpose_count; i++) {
		if ((facts->covered_by[i] & listed) != 0) {
			covered |= UINT64_C(1) << i;
		}
	}
	return covered;
}

static void read_category(struct alm_loader *loader,
	const struct alm_yaml_node *node, void *out_item)
{
	struct alm_bundle_category *out = out_item;
	enum { ID, UNDER, SENSITIVITY, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {
		{"id", true}, {"under", false}, {"sensitivity", false}};
	static const char *const words[] = {
		"normal", "sensitive", "restricted", "protected"};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a category", keys, COUNT, at, loader->diagnostics);
	out->id = alm_loader_id(loader, at[ID]);
	out->under = alm_loader_id(loader, at[UNDER]);
	if (at[SENSITIVITY] != NULL) {
		out->sensitivity = (enum alm_sensitivity)alm_yaml_read_word(
			at[SENSITIVITY], words, ALM_COUNT(words),
			loader->diagnostics);
	}
}

void alm_load_categories(struct alm_loader *loader)
{
	const struct alm_word *unders[ALM_CATEGORIES_MAX];
	size_t parents[ALM_CATEGORIES_MAX];
	struct alm_bundle_category *items =
		alm_loader_section(loader, ALM_SECTION_CATEGORIES,
			sizeof(*items), read_category, &loader->categories);
	size_t count = loader->entries[ALM_SECTION_CATEGORIES].count;

	loader->bundle->categories = items;
	loader->bundle->category_count = count;
	for (size_t i = 0; i < count; i++) {
		unders[i] = &items[i].under;
		find_parent(loader, &loader->categories, unders[i],
			"a category", &parents[i]);
	}
	(void)alm_loader_check_cycles(loader, parents, unders, count);
}
