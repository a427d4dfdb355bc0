/*
 * The sender's signature as a record of the log keeps it: in the header and
 * not in the private part, because it is proof of origin and tells nothing
 * about a person, and must outlive an erasure.
 */
#include <string.h>

#include "broker/store/inside.h"

#define PATH_BYTES_MAX ((size_t)ALM_SIGNATURE_PATH_MAX * ALM_DIGEST_BYTES)

struct alm_bytes alm_audit_signature_encode(
	const struct alm_audit_signature *signature, uint8_t *out)
{
	struct alm_writer w;

	alm_writer_init(&w, out, ALM_AUDIT_SIGNATURE_BYTES_MAX);
	alm_write_u64(&w, (uint64_t)signature->sent_at_ms);
	alm_write_raw(&w, signature->ed25519, ALM_SIGNATURE_BYTES);
	alm_write_u32(&w, signature->leaf_index);
	alm_write_u32(&w, signature->tree_size);
	alm_write_raw(&w, signature->path.data, signature->path.bytes);
	ALM_ASSERT(!w.is_bad);
	return (struct alm_bytes){out, w.bytes};
}

enum alm_err alm_audit_signature_decode(
	struct alm_bytes bytes, struct alm_audit_signature *out)
{
	struct alm_audit_signature signature;
	struct alm_reader r;

	alm_reader_init(&r, bytes.data, bytes.bytes);
	signature.sent_at_ms = (int64_t)alm_read_u64(&r);
	alm_read_raw(&r, signature.ed25519, ALM_SIGNATURE_BYTES);
	signature.leaf_index = alm_read_u32(&r);
	signature.tree_size = alm_read_u32(&r);
	if (r.is_bad || r.bytes_left > PATH_BYTES_MAX ||
		r.bytes_left % ALM_DIGEST_BYTES != 0) {
		return ALM_STORE_CORRUPT;
	}
	signature.path = (struct alm_bytes){r.data, r.bytes_left};
	*out = signature;
	return ALM_OK;
}

const char *alm_audit_signature_text(
	struct alm_bytes bytes, struct alm_arena *arena)
{
	char ed25519[2 * ALM_SIGNATURE_BYTES + 1];
	char path[2 * PATH_BYTES_MAX + 1];
	struct alm_audit_signature signature;

	if (bytes.bytes == 0 ||
		alm_audit_signature_decode(bytes, &signature) != ALM_OK) {
		return "";
	}
	alm_hex(signature.ed25519, ALM_SIGNATURE_BYTES, ed25519);
	alm_hex(signature.path.data, signature.path.bytes, path);
	return alm_arena_printf(arena,
		"sent-at-ms=%lld;leaf=%u/%u;ed25519=%s;path=%s",
		(long long)signature.sent_at_ms, signature.leaf_index,
		signature.tree_size, ed25519, path);
}
