/*
 * zip.h - zstd, in one piece and within bounds.  Sole user of <zstd.h>.
 *
 * What is read must be exactly one frame that declares its content size, and
 * that size is bounded before a byte is decompressed: the content goes straight
 * into memory of that size, so a frame cannot ask for a window of its own.
 * Not shared by threads.
 */
#ifndef ALM_LIB_ZIP_H
#define ALM_LIB_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* Less is sent as it is: a kibibyte shrinks by less than it costs. */
#define ALM_ZIP_BYTES_MIN ((size_t)4 * 1024)
/* What shrinks more is no document, but meant to fill somebody's memory. */
#define ALM_ZIP_RATIO_MAX 256u

struct alm_zip; /* reusable contexts */

/** NULL when memory is out. */
struct alm_zip *alm_zip_new(void);
void alm_zip_free(struct alm_zip *zip);

/** Compress into `out`, which holds `text.bytes`.  Gives how many bytes that
 * took; 0: it is not worth it, send it as it is. */
size_t alm_zip_pack(struct alm_zip *zip, struct alm_bytes text, uint8_t *out);

/** How large the content is, 1 to `bytes_max`.  Errors: ENCODING_BROKEN. */
ALM_MUST_USE enum alm_err alm_zip_size(
	struct alm_bytes packed, size_t bytes_max, size_t *out_bytes);

/** Decompress all `bytes` that alm_zip_size() gave.
 * Errors: ENCODING_BROKEN: what is in `out` then means nothing; NOMEM. */
ALM_MUST_USE enum alm_err alm_zip_unpack(struct alm_zip *zip,
	struct alm_bytes packed, uint8_t *out, size_t bytes);

#endif /* ALM_LIB_ZIP_H */
