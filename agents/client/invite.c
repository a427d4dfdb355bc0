/* The invite file: strict YAML, as a context is, with a secret in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "agents/include/almoner_identity.h"
#include "lib/file.h"
#include "lib/id.h"
#include "lib/time.h"
#include "lib/yaml/read.h"

#define FILE_BYTES_MAX ((size_t)16 * 1024)
#define TREE_BYTES_MAX ((size_t)512 * 1024)

enum key {
	KEY_VERSION,
	KEY_NUMBER,
	KEY_ORGANISATION,
	KEY_AGENT,
	KEY_ENDPOINT,
	KEY_BROKER_KEY,
	KEY_SECRET,
	KEY_EXPIRES,
	KEY_COUNT,
};

static const struct alm_yaml_key keys[KEY_COUNT] = {
	[KEY_VERSION] = {"almoner-invite", true},
	[KEY_NUMBER] = {"number", true},
	[KEY_ORGANISATION] = {"organisation", true},
	[KEY_AGENT] = {"agent", true},
	[KEY_ENDPOINT] = {"endpoint", true},
	[KEY_BROKER_KEY] = {"broker-key", true},
	[KEY_SECRET] = {"secret", true},
	[KEY_EXPIRES] = {"expires", true},
};

/** Everything that is read with the tree. */
struct reading {
	struct alm_arena arena;
	struct alm_diagnostics diagnostics;
	const struct alm_yaml_node *values[KEY_COUNT];
};

static const char *text_of(struct reading *reading, enum key key, size_t max)
{
	const char *text = alm_yaml_read_text(
		reading->values[key], max, &reading->diagnostics);

	return text == NULL ? "" : text;
}

static void fault(struct reading *reading, enum key key, const char *what)
{
	if (reading->values[key] != NULL) {
		(void)alm_diagnostics_add(&reading->diagnostics, ALM_VALUE_BAD,
			alm_yaml_place(reading->values[key]), "%s", what);
	}
}

static void read_id(struct reading *reading, enum key key, char *out)
{
	const char *text = text_of(reading, key, ALM_ID_BYTES_MAX);

	if (!alm_id_is_valid(text)) {
		fault(reading, key, "not an id");
	}
	alm_text_copy(out, ALM_ID_BYTES_MAX + 1, text);
}

static void read_hex(struct reading *reading, enum key key, uint8_t out[32])
{
	if (alm_unhex(text_of(reading, key, 64), out, 32) != ALM_OK) {
		fault(reading, key, "not 64 hex digits");
	}
}

static void read_values(struct reading *reading, struct alm_invite_file *invite)
{
	const char *number = text_of(reading, KEY_NUMBER, 18);
	char *end = NULL;

	if (strcmp(text_of(reading, KEY_VERSION, 8), "1") != 0) {
		fault(reading, KEY_VERSION, "only version 1 is known");
	}
	invite->number = strtoull(number, &end, 10);
	if (number[0] < '1' || number[0] > '9' || *end != '\0') {
		fault(reading, KEY_NUMBER, "not a number");
	}
	read_id(reading, KEY_ORGANISATION, invite->organisation);
	read_id(reading, KEY_AGENT, invite->agent);
	alm_text_copy(invite->endpoint, sizeof(invite->endpoint),
		text_of(reading, KEY_ENDPOINT, ALM_ENDPOINT_BYTES_MAX));
	read_hex(reading, KEY_BROKER_KEY, invite->broker_key);
	read_hex(reading, KEY_SECRET, invite->secret);
	if (alm_instant_parse(text_of(reading, KEY_EXPIRES, 32),
		    &invite->expires_s) != ALM_OK) {
		fault(reading, KEY_EXPIRES, "not an instant");
	}
}

enum alm_err alm_invite_parse(const char *name, struct alm_bytes content,
	struct alm_invite_file *out_invite, struct alm_problem *problem)
{
	const struct alm_yaml_options options = {
		.file = name, .bytes_max = FILE_BYTES_MAX, .depth_max = 2};
	struct reading *reading = calloc(1, sizeof(*reading));
	struct alm_invite_file invite = {.number = 0};
	const struct alm_yaml_node *root = NULL;
	enum alm_err err;

	if (reading == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", name);
	}
	alm_arena_init(&reading->arena, TREE_BYTES_MAX);
	alm_diagnostics_init(&reading->diagnostics, &reading->arena);
	if (alm_yaml_parse(&options, content, &reading->arena,
		    &reading->diagnostics, &root) == ALM_OK &&
		alm_yaml_read_map(root, "an invite", keys, KEY_COUNT,
			reading->values, &reading->diagnostics)) {
		read_values(reading, &invite);
	}
	err = alm_diagnostics_problem(&reading->diagnostics, problem);
	if (err == ALM_OK) {
		*out_invite = invite;
	} else if (err != ALM_NOMEM) {
		err = ALM_INVITE_FILE;
		problem->err = err;
	}
	sodium_memzero(&invite, sizeof(invite));
	alm_arena_fini(&reading->arena);
	free(reading);
	return err;
}

enum alm_err alm_invite_read(const char *path,
	struct alm_invite_file *out_invite, struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err =
		alm_file_read(path, FILE_BYTES_MAX, &data, &bytes, problem);

	if (err == ALM_FIELD_TOO_LARGE) {
		return alm_problem_set(problem, ALM_INVITE_FILE,
			"%s: longer than an invite", path);
	}
	if (err == ALM_OK) {
		err = alm_invite_parse(path, (struct alm_bytes){data, bytes},
			out_invite, problem);
		sodium_memzero(data, bytes);
	}
	free(data);
	return err;
}

enum alm_err alm_invite_write(const char *path,
	const struct alm_invite_file *invite, struct alm_problem *problem)
{
	char expires[ALM_INSTANT_TEXT_BYTES];
	char broker_key[65];
	char secret[65];
	char text[2048];
	struct stat info;
	enum alm_err err;
	int n;

	if (lstat(path, &info) == 0) {
		return alm_problem_set(problem, ALM_IO,
			"%s is there already and is not overwritten", path);
	}
	alm_instant_text(invite->expires_s, expires);
	alm_hex(invite->broker_key, ALM_KEY_BYTES, broker_key);
	alm_hex(invite->secret, ALM_KEY_BYTES, secret);
	n = snprintf(text, sizeof(text),
		"# An invitation to Almoner, for %s of %s.  Good once, until "
		"%s.\n"
		"# Whoever holds this file can ask to join: hand it over "
		"privately, then\n"
		"#   almoner-agent join FILE --dir DIR\n"
		"# and compare six words over the telephone.\n"
		"almoner-invite: 1\nnumber: %llu\norganisation: %s\nagent: %s\n"
		"endpoint: '%s'\nbroker-key: '%s'\nsecret: '%s'\n"
		"expires: '%s'\n",
		invite->agent, invite->organisation, expires,
		(unsigned long long)invite->number, invite->organisation,
		invite->agent, invite->endpoint, broker_key, secret, expires);
	err = alm_file_write(path,
		(struct alm_bytes){(const uint8_t *)text, (size_t)n}, 0600,
		problem);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(text, sizeof(text));
	return err;
}
