/* context_card.c - a context file as texts; see almoner_context.h. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/include/almoner_context.h"
#include "lib/file.h"
#include "lib/id.h"
#include "lib/yaml/read.h"

#define TREE_BYTES_MAX ((size_t)1024 * 1024)
#define KEY_DIGITS 64u

const struct alm_context_key_info alm_context_keys[ALM_CONTEXT_KEYS] = {
#define X(key, name, form, value, help) {name, ALM_CONTEXT_FORM_##form},
	ALM_CONTEXT_KEY_MAP(X)
#undef X
};

/** Everything that is read with the tree. */
struct reading {
	struct alm_arena arena;
	struct alm_diagnostics diagnostics;
	const struct alm_yaml_node *values[ALM_CONTEXT_KEYS];
	struct alm_context_card card;
	const char *folder; /* of the file */
};

static bool is_key(const char *text)
{
	uint8_t raw[KEY_DIGITS / 2];

	return alm_unhex(text, raw, sizeof(raw)) == ALM_OK;
}

/** One key, or two with a comma between while a log's key is changed. */
static bool is_one_or_two_keys(const char *text)
{
	char first[KEY_DIGITS + 1];

	if (strlen(text) != 2 * (size_t)KEY_DIGITS + 1) {
		return is_key(text);
	}
	(void)snprintf(first, sizeof(first), "%.*s", (int)KEY_DIGITS, text);
	return text[KEY_DIGITS] == ',' && is_key(first) &&
	       is_key(text + KEY_DIGITS + 1);
}

static bool is_one_line(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7F) {
			return false;
		}
	}
	return true;
}

static const char *complaint(enum alm_context_key key, const char *text)
{
	switch (alm_context_keys[key].form) {
	case ALM_CONTEXT_FORM_TEXT:
		return is_one_line(text) ? NULL : "not one line of text";
	case ALM_CONTEXT_FORM_ENDPOINT:
	case ALM_CONTEXT_FORM_FILE:
		break;
	case ALM_CONTEXT_FORM_ID:
		return alm_id_is_valid(text) ? NULL : "not an id";
	case ALM_CONTEXT_FORM_PUBLIC:
		if (key != ALM_CONTEXT_AUDIT_KEY) {
			return is_key(text) ? NULL : "not 64 hex digits";
		}
		return is_one_or_two_keys(text)
			       ? NULL
			       : "not 64 hex digits, or two such with a comma "
				 "between";
	}
	return NULL;
}

static size_t bytes_max(enum alm_context_form form)
{
	switch (form) {
	case ALM_CONTEXT_FORM_ENDPOINT:
		return ALM_ENDPOINT_BYTES_MAX;
	case ALM_CONTEXT_FORM_ID:
		return ALM_ID_BYTES_MAX;
	case ALM_CONTEXT_FORM_PUBLIC:
		return 2 * (size_t)KEY_DIGITS + 1;
	case ALM_CONTEXT_FORM_TEXT:
		return ALM_CONTEXT_TEXT_BYTES_MAX;
	case ALM_CONTEXT_FORM_FILE:
		break;
	}
	return PATH_MAX / 2;
}

static void read_value(struct reading *reading, enum alm_context_key key)
{
	enum alm_context_form form = alm_context_keys[key].form;
	const char *text = alm_yaml_read_text(
		reading->values[key], bytes_max(form), &reading->diagnostics);
	char *out = reading->card.values[key];
	const char *wrong = text == NULL ? NULL : complaint(key, text);

	if (wrong != NULL) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(reading->values[key]), "%s", wrong);
	} else if (text != NULL && form == ALM_CONTEXT_FORM_FILE &&
		   text[0] != '/') {
		(void)snprintf(out, PATH_MAX, "%.*s/%s", PATH_MAX / 2 - 1,
			reading->folder, text);
	} else if (text != NULL) {
		(void)snprintf(out, PATH_MAX, "%s", text);
	}
}

/** What an agent cannot connect without stands together, or not at all: an
 * operator's context has the administration socket alone. */
static void check_agent(
	struct reading *reading, const struct alm_yaml_node *root)
{
	static const enum alm_context_key needed[] = {ALM_CONTEXT_ENDPOINT,
		ALM_CONTEXT_BROKER_KEY, ALM_CONTEXT_ORGANISATION,
		ALM_CONTEXT_AGENT, ALM_CONTEXT_CURVE_KEY,
		ALM_CONTEXT_SIGNING_KEY};
	const char *missing = NULL;
	size_t count = 0;

	for (size_t i = 0; i < ALM_COUNT(needed); i++) {
		if (reading->values[needed[i]] != NULL) {
			count++;
		} else {
			missing = alm_context_keys[needed[i]].name;
		}
	}
	if (missing != NULL && count > 0) {
		(void)alm_diagnostics_add(&reading->diagnostics,
			ALM_KEY_MISSING, alm_yaml_place(root),
			"an agent's context lacks %s", missing);
	}
}

/** All three together, or none: a witness believes no key that it was not
 * given. */
static void check_witness(
	struct reading *reading, const struct alm_yaml_node *root)
{
	bool has_key = reading->values[ALM_CONTEXT_WITNESS_KEY] != NULL;
	bool has_state = reading->values[ALM_CONTEXT_WITNESS_STATE] != NULL;

	if ((has_key || has_state) &&
		(!has_key || !has_state ||
			reading->values[ALM_CONTEXT_AUDIT_KEY] == NULL)) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(root),
			"a witness has witness-key, witness-state and "
			"audit-key");
	}
}

static void read_values(
	struct reading *reading, const struct alm_yaml_node *root)
{
	struct alm_yaml_key keys[ALM_CONTEXT_KEYS];

	for (size_t i = 0; i < ALM_CONTEXT_KEYS; i++) {
		keys[i] =
			(struct alm_yaml_key){alm_context_keys[i].name, false};
	}
	if (!alm_yaml_read_map(root, "a context", keys, ALM_CONTEXT_KEYS,
		    reading->values, &reading->diagnostics)) {
		return;
	}
	for (size_t i = 0; i < ALM_CONTEXT_KEYS; i++) {
		read_value(reading, (enum alm_context_key)i);
	}
	check_agent(reading, root);
	check_witness(reading, root);
}

/** Whatever is wrong with the file is one error, with its place. */
static enum alm_err as_context_error(struct alm_problem *problem)
{
	if (problem != NULL) {
		problem->err = ALM_CONTEXT;
	}
	return ALM_CONTEXT;
}

enum alm_err alm_context_card_parse(const char *path, struct alm_bytes content,
	struct alm_context_card *out_card, struct alm_problem *problem)
{
	const struct alm_yaml_options options = {.file = path,
		.bytes_max = ALM_CONTEXT_BYTES_MAX,
		.depth_max = 2};
	struct reading *reading = calloc(1, sizeof(*reading));
	const struct alm_yaml_node *root = NULL;
	char copy[PATH_MAX];
	enum alm_err err;

	if (reading == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", path);
	}
	alm_text_copy(copy, sizeof(copy), path);
	reading->folder = dirname(copy);
	alm_arena_init(&reading->arena, TREE_BYTES_MAX);
	alm_diagnostics_init(&reading->diagnostics, &reading->arena);
	if (alm_yaml_parse(&options, content, &reading->arena,
		    &reading->diagnostics, &root) == ALM_OK) {
		read_values(reading, root);
	}
	err = alm_diagnostics_problem(&reading->diagnostics, problem);
	if (err == ALM_OK) {
		*out_card = reading->card;
	} else {
		err = as_context_error(problem);
	}
	alm_arena_fini(&reading->arena);
	free(reading);
	return err;
}

static enum alm_err read_one(const char *path,
	struct alm_context_card *out_card, struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err = alm_file_read(
		path, ALM_CONTEXT_BYTES_MAX, &data, &bytes, problem);

	if (err != ALM_OK) {
		return as_context_error(problem);
	}
	err = alm_context_card_parse(
		path, (struct alm_bytes){data, bytes}, out_card, problem);
	free(data);
	return err;
}

static bool is_same_agent(const struct alm_context_card *one,
	const struct alm_context_card *other)
{
	return strcmp(one->values[ALM_CONTEXT_ORGANISATION],
		       other->values[ALM_CONTEXT_ORGANISATION]) == 0 &&
	       strcmp(one->values[ALM_CONTEXT_AGENT],
		       other->values[ALM_CONTEXT_AGENT]) == 0;
}

/* A copy follows a broker that moves as the original does: its agent writes
 * there where the broker is.  What cannot be read leaves the copy as it is. */
static void follow(struct alm_context_card *card)
{
	static const enum alm_context_key keys[] = {
		ALM_CONTEXT_ENDPOINT, ALM_CONTEXT_BROKER_KEY};
	struct alm_context_card *from = calloc(1, sizeof(*from));

	if (from != NULL &&
		read_one(card->values[ALM_CONTEXT_BROKER_FROM], from, NULL) ==
			ALM_OK &&
		from->values[ALM_CONTEXT_ENDPOINT][0] != '\0' &&
		is_same_agent(card, from)) {
		for (size_t i = 0; i < ALM_COUNT(keys); i++) {
			memcpy(card->values[keys[i]], from->values[keys[i]],
				PATH_MAX);
		}
	}
	free(from);
}

enum alm_err alm_context_card_read(const char *path,
	struct alm_context_card *out_card, struct alm_problem *problem)
{
	enum alm_err err = read_one(path, out_card, problem);

	if (err == ALM_OK &&
		out_card->values[ALM_CONTEXT_BROKER_FROM][0] != '\0' &&
		out_card->values[ALM_CONTEXT_ENDPOINT][0] != '\0') {
		follow(out_card);
	}
	return err;
}
