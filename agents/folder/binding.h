/*
 * binding.h - state/NAME.id: which message id stands for which content, on
 * disk before the message is first sent.
 */
#ifndef ALM_AGENTS_FOLDER_BINDING_H
#define ALM_AGENTS_FOLDER_BINDING_H

#include "agents/folder/folder.h"
#include "lib/id.h"
#include "lib/limits.h"

#define ALM_BINDING_HEX_BYTES (2 * ALM_DIGEST_BYTES + 1)

struct alm_binding {
	char id[ALM_UUID_TEXT_BYTES];
	char content[ALM_BINDING_HEX_BYTES]; /* SHA-256 of sidecar and payload
					      */
	char payload_sha256[ALM_BINDING_HEX_BYTES];
	char payload[ALM_NAME_BYTES_MAX + 1]; /* "": none */
};

/** Errors: NOT_FOUND, IO; those of YAML: take it as not there. */
ALM_MUST_USE enum alm_err alm_binding_read(const struct alm_folder *folder,
	const char *name, struct alm_binding *out_binding);

/** On disk once `files` are.  Errors: IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_binding_write(const struct alm_folder *folder,
	const char *name, const struct alm_binding *binding,
	struct alm_files *files, struct alm_problem *problem);

/** SHA-256 of the parts as hex; false when memory is out. */
bool alm_binding_hash(const struct alm_bytes *parts, size_t count,
	char out[ALM_BINDING_HEX_BYTES]);

#endif /* ALM_AGENTS_FOLDER_BINDING_H */
