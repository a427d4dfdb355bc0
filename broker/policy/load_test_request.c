/*
 * The request of a test.  What a word means is judged by the rule, so that a
 * test may show that an unknown one is refused.
 */
#include <string.h>

#include "broker/policy/loader.h"
#include "lib/id.h"
#include "lib/limits.h"
#include "lib/words.h"
#include "lib/yaml/read.h"

enum {
	AT,
	FROM,
	TO,
	PURPOSE,
	CATEGORIES,
	PAYLOAD,
	ID,
	SUBJECT,
	SUBJECT_UNKNOWN,
	BASIS,
	BATCH,
	RELATIONSHIP,
	OVERRIDE,
	NOT_BEFORE,
	KEYS,
};

/* A text; NULL if it is absent or was reported. */
static const char *read_text(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	return alm_yaml_read_text(
		node, ALM_TEXT_BYTES_MAX, loader->diagnostics);
}

static void read_id(struct alm_loader *loader, const struct alm_yaml_node *node,
	struct alm_request *out)
{
	const char *text = read_text(loader, node);

	out->id = "test";
	if (text != NULL) {
		out->is_malformed = !alm_request_id_is_valid(text);
		out->id = out->is_malformed ? NULL : text;
	}
}

static void read_categories(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_request *out)
{
	struct alm_words words = alm_loader_words(loader, node);
	const char **items =
		alm_loader_take(loader, words.count + 1, sizeof(*items));

	if (items == NULL) {
		return;
	}
	for (size_t i = 0; i < words.count; i++) {
		items[i] = words.items[i].text;
	}
	out->categories = items;
	out->category_count = words.count;
}

static void read_payload(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_request *out)
{
	const char *text = read_text(loader, node);

	out->has_payload = text != NULL;
	out->payload = (enum alm_level)alm_level_of(text);
}

static void read_batch(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_request *out)
{
	static const char *const words[] = {"false", "true"};

	if (node != NULL) {
		out->is_batch =
			alm_yaml_read_word(node, words, ALM_COUNT(words),
				loader->diagnostics) == 1;
	}
}

static void read_relationship(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_request *out)
{
	static const struct alm_yaml_key keys[] = {
		{"kind", true}, {"ref", true}, {"organisation", true}};
	const struct alm_yaml_node *at[ALM_COUNT(keys)];

	if (node == NULL) {
		return;
	}
	(void)alm_yaml_read_map(node, "a relationship", keys, ALM_COUNT(keys),
		at, loader->diagnostics);
	out->has_relationship = true;
	out->relationship_kind = read_text(loader, at[0]);
	out->relationship_ref = read_text(loader, at[1]);
	out->relationship_organisation = read_text(loader, at[2]);
}

static void read_override(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_request *out)
{
	static const struct alm_yaml_key keys[] = {
		{"kind", true}, {"by", true}, {"reason", true}};
	const struct alm_yaml_node *at[ALM_COUNT(keys)];
	const char *kind;

	if (node == NULL) {
		return;
	}
	(void)alm_yaml_read_map(node, "an override", keys, ALM_COUNT(keys), at,
		loader->diagnostics);
	kind = read_text(loader, at[0]);
	out->has_override = true;
	if (kind != NULL && strcmp(kind, "emergency") == 0) {
		out->override_kind = ALM_OVERRIDE_EMERGENCY;
	} else if (kind != NULL && strcmp(kind, "guardian") == 0) {
		out->override_kind = ALM_OVERRIDE_GUARDIAN;
	}
	out->override_by = read_text(loader, at[1]);
	out->override_reason = read_text(loader, at[2]);
}

static uint64_t read_count(
	struct alm_loader *loader, const struct alm_yaml_node *node)
{
	const char *text = read_text(loader, node);
	uint64_t value = 0;

	if (text == NULL) {
		return 0;
	}
	if (strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0') {
		(void)alm_diagnostics_add(loader->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node), "'%.64s' is not a number", text);
		return 0;
	}
	for (; *text != '\0'; text++) {
		value = value * 10 + (uint64_t)(*text - '0');
	}
	return value;
}

static void read_not_before(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_request *out)
{
	static const struct alm_yaml_key keys[] = {
		{"epoch", true}, {"seq", true}};
	const struct alm_yaml_node *at[ALM_COUNT(keys)];

	if (node == NULL) {
		return;
	}
	(void)alm_yaml_read_map(node, "not-before", keys, ALM_COUNT(keys), at,
		loader->diagnostics);
	out->has_not_before = true;
	out->not_before_epoch = read_count(loader, at[0]);
	out->not_before_seq = read_count(loader, at[1]);
}

void alm_load_test_request(struct alm_loader *loader,
	const struct alm_yaml_node *node, struct alm_bundle_test *out)
{
	static const struct alm_yaml_key keys[KEYS] = {[AT] = {"at", true},
		[FROM] = {"from", true},
		[TO] = {"to", true},
		[PURPOSE] = {"purpose", true},
		[CATEGORIES] = {"categories", true},
		[PAYLOAD] = {"payload", true},
		[ID] = {"id", false},
		[SUBJECT] = {"subject", false},
		[SUBJECT_UNKNOWN] = {"subject-unknown", false},
		[BASIS] = {"basis", false},
		[BATCH] = {"batch", false},
		[RELATIONSHIP] = {"relationship", false},
		[OVERRIDE] = {"override", false},
		[NOT_BEFORE] = {"not-before", false}};
	const struct alm_yaml_node *at[KEYS];
	struct alm_request *request = &out->request;

	(void)alm_yaml_read_map(
		node, "a request", keys, KEYS, at, loader->diagnostics);
	out->at_s = alm_loader_instant(loader, at[AT]);
	request->from = read_text(loader, at[FROM]);
	request->to = read_text(loader, at[TO]);
	request->purpose = read_text(loader, at[PURPOSE]);
	read_categories(loader, at[CATEGORIES], request);
	read_payload(loader, at[PAYLOAD], request);
	read_id(loader, at[ID], request);
	request->subject = read_text(loader, at[SUBJECT]);
	request->subject_unknown = read_text(loader, at[SUBJECT_UNKNOWN]);
	request->basis = read_text(loader, at[BASIS]);
	read_batch(loader, at[BATCH], request);
	read_relationship(loader, at[RELATIONSHIP], request);
	read_override(loader, at[OVERRIDE], request);
	read_not_before(loader, at[NOT_BEFORE], request);
}
