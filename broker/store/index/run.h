/*
 * run.h - a run of the index: a file, written once, of the postings of records
 * that follow each other.  Blocks of growing numbers, each sealed; in memory,
 * the first number of each block.
 *
 * Every number belongs into one block, so what is not in it is not in the
 * run: a block that is damaged or missing shows, and hides nothing.
 */
#ifndef ALM_BROKER_STORE_INDEX_RUN_H
#define ALM_BROKER_STORE_INDEX_RUN_H

#include <limits.h>
#include <stdatomic.h>

#include "broker/store/index/terms.h"

#define ALM_RUN_BLOCK_BYTES 4096u
/* What a block holds: count, first number, and a byte for each one more. */
#define ALM_RUN_KEYS_MAX (ALM_RUN_BLOCK_BYTES - ALM_SEAL_BYTES - 2 - 8 + 1)
#define ALM_RUN_PATH_BYTES 4096u

/** What a run is about. */
struct alm_run_place {
	unsigned level;
	uint32_t count; /* of records */
	uint64_t first; /* the first one's leaf: its sequence less one */
};

/** Which store runs belong to. */
struct alm_run_home {
	const char *folder;
	const struct alm_store_keys *keys;
	const uint8_t *store_id;
};

struct alm_run {
	struct alm_run_place place;
	int fd;
	atomic_uint holders;
	atomic_bool is_damaged;
	const struct alm_store_keys *keys;
	uint32_t block_count;
	uint64_t *fences; /* each block's first number, and UINT64_MAX */
	uint64_t counts[ALM_DIMENSIONS]; /* postings of each dimension */
	struct alm_digest anchor;        /* the last record's leaf hash */
};

/** The name of a run's file. */
void alm_run_path(const struct alm_run_home *home,
	const struct alm_run_place *place, char out[ALM_RUN_PATH_BYTES]);

/**
 * Open the file of a run.  Errors: NOT_FOUND; STORE_CORRUPT: it is damaged,
 * of another store or release; STORE_IO, NOMEM.
 */
ALM_MUST_USE enum alm_err alm_run_open(const struct alm_run_home *home,
	const struct alm_run_place *place, struct alm_run **out_run);
void alm_run_close(struct alm_run *run);

/** The bytes of its file. */
uint64_t alm_run_bytes(const struct alm_run *run);

/** A block, unpacked.  Zeroed: none. */
struct alm_run_block {
	uint32_t number_and_1; /* 0: none */
	uint32_t loads;        /* how often one was read */
	size_t count;
	uint64_t keys[ALM_RUN_KEYS_MAX];
};

/** Read a block.  Errors: STORE_CORRUPT, STORE_IO. */
ALM_MUST_USE enum alm_err alm_run_load(const struct alm_run *run,
	uint32_t number, struct alm_run_block *block);

/** The first posting at or after `key`, or the last one at or before it.
 * Errors: NOT_FOUND, STORE_CORRUPT, STORE_IO. */
ALM_MUST_USE enum alm_err alm_run_after(const struct alm_run *run,
	struct alm_run_block *block, uint64_t key, uint64_t *out_key);
ALM_MUST_USE enum alm_err alm_run_before(const struct alm_run *run,
	struct alm_run_block *block, uint64_t key, uint64_t *out_key);

/* --- writing ------------------------------------------------------------- */

struct alm_run_writer;

/** Errors: STORE_IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_run_writer_open(const struct alm_run_home *home,
	const struct alm_run_place *place, struct alm_run_writer **out_writer);

/** Add a number greater than those before; what goes wrong shows at the
 * end. */
void alm_run_writer_put(struct alm_run_writer *writer, uint64_t key);

/** Give the file its name.  The writer is consumed.  Errors: STORE_IO,
 * STORE_FULL, NOMEM. */
ALM_MUST_USE enum alm_err alm_run_writer_finish(
	struct alm_run_writer **take_writer, const struct alm_digest *anchor);

/** Forget it. */
void alm_run_writer_abort(struct alm_run_writer *writer);

/* --- the layout, for both ------------------------------------------------ */

#define ALM_RUN_HEAD UINT32_MAX /* block numbers of what is no block */
#define ALM_RUN_FENCES (UINT32_MAX - 1)

/** Over the block, and where it stands. */
void alm_run_seal(const struct alm_store_keys *keys,
	const struct alm_run_place *place, uint32_t number,
	struct alm_bytes content, uint8_t out[ALM_SEAL_BYTES]);

/** The numbers of a block's bytes, its seal checked before.
 * Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_run_block_decode(struct alm_bytes bytes,
	uint64_t first, uint64_t end, uint64_t keys[ALM_RUN_KEYS_MAX],
	size_t *out_count);

/** What the first block of the file says. */
struct alm_run_head {
	uint8_t store_id[ALM_STORE_ID_BYTES];
	struct alm_run_place place;
	uint32_t block_count;
	uint64_t counts[ALM_DIMENSIONS];
	struct alm_digest anchor;
};

/** Gives how long it is. */
size_t alm_run_head_encode(
	const struct alm_run_head *head, uint8_t out[ALM_RUN_BLOCK_BYTES]);
/** Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_run_head_decode(
	struct alm_bytes bytes, struct alm_run_head *out);

#endif /* ALM_BROKER_STORE_INDEX_RUN_H */
