/*
 * Inclusion proofs (RFC 9162 2.1.3.1), from tiles and records.
 *
 * A sibling on the way up is a perfect subtree, but for the one at the right
 * edge, which is folded from the perfect subtrees that it is made of.  A
 * perfect subtree is read from a tile when its height is a multiple of 8, and
 * else hashed from the at most 128 nodes below it that are.
 */
#include <string.h>

#include "broker/store/inside.h"

#define TILE_HEIGHT 8u

struct prover {
	struct alm_store *store;
	MDB_txn *txn;
	uint64_t size;
};

/* A stored node: a leaf, or an entry of a tile. */
static enum alm_err stored_node(struct prover *prover, unsigned height,
	uint64_t place, struct alm_digest *out)
{
	struct alm_bytes bytes = {NULL, 0};
	size_t at = (size_t)(place % ALM_TILE_WIDTH) * ALM_DIGEST_BYTES;
	enum alm_err err;

	if (height == 0) {
		err = alm_audit_header(
			prover->store, prover->txn, place + 1, &bytes);
		if (err == ALM_OK) {
			alm_merkle_leaf(prover->store->hash, bytes, out);
		}
		return err;
	}
	err = alm_tree_tile(prover->store, prover->txn, height / TILE_HEIGHT,
		place / ALM_TILE_WIDTH, &bytes);
	if (err != ALM_OK) {
		return err;
	}
	if (bytes.bytes < at + ALM_DIGEST_BYTES) {
		return ALM_STORE_CORRUPT;
	}
	memcpy(out->raw, bytes.data + at, ALM_DIGEST_BYTES);
	return ALM_OK;
}

/* The root of the leaves from place << height, 1 << height of them. */
static enum alm_err perfect_node(struct prover *prover, unsigned height,
	uint64_t place, struct alm_digest *out)
{
	unsigned above = height % TILE_HEIGHT;
	struct alm_frontier part = {.size = 0};

	for (uint64_t i = 0; i < (UINT64_C(1) << above); i++) {
		struct alm_digest node;
		enum alm_err err = stored_node(
			prover, height - above, (place << above) + i, &node);

		if (err != ALM_OK) {
			return err;
		}
		alm_frontier_append(prover->store->hash, &part, &node);
	}
	alm_frontier_root(prover->store->hash, &part, out);
	return ALM_OK;
}

/* The root of the leaves from `first` to the end of the tree. */
static enum alm_err edge_node(
	struct prover *prover, uint64_t first, struct alm_digest *out)
{
	struct alm_frontier part = {.size = prover->size - first};
	size_t count = 0;

	for (unsigned height = 64; height-- > 0;) {
		enum alm_err err;

		if ((part.size >> height & 1u) == 0) {
			continue;
		}
		err = perfect_node(
			prover, height, first >> height, &part.roots[count++]);
		if (err != ALM_OK) {
			return err;
		}
		first += UINT64_C(1) << height;
	}
	alm_frontier_root(prover->store->hash, &part, out);
	return ALM_OK;
}

static enum alm_err sibling(struct prover *prover, uint64_t index,
	unsigned height, struct alm_digest *out)
{
	uint64_t place = (index >> height) ^ 1u;

	if ((place + 1) << height <= prover->size) {
		return perfect_node(prover, height, place, out);
	}
	return edge_node(prover, place << height, out);
}

static enum alm_err prove(
	struct prover *prover, uint64_t index, struct alm_audit_proof *proof)
{
	enum alm_err err = stored_node(prover, 0, index, &proof->leaf);

	proof->path_count = 0;
	for (unsigned height = 0; err == ALM_OK && height < 64; height++) {
		uint64_t place = index >> height;
		uint64_t last = (prover->size - 1) >> height;

		if (last == 0) {
			break;
		}
		if (place == last && (place & 1u) == 0) {
			continue; /* promoted: it has no sibling here */
		}
		err = sibling(prover, index, height,
			&proof->path[proof->path_count++]);
	}
	return err;
}

enum alm_err alm_audit_prove(struct alm_store *store, uint64_t seq,
	uint64_t size, struct alm_audit_proof *out_proof)
{
	struct prover prover = {.store = store, .size = size};
	struct alm_audit_proof proof;
	enum alm_err err;

	if (seq == 0 || seq > size || size > store->state.frontier.size) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &prover.txn);
	if (err != ALM_OK) {
		return err;
	}
	err = prove(&prover, seq - 1, &proof);
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_proof = proof;
	}
	return err;
}

enum alm_err alm_audit_head_at(
	struct alm_store *store, uint64_t size, struct alm_audit_head *out_head)
{
	struct alm_frontier frontier;
	MDB_txn *txn = NULL;
	enum alm_err err;

	if (size > store->state.frontier.size) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &txn);
	if (err != ALM_OK) {
		return err;
	}
	err = alm_tree_recompute(store, txn, size, &frontier);
	alm_store_view_end(store);
	if (err == ALM_OK) {
		out_head->size = size;
		alm_frontier_root(store->hash, &frontier, &out_head->root);
	}
	return err;
}
