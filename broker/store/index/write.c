/*
 * Writing a run: blocks go out in large writes, the head comes last, and only
 * a whole file gets the name of a run.  Nothing is synced: after a crash of
 * the machine the seals tell what is whole, and the rest is built anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/store/index/run.h"
#include "broker/store/inside.h"

#define CONTENT_BYTES (ALM_RUN_BLOCK_BYTES - ALM_SEAL_BYTES)
#define STEP_BYTES_MAX 10u
#define PENDING_BLOCKS 64u

struct alm_run_writer {
	const struct alm_run_home *home;
	struct alm_run_head head;
	int fd;
	enum alm_err err; /* the first that happened */
	uint8_t *block;   /* being filled, in `pending` */
	size_t bytes;     /* of its content; 0: it is empty */
	uint16_t count;
	uint64_t last;
	uint64_t *fences;
	size_t fences_max;
	size_t pending_blocks;
	uint8_t pending[PENDING_BLOCKS][ALM_RUN_BLOCK_BYTES];
	char path[ALM_RUN_PATH_BYTES];
	char draft[ALM_RUN_PATH_BYTES + 8];
};

static enum alm_err map_errno(int number)
{
	return number == ENOSPC || number == EDQUOT ? ALM_STORE_FULL
						    : ALM_STORE_IO;
}

static void write_all(
	struct alm_run_writer *writer, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	while (bytes > 0 && writer->err == ALM_OK) {
		ssize_t done = write(writer->fd, at, bytes);

		if (done < 0 && errno != EINTR) {
			writer->err = map_errno(errno);
		}
		if (done > 0) {
			at += done;
			bytes -= (size_t)done;
		}
	}
}

enum alm_err alm_run_writer_open(const struct alm_run_home *home,
	const struct alm_run_place *place, struct alm_run_writer **out_writer)
{
	struct alm_run_writer *writer = malloc(sizeof(*writer));

	if (writer == NULL) {
		return ALM_NOMEM;
	}
	memset(writer, 0, offsetof(struct alm_run_writer, pending));
	writer->home = home;
	writer->head.place = *place;
	memcpy(writer->head.store_id, home->store_id, ALM_STORE_ID_BYTES);
	alm_run_path(home, place, writer->path);
	(void)snprintf(
		writer->draft, sizeof(writer->draft), "%s.draft", writer->path);
	writer->fd = open(
		writer->draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (writer->fd < 0) {
		enum alm_err err = map_errno(errno);

		free(writer);
		return err;
	}
	/* Room for the head. */
	memset(writer->pending[0], 0, ALM_RUN_BLOCK_BYTES);
	write_all(writer, writer->pending[0], ALM_RUN_BLOCK_BYTES);
	writer->block = writer->pending[0];
	*out_writer = writer;
	return ALM_OK;
}

static void flush(struct alm_run_writer *writer)
{
	write_all(writer, writer->pending,
		writer->pending_blocks * ALM_RUN_BLOCK_BYTES);
	writer->pending_blocks = 0;
	writer->block = writer->pending[0];
}

static void end_block(struct alm_run_writer *writer)
{
	if (writer->bytes == 0) {
		return;
	}
	alm_put_u16(writer->block, writer->count);
	memset(writer->block + writer->bytes, 0, CONTENT_BYTES - writer->bytes);
	alm_run_seal(writer->home->keys, &writer->head.place,
		writer->head.block_count,
		(struct alm_bytes){writer->block, CONTENT_BYTES},
		writer->block + CONTENT_BYTES);
	writer->head.block_count++;
	writer->bytes = 0;
	writer->block = writer->pending[++writer->pending_blocks];
	if (writer->pending_blocks == PENDING_BLOCKS) {
		flush(writer);
	}
}

static void begin_block(struct alm_run_writer *writer, uint64_t key)
{
	size_t at = writer->head.block_count;

	if (at == writer->fences_max) {
		size_t more = at == 0 ? 256 : 2 * at;
		uint64_t *fences =
			realloc(writer->fences, more * sizeof(*fences));

		if (fences == NULL) {
			writer->err = ALM_NOMEM;
			return;
		}
		writer->fences = fences;
		writer->fences_max = more;
	}
	writer->fences[at] = key;
	alm_put_u64(writer->block + 2, key);
	writer->bytes = 2 + 8;
	writer->count = 1;
}

void alm_run_writer_put(struct alm_run_writer *writer, uint64_t key)
{
	uint64_t step = key - writer->last;

	if (writer->err != ALM_OK) {
		return;
	}
	if (writer->bytes + STEP_BYTES_MAX > CONTENT_BYTES) {
		end_block(writer);
	}
	if (writer->bytes == 0) {
		begin_block(writer, key);
	} else {
		for (; step >= 0x80; step >>= 7) {
			writer->block[writer->bytes++] = (uint8_t)(step | 0x80);
		}
		writer->block[writer->bytes++] = (uint8_t)step;
		writer->count++;
	}
	writer->last = key;
	writer->head.counts[alm_dimension_of(key) % ALM_DIMENSIONS]++;
}

static void write_fences(struct alm_run_writer *writer)
{
	size_t bytes = (size_t)writer->head.block_count * 8;
	uint8_t *raw = malloc(bytes + ALM_SEAL_BYTES);

	if (raw == NULL) {
		writer->err = ALM_NOMEM;
		return;
	}
	for (uint32_t i = 0; i < writer->head.block_count; i++) {
		alm_put_u64(raw + (size_t)i * 8, writer->fences[i]);
	}
	alm_run_seal(writer->home->keys, &writer->head.place, ALM_RUN_FENCES,
		(struct alm_bytes){raw, bytes}, raw + bytes);
	write_all(writer, raw, bytes + ALM_SEAL_BYTES);
	free(raw);
}

static void write_head(struct alm_run_writer *writer)
{
	uint8_t *block = writer->pending[0];
	size_t bytes = alm_run_head_encode(&writer->head, block);

	memset(block + bytes, 0, CONTENT_BYTES - bytes);
	alm_run_seal(writer->home->keys, &writer->head.place, ALM_RUN_HEAD,
		(struct alm_bytes){block, CONTENT_BYTES},
		block + CONTENT_BYTES);
	if (writer->err == ALM_OK && lseek(writer->fd, 0, SEEK_SET) != 0) {
		writer->err = ALM_STORE_IO;
	}
	write_all(writer, block, ALM_RUN_BLOCK_BYTES);
}

enum alm_err alm_run_writer_finish(
	struct alm_run_writer **take_writer, const struct alm_digest *anchor)
{
	struct alm_run_writer *writer = *take_writer;
	enum alm_err err;

	*take_writer = NULL;
	writer->head.anchor = *anchor;
	if (writer->err == ALM_OK) {
		end_block(writer);
		flush(writer);
	}
	if (writer->err == ALM_OK) {
		write_fences(writer);
		write_head(writer);
	}
	if (writer->err == ALM_OK && rename(writer->draft, writer->path) != 0) {
		writer->err = map_errno(errno);
	}
	err = writer->err;
	alm_run_writer_abort(writer);
	return err;
}

void alm_run_writer_abort(struct alm_run_writer *writer)
{
	if (writer == NULL) {
		return;
	}
	(void)close(writer->fd);
	(void)unlink(writer->draft); /* gone already, if it got its name */
	free(writer->fences);
	free(writer);
}
