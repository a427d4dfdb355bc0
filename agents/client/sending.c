/* Payloads that are sent in parts, and sources to read them from. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/client/client.h"
#include "lib/file.h"

/* --- a file as a source ------------------------------------------------- */

struct file_source {
	int fd;
};

static int read_file(void *cookie, uint64_t offset, void *out, size_t bytes)
{
	const struct file_source *file = cookie;

	return alm_file_read_at(file->fd, offset, out, bytes) ? 0 : -1;
}

int alm_source_open(const char *path, struct alm_source *out_source)
{
	struct file_source *file = calloc(1, sizeof(*file));
	struct stat info;

	if (file == NULL) {
		return ALM_CODE_NOMEM;
	}
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (file->fd < 0 || fstat(file->fd, &info) != 0 ||
		!S_ISREG(info.st_mode) || info.st_size < 0) {
		struct alm_source failed = {.cookie = file};

		alm_source_close(&failed);
		return (int)ALM_IO;
	}
	*out_source = (struct alm_source){
		.read = read_file,
		.cookie = file,
		.bytes = (uint64_t)info.st_size,
	};
	return ALM_CODE_OK;
}

void alm_source_close(struct alm_source *source)
{
	struct file_source *file = source->cookie;

	if (file != NULL) {
		if (file->fd >= 0) {
			(void)close(file->fd);
		}
		free(file);
	}
	*source = (struct alm_source){.bytes = 0};
}

#define RESUME_MS 1000

/* --- a sending ---------------------------------------------------------- */

static enum alm_err hash_all(
	struct alm_sending *sending, struct alm_hash *hash, uint8_t *room)
{
	const struct alm_source *source = &sending->source;

	for (uint32_t i = 0; i < sending->count; i++) {
		size_t bytes = alm_part_length(source->bytes, i);

		if (source->read(source->cookie, (uint64_t)i * ALM_PART_BYTES,
			    room, bytes) != 0) {
			return ALM_SOURCE_CHANGED;
		}
		alm_part_tree_set(sending->tree, hash, i,
			(struct alm_bytes){room, bytes});
	}
	alm_part_tree_close(sending->tree, hash);
	return ALM_OK;
}

enum alm_err alm_sending_new(const struct alm_source *source,
	struct alm_hash *hash, struct alm_sending **out_sending)
{
	struct alm_sending *sending;
	uint8_t *room;
	enum alm_err err = ALM_NOMEM;

	if (source->read == NULL || source->bytes == 0) {
		return ALM_BAD_ARGUMENT;
	}
	if (source->bytes > ALM_PARTS_PAYLOAD_BYTES_MAX) {
		return ALM_PAYLOAD_TOO_LARGE;
	}
	sending = calloc(1, sizeof(*sending));
	room = malloc(ALM_PART_BYTES);
	if (sending != NULL && room != NULL) {
		sending->source = *source;
		sending->count = alm_parts_count(source->bytes);
		sending->tree = alm_part_tree_new(sending->count);
	}
	if (sending != NULL && sending->tree != NULL) {
		err = hash_all(sending, hash, room);
	}
	free(room);
	if (err != ALM_OK) {
		alm_sending_free(sending);
		return err;
	}
	*out_sending = sending;
	return ALM_OK;
}

void alm_sending_free(struct alm_sending *sending)
{
	if (sending != NULL) {
		if (sending->pending != NULL) {
			LIST_REMOVE(sending, order);
		}
		alm_part_tree_free(sending->tree);
		free(sending);
	}
}

void alm_sendings_pause(struct alm_client *client)
{
	struct alm_sending *sending;

	LIST_FOREACH(sending, &client->sendings, order)
	{
		sending->next = 0;
		sending->until = 0;
	}
}

void alm_sendings_resume(struct alm_client *client)
{
	struct alm_sending *sending;

	client->resume_until_ms = 0;
	LIST_FOREACH(sending, &client->sendings, order)
	{
		if (sending->pending->state == ALM_PENDING_QUEUED) {
			alm_outbox_put_first(&client->outbox, sending->pending);
			sending->is_awaited = true;
			client->resume_until_ms = client->now_ms + RESUME_MS;
		}
	}
}

/* Whether the broker has yet to say of one how far it is. */
static bool is_one_awaited(const struct alm_client *client)
{
	const struct alm_sending *sending;

	LIST_FOREACH(sending, &client->sendings, order)
	{
		if (sending->is_awaited) {
			return true;
		}
	}
	return false;
}

void alm_sendings_progress(
	struct alm_client *client, const struct alm_progress *progress)
{
	struct alm_message_id id;
	struct alm_pending *pending;
	struct alm_sending *sending;

	if (progress->message_id.bytes != sizeof(id.raw)) {
		return;
	}
	memcpy(id.raw, progress->message_id.data, sizeof(id.raw));
	pending = alm_outbox_find(&client->outbox, &id);
	if (pending == NULL || pending->sending == NULL ||
		pending->state != ALM_PENDING_SENT) {
		return;
	}
	sending = pending->sending;
	sending->is_awaited = false;
	alm_outbox_answered(&client->outbox, pending, client->now_ms);
	if (progress->is_again || progress->next > sending->next) {
		sending->next = progress->next;
	}
	if (progress->is_again || progress->until > sending->until) {
		sending->until = progress->until;
	}
	if (sending->until > sending->count) {
		sending->until = sending->count;
	}
}

/** Read, check and frame the part that is next.
 * Errors: SOURCE_CHANGED; as the sending of a frame. */
static enum alm_err send_part(
	struct alm_client *client, struct alm_sending *sending)
{
	const struct alm_source *source = &sending->source;
	size_t bytes = alm_part_length(source->bytes, sending->next);
	struct alm_digest path[ALM_PART_PATH_MAX];
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_PART};
	struct alm_payload_part *part = &envelope.part;
	uint8_t *room;

	alm_arena_reset(&client->scratch);
	room = alm_arena_take(&client->scratch, bytes);
	if (room == NULL) {
		return ALM_NOMEM;
	}
	part->data = (struct alm_bytes){room, bytes};
	if (source->read(source->cookie,
		    (uint64_t)sending->next * ALM_PART_BYTES, room,
		    bytes) != 0 ||
		!alm_part_tree_has(sending->tree, client->hash, sending->next,
			part->data)) {
		return ALM_SOURCE_CHANGED;
	}
	part->message_id = (struct alm_bytes){
		sending->pending->id.raw, ALM_MESSAGE_ID_BYTES};
	part->index = sending->next;
	part->path = (struct alm_bytes){path[0].raw,
		ALM_DIGEST_BYTES *
			alm_part_tree_path(sending->tree, sending->next, path)};
	alm_outbound_pack(client, &part->data, &part->encoding);
	return alm_outbound_keep(client, &envelope);
}

enum alm_err alm_sendings_flush(struct alm_client *client)
{
	struct alm_sending *sending = LIST_FIRST(&client->sendings);

	while (sending != NULL) {
		struct alm_sending *next = LIST_NEXT(sending, order);
		enum alm_err err = ALM_OK;

		while (err == ALM_OK && sending->next < sending->until &&
			sending->pending->state == ALM_PENDING_SENT) {
			err = send_part(client, sending);
			sending->next += err == ALM_OK ? 1 : 0;
		}
		if (err == ALM_SOURCE_CHANGED) {
			alm_inbound_refuse(client, &sending->pending->id, err);
		} else if (err != ALM_OK) {
			return err;
		}
		sending = next;
	}
	return ALM_OK;
}

enum alm_err alm_sendings_flush_first(struct alm_client *client)
{
	enum alm_err err = alm_sendings_flush(client);

	if (err == ALM_OK && (client->now_ms >= client->resume_until_ms ||
				     !is_one_awaited(client))) {
		client->resume_until_ms = 0;
	}
	return err;
}
