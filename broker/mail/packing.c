#include "broker/mail/packing.h"

#include "lib/zip.h"

static bool reads(const struct alm_session *session, enum alm_encoding encoding)
{
	return encoding == ALM_ENCODING_NONE ||
	       (session->encodings & 1u << encoding) != 0;
}

enum alm_err alm_unpack(struct alm_turn *turn,
	const struct alm_session *session, enum alm_encoding encoding,
	struct alm_bytes data, size_t bytes_max, struct alm_bytes *out_clear)
{
	uint8_t *clear;
	size_t bytes = 0;
	enum alm_err err;

	if (encoding == ALM_ENCODING_NONE) {
		*out_clear = data;
		return ALM_OK;
	}
	if (!reads(session, encoding)) {
		return ALM_ENCODING_NOT_AGREED;
	}
	err = alm_zip_size(data, bytes_max, &bytes);
	if (err != ALM_OK) {
		return err;
	}
	if (turn->unpacked_bytes + bytes > ALM_TURN_UNPACKED_BYTES_MAX) {
		return ALM_BUSY;
	}
	turn->unpacked_bytes += bytes;
	clear = alm_arena_take(turn->arena, bytes);
	if (clear == NULL) {
		return ALM_NOMEM;
	}
	err = alm_zip_unpack(turn->broker->zip, data, clear, bytes);
	if (err == ALM_OK) {
		*out_clear = (struct alm_bytes){clear, bytes};
	}
	return err;
}

void alm_pack(struct alm_turn *turn, const struct alm_session *session,
	struct alm_bytes *payload, enum alm_encoding *encoding)
{
	size_t from = turn->broker->settings.compress_from_bytes;
	uint8_t *packed;
	size_t bytes;

	if (payload->bytes < from || !reads(session, ALM_ENCODING_ZSTD)) {
		return;
	}
	packed = alm_arena_take(turn->arena, payload->bytes);
	if (packed == NULL) {
		return; /* it goes as it is */
	}
	bytes = alm_zip_pack(turn->broker->zip, *payload, packed);
	if (bytes > 0) {
		*payload = (struct alm_bytes){packed, bytes};
		*encoding = ALM_ENCODING_ZSTD;
	}
}
