#include "lib/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks grow with what was handed out: small arenas stay small, and large
 * ones do not ask for memory often. */
#define BLOCK_BYTES_MIN ((size_t)4 * 1024)
#define BLOCK_BYTES_MAX ((size_t)1024 * 1024)
/* Kept from round to round, so that a busy user does not ask the system for
 * the same pages again and again. */
#define SPARE_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct alm_arena_block {
	struct alm_arena_block *next;
	size_t bytes_max;
	size_t bytes;
	_Alignas(max_align_t) uint8_t data[];
};

void alm_arena_init(struct alm_arena *arena, size_t bytes_max)
{
	*arena = (struct alm_arena){.bytes_max = bytes_max};
}

static void free_blocks(struct alm_arena_block *block)
{
	while (block != NULL) {
		struct alm_arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void alm_arena_reset(struct alm_arena *arena)
{
	size_t spare_bytes = 0;
	struct alm_arena_block *block = arena->first;

	for (struct alm_arena_block *at = arena->spare; at != NULL;
		at = at->next) {
		spare_bytes += at->bytes_max;
	}
	while (block != NULL) {
		struct alm_arena_block *next = block->next;

		if (spare_bytes + block->bytes_max <= SPARE_BYTES_MAX) {
			spare_bytes += block->bytes_max;
			block->next = arena->spare;
			arena->spare = block;
		} else {
			free(block);
		}
		block = next;
	}
	arena->first = NULL;
	arena->bytes = 0;
}

struct alm_arena_mark alm_arena_mark(const struct alm_arena *arena)
{
	const struct alm_arena_block *block = arena->first;

	return (struct alm_arena_mark){.first = arena->first,
		.block_bytes = block == NULL ? 0 : block->bytes,
		.bytes = arena->bytes};
}

void alm_arena_rewind(
	struct alm_arena *arena, const struct alm_arena_mark *mark)
{
	while (arena->first != mark->first) {
		struct alm_arena_block *block = arena->first;

		arena->first = block->next;
		block->next = arena->spare;
		arena->spare = block;
	}
	if (arena->first != NULL) {
		arena->first->bytes = mark->block_bytes;
	}
	arena->bytes = mark->bytes;
}

void alm_arena_fini(struct alm_arena *arena)
{
	free_blocks(arena->first);
	free_blocks(arena->spare);
	*arena = (struct alm_arena){.bytes_max = arena->bytes_max};
}

static struct alm_arena_block *take_spare(struct alm_arena *arena, size_t bytes)
{
	struct alm_arena_block **link = &arena->spare;

	while (*link != NULL && (*link)->bytes_max < bytes) {
		link = &(*link)->next;
	}
	if (*link != NULL) {
		struct alm_arena_block *block = *link;

		*link = block->next;
		return block;
	}
	return NULL;
}

static struct alm_arena_block *make_block(
	const struct alm_arena *arena, size_t bytes)
{
	size_t bytes_max = BLOCK_BYTES_MIN;
	struct alm_arena_block *block;

	while (bytes_max < arena->bytes && bytes_max < BLOCK_BYTES_MAX) {
		bytes_max *= 2;
	}
	if (bytes_max < bytes) {
		bytes_max = bytes;
	}
	block = malloc(sizeof(*block) + bytes_max);
	if (block != NULL) {
		block->bytes_max = bytes_max;
	}
	return block;
}

static struct alm_arena_block *add_block(struct alm_arena *arena, size_t bytes)
{
	struct alm_arena_block *block = take_spare(arena, bytes);

	if (block == NULL) {
		block = make_block(arena, bytes);
	}
	if (block != NULL) {
		block->next = arena->first;
		block->bytes = 0;
		arena->first = block;
	}
	return block;
}

void *alm_arena_take(struct alm_arena *arena, size_t bytes)
{
	struct alm_arena_block *block = arena->first;
	size_t rounded = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	void *at;

	if (rounded < bytes || rounded > arena->bytes_max - arena->bytes) {
		return NULL;
	}
	if (block == NULL || rounded > block->bytes_max - block->bytes) {
		block = add_block(arena, rounded);
		if (block == NULL) {
			return NULL;
		}
	}
	at = block->data + block->bytes;
	block->bytes += rounded;
	arena->bytes += rounded;
	memset(at, 0, rounded);
	return at;
}

char *alm_arena_text(struct alm_arena *arena, const char *text, size_t bytes)
{
	char *copy = alm_arena_take(arena, bytes + 1);

	if (copy != NULL && bytes > 0) {
		memcpy(copy, text, bytes);
	}
	return copy;
}

uint8_t *alm_arena_copy(struct alm_arena *arena, struct alm_bytes bytes)
{
	uint8_t *copy = alm_arena_take(arena, bytes.bytes);

	if (copy != NULL && bytes.bytes > 0) {
		memcpy(copy, bytes.data, bytes.bytes);
	}
	return copy;
}

char *alm_arena_printf(struct alm_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (bytes < 0) {
		return NULL;
	}
	text = alm_arena_take(arena, (size_t)bytes + 1);
	if (text != NULL) {
		va_start(args, format);
		(void)vsnprintf(text, (size_t)bytes + 1, format, args);
		va_end(args);
	}
	return text;
}
