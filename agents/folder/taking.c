#include "agents/folder/taking.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agents/folder/large.h"
#include "lib/file.h"
#include "lib/id.h"

#define MARK_BYTES_MAX 512u
#define BATCH_BYTES_MAX ((size_t)8 * 1024 * 1024)

static void sequence_text(uint64_t sequence, char out[ALM_SEQUENCE_TEXT_BYTES])
{
	(void)snprintf(out, ALM_SEQUENCE_TEXT_BYTES, "%" PRIu64, sequence);
}

/** A mark is `ID NAME`. */
static bool read_mark(const struct alm_folder *folder, const char *sequence,
	struct alm_taking_mark *out_mark)
{
	char path[PATH_MAX];
	uint8_t *data = NULL;
	size_t bytes = 0;
	const char *space;
	bool is_good = false;

	alm_folder_path(folder, ALM_TAKEN, sequence, "", path);
	if (alm_file_read(path, MARK_BYTES_MAX, &data, &bytes, NULL) !=
		ALM_OK) {
		return false;
	}
	space = strchr((const char *)data, ' ');
	if (space != NULL &&
		space - (const char *)data ==
			(ptrdiff_t)ALM_UUID_TEXT_BYTES - 1 &&
		strlen(space + 1) < ALM_INBOX_NAME_BYTES &&
		alm_folder_name_is_valid(space + 1)) {
		memcpy(out_mark->id, data, ALM_UUID_TEXT_BYTES - 1);
		out_mark->id[ALM_UUID_TEXT_BYTES - 1] = '\0';
		(void)snprintf(out_mark->name, sizeof(out_mark->name), "%s",
			space + 1);
		is_good = true;
	}
	free(data);
	return is_good;
}

static enum alm_err add_mark(const struct alm_folder *folder,
	struct alm_files *files, const char *sequence,
	const struct alm_taking_mark *mark, struct alm_problem *problem)
{
	char text[MARK_BYTES_MAX];
	char path[PATH_MAX];
	int bytes = snprintf(text, sizeof(text), "%s %s", mark->id, mark->name);

	alm_folder_path(folder, ALM_TAKEN, sequence, "", path);
	return alm_files_add(files, path,
		(struct alm_bytes){(uint8_t *)text, (size_t)bytes}, problem);
}

/** SEQ<from> of state/taken becomes NAME<to> of the inbox; done already if it
 * is not there any more.  On disk once both folders are. */
static enum alm_err publish(const struct alm_folder *folder, uint64_t sequence,
	const char *from, const struct alm_taking_mark *mark, const char *to,
	struct alm_problem *problem)
{
	char name[ALM_SEQUENCE_TEXT_BYTES + 8];
	char as[ALM_INBOX_NAME_BYTES + 8];
	enum alm_err err;

	(void)snprintf(name, sizeof(name), "%" PRIu64 "%s", sequence, from);
	(void)snprintf(as, sizeof(as), "%s%s", mark->name, to);
	err = alm_folder_rename(
		folder, ALM_TAKEN, name, ALM_INBOX, as, problem);
	return err == ALM_NOT_FOUND &&
			       !alm_folder_has(folder, ALM_TAKEN, name, "")
		       ? ALM_OK
		       : err;
}

static enum alm_err publish_payload(const struct alm_folder *folder,
	uint64_t sequence, const struct alm_taking_mark *mark,
	struct alm_problem *problem)
{
	return publish(folder, sequence, ".payload", mark, ".payload", problem);
}

/** The last step. */
static enum alm_err publish_sidecar(const struct alm_folder *folder,
	uint64_t sequence, const struct alm_taking_mark *mark,
	struct alm_problem *problem)
{
	return publish(folder, sequence, ".new", mark, ".yaml", problem);
}

static enum alm_err sync_inbox(
	const struct alm_folder *folder, struct alm_problem *problem)
{
	enum alm_err err = alm_folder_sync(folder, ALM_INBOX, problem);

	return err == ALM_OK ? alm_folder_sync(folder, ALM_TAKEN, problem)
			     : err;
}

/** True if the same mail was marked before; then only finish it. */
static bool is_taken(const struct alm_folder *folder, const char *sequence,
	const char *id, struct alm_taking_mark *out_mark)
{
	return read_mark(folder, sequence, out_mark) &&
	       strcmp(out_mark->id, id) == 0;
}

/** Ids are the senders' own: two may choose the same, and neither may write
 * over the other. */
static void choose_name(const struct alm_folder *folder, const char *sequence,
	const char *suffix, struct alm_taking_mark *mark)
{
	(void)snprintf(
		mark->name, sizeof(mark->name), "%s%s", mark->id, suffix);
	if (alm_folder_has(folder, ALM_INBOX, mark->name, ".yaml")) {
		(void)snprintf(mark->name, sizeof(mark->name), "%s-%s%s",
			mark->id, sequence, suffix);
	}
}

static void put_delivery(
	struct alm_text_file *file, const struct alm_delivery *delivery)
{
	char pseudonym[33];
	char correlation[ALM_UUID_TEXT_BYTES];

	alm_text_file_put_number(file, "sequence", delivery->sequence);
	alm_text_file_put_number(file, "attempt", delivery->attempt);
	alm_text_file_put_flag(file, "repeat", delivery->is_repeat);
	alm_text_file_put(file, "kind", delivery->kind);
	alm_text_file_put(file, "sender", delivery->sender);
	alm_text_file_put(file, "recipient", delivery->recipient);
	alm_text_file_put(file, "purpose", delivery->purpose);
	alm_text_file_put_list(file, "categories", delivery->categories.items,
		delivery->categories.count);
	alm_text_file_put(file, "standard", delivery->standard);
	alm_text_file_put(file, "standard-version", delivery->standard_version);
	alm_text_file_put(file, "level", delivery->level);
	alm_text_file_put(file, "subject", delivery->subject);
	if (delivery->pseudonym != NULL) {
		alm_hex(delivery->pseudonym, 16, pseudonym);
		alm_text_file_put(file, "pseudonym", pseudonym);
	}
	alm_text_file_put(file, "basis", delivery->basis);
	alm_text_file_put_list(file, "obligations", delivery->obligations.items,
		delivery->obligations.count);
	alm_text_file_put_flag(file, "partial", delivery->is_partial);
	if (delivery->correlation_id != NULL) {
		alm_id_text(delivery->correlation_id, correlation);
		alm_text_file_put(file, "correlation-id", correlation);
	}
	alm_text_file_put_time(file, "deadline", delivery->deadline_ms);
	alm_text_file_put_time(file, "expires", delivery->expires_ms);
	alm_text_file_put(file, "escalated-from", delivery->escalated_from);
	alm_text_file_put(file, "priority", delivery->priority);
	alm_text_file_put(file, "traceparent", delivery->traceparent);
	alm_text_file_put_time(file, "accepted-at", delivery->accepted_at_ms);
}

/** Step two, and the third is due. */
static enum alm_err add(const struct alm_folder *folder,
	struct alm_takings *takings, uint64_t sequence,
	const struct alm_taking_mark *mark, struct alm_text_file *sidecar,
	struct alm_problem *problem)
{
	char text[ALM_SEQUENCE_TEXT_BYTES];
	char path[PATH_MAX];
	enum alm_err err;

	sequence_text(sequence, text);
	alm_folder_path(folder, ALM_TAKEN, text, ".new", path);
	err = alm_text_file_add(sidecar, &takings->files, path, problem);
	if (err == ALM_OK) {
		takings->items[takings->count].sequence = sequence;
		takings->items[takings->count].is_marked = false;
		takings->items[takings->count].mark = *mark;
		takings->count++;
	}
	return err;
}

static void add_marked(struct alm_takings *takings, uint64_t sequence,
	const struct alm_taking_mark *mark)
{
	takings->items[takings->count].sequence = sequence;
	takings->items[takings->count].is_marked = true;
	takings->items[takings->count].mark = *mark;
	takings->count++;
}

bool alm_takings_has_room(
	const struct alm_takings *takings, const uint8_t id[16])
{
	char text[ALM_UUID_TEXT_BYTES];

	alm_id_text(id, text);
	for (size_t i = 0; i < takings->count; i++) {
		/* Of two that are called alike, the second finds the first. */
		if (strcmp(takings->items[i].mark.id, text) == 0) {
			return false;
		}
	}
	return takings->count < ALM_TAKINGS_MAX &&
	       takings->files.count + 2 <= ALM_FILES_MAX &&
	       takings->bytes < BATCH_BYTES_MAX;
}

bool alm_taking_has(
	const struct alm_folder *folder, const struct alm_delivery *delivery)
{
	char sequence[ALM_SEQUENCE_TEXT_BYTES];
	char id[ALM_UUID_TEXT_BYTES];
	struct alm_taking_mark mark = {0};

	sequence_text(delivery->sequence, sequence);
	alm_id_text(delivery->id, id);
	return is_taken(folder, sequence, id, &mark);
}

static enum alm_err put_payload(const struct alm_folder *folder,
	struct alm_files *files, const struct alm_delivery *delivery,
	const char *sequence, struct alm_problem *problem)
{
	char path[PATH_MAX];
	char from[ALM_SEQUENCE_TEXT_BYTES + 8];
	char to[ALM_SEQUENCE_TEXT_BYTES + 8];

	if (delivery->is_in_parts) {
		(void)snprintf(from, sizeof(from), "%s.part", sequence);
		(void)snprintf(to, sizeof(to), "%s.payload", sequence);
		return alm_folder_move(
			folder, ALM_TAKEN, from, ALM_TAKEN, to, problem);
	}
	alm_folder_path(folder, ALM_TAKEN, sequence, ".payload", path);
	return alm_files_add(files, path,
		(struct alm_bytes){delivery->payload, delivery->payload_bytes},
		problem);
}

enum alm_err alm_taking_delivery(const struct alm_folder *folder,
	struct alm_takings *takings, const struct alm_delivery *delivery,
	struct alm_problem *problem)
{
	char sequence[ALM_SEQUENCE_TEXT_BYTES];
	char payload[ALM_INBOX_NAME_BYTES + 16];
	struct alm_text_file file;
	struct alm_taking_mark mark = {0};
	char id[ALM_UUID_TEXT_BYTES];
	enum alm_err err;

	sequence_text(delivery->sequence, sequence);
	alm_id_text(delivery->id, id);
	if (is_taken(folder, sequence, id, &mark)) {
		add_marked(takings, delivery->sequence, &mark);
		return ALM_OK;
	}
	memcpy(mark.id, id, sizeof(mark.id));
	choose_name(folder, sequence, "", &mark);
	err = put_payload(folder, &takings->files, delivery, sequence, problem);
	if (err != ALM_OK) {
		return err;
	}
	alm_text_file_begin(&file);
	(void)snprintf(payload, sizeof(payload), "%s.payload", mark.name);
	alm_text_file_put(&file, "message-id", id);
	put_delivery(&file, delivery);
	alm_text_file_put(&file, "payload", payload);
	takings->bytes += delivery->is_in_parts ? 0 : delivery->payload_bytes;
	return add(folder, takings, delivery->sequence, &mark, &file, problem);
}

enum alm_err alm_taking_notice(const struct alm_folder *folder,
	struct alm_takings *takings, const struct alm_notice_view *notice,
	struct alm_problem *problem)
{
	char sequence[ALM_SEQUENCE_TEXT_BYTES];
	struct alm_text_file file;
	struct alm_taking_mark mark = {0};
	char id[ALM_UUID_TEXT_BYTES];

	sequence_text(notice->sequence, sequence);
	alm_id_text(notice->id, id);
	if (is_taken(folder, sequence, id, &mark)) {
		add_marked(takings, notice->sequence, &mark);
		return ALM_OK;
	}
	memcpy(mark.id, id, sizeof(mark.id));
	choose_name(folder, sequence, ".notice", &mark);
	alm_text_file_begin(&file);
	alm_text_file_put(&file, "message-id", id);
	alm_text_file_put_number(&file, "sequence", notice->sequence);
	alm_text_file_put(&file, "kind", notice->kind);
	alm_text_file_put(&file, "recipient", notice->recipient);
	alm_text_file_put_number(&file, "code", (uint64_t)notice->code);
	alm_text_file_put(&file, "name", notice->name);
	alm_text_file_put(&file, "sentence", notice->sentence);
	alm_text_file_put(&file, "hint", notice->hint);
	alm_text_file_put(&file, "detail", notice->detail);
	alm_text_file_put(&file, "reason", notice->reason);
	alm_text_file_put_time(&file, "at", notice->at_ms);
	return add(folder, takings, notice->sequence, &mark, &file, problem);
}

static enum alm_err mark_all(const struct alm_folder *folder,
	struct alm_takings *takings, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; err == ALM_OK && i < takings->count; i++) {
		char text[ALM_SEQUENCE_TEXT_BYTES];

		sequence_text(takings->items[i].sequence, text);
		if (!takings->items[i].is_marked) {
			err = add_mark(folder, &takings->files, text,
				&takings->items[i].mark, problem);
		}
	}
	return err == ALM_OK ? alm_files_flush(&takings->files, problem) : err;
}

/** No sidecar is there before its payload is, on disk. */
static enum alm_err publish_all(const struct alm_folder *folder,
	const struct alm_takings *takings, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; err == ALM_OK && i < takings->count; i++) {
		err = publish_payload(folder, takings->items[i].sequence,
			&takings->items[i].mark, problem);
	}
	err = err == ALM_OK ? alm_folder_sync(folder, ALM_INBOX, problem) : err;
	for (size_t i = 0; err == ALM_OK && i < takings->count; i++) {
		err = publish_sidecar(folder, takings->items[i].sequence,
			&takings->items[i].mark, problem);
	}
	return err == ALM_OK ? sync_inbox(folder, problem) : err;
}

enum alm_err alm_takings_flush(const struct alm_folder *folder,
	struct alm_takings *takings,
	void (*acknowledge)(void *cookie, uint64_t sequence), void *cookie,
	struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	if (takings->count > 0) {
		err = alm_files_flush(&takings->files, problem);
		err = err == ALM_OK ? mark_all(folder, takings, problem) : err;
		err = err == ALM_OK ? publish_all(folder, takings, problem)
				    : err;
	}
	for (size_t i = 0; err == ALM_OK && i < takings->count; i++) {
		acknowledge(cookie, takings->items[i].sequence);
	}
	alm_takings_drop(takings);
	return err;
}

void alm_takings_drop(struct alm_takings *takings)
{
	alm_files_drop(&takings->files);
	takings->count = 0;
	takings->bytes = 0;
}

enum alm_err alm_taking_confirmed(const struct alm_folder *folder,
	uint64_t sequence, struct alm_problem *problem)
{
	char text[ALM_SEQUENCE_TEXT_BYTES];

	sequence_text(sequence, text);
	/* Not synced: what comes back after a crash is acknowledged again. */
	return alm_folder_unlink(folder, ALM_TAKEN, text, "", problem);
}

/** `SEQ.new` or `SEQ.payload` without its mark: a crash came before, and it
 * comes again or was taken back. */
static bool is_unmarked(const struct alm_folder *folder, const char *name)
{
	char sequence[ALM_NAME_BYTES_MAX + 1];
	struct alm_taking_mark mark;

	return (alm_folder_base(name, ".new", sequence) ||
		       alm_folder_base(name, ".payload", sequence)) &&
	       !read_mark(folder, sequence, &mark);
}

static enum alm_err finish(const struct alm_folder *folder, uint64_t sequence,
	const struct alm_taking_mark *mark, struct alm_problem *problem)
{
	enum alm_err err = publish_payload(folder, sequence, mark, problem);

	if (err == ALM_OK) {
		err = alm_folder_sync(folder, ALM_INBOX, problem);
	}
	if (err == ALM_OK) {
		err = publish_sidecar(folder, sequence, mark, problem);
	}
	return err == ALM_OK ? sync_inbox(folder, problem) : err;
}

enum alm_err alm_taking_recover(const struct alm_folder *folder,
	void (*acknowledge)(void *cookie, uint64_t sequence), void *cookie,
	struct alm_problem *problem)
{
	DIR *dir = alm_folder_list(folder, ALM_TAKEN, problem);
	struct dirent *entry;
	enum alm_err err = ALM_OK;

	if (dir == NULL) {
		return ALM_IO;
	}
	while (err == ALM_OK && (entry = readdir(dir)) != NULL) {
		char *end = NULL;
		struct alm_taking_mark mark;
		uint64_t sequence = strtoull(entry->d_name, &end, 10);

		if (alm_large_is_old(folder, entry->d_name) ||
			is_unmarked(folder, entry->d_name)) {
			(void)!alm_folder_remove(
				folder, ALM_TAKEN, entry->d_name, "", NULL);
		}
		if (end == entry->d_name || *end != '\0' ||
			!read_mark(folder, entry->d_name, &mark)) {
			continue;
		}
		err = finish(folder, sequence, &mark, problem);
		if (err == ALM_OK) {
			acknowledge(cookie, sequence);
		}
	}
	(void)closedir(dir);
	return err;
}
