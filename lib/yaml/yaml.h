/*
 * yaml.h - a strict subset of YAML, read from memory into a tree.
 *
 * Every scalar is a text; typed readers parse it (lib/yaml/read.h).  Anchors,
 * aliases, tags, directives, keys that are not scalars, second documents and
 * the same key twice are refused, so that a file says what it seems to say.
 * Depth, keys of a mapping, bytes and memory are bounded; nothing recurses.
 */
#ifndef ALM_LIB_YAML_YAML_H
#define ALM_LIB_YAML_YAML_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/diagnostics.h"
#include "lib/err.h"
#include "lib/place.h"

#define ALM_YAML_DEPTH_MAX 32u
#define ALM_YAML_KEYS_MAX 64u /* of one mapping */

enum alm_yaml_kind {
	ALM_YAML_SCALAR = 1,
	ALM_YAML_LIST = 2,
	ALM_YAML_MAP = 3,
};

/** Read-only; texts are UTF-8 without NUL or control characters but \n \t. */
struct alm_yaml_node {
	enum alm_yaml_kind kind;
	uint32_t count;   /* children of a list or mapping */
	const char *text; /* of a scalar; "" otherwise */
	const char *key;  /* under which it stands in a mapping; else NULL */
	const struct alm_yaml_node *first; /* first child */
	const struct alm_yaml_node *next;  /* next of the same parent */
	const char *file;
	uint32_t line; /* of the value, from 1 */
	uint32_t column;
	uint32_t key_line;
	uint32_t key_column;
};

struct alm_yaml_options {
	const char *file;   /* for messages; outlives the tree */
	size_t bytes_max;   /* of the file */
	unsigned depth_max; /* nested lists and mappings; the root is 1 */
};

/**
 * Read one file.  Nothing (or only comments) reads as an empty mapping.
 *
 * Out:     out_root     lives in the arena
 * Errors:  YAML_SYNTAX, YAML_UNSUPPORTED, KEY_DUPLICATE, BUNDLE_LIMIT (bytes,
 *          depth, keys, or the arena is full): each is in `diagnostics` with
 *          line and column.  The caller refuses the file.
 */
ALM_MUST_USE enum alm_err alm_yaml_parse(const struct alm_yaml_options *options,
	struct alm_bytes content, struct alm_arena *arena,
	struct alm_diagnostics *diagnostics,
	const struct alm_yaml_node **out_root);

/** Where the value stands. */
struct alm_place alm_yaml_place(const struct alm_yaml_node *node);

/** Where the key of the value stands; the value's place if it has none. */
struct alm_place alm_yaml_key_place(const struct alm_yaml_node *node);

#endif /* ALM_LIB_YAML_YAML_H */
