#include "agents/folder/taking.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agents/folder/large.h"
#include "lib/file.h"
#include "lib/id.h"

#define SEQUENCE_TEXT_BYTES 21u
#define MARK_BYTES_MAX 512u
/* ID, a dash and a sequence; then ".notice.yaml". */
#define INBOX_NAME_BYTES (ALM_UUID_TEXT_BYTES + SEQUENCE_TEXT_BYTES + 16u)

/** What a mark says: for which mail it stands, and under which name. */
struct mark {
	char id[ALM_UUID_TEXT_BYTES];
	char name[INBOX_NAME_BYTES]; /* in the inbox */
};

static void sequence_text(uint64_t sequence, char out[SEQUENCE_TEXT_BYTES])
{
	(void)snprintf(out, SEQUENCE_TEXT_BYTES, "%" PRIu64, sequence);
}

/** A mark is `ID NAME`. */
static bool read_mark(const struct alm_folder *folder, const char *sequence,
	struct mark *out_mark)
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
		strlen(space + 1) < INBOX_NAME_BYTES &&
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

static enum alm_err write_mark(const struct alm_folder *folder,
	const char *sequence, const struct mark *mark,
	struct alm_problem *problem)
{
	char text[MARK_BYTES_MAX];
	char path[PATH_MAX];
	int bytes = snprintf(text, sizeof(text), "%s %s", mark->id, mark->name);

	alm_folder_path(folder, ALM_TAKEN, sequence, "", path);
	return alm_file_write(path,
		(struct alm_bytes){(uint8_t *)text, (size_t)bytes}, 0600,
		problem);
}

/** The last step; done already if the new sidecar is not there any more. */
static enum alm_err publish(const struct alm_folder *folder,
	const char *sequence, const struct mark *mark,
	struct alm_problem *problem)
{
	char from[NAME_MAX + 8];
	char to[INBOX_NAME_BYTES + 8];
	enum alm_err err;

	(void)snprintf(from, sizeof(from), "%s.new", sequence);
	(void)snprintf(to, sizeof(to), "%s.yaml", mark->name);
	err = alm_folder_move(folder, ALM_TAKEN, from, ALM_INBOX, to, problem);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/** True if the same mail was marked before; then only finish it. */
static bool is_taken(const struct alm_folder *folder, const char *sequence,
	const char *id, struct mark *out_mark)
{
	return read_mark(folder, sequence, out_mark) &&
	       strcmp(out_mark->id, id) == 0;
}

/** Ids are the senders' own: two may choose the same, and neither may write
 * over the other. */
static void choose_name(const struct alm_folder *folder, const char *sequence,
	const char *suffix, struct mark *mark)
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

/** Steps two to four: the sidecar, the mark, the inbox. */
static enum alm_err finish(const struct alm_folder *folder,
	const char *sequence, const struct mark *mark,
	struct alm_text_file *sidecar, struct alm_problem *problem)
{
	char path[PATH_MAX];
	enum alm_err err;

	alm_folder_path(folder, ALM_TAKEN, sequence, ".new", path);
	err = alm_text_file_write(sidecar, path, problem);
	if (err == ALM_OK) {
		err = write_mark(folder, sequence, mark, problem);
	}
	return err == ALM_OK ? publish(folder, sequence, mark, problem) : err;
}

bool alm_taking_has(
	const struct alm_folder *folder, const struct alm_delivery *delivery)
{
	char sequence[SEQUENCE_TEXT_BYTES];
	char id[ALM_UUID_TEXT_BYTES];
	struct mark mark = {0};

	sequence_text(delivery->sequence, sequence);
	alm_id_text(delivery->id, id);
	return is_taken(folder, sequence, id, &mark);
}

static enum alm_err put_payload(const struct alm_folder *folder,
	const struct alm_delivery *delivery, const char *sequence,
	const struct mark *mark, struct alm_problem *problem)
{
	char path[PATH_MAX];
	char from[SEQUENCE_TEXT_BYTES + 8];
	char to[INBOX_NAME_BYTES + 16];

	if (delivery->is_in_parts) {
		(void)snprintf(from, sizeof(from), "%s.part", sequence);
		(void)snprintf(to, sizeof(to), "%s.payload", mark->name);
		return alm_folder_move(
			folder, ALM_TAKEN, from, ALM_INBOX, to, problem);
	}
	alm_folder_path(folder, ALM_INBOX, mark->name, ".payload", path);
	return alm_file_write(path,
		(struct alm_bytes){delivery->payload, delivery->payload_bytes},
		ALM_FOLDER_FILE_MODE, problem);
}

enum alm_err alm_taking_delivery(const struct alm_folder *folder,
	const struct alm_delivery *delivery, struct alm_problem *problem)
{
	char sequence[SEQUENCE_TEXT_BYTES];
	char payload[INBOX_NAME_BYTES + 16];
	struct alm_text_file file;
	struct mark mark = {0};
	char id[ALM_UUID_TEXT_BYTES];
	enum alm_err err;

	sequence_text(delivery->sequence, sequence);
	alm_id_text(delivery->id, id);
	if (is_taken(folder, sequence, id, &mark)) {
		return publish(folder, sequence, &mark, problem);
	}
	memcpy(mark.id, id, sizeof(mark.id));
	choose_name(folder, sequence, "", &mark);
	err = put_payload(folder, delivery, sequence, &mark, problem);
	if (err != ALM_OK) {
		return err;
	}
	if (!alm_text_file_begin(&file)) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", sequence);
	}
	(void)snprintf(payload, sizeof(payload), "%s.payload", mark.name);
	alm_text_file_put(&file, "message-id", id);
	put_delivery(&file, delivery);
	alm_text_file_put(&file, "payload", payload);
	return finish(folder, sequence, &mark, &file, problem);
}

enum alm_err alm_taking_notice(const struct alm_folder *folder,
	const struct alm_notice_view *notice, struct alm_problem *problem)
{
	char sequence[SEQUENCE_TEXT_BYTES];
	struct alm_text_file file;
	struct mark mark = {0};
	char id[ALM_UUID_TEXT_BYTES];

	sequence_text(notice->sequence, sequence);
	alm_id_text(notice->id, id);
	if (is_taken(folder, sequence, id, &mark)) {
		return publish(folder, sequence, &mark, problem);
	}
	memcpy(mark.id, id, sizeof(mark.id));
	choose_name(folder, sequence, ".notice", &mark);
	if (!alm_text_file_begin(&file)) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", sequence);
	}
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
	return finish(folder, sequence, &mark, &file, problem);
}

enum alm_err alm_taking_confirmed(const struct alm_folder *folder,
	uint64_t sequence, struct alm_problem *problem)
{
	char text[SEQUENCE_TEXT_BYTES];

	sequence_text(sequence, text);
	return alm_folder_remove(folder, ALM_TAKEN, text, "", problem);
}

enum alm_err alm_taking_recover(const struct alm_folder *folder,
	void (*acknowledge)(void *cookie, uint64_t sequence), void *cookie,
	struct alm_problem *problem)
{
	char path[PATH_MAX];
	struct dirent *entry;
	enum alm_err err = ALM_OK;
	DIR *dir;

	alm_folder_path(folder, ALM_TAKEN, "", "", path);
	dir = opendir(path);
	if (dir == NULL) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	while (err == ALM_OK && (entry = readdir(dir)) != NULL) {
		char *end = NULL;
		struct mark mark;
		uint64_t sequence = strtoull(entry->d_name, &end, 10);

		if (alm_large_is_old(folder, entry->d_name)) {
			(void)!alm_folder_remove(
				folder, ALM_TAKEN, entry->d_name, "", NULL);
		}
		if (end == entry->d_name || *end != '\0' ||
			!read_mark(folder, entry->d_name, &mark)) {
			continue;
		}
		err = publish(folder, entry->d_name, &mark, problem);
		if (err == ALM_OK) {
			acknowledge(cookie, sequence);
		}
	}
	(void)closedir(dir);
	return err;
}
