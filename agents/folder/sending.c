#include "agents/folder/sending.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agents/folder/binding.h"
#include "agents/folder/large.h"
#include "lib/file.h"
#include "lib/id.h"

#define ARENA_BYTES_MAX ((size_t)2 * 1024 * 1024)

static const char *suffix_of(bool is_encoded)
{
	return is_encoded ? ".envelope" : ".yaml";
}

static void full_name(
	char out[ALM_NAME_BYTES_MAX + 32], const char *name, const char *suffix)
{
	(void)snprintf(out, ALM_NAME_BYTES_MAX + 32, "%s%s", name, suffix);
}

/** The same content keeps its id; a corrected file is another message. */
static enum alm_err bind(const struct alm_folder *folder, const char *name,
	const char *payload_name, struct alm_bytes sidecar,
	struct alm_prepared *prepared, struct alm_problem *problem)
{
	uint8_t length[8];
	uint8_t root[ALM_DIGEST_BYTES];
	struct alm_bytes parts[] = {{length, sizeof(length)}, sidecar,
		{prepared->payload, prepared->payload_bytes}};
	struct alm_message_id id;
	struct alm_binding now = {0};
	struct alm_binding before = {0};

	if (prepared->source.bytes > 0) {
		enum alm_err err = alm_large_root(&prepared->source, root);

		if (err != ALM_OK) {
			return alm_problem_set(problem, err, "%s", name);
		}
		parts[2] = (struct alm_bytes){root, sizeof(root)};
	}
	alm_put_u64(length, sidecar.bytes);
	if (!alm_binding_hash(parts, 3, now.content) ||
		!alm_binding_hash(&parts[2], 1, now.payload_sha256)) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", name);
	}
	if (alm_binding_read(folder, name, &before) == ALM_OK &&
		strcmp(before.content, now.content) == 0 &&
		alm_message_id_parse(before.id, &id) == ALM_OK) {
		memcpy(prepared->id, id.raw, sizeof(prepared->id));
		return ALM_OK;
	}
	alm_make_id(prepared->id);
	alm_id_text(prepared->id, now.id);
	(void)snprintf(now.payload, sizeof(now.payload), "%s", payload_name);
	return alm_binding_write(folder, name, &now, problem);
}

/* --- reading an entry --------------------------------------------------- */

static enum alm_err read_entry_file(const struct alm_folder *folder,
	const char *name, const char *suffix, size_t bytes_max,
	uint8_t **out_data, size_t *out_bytes, struct alm_problem *problem)
{
	struct stat info;
	char path[PATH_MAX];

	alm_folder_path(folder, ALM_OUTBOX, name, suffix, path);
	/* Whoever fills the outbox has it send what is there, and not what
	 * the agent alone may read, such as its keys. */
	if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
		return alm_problem_set(problem, ALM_SIDECAR,
			"%s%s: a link, a folder or a device, not a file", name,
			suffix);
	}
	return alm_file_read_no_link(
		path, bytes_max, out_data, out_bytes, problem);
}

/** Read and judge the sidecar; gives its bytes for the binding. */
static enum alm_err read_sidecar(const struct alm_folder *folder,
	const char *name, struct alm_arena *arena,
	struct alm_sidecar *out_sidecar, uint8_t **out_data, size_t *out_bytes,
	struct alm_problem *problem)
{
	char file[ALM_NAME_BYTES_MAX + 32];
	enum alm_err err = read_entry_file(folder, name, ".yaml",
		ALM_SIDECAR_BYTES_MAX, out_data, out_bytes, problem);

	if (err != ALM_OK) {
		return err;
	}
	full_name(file, name, ".yaml");
	return alm_sidecar_read(file, (struct alm_bytes){*out_data, *out_bytes},
		arena, out_sidecar, problem);
}

enum alm_err alm_sending_payload_name(const struct alm_folder *folder,
	const char *name, bool is_encoded, char out[ALM_NAME_BYTES_MAX + 1],
	struct alm_problem *problem)
{
	struct alm_sidecar sidecar;
	struct alm_arena arena;
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	if (is_encoded) {
		return snprintf(out, ALM_NAME_BYTES_MAX + 1, "%s.payload",
			       name) <= (int)ALM_NAME_BYTES_MAX
			       ? ALM_OK
			       : alm_problem_set(problem, ALM_FIELD_TOO_LARGE,
					 "name too long");
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = read_sidecar(
		folder, name, &arena, &sidecar, &data, &bytes, problem);
	if (err == ALM_OK) {
		(void)snprintf(
			out, ALM_NAME_BYTES_MAX + 1, "%s", sidecar.payload);
	}
	alm_arena_fini(&arena);
	free(data);
	return err;
}

/** Durations count from the id's own time, so that every try says the same. */
static void settle_times(struct alm_prepared *prepared)
{
	struct alm_outgoing *outgoing = &prepared->sidecar.outgoing;
	struct alm_message_id id;
	int64_t made_ms;

	memcpy(id.raw, prepared->id, sizeof(id.raw));
	made_ms = alm_message_id_ms(&id);
	if (prepared->sidecar.deadline_after_s > 0) {
		outgoing->deadline_ms =
			made_ms + prepared->sidecar.deadline_after_s * 1000;
	}
	if (prepared->sidecar.expires_after_s > 0) {
		outgoing->expires_ms =
			made_ms + prepared->sidecar.expires_after_s * 1000;
	}
	outgoing->id = prepared->id;
	outgoing->payload = prepared->payload;
	outgoing->payload_bytes = prepared->payload_bytes;
	outgoing->source =
		prepared->source.bytes > 0 ? &prepared->source : NULL;
}

static enum alm_err read_payload(const struct alm_folder *folder,
	const char *payload_name, struct alm_prepared *prepared,
	struct alm_problem *problem)
{
	enum alm_err err;

	if (!prepared->is_encoded &&
		alm_large_open(folder, payload_name, &prepared->source)) {
		return ALM_OK;
	}
	err = read_entry_file(folder, payload_name, "", ALM_PAYLOAD_BYTES_MAX,
		&prepared->payload, &prepared->payload_bytes, problem);
	if (err == ALM_FIELD_TOO_LARGE) {
		err = ALM_PAYLOAD_TOO_LARGE;
		if (problem != NULL) {
			problem->err = err;
		}
	}
	return err;
}

enum alm_err alm_sending_prepare(const struct alm_folder *folder,
	const char *name, bool is_encoded, struct alm_prepared *out_prepared,
	struct alm_problem *problem)
{
	struct alm_prepared *prepared = out_prepared;
	char payload_name[ALM_NAME_BYTES_MAX + 1];
	enum alm_err err;

	memset(prepared, 0, sizeof(*prepared));
	alm_arena_init(&prepared->arena, ARENA_BYTES_MAX);
	prepared->is_encoded = is_encoded;
	if (is_encoded) {
		err = read_entry_file(folder, name, ".envelope",
			ALM_MESSAGE_BYTES_MAX, &prepared->message,
			&prepared->message_bytes, problem);
	} else {
		err = read_sidecar(folder, name, &prepared->arena,
			&prepared->sidecar, &prepared->message,
			&prepared->message_bytes, problem);
	}
	if (err == ALM_OK) {
		err = alm_sending_payload_name(
			folder, name, is_encoded, payload_name, problem);
	}
	if (err == ALM_OK) {
		err = read_payload(folder, payload_name, prepared, problem);
	}
	if (err == ALM_OK) {
		err = bind(folder, name, payload_name,
			(struct alm_bytes){
				prepared->message, prepared->message_bytes},
			prepared, problem);
	}
	if (err == ALM_OK && !is_encoded) {
		settle_times(prepared);
	}
	if (err != ALM_OK) {
		alm_prepared_fini(prepared);
	}
	return err;
}

void alm_prepared_fini(struct alm_prepared *prepared)
{
	alm_arena_fini(&prepared->arena);
	free(prepared->message);
	free(prepared->payload);
	alm_large_close(&prepared->source);
	prepared->message = NULL;
	prepared->payload = NULL;
}

/* --- the end of an entry ------------------------------------------------ */

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
	} else if (read_entry_file(folder, name, "", ALM_PAYLOAD_BYTES_MAX,
			   &data, &part.bytes, NULL) == ALM_OK) {
		part.data = data;
		(void)alm_binding_hash(&part, 1, hex);
		free(data);
	}
}

/** The sidecar has left the outbox: see to its payload, forget its id. */
static enum alm_err tidy(const struct alm_folder *folder, const char *name,
	struct alm_problem *problem)
{
	bool is_done = alm_folder_has(folder, ALM_STATE, name, ".done");
	struct alm_binding binding = {0};
	char hex[ALM_BINDING_HEX_BYTES] = "";
	enum alm_err err = ALM_OK;

	/* Only the payload that was sent: the user may have put another. */
	if (alm_binding_read(folder, name, &binding) == ALM_OK &&
		alm_folder_name_is_valid(binding.payload)) {
		hash_payload(folder, binding.payload, hex);
	}
	if (hex[0] != '\0' && strcmp(hex, binding.payload_sha256) == 0) {
		err = is_done ? alm_folder_remove(folder, ALM_OUTBOX,
					binding.payload, "", problem)
			      : alm_folder_move(folder, ALM_OUTBOX,
					binding.payload, ALM_REFUSED,
					binding.payload, problem);
	}
	if (err == ALM_OK) {
		err = alm_folder_remove(
			folder, ALM_STATE, name, ".id", problem);
	}
	return err == ALM_OK ? alm_folder_remove(folder, ALM_STATE, name,
				       ".done", problem)
			     : err;
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

static enum alm_err write_receipt(const struct alm_folder *folder,
	const char *name, const struct alm_receipt_view *receipt,
	struct alm_problem *problem)
{
	struct alm_text_file file;
	char path[PATH_MAX];
	char id[ALM_UUID_TEXT_BYTES];

	if (!alm_text_file_begin(&file)) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", name);
	}
	alm_id_text(receipt->id, id);
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
	return alm_text_file_write(&file, path, problem);
}

enum alm_err alm_sending_accepted(const struct alm_folder *folder,
	const char *name, bool is_encoded,
	const struct alm_receipt_view *receipt, struct alm_problem *problem)
{
	char from[ALM_NAME_BYTES_MAX + 32];
	char to[ALM_NAME_BYTES_MAX + 32];
	enum alm_err err = write_receipt(folder, name, receipt, problem);

	full_name(from, name, suffix_of(is_encoded));
	full_name(to, name, ".done");
	if (err == ALM_OK) {
		err = alm_folder_move(
			folder, ALM_OUTBOX, from, ALM_STATE, to, problem);
	}
	return err == ALM_OK || err == ALM_NOT_FOUND
		       ? tidy(folder, name, problem)
		       : err;
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

/** `NAME.x` goes with NAME.yaml; `NAME.x.y` may be another entry's. */
static bool is_sibling(const char *file, const char *name)
{
	size_t bytes = strlen(name);
	const char *rest = file + bytes + 1;

	return strncmp(file, name, bytes) == 0 && file[bytes] == '.' &&
	       strchr(rest, '.') == NULL && strcmp(rest, "yaml") != 0 &&
	       strcmp(rest, "envelope") != 0;
}

/** An entry that could not be read names no payload: what is called like it
 * goes with it.  What cannot be moved stays; it does no harm. */
static void move_siblings(const struct alm_folder *folder, const char *name)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	alm_folder_path(folder, ALM_OUTBOX, "", "", path);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (is_sibling(entry->d_name, name)) {
			(void)!alm_folder_move(folder, ALM_OUTBOX,
				entry->d_name, ALM_REFUSED, entry->d_name,
				NULL);
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
}

enum alm_err alm_sending_refused(const struct alm_folder *folder,
	const char *name, bool is_encoded,
	const struct alm_receipt_view *receipt, const struct alm_problem *own,
	struct alm_problem *problem)
{
	struct alm_text_file file;
	char full[ALM_NAME_BYTES_MAX + 32];
	char path[PATH_MAX];
	enum alm_err err;

	if (!alm_text_file_begin(&file)) {
		return alm_problem_set(problem, ALM_NOMEM, "%s", name);
	}
	if (receipt != NULL) {
		put_refusal(&file, receipt);
	} else {
		put_own_refusal(&file, own);
	}
	if (!alm_folder_has(folder, ALM_STATE, name, ".id") &&
		(own == NULL || own->err != ALM_PAYLOAD_SHARED)) {
		move_siblings(folder, name);
	}
	alm_folder_path(folder, ALM_REFUSED, name, ".refusal.yaml", path);
	err = alm_text_file_write(&file, path, problem);
	full_name(full, name, suffix_of(is_encoded));
	if (err == ALM_OK) {
		err = alm_folder_move(
			folder, ALM_OUTBOX, full, ALM_REFUSED, full, problem);
	}
	return err == ALM_OK || err == ALM_NOT_FOUND
		       ? tidy(folder, name, problem)
		       : err;
}

enum alm_err alm_sending_tidy(
	const struct alm_folder *folder, struct alm_problem *problem)
{
	char path[PATH_MAX];
	char name[ALM_NAME_BYTES_MAX + 1];
	struct dirent *entry;
	enum alm_err err = ALM_OK;
	DIR *dir;

	alm_folder_path(folder, ALM_STATE, "", "", path);
	dir = opendir(path);
	if (dir == NULL) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	while (err == ALM_OK && (entry = readdir(dir)) != NULL) {
		if ((alm_folder_base(entry->d_name, ".id", name) ||
			    alm_folder_base(entry->d_name, ".done", name)) &&
			!alm_folder_has(folder, ALM_OUTBOX, name, ".yaml") &&
			!alm_folder_has(
				folder, ALM_OUTBOX, name, ".envelope")) {
			err = tidy(folder, name, problem);
		}
	}
	(void)closedir(dir);
	return err;
}
