#include "agents/folder/ending.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/folder/binding.h"
#include "agents/folder/large.h"
#include "agents/folder/sending.h"
#include "agents/folder/shelf.h"
#include "lib/file.h"
#include "lib/id.h"

#define ARENA_BYTES_MAX ((size_t)2 * 1024 * 1024)

static void full_name(
	char out[ALM_NAME_BYTES_MAX + 32], const char *name, const char *suffix)
{
	(void)snprintf(out, ALM_NAME_BYTES_MAX + 32, "%s%s", name, suffix);
}

/** What a payload in the outbox is, as bindings say it; "" if it is not there.
 */
static void hash_payload(const struct alm_folder *folder, const char *name,
	char hex[ALM_BINDING_HEX_BYTES])
{
	uint8_t root[ALM_DIGEST_BYTES];
	struct alm_bytes part = {root, sizeof(root)};
	struct alm_source source;
	uint8_t *data = NULL;

	hex[0] = '\0';
	if (alm_large_open(folder, name, &source)) {
		if (alm_large_root(&source, root) == ALM_OK) {
			(void)alm_binding_hash(&part, 1, hex);
		}
		alm_large_close(&source);
	} else if (alm_sending_read(folder, name, "", ALM_PAYLOAD_BYTES_MAX,
			   &data, &part.bytes, NULL) == ALM_OK) {
		part.data = data;
		(void)alm_binding_hash(&part, 1, hex);
		free(data);
	}
}

/** To refused/, of which the caller makes sure, or to a shelf there. */
static enum alm_err refuse_payload(const struct alm_folder *folder,
	const struct alm_binding *binding, struct alm_problem *problem)
{
	const char *const files[2] = {binding->payload, ""};
	char shelf[ALM_SHELF_BYTES];
	enum alm_err err =
		alm_shelf_pick(folder, binding->id, files, shelf, problem);

	if (err == ALM_OK) {
		err = alm_shelf_put(folder, binding->payload, shelf, problem);
	}
	return err == ALM_OK && shelf[0] != '\0'
		       ? alm_shelf_sync(folder, shelf, problem)
		       : err;
}

/** The payload that was sent, and no other: the user may have put another. */
static enum alm_err settle_payload(const struct alm_folder *folder,
	const char *name, bool is_done, struct alm_problem *problem)
{
	struct alm_binding binding = {0};
	char hex[ALM_BINDING_HEX_BYTES] = "";

	if (alm_binding_read(folder, name, &binding) == ALM_OK &&
		alm_folder_name_is_valid(binding.payload)) {
		hash_payload(folder, binding.payload, hex);
	}
	if (hex[0] == '\0' || strcmp(hex, binding.payload_sha256) != 0) {
		return ALM_OK;
	}
	return is_done ? alm_folder_unlink(folder, ALM_OUTBOX, binding.payload,
				 "", problem)
		       : refuse_payload(folder, &binding, problem);
}

/** Not synced: what comes back after a crash is found without its sidecar. */
static enum alm_err forget_id(const struct alm_folder *folder, const char *name,
	struct alm_problem *problem)
{
	enum alm_err err =
		alm_folder_unlink(folder, ALM_STATE, name, ".id", problem);

	return err == ALM_OK ? alm_folder_unlink(folder, ALM_STATE, name,
				       ".done", problem)
			     : err;
}

/** The sidecar has left the outbox: see to its payload, forget its id. */
static enum alm_err tidy(const struct alm_folder *folder, const char *name,
	struct alm_problem *problem)
{
	bool is_done = alm_folder_has(folder, ALM_STATE, name, ".done");
	enum alm_err err = settle_payload(folder, name, is_done, problem);

	if (err == ALM_OK && !is_done) {
		err = alm_folder_sync(folder, ALM_REFUSED, problem);
	}
	if (err == ALM_OK) {
		err = alm_folder_sync(folder, ALM_OUTBOX, problem);
	}
	return err == ALM_OK ? forget_id(folder, name, problem) : err;
}

/** Of a message to several: `ID accepted SEQUENCE`, `ID transformed SEQUENCE`
 * or `ID refused ALM-CODE NAME`. */
static bool put_outcomes(
	struct alm_text_file *file, const struct alm_receipt_view *receipt)
{
	struct alm_arena arena;
	const char **lines;
	bool is_whole;

	if (receipt->outcome_count == 0) {
		return true;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	lines = alm_arena_take(&arena, receipt->outcome_count * sizeof(*lines));
	is_whole = lines != NULL;
	for (size_t i = 0; is_whole && i < receipt->outcome_count; i++) {
		const struct alm_recipient_outcome *one = &receipt->outcomes[i];

		lines[i] =
			one->code != 0
				? alm_arena_printf(&arena,
					  "%s refused ALM-%d %s",
					  one->recipient, one->code, one->name)
				: alm_arena_printf(&arena, "%s %s %llu",
					  one->recipient,
					  one->is_transformed ? "transformed"
							      : "accepted",
					  (unsigned long long)one->sequence);
		is_whole = lines[i] != NULL;
	}
	if (is_whole) {
		alm_text_file_put_list(
			file, "outcomes", lines, receipt->outcome_count);
	}
	alm_arena_fini(&arena);
	return is_whole;
}

/** Which message a receipt is of; false: it is none of ours. */
static bool read_receipt_id(const char *path, char out_id[ALM_UUID_TEXT_BYTES])
{
	struct alm_message_id id;
	/* Who takes the receipts may have put a pipe there. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	bool is_ours;

	if (file == NULL) {
		if (fd >= 0) {
			(void)close(fd);
		}
		return false;
	}
	is_ours = fscanf(file, "message-id: \"%36[0-9a-f-]\"", out_id) == 1 &&
		  alm_message_id_parse(out_id, &id) == ALM_OK;
	(void)fclose(file);
	return is_ours;
}

/** The receipt of another message of that name stays, as NAME.ID.yaml. */
static enum alm_err keep_older(const struct alm_folder *folder,
	const char *name, const char *id, struct alm_problem *problem)
{
	char from[ALM_NAME_BYTES_MAX + 32];
	char to[ALM_NAME_BYTES_MAX + ALM_UUID_TEXT_BYTES + 8];
	char path[PATH_MAX];
	char older[ALM_UUID_TEXT_BYTES];
	struct stat info;

	alm_folder_path(folder, ALM_RECEIPTS, name, ".yaml", path);
	/* Found out with others' receipts it would hold them up as well. */
	if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
		return alm_problem_set(problem, ALM_IO,
			"%s: a folder lies where the receipt goes", path);
	}
	if (!read_receipt_id(path, older) || strcmp(older, id) == 0) {
		return ALM_OK;
	}
	full_name(from, name, ".yaml");
	(void)snprintf(to, sizeof(to), "%s.%s.yaml", name, older);
	return alm_folder_rename(
		folder, ALM_RECEIPTS, from, ALM_RECEIPTS, to, problem);
}

enum alm_err alm_sending_receipt(const struct alm_folder *folder,
	const char *name, const struct alm_receipt_view *receipt,
	struct alm_files *files, struct alm_problem *problem)
{
	struct alm_text_file file;
	char path[PATH_MAX];
	char id[ALM_UUID_TEXT_BYTES];
	enum alm_err err;

	alm_id_text(receipt->id, id);
	err = keep_older(folder, name, id, problem);
	if (err != ALM_OK) {
		return err;
	}
	alm_text_file_begin(&file);
	alm_text_file_put(&file, "message-id", id);
	alm_text_file_put_number(&file, "sequence", receipt->sequence);
	alm_text_file_put_number(
		&file, "audit-sequence", receipt->audit_sequence);
	alm_text_file_put_time(&file, "accepted-at", receipt->accepted_at_ms);
	alm_text_file_put(&file, "basis", receipt->basis);
	alm_text_file_put(&file, "level", receipt->level);
	alm_text_file_put_flag(&file, "transformed", receipt->is_transformed);
	alm_text_file_put_list(&file, "released", receipt->released.items,
		receipt->released.count);
	alm_text_file_put_list(&file, "withheld", receipt->withheld.items,
		receipt->withheld.count);
	alm_text_file_put_list(&file, "obligations", receipt->obligations.items,
		receipt->obligations.count);
	if (!put_outcomes(&file, receipt)) {
		alm_text_file_put(&file, "outcomes", "too many for memory");
	}
	alm_folder_path(folder, ALM_RECEIPTS, name, ".yaml", path);
	return alm_text_file_add(&file, files, path, problem);
}

/** The sidecar is in one of them, and then the payload goes. */
static enum alm_err sync_both(
	const struct alm_folder *folder, struct alm_problem *problem)
{
	enum alm_err err = alm_folder_sync(folder, ALM_STATE, problem);

	return err == ALM_OK ? alm_folder_sync(folder, ALM_OUTBOX, problem)
			     : err;
}

static void move_sidecars(const struct alm_folder *folder,
	struct alm_ending *endings, size_t count)
{
	char from[ALM_NAME_BYTES_MAX + 32];
	char to[ALM_NAME_BYTES_MAX + 32];

	for (size_t i = 0; i < count; i++) {
		const char *name = endings[i].name;
		enum alm_err err;

		full_name(from, name, alm_folder_rest(name));
		full_name(to, name, ".done");
		err = alm_folder_rename(
			folder, ALM_OUTBOX, from, ALM_STATE, to, NULL);
		endings[i].is_left = err != ALM_OK && err != ALM_NOT_FOUND;
	}
}

enum alm_err alm_sending_accepted(const struct alm_folder *folder,
	struct alm_ending *endings, size_t count, struct alm_problem *problem)
{
	bool are_done = true;
	enum alm_err err;

	move_sidecars(folder, endings, count);
	err = sync_both(folder, problem);
	for (size_t i = 0; err == ALM_OK && i < count; i++) {
		/* Not if its user has taken the sidecar back. */
		bool is_done = alm_folder_has(
			folder, ALM_STATE, endings[i].name, ".done");

		if (!endings[i].is_left) {
			err = settle_payload(
				folder, endings[i].name, is_done, problem);
			are_done &= is_done;
		}
	}
	if (err == ALM_OK && !are_done) {
		err = alm_folder_sync(folder, ALM_REFUSED, problem);
	}
	err = err == ALM_OK ? alm_folder_sync(folder, ALM_OUTBOX, problem)
			    : err;
	for (size_t i = 0; err == ALM_OK && i < count; i++) {
		if (!endings[i].is_left) {
			err = forget_id(folder, endings[i].name, problem);
		}
	}
	return err;
}

static void put_refusal(
	struct alm_text_file *file, const struct alm_receipt_view *receipt)
{
	char id[ALM_UUID_TEXT_BYTES];

	alm_id_text(receipt->id, id);
	alm_text_file_put(file, "message-id", id);
	alm_text_file_put_number(file, "code", (uint64_t)receipt->code);
	alm_text_file_put(file, "name", receipt->name);
	alm_text_file_put(file, "sentence", receipt->sentence);
	alm_text_file_put(file, "hint", receipt->hint);
	alm_text_file_put(file, "detail", receipt->detail);
	alm_text_file_put(file, "nearest", receipt->nearest);
	alm_text_file_put_list(file, "candidates", receipt->candidates.items,
		receipt->candidates.count);
	alm_text_file_put_list(file, "withheld", receipt->withheld.items,
		receipt->withheld.count);
	(void)put_outcomes(file, receipt);
}

static void put_own_refusal(
	struct alm_text_file *file, const struct alm_problem *own)
{
	alm_text_file_put_number(file, "code", (uint64_t)own->err);
	alm_text_file_put(file, "name", alm_error_name((int)own->err));
	alm_text_file_put(file, "sentence", alm_error_sentence((int)own->err));
	alm_text_file_put(file, "hint", alm_error_hint((int)own->err));
	alm_text_file_put(file, "detail", own->detail);
}

static enum alm_err write_refusal(const struct alm_folder *folder,
	const char *name, const struct alm_refusal *refusal, const char *shelf,
	struct alm_problem *problem)
{
	struct alm_text_file file;
	char at[ALM_SHELF_BYTES + ALM_NAME_BYTES_MAX];
	char path[PATH_MAX];

	alm_text_file_begin(&file);
	if (refusal->receipt != NULL) {
		put_refusal(&file, refusal->receipt);
	} else {
		put_own_refusal(&file, refusal->own);
	}
	(void)snprintf(at, sizeof(at), "%s%s", shelf, name);
	alm_folder_path(folder, ALM_REFUSED, at, ".refusal.yaml", path);
	return alm_text_file_write(&file, path, problem);
}

enum alm_err alm_sending_refused(const struct alm_folder *folder,
	const char *name, const struct alm_refusal *refusal,
	char out_shelf[ALM_SHELF_BYTES], struct alm_problem *problem)
{
	struct alm_binding binding = {0};
	char full[ALM_NAME_BYTES_MAX + 32];
	const char *const files[2] = {full, binding.payload};
	enum alm_err err;

	full_name(full, name, alm_folder_rest(name));
	(void)!alm_binding_read(folder, name, &binding);
	err = alm_shelf_pick(folder, binding.id, files, out_shelf, problem);
	if (err == ALM_OK) {
		err = write_refusal(folder, name, refusal, out_shelf, problem);
	}
	if (err == ALM_OK) {
		err = alm_shelf_put(folder, full, out_shelf, problem);
	}
	if (err == ALM_OK) {
		err = alm_shelf_sync(folder, out_shelf, problem);
	}
	return err == ALM_OK || err == ALM_NOT_FOUND
		       ? tidy(folder, name, problem)
		       : err;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct alm_stray *)a)->name,
		((const struct alm_stray *)b)->name);
}

/** `NAME.x` goes with NAME.yaml; `NAME.x.y` may be another entry's.  And not
 * if its user has put NAME back meanwhile.  NULL: with none. */
static const struct alm_stray *find_sibling(const struct alm_folder *folder,
	const char *file, const struct alm_stray *strays, size_t count)
{
	const char *dot = strrchr(file, '.');
	char name[NAME_MAX + 1];
	const struct alm_stray key = {.name = name};

	if (dot == NULL || strcmp(dot, ".yaml") == 0 ||
		strcmp(dot, ".envelope") == 0) {
		return NULL;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(dot - file), file);
	if (alm_folder_has(folder, ALM_OUTBOX, name, ".yaml") ||
		alm_folder_has(folder, ALM_OUTBOX, name, ".envelope")) {
		return NULL;
	}
	return bsearch(&key, strays, count, sizeof(*strays), by_name);
}

/** Beside its description, and over nothing that is there. */
static void follow(const struct alm_folder *folder, const char *file,
	const struct alm_stray *stray)
{
	const char *const files[2] = {file, ""};
	char shelf[ALM_SHELF_BYTES];

	(void)snprintf(shelf, sizeof(shelf), "%s", stray->shelf);
	if (shelf[0] != '\0' ||
		alm_shelf_pick(folder, "", files, shelf, NULL) == ALM_OK) {
		(void)!alm_shelf_put(folder, file, shelf, NULL);
	}
}

void alm_sending_siblings(
	const struct alm_folder *folder, struct alm_stray *strays, size_t count)
{
	DIR *dir = alm_folder_list(folder, ALM_OUTBOX, NULL);
	struct dirent *entry;

	qsort(strays, count, sizeof(*strays), by_name);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const struct alm_stray *stray =
			find_sibling(folder, entry->d_name, strays, count);

		if (stray != NULL) {
			follow(folder, entry->d_name, stray);
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
}

enum alm_err alm_sending_tidy(
	const struct alm_folder *folder, struct alm_problem *problem)
{
	DIR *dir = alm_folder_list(folder, ALM_STATE, problem);
	char name[ALM_NAME_BYTES_MAX + 1];
	struct dirent *entry;
	enum alm_err err = ALM_OK;

	if (dir == NULL) {
		return ALM_IO;
	}
	while (err == ALM_OK && (entry = readdir(dir)) != NULL) {
		if ((alm_folder_base(entry->d_name, ".id", name) ||
			    alm_folder_base(entry->d_name, ".done", name)) &&
			!alm_folder_has(folder, ALM_OUTBOX, name,
				alm_folder_rest(name))) {
			err = tidy(folder, name, problem);
		}
	}
	(void)closedir(dir);
	return err;
}
