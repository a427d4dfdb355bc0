/*
 * First all files are parsed; then their sections are joined in file order;
 * then each section is read, words before what refers to them.
 */
#include "broker/policy/load.h"

#include <stdlib.h>
#include <string.h>

#include "broker/policy/loader.h"
#include "lib/limits.h"
#include "lib/yaml/read.h"

enum top_key {
	KEY_ALMONER = ALM_SECTION_COUNT,
	KEY_BUNDLE,
	TOP_KEYS,
};

static const struct {
	const char *name;
	size_t count_max;
	bool is_required;
} sections[ALM_SECTION_COUNT] = {
	[ALM_SECTION_KINDS] = {"kinds", ALM_KINDS_MAX, true},
	[ALM_SECTION_HOSTED_KINDS] = {"hosted-kinds", ALM_KINDS_MAX, false},
	[ALM_SECTION_PURPOSES] = {"purposes", ALM_PURPOSES_MAX, true},
	[ALM_SECTION_CATEGORIES] = {"categories", ALM_CATEGORIES_MAX, true},
	[ALM_SECTION_ORGANISATIONS] = {"organisations", ALM_ORGANISATIONS_MAX,
		true},
	[ALM_SECTION_GROUPS] = {"groups", ALM_GROUPS_MAX, false},
	[ALM_SECTION_PROHIBITIONS] = {"prohibitions", ALM_PROHIBITIONS_MAX,
		false},
	[ALM_SECTION_AGREEMENTS] = {"agreements", ALM_BASES_MAX, false},
	[ALM_SECTION_MANDATES] = {"mandates", ALM_BASES_MAX, false},
	[ALM_SECTION_TESTS] = {"tests", ALM_BASES_MAX, false},
};

/* One file after parsing. */
struct part {
	const struct alm_bundle_source *source;
	const struct alm_yaml_node *at[TOP_KEYS];
};

struct parts {
	struct part *items;
	size_t count;
	const char *first; /* name of the first file */
};

static int compare_names(const void *a, const void *b)
{
	const struct part *x = a;
	const struct part *y = b;

	return strcmp(x->source->name, y->source->name);
}

static enum alm_err fail_limit(struct alm_loader *loader,
	struct alm_place place, const char *what, size_t limit)
{
	return alm_diagnostics_add(loader->diagnostics, ALM_BUNDLE_LIMIT, place,
		"the bundle has more than %zu %s", limit, what);
}

static enum alm_err sort_files(struct alm_loader *loader,
	const struct alm_bundle_source *files, size_t file_count,
	struct parts *out)
{
	struct alm_place nowhere = {"", 0, 0};
	size_t bytes = 0;

	if (file_count == 0) {
		return alm_diagnostics_add(loader->diagnostics, ALM_KEY_MISSING,
			nowhere, "the bundle has no file");
	}
	nowhere.file = files[0].name;
	if (file_count > ALM_BUNDLE_FILES_MAX) {
		return fail_limit(
			loader, nowhere, "files", ALM_BUNDLE_FILES_MAX);
	}
	out->items = alm_loader_take(loader, file_count, sizeof(*out->items));
	if (out->items == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < file_count; i++) {
		out->items[i].source = &files[i];
		bytes += files[i].content.bytes < ALM_BUNDLE_BYTES_MAX
				 ? files[i].content.bytes
				 : ALM_BUNDLE_BYTES_MAX + 1;
	}
	if (bytes > ALM_BUNDLE_BYTES_MAX) {
		return fail_limit(
			loader, nowhere, "bytes", ALM_BUNDLE_BYTES_MAX);
	}
	out->count = file_count;
	qsort(out->items, out->count, sizeof(*out->items), compare_names);
	out->first = out->items[0].source->name;
	return ALM_OK;
}

/* The keys of one file; the first file must name the bundle. */
static void read_top(struct alm_loader *loader, struct part *part,
	const struct alm_yaml_node *root, bool is_first)
{
	struct alm_yaml_key keys[TOP_KEYS] = {
		[KEY_ALMONER] = {"almoner", is_first},
		[KEY_BUNDLE] = {"bundle", is_first},
	};

	for (size_t i = 0; i < ALM_SECTION_COUNT; i++) {
		keys[i].name = sections[i].name;
	}
	(void)alm_yaml_read_map(root, "a bundle", keys, TOP_KEYS, part->at,
		loader->diagnostics);
}

/* Every file is parsed, so that the faults of all are shown at once. */
static enum alm_err parse_files(
	struct alm_loader *loader, const struct parts *parts)
{
	enum alm_err first = ALM_OK;

	for (size_t i = 0; i < parts->count; i++) {
		struct part *part = &parts->items[i];
		const struct alm_yaml_options options = {
			.file = part->source->name,
			.bytes_max = ALM_BUNDLE_BYTES_MAX,
			.depth_max = ALM_BUNDLE_DEPTH_MAX,
		};
		const struct alm_yaml_node *root = NULL;
		enum alm_err err =
			alm_yaml_parse(&options, part->source->content,
				loader->arena, loader->diagnostics, &root);

		if (err == ALM_OK && root->kind != ALM_YAML_MAP) {
			err = alm_diagnostics_add(loader->diagnostics,
				ALM_VALUE_BAD, alm_yaml_place(root),
				"a bundle is written as a mapping of keys");
		}
		if (err == ALM_OK) {
			read_top(loader, part, root, i == 0);
		} else if (first == ALM_OK) {
			first = err;
		}
	}
	return first;
}

static void check_version(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	if (node != NULL && strcmp(node->text, "1") != 0) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"'%.64s' is not a version of this language; write "
			"'almoner: 1'",
			node->text);
	}
}

static void read_name(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	const char *name =
		alm_yaml_read_text(node, ALM_ID_BYTES_MAX, loader->diagnostics);

	if (name == NULL) {
		return;
	}
	if (loader->bundle->name[0] == '\0') {
		loader->bundle->name = name;
	} else if (strcmp(name, loader->bundle->name) != 0) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_BUNDLE_NAME,
			alm_yaml_place(node),
			"this file names the bundle '%.64s', the first names "
			"it '%.64s'",
			name, loader->bundle->name);
	}
}

/* The lists of one section, one after the other. */
static enum alm_err join(struct alm_loader *loader, const struct parts *parts,
	enum alm_section section)
{
	struct alm_entries *entries = &loader->entries[section];
	const struct alm_yaml_node *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++) {
		const struct alm_yaml_node *node = parts->items[i].at[section];

		if (alm_yaml_read_list(node, loader->diagnostics)) {
			count += node->count;
		}
		last = node != NULL ? node : last;
	}
	if (last == NULL && sections[section].is_required) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_KEY_MISSING,
			(struct alm_place){parts->first, 1, 1},
			"a bundle needs the key '%s'", sections[section].name);
	}
	if (last == NULL || count == 0) {
		return ALM_OK;
	}
	if (count > sections[section].count_max) {
		return fail_limit(loader, alm_yaml_key_place(last),
			sections[section].name, sections[section].count_max);
	}
	entries->items = alm_loader_take(
		loader, count, sizeof(const struct alm_yaml_node *));
	if (entries->items == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < parts->count; i++) {
		const struct alm_yaml_node *node = parts->items[i].at[section];

		if (node == NULL || node->kind != ALM_YAML_LIST) {
			continue;
		}
		for (node = node->first; node != NULL; node = node->next) {
			entries->items[entries->count++] = node;
		}
	}
	return ALM_OK;
}

static enum alm_err join_all(
	struct alm_loader *loader, const struct parts *parts)
{
	size_t bases;

	for (size_t i = 0; i < parts->count; i++) {
		check_version(loader, parts->items[i].at[KEY_ALMONER]);
		read_name(loader, parts->items[i].at[KEY_BUNDLE]);
	}
	for (size_t s = 0; s < ALM_SECTION_COUNT; s++) {
		enum alm_err err = join(loader, parts, (enum alm_section)s);

		if (err != ALM_OK) {
			return err;
		}
	}
	bases = loader->entries[ALM_SECTION_AGREEMENTS].count +
		loader->entries[ALM_SECTION_MANDATES].count;
	if (bases > ALM_BASES_MAX) {
		return fail_limit(loader,
			alm_yaml_place(
				loader->entries[ALM_SECTION_MANDATES].items[0]),
			"agreements and mandates", ALM_BASES_MAX);
	}
	return ALM_OK;
}

static enum alm_err run(struct alm_loader *loader,
	const struct alm_bundle_source *files, size_t file_count)
{
	struct parts parts = {NULL, 0, ""};
	enum alm_err err = sort_files(loader, files, file_count, &parts);

	if (err == ALM_OK) {
		err = parse_files(loader, &parts);
	}
	if (err == ALM_OK) {
		err = join_all(loader, &parts);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_load_kinds(loader);
	alm_load_purposes(loader);
	alm_load_categories(loader);
	alm_load_organisations(loader);
	alm_load_groups(loader);
	alm_load_prohibitions(loader);
	alm_load_bases(loader);
	alm_load_tests(loader);
	return loader->is_out_of_memory ? ALM_NOMEM : ALM_OK;
}

enum alm_err alm_bundle_load(const struct alm_bundle_source *files,
	size_t file_count, struct alm_arena *arena,
	struct alm_diagnostics *diagnostics, struct alm_bundle *out_bundle,
	struct alm_bundle_tests *out_tests)
{
	struct alm_bundle bundle = {.name = ""};
	struct alm_loader loader = {
		.arena = arena,
		.diagnostics = diagnostics,
		.bundle = &bundle,
	};
	enum alm_err err = run(&loader, files, file_count);

	if (loader.is_out_of_memory) {
		/* What was found after that may be wrong. */
		alm_diagnostics_init(diagnostics, diagnostics->arena);
		return alm_diagnostics_add(diagnostics, ALM_BUNDLE_LIMIT,
			(struct alm_place){files[0].name, 0, 0},
			"the bundle needs more memory than the limit");
	}
	alm_diagnostics_sort(diagnostics);
	if (err != ALM_OK || diagnostics->count > 0) {
		return alm_diagnostics_first(diagnostics);
	}
	*out_bundle = bundle;
	if (out_tests != NULL) {
		*out_tests = loader.tests;
	}
	return ALM_OK;
}
