#include "lib/zip.h"

#include <stdlib.h>

#include <zstd.h>

/* The fastest that still halves text: it runs in the broker's loop. */
#define LEVEL 1
/* Magic number, descriptor, and a byte of what they say comes next. */
#define HEADER_BYTES_MIN 6u
#define SINGLE_SEGMENT 0x20u
/* 2 to the power of 10 + 13: what RFC 8878 has every reader take. */
#define WINDOW_8_MIB (13u << 3)

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

/* A frame of RFC 8878, and not of the formats before it, which libzstd reads
 * too and other readers do not; with a window that all of them have. */
static bool is_common(struct alm_bytes packed)
{
	const uint8_t *head = packed.data;

	if (packed.bytes < HEADER_BYTES_MIN ||
		((uint32_t)head[0] | (uint32_t)head[1] << 8 |
			(uint32_t)head[2] << 16 | (uint32_t)head[3] << 24) !=
			ZSTD_MAGICNUMBER) {
		return false;
	}
	return (head[4] & SINGLE_SEGMENT) != 0 || head[5] <= WINDOW_8_MIB;
}

enum alm_err alm_zip_size(
	struct alm_bytes packed, size_t bytes_max, size_t *out_bytes)
{
	unsigned long long bytes;

	if (!is_common(packed)) {
		return ALM_ENCODING_BROKEN;
	}
	bytes = ZSTD_getFrameContentSize(packed.data, packed.bytes);
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
