/* test_yaml.c - the strict subset: what is read, and each refusal's place. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/yaml/read.h"
#include "lib/yaml/yaml.h"

static struct alm_arena arena;
static struct alm_diagnostics found;
static const struct alm_yaml_node *root;

static enum alm_err parse_bytes(const void *data, size_t bytes)
{
	const struct alm_yaml_options options = {
		.file = "t.yaml", .bytes_max = 1 << 20, .depth_max = 4};

	alm_arena_fini(&arena);
	alm_arena_init(&arena, 16 << 20);
	alm_diagnostics_init(&found, &arena);
	root = NULL;
	return alm_yaml_parse(&options, (struct alm_bytes){data, bytes}, &arena,
		&found, &root);
}

static enum alm_err parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void give_back(void)
{
	alm_arena_fini(&arena);
}

TestSuite(yaml, .fini = give_back);

static void expect_refusal(
	const char *text, enum alm_err err, unsigned line, unsigned column)
{
	cr_expect_eq(parse(text), err, "%s: %d", text,
		alm_diagnostics_first(&found));
	cr_assert_eq(found.count, 1, "%s: %zu", text, found.count);
	cr_expect_eq(found.items[0].err, err);
	cr_expect_eq(found.items[0].place.line, line, "%s: line %u", text,
		found.items[0].place.line);
	cr_expect_eq(found.items[0].place.column, column, "%s: column %u", text,
		found.items[0].place.column);
	cr_expect_str_eq(found.items[0].place.file, "t.yaml");
	cr_expect_null(root);
}

Test(yaml, reads_every_scalar_as_text_with_its_place)
{
	const struct alm_yaml_node *a;

	cr_assert_eq(parse("a: 012\nb: [x, 'y z']\nc: {d: yes}\n"), ALM_OK);
	cr_assert_eq(root->kind, ALM_YAML_MAP);
	cr_assert_eq(root->count, 3);
	a = root->first;
	cr_expect_str_eq(a->key, "a");
	cr_expect_str_eq(a->text, "012");
	cr_expect_eq(a->line, 1);
	cr_expect_eq(a->column, 4);
	cr_expect_str_eq(a->next->first->next->text, "y z");
	cr_expect_eq(a->next->first->next->column, 8);
	cr_expect_str_eq(a->next->next->first->key, "d");
	cr_expect_str_eq(a->next->next->first->text, "yes");
	cr_expect_eq(a->next->next->first->key_column, 5);
	cr_expect_eq(a->next->next->first->key_line, 3);
	cr_expect_null(a->next->next->next);
}

Test(yaml, reads_nothing_as_an_empty_mapping)
{
	static const char *const empty[] = {
		"", "\n", "# nothing\n", "---\n", "---\n...\n", "\xEF\xBB\xBF"};

	for (size_t i = 0; i < ALM_COUNT(empty); i++) {
		cr_assert_eq(parse(empty[i]), ALM_OK, "row %zu", i);
		cr_assert_eq(root->kind, ALM_YAML_MAP, "row %zu", i);
		cr_assert_eq(root->count, 0, "row %zu", i);
	}
	cr_assert_eq(parse_bytes(NULL, 0), ALM_OK);
}

Test(yaml, takes_crlf_and_a_byte_order_mark)
{
	cr_assert_eq(parse("\xEF\xBB\xBF"
			   "a: b\r\nc: d\r\n"),
		ALM_OK);
	cr_expect_str_eq(root->first->key, "a");
	cr_expect_str_eq(root->first->text, "b");
	cr_expect_str_eq(root->first->next->text, "d");
	cr_expect_eq(root->first->next->line, 2);
}

Test(yaml, refuses_what_is_outside_the_subset)
{
	expect_refusal("a: &x b\n", ALM_YAML_UNSUPPORTED, 1, 4);
	expect_refusal("a: &x [b]\n", ALM_YAML_UNSUPPORTED, 1, 4);
	expect_refusal("a: &x {b: c}\n", ALM_YAML_UNSUPPORTED, 1, 4);
	expect_refusal("a: *x\n", ALM_YAML_UNSUPPORTED, 1, 4);
	expect_refusal("b: 1\na: !!str b\n", ALM_YAML_UNSUPPORTED, 2, 4);
	expect_refusal("a: ! b\n", ALM_YAML_UNSUPPORTED, 1, 4);
	expect_refusal("a: !x [b]\n", ALM_YAML_UNSUPPORTED, 1, 4);
	expect_refusal("? [a]\n: b\n", ALM_YAML_UNSUPPORTED, 1, 3);
	expect_refusal("a: b\n---\na: b\n", ALM_YAML_UNSUPPORTED, 2, 1);
	expect_refusal("%YAML 1.1\n---\na: b\n", ALM_YAML_UNSUPPORTED, 1, 1);
	expect_refusal("%TAG ! x:\n---\na: b\n", ALM_YAML_UNSUPPORTED, 1, 1);
}

Test(yaml, refuses_a_key_that_stands_twice)
{
	expect_refusal("a: 1\nb: 2\na: 3\n", ALM_KEY_DUPLICATE, 3, 1);
	expect_refusal("a: {b: 1, 'b': 2}\n", ALM_KEY_DUPLICATE, 1, 11);
}

Test(yaml, reports_all_duplicate_keys)
{
	cr_assert_eq(parse("a: 1\na: 2\nb: 1\nb: 2\n"), ALM_KEY_DUPLICATE);
	cr_assert_eq(found.count, 2);
	cr_expect_eq(found.items[1].place.line, 4);
	cr_expect_str_eq(found.items[1].message,
		"the key 'b' stands twice; first in line 3");
}

Test(yaml, refuses_bad_syntax_with_its_place)
{
	expect_refusal("a: [b\nc: d\n", ALM_YAML_SYNTAX, 2, 2);
	expect_refusal("a: b\n\tc: d\n", ALM_YAML_SYNTAX, 2, 1);
	expect_refusal("a: b: c\n", ALM_YAML_SYNTAX, 1, 5);
	expect_refusal("a: 'b\n", ALM_YAML_SYNTAX, 2, 1);
}

Test(yaml, refuses_bytes_that_are_not_text)
{
	static const char utf16[] = "\xFF\xFE"
				    "a\0:\0 \0b\0";

	expect_refusal("a: b\nc: \xFF\n", ALM_YAML_SYNTAX, 2, 4);
	expect_refusal("a: \xED\xA0\x80\n", ALM_YAML_SYNTAX, 1, 4);
	expect_refusal("a: \xC0\xAF\n", ALM_YAML_SYNTAX, 1, 4);
	expect_refusal("a: \x1B[31m\n", ALM_YAML_SYNTAX, 1, 4);
	expect_refusal("a: \xC2\x85\n", ALM_YAML_SYNTAX, 1, 4);
	expect_refusal("a: \"\\0\"\n", ALM_YAML_SYNTAX, 1, 4);
	expect_refusal("a: \"\\e[1m\"\n", ALM_YAML_SYNTAX, 1, 4);
	expect_refusal("a: \"\\u2028\"\n", ALM_YAML_SYNTAX, 1, 4);
	cr_expect_eq(parse_bytes("a: b\0c\n", 7), ALM_YAML_SYNTAX);
	cr_expect_eq(parse_bytes(utf16, sizeof(utf16)), ALM_YAML_SYNTAX);
	cr_expect_eq(parse("a: \"\\u00e9\xC3\xA9\"\n"), ALM_OK);
	cr_expect_str_eq(root->first->text, "\xC3\xA9\xC3\xA9");
}

Test(yaml, counts_lists_and_mappings_as_depth)
{
	cr_expect_eq(parse("a: {b: {c: [d]}}\n"), ALM_OK);
	expect_refusal("a: {b: {c: [[d]]}}\n", ALM_BUNDLE_LIMIT, 1, 13);
	expect_refusal("[[[[[[[[[[[[[[[[[[[[[[", ALM_BUNDLE_LIMIT, 1, 5);
}

Test(yaml, bounds_the_keys_of_a_mapping)
{
	char text[1024];
	size_t used = 0;

	for (unsigned i = 0; i < ALM_YAML_KEYS_MAX; i++) {
		used += (size_t)sprintf(text + used, "k%u: v\n", i);
	}
	cr_expect_eq(parse(text), ALM_OK);
	(void)sprintf(text + used, "more: v\n");
	expect_refusal(text, ALM_BUNDLE_LIMIT, ALM_YAML_KEYS_MAX + 1, 1);
}

Test(yaml, bounds_the_bytes_of_a_file)
{
	const size_t bytes = (1 << 20) + 1;
	char *text = malloc(bytes);

	memset(text, '\n', bytes);
	cr_expect_eq(parse_bytes(text, bytes - 1), ALM_OK);
	cr_expect_eq(parse_bytes(text, bytes), ALM_BUNDLE_LIMIT);
	cr_expect_eq(found.items[0].place.line, 0);
	free(text);
}

Test(yaml, stops_when_the_arena_is_full)
{
	const struct alm_yaml_options options = {
		.file = "t.yaml", .bytes_max = 1 << 20, .depth_max = 4};
	const char text[] = "[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o]";
	const struct alm_yaml_node *none = NULL;
	struct alm_arena small;
	struct alm_arena messages;

	alm_arena_init(&small, 1024);
	alm_arena_init(&messages, 4096);
	alm_diagnostics_init(&found, &messages);
	cr_expect_eq(
		alm_yaml_parse(&options,
			(struct alm_bytes){(const uint8_t *)text, strlen(text)},
			&small, &found, &none),
		ALM_BUNDLE_LIMIT);
	cr_expect_null(none);
	alm_arena_fini(&small);
	alm_arena_fini(&messages);
}
