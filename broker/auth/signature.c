/*
 * The messages of one batch come one after the other, so the tree that was
 * verified last is remembered: its signature, and every node that was hashed
 * on a path to its root, siblings included.  A later message of the batch
 * is good as soon as its own path meets a node that is known.
 */
#include "broker/auth/signature.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/hash_many.h"

#define CONTEXT "almoner.v1.send" /* its NUL is signed as well */
#define TREES 64u
#define LEVELS (ALM_SIGNATURE_PATH_MAX + 1)

/* A tree whose root was verified.  Nodes of level l stand at slot
 * (ALM_SIGNATURE_LEAVES_MAX >> l) + place: each place is a slot of its own. */
struct verified_tree {
	bool is_used;
	uint8_t signing_key[ALM_KEY_BYTES];
	uint8_t signature[ALM_SIGNATURE_BYTES];
	uint32_t size;
	bool is_known[2 * ALM_SIGNATURE_LEAVES_MAX];
	struct alm_digest nodes[2 * ALM_SIGNATURE_LEAVES_MAX];
};

struct alm_verifier {
	struct alm_hash *hash;
	struct alm_hash_many *many;
	struct verified_tree *trees; /* by the agent's number */
};

struct alm_verifier *alm_verifier_new(void)
{
	struct alm_verifier *verifier = calloc(1, sizeof(*verifier));

	if (verifier == NULL) {
		return NULL;
	}
	verifier->hash = alm_hash_new();
	verifier->many = alm_hash_many_new();
	verifier->trees = calloc(TREES, sizeof(*verifier->trees));
	if (verifier->hash == NULL || verifier->many == NULL ||
		verifier->trees == NULL) {
		alm_verifier_free(verifier);
		return NULL;
	}
	return verifier;
}

void alm_verifier_free(struct alm_verifier *verifier)
{
	if (verifier != NULL) {
		alm_hash_free(verifier->hash);
		alm_hash_many_free(verifier->many);
		free(verifier->trees);
		free(verifier);
	}
}

/* The nodes from a leaf to the root, and their siblings on the way. */
struct climb {
	size_t slots[2 * LEVELS];
	struct alm_digest nodes[2 * LEVELS];
	size_t count;
	struct alm_digest root;
	bool is_known; /* it met a node of the tree that is remembered */
};

static size_t slot_of(unsigned level, uint64_t place)
{
	return (ALM_SIGNATURE_LEAVES_MAX >> level) + (size_t)place;
}

static void note(
	struct climb *climb, size_t slot, const struct alm_digest *node)
{
	climb->slots[climb->count] = slot;
	climb->nodes[climb->count] = *node;
	climb->count++;
}

static bool meets(const struct verified_tree *tree, size_t slot,
	const struct alm_digest *node)
{
	return tree != NULL && tree->is_known[slot] &&
	       memcmp(&tree->nodes[slot], node, sizeof(*node)) == 0;
}

/* One step of RFC 9162 2.1.3.2: where the sibling stands, and whether it is
 * the left one; `place` and `last` move up to the parent. */
struct ascent {
	uint64_t place;
	uint64_t last;
	unsigned level;
};

static size_t step_up(struct ascent *at, bool *out_is_right)
{
	size_t sibling;

	*out_is_right = (at->place & 1) != 0 || at->place == at->last;
	while (*out_is_right && (at->place & 1) == 0 && at->place != 0) {
		at->place >>= 1; /* promoted: it has no sibling here */
		at->last >>= 1;
		at->level++;
	}
	sibling = slot_of(
		at->level, *out_is_right ? at->place - 1 : at->place + 1);
	at->place >>= 1;
	at->last >>= 1;
	at->level++;
	return sibling;
}

/* Climb to the root.  Above a known node nothing is hashed: every sibling
 * there is known as well, and the path must say the same.  False if the path
 * does not lead to the root of a tree of this size. */
static bool climb_path(struct alm_verifier *verifier,
	const struct verified_tree *tree, const struct alm_signature *signature,
	const struct alm_digest *leaf, const struct alm_digest *path,
	struct climb *climb)
{
	size_t path_count = signature->path.bytes / ALM_DIGEST_BYTES;
	struct ascent at = {.place = signature->leaf_index,
		.last = (uint64_t)signature->tree_size - 1};

	climb->count = 0;
	climb->root = *leaf;
	climb->is_known = meets(tree, slot_of(0, at.place), leaf);
	note(climb, slot_of(0, at.place), leaf);
	for (size_t i = 0; i < path_count; i++) {
		bool is_right;
		size_t sibling;

		if (at.last == 0) {
			return false;
		}
		sibling = step_up(&at, &is_right);
		if (climb->is_known) {
			if (!meets(tree, sibling, &path[i])) {
				return false;
			}
			continue;
		}
		alm_merkle_node(verifier->hash,
			is_right ? &path[i] : &climb->root,
			is_right ? &climb->root : &path[i], &climb->root);
		note(climb, sibling, &path[i]);
		climb->is_known =
			meets(tree, slot_of(at.level, at.place), &climb->root);
		note(climb, slot_of(at.level, at.place), &climb->root);
	}
	return at.last == 0;
}

static void remember(struct verified_tree *tree, const struct climb *climb)
{
	for (size_t i = 0; i < climb->count; i++) {
		tree->is_known[climb->slots[i]] = true;
		tree->nodes[climb->slots[i]] = climb->nodes[i];
	}
}

static bool is_tree_of(const struct verified_tree *tree,
	const uint8_t signing_key[ALM_KEY_BYTES],
	const struct alm_signature *signature)
{
	return tree->is_used && tree->size == signature->tree_size &&
	       memcmp(tree->signing_key, signing_key, ALM_KEY_BYTES) == 0 &&
	       memcmp(tree->signature, signature->ed25519,
		       ALM_SIGNATURE_BYTES) == 0;
}

static bool is_signed(const uint8_t signing_key[ALM_KEY_BYTES],
	const struct alm_signature *signature, const struct alm_digest *root)
{
	uint8_t text[sizeof(CONTEXT) + ALM_DIGEST_BYTES];

	memcpy(text, CONTEXT, sizeof(CONTEXT));
	memcpy(text + sizeof(CONTEXT), root->raw, ALM_DIGEST_BYTES);
	return crypto_sign_verify_detached(signature->ed25519, text,
		       sizeof(text), signing_key) == 0;
}

static void begin_tree(struct verified_tree *tree,
	const uint8_t signing_key[ALM_KEY_BYTES],
	const struct alm_signature *signature)
{
	memset(tree->is_known, 0, sizeof(tree->is_known));
	memcpy(tree->signing_key, signing_key, ALM_KEY_BYTES);
	memcpy(tree->signature, signature->ed25519, ALM_SIGNATURE_BYTES);
	tree->size = signature->tree_size;
	tree->is_used = true;
}

static bool leaf_is_signed_by(struct alm_verifier *verifier,
	struct verified_tree *tree, const uint8_t signing_key[ALM_KEY_BYTES],
	const struct alm_signature *signature, const struct alm_digest *leaf)
{
	bool is_known_tree = is_tree_of(tree, signing_key, signature);
	struct alm_digest path[ALM_SIGNATURE_PATH_MAX];
	struct climb climb;

	if (signature->path.bytes > 0) {
		memcpy(path, signature->path.data, signature->path.bytes);
	}
	if (!climb_path(verifier, is_known_tree ? tree : NULL, signature, leaf,
		    path, &climb)) {
		return false;
	}
	if (!climb.is_known) {
		if (!is_signed(signing_key, signature, &climb.root)) {
			return false;
		}
		begin_tree(tree, signing_key, signature);
	}
	remember(tree, &climb);
	return true;
}

static bool leaf_is_signed(struct alm_verifier *verifier,
	const struct alm_agent *agent, const struct alm_signature *signature,
	const struct alm_digest *leaf)
{
	struct verified_tree *tree = &verifier->trees[agent->number % TREES];

	return leaf_is_signed_by(
		       verifier, tree, agent->signing_key, signature, leaf) ||
	       (agent->old_until_us != 0 &&
		       leaf_is_signed_by(verifier, tree, agent->old_signing_key,
			       signature, leaf));
}

/* 0x00, when it was sent, and the digest of its content. */
#define LEAF_BYTES ((size_t)1 + 8 + ALM_DIGEST_BYTES)

static void make_leaf(
	const struct alm_summing *summing, uint8_t leaf[LEAF_BYTES])
{
	leaf[0] = 0x00;
	alm_put_u64(leaf + 1, (uint64_t)summing->send->sent_at_ms);
	memcpy(leaf + 9, summing->sums.content.raw, ALM_DIGEST_BYTES);
}

void alm_sum_sends(struct alm_verifier *verifier, struct alm_summing *summings,
	size_t count)
{
	ALM_UNINITIALIZED struct alm_hash_job jobs[2 * ALM_SUMMINGS_MAX];
	ALM_UNINITIALIZED uint8_t leaves[ALM_SUMMINGS_MAX][LEAF_BYTES];

	ALM_ASSERT(count > 0 && count <= ALM_SUMMINGS_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct alm_send *send = summings[i].send;
		struct alm_send_sums *sums = &summings[i].sums;

		jobs[2 * i] =
			(struct alm_hash_job){send->payload, sums->payload.raw};
		jobs[2 * i + 1] =
			(struct alm_hash_job){send->message, sums->content.raw};
	}
	alm_hash_many(verifier->many, jobs, 2 * count);
	for (size_t i = 0; i < count; i++) {
		make_leaf(&summings[i], leaves[i]);
		jobs[i] = (struct alm_hash_job){
			{leaves[i], LEAF_BYTES}, summings[i].sums.leaf.raw};
	}
	alm_hash_many(verifier->many, jobs, count);
}

static bool is_well_formed(const struct alm_signature *signature)
{
	return signature->tree_size > 0 &&
	       signature->tree_size <= ALM_SIGNATURE_LEAVES_MAX &&
	       signature->leaf_index < signature->tree_size &&
	       signature->path.bytes <=
		       (size_t)ALM_SIGNATURE_PATH_MAX * ALM_DIGEST_BYTES &&
	       signature->path.bytes % ALM_DIGEST_BYTES == 0;
}

enum alm_err alm_verify_send(struct alm_verifier *verifier,
	const struct alm_agent *agent, const struct alm_send *send,
	const struct alm_send_sums *sums, const uint8_t *payload_sha256)
{
	if (!is_well_formed(&send->signature)) {
		return ALM_BAD_SIGNATURE;
	}
	if (payload_sha256 != NULL && memcmp(sums->payload.raw, payload_sha256,
					      ALM_DIGEST_BYTES) != 0) {
		return ALM_PAYLOAD_HASH;
	}
	return leaf_is_signed(verifier, agent, &send->signature, &sums->leaf)
		       ? ALM_OK
		       : ALM_BAD_SIGNATURE;
}
