#include "lib/yaml/read.h"

#include <string.h>

#include "lib/nearest.h"

/* "a list" and so on, for messages. */
static const char *kind_name(enum alm_yaml_kind kind)
{
	switch (kind) {
	case ALM_YAML_SCALAR:
		return "a single value";
	case ALM_YAML_LIST:
		return "a list";
	case ALM_YAML_MAP:
		return "a mapping";
	}
	return "something else";
}

static void report_unknown(const struct alm_yaml_node *child, const char *what,
	const struct alm_yaml_key *keys, size_t key_count,
	struct alm_diagnostics *diagnostics)
{
	struct alm_nearest nearest;

	alm_nearest_init(&nearest, child->key);
	for (size_t i = 0; i < key_count; i++) {
		alm_nearest_offer(&nearest, keys[i].name);
	}
	(void)alm_diagnostics_add(diagnostics, ALM_KEY_UNKNOWN,
		alm_yaml_key_place(child), "%s has no key '%.64s'%s%s%s", what,
		child->key, nearest.best != NULL ? "; did you mean '" : "",
		nearest.best != NULL ? nearest.best : "",
		nearest.best != NULL ? "'?" : "");
}

static bool look_up(const struct alm_yaml_node *child,
	const struct alm_yaml_key *keys, size_t key_count,
	const struct alm_yaml_node **out_values)
{
	for (size_t i = 0; i < key_count; i++) {
		if (strcmp(child->key, keys[i].name) == 0) {
			out_values[i] = child;
			return true;
		}
	}
	return false;
}

bool alm_yaml_read_map(const struct alm_yaml_node *node, const char *what,
	const struct alm_yaml_key *keys, size_t key_count,
	const struct alm_yaml_node **out_values,
	struct alm_diagnostics *diagnostics)
{
	bool is_good = true;

	for (size_t i = 0; i < key_count; i++) {
		out_values[i] = NULL;
	}
	if (node->kind != ALM_YAML_MAP) {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"%s is written as a mapping of keys, not as %s", what,
			kind_name(node->kind));
		return false;
	}
	for (const struct alm_yaml_node *child = node->first; child != NULL;
		child = child->next) {
		if (!look_up(child, keys, key_count, out_values)) {
			report_unknown(
				child, what, keys, key_count, diagnostics);
			is_good = false;
		}
	}
	for (size_t i = 0; i < key_count; i++) {
		if (keys[i].is_required && out_values[i] == NULL) {
			(void)alm_diagnostics_add(diagnostics, ALM_KEY_MISSING,
				alm_yaml_place(node), "%s needs the key '%s'",
				what, keys[i].name);
			is_good = false;
		}
	}
	return is_good;
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20) {
			return true;
		}
	}
	return false;
}

static bool read_scalar(
	const struct alm_yaml_node *node, struct alm_diagnostics *diagnostics)
{
	if (node->kind != ALM_YAML_SCALAR) {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"a single value is expected here, not %s",
			kind_name(node->kind));
		return false;
	}
	return true;
}

const char *alm_yaml_read_text(const struct alm_yaml_node *node,
	size_t bytes_max, struct alm_diagnostics *diagnostics)
{
	if (node == NULL || !read_scalar(node, diagnostics)) {
		return NULL;
	}
	if (node->text[0] == '\0') {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node), "the value is empty");
		return NULL;
	}
	if (strlen(node->text) > bytes_max) {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"the value is longer than %zu bytes", bytes_max);
		return NULL;
	}
	if (has_control(node->text)) {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"the value holds a line break or a tab");
		return NULL;
	}
	return node->text;
}

/* `one of a, b, c`, as far as it fits. */
static void list_words(const char *const *words, size_t word_count, char *out,
	size_t out_bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < word_count; i++) {
		size_t bytes = strlen(words[i]);

		if (used + bytes + 3 > out_bytes) {
			return;
		}
		if (i > 0) {
			memcpy(out + used, ", ", 2);
			used += 2;
		}
		memcpy(out + used, words[i], bytes + 1);
		used += bytes;
	}
}

size_t alm_yaml_read_word(const struct alm_yaml_node *node,
	const char *const *words, size_t word_count,
	struct alm_diagnostics *diagnostics)
{
	char allowed[256];
	const char *nearest;

	if (!read_scalar(node, diagnostics)) {
		return word_count;
	}
	for (size_t i = 0; i < word_count; i++) {
		if (strcmp(node->text, words[i]) == 0) {
			return i;
		}
	}
	nearest = alm_nearest_of(node->text, words, word_count);
	list_words(words, word_count, allowed, sizeof(allowed));
	(void)alm_diagnostics_add(diagnostics, ALM_WORD_UNKNOWN,
		alm_yaml_place(node), "'%.64s' is not one of %s%s%s%s",
		node->text, allowed, nearest != NULL ? "; did you mean '" : "",
		nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
	return word_count;
}

bool alm_yaml_read_list(
	const struct alm_yaml_node *node, struct alm_diagnostics *diagnostics)
{
	if (node == NULL) {
		return false;
	}
	if (node->count == 0 &&
		(node->kind == ALM_YAML_LIST || node->text[0] == '\0')) {
		(void)alm_diagnostics_add(diagnostics, ALM_LIST_EMPTY,
			alm_yaml_place(node), "the list%s%.64s%s is empty",
			node->key != NULL ? " '" : "",
			node->key != NULL ? node->key : "",
			node->key != NULL ? "'" : "");
		return false;
	}
	if (node->kind != ALM_YAML_LIST) {
		(void)alm_diagnostics_add(diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"a list is expected here, not %s; write [VALUE]",
			kind_name(node->kind));
		return false;
	}
	return true;
}
