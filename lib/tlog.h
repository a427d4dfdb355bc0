/*
 * tlog.h - proofs as files: an inclusion proof as C2SP tlog-proof@v1, and a
 * consistency proof as the body by which C2SP tlog-witness asks a witness.
 * Both end in the checkpoint that they lead to.  No allocation.
 */
#ifndef ALM_LIB_TLOG_H
#define ALM_LIB_TLOG_H

#include "lib/bytes.h"
#include "lib/merkle.h"
#include "lib/note.h"

#define ALM_TLOG_PATH_MAX 63u

/** An inclusion proof; extra and note are borrowed. */
struct alm_tlog_proof {
	struct alm_bytes extra; /* still base64; empty: none */
	uint64_t index;
	struct alm_digest path[ALM_TLOG_PATH_MAX];
	size_t path_count;
	struct alm_bytes note;
};

/** Errors: NOTE_MALFORMED. */
ALM_MUST_USE enum alm_err alm_tlog_proof_parse(
	struct alm_bytes bytes, struct alm_tlog_proof *out_proof);
/** `extra` is bytes here. */
void alm_tlog_proof_write(struct alm_writer *writer, struct alm_bytes extra,
	uint64_t index, const struct alm_digest *path, size_t path_count,
	struct alm_bytes note);

/** That one tree extends another. */
struct alm_tlog_growth {
	uint64_t old_size;
	struct alm_digest path[ALM_TLOG_PATH_MAX];
	size_t path_count;
	struct alm_bytes note; /* of the new head */
};

/** Errors: NOTE_MALFORMED. */
ALM_MUST_USE enum alm_err alm_tlog_growth_parse(
	struct alm_bytes bytes, struct alm_tlog_growth *out_growth);
void alm_tlog_growth_write(
	struct alm_writer *writer, const struct alm_tlog_growth *growth);

#endif /* ALM_LIB_TLOG_H */
