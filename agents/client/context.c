#include "agents/client/context.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/file.h"
#include "lib/id.h"
#include "lib/yaml/read.h"

#define CONTEXT_BYTES_MAX ((size_t)64 * 1024)
#define TREE_BYTES_MAX ((size_t)1024 * 1024)

enum key {
	KEY_ENDPOINT,
	KEY_BROKER_KEY,
	KEY_ORGANISATION,
	KEY_AGENT,
	KEY_CURVE_KEY,
	KEY_SIGNING_KEY,
	KEY_WITNESS_KEY,
	KEY_WITNESS_STATE,
	KEY_AUDIT_KEY,
	KEY_COUNT,
};

static const struct alm_yaml_key keys[KEY_COUNT] = {
	[KEY_ENDPOINT] = {"endpoint", true},
	[KEY_BROKER_KEY] = {"broker-key", true},
	[KEY_ORGANISATION] = {"organisation", true},
	[KEY_AGENT] = {"agent", true},
	[KEY_CURVE_KEY] = {"curve-key", true},
	[KEY_SIGNING_KEY] = {"signing-key", true},
	[KEY_WITNESS_KEY] = {"witness-key", false},
	[KEY_WITNESS_STATE] = {"witness-state", false},
	[KEY_AUDIT_KEY] = {"audit-key", false},
};

/** Everything that is read with the tree. */
struct reading {
	struct alm_arena arena;
	struct alm_diagnostics diagnostics;
	const struct alm_yaml_node *values[KEY_COUNT];
	char key_paths[3][PATH_MAX]; /* curve, signing, witness */
};

static const char *text_of(struct reading *reading, enum key key, size_t max)
{
	const char *text = alm_yaml_read_text(
		reading->values[key], max, &reading->diagnostics);

	return text == NULL ? "" : text;
}

static void read_id(struct reading *reading, enum key key, char *out)
{
	const char *text = text_of(reading, key, ALM_ID_BYTES_MAX);

	if (text[0] != '\0' && !alm_id_is_valid(text)) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(reading->values[key]), "not an id");
	}
	(void)snprintf(out, ALM_ID_BYTES_MAX + 1, "%s", text);
}

/** A relative path is sought beside the context file. */
static void read_path(struct reading *reading, enum key key, const char *folder,
	char out[PATH_MAX])
{
	const char *text = text_of(reading, key, PATH_MAX / 2);

	if (text[0] == '/') {
		(void)snprintf(out, PATH_MAX, "%s", text);
	} else {
		(void)snprintf(out, PATH_MAX, "%.*s/%s", PATH_MAX / 2 - 1,
			folder, text);
	}
}

/** One key, or two with a comma between while the log's key is changed. */
static void read_audit_keys(
	struct reading *reading, struct alm_context *context)
{
	const char *text = text_of(reading, KEY_AUDIT_KEY, 129);
	char one[65];

	while (context->audit_key_count < ALM_COUNT(context->audit_keys)) {
		alm_text_copy(one, sizeof(one), text);
		if (alm_unhex(one,
			    context->audit_keys[context->audit_key_count],
			    32) != ALM_OK) {
			break;
		}
		context->audit_key_count++;
		text += 64;
		if (*text == '\0') {
			return;
		}
		text += *text == ',' ? 1 : 0;
	}
	(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
		alm_yaml_place(reading->values[KEY_AUDIT_KEY]),
		"not 64 hex digits, or two such with a comma between");
}

/** All three together, or none: a witness believes no key that it was not
 * given. */
static void read_witness(struct reading *reading, const char *folder,
	const struct alm_yaml_node *root, struct alm_context *context)
{
	if (reading->values[KEY_WITNESS_KEY] == NULL &&
		reading->values[KEY_WITNESS_STATE] == NULL) {
		return;
	}
	if (reading->values[KEY_WITNESS_KEY] == NULL ||
		reading->values[KEY_WITNESS_STATE] == NULL ||
		reading->values[KEY_AUDIT_KEY] == NULL) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(root),
			"a witness has witness-key, witness-state and "
			"audit-key");
		return;
	}
	context->is_witness = true;
	read_audit_keys(reading, context);
	read_path(reading, KEY_WITNESS_KEY, folder, reading->key_paths[2]);
	read_path(reading, KEY_WITNESS_STATE, folder, context->witness_state);
}

static void read_values(struct reading *reading, const char *path,
	const struct alm_yaml_node *root, struct alm_context *context)
{
	char copy[PATH_MAX];
	const char *folder;
	const char *key_text;

	if (!alm_yaml_read_map(root, "a context", keys, KEY_COUNT,
		    reading->values, &reading->diagnostics)) {
		return;
	}
	(void)snprintf(context->endpoint, sizeof(context->endpoint), "%s",
		text_of(reading, KEY_ENDPOINT, ALM_ENDPOINT_BYTES_MAX));
	read_id(reading, KEY_ORGANISATION, context->organisation);
	read_id(reading, KEY_AGENT, context->agent);
	key_text = text_of(reading, KEY_BROKER_KEY, 64);
	if (alm_unhex(key_text, context->broker_key, 32) != ALM_OK) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(reading->values[KEY_BROKER_KEY]),
			"not 64 hex digits");
	}
	(void)snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	read_path(reading, KEY_CURVE_KEY, folder, reading->key_paths[0]);
	read_path(reading, KEY_SIGNING_KEY, folder, reading->key_paths[1]);
	read_witness(reading, folder, root, context);
}

/** Whatever is wrong with the file is one error, with its place. */
static enum alm_err context_problem(
	const struct reading *reading, struct alm_problem *problem)
{
	if (alm_diagnostics_problem(&reading->diagnostics, problem) == ALM_OK) {
		return ALM_OK;
	}
	if (problem != NULL) {
		problem->err = ALM_CONTEXT;
	}
	return ALM_CONTEXT;
}

static enum alm_err read_tree(struct reading *reading, const char *path,
	struct alm_bytes content, struct alm_context *context,
	struct alm_problem *problem)
{
	struct alm_yaml_options options = {
		.file = path, .bytes_max = CONTEXT_BYTES_MAX, .depth_max = 2};
	const struct alm_yaml_node *root = NULL;

	alm_arena_init(&reading->arena, TREE_BYTES_MAX);
	alm_diagnostics_init(&reading->diagnostics, &reading->arena);
	if (alm_yaml_parse(&options, content, &reading->arena,
		    &reading->diagnostics, &root) == ALM_OK) {
		read_values(reading, path, root, context);
	}
	return context_problem(reading, problem);
}

enum alm_err alm_context_read(const char *path, struct alm_context *out_context,
	struct alm_problem *problem)
{
	return alm_context_read_files(path, out_context, NULL, problem);
}

enum alm_err alm_context_read_files(const char *path,
	struct alm_context *out_context, struct alm_context_files *out_files,
	struct alm_problem *problem)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct alm_context context = {0};
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	if (reading == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", path);
	}
	err = alm_file_read(path, CONTEXT_BYTES_MAX, &data, &bytes, problem);
	if (err != ALM_OK) {
		err = ALM_CONTEXT;
		if (problem != NULL) {
			problem->err = err;
		}
		goto out;
	}
	err = read_tree(reading, path, (struct alm_bytes){data, bytes},
		&context, problem);
	if (err != ALM_OK) {
		goto out;
	}
	err = alm_key_file_read(
		reading->key_paths[0], context.curve_key, problem);
	if (err == ALM_OK) {
		err = alm_key_file_read(
			reading->key_paths[1], context.signing_key, problem);
	}
	if (err == ALM_OK && context.is_witness) {
		err = alm_key_file_read(
			reading->key_paths[2], context.witness_key, problem);
	}
	if (err == ALM_OK) {
		*out_context = context;
	}
	if (err == ALM_OK && out_files != NULL) {
		memcpy(out_files->curve_key, reading->key_paths[0], PATH_MAX);
		memcpy(out_files->signing_key, reading->key_paths[1], PATH_MAX);
	}
out:
	sodium_memzero(&context, sizeof(context));
	alm_arena_fini(&reading->arena);
	free(reading);
	free(data);
	return err;
}
