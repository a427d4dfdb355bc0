/* test_yaml_read.c - reading a tree by a table, and what is said of faults. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/yaml/read.h"

static struct alm_arena arena;
static struct alm_diagnostics found;

static const struct alm_yaml_key keys[] = {
	{"purposes", true},
	{"recipients", false},
	{"class", true},
};

static const struct alm_yaml_node *tree(const char *text)
{
	const struct alm_yaml_options options = {
		.file = "t.yaml", .bytes_max = 65536, .depth_max = 8};
	const struct alm_yaml_node *root = NULL;

	alm_arena_fini(&arena);
	alm_arena_init(&arena, 1 << 20);
	alm_diagnostics_init(&found, &arena);
	cr_assert_eq(
		alm_yaml_parse(&options,
			(struct alm_bytes){(const uint8_t *)text, strlen(text)},
			&arena, &found, &root),
		ALM_OK);
	return root;
}

static void give_back(void)
{
	alm_arena_fini(&arena);
}

TestSuite(yaml_read, .fini = give_back);

static void expect_one(
	enum alm_err err, unsigned line, unsigned column, const char *message)
{
	cr_assert_eq(found.count, 1);
	cr_expect_eq(found.items[0].err, err);
	cr_expect_eq(found.items[0].place.line, line);
	cr_expect_eq(found.items[0].place.column, column);
	cr_expect_str_eq(found.items[0].message, message);
}

Test(yaml_read, finds_the_keys_of_a_mapping)
{
	const struct alm_yaml_node *values[3];

	cr_assert(alm_yaml_read_map(tree("class: care\npurposes: [a]\n"),
		"a thing", keys, 3, values, &found));
	cr_expect_str_eq(values[0]->first->text, "a");
	cr_expect_null(values[1]);
	cr_expect_str_eq(values[2]->text, "care");
}

Test(yaml_read, names_the_key_that_an_unknown_one_is_near)
{
	const struct alm_yaml_node *values[3];

	cr_assert_not(alm_yaml_read_map(
		tree("class: c\npurposes: p\n  \nrecipeints: x\n"), "a thing",
		keys, 3, values, &found));
	expect_one(ALM_KEY_UNKNOWN, 4, 1,
		"a thing has no key 'recipeints'; did you mean 'recipients'?");
	cr_expect_str_eq(values[0]->text, "p");
}

Test(yaml_read, names_a_missing_key_and_goes_on)
{
	const struct alm_yaml_node *values[3];

	cr_assert_not(alm_yaml_read_map(
		tree("class: c\n"), "a thing", keys, 3, values, &found));
	expect_one(ALM_KEY_MISSING, 1, 1, "a thing needs the key 'purposes'");
	cr_expect_str_eq(values[2]->text, "c");
}

Test(yaml_read, refuses_another_shape)
{
	const struct alm_yaml_node *values[3];
	const struct alm_yaml_node *list = tree("[a]\n");

	cr_assert_not(
		alm_yaml_read_map(list, "a thing", keys, 3, values, &found));
	expect_one(ALM_VALUE_BAD, 1, 1,
		"a thing is written as a mapping of keys, not as a list");
	list = tree("[a]\n");
	cr_expect_null(alm_yaml_read_text(list, 10, &found));
	expect_one(ALM_VALUE_BAD, 1, 1,
		"a single value is expected here, not a list");
}

Test(yaml_read, names_the_words_that_are_allowed)
{
	static const char *const words[] = {"care", "secondary", "statutory"};

	cr_expect_eq(
		alm_yaml_read_word(tree("x: care")->first, words, 3, &found),
		0);
	cr_expect_eq(alm_yaml_read_word(
			     tree("x: secundary")->first, words, 3, &found),
		3);
	expect_one(ALM_WORD_UNKNOWN, 1, 4,
		"'secundary' is not one of care, secondary, statutory; did you "
		"mean 'secondary'?");
}

Test(yaml_read, wants_lists_with_something_in_them)
{
	cr_expect(alm_yaml_read_list(tree("x: [a]")->first, &found));
	cr_expect_not(alm_yaml_read_list(NULL, &found));
	cr_expect_eq(found.count, 0);
	cr_expect_not(alm_yaml_read_list(tree("x: []")->first, &found));
	expect_one(ALM_LIST_EMPTY, 1, 4, "the list 'x' is empty");
	cr_expect_not(alm_yaml_read_list(tree("x:\n")->first, &found));
	cr_expect_eq(found.items[0].err, ALM_LIST_EMPTY);
	cr_expect_not(alm_yaml_read_list(tree("x: a")->first, &found));
	expect_one(ALM_VALUE_BAD, 1, 4,
		"a list is expected here, not a single value; write [VALUE]");
}

Test(yaml_read, bounds_texts)
{
	cr_expect_str_eq(
		alm_yaml_read_text(tree("x: abc")->first, 3, &found), "abc");
	cr_expect_null(alm_yaml_read_text(tree("x: abcd")->first, 3, &found));
	cr_expect_null(alm_yaml_read_text(tree("x:\n")->first, 3, &found));
	cr_expect_null(
		alm_yaml_read_text(tree("x: \"a\\n\"")->first, 3, &found));
	cr_expect_eq(found.items[0].err, ALM_VALUE_BAD);
}
