/*
 * The bytes are checked before libyaml sees them, so that its reader cannot
 * fail without a place and cannot switch to UTF-16.  Events are then folded
 * into a tree over an explicit stack of fixed depth.
 */
#include "lib/yaml/yaml.h"

#include <stdbool.h>
#include <string.h>

#include <yaml.h>

#include "lib/utf8.h"

struct frame {
	struct alm_yaml_node *node;
	struct alm_yaml_node *last; /* child */
};

struct builder {
	const struct alm_yaml_options *options;
	struct alm_arena *arena;
	struct alm_diagnostics *diagnostics;
	struct alm_yaml_node *root;
	struct frame frames[ALM_YAML_DEPTH_MAX];
	struct frame *open; /* innermost; NULL: none */
	unsigned depth;
	const char *key; /* of the value that comes next */
	uint32_t key_line;
	uint32_t key_column;
	unsigned documents;
	bool is_done;
};

struct alm_place alm_yaml_place(const struct alm_yaml_node *node)
{
	return (struct alm_place){node->file, node->line, node->column};
}

struct alm_place alm_yaml_key_place(const struct alm_yaml_node *node)
{
	if (node->key == NULL) {
		return alm_yaml_place(node);
	}
	return (struct alm_place){node->file, node->key_line, node->key_column};
}

static struct alm_place place_of(const struct builder *b, yaml_mark_t mark)
{
	return (struct alm_place){b->options->file, (unsigned)mark.line + 1,
		(unsigned)mark.column + 1};
}

/* Characters that an editor does not show, or counts as lines differently. */
static bool is_allowed(const uint8_t *c, size_t bytes)
{
	if (bytes == 1) {
		return c[0] >= 0x20
			       ? c[0] != 0x7F
			       : c[0] == '\n' || c[0] == '\r' || c[0] == '\t';
	}
	if (bytes == 2) {
		return c[0] != 0xC2 || c[1] >= 0xA0; /* C1 controls */
	}
	if (c[0] == 0xE2 && c[1] == 0x80) {
		return c[2] != 0xA8 && c[2] != 0xA9; /* line separators */
	}
	return bytes != 3 || c[0] != 0xEF || c[1] != 0xBF || c[2] < 0xBE;
}

/* The whole file is UTF-8 of allowed characters; else where it is not. */
static enum alm_err check_bytes(
	const struct builder *b, struct alm_bytes content)
{
	struct alm_place place = {b->options->file, 1, 1};

	while (content.bytes > 0) {
		size_t bytes = alm_utf8_char(content);

		if (bytes == 0) {
			return alm_diagnostics_add(b->diagnostics,
				ALM_YAML_SYNTAX, place,
				"this is not UTF-8 (byte 0x%02x)",
				content.data[0]);
		}
		if (!is_allowed(content.data, bytes)) {
			return alm_diagnostics_add(b->diagnostics,
				ALM_YAML_SYNTAX, place,
				"a control character (byte 0x%02x) is not "
				"allowed",
				content.data[bytes - 1]);
		}
		place.column++;
		if (content.data[0] == '\n') {
			place.line++;
			place.column = 1;
		}
		content.data += bytes;
		content.bytes -= bytes;
	}
	return ALM_OK;
}

static enum alm_err fail_memory(const struct builder *b, yaml_mark_t mark)
{
	return alm_diagnostics_add(b->diagnostics, ALM_BUNDLE_LIMIT,
		place_of(b, mark), "the file needs more memory than the limit");
}

static enum alm_err fail_syntax(
	const struct builder *b, const yaml_parser_t *parser)
{
	const char *problem =
		parser->problem != NULL ? parser->problem : "it is not YAML";

	if (parser->error == YAML_MEMORY_ERROR) {
		return fail_memory(b, parser->mark);
	}
	if (parser->context != NULL) {
		return alm_diagnostics_add(b->diagnostics, ALM_YAML_SYNTAX,
			place_of(b, parser->problem_mark), "%s, %s", problem,
			parser->context);
	}
	return alm_diagnostics_add(b->diagnostics, ALM_YAML_SYNTAX,
		place_of(b, parser->problem_mark), "%s", problem);
}

static enum alm_err refuse(
	const struct builder *b, yaml_mark_t mark, const char *what)
{
	return alm_diagnostics_add(b->diagnostics, ALM_YAML_UNSUPPORTED,
		place_of(b, mark), "%s not allowed; write the value out", what);
}

/* A mapping whose next scalar is a key? */
static bool wants_key(const struct builder *b)
{
	return b->open != NULL && b->key == NULL &&
	       b->open->node->kind == ALM_YAML_MAP;
}

/* A new node under the open one, or the root.  NULL: the arena is full. */
static struct alm_yaml_node *attach(
	struct builder *b, enum alm_yaml_kind kind, yaml_mark_t mark)
{
	struct alm_yaml_node *node = alm_arena_take(b->arena, sizeof(*node));

	if (node == NULL) {
		return NULL;
	}
	node->kind = kind;
	node->text = "";
	node->file = b->options->file;
	node->line = (uint32_t)mark.line + 1;
	node->column = (uint32_t)mark.column + 1;
	if (b->open == NULL) {
		b->root = node;
		return node;
	}
	if (b->key != NULL) {
		node->key = b->key;
		node->key_line = b->key_line;
		node->key_column = b->key_column;
		b->key = NULL;
	}
	if (b->open->last == NULL) {
		b->open->node->first = node;
	} else {
		b->open->last->next = node;
	}
	b->open->last = node;
	b->open->node->count++;
	return node;
}

static enum alm_err take_key(
	struct builder *b, const char *text, yaml_mark_t mark)
{
	const struct alm_yaml_node *map = b->open->node;

	b->key = text;
	b->key_line = (uint32_t)mark.line + 1;
	b->key_column = (uint32_t)mark.column + 1;
	if (map->count >= ALM_YAML_KEYS_MAX) {
		return alm_diagnostics_add(b->diagnostics, ALM_BUNDLE_LIMIT,
			place_of(b, mark), "a mapping has more than %u keys",
			ALM_YAML_KEYS_MAX);
	}
	for (const struct alm_yaml_node *n = map->first; n != NULL;
		n = n->next) {
		if (strcmp(n->key, text) == 0) {
			return alm_diagnostics_add(b->diagnostics,
				ALM_KEY_DUPLICATE, place_of(b, mark),
				"the key '%.64s' stands twice; first in line "
				"%u",
				text, n->key_line);
		}
	}
	return ALM_OK;
}

/* Escapes in double quotes can make what check_bytes() has refused. */
static enum alm_err check_escaped(const struct builder *b, const char *text,
	size_t bytes, yaml_mark_t mark)
{
	struct alm_bytes left = {(const uint8_t *)text, bytes};

	while (left.bytes > 0) {
		size_t n = alm_utf8_char(left);

		if (n == 0 || !is_allowed(left.data, n) ||
			left.data[0] == '\r') {
			return alm_diagnostics_add(b->diagnostics,
				ALM_YAML_SYNTAX, place_of(b, mark),
				"an escaped control character is not allowed");
		}
		left.data += n;
		left.bytes -= n;
	}
	return ALM_OK;
}

static enum alm_err on_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t bytes = event->data.scalar.length;
	struct alm_yaml_node *node;
	const char *text;
	enum alm_err err;

	if (event->data.scalar.anchor != NULL) {
		return refuse(b, event->start_mark, "an anchor (&) is");
	}
	if (event->data.scalar.tag != NULL) {
		return refuse(b, event->start_mark, "a tag (!) is");
	}
	if (event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
		err = check_escaped(b, value, bytes, event->start_mark);
		if (err != ALM_OK) {
			return err;
		}
	}
	text = alm_arena_text(b->arena, value, bytes);
	if (text == NULL) {
		return fail_memory(b, event->start_mark);
	}
	if (wants_key(b)) {
		return take_key(b, text, event->start_mark);
	}
	node = attach(b, ALM_YAML_SCALAR, event->start_mark);
	if (node == NULL) {
		return fail_memory(b, event->start_mark);
	}
	node->text = text;
	return ALM_OK;
}

static enum alm_err on_open(struct builder *b, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	const void *anchor = is_map ? event->data.mapping_start.anchor
				    : event->data.sequence_start.anchor;
	const void *tag = is_map ? event->data.mapping_start.tag
				 : event->data.sequence_start.tag;
	struct alm_yaml_node *node;

	if (anchor != NULL) {
		return refuse(b, event->start_mark, "an anchor (&) is");
	}
	if (tag != NULL) {
		return refuse(b, event->start_mark, "a tag (!) is");
	}
	if (wants_key(b)) {
		return refuse(b, event->start_mark,
			"a key that is a list or a mapping is");
	}
	if (b->depth == b->options->depth_max ||
		b->depth == ALM_YAML_DEPTH_MAX) {
		return alm_diagnostics_add(b->diagnostics, ALM_BUNDLE_LIMIT,
			place_of(b, event->start_mark),
			"nested deeper than %u levels", b->depth);
	}
	node = attach(
		b, is_map ? ALM_YAML_MAP : ALM_YAML_LIST, event->start_mark);
	if (node == NULL) {
		return fail_memory(b, event->start_mark);
	}
	b->open = &b->frames[b->depth++];
	*b->open = (struct frame){node, NULL};
	return ALM_OK;
}

static enum alm_err on_document(struct builder *b, const yaml_event_t *event)
{
	if (b->documents++ > 0) {
		return refuse(b, event->start_mark, "a second document is");
	}
	if (event->data.document_start.version_directive != NULL ||
		event->data.document_start.tag_directives.start !=
			event->data.document_start.tag_directives.end) {
		return refuse(b, event->start_mark, "a directive (%) is");
	}
	return ALM_OK;
}

static enum alm_err on_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, event);
	case YAML_ALIAS_EVENT:
		return refuse(b, event->start_mark, "an alias (*) is");
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return on_open(b, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth -= b->depth > 0 ? 1 : 0;
		b->open = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
		return ALM_OK;
	case YAML_STREAM_END_EVENT:
		b->is_done = true;
		return ALM_OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return ALM_OK;
	}
	return ALM_OK;
}

/* Duplicate keys do not end the reading, so that all of them are reported. */
static enum alm_err run(struct builder *b, yaml_parser_t *parser)
{
	enum alm_err first = ALM_OK;

	while (!b->is_done) {
		yaml_event_t event;
		enum alm_err err;

		if (!yaml_parser_parse(parser, &event)) {
			err = fail_syntax(b, parser);
			return first != ALM_OK ? first : err;
		}
		err = on_event(b, &event);
		yaml_event_delete(&event);
		if (err != ALM_OK && first == ALM_OK) {
			first = err;
		}
		if (err != ALM_OK && err != ALM_KEY_DUPLICATE) {
			return first;
		}
	}
	return first;
}

/* A file without content is an empty mapping: all defaults. */
static enum alm_err finish(
	struct builder *b, const struct alm_yaml_node **out_root)
{
	static const yaml_mark_t start = {0, 0, 0};

	if (b->root == NULL || (b->root->kind == ALM_YAML_SCALAR &&
				       b->root->text[0] == '\0')) {
		if (attach(b, ALM_YAML_MAP, start) == NULL) {
			return fail_memory(b, start);
		}
	}
	*out_root = b->root;
	return ALM_OK;
}

enum alm_err alm_yaml_parse(const struct alm_yaml_options *options,
	struct alm_bytes content, struct alm_arena *arena,
	struct alm_diagnostics *diagnostics,
	const struct alm_yaml_node **out_root)
{
	struct builder b = {
		.options = options,
		.arena = arena,
		.diagnostics = diagnostics,
	};
	yaml_parser_t parser;
	enum alm_err err;

	if (content.bytes > options->bytes_max) {
		return alm_diagnostics_add(diagnostics, ALM_BUNDLE_LIMIT,
			(struct alm_place){options->file, 0, 0},
			"the file is larger than %zu bytes",
			options->bytes_max);
	}
	if (content.bytes >= 3 &&
		memcmp(content.data, "\xEF\xBB\xBF", 3) == 0) {
		content.data += 3; /* a byte order mark says nothing here */
		content.bytes -= 3;
	}
	err = check_bytes(&b, content);
	if (err != ALM_OK) {
		return err;
	}
	if (!yaml_parser_initialize(&parser)) {
		return fail_memory(&b, (yaml_mark_t){0, 0, 0});
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser,
		content.data != NULL ? content.data : (const uint8_t *)"",
		content.bytes);
	err = run(&b, &parser);
	yaml_parser_delete(&parser);
	return err != ALM_OK ? err : finish(&b, out_root);
}
