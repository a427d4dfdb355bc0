/* evidence_row.h - what evidence.c and evidence_witness.c share: the rows of
 * table evidence.  A key begins with the kind of its row; numbers follow, so
 * that heads stand in the order of their sizes. */
#ifndef ALM_BROKER_STORE_EVIDENCE_ROW_H
#define ALM_BROKER_STORE_EVIDENCE_ROW_H

#include "broker/store/inside.h"

#define ALM_EVIDENCE_ROW_BYTES_MAX ((size_t)8 * 1024)

enum alm_evidence_kind {
	ALM_EVIDENCE_ORIGIN = 0,
	ALM_EVIDENCE_HEAD = 1,
	ALM_EVIDENCE_KEY = 2,
	ALM_EVIDENCE_WITNESS = 3,
	ALM_EVIDENCE_COSIGNATURE = 4,
	ALM_EVIDENCE_WITNESS_END = 5,
};

struct alm_evidence_key {
	uint8_t data[1 + 32];
	size_t bytes;
};

/** Borrowed from the key. */
struct alm_bytes alm_evidence_key_bytes(const struct alm_evidence_key *key);

/** At most four numbers. */
struct alm_evidence_key alm_evidence_key(
	enum alm_evidence_kind kind, const uint64_t *numbers, size_t count);

/** Begin a row in `data` with its version. */
void alm_evidence_begin(struct alm_writer *w, uint8_t *data, size_t bytes);

/** Keep what was written as the row of that key, in the open turn.
 * Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_evidence_put(struct alm_store *store,
	const struct alm_evidence_key *key, const struct alm_writer *w);

/** The first row at or after `key` whose key begins with the same
 * `prefix_bytes`: its key, and a copy in the arena, its version read.
 * Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_evidence_seek(struct alm_store *store,
	const struct alm_evidence_key *key, size_t prefix_bytes,
	struct alm_arena *arena, struct alm_evidence_key *out_key,
	struct alm_reader *out);

#endif /* ALM_BROKER_STORE_EVIDENCE_ROW_H */
