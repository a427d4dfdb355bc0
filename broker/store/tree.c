/*
 * The log's tree on disk.  Leaves are not stored: they are hashed from the
 * records.  A tile of level L holds, one after the other, the roots of
 * subtrees of 256^L leaves, 256 to a tile, for L from 1.  Frontier, tiles and
 * records are written in one transaction.
 */
#include "broker/store/tree.h"

#include <string.h>

#define TILE_KEY_BYTES 9u
/* Leaves that are appended together. */
#define APPEND_MAX ((size_t)128)
#define NODE_BYTES (1 + (size_t)2 * ALM_DIGEST_BYTES)
#define TILE_BYTES_MAX ((size_t)ALM_TILE_WIDTH * ALM_DIGEST_BYTES)

static void tile_key(
	uint8_t key[TILE_KEY_BYTES], unsigned level, uint64_t index)
{
	key[0] = (uint8_t)level;
	alm_put_u64(key + 1, index);
}

enum alm_err alm_tree_tile(struct alm_store *store, MDB_txn *txn,
	unsigned level, uint64_t index, struct alm_bytes *out)
{
	uint8_t key[TILE_KEY_BYTES];
	MDB_val mdb_key = alm_val(key, sizeof(key));
	MDB_val value;
	int rc;

	tile_key(key, level, index);
	rc = mdb_get(txn, store->tables[ALM_TABLE_TILE], &mdb_key, &value);
	if (rc != MDB_SUCCESS) {
		return alm_store_fail(store, rc);
	}
	if (value.mv_size == 0 || value.mv_size > TILE_BYTES_MAX ||
		value.mv_size % ALM_DIGEST_BYTES != 0) {
		return ALM_STORE_CORRUPT;
	}
	*out = alm_of_val(value);
	return ALM_OK;
}

/* Entry number `entry` of a level, which stands last in its tile. */
static enum alm_err put_entry(struct alm_store *store, unsigned level,
	uint64_t entry, const struct alm_digest *node)
{
	size_t old_bytes = (size_t)(entry % ALM_TILE_WIDTH) * ALM_DIGEST_BYTES;
	uint8_t tile[TILE_BYTES_MAX];
	uint8_t key[TILE_KEY_BYTES];
	MDB_val mdb_key = alm_val(key, sizeof(key));
	MDB_val value = alm_val(tile, old_bytes + ALM_DIGEST_BYTES);

	if (old_bytes > 0) {
		struct alm_bytes old = {NULL, 0};
		enum alm_err err = alm_tree_tile(store, store->turn, level,
			entry / ALM_TILE_WIDTH, &old);

		if (err != ALM_OK || old.bytes != old_bytes) {
			return alm_store_fail(store, MDB_CORRUPTED);
		}
		memcpy(tile, old.data, old_bytes);
	}
	memcpy(tile + old_bytes, node->raw, ALM_DIGEST_BYTES);
	tile_key(key, level, entry / ALM_TILE_WIDTH);
	return alm_store_fail(
		store, mdb_put(store->turn, store->tables[ALM_TABLE_TILE],
			       &mdb_key, &value, 0));
}

/* The roots of a frontier by their height. */
static void spread(
	const struct alm_frontier *frontier, struct alm_digest heights[64])
{
	size_t at = 0;

	for (unsigned height = 64; height-- > 0;) {
		if ((frontier->size >> height & 1u) != 0) {
			heights[height] = frontier->roots[at++];
		}
	}
}

static void gather(
	const struct alm_digest heights[64], struct alm_frontier *frontier)
{
	size_t at = 0;

	for (unsigned height = 64; height-- > 0;) {
		if ((frontier->size >> height & 1u) != 0) {
			frontier->roots[at++] = heights[height];
		}
	}
}

/* Hash `count` pairs that lie side by side into the nodes above them. */
static void hash_pairs(struct alm_hash_many *many,
	const struct alm_digest *nodes, size_t count, struct alm_digest *above)
{
	ALM_UNINITIALIZED uint8_t texts[APPEND_MAX / 2 + 1][NODE_BYTES];
	struct alm_hash_job jobs[APPEND_MAX / 2 + 1];

	for (size_t i = 0; i < count; i++) {
		texts[i][0] = 0x01;
		memcpy(texts[i] + 1, &nodes[2 * i], NODE_BYTES - 1);
		jobs[i] = (struct alm_hash_job){
			{texts[i], NODE_BYTES}, above[i].raw};
	}
	alm_hash_many(many, jobs, count);
}

/* The nodes of a level from `first` on, if it is one that tiles keep. */
static enum alm_err put_level(struct alm_store *store, unsigned height,
	uint64_t first, const struct alm_digest *nodes, size_t count)
{
	enum alm_err err = ALM_OK;

	if (height == 0 || height % 8 != 0) {
		return ALM_OK;
	}
	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		err = put_entry(store, height / 8, first + i, &nodes[i]);
	}
	return err;
}

/* Level after level.  The first new node of a level joins the root that stands
 * there alone; the last one, if it has no neighbour, is the root that does. */
static enum alm_err append_some(struct alm_store *store,
	struct alm_hash_many *many, const struct alm_digest *leaves,
	size_t leaf_count)
{
	struct alm_frontier *frontier = &store->state.frontier;
	struct alm_digest nodes[APPEND_MAX + 1];
	struct alm_digest heights[64];
	uint64_t first = frontier->size; /* of the new nodes of a level */
	size_t count = leaf_count;

	spread(frontier, heights);
	memcpy(nodes + 1, leaves, leaf_count * sizeof(leaves[0]));
	for (unsigned height = 0; count > 0; height++) {
		const struct alm_digest *level = nodes + 1;
		enum alm_err err =
			put_level(store, height, first, level, count);

		if (err != ALM_OK) {
			return err;
		}
		if (first % 2 == 1) {
			nodes[0] = heights[height];
			level--;
			first--;
			count++;
		}
		if (count % 2 == 1) {
			heights[height] = level[count - 1];
		}
		hash_pairs(many, level, count / 2, nodes + 1);
		first /= 2;
		count /= 2;
	}
	frontier->size += leaf_count;
	gather(heights, frontier);
	return ALM_OK;
}

enum alm_err alm_tree_append(struct alm_store *store,
	struct alm_hash_many *many, const struct alm_digest *leaves,
	size_t count)
{
	enum alm_err err = ALM_OK;

	while (count > 0 && err == ALM_OK) {
		size_t some = count < APPEND_MAX ? count : APPEND_MAX;

		err = append_some(store, many, leaves, some);
		leaves += some;
		count -= some;
	}
	return err;
}

/* The hashes that stand at the end of one level and are in no tile above. */
static enum alm_err add_level(struct alm_store *store, MDB_txn *txn,
	unsigned level, uint64_t size, struct alm_frontier *part)
{
	uint64_t first = level < 7 ? size >> (8 * (level + 1)) : 0;
	size_t count = (size_t)((size >> (8 * level)) % ALM_TILE_WIDTH);
	struct alm_bytes bytes = {NULL, 0};
	enum alm_err err = ALM_OK;

	if (level > 0 && count > 0) {
		err = alm_tree_tile(store, txn, level, first, &bytes);
		if (err == ALM_OK && bytes.bytes / ALM_DIGEST_BYTES < count) {
			err = ALM_STORE_CORRUPT;
		}
	}
	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		struct alm_digest node;

		if (level > 0) {
			memcpy(node.raw, bytes.data + i * ALM_DIGEST_BYTES,
				ALM_DIGEST_BYTES);
		} else {
			err = alm_audit_header(store, txn,
				first * ALM_TILE_WIDTH + i + 1, &bytes);
			if (err != ALM_OK) {
				return err;
			}
			alm_merkle_leaf(store->hash, bytes, &node);
		}
		alm_frontier_append(store->hash, part, &node);
	}
	return err;
}

enum alm_err alm_tree_recompute(struct alm_store *store, MDB_txn *txn,
	uint64_t size, struct alm_frontier *out)
{
	struct alm_frontier whole = {.size = 0};
	size_t count = 0;

	for (unsigned level = ALM_TILE_LEVELS; level-- > 0;) {
		struct alm_frontier part = {.size = 0};
		enum alm_err err = add_level(store, txn, level, size, &part);
		size_t roots = (size_t)__builtin_popcountll(part.size);

		if (err != ALM_OK) {
			return err;
		}
		memcpy(&whole.roots[count], part.roots,
			roots * sizeof(part.roots[0]));
		count += roots;
	}
	whole.size = size;
	*out = whole;
	return ALM_OK;
}

/* The root of `count` leaves from `first` on; *out_is_whole: it could be
 * computed. */
static enum alm_err hash_leaves(struct alm_store *store, MDB_txn *txn,
	uint64_t first, uint64_t count, struct alm_store_damage *damage,
	bool *out_is_whole, struct alm_digest *out_root)
{
	struct alm_frontier part = {.size = 0};
	uint64_t before = damage->records;

	for (uint64_t i = 0; i < count; i++) {
		struct alm_bytes header = {NULL, 0};
		struct alm_digest leaf;
		enum alm_err err =
			alm_audit_header(store, txn, first + i + 1, &header);

		if (err == ALM_STORE_CORRUPT) {
			damage->first = damage->records == 0 ? first + i + 1
							     : damage->first;
			damage->records++;
			continue;
		}
		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
		}
		alm_merkle_leaf(store->hash, header, &leaf);
		alm_frontier_append(store->hash, &part, &leaf);
	}
	*out_is_whole = damage->records == before;
	*out_root = part.roots[0];
	return ALM_OK;
}

enum alm_err alm_tree_check(struct alm_store *store, MDB_txn *txn,
	const struct alm_frontier *frontier,
	struct alm_store_damage *out_damage)
{
	uint64_t at = frontier->size - frontier->size % ALM_TILE_WIDTH;
	size_t place = (size_t)__builtin_popcountll(at);
	struct alm_frontier tiled = *frontier;
	struct alm_frontier found = {.size = 0};
	struct alm_store_damage damage = {.records = 0};
	enum alm_err err = alm_tree_recompute(store, txn, at, &found);

	tiled.size = at;
	if (err == ALM_NOT_FOUND ||
		(err == ALM_OK && !alm_tree_same(&found, &tiled))) {
		return ALM_STORE_CORRUPT;
	}
	for (uint64_t count = ALM_TILE_WIDTH / 2; count > 0 && err == ALM_OK;
		count /= 2) {
		struct alm_digest root;
		bool is_whole = false;

		if ((frontier->size & count) == 0) {
			continue;
		}
		err = hash_leaves(
			store, txn, at, count, &damage, &is_whole, &root);
		if (err == ALM_OK && is_whole &&
			memcmp(&root, &frontier->roots[place], sizeof(root)) !=
				0) {
			err = ALM_STORE_CORRUPT;
		}
		place++;
		at += count;
	}
	*out_damage = damage;
	return err;
}

bool alm_tree_same(const struct alm_frontier *a, const struct alm_frontier *b)
{
	size_t roots = (size_t)__builtin_popcountll(a->size);

	return a->size == b->size &&
	       memcmp(a->roots, b->roots, roots * sizeof(a->roots[0])) == 0;
}
