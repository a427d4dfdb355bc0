#include "agents/folder/sending.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agents/folder/binding.h"
#include "agents/folder/large.h"
#include "lib/file.h"
#include "lib/id.h"

#define ARENA_BYTES_MAX ((size_t)2 * 1024 * 1024)

static void full_name(
	char out[ALM_NAME_BYTES_MAX + 32], const char *name, const char *suffix)
{
	(void)snprintf(out, ALM_NAME_BYTES_MAX + 32, "%s%s", name, suffix);
}

/** The same content keeps its id; a corrected file is another message. */
static enum alm_err bind(const struct alm_folder *folder, const char *name,
	const char *payload_name, struct alm_files *files,
	struct alm_prepared *prepared, struct alm_problem *problem)
{
	struct alm_bytes sidecar = {prepared->message, prepared->message_bytes};
	uint8_t length[8];
	uint8_t root[ALM_DIGEST_BYTES];
	struct alm_bytes parts[] = {{length, sizeof(length)}, sidecar,
		{prepared->payload, prepared->payload_bytes}};
	struct alm_message_id id;
	struct alm_binding now = {0};
	struct alm_binding before = {0};
	/* A crash may bring back the end of one of this name before it, which
	 * would have what is refused now deleted. */
	enum alm_err err =
		alm_folder_unlink(folder, ALM_STATE, name, ".done", problem);

	if (err != ALM_OK) {
		return err;
	}
	if (prepared->source.bytes > 0) {
		err = alm_large_root(&prepared->source, root);
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
	return alm_binding_write(folder, name, &now, files, problem);
}

/* --- reading an entry --------------------------------------------------- */

enum alm_err alm_sending_read(const struct alm_folder *folder, const char *name,
	const char *suffix, size_t bytes_max, uint8_t **out_data,
	size_t *out_bytes, struct alm_problem *problem)
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
	enum alm_err err = alm_sending_read(folder, name, ".yaml",
		ALM_SIDECAR_BYTES_MAX, out_data, out_bytes, problem);

	if (err == ALM_FIELD_TOO_LARGE) {
		return alm_problem_set(problem, ALM_SIDECAR,
			"%s.yaml: larger than %zu bytes", name,
			ALM_SIDECAR_BYTES_MAX);
	}
	if (err != ALM_OK) {
		return err;
	}
	full_name(file, name, ".yaml");
	return alm_sidecar_read(file, (struct alm_bytes){*out_data, *out_bytes},
		arena, out_sidecar, problem);
}

/** NAME.payload of NAME.envelope. */
static void encoded_payload_name(
	const char *name, char out[ALM_NAME_BYTES_MAX + 1])
{
	(void)snprintf(out, ALM_NAME_BYTES_MAX + 1, "%.*s.payload",
		(int)alm_folder_stem_bytes(name), name);
}

static void payload_name_of(
	const struct alm_sidecar *sidecar, char out[ALM_NAME_BYTES_MAX + 1])
{
	(void)snprintf(out, ALM_NAME_BYTES_MAX + 1, "%s",
		sidecar->payload == NULL ? "" : sidecar->payload);
}

enum alm_err alm_sending_outline(const struct alm_folder *folder,
	const char *name, struct alm_outline *out_outline,
	struct alm_problem *problem)
{
	struct alm_sidecar sidecar = {0};
	struct alm_arena arena;
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	out_outline->lane = ALM_LANE_NONE;
	if (alm_folder_is_encoded(name)) {
		encoded_payload_name(name, out_outline->payload);
		return ALM_OK;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	err = read_sidecar(
		folder, name, &arena, &sidecar, &data, &bytes, problem);
	if (err == ALM_OK) {
		payload_name_of(&sidecar, out_outline->payload);
		out_outline->lane = alm_lane_of(sidecar.outgoing.recipient);
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

	if (payload_name[0] == '\0') {
		return ALM_OK;
	}
	if (!prepared->is_encoded &&
		alm_large_open(folder, payload_name, &prepared->source)) {
		return ALM_OK;
	}
	err = alm_sending_read(folder, payload_name, "", ALM_PAYLOAD_BYTES_MAX,
		&prepared->payload, &prepared->payload_bytes, problem);
	if (err == ALM_FIELD_TOO_LARGE) {
		/* What is not encoded goes in parts above that. */
		err = alm_problem_set(problem, ALM_PAYLOAD_TOO_LARGE,
			"%s: larger than %llu MiB", payload_name,
			(unsigned long long)(prepared->is_encoded
						     ? ALM_PAYLOAD_BYTES_MAX
						     : ALM_PARTS_PAYLOAD_BYTES_MAX) >>
				20);
	}
	return err;
}

enum alm_err alm_sending_prepare(const struct alm_folder *folder,
	const char *name, struct alm_files *files,
	struct alm_prepared *out_prepared, struct alm_problem *problem)
{
	struct alm_prepared *prepared = out_prepared;
	char payload_name[ALM_NAME_BYTES_MAX + 1] = "";
	enum alm_err err;

	memset(prepared, 0, sizeof(*prepared));
	alm_arena_init(&prepared->arena, ARENA_BYTES_MAX);
	prepared->is_encoded = alm_folder_is_encoded(name);
	if (prepared->is_encoded) {
		err = alm_sending_read(folder, name, "", ALM_MESSAGE_BYTES_MAX,
			&prepared->message, &prepared->message_bytes, problem);
	} else {
		err = read_sidecar(folder, name, &prepared->arena,
			&prepared->sidecar, &prepared->message,
			&prepared->message_bytes, problem);
	}
	if (err == ALM_OK && prepared->is_encoded) {
		encoded_payload_name(name, payload_name);
	} else if (err == ALM_OK) {
		payload_name_of(&prepared->sidecar, payload_name);
	}
	if (err == ALM_OK) {
		err = read_payload(folder, payload_name, prepared, problem);
	}
	if (err == ALM_OK) {
		err = bind(
			folder, name, payload_name, files, prepared, problem);
	}
	if (err == ALM_OK && !prepared->is_encoded) {
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
