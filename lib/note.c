/*
 * The id of a key is made of its name too, so a line names one key and one
 * kind of signature.  What a cosigner signs begins with a line that no
 * checkpoint begins with, so that neither signature stands for the other.
 */
#include "lib/note.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "lib/id.h"
#include "lib/lines.h"
#include "lib/utf8.h"

/* An em dash and a space. */
static const char DASH[] = "\xE2\x80\x94 ";
#define DASH_BYTES (sizeof(DASH) - 1)

bool alm_note_name_is_valid(const char *name)
{
	size_t bytes = strlen(name);

	if (bytes == 0 || bytes >= ALM_NOTE_NAME_BYTES) {
		return false;
	}
	for (size_t i = 0; i < bytes; i++) {
		/* Letters beyond ASCII may hold spaces of other scripts. */
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '+') {
			return false;
		}
	}
	return true;
}

enum alm_err alm_note_key_make(const char *name, enum alm_note_type type,
	const uint8_t key[ALM_KEY_BYTES], struct alm_note_key *out_key)
{
	crypto_hash_sha256_state state;
	uint8_t digest[crypto_hash_sha256_BYTES];
	const uint8_t between[2] = {'\n', (uint8_t)type};

	if (!alm_note_name_is_valid(name)) {
		return ALM_VALUE_BAD;
	}
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)name, strlen(name));
	crypto_hash_sha256_update(&state, between, sizeof(between));
	crypto_hash_sha256_update(&state, key, 32);
	crypto_hash_sha256_final(&state, digest);
	alm_text_copy(out_key->name, sizeof(out_key->name), name);
	out_key->type = type;
	memcpy(out_key->key, key, sizeof(out_key->key));
	memcpy(out_key->id, digest, sizeof(out_key->id));
	return ALM_OK;
}

void alm_note_key_text(
	const struct alm_note_key *key, char out[ALM_NOTE_KEY_TEXT_BYTES])
{
	char id[2 * ALM_NOTE_ID_BYTES + 1];
	char text[48];
	uint8_t raw[33];

	raw[0] = (uint8_t)key->type;
	memcpy(raw + 1, key->key, ALM_KEY_BYTES);
	alm_hex(key->id, sizeof(key->id), id);
	(void)sodium_bin2base64(text, sizeof(text), raw, sizeof(raw),
		sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(
		out, ALM_NOTE_KEY_TEXT_BYTES, "%s+%s+%s", key->name, id, text);
}

enum alm_err alm_note_key_parse(const char *text, struct alm_note_key *out_key)
{
	const char *first = strchr(text, '+');
	const char *second = first == NULL ? NULL : strchr(first + 1, '+');
	char name[ALM_NOTE_NAME_BYTES];
	struct alm_note_key key;
	uint8_t raw[33];
	char id[2 * ALM_NOTE_ID_BYTES + 1];

	if (second == NULL || first == text ||
		(size_t)(first - text) >= sizeof(name) ||
		(size_t)(second - first) - 1 != 2 * ALM_NOTE_ID_BYTES ||
		!alm_line_base64((struct alm_bytes){(const uint8_t *)second + 1,
					 strlen(second + 1)},
			raw, sizeof(raw)) ||
		(raw[0] != ALM_NOTE_ED25519 &&
			raw[0] != ALM_NOTE_COSIGNATURE)) {
		return ALM_VALUE_BAD;
	}
	memcpy(name, text, (size_t)(first - text));
	name[first - text] = '\0';
	if (alm_note_key_make(name, (enum alm_note_type)raw[0], raw + 1,
		    &key) != ALM_OK) {
		return ALM_VALUE_BAD;
	}
	alm_hex(key.id, sizeof(key.id), id);
	if (memcmp(id, first + 1, 2 * ALM_NOTE_ID_BYTES) != 0) {
		return ALM_VALUE_BAD;
	}
	*out_key = key;
	return ALM_OK;
}

/* --- taking apart --------------------------------------------------------- */

/* No control character but the line feed. */
static bool is_text(struct alm_bytes bytes)
{
	for (size_t i = 0; i < bytes.bytes; i++) {
		if ((bytes.data[i] < ' ' && bytes.data[i] != '\n') ||
			bytes.data[i] == 0x7F) {
			return false;
		}
	}
	while (bytes.bytes > 0) {
		size_t count = alm_utf8_char(bytes);

		if (count == 0) {
			return false;
		}
		bytes.data += count;
		bytes.bytes -= count;
	}
	return true;
}

/* Where the last empty line stands: the signatures are behind it. */
static bool split(struct alm_bytes bytes, struct alm_bytes *out_text,
	struct alm_bytes *out_lines)
{
	for (size_t at = bytes.bytes; at >= 2; at--) {
		if (bytes.data[at - 1] == '\n' && bytes.data[at - 2] == '\n') {
			*out_text = (struct alm_bytes){bytes.data, at - 1};
			*out_lines = (struct alm_bytes){
				bytes.data + at, bytes.bytes - at};
			return true;
		}
	}
	return false;
}

static bool parse_line(
	struct alm_bytes line, struct alm_note_signature *out_signature)
{
	uint8_t raw[ALM_NOTE_ID_BYTES + ALM_COSIGNATURE_BYTES];
	size_t bytes = 0;

	if (line.bytes < DASH_BYTES ||
		memcmp(line.data, DASH, DASH_BYTES) != 0) {
		return false;
	}
	line.data += DASH_BYTES;
	line.bytes -= DASH_BYTES;
	if (!alm_line_field(&line, &out_signature->name) ||
		memchr(out_signature->name.data, '+',
			out_signature->name.bytes) != NULL ||
		!alm_line_base64_any(line, raw, sizeof(raw), &bytes) ||
		bytes <= ALM_NOTE_ID_BYTES) {
		return false;
	}
	memcpy(out_signature->id, raw, ALM_NOTE_ID_BYTES);
	out_signature->bytes = bytes - ALM_NOTE_ID_BYTES;
	memcpy(out_signature->raw, raw + ALM_NOTE_ID_BYTES,
		out_signature->bytes);
	return true;
}

enum alm_err alm_note_parse(struct alm_bytes bytes, struct alm_note *out_note)
{
	struct alm_bytes lines;
	struct alm_bytes line;

	out_note->signature_count = 0;
	if (bytes.bytes > ALM_NOTE_BYTES_MAX || !is_text(bytes) ||
		!split(bytes, &out_note->text, &lines) || lines.bytes == 0) {
		return ALM_NOTE_MALFORMED;
	}
	while (lines.bytes > 0) {
		if (out_note->signature_count == ALM_NOTE_SIGNATURES_MAX ||
			!alm_line_take(&lines, &line) ||
			!parse_line(
				line, &out_note->signatures
					       [out_note->signature_count])) {
			return ALM_NOTE_MALFORMED;
		}
		out_note->signature_count++;
	}
	return ALM_OK;
}

/* --- signatures ----------------------------------------------------------- */

bool alm_note_is_by(const struct alm_note_signature *signature,
	const struct alm_note_key *key)
{
	return alm_line_is(signature->name, key->name) &&
	       memcmp(signature->id, key->id, sizeof(key->id)) == 0;
}

/* What a cosigner signs; false if it does not fit. */
static bool cosigned_text(
	struct alm_writer *writer, struct alm_bytes text, uint64_t time_s)
{
	alm_line_put(writer, "cosignature/v1\ntime ");
	alm_line_put_number(writer, time_s);
	alm_line_put(writer, "\n");
	alm_write_raw(writer, text.data, text.bytes);
	return !writer->is_bad;
}

static bool verify_cosignature(struct alm_bytes text,
	const struct alm_note_signature *signature,
	const struct alm_note_key *key, uint64_t *out_time_s)
{
	uint8_t signed_text[ALM_CHECKPOINT_BYTES_MAX + 64];
	struct alm_writer writer;
	uint64_t time_s;

	if (signature->bytes != ALM_COSIGNATURE_BYTES) {
		return false;
	}
	time_s = alm_get_u64(signature->raw);
	alm_writer_init(&writer, signed_text, sizeof(signed_text));
	if (!cosigned_text(&writer, text, time_s) ||
		crypto_sign_verify_detached(signature->raw + 8, signed_text,
			writer.bytes, key->key) != 0) {
		return false;
	}
	if (out_time_s != NULL) {
		*out_time_s = time_s;
	}
	return true;
}

static bool verify_one(struct alm_bytes text,
	const struct alm_note_signature *signature,
	const struct alm_note_key *key, uint64_t *out_time_s)
{
	switch (key->type) {
	case ALM_NOTE_ED25519:
		return signature->bytes == ALM_SIGNATURE_BYTES &&
		       crypto_sign_verify_detached(signature->raw, text.data,
			       text.bytes, key->key) == 0;
	case ALM_NOTE_COSIGNATURE:
		return verify_cosignature(text, signature, key, out_time_s);
	}
	return false;
}

enum alm_note_verdict alm_note_verify(const struct alm_note *note,
	const struct alm_note_key *key, uint64_t *out_time_s)
{
	enum alm_note_verdict verdict = ALM_NOTE_ABSENT;

	for (size_t i = 0; i < note->signature_count; i++) {
		if (!alm_note_is_by(&note->signatures[i], key)) {
			continue;
		}
		/* Twice the same key says nothing more, and hides things. */
		if (verdict != ALM_NOTE_ABSENT ||
			!verify_one(note->text, &note->signatures[i], key,
				out_time_s)) {
			return ALM_NOTE_INVALID;
		}
		verdict = ALM_NOTE_GOOD;
	}
	return verdict;
}

void alm_note_put_line(struct alm_writer *writer,
	const struct alm_note_key *key, struct alm_bytes signature)
{
	uint8_t raw[ALM_NOTE_ID_BYTES + ALM_COSIGNATURE_BYTES];

	ALM_ASSERT(signature.bytes <= ALM_COSIGNATURE_BYTES);
	memcpy(raw, key->id, ALM_NOTE_ID_BYTES);
	memcpy(raw + ALM_NOTE_ID_BYTES, signature.data, signature.bytes);
	alm_line_put(writer, DASH);
	alm_line_put(writer, key->name);
	alm_line_put(writer, " ");
	alm_line_put_base64(writer,
		(struct alm_bytes){raw, ALM_NOTE_ID_BYTES + signature.bytes});
	alm_line_put(writer, "\n");
}

void alm_note_sign(struct alm_writer *writer, struct alm_bytes text,
	const struct alm_note_key *key, const uint8_t secret[64])
{
	uint8_t signature[ALM_SIGNATURE_BYTES];

	(void)crypto_sign_detached(
		signature, NULL, text.data, text.bytes, secret);
	alm_note_put_line(
		writer, key, (struct alm_bytes){signature, sizeof(signature)});
}

void alm_cosign(struct alm_bytes text, uint64_t time_s,
	const uint8_t secret[64], uint8_t out[ALM_COSIGNATURE_BYTES])
{
	uint8_t signed_text[ALM_CHECKPOINT_BYTES_MAX + 64];
	struct alm_writer writer;

	alm_writer_init(&writer, signed_text, sizeof(signed_text));
	ALM_ASSERT(cosigned_text(&writer, text, time_s));
	alm_put_u64(out, time_s);
	(void)crypto_sign_detached(
		out + 8, NULL, signed_text, writer.bytes, secret);
}

/* --- checkpoints ---------------------------------------------------------- */

void alm_checkpoint_write(
	struct alm_writer *writer, const struct alm_checkpoint *checkpoint)
{
	alm_line_put(writer, checkpoint->origin);
	alm_line_put(writer, "\n");
	alm_line_put_number(writer, checkpoint->size);
	alm_line_put(writer, "\n");
	alm_line_put_base64(writer,
		(struct alm_bytes){checkpoint->root.raw, ALM_DIGEST_BYTES});
	alm_line_put(writer, "\n");
}

enum alm_err alm_checkpoint_parse(
	struct alm_bytes text, struct alm_checkpoint *out_checkpoint)
{
	struct alm_checkpoint checkpoint;
	struct alm_bytes line;

	if (!alm_line_take(&text, &line) ||
		line.bytes >= sizeof(checkpoint.origin)) {
		return ALM_NOTE_MALFORMED;
	}
	memcpy(checkpoint.origin, line.data, line.bytes);
	checkpoint.origin[line.bytes] = '\0';
	if (!alm_note_name_is_valid(checkpoint.origin) ||
		!alm_line_take(&text, &line) ||
		!alm_line_number(line, &checkpoint.size) ||
		!alm_line_take(&text, &line) ||
		!alm_line_base64(line, checkpoint.root.raw, ALM_DIGEST_BYTES) ||
		text.bytes != 0) {
		return ALM_NOTE_MALFORMED;
	}
	*out_checkpoint = checkpoint;
	return ALM_OK;
}
