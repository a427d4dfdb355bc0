/*
 * read.h - reading a tree of lib/yaml/yaml.h by a table: known keys, required
 * keys, words of a fixed set, texts.  What is wrong goes to the diagnostics
 * with its place, the offending word and the nearest valid one.
 */
#ifndef ALM_LIB_YAML_READ_H
#define ALM_LIB_YAML_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/yaml/yaml.h"

struct alm_yaml_key {
	const char *name;
	bool is_required;
};

/**
 * Look up the keys of a mapping: out_values[i] is the value of keys[i], NULL
 * if it is absent.  `what` names the thing for messages ("an agreement").
 *
 * Gives false, after reporting, if it is not a mapping (VALUE_BAD), a key is
 * unknown (KEY_UNKNOWN) or a required one is missing (KEY_MISSING).  Then
 * out_values is written nevertheless, so that a caller can go on checking.
 */
bool alm_yaml_read_map(const struct alm_yaml_node *node, const char *what,
	const struct alm_yaml_key *keys, size_t key_count,
	const struct alm_yaml_node **out_values,
	struct alm_diagnostics *diagnostics);

/**
 * The text of a scalar of 1 to `bytes_max` bytes without control characters;
 * NULL after VALUE_BAD.  `node` may be NULL: then NULL, and no report.
 */
const char *alm_yaml_read_text(const struct alm_yaml_node *node,
	size_t bytes_max, struct alm_diagnostics *diagnostics);

/**
 * The index of a scalar's text in `words`; `word_count` after VALUE_BAD (not
 * a scalar) or WORD_UNKNOWN.  `node` is not NULL.
 */
size_t alm_yaml_read_word(const struct alm_yaml_node *node,
	const char *const *words, size_t word_count,
	struct alm_diagnostics *diagnostics);

/**
 * True for a list with at least one entry; else VALUE_BAD or LIST_EMPTY is
 * reported.  `node` may be NULL: then false, and no report.
 */
bool alm_yaml_read_list(
	const struct alm_yaml_node *node, struct alm_diagnostics *diagnostics);

#endif /* ALM_LIB_YAML_READ_H */
