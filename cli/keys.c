#include "cli/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cli/paths.h"
#include "lib/id.h"

#define PUBLIC_FILE_BYTES_MAX 4096u

enum alm_err alm_keys_make_curve(const char *path,
	char out_public[ALM_KEY_HEX_BYTES], struct alm_problem *problem)
{
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t secret_key[ALM_KEY_BYTES];
	enum alm_err err;

	if (sodium_init() < 0 ||
		crypto_box_keypair(public_key, secret_key) != 0) {
		return alm_problem_set(
			problem, ALM_INTERNAL, "no randomness for keys");
	}
	err = alm_key_file_write(path, secret_key, problem);
	sodium_memzero(secret_key, sizeof(secret_key));
	if (err == ALM_OK) {
		alm_hex(public_key, sizeof(public_key), out_public);
	}
	return err;
}

enum alm_err alm_keys_make_signing(const char *path,
	char out_public[ALM_KEY_HEX_BYTES], struct alm_problem *problem)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
	enum alm_err err;

	if (sodium_init() < 0) {
		return alm_problem_set(
			problem, ALM_INTERNAL, "no randomness for keys");
	}
	randombytes_buf(seed, sizeof(seed));
	if (crypto_sign_seed_keypair(public_key, secret_key, seed) != 0) {
		return alm_problem_set(problem, ALM_INTERNAL, "signing key");
	}
	err = alm_key_file_write(path, seed, problem);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(secret_key, sizeof(secret_key));
	if (err == ALM_OK) {
		alm_hex(public_key, sizeof(public_key), out_public);
	}
	return err;
}

enum alm_err alm_keys_make(const char *folder, struct alm_public_keys *out_keys,
	struct alm_problem *problem)
{
	struct alm_public_keys keys;
	char path[PATH_MAX];
	enum alm_err err;

	if (!alm_path_join(folder, "curve.key", path)) {
		return alm_problem_set(
			problem, ALM_KEY_FILE, "the path is too long");
	}
	err = alm_keys_make_curve(path, keys.curve, problem);
	if (err == ALM_OK && alm_path_join(folder, "signing.key", path)) {
		err = alm_keys_make_signing(path, keys.signing, problem);
	}
	if (err == ALM_OK) {
		*out_keys = keys;
	}
	return err;
}

/** The 64 hex digits after `name: ` at the start of a line. */
static bool find_key(
	const char *content, const char *name, char out[ALM_KEY_HEX_BYTES])
{
	size_t bytes = strlen(name);
	uint8_t raw[ALM_KEY_BYTES];
	size_t digits;

	for (const char *line = content; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');

		if (strncmp(line, name, bytes) == 0 && line[bytes] == ':') {
			const char *value = line + bytes + 1;

			value += strspn(value, " \"'");
			digits = strspn(value, "0123456789abcdefABCDEF");
			if (digits != ALM_KEY_HEX_BYTES - 1) {
				return false;
			}
			memcpy(out, value, digits);
			out[digits] = '\0';
			return alm_unhex(out, raw, sizeof(raw)) == ALM_OK;
		}
		line = next != NULL ? next + 1 : NULL;
	}
	return false;
}

enum alm_err alm_keys_read_public(const char *path,
	struct alm_public_keys *out_keys, struct alm_problem *problem)
{
	struct alm_public_keys keys;
	uint8_t *content = NULL;
	size_t bytes = 0;
	enum alm_err err = alm_file_read(
		path, PUBLIC_FILE_BYTES_MAX, &content, &bytes, problem);

	if (err != ALM_OK) {
		return err;
	}
	if (!find_key((const char *)content, "curve-key", keys.curve) ||
		!find_key((const char *)content, "signing-key", keys.signing)) {
		err = alm_problem_set(problem, ALM_KEY_FILE,
			"%s: lines 'curve-key: HEX' and 'signing-key: HEX', 64 "
			"digits each, are needed",
			path);
	} else {
		*out_keys = keys;
	}
	free(content);
	return err;
}
