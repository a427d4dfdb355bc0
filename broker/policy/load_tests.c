/*
 * The `tests:` of a bundle.  The clock, the records about the person and what
 * is expected must be well formed; the request need not be, because a test may
 * show that the rule refuses it.
 */
#include <string.h>

#include "broker/policy/loader.h"
#include "lib/limits.h"
#include "lib/words.h"
#include "lib/yaml/read.h"

int64_t alm_loader_instant(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	const char *text = alm_yaml_read_text(
		node, ALM_TEXT_BYTES_MAX, loader->diagnostics);
	int64_t instant_s = 0;

	if (text != NULL && alm_instant_parse(text, &instant_s) != ALM_OK) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"'%.64s' is not an instant; write "
			"YYYY-MM-DDTHH:MM:SSZ",
			text);
	}
	return instant_s;
}

static void read_code(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_test *out)
{
	const char *text = alm_loader_text(loader, node);

	if (text[0] == '\0') {
		return;
	}
	if (strlen(text) > 3 || text[strspn(text, "0123456789")] != '\0') {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"'%.64s' is not a code; write its number", text);
		return;
	}
	out->has_code = true;
	for (; *text != '\0'; text++) {
		out->code = out->code * 10 + (unsigned)(*text - '0');
	}
}

static void read_expect(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_test *out)
{
	enum { EFFECT, CODE, BASIS, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {
		{"effect", true}, {"code", false}, {"basis", false}};
	const struct alm_yaml_node *at[COUNT];
	struct alm_word basis;

	(void)alm_yaml_read_map(
		node, "expect", keys, COUNT, at, loader->diagnostics);
	if (at[EFFECT] != NULL) {
		out->effect = (enum alm_effect)(
			ALM_EFFECT_PERMIT +
			alm_yaml_read_word(at[EFFECT], alm_effect_words,
				ALM_EFFECT_WORDS, loader->diagnostics));
	}
	read_code(loader, at[CODE], out);
	basis.text = alm_loader_text(loader, at[BASIS]);
	if (basis.text[0] != '\0') {
		basis.place = alm_yaml_place(at[BASIS]);
		out->basis = basis.text;
		(void)alm_loader_refer(loader, &loader->bases, basis, 0,
			ALM_REFERENCE_DANGLING, "an agreement or a mandate");
	}
}

static void read_test(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_test *out)
{
	enum { REQUEST, EXPECT, PERSON, NAME, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {{"request", true},
		{"expect", true}, {"person", false}, {"name", false}};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a test", keys, COUNT, at, loader->diagnostics);
	out->place = alm_yaml_place(node);
	out->name = alm_loader_text(loader, at[NAME]);
	if (at[REQUEST] != NULL) {
		alm_load_test_request(loader, at[REQUEST], out);
	}
	if (at[EXPECT] != NULL) {
		read_expect(loader, at[EXPECT], out);
	}
	alm_load_test_person(loader, at[PERSON], out);
}

void alm_load_tests(struct alm_loader *loader)
{
	const struct alm_entries *entries = &loader->entries[ALM_SECTION_TESTS];
	struct alm_bundle_test *items;

	if (entries->count == 0) {
		return;
	}
	items = alm_loader_take(loader, entries->count, sizeof(*items));
	if (items == NULL) {
		return;
	}
	for (size_t i = 0; i < entries->count; i++) {
		read_test(loader, entries->items[i], &items[i]);
	}
	loader->tests = (struct alm_bundle_tests){items, entries->count};
}
