/* The prohibitions, agreements and mandates of a bundle. */
#include <string.h>

#include "broker/policy/loader.h"
#include "lib/id.h"
#include "lib/limits.h"
#include "lib/words.h"
#include "lib/yaml/read.h"

/* UNKNOWN after a report, or when absent. */
static enum alm_level read_level(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	return (enum alm_level)alm_loader_choice(
		loader, node, alm_level_words, ALM_LEVEL_WORDS);
}

static void read_prohibition(struct alm_loader *loader,
	const struct alm_yaml_node *node, void *out_item)
{
	struct alm_bundle_prohibition *out = out_item;
	enum { ID, TITLE, FROM, TO, PURPOSES, CATEGORIES, LEVEL, THEN, COUNT };
	static const struct alm_yaml_key keys[COUNT] = {{"id", true},
		{"title", true}, {"from", true}, {"to", true},
		{"purposes", true}, {"categories", true}, {"at-or-above", true},
		{"then", true}};
	static const char *const thens[] = {"withhold", "de-identify"};
	const struct alm_yaml_node *at[COUNT];

	(void)alm_yaml_read_map(
		node, "a prohibition", keys, COUNT, at, loader->diagnostics);
	out->id = alm_loader_id(loader, at[ID]);
	out->title = alm_loader_text(loader, at[TITLE]);
	out->from = alm_loader_words(loader, at[FROM]);
	out->to = alm_loader_words(loader, at[TO]);
	out->purposes = alm_loader_words(loader, at[PURPOSES]);
	out->categories = alm_loader_words(loader, at[CATEGORIES]);
	out->at_or_above = read_level(loader, at[LEVEL]);
	if (at[THEN] != NULL) {
		out->de_identifies =
			alm_yaml_read_word(at[THEN], thens, ALM_COUNT(thens),
				loader->diagnostics) == 1;
	}
	alm_loader_check_parties(loader, out->from);
	alm_loader_check_parties(loader, out->to);
	alm_loader_refer_all(
		loader, &loader->purposes, out->purposes, "a purpose");
	alm_loader_refer_all(
		loader, &loader->categories, out->categories, "a category");
	if (out->de_identifies && out->at_or_above == ALM_LEVEL_AGGREGATE) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_LEVEL_ZERO,
			alm_yaml_place(at[LEVEL]),
			"nothing is below 'aggregate', so this cannot be "
			"de-identified; name a higher level, or withhold");
	}
}

void alm_load_prohibitions(struct alm_loader *loader)
{
	struct alm_bundle_prohibition *items = alm_loader_section(loader,
		ALM_SECTION_PROHIBITIONS, sizeof(*items), read_prohibition,
		&loader->prohibitions);
	size_t count = loader->entries[ALM_SECTION_PROHIBITIONS].count;

	loader->bundle->prohibitions = items;
	loader->bundle->prohibition_count = count;
}

enum basis_key {
	ID,
	TITLE,
	FROM,
	TO,
	PURPOSES,
	CATEGORIES,
	LEVEL,
	RELATIONSHIP,
	CONSENT,
	OPT_OUT,
	VALID,
	LAW,
	EVIDENCE,
	APPROVED_BY,
	LIFTS,
	OVERRIDES,
	LOCATION,
	SMALLEST_GROUP,
	OBLIGATIONS,
	STATUS,
	REGISTER,
	BASIS_KEYS,
};

static const struct alm_yaml_key basis_keys[BASIS_KEYS] = {
	[ID] = {"id", true},
	[TITLE] = {"title", true},
	[FROM] = {"from", true},
	[TO] = {"to", true},
	[PURPOSES] = {"purposes", true},
	[CATEGORIES] = {"categories", true},
	[LEVEL] = {"identifiability", true},
	[RELATIONSHIP] = {"relationship", true},
	[CONSENT] = {"consent", true},
	[OPT_OUT] = {"opt-out", true},
	[VALID] = {"valid", true},
	[LAW] = {"law", true},
	[EVIDENCE] = {"evidence", true},
	[APPROVED_BY] = {"approved-by", true},
	[LIFTS] = {"lifts", false},
	[OVERRIDES] = {"overrides", false},
	[LOCATION] = {"location-withheld", false},
	[SMALLEST_GROUP] = {"smallest-group", false},
	[OBLIGATIONS] = {"obligations", false},
	[STATUS] = {"status", false},
	[REGISTER] = {"register", false},
};

static void read_opt_out(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_basis *out)
{
	static const char *const words[] = {
		"not-applicable", "applies", "exempt:REASON"};

	out->opt_out_reason = "";
	if (node == NULL) {
		return;
	}
	if (strncmp(node->text, "exempt:", 7) != 0) {
		out->opt_out = (enum alm_opt_out_rule)(
			1 + alm_yaml_read_word(node, words, ALM_COUNT(words),
				    loader->diagnostics));
		return;
	}
	out->opt_out = ALM_OPT_OUT_EXEMPT;
	out->opt_out_reason = node->text + 7;
	if (!alm_id_is_valid(out->opt_out_reason)) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_ID_BAD,
			alm_yaml_place(node),
			"'%.64s' is not the id of a reason; write "
			"exempt:REASON-ID",
			out->opt_out_reason);
	}
}

static void read_overrides(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_basis *out)
{
	static const char *const words[] = {"emergency", "guardian"};

	if (!alm_yaml_read_list(node, loader->diagnostics)) {
		return;
	}
	for (const struct alm_yaml_node *child = node->first; child != NULL;
		child = child->next) {
		size_t i = alm_yaml_read_word(
			child, words, ALM_COUNT(words), loader->diagnostics);

		out->accepts_emergency = out->accepts_emergency || i == 0;
		out->accepts_guardian = out->accepts_guardian || i == 1;
	}
}

static void read_smallest_group(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_basis *out)
{
	const char *text = node->text;
	uint32_t value = 0;

	for (size_t i = 0; text[i] >= '0' && text[i] <= '9' && i < 7; i++) {
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	if (text[strspn(text, "0123456789")] != '\0' || text[0] == '0' ||
		strlen(text) > 7 || value < 2 || value > 1000000) {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"'%.64s' is not a number from 2 to 1000000", text);
		return;
	}
	out->smallest_group = value;
}

static void read_law(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_basis *out)
{
	static const struct alm_yaml_key keys[] = {{"article-6", true},
		{"article-9", true}, {"confidentiality", true}};
	const struct alm_yaml_node *at[ALM_COUNT(keys)] = {NULL};

	if (node != NULL) {
		(void)alm_yaml_read_map(node, "law", keys, ALM_COUNT(keys), at,
			loader->diagnostics);
	}
	out->law_article_6 = alm_loader_text(loader, at[0]);
	out->law_article_9 = alm_loader_text(loader, at[1]);
	out->law_confidentiality = alm_loader_text(loader, at[2]);
}

static void check_lifts(struct alm_loader *loader,
	const struct alm_yaml_node *node, const struct alm_bundle_basis *basis)
{
	if (node == NULL) {
		return;
	}
	if (!basis->is_mandate) {
		(void)alm_diagnostics_add(loader->diagnostics,
			ALM_LIFTS_ON_AGREEMENT, alm_yaml_key_place(node),
			"an agreement cannot lift; only a mandate in law can");
		return;
	}
	for (size_t i = 0; i < basis->lifts.count; i++) {
		static const char *const words[] = {
			"objection", "type-1", "prohibition:ID"};
		struct alm_word word = basis->lifts.items[i];
		const struct alm_yaml_node as_node = {
			.kind = ALM_YAML_SCALAR,
			.text = word.text,
			.file = word.place.file,
			.line = word.place.line,
			.column = word.place.column,
		};

		if (strncmp(word.text, "prohibition:", 12) == 0) {
			(void)alm_loader_refer(loader, &loader->prohibitions,
				word, 12, ALM_REFERENCE_DANGLING,
				"a prohibition");
			continue;
		}
		(void)alm_yaml_read_word(
			&as_node, words, 3, loader->diagnostics);
	}
}

/* The two faults that depend on the class of what is covered. */
static void check_class(struct alm_loader *loader,
	const struct alm_yaml_node *const *at,
	const struct alm_bundle_basis *basis)
{
	uint64_t covered = alm_loader_purposes_covered(loader, basis->purposes);
	uint64_t wrong = covered & loader->purpose_facts.not_care;
	const char *purpose;

	if (wrong == 0) {
		return;
	}
	purpose = loader->bundle->purposes[__builtin_ctzll(wrong)].id.text;
	purpose = purpose != NULL ? purpose : "";
	if (basis->consent == ALM_CONSENT_IMPLIED) {
		(void)alm_diagnostics_add(loader->diagnostics,
			ALM_CONSENT_CLASS, alm_yaml_place(at[CONSENT]),
			"consent cannot be implied for '%s', which is not of "
			"class care; say required or not-required",
			purpose);
	}
	if (basis->opt_out == ALM_OPT_OUT_NOT_APPLICABLE &&
		basis->identifiability >= ALM_LEVEL_PSEUDONYMISED) {
		(void)alm_diagnostics_add(loader->diagnostics,
			ALM_OPT_OUT_CLASS, alm_yaml_place(at[OPT_OUT]),
			"'%s' is not of class care, so the opt-out applies; "
			"say applies, or exempt:REASON",
			purpose);
	}
}

static void read_terms(struct alm_loader *loader,
	const struct alm_yaml_node *const *at, struct alm_bundle_basis *out)
{
	static const char *const relationships[] = {"required", "not-required"};
	static const char *const consents[] = {
		"implied", "required", "not-required"};
	static const char *const locations[] = {"strip", "refuse"};
	static const char *const statuses[] = {"active", "suspended"};

	out->identifiability = read_level(loader, at[LEVEL]);
	out->requires_relationship = alm_loader_choice(loader, at[RELATIONSHIP],
					     relationships, 2) != 2;
	out->consent = (enum alm_consent)alm_loader_choice(
		loader, at[CONSENT], consents, ALM_COUNT(consents));
	read_opt_out(loader, at[OPT_OUT], out);
	read_overrides(loader, at[OVERRIDES], out);
	out->refuses_withheld_location =
		alm_loader_choice(loader, at[LOCATION], locations, 2) == 2;
	if (at[SMALLEST_GROUP] != NULL) {
		read_smallest_group(loader, at[SMALLEST_GROUP], out);
	}
	out->status = alm_loader_choice(loader, at[STATUS], statuses, 2) == 2
			      ? ALM_STATUS_SUSPENDED
			      : ALM_STATUS_ACTIVE;
	if (at[VALID] != NULL) {
		alm_loader_period(loader, at[VALID], &out->valid);
	}
	read_law(loader, at[LAW], out);
}

static void read_basis(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_basis *out)
{
	const struct alm_yaml_node *at[BASIS_KEYS];

	(void)alm_yaml_read_map(node,
		out->is_mandate ? "a mandate" : "an agreement", basis_keys,
		BASIS_KEYS, at, loader->diagnostics);
	out->id = alm_loader_id(loader, at[ID]);
	out->title = alm_loader_text(loader, at[TITLE]);
	out->from = alm_loader_words(loader, at[FROM]);
	out->to = alm_loader_words(loader, at[TO]);
	out->purposes = alm_loader_words(loader, at[PURPOSES]);
	out->categories = alm_loader_words(loader, at[CATEGORIES]);
	out->lifts = alm_loader_words(loader, at[LIFTS]);
	out->obligations = alm_loader_words(loader, at[OBLIGATIONS]);
	out->evidence = alm_loader_words(loader, at[EVIDENCE]);
	out->approved_by = alm_loader_words(loader, at[APPROVED_BY]);
	out->entry = alm_loader_register(loader, at[REGISTER]);
	read_terms(loader, at, out);
	alm_loader_check_parties(loader, out->from);
	alm_loader_check_parties(loader, out->to);
	alm_loader_refer_all(
		loader, &loader->purposes, out->purposes, "a purpose");
	alm_loader_refer_all(
		loader, &loader->categories, out->categories, "a category");
	check_lifts(loader, at[LIFTS], out);
	check_class(loader, at, out);
}

void alm_load_bases(struct alm_loader *loader)
{
	static const enum alm_section sections[] = {
		ALM_SECTION_AGREEMENTS, ALM_SECTION_MANDATES};
	size_t count = loader->entries[sections[0]].count +
		       loader->entries[sections[1]].count;
	struct alm_bundle_basis *items;
	size_t filled = 0;

	if (count == 0) {
		return;
	}
	items = alm_loader_take(loader, count, sizeof(*items));
	if (items == NULL) {
		return;
	}
	for (size_t s = 0; s < ALM_COUNT(sections); s++) {
		const struct alm_entries *entries =
			&loader->entries[sections[s]];

		for (size_t i = 0; i < entries->count; i++) {
			items[filled].is_mandate = s == 1;
			read_basis(loader, entries->items[i], &items[filled]);
			filled++;
		}
	}
	loader->bundle->bases = items;
	loader->bundle->basis_count = count;
	alm_loader_index(
		loader, &loader->bases, &items[0].id, sizeof(*items), count);
}
