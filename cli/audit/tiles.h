/* tiles.h - names and sizes of C2SP tlog-tiles. */
#ifndef ALM_CLI_AUDIT_TILES_H
#define ALM_CLI_AUDIT_TILES_H

#include <stddef.h>
#include <stdint.h>

#define ALM_TILES_WIDTH ((size_t)256)
#define ALM_TILES_LEVELS 8u
#define ALM_TILES_NAME_BYTES 96u
/* A header is at most 16 KiB, and two bytes say its length. */
#define ALM_TILES_ENTRIES_BYTES_MAX (ALM_TILES_WIDTH * (16 * 1024 + 2))

/** `tile/L/N`, with `.p/W` behind it if the tile is not full. */
void alm_tiles_name(unsigned level, uint64_t number, size_t width,
	char out[ALM_TILES_NAME_BYTES]);
/** `tile/entries/N`, likewise. */
void alm_tiles_entries_name(
	uint64_t number, size_t width, char out[ALM_TILES_NAME_BYTES]);

#endif /* ALM_CLI_AUDIT_TILES_H */
