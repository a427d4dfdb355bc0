/*
 * Proofs of inclusion, consistency (RFC 9162 2.1.3.1, 2.1.4.1) and of ranges,
 * from tiles and records.
 *
 * A sibling on the way up is a perfect subtree, but for the one at the right
 * edge, which is folded from the perfect subtrees that it is made of.  A
 * perfect subtree is read from a tile when its height is a multiple of 8, and
 * else hashed from the at most 128 nodes below it that are.  Those at the right
 * edge that the log's frontier holds are taken from there, so that a damaged
 * record in one of them costs the proofs of that one alone.
 */
#include <string.h>

#include "broker/store/evidence.h"
#include "broker/store/inside.h"
#include "broker/store/tree.h"

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

/* The root that the log's frontier holds; false: it is not among them. */
static bool held_node(const struct prover *prover, unsigned height,
	uint64_t place, struct alm_digest *out)
{
	const struct alm_frontier *frontier = &prover->store->state.frontier;
	uint64_t above;

	if (height > 62 || (frontier->size >> height & 1u) == 0) {
		return false;
	}
	above = frontier->size >> (height + 1);
	if (place != above << 1) {
		return false;
	}
	*out = frontier->roots[__builtin_popcountll(above)];
	return true;
}

/* The root of the leaves from place << height, 1 << height of them. */
static enum alm_err perfect_node(struct prover *prover, unsigned height,
	uint64_t place, struct alm_digest *out)
{
	unsigned above = height % TILE_HEIGHT;
	struct alm_frontier part = {.size = 0};

	if (held_node(prover, height, place, out)) {
		return ALM_OK;
	}
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

/* The perfect subtrees of the leaves from `first` to before `end`, where
 * `first` is a multiple of the least power of two that is not less than their
 * number. */
static enum alm_err span_frontier(struct prover *prover, uint64_t first,
	uint64_t end, struct alm_frontier *out)
{
	struct alm_frontier part = {.size = end - first};
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
	*out = part;
	return ALM_OK;
}

static enum alm_err span_node(struct prover *prover, uint64_t first,
	uint64_t end, struct alm_digest *out)
{
	struct alm_frontier part;
	enum alm_err err = span_frontier(prover, first, end, &part);

	if (err == ALM_OK) {
		alm_frontier_root(prover->store->hash, &part, out);
	}
	return err;
}

static enum alm_err sibling(struct prover *prover, uint64_t index,
	unsigned height, struct alm_digest *out)
{
	uint64_t place = (index >> height) ^ 1u;

	if ((place + 1) << height <= prover->size) {
		return perfect_node(prover, height, place, out);
	}
	return span_node(prover, place << height, prover->size, out);
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

/* A proof that does not lead to the root is none. */
static enum alm_err check(struct prover *prover, uint64_t index,
	const struct alm_audit_proof *proof)
{
	struct alm_digest root;
	enum alm_err err = span_node(prover, 0, prover->size, &root);

	if (err == ALM_OK && !alm_merkle_verify_inclusion(prover->store->hash,
				     index, prover->size, &proof->leaf,
				     proof->path, proof->path_count, &root)) {
		err = ALM_STORE_CORRUPT;
	}
	return err;
}

enum alm_err alm_audit_prove(struct alm_store *store, uint64_t seq,
	uint64_t size, struct alm_audit_proof *out_proof)
{
	struct prover prover = {.store = store, .size = size};
	struct alm_audit_proof proof;
	enum alm_err err;

	if (seq == 0 || seq > size || size > alm_log_size(store)) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &prover.txn);
	if (err != ALM_OK) {
		return err;
	}
	err = prove(&prover, seq - 1, &proof);
	if (err == ALM_OK) {
		err = check(&prover, seq - 1, &proof);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_proof = proof;
	}
	return err;
}

enum alm_err alm_audit_head_at(
	struct alm_store *store, uint64_t size, struct alm_audit_head *out_head)
{
	struct prover prover = {.store = store, .size = size};
	struct alm_frontier frontier;
	enum alm_err err;

	if (size > alm_log_size(store)) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &prover.txn);
	if (err != ALM_OK) {
		return err;
	}
	err = alm_tree_recompute(store, prover.txn, size, &frontier);
	if (err == ALM_STORE_CORRUPT) {
		/* A damaged record: what the log's frontier holds, and tiles.
		 */
		err = span_frontier(&prover, 0, size, &frontier);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		out_head->size = size;
		alm_frontier_root(store->hash, &frontier, &out_head->root);
	}
	return err;
}

/* The largest power of two below `count`, which is 2 or more. */
static uint64_t split(uint64_t count)
{
	return UINT64_C(1) << (63 - __builtin_clzll(count - 1));
}

/* From the root down; the proof goes up. */
static enum alm_err prove_growth(struct prover *prover, uint64_t old,
	struct alm_digest path[ALM_TLOG_PATH_MAX], size_t *out_count)
{
	struct alm_digest down[ALM_TLOG_PATH_MAX];
	uint64_t first = 0;
	uint64_t end = prover->size;
	size_t count = 0;
	enum alm_err err = ALM_OK;

	while (old != end && err == ALM_OK) {
		uint64_t middle = first + split(end - first);

		if (old <= middle) {
			err = span_node(prover, middle, end, &down[count++]);
			end = middle;
		} else {
			err = span_node(prover, first, middle, &down[count++]);
			first = middle;
		}
	}
	if (err == ALM_OK && first > 0) {
		err = span_node(prover, first, end, &down[count++]);
	}
	for (size_t i = 0; i < count; i++) {
		path[i] = down[count - 1 - i];
	}
	*out_count = count;
	return err;
}

enum alm_err alm_audit_prove_growth(struct alm_store *store, uint64_t old,
	uint64_t size, struct alm_digest path[ALM_TLOG_PATH_MAX],
	size_t *out_count)
{
	struct prover prover = {.store = store, .size = size};
	enum alm_err err;

	if (old == 0 || old > size || size > alm_log_size(store)) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &prover.txn);
	if (err != ALM_OK) {
		return err;
	}
	err = prove_growth(&prover, old, path, out_count);
	alm_store_view_end(store);
	return err;
}

static enum alm_err prove_range(
	struct prover *prover, struct alm_merkle_range *range)
{
	struct alm_frontier left;
	uint64_t at = range->end;
	enum alm_err err = span_frontier(prover, 0, range->first, &left);

	if (err == ALM_OK) {
		memcpy(range->left, left.roots, sizeof(range->left));
	}
	range->right_count = 0;
	while (err == ALM_OK && at < range->size) {
		unsigned height = alm_merkle_next_height(at, range->size);

		err = perfect_node(prover, height, at >> height,
			&range->right[range->right_count++]);
		at += UINT64_C(1) << height;
	}
	return err;
}

enum alm_err alm_audit_prove_range(struct alm_store *store, uint64_t first,
	uint64_t end, uint64_t size, struct alm_merkle_range *out_range)
{
	struct prover prover = {.store = store, .size = size};
	enum alm_err err;

	if (first >= end || end > size || size > alm_log_size(store)) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &prover.txn);
	if (err != ALM_OK) {
		return err;
	}
	*out_range = (struct alm_merkle_range){
		.first = first, .end = end, .size = size};
	err = prove_range(&prover, out_range);
	alm_store_view_end(store);
	return err;
}

enum alm_err alm_audit_node(struct alm_store *store, unsigned height,
	uint64_t place, struct alm_digest *out)
{
	struct prover prover = {.store = store, .size = alm_log_size(store)};
	enum alm_err err;

	if (height > 62 || place >= prover.size >> height) {
		return ALM_NOT_FOUND;
	}
	err = alm_store_view(store, &prover.txn);
	if (err != ALM_OK) {
		return err;
	}
	err = perfect_node(&prover, height, place, out);
	alm_store_view_end(store);
	return err;
}
