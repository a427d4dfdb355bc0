/*
 * The memory of verified roots is a small direct-mapped table.  An entry says
 * that exactly this signature by exactly this key over exactly this root was
 * good, so a hit gives the answer that Ed25519 would give.
 */
#include "broker/auth/signature.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT "almoner.v1.send" /* its NUL is signed as well */
#define MEMORY_SLOTS 256u

struct verified {
	uint8_t signing_key[32];
	uint8_t signature[ALM_SIGNATURE_BYTES];
	struct alm_digest root;
};

struct alm_verifier {
	struct alm_hash *hash;
	struct verified memory[MEMORY_SLOTS];
};

struct alm_verifier *alm_verifier_new(void)
{
	struct alm_verifier *verifier = calloc(1, sizeof(*verifier));

	if (verifier == NULL) {
		return NULL;
	}
	verifier->hash = alm_hash_new();
	if (verifier->hash == NULL) {
		alm_verifier_free(verifier);
		return NULL;
	}
	return verifier;
}

void alm_verifier_free(struct alm_verifier *verifier)
{
	if (verifier != NULL) {
		alm_hash_free(verifier->hash);
		free(verifier);
	}
}

static bool root_is_signed(struct alm_verifier *verifier,
	const struct alm_agent *agent, const struct alm_signature *signature,
	const struct alm_digest *root)
{
	struct verified *slot =
		&verifier->memory[signature->ed25519[0] % MEMORY_SLOTS];
	uint8_t text[sizeof(CONTEXT) + ALM_DIGEST_BYTES];

	if (memcmp(slot->signing_key, agent->signing_key, 32) == 0 &&
		memcmp(slot->signature, signature->ed25519,
			ALM_SIGNATURE_BYTES) == 0 &&
		memcmp(&slot->root, root, sizeof(*root)) == 0) {
		return true;
	}
	memcpy(text, CONTEXT, sizeof(CONTEXT));
	memcpy(text + sizeof(CONTEXT), root->raw, ALM_DIGEST_BYTES);
	if (crypto_sign_verify_detached(signature->ed25519, text, sizeof(text),
		    agent->signing_key) != 0) {
		return false;
	}
	memcpy(slot->signing_key, agent->signing_key, 32);
	memcpy(slot->signature, signature->ed25519, ALM_SIGNATURE_BYTES);
	slot->root = *root;
	return true;
}

enum alm_err alm_verify_send(struct alm_verifier *verifier,
	const struct alm_agent *agent, const struct alm_send *send,
	const uint8_t payload_sha256[ALM_DIGEST_BYTES],
	struct alm_digest *out_content)
{
	const struct alm_signature *signature = &send->signature;
	uint8_t leaf_data[8 + ALM_DIGEST_BYTES];
	struct alm_digest path[ALM_SIGNATURE_PATH_MAX];
	struct alm_digest payload;
	struct alm_digest content;
	struct alm_digest leaf;
	struct alm_digest root;

	if (signature->tree_size > ALM_SIGNATURE_LEAVES_MAX ||
		signature->path.bytes > sizeof(path) ||
		signature->path.bytes % ALM_DIGEST_BYTES != 0) {
		return ALM_BAD_SIGNATURE;
	}
	if (signature->path.bytes > 0) {
		memcpy(path, signature->path.data, signature->path.bytes);
	}
	alm_hash_bytes(verifier->hash, send->payload, payload.raw);
	if (memcmp(payload.raw, payload_sha256, ALM_DIGEST_BYTES) != 0) {
		return ALM_PAYLOAD_HASH;
	}
	alm_hash_bytes(verifier->hash, send->message, content.raw);
	alm_put_u64(leaf_data, (uint64_t)send->sent_at_ms);
	memcpy(leaf_data + 8, content.raw, ALM_DIGEST_BYTES);
	alm_merkle_leaf(verifier->hash,
		(struct alm_bytes){leaf_data, sizeof(leaf_data)}, &leaf);
	if (!alm_merkle_implied_root(verifier->hash, signature->leaf_index,
		    signature->tree_size, &leaf, path,
		    signature->path.bytes / ALM_DIGEST_BYTES, &root) ||
		!root_is_signed(verifier, agent, signature, &root)) {
		return ALM_BAD_SIGNATURE;
	}
	*out_content = content;
	return ALM_OK;
}
