#include "agents/folder/large.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agents/folder/log.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/parts.h"

#define SEQUENCE_TEXT_BYTES 21u
#define OLD_S 86400

/* --- out ---------------------------------------------------------------- */

/* Not alm_source_open(): that follows links. */
struct large_file {
	int fd;
};

static int read_large(void *cookie, uint64_t offset, void *out, size_t bytes)
{
	const struct large_file *file = cookie;

	return alm_file_read_at(file->fd, offset, out, bytes) ? 0 : -1;
}

bool alm_large_open(const struct alm_folder *folder, const char *name,
	struct alm_source *out_source)
{
	struct large_file *file = calloc(1, sizeof(*file));
	struct alm_source source = {.read = read_large, .cookie = file};
	char path[PATH_MAX];
	struct stat info;

	if (file == NULL) {
		return false;
	}
	alm_folder_path(folder, ALM_OUTBOX, name, "", path);
	file->fd = open(path,
		O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (file->fd < 0 || fstat(file->fd, &info) != 0 ||
		!S_ISREG(info.st_mode) ||
		info.st_size <= (off_t)ALM_PAYLOAD_BYTES_MAX ||
		(uint64_t)info.st_size > ALM_PARTS_PAYLOAD_BYTES_MAX) {
		alm_large_close(&source);
		return false;
	}
	source.bytes = (uint64_t)info.st_size;
	*out_source = source;
	return true;
}

void alm_large_close(struct alm_source *source)
{
	struct large_file *file = source->cookie;

	if (file != NULL) {
		if (file->fd >= 0) {
			(void)close(file->fd);
		}
		free(file);
	}
	*source = (struct alm_source){.bytes = 0};
}

static enum alm_err fill(const struct alm_source *source,
	struct alm_part_tree *tree, struct alm_hash *hash, uint8_t *room)
{
	for (uint32_t i = 0; i < alm_parts_count(source->bytes); i++) {
		size_t bytes = alm_part_length(source->bytes, i);

		if (source->read(source->cookie, (uint64_t)i * ALM_PART_BYTES,
			    room, bytes) != 0) {
			return ALM_IO;
		}
		alm_part_tree_set(
			tree, hash, i, (struct alm_bytes){room, bytes});
	}
	alm_part_tree_close(tree, hash);
	return ALM_OK;
}

enum alm_err alm_large_root(
	const struct alm_source *source, uint8_t out[ALM_DIGEST_BYTES])
{
	struct alm_part_tree *tree =
		alm_part_tree_new(alm_parts_count(source->bytes));
	struct alm_hash *hash = alm_hash_new();
	uint8_t *room = malloc(ALM_PART_BYTES);
	enum alm_err err = ALM_NOMEM;

	if (tree != NULL && hash != NULL && room != NULL) {
		err = fill(source, tree, hash, room);
	}
	if (err == ALM_OK) {
		memcpy(out, alm_part_tree_root(tree)->raw, ALM_DIGEST_BYTES);
	}
	free(room);
	alm_hash_free(hash);
	alm_part_tree_free(tree);
	return err;
}

/* --- in ----------------------------------------------------------------- */

static void part_path(
	const struct alm_folder *folder, uint64_t sequence, char out[PATH_MAX])
{
	char text[SEQUENCE_TEXT_BYTES];

	(void)snprintf(text, sizeof(text), "%" PRIu64, sequence);
	alm_folder_path(folder, ALM_TAKEN, text, ".part", out);
}

static struct alm_large_fetch *find(
	struct alm_large_fetches *fetches, uint64_t sequence)
{
	for (size_t i = 0; i < ALM_FETCHES_MAX; i++) {
		if (fetches->items[i].sequence == sequence) {
			return &fetches->items[i];
		}
	}
	return NULL;
}

static int write_part(
	void *cookie, uint64_t offset, const void *data, size_t bytes)
{
	const struct alm_large_fetch *fetch = cookie;

	return alm_file_write_at(fetch->fd, offset, data, bytes) ? 0 : -1;
}

bool alm_large_fetch(struct alm_large_fetches *fetches,
	const struct alm_folder *folder, struct alm_client *client,
	struct alm_event *event)
{
	const struct alm_delivery *delivery = event->delivery;
	struct alm_large_fetch *fetch = find(fetches, 0);
	struct alm_sink sink = {.write = write_part, .cookie = fetch};
	char path[PATH_MAX];
	struct stat info;
	int code;

	if (fetch == NULL || find(fetches, delivery->sequence) != NULL) {
		return false;
	}
	part_path(folder, delivery->sequence, path);
	fetch->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY,
		ALM_FOLDER_FILE_MODE);
	if (fetch->fd < 0 || fstat(fetch->fd, &info) != 0) {
		alm_log_problem(ALM_IO, "inbox", path);
		return false;
	}
	if ((uint64_t)info.st_size < delivery->payload_bytes) {
		sink.have_bytes = (uint64_t)info.st_size / ALM_PART_BYTES *
				  ALM_PART_BYTES;
	}
	code = alm_fetch_start(client, delivery, &sink);
	if (code != 0) {
		alm_log_problem((enum alm_err)code, "inbox", path);
		(void)close(fetch->fd);
		if (info.st_size == 0) {
			(void)unlink(path); /* it was made just now */
		}
		return false;
	}
	fetch->sequence = delivery->sequence;
	fetch->is_resumed = sink.have_bytes > 0;
	fetch->event = event;
	fetches->count++;
	return true;
}

/** Whether the file is the payload: what was there from before is not
 * believed. */
static enum alm_err check_whole(
	const char *path, const struct alm_delivery *delivery)
{
	struct alm_source source;
	uint8_t root[ALM_DIGEST_BYTES];
	enum alm_err err;

	if (alm_source_open(path, &source) != 0) {
		return ALM_IO;
	}
	err = source.bytes == delivery->payload_bytes
		      ? alm_large_root(&source, root)
		      : ALM_PART_MISMATCH;
	if (err == ALM_OK &&
		memcmp(root, delivery->payload_root, sizeof(root)) != 0) {
		err = ALM_PART_MISMATCH;
	}
	alm_source_close(&source);
	return err;
}

static void clear(
	struct alm_large_fetches *fetches, struct alm_large_fetch *fetch)
{
	(void)close(fetch->fd);
	*fetch = (struct alm_large_fetch){.sequence = 0};
	fetches->count--;
}

enum alm_err alm_large_take(struct alm_large_fetches *fetches,
	const struct alm_folder *folder, uint64_t sequence, int code,
	struct alm_event **out_event)
{
	struct alm_large_fetch *fetch = find(fetches, sequence);
	enum alm_err err = (enum alm_err)code;
	const struct alm_delivery *delivery;
	char path[PATH_MAX];

	*out_event = NULL;
	if (fetch == NULL) {
		return ALM_NOT_FOUND;
	}
	delivery = fetch->event->delivery;
	part_path(folder, sequence, path);
	if (err == ALM_OK &&
		(ftruncate(fetch->fd, (off_t)delivery->payload_bytes) != 0 ||
			fsync(fetch->fd) != 0)) {
		err = ALM_IO;
	}
	if (err == ALM_OK && fetch->is_resumed) {
		err = check_whole(path, delivery);
	}
	if (err == ALM_PART_MISMATCH || err == ALM_PAYLOAD_GONE) {
		(void)unlink(path); /* from the first part, if it comes again */
	}
	*out_event = fetch->event;
	clear(fetches, fetch);
	return err;
}

void alm_large_fini(struct alm_large_fetches *fetches)
{
	for (size_t i = 0; i < ALM_FETCHES_MAX; i++) {
		if (fetches->items[i].sequence != 0) {
			alm_event_free(fetches->items[i].event);
			clear(fetches, &fetches->items[i]);
		}
	}
}

bool alm_large_is_old(const struct alm_folder *folder, const char *name)
{
	char base[ALM_NAME_BYTES_MAX + 1];
	char path[PATH_MAX];
	struct stat info;

	alm_folder_path(folder, ALM_TAKEN, name, "", path);
	return alm_folder_base(name, ".part", base) && stat(path, &info) == 0 &&
	       info.st_mtim.tv_sec + OLD_S < time(NULL);
}
