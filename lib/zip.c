#include "lib/zip.h"

#include <stdlib.h>

#include <zstd.h>

/* The fastest that still halves text: it runs in the broker's loop. */
#define LEVEL 1

struct alm_zip {
	ZSTD_CCtx *packer; /* NULL: not needed yet */
	ZSTD_DCtx *unpacker;
};

struct alm_zip *alm_zip_new(void)
{
	return calloc(1, sizeof(struct alm_zip));
}

void alm_zip_free(struct alm_zip *zip)
{
	if (zip != NULL) {
		(void)ZSTD_freeCCtx(zip->packer);
		(void)ZSTD_freeDCtx(zip->unpacker);
		free(zip);
	}
}

size_t alm_zip_pack(struct alm_zip *zip, struct alm_bytes text, uint8_t *out)
{
	size_t bytes;

	if (text.bytes < ALM_ZIP_BYTES_MIN) {
		return 0;
	}
	if (zip->packer == NULL) {
		zip->packer = ZSTD_createCCtx();
	}
	if (zip->packer == NULL) {
		return 0;
	}
	/* It gives up when less than an eighth would be saved. */
	bytes = ZSTD_compressCCtx(zip->packer, out, text.bytes - text.bytes / 8,
		text.data, text.bytes, LEVEL);
	if (ZSTD_isError(bytes) || text.bytes / bytes >= ALM_ZIP_RATIO_MAX) {
		return 0;
	}
	return bytes;
}

enum alm_err alm_zip_size(
	struct alm_bytes packed, size_t bytes_max, size_t *out_bytes)
{
	unsigned long long bytes =
		ZSTD_getFrameContentSize(packed.data, packed.bytes);

	/* Both of its errors are greater than any limit. */
	if (bytes == 0 || bytes > bytes_max ||
		bytes / ALM_ZIP_RATIO_MAX > packed.bytes ||
		ZSTD_getDictID_fromFrame(packed.data, packed.bytes) != 0 ||
		ZSTD_findFrameCompressedSize(packed.data, packed.bytes) !=
			packed.bytes) {
		return ALM_ENCODING_BROKEN;
	}
	*out_bytes = (size_t)bytes;
	return ALM_OK;
}

enum alm_err alm_zip_unpack(struct alm_zip *zip, struct alm_bytes packed,
	uint8_t *out, size_t bytes)
{
	if (zip->unpacker == NULL) {
		zip->unpacker = ZSTD_createDCtx();
	}
	if (zip->unpacker == NULL) {
		return ALM_NOMEM;
	}
	return ZSTD_decompressDCtx(zip->unpacker, out, bytes, packed.data,
		       packed.bytes) == bytes
		       ? ALM_OK
		       : ALM_ENCODING_BROKEN;
}
