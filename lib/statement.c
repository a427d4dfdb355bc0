/*
 * Lines of `key: value`, every key in every statement and in this order, so
 * that no two statements share a text.
 */
#include "lib/statement.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "lib/id.h"

static_assert(ALM_SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519");
static_assert(ALM_KEY_BYTES == crypto_sign_SEEDBYTES, "Ed25519");

#define HEADING "almoner/statement/v1\n"

static const char *act_word(enum alm_act act)
{
	switch (act) {
	case ALM_ACT_PROPOSE:
		return "propose";
	case ALM_ACT_APPROVE:
		return "approve";
	case ALM_ACT_EMERGENCY:
		return "emergency";
	case ALM_ACT_REGISTER:
		return "register-officer";
	case ALM_ACT_REVOKE:
		return "revoke-officer";
	}
	return "";
}

/* A line break in a value would let it speak for other keys. */
static bool is_one_line(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7F) {
			return false;
		}
	}
	return true;
}

enum alm_err alm_statement_write(const struct alm_statement *statement,
	char out[ALM_STATEMENT_BYTES_MAX], size_t *out_bytes)
{
	char store[2 * ALM_STORE_ID_BYTES + 1];
	char content[2 * ALM_DIGEST_BYTES + 1];
	int bytes;

	if (!is_one_line(statement->what) || !is_one_line(statement->by) ||
		!is_one_line(statement->reason)) {
		return ALM_NOT_TEXT;
	}
	alm_hex(statement->store_id, ALM_STORE_ID_BYTES, store);
	alm_hex(statement->content.raw, ALM_DIGEST_BYTES, content);
	bytes = snprintf(out, ALM_STATEMENT_BYTES_MAX,
		HEADING "act: %s\nstore: %s\nnumber: %" PRIu64
			"\nbase: %" PRIu64
			"\ncontent: %s\nwhat: %s\nby: %s\nreason: %s\n",
		act_word(statement->act), store, statement->number,
		statement->base, content, statement->what, statement->by,
		statement->reason);
	if (bytes < 0 || (size_t)bytes >= ALM_STATEMENT_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	*out_bytes = (size_t)bytes;
	return ALM_OK;
}

enum alm_err alm_statement_sign_text(struct alm_bytes text,
	const uint8_t seed[ALM_KEY_BYTES],
	uint8_t out_signature[ALM_SIGNATURE_BYTES])
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
	enum alm_err err = ALM_OK;

	/* An officer's key signs nothing else. */
	if (text.bytes < sizeof(HEADING) - 1 ||
		memcmp(text.data, HEADING, sizeof(HEADING) - 1) != 0) {
		return ALM_MALFORMED;
	}
	if (crypto_sign_seed_keypair(public_key, secret_key, seed) != 0 ||
		crypto_sign_detached(out_signature, NULL, text.data, text.bytes,
			secret_key) != 0) {
		err = ALM_KEY_FILE;
	}
	sodium_memzero(secret_key, sizeof(secret_key));
	return err;
}

enum alm_err alm_statement_sign(const struct alm_statement *statement,
	const uint8_t seed[ALM_KEY_BYTES],
	uint8_t out_signature[ALM_SIGNATURE_BYTES])
{
	char text[ALM_STATEMENT_BYTES_MAX];
	size_t bytes = 0;
	enum alm_err err = alm_statement_write(statement, text, &bytes);

	return err == ALM_OK ? alm_statement_sign_text(
				       (struct alm_bytes){
					       (const uint8_t *)text, bytes},
				       seed, out_signature)
			     : err;
}

enum alm_err alm_statement_verify(const struct alm_statement *statement,
	const uint8_t public_key[ALM_KEY_BYTES],
	const uint8_t signature[ALM_SIGNATURE_BYTES])
{
	char text[ALM_STATEMENT_BYTES_MAX];
	size_t bytes = 0;
	enum alm_err err = alm_statement_write(statement, text, &bytes);

	if (err != ALM_OK) {
		return err;
	}
	return crypto_sign_verify_detached(
		       signature, (const uint8_t *)text, bytes, public_key) == 0
		       ? ALM_OK
		       : ALM_OFFICER_SIGNATURE;
}
