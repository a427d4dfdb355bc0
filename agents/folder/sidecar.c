#include "agents/folder/sidecar.h"

#include <string.h>

#include "agents/folder/folder.h"
#include "lib/id.h"
#include "lib/limits.h"
#include "lib/nhs_number.h"
#include "lib/time.h"
#include "lib/words.h"
#include "lib/yaml/read.h"

#define DEPTH_MAX 3u

enum key {
	KEY_RECIPIENT,
	KEY_RECIPIENTS,
	KEY_PURPOSE,
	KEY_CATEGORIES,
	KEY_LEVEL,
	KEY_PAYLOAD,
	KEY_SUBJECT,
	KEY_SUBJECT_UNKNOWN,
	KEY_BASIS,
	KEY_STANDARD,
	KEY_RELATIONSHIP,
	KEY_OVERRIDE,
	KEY_DEADLINE,
	KEY_EXPIRES,
	KEY_PRIORITY,
	KEY_CORRELATION_ID,
	KEY_TRACEPARENT,
	KEY_KIND,
	KEY_COUNT,
};

static const struct alm_yaml_key keys[KEY_COUNT] = {
	[KEY_RECIPIENT] = {"recipient", false},
	[KEY_RECIPIENTS] = {"recipients", false},
	[KEY_PURPOSE] = {"purpose", true},
	[KEY_CATEGORIES] = {"categories", false},
	[KEY_LEVEL] = {"level", false},
	[KEY_PAYLOAD] = {"payload", false},
	[KEY_SUBJECT] = {"subject", false},
	[KEY_SUBJECT_UNKNOWN] = {"subject-unknown", false},
	[KEY_BASIS] = {"basis", false},
	[KEY_STANDARD] = {"standard", false},
	[KEY_RELATIONSHIP] = {"relationship", false},
	[KEY_OVERRIDE] = {"override", false},
	[KEY_DEADLINE] = {"deadline", false},
	[KEY_EXPIRES] = {"expires", false},
	[KEY_PRIORITY] = {"priority", false},
	[KEY_CORRELATION_ID] = {"correlation-id", false},
	[KEY_TRACEPARENT] = {"traceparent", false},
	[KEY_KIND] = {"kind", false},
};

static const char *const priorities[] = {"routine", "urgent", "bulk"};
static const char *const overrides[] = {"emergency", "guardian"};
/* From the third on they say what became of a message, and nothing else. */
static const char *const kinds[] = {
	"request", "reply", "delivered", "opened", "acted"};
#define KIND_DELIVERED 2u

/** What the readers share. */
struct reading {
	const struct alm_yaml_node *values[KEY_COUNT];
	struct alm_arena *arena;
	struct alm_diagnostics diagnostics;
	struct alm_sidecar *sidecar;
};

static void bad(struct reading *reading, enum key key, const char *why)
{
	(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
		alm_yaml_place(reading->values[key]), "%s: %s", keys[key].name,
		why);
}

static const char *text_of(struct reading *reading, enum key key, size_t max)
{
	return alm_yaml_read_text(
		reading->values[key], max, &reading->diagnostics);
}

static const char *word_of(struct reading *reading,
	const struct alm_yaml_node *node, const char *const *words,
	size_t count)
{
	size_t i = node == NULL ? count
				: alm_yaml_read_word(node, words, count,
					  &reading->diagnostics);

	return i < count ? words[i] : NULL;
}

/** One organisation, or a list of addresses. */
static void read_recipients(struct reading *reading)
{
	const struct alm_yaml_node *node = reading->values[KEY_RECIPIENTS];
	struct alm_outgoing *outgoing = &reading->sidecar->outgoing;
	const char **items;

	outgoing->recipient = text_of(reading, KEY_RECIPIENT, ALM_ID_BYTES_MAX);
	if ((node == NULL) == (reading->values[KEY_RECIPIENT] == NULL)) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node == NULL
					       ? reading->values[KEY_PURPOSE]
					       : node),
			"either a recipient or a list of recipients");
		return;
	}
	if (node == NULL || !alm_yaml_read_list(node, &reading->diagnostics)) {
		return;
	}
	items = alm_arena_take(reading->arena, node->count * sizeof(*items));
	if (node->count > ALM_ADDRESSES_MAX || items == NULL) {
		bad(reading, KEY_RECIPIENTS, "more than 1024");
		return;
	}
	for (const struct alm_yaml_node *child = node->first; child != NULL;
		child = child->next) {
		const char *text = alm_yaml_read_text(
			child, ALM_ADDRESS_BYTES_MAX, &reading->diagnostics);

		if (text != NULL) {
			items[outgoing->recipient_count++] = text;
		}
	}
	outgoing->recipients = items;
}

static void read_categories(struct reading *reading)
{
	const struct alm_yaml_node *node = reading->values[KEY_CATEGORIES];
	const struct alm_yaml_node *child;
	const char **items;
	size_t count = 0;

	if (node == NULL || !alm_yaml_read_list(node, &reading->diagnostics)) {
		return;
	}
	items = alm_arena_take(reading->arena, node->count * sizeof(*items));
	if (node->count > ALM_CATEGORIES_MAX || items == NULL) {
		bad(reading, KEY_CATEGORIES, "more than 64");
		return;
	}
	for (child = node->first; child != NULL; child = child->next) {
		const char *text = alm_yaml_read_text(
			child, ALM_ID_BYTES_MAX, &reading->diagnostics);

		if (text != NULL) {
			items[count++] = text;
		}
	}
	reading->sidecar->outgoing.categories = items;
	reading->sidecar->outgoing.category_count = count;
}

/** ID@VERSION */
static void read_standard(struct reading *reading)
{
	const char *text = text_of(
		reading, KEY_STANDARD, 2 * (size_t)ALM_ID_BYTES_MAX + 1);
	struct alm_outgoing *outgoing = &reading->sidecar->outgoing;
	const char *at = text == NULL ? NULL : strchr(text, '@');

	if (text == NULL) {
		return;
	}
	if (at == NULL || at == text || at[1] == '\0') {
		bad(reading, KEY_STANDARD, "not ID@VERSION");
		return;
	}
	outgoing->standard =
		alm_arena_text(reading->arena, text, (size_t)(at - text));
	outgoing->standard_version = at + 1;
}

static void read_subject(struct reading *reading)
{
	const char *text = text_of(reading, KEY_SUBJECT, ALM_ID_BYTES_MAX);

	if (text != NULL && !alm_nhs_number_is_valid(text)) {
		bad(reading, KEY_SUBJECT,
			"not an NHS number: ten digits without spaces, of "
			"which the last fits the others");
	}
	reading->sidecar->outgoing.subject = text;
}

static void read_payload(struct reading *reading)
{
	const char *text = text_of(reading, KEY_PAYLOAD, ALM_NAME_BYTES_MAX);

	if (text != NULL && !alm_folder_name_is_valid(text)) {
		bad(reading, KEY_PAYLOAD, "not the name of a file beside it");
	}
	reading->sidecar->payload = text;
}

static void read_relationship(struct reading *reading)
{
	static const struct alm_yaml_key parts[] = {
		{"kind", true}, {"ref", false}};
	const struct alm_yaml_node *values[ALM_COUNT(parts)] = {0};
	struct alm_outgoing *outgoing = &reading->sidecar->outgoing;

	if (reading->values[KEY_RELATIONSHIP] == NULL) {
		return;
	}
	(void)alm_yaml_read_map(reading->values[KEY_RELATIONSHIP],
		"a relationship", parts, ALM_COUNT(parts), values,
		&reading->diagnostics);
	outgoing->relationship_kind = alm_yaml_read_text(
		values[0], ALM_ID_BYTES_MAX, &reading->diagnostics);
	outgoing->relationship_ref =
		alm_yaml_read_text(values[1], 256, &reading->diagnostics);
}

static void read_override(struct reading *reading)
{
	static const struct alm_yaml_key parts[] = {
		{"kind", true}, {"by", true}, {"reason", true}};
	const struct alm_yaml_node *values[ALM_COUNT(parts)] = {0};
	struct alm_outgoing *outgoing = &reading->sidecar->outgoing;

	if (reading->values[KEY_OVERRIDE] == NULL) {
		return;
	}
	(void)alm_yaml_read_map(reading->values[KEY_OVERRIDE], "an override",
		parts, ALM_COUNT(parts), values, &reading->diagnostics);
	outgoing->override_kind =
		word_of(reading, values[0], overrides, ALM_COUNT(overrides));
	outgoing->override_by =
		alm_yaml_read_text(values[1], 256, &reading->diagnostics);
	outgoing->override_reason = alm_yaml_read_text(
		values[2], ALM_TEXT_BYTES_MAX, &reading->diagnostics);
}

/** An instant, or a duration. */
static void read_time(struct reading *reading, enum key key, int64_t *out_ms,
	int64_t *out_after_s)
{
	const char *text = text_of(reading, key, ALM_ID_BYTES_MAX);
	int64_t seconds = 0;

	if (text == NULL) {
		return;
	}
	if (alm_instant_parse(text, &seconds) == ALM_OK) {
		*out_ms = seconds * 1000;
	} else if (alm_duration_parse(text, &seconds) == ALM_OK &&
		   seconds > 0 && seconds < 366LL * 24 * 3600) {
		*out_after_s = seconds;
	} else {
		bad(reading, key,
			"neither a time like 2026-04-01T09:00:00Z "
			"nor a duration like 48h");
	}
}

static void read_correlation_id(struct reading *reading)
{
	struct alm_sidecar *sidecar = reading->sidecar;
	const char *text =
		text_of(reading, KEY_CORRELATION_ID, ALM_UUID_TEXT_BYTES);
	struct alm_message_id id;

	if (text == NULL) {
		return;
	}
	if (alm_message_id_parse(text, &id) != ALM_OK) {
		bad(reading, KEY_CORRELATION_ID, "not a UUID");
		return;
	}
	memcpy(sidecar->correlation_id, id.raw, sizeof(id.raw));
	sidecar->outgoing.correlation_id = sidecar->correlation_id;
}

/** What a message must have, and a business receipt must not. */
static void read_kind(struct reading *reading)
{
	static const enum key content[] = {
		KEY_CATEGORIES, KEY_LEVEL, KEY_PAYLOAD};
	const struct alm_yaml_node *node = reading->values[KEY_KIND];
	size_t kind =
		node == NULL ? 0
			     : alm_yaml_read_word(node, kinds, ALM_COUNT(kinds),
				       &reading->diagnostics);
	bool is_receipt = kind >= KIND_DELIVERED && kind < ALM_COUNT(kinds);

	if (node != NULL && kind < ALM_COUNT(kinds)) {
		reading->sidecar->outgoing.kind = kinds[kind];
	}
	for (size_t i = 0; i < ALM_COUNT(content); i++) {
		if (is_receipt != (reading->values[content[i]] == NULL)) {
			(void)alm_diagnostics_add(&reading->diagnostics,
				ALM_VALUE_BAD,
				alm_yaml_place(reading->values[KEY_PURPOSE]),
				is_receipt ? "%s does not go with this kind"
					   : "%s is missing",
				keys[content[i]].name);
		}
	}
	if (kind < ALM_COUNT(kinds) && kind >= 1 &&
		reading->values[KEY_CORRELATION_ID] == NULL) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(node),
			"correlation-id is missing: which message it answers");
	}
	if (node != NULL && kind == 0 &&
		reading->values[KEY_DEADLINE] == NULL) {
		bad(reading, KEY_KIND, "a request needs a deadline");
	}
}

static void read_values(
	struct reading *reading, const struct alm_yaml_node *root)
{
	struct alm_sidecar *sidecar = reading->sidecar;
	struct alm_outgoing *outgoing = &sidecar->outgoing;

	if (!alm_yaml_read_map(root, "a sidecar", keys, KEY_COUNT,
		    reading->values, &reading->diagnostics)) {
		return;
	}
	read_recipients(reading);
	outgoing->purpose = text_of(reading, KEY_PURPOSE, ALM_ID_BYTES_MAX);
	outgoing->basis = text_of(reading, KEY_BASIS, ALM_ID_BYTES_MAX);
	outgoing->subject_unknown =
		text_of(reading, KEY_SUBJECT_UNKNOWN, ALM_TEXT_BYTES_MAX);
	outgoing->traceparent =
		text_of(reading, KEY_TRACEPARENT, ALM_TRACEPARENT_BYTES);
	outgoing->level = word_of(reading, reading->values[KEY_LEVEL],
		alm_level_words, ALM_LEVEL_WORDS);
	outgoing->priority = word_of(reading, reading->values[KEY_PRIORITY],
		priorities, ALM_COUNT(priorities));
	read_payload(reading);
	read_subject(reading);
	read_categories(reading);
	read_standard(reading);
	read_relationship(reading);
	read_override(reading);
	read_correlation_id(reading);
	read_kind(reading);
	read_time(reading, KEY_DEADLINE, &outgoing->deadline_ms,
		&sidecar->deadline_after_s);
	read_time(reading, KEY_EXPIRES, &outgoing->expires_ms,
		&sidecar->expires_after_s);
}

enum alm_err alm_sidecar_read(const char *file, struct alm_bytes content,
	struct alm_arena *arena, struct alm_sidecar *out_sidecar,
	struct alm_problem *problem)
{
	struct alm_yaml_options options = {.file = file,
		.bytes_max = ALM_SIDECAR_BYTES_MAX,
		.depth_max = DEPTH_MAX};
	struct reading *reading = alm_arena_take(arena, sizeof(*reading));
	const struct alm_yaml_node *root = NULL;

	if (reading == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", file);
	}
	*out_sidecar = (struct alm_sidecar){0};
	reading->arena = arena;
	reading->sidecar = out_sidecar;
	alm_diagnostics_init(&reading->diagnostics, arena);
	if (alm_yaml_parse(&options, content, arena, &reading->diagnostics,
		    &root) == ALM_OK) {
		read_values(reading, root);
	}
	if (alm_diagnostics_problem(&reading->diagnostics, problem) != ALM_OK) {
		if (problem != NULL) {
			problem->err = ALM_SIDECAR;
		}
		return ALM_SIDECAR;
	}
	return ALM_OK;
}
