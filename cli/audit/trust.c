/*
 * trust.c - whose signatures the reader of evidence believes: the keys that
 * were given, and a signed head that was seen before.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/audit/evidence.h"
#include "cli/context.h"
#include "lib/file.h"
#include "lib/id.h"

static enum alm_err add_key(
	const char *text, struct alm_trust *trust, struct alm_problem *problem)
{
	struct alm_note_key key;

	if (trust->key_count == ALM_TRUSTED_KEYS_MAX) {
		return alm_problem_set(problem, ALM_USAGE, "--audit-key");
	}
	if (alm_unhex(text, key.key, sizeof(key.key)) != ALM_OK &&
		(alm_note_key_parse(text, &key) != ALM_OK ||
			key.type != ALM_NOTE_ED25519)) {
		return alm_problem_set(problem, ALM_USAGE,
			"--audit-key is 64 hex digits, or NAME+ID+KEY");
	}
	for (size_t i = 0; i < trust->key_count; i++) {
		if (memcmp(trust->keys[i], key.key, sizeof(key.key)) == 0) {
			return ALM_OK; /* given twice, it counts once */
		}
	}
	memcpy(trust->keys[trust->key_count++], key.key, sizeof(key.key));
	return ALM_OK;
}

static enum alm_err add_witness(
	const char *text, struct alm_trust *trust, struct alm_problem *problem)
{
	struct alm_note_key *key = &trust->witnesses[trust->witness_count];

	if (trust->witness_count == ALM_TRUSTED_WITNESSES_MAX ||
		alm_note_key_parse(text, key) != ALM_OK ||
		key->type != ALM_NOTE_COSIGNATURE) {
		return alm_problem_set(problem, ALM_USAGE,
			"--witness is NAME+ID+KEY, as audit witnesses shows "
			"it");
	}
	trust->needs_witness = true;
	for (size_t i = 0; i < trust->witness_count; i++) {
		const struct alm_note_key *known = &trust->witnesses[i];

		if (memcmp(known->key, key->key, sizeof(key->key)) == 0 &&
			strcmp(known->name, key->name) == 0) {
			return ALM_OK;
		}
	}
	trust->witness_count++;
	return ALM_OK;
}

/** One, or two with a comma between. */
static enum alm_err take_keys_of_context(const struct alm_args *args,
	struct alm_trust *trust, struct alm_problem *problem)
{
	char keys[PATH_MAX];
	enum alm_err err =
		alm_context_value(args, ALM_CONTEXT_AUDIT_KEY, keys, problem);

	for (char *next = keys, *key = NULL;
		err == ALM_OK && (key = strsep(&next, ",")) != NULL &&
		*key != '\0';) {
		err = add_key(key, trust, problem);
	}
	return err;
}

enum alm_err alm_audit_trust_read(const struct alm_args *args,
	struct alm_trust *out_trust, struct alm_problem *problem)
{
	const char *text;
	enum alm_err err = ALM_OK;

	*out_trust =
		(struct alm_trust){.is_strict = alm_args_has(args, "strict")};
	for (size_t i = 0; err == ALM_OK &&
			   (text = alm_args_nth(args, "audit-key", i)) != NULL;
		i++) {
		err = add_key(text, out_trust, problem);
	}
	if (err == ALM_OK && out_trust->key_count == 0) {
		err = take_keys_of_context(args, out_trust, problem);
	}
	for (size_t i = 0; err == ALM_OK &&
			   (text = alm_args_nth(args, "witness", i)) != NULL;
		i++) {
		err = add_witness(text, out_trust, problem);
	}
	return err;
}

enum alm_err alm_audit_head_read(const char *path,
	const struct alm_trust *trust, struct alm_checkpoint *out_head,
	struct alm_problem *problem)
{
	struct alm_trust own = *trust;
	struct alm_checked checked;
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err =
		alm_file_read(path, ALM_NOTE_BYTES_MAX, &data, &bytes, problem);

	if (err == ALM_OK) {
		own.needs_witness = false; /* the reader kept it himself */
		err = alm_check_head(&own, (struct alm_bytes){data, bytes},
			&checked, problem);
	}
	free(data);
	if (err == ALM_OK) {
		*out_head = checked.head;
	}
	return err;
}
