/*
 * Compressed payloads: what is taken is as long as it says, and packs again to
 * what unpacks to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_bytes packed = {data, bytes};
	struct alm_zip *zip = alm_zip_new();
	size_t clear_bytes = 0;

	if (zip != NULL &&
		alm_zip_size(packed, ALM_PART_BYTES, &clear_bytes) == ALM_OK) {
		uint8_t *clear = malloc(clear_bytes);
		uint8_t *again = malloc(clear_bytes);
		uint8_t *twice = malloc(clear_bytes);

		if (clear_bytes == 0 || clear_bytes > ALM_PART_BYTES) {
			abort();
		}
		if (alm_zip_unpack(zip, packed, clear, clear_bytes) == ALM_OK) {
			packed.bytes = alm_zip_pack(zip,
				(struct alm_bytes){clear, clear_bytes}, again);
			packed.data = again;
			if (packed.bytes > 0 &&
				(alm_zip_unpack(zip, packed, twice,
					 clear_bytes) != ALM_OK ||
					memcmp(clear, twice, clear_bytes) !=
						0)) {
				abort();
			}
		}
		free(clear);
		free(again);
		free(twice);
	}
	alm_zip_free(zip);
	return 0;
}
