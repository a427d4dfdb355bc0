#include "cli/audit/stream.h"

#include <inttypes.h>
#include <string.h>

#include "lib/id.h"

/* A multiple of three, so that pieces put together are the whole's base64. */
#define PIECE_BYTES 3072u

void alm_stream_begin(struct alm_stream *stream, FILE *out)
{
	*stream = (struct alm_stream){.out = out};
	crypto_hash_sha256_init(&stream->hash);
}

void alm_stream_raw(struct alm_stream *stream, struct alm_bytes bytes)
{
	if (bytes.bytes == 0) {
		return;
	}
	crypto_hash_sha256_update(&stream->hash, bytes.data, bytes.bytes);
	stream->is_bad |=
		fwrite(bytes.data, 1, bytes.bytes, stream->out) != bytes.bytes;
}

void alm_stream_text(struct alm_stream *stream, const char *text)
{
	alm_stream_raw(stream,
		(struct alm_bytes){(const uint8_t *)text, strlen(text)});
}

void alm_stream_number(struct alm_stream *stream, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	alm_stream_text(stream, text);
}

void alm_stream_base64(struct alm_stream *stream, struct alm_bytes bytes)
{
	for (size_t at = 0; at < bytes.bytes; at += PIECE_BYTES) {
		char text[PIECE_BYTES / 3 * 4 + 1];
		size_t left = bytes.bytes - at;

		(void)sodium_bin2base64(text, sizeof(text), bytes.data + at,
			left < PIECE_BYTES ? left : PIECE_BYTES,
			sodium_base64_VARIANT_ORIGINAL);
		alm_stream_text(stream, text);
	}
}

bool alm_stream_end(struct alm_stream *stream)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	char text[2 * sizeof(digest) + 1];

	crypto_hash_sha256_final(&stream->hash, digest);
	alm_hex(digest, sizeof(digest), text);
	stream->is_bad |= fprintf(stream->out, "end %s\n", text) < 0;
	stream->is_bad |= fflush(stream->out) != 0;
	return !stream->is_bad;
}
