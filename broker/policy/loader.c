#include "broker/policy/loader.h"

#include <string.h>

#include "lib/id.h"
#include "lib/limits.h"
#include "lib/yaml/read.h"

/* Looking for near words must not make a hostile bundle slow to refuse. */
#define COMPARED_MAX 1000000u

void *alm_loader_take(
	struct alm_loader *loader, size_t count, size_t item_bytes)
{
	void *at = NULL;

	if (count <= SIZE_MAX / item_bytes) {
		at = alm_arena_take(loader->arena, count * item_bytes);
	}
	loader->is_out_of_memory = loader->is_out_of_memory || at == NULL;
	return at;
}

static struct alm_word word_of(const struct alm_yaml_node *node)
{
	return (struct alm_word){node->text, alm_yaml_place(node)};
}

struct alm_word alm_loader_id(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	static const struct alm_word none;
	const char *why = "use letters, digits, '.', '_' and '-', at most 64, "
			  "a letter or digit first";

	if (node == NULL) {
		return none;
	}
	if (node->kind == ALM_YAML_SCALAR && alm_id_is_valid(node->text)) {
		return word_of(node);
	}
	if (strcmp(node->text, "any") == 0) {
		why = "it stands for all; use another word";
	}
	(void)alm_diagnostics_add(loader->diagnostics, ALM_ID_BAD,
		alm_yaml_place(node), "'%.64s' is not an id; %s", node->text,
		why);
	return none;
}

const char *alm_loader_text(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	const char *text = alm_yaml_read_text(
		node, ALM_TEXT_BYTES_MAX, loader->diagnostics);

	return text != NULL ? text : "";
}

unsigned alm_loader_choice(struct alm_loader *loader,
	const struct alm_yaml_node *node, const char *const *words,
	size_t word_count)
{
	size_t i;

	if (node == NULL) {
		return 0;
	}
	i = alm_yaml_read_word(node, words, word_count, loader->diagnostics);
	return i < word_count ? (unsigned)i + 1 : 0;
}

struct alm_words alm_loader_words(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	struct alm_words words = {NULL, 0};
	struct alm_word *items;

	if (!alm_yaml_read_list(node, loader->diagnostics)) {
		return words;
	}
	items = alm_loader_take(loader, node->count, sizeof(*items));
	if (items == NULL) {
		return words;
	}
	for (const struct alm_yaml_node *child = node->first; child != NULL;
		child = child->next) {
		if (alm_yaml_read_text(child, ALM_TEXT_BYTES_MAX,
			    loader->diagnostics) != NULL) {
			items[words.count++] = word_of(child);
		}
	}
	words.items = items;
	return words;
}

void alm_loader_period(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_period *out)
{
	enum alm_err err = ALM_VALUE_BAD;

	if (node->kind == ALM_YAML_SCALAR) {
		err = alm_period_parse(node->text, out);
	}
	if (err == ALM_PERIOD_REVERSED) {
		(void)alm_diagnostics_add(loader->diagnostics, err,
			alm_yaml_place(node), "'%.64s' ends before it begins",
			node->text);
	} else if (err != ALM_OK) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"'%.64s' is not a period; write 'YYYY-MM-DD to "
			"YYYY-MM-DD' or 'YYYY-MM-DD until further notice'",
			node->text);
	}
}

static void report_duplicates(
	struct alm_loader *loader, const struct alm_index *index)
{
	size_t first = 0;

	for (size_t i = 1; i < index->count; i++) {
		const struct alm_word *word = index->items[i].word;
		const struct alm_word *known = index->items[first].word;

		if (strcmp(word->text, known->text) != 0) {
			first = i;
			continue;
		}
		(void)alm_diagnostics_add(loader->diagnostics, ALM_ID_DUPLICATE,
			word->place, "the id '%s' stands twice; first in %s:%u",
			word->text, known->place.file, known->place.line);
	}
}

void alm_loader_index(struct alm_loader *loader, struct alm_index *index,
	const struct alm_word *first, size_t stride, size_t count)
{
	if (alm_index_build(index, loader->arena, first, stride, count) !=
		ALM_OK) {
		loader->is_out_of_memory = true;
		return;
	}
	report_duplicates(loader, index);
}

void *alm_loader_section(struct alm_loader *loader, enum alm_section section,
	size_t item_bytes, alm_loader_read_fn *read, struct alm_index *index)
{
	struct alm_entries *entries = &loader->entries[section];
	char *items = entries->count == 0 ? NULL
					  : alm_loader_take(loader,
						    entries->count, item_bytes);

	if (items == NULL) {
		entries->count = 0;
		return NULL;
	}
	for (size_t i = 0; i < entries->count; i++) {
		read(loader, entries->items[i], items + i * item_bytes);
	}
	alm_loader_index(loader, index,
		(const struct alm_word *)(const void *)items, item_bytes,
		entries->count);
	return items;
}

size_t alm_loader_refer(struct alm_loader *loader,
	const struct alm_index *index, struct alm_word word, size_t skip,
	enum alm_err err, const char *what)
{
	const char *text = word.text + skip;
	size_t position = alm_index_find(index, text);
	const char *nearest = NULL;

	if (position != ALM_INDEX_NONE) {
		return position;
	}
	if (!alm_diagnostics_is_full(loader->diagnostics) &&
		loader->compared < COMPARED_MAX) {
		loader->compared += index->count;
		nearest = alm_index_nearest(index, text);
	}
	(void)alm_diagnostics_add(loader->diagnostics, err, word.place,
		"'%.64s' is not %s of this bundle%s%s%s", text, what,
		nearest != NULL ? "; did you mean '" : "",
		nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
	return ALM_INDEX_NONE;
}

void alm_loader_refer_all(struct alm_loader *loader,
	const struct alm_index *index, struct alm_words words, const char *what)
{
	for (size_t i = 0; i < words.count; i++) {
		if (strcmp(words.items[i].text, "any") != 0) {
			(void)alm_loader_refer(loader, index, words.items[i], 0,
				ALM_REFERENCE_DANGLING, what);
		}
	}
}

void alm_loader_check_parties(struct alm_loader *loader, struct alm_words words)
{
	for (size_t i = 0; i < words.count; i++) {
		struct alm_word word = words.items[i];

		if (strcmp(word.text, "any") == 0) {
			continue;
		}
		if (strncmp(word.text, "kind:", 5) == 0) {
			(void)alm_loader_refer(loader, &loader->kinds, word, 5,
				ALM_KIND_UNDECLARED, "a declared kind");
		} else if (strncmp(word.text, "group:", 6) == 0) {
			(void)alm_loader_refer(loader, &loader->groups, word, 6,
				ALM_REFERENCE_DANGLING, "a group");
		} else {
			(void)alm_loader_refer(loader, &loader->organisations,
				word, 0, ALM_REFERENCE_DANGLING,
				"an organisation");
		}
	}
}

/*
 * Each walk up marks what it passes with its own number; meeting that number
 * again closes a ring, meeting an older one leads to what is already judged.
 */
bool alm_loader_check_cycles(struct alm_loader *loader, const size_t *parents,
	const struct alm_word *const *unders, size_t count)
{
	size_t *seen = alm_loader_take(loader, count, sizeof(*seen));
	bool is_good = true;

	if (seen == NULL) {
		return false;
	}
	for (size_t start = 0; start < count; start++) {
		size_t at = start;

		while (at != ALM_INDEX_NONE && seen[at] == 0) {
			seen[at] = start + 1;
			at = parents[at];
		}
		if (at != ALM_INDEX_NONE && seen[at] == start + 1) {
			is_good = false;
			(void)alm_diagnostics_add(loader->diagnostics,
				ALM_CYCLE, unders[at]->place,
				"'under: %s' leads back to where it began",
				unders[at]->text);
		}
	}
	return is_good;
}
