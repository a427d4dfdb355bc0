/*
 * Joining.  Keys and context are on disk before the broker hears of them, so
 * that a try that was interrupted is finished with the same keys: the invite
 * is good once, for one pair of keys.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "agents/client/clock.h"
#include "agents/client/once.h"
#include "agents/include/almoner_identity.h"
#include "lib/file.h"
#include "lib/id.h"

#define CONNECT_MS 15000
#define ANSWER_MS 15000
#define LIMITED_TRIES 5
#define LIMITED_WAIT_MS 1000
#define REPLY_BYTES_MAX ((size_t)1024 * 1024)

/* The joining agent's secret keys, as key files keep them, and public ones. */
struct own_keys {
	uint8_t curve_secret[ALM_KEY_BYTES];
	uint8_t signing_seed[ALM_KEY_BYTES];
	uint8_t curve_public[ALM_KEY_BYTES];
	uint8_t signing_public[ALM_KEY_BYTES];
};

static enum alm_err join_path(const char *folder, const char *name,
	char out[PATH_MAX], struct alm_problem *problem)
{
	return snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX
		       ? ALM_OK
		       : alm_problem_set(
				 problem, ALM_IO, "the path is too long");
}

/* The key of the file; a new one if there is no such file. */
static enum alm_err take_key(const char *folder, const char *name,
	uint8_t out[32], struct alm_problem *problem)
{
	char path[PATH_MAX];
	struct stat info;
	enum alm_err err = join_path(folder, name, path, problem);

	if (err != ALM_OK) {
		return err;
	}
	if (lstat(path, &info) == 0) {
		return alm_key_file_read(path, out, problem);
	}
	randombytes_buf(out, 32);
	return alm_key_file_write(path, out, problem);
}

static enum alm_err take_keys(
	const char *folder, struct own_keys *keys, struct alm_problem *problem)
{
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
	enum alm_err err =
		take_key(folder, "curve.key", keys->curve_secret, problem);

	if (err == ALM_OK) {
		err = take_key(
			folder, "signing.key", keys->signing_seed, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	(void)crypto_scalarmult_base(keys->curve_public, keys->curve_secret);
	(void)crypto_sign_seed_keypair(
		keys->signing_public, secret_key, keys->signing_seed);
	sodium_memzero(secret_key, sizeof(secret_key));
	return ALM_OK;
}

static int context_text(
	const struct alm_invite_file *invite, char *out, size_t out_bytes)
{
	char broker_key[65];

	alm_hex(invite->broker_key, ALM_KEY_BYTES, broker_key);
	return snprintf(out, out_bytes,
		"# Made by almoner-agent join, of invite %llu.\n"
		"endpoint: '%s'\nbroker-key: '%s'\norganisation: %s\n"
		"agent: %s\ncurve-key: curve.key\nsigning-key: signing.key\n",
		(unsigned long long)invite->number, invite->endpoint,
		broker_key, invite->organisation, invite->agent);
}

/* One of the same invite may be there from before, another may not: its keys
 * are somebody's.  Errors: NOT_FOUND: there is none. */
static enum alm_err check_context(const char *path,
	const struct alm_invite_file *invite, struct alm_problem *problem)
{
	char text[1024];
	int n = context_text(invite, text, sizeof(text));
	uint8_t *there = NULL;
	size_t bytes = 0;
	enum alm_err err =
		alm_file_read(path, sizeof(text), &there, &bytes, problem);
	bool is_same = err == ALM_OK && bytes == (size_t)n &&
		       memcmp(there, text, bytes) == 0;

	free(there);
	if (err == ALM_OK || err == ALM_FIELD_TOO_LARGE) {
		return is_same ? ALM_OK
			       : alm_problem_set(problem, ALM_KEY_EXISTS,
					 "%s is of another agent", path);
	}
	return err;
}

static enum alm_err write_context(const char *path,
	const struct alm_invite_file *invite, struct alm_problem *problem)
{
	char text[1024];
	int n = context_text(invite, text, sizeof(text));
	enum alm_err err = check_context(path, invite, problem);

	if (err != ALM_NOT_FOUND) {
		return err;
	}
	return alm_file_write(path,
		(struct alm_bytes){(const uint8_t *)text, (size_t)n}, 0600,
		problem);
}

/* No key may be there that is not of this invite. */
static enum alm_err name_context(
	const char *folder, char context[PATH_MAX], struct alm_problem *problem)
{
	char path[PATH_MAX];
	struct stat info;
	enum alm_err err = join_path(folder, "context.yaml", context, problem);

	if (err == ALM_OK) {
		err = join_path(folder, "curve.key", path, problem);
	}
	if (err == ALM_OK && lstat(path, &info) == 0 &&
		lstat(context, &info) != 0) {
		return alm_problem_set(problem, ALM_KEY_EXISTS,
			"%s is there without a context of this invite", path);
	}
	return err;
}

/* Context first: where it is of another agent, no key is made. */
static enum alm_err prepare(const char *folder,
	const struct alm_invite_file *invite, struct own_keys *keys,
	char context[PATH_MAX], struct alm_problem *problem)
{
	enum alm_err err;

	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", folder, strerror(errno));
	}
	err = name_context(folder, context, problem);
	if (err != ALM_OK) {
		return err;
	}
	err = write_context(context, invite, problem);
	return err == ALM_OK ? take_keys(folder, keys, problem) : err;
}

static enum alm_err make_check(const struct alm_invite_file *invite,
	const struct alm_invite_keys *invite_keys, const struct own_keys *keys,
	uint8_t out[32])
{
	const struct alm_join_facts facts = {.invite = invite->number,
		.organisation = invite->organisation,
		.agent = invite->agent,
		.invite_key = invite_keys->curve_public,
		.proof_hash = invite_keys->proof_hash,
		.broker_key = invite->broker_key,
		.curve_key = keys->curve_public,
		.signing_key = keys->signing_public};

	return alm_join_check(&facts, out);
}

static enum alm_err say(const struct alm_invite_file *invite,
	const struct alm_invite_keys *invite_keys,
	const struct alm_envelope *envelope, struct alm_arena *arena,
	const struct alm_envelope **out_reply, struct alm_problem *problem)
{
	const struct alm_once once = {.endpoint = invite->endpoint,
		.broker_key = invite->broker_key,
		.curve_secret_key = invite_keys->curve_secret,
		.timeout_ms = CONNECT_MS};
	struct alm_link *link = NULL;
	enum alm_err err = alm_once_connect(&once, &link, problem);

	if (err == ALM_NOT_AUTHENTICATED) {
		return alm_problem_set(problem, ALM_INVITE_INVALID,
			"%s refuses it", invite->endpoint);
	}
	for (int i = 0; err == ALM_OK && i < LIMITED_TRIES; i++) {
		err = alm_once_say(link, envelope, ALM_ENVELOPE_JOINED,
			ANSWER_MS, arena, out_reply, problem);
		if (err != ALM_JOINS_LIMITED) {
			break;
		}
		if (i + 1 < LIMITED_TRIES) {
			err = ALM_OK;
			(void)!alm_link_wait(link, LIMITED_WAIT_MS);
		}
	}
	alm_link_close(link, 0);
	return err;
}

static enum alm_err join(const struct alm_invite_file *invite,
	const struct own_keys *keys, struct alm_join_result *result,
	struct alm_problem *problem)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_JOIN};
	const struct alm_envelope *reply = NULL;
	struct alm_invite_keys invite_keys;
	struct alm_arena arena;
	uint8_t check[ALM_DIGEST_BYTES];
	enum alm_err err = alm_invite_derive(invite->secret, &invite_keys);

	if (err == ALM_OK) {
		err = make_check(invite, &invite_keys, keys, check);
	}
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "invite");
	}
	envelope.join.invite = invite->number;
	memcpy(envelope.join.proof, invite_keys.proof, 32);
	memcpy(envelope.join.curve_key, keys->curve_public, ALM_KEY_BYTES);
	memcpy(envelope.join.signing_key, keys->signing_public, ALM_KEY_BYTES);
	alm_digest_sign(ALM_JOIN_CONTEXT, check, keys->signing_seed,
		envelope.join.signature);
	alm_arena_init(&arena, REPLY_BYTES_MAX);
	err = say(invite, &invite_keys, &envelope, &arena, &reply, problem);
	if (err == ALM_OK && reply != NULL &&
		memcmp(reply->joined.check, check, sizeof(check)) != 0) {
		err = alm_problem_set(problem, ALM_WORDS_DIFFER,
			"the broker answers for other keys than these");
	}
	if (err == ALM_OK && reply != NULL) {
		/* Of what this side knows, whatever the other one says. */
		alm_words_say(check, result->words);
		result->is_approved = reply->joined.is_approved;
	}
	sodium_memzero(&envelope, sizeof(envelope));
	sodium_memzero(&invite_keys, sizeof(invite_keys));
	alm_arena_fini(&arena);
	return err;
}

static enum alm_err read_invite(const char *invite_file,
	struct alm_invite_file *invite, struct alm_join_result *result,
	struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	if (sodium_init() < 0) {
		return alm_problem_set(problem, ALM_INTERNAL, "no randomness");
	}
	err = alm_invite_read(invite_file, invite, problem);
	if (err == ALM_OK && invite->expires_s <= alm_client_wall_ms() / 1000) {
		err = alm_problem_set(problem, ALM_INVITE_INVALID,
			"%s has expired by this machine's clock", invite_file);
	}
	if (err == ALM_OK) {
		alm_text_copy(result->organisation,
			sizeof(result->organisation), invite->organisation);
		alm_text_copy(
			result->agent, sizeof(result->agent), invite->agent);
	}
	return err;
}

enum alm_err alm_join_broker(const char *invite_file, const char *folder,
	struct alm_join_result *out_result, struct alm_problem *problem)
{
	struct alm_invite_file invite = {.number = 0};
	struct alm_join_result result = {.words = ""};
	struct own_keys keys = {.curve_secret = {0}};
	enum alm_err err = read_invite(invite_file, &invite, &result, problem);

	if (err == ALM_OK) {
		err = prepare(folder, &invite, &keys, result.context, problem);
	}
	if (err == ALM_OK) {
		err = join(&invite, &keys, &result, problem);
	}
	if (err == ALM_OK) {
		*out_result = result;
	}
	sodium_memzero(&invite, sizeof(invite));
	sodium_memzero(&keys, sizeof(keys));
	return err;
}

/* --- whether it could be -------------------------------------------------- */

static enum alm_err try_folder(const char *folder,
	const struct alm_invite_file *invite, char context[PATH_MAX],
	struct alm_problem *problem)
{
	const char *slash = strrchr(folder, '/');
	char parent[PATH_MAX] = ".";
	struct stat info;
	enum alm_err err = name_context(folder, context, problem);

	if (err == ALM_OK) {
		err = check_context(context, invite, problem);
	}
	if (err != ALM_OK && err != ALM_NOT_FOUND) {
		return err;
	}
	*problem = (struct alm_problem){.err = ALM_OK};
	if (slash != NULL) {
		(void)snprintf(parent, sizeof(parent), "%.*s",
			slash == folder ? 1 : (int)(slash - folder), folder);
	}
	if (stat(folder, &info) == 0) {
		(void)snprintf(parent, sizeof(parent), "%s", folder);
	}
	return access(parent, W_OK | X_OK) == 0
		       ? ALM_OK
		       : alm_problem_set(problem, ALM_IO, "%s: %s", parent,
				 strerror(errno));
}

static enum alm_err try_invite(
	const struct alm_invite_file *invite, struct alm_problem *problem)
{
	struct alm_invite_keys keys;
	struct alm_link *link = NULL;
	const struct alm_once once = {.endpoint = invite->endpoint,
		.broker_key = invite->broker_key,
		.curve_secret_key = keys.curve_secret,
		.timeout_ms = CONNECT_MS};
	enum alm_err err = alm_invite_derive(invite->secret, &keys);

	if (err == ALM_OK) {
		err = alm_once_connect(&once, &link, problem);
	}
	alm_link_close(link, 0);
	sodium_memzero(&keys, sizeof(keys));
	return err == ALM_NOT_AUTHENTICATED
		       ? alm_problem_set(problem, ALM_INVITE_INVALID,
				 "%s refuses it", invite->endpoint)
		       : err;
}

enum alm_err alm_join_try(const char *invite_file, const char *folder,
	struct alm_join_result *out_result, struct alm_problem *problem)
{
	struct alm_invite_file invite = {.number = 0};
	struct alm_join_result result = {.words = ""};
	enum alm_err err = read_invite(invite_file, &invite, &result, problem);

	if (err == ALM_OK) {
		err = try_folder(folder, &invite, result.context, problem);
	}
	if (err == ALM_OK) {
		err = try_invite(&invite, problem);
	}
	if (err == ALM_OK) {
		*out_result = result;
	}
	sodium_memzero(&invite, sizeof(invite));
	return err;
}
