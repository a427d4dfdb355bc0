#include "agents/folder/outbox.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agents/folder/binding.h"
#include "agents/folder/ending.h"
#include "agents/folder/large.h"
#include "agents/folder/log.h"
#include "agents/folder/sending.h"

/* A file that has not changed for so long is taken as complete. */
#define SETTLED_MS 250
/* One whose time stamp is older than this is so at first sight. */
#define OLD_S 2
/* A payload that is not there by then was forgotten, or is called otherwise. */
#define MISSING_MS 60000
#define LATER_MS_MIN 5000
#define LATER_MS_MAX 600000

void alm_entries_init(struct alm_entries *entries)
{
	*entries = (struct alm_entries){0};
}

void alm_entries_fini(struct alm_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		alm_large_close(&entries->items[i]->source);
		free(entries->items[i]);
	}
	entries->count = 0;
}

static void read_binding(
	struct alm_entry *entry, const struct alm_folder *folder)
{
	struct alm_binding binding = {0};

	if (alm_binding_read(folder, entry->name, &binding) == ALM_OK) {
		entry->is_bound = true;
		(void)snprintf(entry->payload, sizeof(entry->payload), "%s",
			binding.payload);
	}
}

static struct alm_entry *find(struct alm_entries *entries,
	const struct alm_folder *folder, const char *name, bool is_encoded)
{
	struct alm_entry *entry;

	for (size_t i = 0; i < entries->count; i++) {
		entry = entries->items[i];
		if (entry->is_encoded == is_encoded &&
			strcmp(entry->name, name) == 0) {
			return entry;
		}
	}
	if (entries->count >= ALM_ENTRIES_MAX) {
		return NULL;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry != NULL) {
		(void)snprintf(entry->name, sizeof(entry->name), "%s", name);
		entry->is_encoded = is_encoded;
		read_binding(entry, folder);
		entries->items[entries->count++] = entry;
	}
	return entry;
}

static void forget(struct alm_entries *entries, struct alm_entry *entry)
{
	size_t i = 0;

	if (entry->state == ALM_ENTRY_IN_FLIGHT) {
		entries->in_flight--;
	}
	while (entries->items[i] != entry) {
		i++;
	}
	entries->items[i] = entries->items[--entries->count];
	alm_large_close(&entry->source);
	free(entry);
}

/** `least_ms`: what the broker asked for, if it did. */
static void try_later(
	struct alm_entries *entries, struct alm_entry *entry, uint32_t least_ms)
{
	unsigned shift = entry->tries < 7 ? entry->tries : 7;
	int64_t wait_ms = (int64_t)LATER_MS_MIN << shift;

	if (entry->state == ALM_ENTRY_IN_FLIGHT) {
		entries->in_flight--;
	}
	wait_ms = wait_ms < least_ms ? least_ms : wait_ms;
	entry->state = ALM_ENTRY_LATER;
	entry->tries++;
	entry->due_ms = alm_folder_now_ms() +
			(wait_ms < LATER_MS_MAX ? wait_ms : LATER_MS_MAX);
}

static void refuse(struct alm_entries *entries, const struct alm_folder *folder,
	struct alm_entry *entry, const struct alm_receipt_view *receipt,
	const struct alm_problem *own)
{
	struct alm_problem problem = {0};
	enum alm_err err = alm_sending_refused(
		folder, entry->name, entry->is_encoded, receipt, own, &problem);

	if (err != ALM_OK) {
		alm_log_problem(err, entry->name, problem.detail);
		try_later(entries, entry, 0);
		return;
	}
	alm_log_problem(
		receipt == NULL ? own->err : (enum alm_err)receipt->code,
		entry->name, receipt == NULL ? own->detail : receipt->detail);
	entries->refused++;
	forget(entries, entry);
}

/** The disk or memory fails us, not the entry. */
static bool is_passing(enum alm_err err)
{
	return err == ALM_IO || err == ALM_NOMEM || err == ALM_NOT_FOUND ||
	       err == ALM_WINDOW_FULL;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ino == b->st_ino &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/** Whether the files are there and nobody is still writing them; without a
 * payload's name, the sidecar alone. */
static bool is_settled(const struct alm_folder *folder, struct alm_entry *entry,
	const char *payload_name, int64_t now_ms)
{
	time_t now_s = time(NULL);
	struct stat files[2];
	char path[PATH_MAX];
	bool is_old;

	alm_folder_path(folder, ALM_OUTBOX, entry->name,
		entry->is_encoded ? ".envelope" : ".yaml", path);
	if (lstat(path, &files[0]) != 0) {
		return false;
	}
	files[1] = files[0];
	if (payload_name[0] != '\0') {
		alm_folder_path(folder, ALM_OUTBOX, payload_name, "", path);
		if (lstat(path, &files[1]) != 0) {
			return false;
		}
	}
	is_old = files[0].st_mtim.tv_sec + OLD_S < now_s &&
		 files[1].st_mtim.tv_sec + OLD_S < now_s;
	if (!is_same(&files[0], &entry->files[0]) ||
		!is_same(&files[1], &entry->files[1])) {
		entry->files[0] = files[0];
		entry->files[1] = files[1];
		entry->unchanged_ms = now_ms;
	}
	return is_old || now_ms - entry->unchanged_ms >= SETTLED_MS;
}

static enum alm_err start(const struct alm_prepared *prepared,
	struct alm_client *client, uint8_t out_id[16])
{
	if (prepared->is_encoded) {
		return (enum alm_err)alm_send_start_encoded(client,
			prepared->message, prepared->message_bytes,
			prepared->payload, prepared->payload_bytes, out_id);
	}
	return (enum alm_err)alm_send_start(
		client, &prepared->sidecar.outgoing, out_id);
}

/** Another entry that has this payload: when it ends it takes the file with
 * it, so the two cannot both be sent. */
static const struct alm_entry *find_holder(const struct alm_entries *entries,
	const struct alm_entry *entry, const char *payload_name)
{
	if (payload_name[0] == '\0' ||
		(entry->is_bound &&
			strcmp(entry->payload, payload_name) == 0)) {
		return NULL;
	}
	for (size_t i = 0; i < entries->count; i++) {
		const struct alm_entry *other = entries->items[i];

		if (other != entry && other->is_bound &&
			strcmp(other->payload, payload_name) == 0) {
			return other;
		}
	}
	return NULL;
}

static void send_entry(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_client *client,
	struct alm_entry *entry, const char *payload_name)
{
	struct alm_prepared prepared;
	struct alm_problem problem = {0};
	enum alm_err err = alm_sending_prepare(
		folder, entry->name, entry->is_encoded, &prepared, &problem);

	if (err == ALM_OK) {
		entry->is_bound = true;
		(void)snprintf(entry->payload, sizeof(entry->payload), "%s",
			payload_name);
		err = start(&prepared, client, entry->id);
		alm_large_close(&entry->source);
		if (err == ALM_OK) {
			entry->source = prepared.source;
			prepared.source = (struct alm_source){.bytes = 0};
		}
		alm_prepared_fini(&prepared);
		problem.err = err;
	}
	if (err == ALM_OK) {
		entry->state = ALM_ENTRY_IN_FLIGHT;
		entries->in_flight++;
	} else if (err == ALM_WINDOW_FULL) {
		entries->unsettled++;
	} else if (is_passing(err) || err == ALM_SUPERSEDED) {
		alm_log_problem(err, entry->name, problem.detail);
		try_later(entries, entry, 0);
	} else {
		refuse(entries, folder, entry, NULL, &problem);
	}
}

/** A sidecar whose payload is not there yet: told once, and waited for. */
static void await_payload(struct alm_entries *entries, struct alm_entry *entry,
	const char *payload_name, int64_t now_ms)
{
	if (entry->missing_ms == 0) {
		entry->missing_ms = now_ms;
	}
	if (now_ms - entry->missing_ms < MISSING_MS) {
		entries->unsettled++;
	} else if (!entry->is_told) {
		struct alm_problem problem = {0};

		(void)alm_problem_set(&problem, ALM_SIDECAR,
			"%s is not there, and is waited for", payload_name);
		alm_log_problem(ALM_SIDECAR, entry->name, problem.detail);
		entry->is_told = true;
	}
}

static bool is_there(const struct alm_folder *folder, const char *payload_name)
{
	struct stat info;
	char path[PATH_MAX];

	if (payload_name[0] == '\0') {
		return true;
	}
	alm_folder_path(folder, ALM_OUTBOX, payload_name, "", path);
	return lstat(path, &info) == 0;
}

static void look_at(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_client *client,
	struct alm_entry *entry)
{
	struct alm_problem problem = {0};
	char payload_name[ALM_NAME_BYTES_MAX + 1] = "";
	const struct alm_entry *holder;
	int64_t now_ms = alm_folder_now_ms();
	enum alm_err err;

	if (entry->state == ALM_ENTRY_IN_FLIGHT ||
		(entry->state == ALM_ENTRY_LATER && entry->due_ms > now_ms)) {
		return;
	}
	err = alm_sending_payload_name(
		folder, entry->name, entry->is_encoded, payload_name, &problem);
	if (err == ALM_NOT_FOUND) {
		forget(entries, entry);
		return;
	}
	if (err == ALM_OK && !is_there(folder, payload_name)) {
		await_payload(entries, entry, payload_name, now_ms);
		return;
	}
	entry->missing_ms = 0;
	/* Half written, it may not make sense yet: judge it once it settles. */
	if (!is_settled(
		    folder, entry, err == ALM_OK ? payload_name : "", now_ms)) {
		entries->unsettled++;
		return;
	}
	holder = err == ALM_OK ? find_holder(entries, entry, payload_name)
			       : NULL;
	if (holder != NULL) {
		(void)alm_problem_set(&problem, ALM_PAYLOAD_SHARED,
			"%s is the payload of %s", payload_name, holder->name);
		refuse(entries, folder, entry, NULL, &problem);
	} else if (err == ALM_OK) {
		send_entry(entries, folder, client, entry, payload_name);
	} else if (is_passing(err)) {
		alm_log_problem(err, entry->name, problem.detail);
		try_later(entries, entry, 0);
	} else {
		refuse(entries, folder, entry, NULL, &problem);
	}
}

static int is_entry(const struct dirent *file)
{
	char name[ALM_NAME_BYTES_MAX + 1];

	return alm_folder_base(file->d_name, ".yaml", name) ||
	       alm_folder_base(file->d_name, ".envelope", name);
}

/** Forget what has gone from the outbox without us. */
static void drop_gone(
	struct alm_entries *entries, const struct alm_folder *folder)
{
	/* From the end, for the last one moves into the place of the gone. */
	for (size_t i = entries->count; i > 0; i--) {
		struct alm_entry *entry = entries->items[i - 1];

		if (entry->state != ALM_ENTRY_IN_FLIGHT &&
			!alm_folder_has(folder, ALM_OUTBOX, entry->name,
				entry->is_encoded ? ".envelope" : ".yaml")) {
			forget(entries, entry);
		}
	}
}

/** The entry of a file; NULL if there are too many. */
static struct alm_entry *entry_of(struct alm_entries *entries,
	const struct alm_folder *folder, const struct dirent *file)
{
	char name[ALM_NAME_BYTES_MAX + 1];
	bool is_encoded = alm_folder_base(file->d_name, ".envelope", name);

	if (!is_encoded) {
		(void)alm_folder_base(file->d_name, ".yaml", name);
	}
	return find(entries, folder, name, is_encoded);
}

void alm_entries_scan(struct alm_entries *entries,
	const struct alm_folder *folder, struct alm_client *client)
{
	struct dirent **files = NULL;
	char path[PATH_MAX];
	int count;

	alm_folder_path(folder, ALM_OUTBOX, "", "", path);
	count = scandir(path, &files, is_entry, alphasort);
	if (count < 0) {
		alm_log_problem(ALM_IO, path, "cannot be read");
		return;
	}
	entries->unsettled = 0;
	drop_gone(entries, folder);
	/* All first: one of them may hold the payload of another. */
	for (int i = 0; i < count; i++) {
		(void)entry_of(entries, folder, files[i]);
	}
	for (int i = 0; i < count; i++) {
		struct alm_entry *entry = entry_of(entries, folder, files[i]);

		if (entry != NULL) {
			look_at(entries, folder, client, entry);
		}
		free(files[i]);
	}
	free(files);
}

void alm_entries_receipt(struct alm_entries *entries,
	const struct alm_folder *folder, const struct alm_receipt_view *receipt)
{
	struct alm_problem problem = {0};
	struct alm_entry *entry = NULL;
	enum alm_err err;

	for (size_t i = 0; i < entries->count; i++) {
		if (entries->items[i]->state == ALM_ENTRY_IN_FLIGHT &&
			memcmp(entries->items[i]->id, receipt->id, 16) == 0) {
			entry = entries->items[i];
			break;
		}
	}
	if (entry == NULL) {
		return;
	}
	if (receipt->code != 0 && receipt->is_retryable) {
		alm_log_problem((enum alm_err)receipt->code, entry->name,
			"it is tried again later");
		try_later(entries, entry, receipt->retry_after_ms);
		return;
	}
	if (receipt->code != 0) {
		refuse(entries, folder, entry, receipt, NULL);
		return;
	}
	err = alm_sending_accepted(
		folder, entry->name, entry->is_encoded, receipt, &problem);
	if (err != ALM_OK) {
		/* Sent again under the same id, it gets the same receipt. */
		alm_log_problem(err, entry->name, problem.detail);
		try_later(entries, entry, 0);
		return;
	}
	entries->accepted++;
	forget(entries, entry);
}

size_t alm_entries_check(const struct alm_folder *folder)
{
	struct dirent **files = NULL;
	char path[PATH_MAX];
	char name[ALM_NAME_BYTES_MAX + 1];
	char payload_name[ALM_NAME_BYTES_MAX + 1];
	size_t wrong = 0;
	int count;

	alm_folder_path(folder, ALM_OUTBOX, "", "", path);
	count = scandir(path, &files, is_entry, alphasort);
	for (int i = 0; i < count; i++) {
		bool is_encoded =
			alm_folder_base(files[i]->d_name, ".envelope", name);
		struct alm_problem problem = {0};
		enum alm_err err;

		if (!is_encoded) {
			(void)alm_folder_base(files[i]->d_name, ".yaml", name);
		}
		err = alm_sending_payload_name(
			folder, name, is_encoded, payload_name, &problem);
		if (err != ALM_OK) {
			alm_log_problem(err, name, problem.detail);
			wrong++;
		}
		free(files[i]);
	}
	free(files);
	return wrong;
}
