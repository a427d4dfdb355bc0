/* Payloads that are fetched in parts, and files to write them to. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/client/client.h"
#include "agents/client/clock.h"
#include "lib/file.h"
#include "lib/zip.h"

#define ASK_AGAIN_MS 10000
#define MISMATCHES_MAX 3u
#define EVENT_BYTES_MAX ((size_t)16 * 1024)

static struct alm_fetching *find(
	const struct alm_client *client, uint64_t sequence)
{
	struct alm_fetching *fetching;

	LIST_FOREACH(fetching, &client->fetchings, order)
	{
		if (fetching->sequence == sequence) {
			break;
		}
	}
	return fetching;
}

static void ask(
	struct alm_client *client, struct alm_fetching *fetching, bool is_again)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_PROGRESS};

	fetching->until = fetching->next + ALM_PART_WINDOW_MAX;
	if (fetching->until > fetching->count) {
		fetching->until = fetching->count;
	}
	envelope.progress = (struct alm_progress){
		.sequence = fetching->sequence,
		.next = fetching->next,
		.until = fetching->until,
		.is_again = is_again,
	};
	fetching->due_ms = client->now_ms + ASK_AGAIN_MS;
	/* If it cannot go out it is asked again then. */
	(void)!alm_outbound_envelope(client, &envelope);
}

/** It is over: tell the caller, and forget it. */
static void end(struct alm_client *client, struct alm_fetching *fetching,
	enum alm_err err)
{
	struct alm_held_frame *frame =
		alm_held_frame_new(client->frames, EVENT_BYTES_MAX);
	struct alm_item *item = NULL;
	uint64_t *sequence = NULL;

	if (frame != NULL) {
		item = alm_item_new(frame, ALM_EVENT_FETCHED);
		sequence = alm_arena_take(&frame->arena, sizeof(*sequence));
	}
	if (item != NULL && sequence != NULL) {
		*sequence = fetching->sequence;
		item->event.sequences = sequence;
		item->event.sequence_count = 1;
		item->event.code = (int)err;
		alm_events_put(&client->events, item);
	} else {
		alm_item_free(item);
	}
	alm_held_frame_release(frame);
	LIST_REMOVE(fetching, order);
	free(fetching);
}

bool alm_fetchings_held(struct alm_client *client, uint64_t sequence)
{
	struct alm_fetching *fetching = find(client, sequence);

	if (fetching == NULL) {
		return false;
	}
	fetching->is_held = true;
	ask(client, fetching, true);
	return true;
}

void alm_fetchings_pause(struct alm_client *client)
{
	struct alm_fetching *fetching;

	LIST_FOREACH(fetching, &client->fetchings, order)
	{
		fetching->is_held = false;
	}
}

/** The clear bytes of a part, if they are the part.  Errors: ENCODING_BROKEN,
 * PART_MISMATCH, NOMEM. */
static enum alm_err open_part(struct alm_client *client,
	const struct alm_fetching *fetching,
	const struct alm_payload_part *part, struct alm_bytes *out_clear)
{
	struct alm_bytes clear = part->data;
	enum alm_err err = ALM_OK;

	if (part->encoding != ALM_ENCODING_NONE) {
		alm_arena_reset(&client->scratch);
		err = alm_inbound_unpack(client, &client->scratch, part->data,
			ALM_PART_BYTES, &clear);
	}
	if (err == ALM_OK &&
		!alm_part_is_of(client->hash, fetching->payload_bytes,
			fetching->root, part->index, clear, part->path)) {
		err = ALM_PART_MISMATCH;
	}
	*out_clear = clear;
	return err;
}

void alm_fetchings_part(
	struct alm_client *client, const struct alm_payload_part *part)
{
	struct alm_fetching *fetching = find(client, part->sequence);
	struct alm_bytes clear;
	enum alm_err err;

	if (fetching == NULL || part->index != fetching->next) {
		return; /* an earlier one again, or one got lost: see wake */
	}
	err = open_part(client, fetching, part, &clear);
	if (err != ALM_OK) {
		if (++fetching->mismatches >= MISMATCHES_MAX) {
			end(client, fetching, err);
		} else {
			ask(client, fetching, true);
		}
		return;
	}
	if (fetching->sink.write(fetching->sink.cookie,
		    (uint64_t)part->index * ALM_PART_BYTES, clear.data,
		    clear.bytes) != 0) {
		end(client, fetching, ALM_SINK_FAILED);
		return;
	}
	fetching->mismatches = 0;
	fetching->next++;
	fetching->due_ms = client->now_ms + ASK_AGAIN_MS;
	if (fetching->next == fetching->count) {
		end(client, fetching, ALM_OK);
	} else if (fetching->until - fetching->next <=
		   ALM_PART_WINDOW_MAX / 2) {
		ask(client, fetching, false);
	}
}

void alm_fetchings_gone(struct alm_client *client, uint64_t sequence)
{
	struct alm_fetching *fetching = find(client, sequence);

	if (fetching != NULL) {
		end(client, fetching, ALM_PAYLOAD_GONE);
	}
}

void alm_fetchings_wake(struct alm_client *client)
{
	struct alm_fetching *fetching;

	LIST_FOREACH(fetching, &client->fetchings, order)
	{
		if (fetching->is_held && fetching->due_ms <= client->now_ms) {
			ask(client, fetching, true);
		}
	}
}

int64_t alm_fetchings_due_ms(const struct alm_client *client)
{
	const struct alm_fetching *fetching;
	int64_t due_ms = INT64_MAX;

	LIST_FOREACH(fetching, &client->fetchings, order)
	{
		if (fetching->is_held && fetching->due_ms < due_ms) {
			due_ms = fetching->due_ms;
		}
	}
	return due_ms;
}

void alm_fetchings_fini(struct alm_client *client)
{
	struct alm_fetching *fetching;

	while ((fetching = LIST_FIRST(&client->fetchings)) != NULL) {
		LIST_REMOVE(fetching, order);
		free(fetching);
	}
}

/* --- what programs call -------------------------------------------------- */

int alm_fetch_start(struct alm_client *client,
	const struct alm_delivery *delivery, const struct alm_sink *sink)
{
	struct alm_fetching *fetching;

	if (!delivery->is_in_parts || sink->write == NULL ||
		delivery->payload_bytes > ALM_PARTS_PAYLOAD_BYTES_MAX ||
		sink->have_bytes > delivery->payload_bytes ||
		find(client, delivery->sequence) != NULL) {
		return ALM_CODE_BAD_ARGUMENT;
	}
	fetching = calloc(1, sizeof(*fetching));
	if (fetching == NULL) {
		return ALM_CODE_NOMEM;
	}
	fetching->sequence = delivery->sequence;
	memcpy(fetching->root, delivery->payload_root, sizeof(fetching->root));
	fetching->payload_bytes = delivery->payload_bytes;
	fetching->count = alm_parts_count(delivery->payload_bytes);
	fetching->next = (uint32_t)(sink->have_bytes / ALM_PART_BYTES);
	fetching->sink = *sink;
	fetching->is_held = true;
	LIST_INSERT_HEAD(&client->fetchings, fetching, order);
	client->now_ms = alm_client_monotonic_ms();
	if (sink->have_bytes == delivery->payload_bytes) {
		end(client, fetching, ALM_OK);
	} else if (client->state == ALM_SESSION_READY) {
		ask(client, fetching, true);
	}
	alm_session_wake(client);
	return ALM_CODE_OK;
}

void alm_fetch_stop(struct alm_client *client, uint64_t sequence)
{
	struct alm_fetching *fetching = find(client, sequence);

	if (fetching != NULL) {
		LIST_REMOVE(fetching, order);
		free(fetching);
	}
}

/* --- a file as a sink ---------------------------------------------------- */

static int write_file(
	void *cookie, uint64_t offset, const void *data, size_t bytes)
{
	const int *fd = cookie;

	return alm_file_write_at(*fd, offset, data, bytes) ? 0 : -1;
}

/** Whether the file is the payload, every byte: what was there from before is
 * not believed. */
static bool is_whole(struct alm_client *client, const char *path,
	const struct alm_delivery *delivery)
{
	struct alm_sending *check = NULL;
	struct alm_source source;
	bool is_same = false;

	if (alm_source_open(path, &source) != 0) {
		return false;
	}
	if (source.bytes == delivery->payload_bytes &&
		alm_sending_new(&source, client->hash, &check) == ALM_OK) {
		is_same =
			memcmp(alm_part_tree_root(check->tree)->raw,
				delivery->payload_root, ALM_DIGEST_BYTES) == 0;
	}
	alm_sending_free(check);
	alm_source_close(&source);
	return is_same;
}

static int fetch_from(struct alm_client *client,
	const struct alm_delivery *delivery, const char *path, int *fd,
	uint64_t have_bytes, int timeout_ms)
{
	struct alm_sink sink = {
		.write = write_file, .cookie = fd, .have_bytes = have_bytes};
	int code = alm_fetch(client, delivery, &sink, timeout_ms);

	if (code == 0 && fsync(*fd) != 0) {
		code = (int)ALM_SINK_FAILED;
	}
	if (code == 0 && have_bytes > 0 && !is_whole(client, path, delivery)) {
		code = (int)ALM_PART_MISMATCH;
	}
	return code;
}

int alm_fetch_file(struct alm_client *client,
	const struct alm_delivery *delivery, const char *path, int timeout_ms)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	uint64_t have_bytes = 0;
	struct stat info;
	int code;

	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		code = (int)ALM_SINK_FAILED;
		goto out;
	}
	if ((uint64_t)info.st_size < delivery->payload_bytes) {
		have_bytes = (uint64_t)info.st_size / ALM_PART_BYTES *
			     ALM_PART_BYTES;
	}
	code = fetch_from(client, delivery, path, &fd, have_bytes, timeout_ms);
	if (code == (int)ALM_PART_MISMATCH && have_bytes > 0) {
		code = fetch_from(client, delivery, path, &fd, 0, timeout_ms);
	}
	if (code == 0 && ftruncate(fd, (off_t)delivery->payload_bytes) != 0) {
		code = (int)ALM_SINK_FAILED;
	}
out:
	if (fd >= 0) {
		(void)close(fd);
	}
	return code;
}
