#include "broker/store/index/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/store/inside.h"

/* The first block holds the head and its seal. */
#define BLOCK_AT(number) (((off_t)(number) + 1) * ALM_RUN_BLOCK_BYTES)
#define CONTENT_BYTES (ALM_RUN_BLOCK_BYTES - ALM_SEAL_BYTES)

void alm_run_path(const struct alm_run_home *home,
	const struct alm_run_place *place, char out[ALM_RUN_PATH_BYTES])
{
	(void)snprintf(out, ALM_RUN_PATH_BYTES, "%s/%u-%012" PRIx64 "-%x.run",
		home->folder, place->level, place->first, place->count);
}

/* All of it, or not at all.  Errors: STORE_CORRUPT: the file ends before. */
static enum alm_err read_at(int fd, void *out, size_t bytes, off_t at)
{
	uint8_t *to = out;

	while (bytes > 0) {
		ssize_t got = pread(fd, to, bytes, at);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return got == 0 || errno == EIO ? ALM_STORE_CORRUPT
							: ALM_STORE_IO;
		}
		to += got;
		at += got;
		bytes -= (size_t)got;
	}
	return ALM_OK;
}

static bool is_sealed(const struct alm_store_keys *keys,
	const struct alm_run_place *place, uint32_t number,
	struct alm_bytes content, const uint8_t found[ALM_SEAL_BYTES])
{
	uint8_t seal[ALM_SEAL_BYTES];

	alm_run_seal(keys, place, number, content, seal);
	return memcmp(seal, found, sizeof(seal)) == 0;
}

static enum alm_err read_head(const struct alm_run_home *home,
	const struct alm_run_place *place, struct alm_run *run)
{
	uint8_t block[ALM_RUN_BLOCK_BYTES];
	uint8_t again[ALM_RUN_BLOCK_BYTES];
	struct alm_run_head head = {.block_count = 0};
	size_t bytes = alm_run_head_encode(&head, again);
	enum alm_err err = read_at(run->fd, block, sizeof(block), 0);

	if (err == ALM_OK && !is_sealed(home->keys, place, ALM_RUN_HEAD,
				     (struct alm_bytes){block, CONTENT_BYTES},
				     block + CONTENT_BYTES)) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		err = alm_run_head_decode(
			(struct alm_bytes){block, bytes}, &head);
	}
	if (err == ALM_OK && (memcmp(head.store_id, home->store_id,
				      ALM_STORE_ID_BYTES) != 0 ||
				     head.place.level != place->level ||
				     head.place.first != place->first ||
				     head.place.count != place->count)) {
		err = ALM_STORE_CORRUPT;
	}
	/* Each record has one kind, or cannot be read. */
	if (err == ALM_OK &&
		head.counts[ALM_DIMENSION_KIND] +
				head.counts[ALM_DIMENSION_UNREADABLE] !=
			head.place.count) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		run->place = head.place;
		run->block_count = head.block_count;
		run->anchor = head.anchor;
		memcpy(run->counts, head.counts, sizeof(run->counts));
	}
	return err;
}

/* They stand behind the blocks: as many numbers as blocks, and a seal. */
static enum alm_err read_fences(struct alm_run *run)
{
	size_t bytes = (size_t)run->block_count * 8;
	uint8_t *raw = malloc(bytes + ALM_SEAL_BYTES);
	enum alm_err err;

	run->fences = malloc(((size_t)run->block_count + 1) * 8);
	if (raw == NULL || run->fences == NULL) {
		free(raw);
		return ALM_NOMEM;
	}
	err = read_at(run->fd, raw, bytes + ALM_SEAL_BYTES,
		BLOCK_AT(run->block_count));
	if (err == ALM_OK &&
		!is_sealed(run->keys, &run->place, ALM_RUN_FENCES,
			(struct alm_bytes){raw, bytes}, raw + bytes)) {
		err = ALM_STORE_CORRUPT;
	}
	for (uint32_t i = 0; i < run->block_count && err == ALM_OK; i++) {
		run->fences[i] = alm_get_u64(raw + (size_t)i * 8);
		if (i > 0 && run->fences[i] <= run->fences[i - 1]) {
			err = ALM_STORE_CORRUPT;
		}
	}
	run->fences[run->block_count] = UINT64_MAX;
	free(raw);
	return err;
}

enum alm_err alm_run_open(const struct alm_run_home *home,
	const struct alm_run_place *place, struct alm_run **out_run)
{
	struct alm_run *run = calloc(1, sizeof(*run));
	char path[ALM_RUN_PATH_BYTES];
	enum alm_err err;

	if (run == NULL) {
		return ALM_NOMEM;
	}
	alm_run_path(home, place, path);
	run->keys = home->keys;
	run->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (run->fd < 0) {
		err = errno == ENOENT ? ALM_NOT_FOUND : ALM_STORE_IO;
		free(run);
		return err;
	}
	err = read_head(home, place, run);
	if (err == ALM_OK) {
		err = read_fences(run);
	}
	if (err != ALM_OK) {
		alm_run_close(run);
		return err;
	}
	atomic_init(&run->holders, 1);
	*out_run = run;
	return ALM_OK;
}

void alm_run_close(struct alm_run *run)
{
	if (run != NULL) {
		(void)close(run->fd);
		free(run->fences);
		free(run);
	}
}

uint64_t alm_run_bytes(const struct alm_run *run)
{
	return (uint64_t)BLOCK_AT(run->block_count) +
	       (uint64_t)run->block_count * 8 + ALM_SEAL_BYTES;
}

enum alm_err alm_run_load(
	const struct alm_run *run, uint32_t number, struct alm_run_block *block)
{
	uint8_t raw[ALM_RUN_BLOCK_BYTES];
	enum alm_err err;

	if (block->number_and_1 == number + 1) {
		return ALM_OK;
	}
	block->number_and_1 = 0;
	block->loads++;
	err = read_at(run->fd, raw, sizeof(raw), BLOCK_AT(number));
	if (err == ALM_OK && !is_sealed(run->keys, &run->place, number,
				     (struct alm_bytes){raw, CONTENT_BYTES},
				     raw + CONTENT_BYTES)) {
		err = ALM_STORE_CORRUPT;
	}
	if (err == ALM_OK) {
		err = alm_run_block_decode(
			(struct alm_bytes){raw, CONTENT_BYTES},
			run->fences[number], run->fences[number + 1],
			block->keys, &block->count);
	}
	if (err == ALM_OK) {
		block->number_and_1 = number + 1;
	}
	return err;
}

/* How many of the sorted numbers are less than or equal to `key`. */
static size_t count_to(const uint64_t *keys, size_t count, uint64_t key)
{
	size_t low = 0;

	while (count > 0) {
		size_t half = count / 2;

		if (keys[low + half] <= key) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

/* Load the block that `key` belongs into.  Out: how many of its numbers are
 * less or equal.  Errors: NOT_FOUND: it is less than all. */
static enum alm_err find_block(const struct alm_run *run,
	struct alm_run_block *block, uint64_t key, uint32_t *out_number,
	size_t *out_count)
{
	uint32_t number = block->number_and_1 - 1;
	enum alm_err err;

	if (block->number_and_1 == 0 || key < run->fences[number] ||
		key >= run->fences[number + 1]) {
		size_t blocks = count_to(run->fences, run->block_count, key);

		if (blocks == 0) {
			return ALM_NOT_FOUND;
		}
		number = (uint32_t)(blocks - 1);
	}
	err = alm_run_load(run, number, block);
	if (err == ALM_OK) {
		*out_number = number;
		*out_count = count_to(block->keys, block->count, key);
	}
	return err;
}

enum alm_err alm_run_after(const struct alm_run *run,
	struct alm_run_block *block, uint64_t key, uint64_t *out_key)
{
	uint32_t number = 0;
	size_t count = 0;
	enum alm_err err = find_block(run, block, key, &number, &count);

	if (err == ALM_NOT_FOUND && run->block_count > 0) {
		*out_key = run->fences[0];
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	if (block->keys[count - 1] == key) {
		*out_key = key;
	} else if (count < block->count) {
		*out_key = block->keys[count];
	} else if (number + 1 < run->block_count) {
		*out_key = run->fences[number + 1];
	} else {
		return ALM_NOT_FOUND;
	}
	return ALM_OK;
}

enum alm_err alm_run_before(const struct alm_run *run,
	struct alm_run_block *block, uint64_t key, uint64_t *out_key)
{
	uint32_t number = 0;
	size_t count = 0;
	enum alm_err err = find_block(run, block, key, &number, &count);

	if (err == ALM_OK) {
		*out_key = block->keys[count - 1];
	}
	return err;
}
