/*
 * The shape of `tests:`; running them is another's work.  Each is a request
 * (docs/POLICY.md section 3), what is known of the person (section 2) and
 * what to expect.
 */
#include <string.h>

#include "broker/policy/loader.h"
#include "lib/limits.h"
#include "lib/yaml/read.h"

/* A mapping whose values are single values. */
static void check_texts(struct alm_loader *loader,
	const struct alm_yaml_node *node, const char *what,
	const struct alm_yaml_key *keys, size_t key_count)
{
	const struct alm_yaml_node *at[8];

	if (node == NULL) {
		return;
	}
	(void)alm_yaml_read_map(
		node, what, keys, key_count, at, loader->diagnostics);
	for (size_t i = 0; i < key_count; i++) {
		(void)alm_loader_text(loader, at[i]);
	}
}

static void check_request(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	enum { LISTS = 1, MAPS = 3, COUNT = 14 };
	static const struct alm_yaml_key keys[COUNT] = {{"categories", true},
		{"relationship", false}, {"override", false},
		{"not-before", false}, {"at", true}, {"from", true},
		{"to", true}, {"purpose", true}, {"payload", true},
		{"id", false}, {"subject", false}, {"subject-unknown", false},
		{"basis", false}, {"batch", false}};
	static const struct alm_yaml_key relationship[] = {
		{"kind", true}, {"ref", true}, {"organisation", true}};
	static const struct alm_yaml_key override[] = {
		{"kind", true}, {"by", true}, {"reason", true}};
	static const struct alm_yaml_key not_before[] = {
		{"epoch", true}, {"seq", true}};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a request", keys, COUNT, at, loader->diagnostics);
	(void)alm_loader_words(loader, at[0]);
	check_texts(loader, at[1], "a relationship", relationship, 3);
	check_texts(loader, at[2], "an override", override, 3);
	check_texts(loader, at[3], "not-before", not_before, 2);
	for (size_t i = LISTS + MAPS; i < COUNT; i++) {
		(void)alm_loader_text(loader, at[i]);
	}
}

static void check_exceptions(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	static const struct alm_yaml_key keys[] = {{"effect", true},
		{"purposes", true}, {"categories", true}, {"to", true}};
	const struct alm_yaml_node *at[ALM_COUNT(keys)];

	if (!alm_yaml_read_list(node, loader->diagnostics)) {
		return;
	}
	for (const struct alm_yaml_node *child = node->first; child != NULL;
		child = child->next) {
		(void)alm_yaml_read_map(child, "an exception", keys,
			ALM_COUNT(keys), at, loader->diagnostics);
		(void)alm_loader_text(loader, at[0]);
		for (size_t i = 1; i < ALM_COUNT(keys); i++) {
			(void)alm_loader_words(loader, at[i]);
		}
	}
}

static void check_record(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	enum { LISTS = 3, COUNT = 18 };
	static const struct alm_yaml_key keys[COUNT] = {{"purposes", false},
		{"categories", false}, {"to", false}, {"except", false},
		{"type", true}, {"recorded", true}, {"id", false},
		{"subject", false}, {"authority", false}, {"scope", false},
		{"effect", false}, {"valid", false}, {"organisation", false},
		{"role", false}, {"list", false}, {"state", false},
		{"as-of", false}, {"flag", false}};
	static const char *const types[] = {
		"directive", "relationship", "opt-out", "flag"};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a record", keys, COUNT, at, loader->diagnostics);
	for (size_t i = 0; i < LISTS; i++) {
		(void)alm_loader_words(loader, at[i]);
	}
	check_exceptions(loader, at[LISTS]);
	if (at[LISTS + 1] != NULL) {
		(void)alm_yaml_read_word(at[LISTS + 1], types, ALM_COUNT(types),
			loader->diagnostics);
	}
	for (size_t i = LISTS + 2; i < COUNT; i++) {
		(void)alm_loader_text(loader, at[i]);
	}
}

static void check_expect(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	static const struct alm_yaml_key keys[] = {
		{"effect", true}, {"code", false}, {"basis", false}};
	static const char *const effects[] = {"permit", "transform", "deny"};
	const struct alm_yaml_node *at[ALM_COUNT(keys)];

	(void)alm_yaml_read_map(
		node, "expect", keys, ALM_COUNT(keys), at, loader->diagnostics);
	if (at[0] != NULL) {
		(void)alm_yaml_read_word(
			at[0], effects, 3, loader->diagnostics);
	}
	(void)alm_loader_text(loader, at[1]);
	(void)alm_loader_text(loader, at[2]);
	if (at[1] != NULL && at[1]->kind == ALM_YAML_SCALAR &&
		(strlen(at[1]->text) > 3 ||
			at[1]->text[strspn(at[1]->text, "0123456789")] !=
				'\0')) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(at[1]),
			"'%.64s' is not a code; write its number", at[1]->text);
	}
}

static void check_test(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	enum { REQUEST, EXPECT, PERSON, NAME, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {{"request", true},
		{"expect", true}, {"person", false}, {"name", false}};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a test", keys, COUNT, at, loader->diagnostics);
	if (at[REQUEST] != NULL) {
		check_request(loader, at[REQUEST]);
	}
	if (at[EXPECT] != NULL) {
		check_expect(loader, at[EXPECT]);
	}
	(void)alm_loader_text(loader, at[NAME]);
	if (alm_yaml_read_list(at[PERSON], loader->diagnostics)) {
		for (const struct alm_yaml_node *child = at[PERSON]->first;
			child != NULL; child = child->next) {
			check_record(loader, child);
		}
	}
}

void alm_load_tests(struct alm_loader *loader)
{
	const struct alm_entries *entries = &loader->entries[ALM_SECTION_TESTS];

	for (size_t i = 0; i < entries->count; i++) {
		check_test(loader, entries->items[i]);
	}
}
