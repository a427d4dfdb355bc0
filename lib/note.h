/*
 * note.h - signed notes (C2SP signed-note), checkpoints (tlog-checkpoint) and
 * their cosignatures (tlog-cosignature), with Ed25519.  docs/FORMAT.md has
 * the bytes.  Needs sodium_init(); no allocation.
 *
 * A note is a text that ends in a line feed, an empty line, and a line for
 * each signature.  Signatures by keys that nobody names are no error: who
 * reads a note must ask for those that count.
 */
#ifndef ALM_LIB_NOTE_H
#define ALM_LIB_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/limits.h"
#include "lib/merkle.h"

#define ALM_NOTE_NAME_BYTES 160u /* with its NUL */
#define ALM_NOTE_BYTES_MAX ((size_t)32 * 1024)
#define ALM_NOTE_SIGNATURES_MAX 64u
#define ALM_NOTE_ID_BYTES ((size_t)4)
/* Of a checkpoint's text without its signatures. */
#define ALM_CHECKPOINT_BYTES_MAX (ALM_NOTE_NAME_BYTES + (size_t)96)
/* The text of a key: name, id and type with key. */
#define ALM_NOTE_KEY_TEXT_BYTES (ALM_NOTE_NAME_BYTES + (size_t)64)
/* Of the bytes behind a key's id in a cosignature: time and signature. */
#define ALM_COSIGNATURE_BYTES ((size_t)8 + ALM_SIGNATURE_BYTES)

enum alm_note_type {
	ALM_NOTE_ED25519 = 1,
	ALM_NOTE_COSIGNATURE = 4,
};

/** A public key with its name. */
struct alm_note_key {
	char name[ALM_NOTE_NAME_BYTES];
	enum alm_note_type type;
	uint8_t key[ALM_KEY_BYTES];
	uint8_t id[ALM_NOTE_ID_BYTES];
};

/** Not empty, no space, no plus, no control character. */
bool alm_note_name_is_valid(const char *name);

/** Errors: VALUE_BAD: not a name. */
ALM_MUST_USE enum alm_err alm_note_key_make(const char *name,
	enum alm_note_type type, const uint8_t key[ALM_KEY_BYTES],
	struct alm_note_key *out_key);

/** As `name+id+key`, which C2SP calls a vkey. */
void alm_note_key_text(
	const struct alm_note_key *key, char out[ALM_NOTE_KEY_TEXT_BYTES]);
/** Errors: VALUE_BAD. */
ALM_MUST_USE enum alm_err alm_note_key_parse(
	const char *text, struct alm_note_key *out_key);

struct alm_note_signature {
	struct alm_bytes name;
	uint8_t id[ALM_NOTE_ID_BYTES];
	uint8_t raw[ALM_COSIGNATURE_BYTES];
	size_t bytes; /* of `raw` */
};

/** A note taken apart; text and names are borrowed. */
struct alm_note {
	struct alm_bytes text; /* with its last line feed */
	struct alm_note_signature signatures[ALM_NOTE_SIGNATURES_MAX];
	size_t signature_count;
};

/** Errors: NOTE_MALFORMED. */
ALM_MUST_USE enum alm_err alm_note_parse(
	struct alm_bytes bytes, struct alm_note *out_note);

/** A key's signature as a line's words; INVALID is worse than none. */
enum alm_note_verdict {
	ALM_NOTE_ABSENT,
	ALM_NOTE_GOOD,
	ALM_NOTE_INVALID,
};

/** Look for the signature of one key.  `out_time_s`, which may be NULL, is
 * when a cosigner says that it signed. */
enum alm_note_verdict alm_note_verify(const struct alm_note *note,
	const struct alm_note_key *key, uint64_t *out_time_s);

/** Whether a signature line is by this key, going by name and id. */
bool alm_note_is_by(const struct alm_note_signature *signature,
	const struct alm_note_key *key);

/**
 * Append a signature line over `text`, which is written already with the
 * empty line behind it.  `secret` is libsodium's 64 bytes.
 */
void alm_note_sign(struct alm_writer *writer, struct alm_bytes text,
	const struct alm_note_key *key, const uint8_t secret[64]);

/** A cosignature of a checkpoint's text, as it stands behind the key's id. */
void alm_cosign(struct alm_bytes text, uint64_t time_s,
	const uint8_t secret[64], uint8_t out[ALM_COSIGNATURE_BYTES]);
/** Append its line. */
void alm_note_put_line(struct alm_writer *writer,
	const struct alm_note_key *key, struct alm_bytes signature);

/** What a log's head says. */
struct alm_checkpoint {
	char origin[ALM_NOTE_NAME_BYTES];
	uint64_t size;
	struct alm_digest root;
};

/** The three lines. */
void alm_checkpoint_write(
	struct alm_writer *writer, const struct alm_checkpoint *checkpoint);
/** Exactly three lines: extensions are refused, nobody could audit them.
 * Errors: NOTE_MALFORMED. */
ALM_MUST_USE enum alm_err alm_checkpoint_parse(
	struct alm_bytes text, struct alm_checkpoint *out_checkpoint);

#endif /* ALM_LIB_NOTE_H */
