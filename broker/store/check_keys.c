/*
 * Whose signatures count in a bundle: those of the keys that its reader
 * trusts, and of those that records of the same log name.
 */
#include <string.h>

#include "broker/store/check_inside.h"
#include "lib/id.h"

bool alm_named_keys_add(
	struct alm_named_keys *named, const struct alm_audit_record *record)
{
	struct alm_named_key *key = &named->keys[named->count];

	if (record->kind != ALM_AUDIT_KEY_ADDED &&
		record->kind != ALM_AUDIT_WITNESS) {
		return true;
	}
	if (named->count == ALM_NAMED_KEYS_MAX) {
		return false;
	}
	key->kind = record->kind;
	memcpy(key->key, record->content.raw, sizeof(key->key));
	alm_text_copy(
		key->organisation, sizeof(key->organisation), record->sender);
	named->count++;
	return true;
}

static bool line_name(
	const struct alm_note_signature *line, char out[ALM_NOTE_NAME_BYTES])
{
	if (line->name.bytes >= ALM_NOTE_NAME_BYTES) {
		return false;
	}
	memcpy(out, line->name.data, line->name.bytes);
	out[line->name.bytes] = '\0';
	return true;
}

/* A witness's key has the name of an agent of the organisation that the
 * record names. */
static bool is_line_of(const struct alm_note_signature *line,
	const struct alm_named_key *named, struct alm_note_key *out_key)
{
	size_t bytes = strlen(named->organisation);
	char name[ALM_NOTE_NAME_BYTES];

	if (named->kind != ALM_AUDIT_WITNESS || !line_name(line, name)) {
		return false;
	}
	return strncmp(name, named->organisation, bytes) == 0 &&
	       name[bytes] == '/' &&
	       alm_note_key_make(name, ALM_NOTE_COSIGNATURE, named->key,
		       out_key) == ALM_OK &&
	       alm_note_is_by(line, out_key);
}

static bool is_known(
	const struct alm_trust *trust, const struct alm_note_key *key)
{
	for (size_t i = 0; i < trust->witness_count; i++) {
		if (memcmp(trust->witnesses[i].key, key->key,
			    sizeof(key->key)) == 0 &&
			strcmp(trust->witnesses[i].name, key->name) == 0) {
			return true;
		}
	}
	return false;
}

/* One whose line stands there twice is one witness, and a stranger. */
static void add_witnesses(const struct alm_named_keys *named,
	const struct alm_note *note, struct alm_trust *wide)
{
	for (size_t i = 0; i < note->signature_count; i++) {
		for (size_t k = 0;
			k < named->count &&
			wide->witness_count < ALM_TRUSTED_WITNESSES_MAX;
			k++) {
			struct alm_note_key *key =
				&wide->witnesses[wide->witness_count];

			if (is_line_of(&note->signatures[i], &named->keys[k],
				    key)) {
				wide->witness_count +=
					is_known(wide, key) ? 0 : 1;
				break;
			}
		}
	}
}

static bool has_signed(
	const struct alm_note *note, const struct alm_named_key *named)
{
	struct alm_note_key key;

	for (size_t i = 0; i < note->signature_count; i++) {
		char name[ALM_NOTE_NAME_BYTES];

		if (line_name(&note->signatures[i], name) &&
			alm_note_key_make(name, ALM_NOTE_ED25519, named->key,
				&key) == ALM_OK &&
			alm_note_is_by(&note->signatures[i], &key)) {
			return true;
		}
	}
	return false;
}

/* A second key of the log signs beside the trusted one while keys change.  Of
 * all that a log of many years names, those count that this head is of. */
static void add_log_keys(const struct alm_named_keys *named,
	const struct alm_note *note, struct alm_trust *wide)
{
	for (size_t k = 0; k < named->count; k++) {
		bool is_known = named->keys[k].kind != ALM_AUDIT_KEY_ADDED;

		for (size_t i = 0; i < wide->key_count; i++) {
			is_known |= memcmp(wide->keys[i], named->keys[k].key,
					    ALM_KEY_BYTES) == 0;
		}
		if (!is_known && wide->key_count < ALM_TRUSTED_KEYS_MAX &&
			has_signed(note, &named->keys[k])) {
			memcpy(wide->keys[wide->key_count++],
				named->keys[k].key, ALM_KEY_BYTES);
		}
	}
}

void alm_trust_widen(const struct alm_trust *trust,
	const struct alm_named_keys *named, struct alm_bytes note_bytes,
	struct alm_trust *out_wide)
{
	struct alm_note note;

	*out_wide = *trust;
	out_wide->is_strict = true;
	out_wide->needs_witness = false; /* whom the reader named is checked */
	if (alm_note_parse(note_bytes, &note) == ALM_OK) {
		add_log_keys(named, &note, out_wide);
		/* Those that the reader named would count twice. */
		out_wide->witness_count = 0;
		add_witnesses(named, &note, out_wide);
	}
}
