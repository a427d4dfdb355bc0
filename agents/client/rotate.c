/*
 * New keys for an agent.  They are on disk before the broker hears of them,
 * and take their places only when it has taken them; both pairs are valid
 * meanwhile, so that each step can be the last one for a while.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "agents/client/once.h"
#include "agents/include/almoner_identity.h"
#include "lib/file.h"
#include "lib/id.h"

#define ANSWER_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define CONNECT_MS 15000

/* The new keys, where they wait, and what the broker is told. */
struct rotation {
	struct alm_context context;
	struct alm_context_files files;
	char next_curve[PATH_MAX];
	char next_signing[PATH_MAX];
	uint8_t curve[ALM_KEY_BYTES];
	uint8_t signing[ALM_KEY_BYTES];
	char curve_hex[65];
	char signing_hex[65];
	char signature_hex[129];
	char proof_hex[129];
};

static bool is_there(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

static enum alm_err make_key(
	const char *path, uint8_t out[32], struct alm_problem *problem)
{
	if (is_there(path)) {
		return alm_key_file_read(path, out, problem);
	}
	randombytes_buf(out, 32);
	return alm_key_file_write(path, out, problem);
}

static enum alm_err move(
	const char *from, const char *to, struct alm_problem *problem)
{
	if (is_there(from) && rename(from, to) != 0) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", to, strerror(errno));
	}
	return ALM_OK;
}

static enum alm_err sync_folder_of(
	const char *path, struct alm_problem *problem)
{
	char folder[PATH_MAX];
	char *slash;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
	return alm_file_sync_folder(slash == NULL ? "." : folder, problem);
}

/* The signing key last: while its new one waits, the rotation is not done. */
static enum alm_err put_in_place(
	struct rotation *rotation, struct alm_problem *problem)
{
	enum alm_err err =
		move(rotation->next_curve, rotation->files.curve_key, problem);

	if (err == ALM_OK) {
		err = sync_folder_of(rotation->files.curve_key, problem);
	}
	if (err == ALM_OK) {
		err = move(rotation->next_signing, rotation->files.signing_key,
			problem);
	}
	if (err == ALM_OK) {
		err = sync_folder_of(rotation->files.signing_key, problem);
	}
	return err;
}

static enum alm_err prepare(const char *context_file, struct rotation *rotation,
	struct alm_problem *problem)
{
	enum alm_err err = alm_context_read_files(
		context_file, &rotation->context, &rotation->files, problem);

	if (err != ALM_OK) {
		return err;
	}
	if (snprintf(rotation->next_curve, PATH_MAX, "%.*s.next", PATH_MAX - 6,
		    rotation->files.curve_key) >= PATH_MAX ||
		snprintf(rotation->next_signing, PATH_MAX, "%.*s.next",
			PATH_MAX - 6,
			rotation->files.signing_key) >= PATH_MAX) {
		return alm_problem_set(problem, ALM_IO, "the path is too long");
	}
	if (is_there(rotation->next_signing) &&
		!is_there(rotation->next_curve)) {
		/* The broker had taken them: this was the last step. */
		err = put_in_place(rotation, problem);
		return err == ALM_OK ? ALM_NOT_FOUND : err;
	}
	err = make_key(rotation->next_curve, rotation->curve, problem);
	return err == ALM_OK ? make_key(rotation->next_signing,
				       rotation->signing, problem)
			     : err;
}

static enum alm_err sign(struct rotation *rotation, struct alm_problem *problem)
{
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
	uint8_t signing_public[ALM_KEY_BYTES];
	uint8_t curve_public[ALM_KEY_BYTES];
	uint8_t signature[64];
	uint8_t check[32];
	const struct alm_rotate_facts facts = {
		.organisation = rotation->context.organisation,
		.agent = rotation->context.agent,
		.broker_key = rotation->context.broker_key,
		.curve_key = curve_public,
		.signing_key = signing_public};
	enum alm_err err;

	(void)crypto_scalarmult_base(curve_public, rotation->curve);
	(void)crypto_sign_seed_keypair(
		signing_public, secret_key, rotation->signing);
	sodium_memzero(secret_key, sizeof(secret_key));
	err = alm_rotate_check(&facts, check);
	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "rotation");
	}
	alm_hex(curve_public, ALM_KEY_BYTES, rotation->curve_hex);
	alm_hex(signing_public, ALM_KEY_BYTES, rotation->signing_hex);
	alm_digest_sign(ALM_ROTATE_CONTEXT, check,
		rotation->context.signing_key, signature);
	alm_hex(signature, sizeof(signature), rotation->signature_hex);
	alm_digest_sign(
		ALM_ROTATE_CONTEXT, check, rotation->signing, signature);
	alm_hex(signature, sizeof(signature), rotation->proof_hex);
	return ALM_OK;
}

static enum alm_err announce(struct rotation *rotation, bool is_dry_run,
	char out_until[32], struct alm_problem *problem)
{
	const struct alm_argument arguments[] = {
		{"curve-key", rotation->curve_hex},
		{"signing-key", rotation->signing_hex},
		{"signature", rotation->signature_hex},
		{"proof", rotation->proof_hex}, {"dry-run", "yes"}};
	size_t count = ALM_COUNT(arguments) - (is_dry_run ? 0 : 1);
	struct alm_answer answer;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ANSWER_BYTES_MAX);
	err = alm_once_ask(&rotation->context, "agent.rotate", arguments, count,
		&arena, &answer, problem);
	for (size_t i = 0; err == ALM_OK && i < answer.fact_count; i++) {
		if (strcmp(answer.facts[i].key, "old-keys-until") == 0) {
			alm_text_copy(out_until, 32, answer.facts[i].value);
		}
	}
	alm_arena_fini(&arena);
	return err;
}

/* The broker may have taken the new keys, its answer been lost, and the
 * overlap be over since: then it lets the new key in and the old one not. */
static bool is_taken(const struct rotation *rotation)
{
	const struct alm_once once = {.endpoint = rotation->context.endpoint,
		.broker_key = rotation->context.broker_key,
		.curve_secret_key = rotation->curve,
		.timeout_ms = CONNECT_MS};
	struct alm_link *link = NULL;
	struct alm_problem ignored = {0};
	enum alm_err err = alm_once_connect(&once, &link, &ignored);

	alm_link_close(link, 0);
	return err == ALM_OK;
}

enum alm_err alm_rotate_keys(const char *context_file, char out_until[32],
	struct alm_problem *problem)
{
	struct rotation rotation;
	enum alm_err err;

	memset(&rotation, 0, sizeof(rotation));
	out_until[0] = '\0';
	if (sodium_init() < 0) {
		return alm_problem_set(problem, ALM_INTERNAL, "no randomness");
	}
	err = prepare(context_file, &rotation, problem);
	if (err == ALM_NOT_FOUND) {
		return ALM_OK; /* finished what was begun */
	}
	if (err == ALM_OK) {
		err = sign(&rotation, problem);
	}
	if (err == ALM_OK) {
		err = announce(&rotation, false, out_until, problem);
	}
	if (err == ALM_NOT_AUTHENTICATED && is_taken(&rotation)) {
		err = ALM_OK;
	}
	if (err == ALM_OK) {
		err = put_in_place(&rotation, problem);
	}
	sodium_memzero(&rotation, sizeof(rotation));
	return err;
}

enum alm_err alm_rotate_try(const char *context_file, char out_until[32],
	struct alm_problem *problem)
{
	struct rotation rotation;
	enum alm_err err;

	memset(&rotation, 0, sizeof(rotation));
	out_until[0] = '\0';
	if (sodium_init() < 0) {
		return alm_problem_set(problem, ALM_INTERNAL, "no randomness");
	}
	randombytes_buf(rotation.curve, sizeof(rotation.curve));
	randombytes_buf(rotation.signing, sizeof(rotation.signing));
	err = alm_context_read_files(
		context_file, &rotation.context, &rotation.files, problem);
	if (err == ALM_OK) {
		err = sign(&rotation, problem);
	}
	if (err == ALM_OK) {
		err = announce(&rotation, true, out_until, problem);
	}
	sodium_memzero(&rotation, sizeof(rotation));
	return err;
}
