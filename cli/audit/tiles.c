/*
 * tiles.c - almoner audit export --tiles: the log's headers and hashes as a
 * folder that other people's verifiers read.  Private parts are not in it.
 */
#include "cli/audit/tiles.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Three digits a folder, and an x before all but the last. */
static void put_number(uint64_t number, size_t width, char *out, size_t bytes)
{
	char text[32];
	size_t used = 0;
	int digits = snprintf(text, sizeof(text), "%03" PRIu64, number);
	int pad = (3 - digits % 3) % 3;
	char padded[40];

	(void)snprintf(padded, sizeof(padded), "%.*s%s", pad, "00", text);
	for (size_t at = 0; padded[at] != '\0'; at += 3) {
		int n = snprintf(out + used, bytes - used, "%s%.3s",
			padded[at + 3] != '\0' ? "/x" : "/", padded + at);

		used += (size_t)n;
	}
	if (width < ALM_TILES_WIDTH) {
		(void)snprintf(out + used, bytes - used, ".p/%zu", width);
	}
}

void alm_tiles_name(unsigned level, uint64_t number, size_t width,
	char out[ALM_TILES_NAME_BYTES])
{
	int n = snprintf(out, ALM_TILES_NAME_BYTES, "tile/%u", level);

	put_number(number, width, out + n, ALM_TILES_NAME_BYTES - (size_t)n);
}

void alm_tiles_entries_name(
	uint64_t number, size_t width, char out[ALM_TILES_NAME_BYTES])
{
	int n = snprintf(out, ALM_TILES_NAME_BYTES, "tile/entries");

	put_number(number, width, out + n, ALM_TILES_NAME_BYTES - (size_t)n);
}
