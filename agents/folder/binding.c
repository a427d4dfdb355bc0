#include "agents/folder/binding.h"

#include <stdlib.h>

#include "lib/file.h"
#include "lib/hash.h"
#include "lib/yaml/read.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024)

enum alm_err alm_binding_read(const struct alm_folder *folder, const char *name,
	struct alm_binding *out_binding)
{
	static const struct alm_yaml_key keys[] = {{"id", true},
		{"content", true}, {"payload-sha256", true},
		{"payload", false}};
	const struct alm_yaml_node *values[ALM_COUNT(keys)] = {0};
	const struct alm_yaml_node *root = NULL;
	struct alm_yaml_options options = {.file = name,
		.bytes_max = ALM_SIDECAR_BYTES_MAX,
		.depth_max = 2};
	struct alm_diagnostics diagnostics;
	struct alm_arena arena;
	char path[PATH_MAX];
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err;

	alm_folder_path(folder, ALM_STATE, name, ".id", path);
	err = alm_file_read(path, ALM_SIDECAR_BYTES_MAX, &data, &bytes, NULL);
	if (err != ALM_OK) {
		return err;
	}
	alm_arena_init(&arena, ARENA_BYTES_MAX);
	alm_diagnostics_init(&diagnostics, &arena);
	err = alm_yaml_parse(&options, (struct alm_bytes){data, bytes}, &arena,
		&diagnostics, &root);
	if (err == ALM_OK && !alm_yaml_read_map(root, "an id", keys,
				     ALM_COUNT(keys), values, &diagnostics)) {
		err = ALM_NOT_FOUND;
	}
	if (err == ALM_OK) {
		(void)snprintf(out_binding->id, sizeof(out_binding->id), "%s",
			values[0]->text);
		(void)snprintf(out_binding->content,
			sizeof(out_binding->content), "%s", values[1]->text);
		(void)snprintf(out_binding->payload_sha256,
			sizeof(out_binding->payload_sha256), "%s",
			values[2]->text);
		(void)snprintf(out_binding->payload,
			sizeof(out_binding->payload), "%s",
			values[3] == NULL ? "" : values[3]->text);
	}
	alm_arena_fini(&arena);
	free(data);
	return err;
}

enum alm_err alm_binding_write(const struct alm_folder *folder,
	const char *name, const struct alm_binding *binding,
	struct alm_files *files, struct alm_problem *problem)
{
	struct alm_text_file file;
	char path[PATH_MAX];

	alm_text_file_begin(&file);
	alm_text_file_put(&file, "id", binding->id);
	alm_text_file_put(&file, "content", binding->content);
	alm_text_file_put(&file, "payload-sha256", binding->payload_sha256);
	alm_text_file_put(&file, "payload", binding->payload);
	alm_folder_path(folder, ALM_STATE, name, ".id", path);
	return alm_text_file_add(&file, files, path, problem);
}

bool alm_binding_hash(const struct alm_bytes *parts, size_t count,
	char out[ALM_BINDING_HEX_BYTES])
{
	struct alm_hash *hash = alm_hash_new();
	uint8_t digest[ALM_DIGEST_BYTES];

	if (hash == NULL) {
		return false;
	}
	alm_hash_parts(hash, parts, count, digest);
	alm_hash_free(hash);
	alm_hex(digest, sizeof(digest), out);
	return true;
}
