/*
 * Opening the signer.  Order: origin, keys, the head kept outside, then the
 * record of what changed; nothing is signed before the log was found to
 * contain the last head that was.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/broker.h"
#include "broker/config/credential.h"
#include "broker/edge/clock.h"
#include "broker/evidence/checkpoint.h"
#include "broker/evidence/keeper.h"
#include "broker/loop/detail.h"
#include "lib/file.h"
#include "lib/id.h"

/* Where the newest head is kept outside the store. */
static void find_head_file(
	const struct alm_settings *settings, char out[PATH_MAX])
{
	size_t bytes = strlen(settings->store);

	if (settings->audit_head_file[0] != '\0') {
		alm_text_copy(out, PATH_MAX, settings->audit_head_file);
		return;
	}
	while (bytes > 1 && settings->store[bytes - 1] == '/') {
		bytes--;
	}
	(void)snprintf(out, PATH_MAX, "%.*s-head/signed-head",
		(int)(bytes < PATH_MAX / 2 ? bytes : PATH_MAX / 2),
		settings->store);
}

/* --- keys ----------------------------------------------------------------- */

static enum alm_err add_key(struct alm_signer *signer, const char *name,
	struct alm_problem *problem)
{
	size_t at = signer->key_count;
	uint8_t seed[ALM_KEY_BYTES];
	uint8_t public_key[ALM_KEY_BYTES];
	enum alm_err err = alm_credential_read(name, seed, problem);

	if (err == ALM_OK) {
		(void)crypto_sign_seed_keypair(
			public_key, signer->secrets[at], seed);
		err = alm_note_key_make(signer->origin, ALM_NOTE_ED25519,
			public_key, &signer->keys[at]);
	}
	sodium_memzero(seed, sizeof(seed));
	if (err == ALM_OK) {
		signer->key_count++;
	}
	return err;
}

static bool is_used(
	const struct alm_signer *signer, const uint8_t key[ALM_KEY_BYTES])
{
	for (size_t i = 0; i < signer->key_count; i++) {
		if (memcmp(signer->keys[i].key, key, ALM_KEY_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

/* A broker may be without a key as long as its log was never signed. */
static enum alm_err read_keys(struct alm_broker *broker,
	struct alm_signer *signer, struct alm_problem *problem)
{
	const struct alm_settings *settings = &broker->settings;
	struct alm_audit_key known;
	char path[PATH_MAX];
	enum alm_err err;

	alm_credential_path(settings->audit_key_file, path);
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		err = alm_store_audit_key_next(broker->store, NULL, &known);
		if (err == ALM_OK) {
			return alm_problem_set(
				problem, ALM_AUDIT_KEY, "%s", path);
		}
		return err == ALM_NOT_FOUND ? ALM_OK : err;
	}
	err = add_key(signer, settings->audit_key_file, problem);
	if (err == ALM_OK && settings->audit_key_next_file[0] != '\0') {
		err = add_key(signer, settings->audit_key_next_file, problem);
	}
	if (err == ALM_OK && signer->key_count == 2 &&
		memcmp(signer->keys[0].key, signer->keys[1].key,
			ALM_KEY_BYTES) == 0) {
		return alm_problem_set(problem, ALM_CONFIG,
			"audit-key-next-file is the same key as "
			"audit-key-file");
	}
	return err;
}

/* --- records of keys ------------------------------------------------------ */

static enum alm_err record_key(struct alm_store *store,
	enum alm_audit_kind kind, const struct alm_signer *signer,
	struct alm_audit_key *key)
{
	struct alm_audit_record record = alm_audit_record_empty(kind);
	struct alm_note_key note_key;
	char text[ALM_NOTE_KEY_TEXT_BYTES];
	char detail[ALM_NOTE_KEY_TEXT_BYTES + 16];
	enum alm_err err;

	memcpy(record.content.raw, key->key, sizeof(record.content.raw));
	err = alm_note_key_make(
		signer->origin, ALM_NOTE_ED25519, key->key, &note_key);
	if (err != ALM_OK) {
		return err;
	}
	alm_note_key_text(&note_key, text);
	(void)snprintf(detail, sizeof(detail), "key: %s\n", text);
	err = alm_store_audit_append(store, &record, detail);
	if (err == ALM_OK && kind == ALM_AUDIT_KEY_ADDED) {
		key->seq = record.seq;
		key->added_at_us = record.time_us;
	} else if (err == ALM_OK) {
		key->retired_at_us = record.time_us;
	}
	return err == ALM_OK ? alm_store_audit_key_put(store, key) : err;
}

static enum alm_err retire_keys(
	struct alm_store *store, const struct alm_signer *signer)
{
	struct alm_audit_key key;
	const uint8_t *after = NULL;
	enum alm_err err;

	while ((err = alm_store_audit_key_next(store, after, &key)) == ALM_OK) {
		if (key.retired_at_us == 0 && !is_used(signer, key.key)) {
			err = record_key(
				store, ALM_AUDIT_KEY_RETIRED, signer, &key);
			if (err != ALM_OK) {
				return err;
			}
		}
		after = key.key;
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

static enum alm_err add_keys(
	struct alm_store *store, const struct alm_signer *signer)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < signer->key_count && err == ALM_OK; i++) {
		struct alm_audit_key key = {.seq = 0};
		struct alm_audit_key known;
		const uint8_t *after = NULL;
		bool is_known = false;

		while (!is_known && alm_store_audit_key_next(
					    store, after, &known) == ALM_OK) {
			is_known = known.retired_at_us == 0 &&
				   memcmp(known.key, signer->keys[i].key,
					   ALM_KEY_BYTES) == 0;
			after = known.key;
		}
		if (!is_known) {
			memcpy(key.key, signer->keys[i].key, ALM_KEY_BYTES);
			err = record_key(
				store, ALM_AUDIT_KEY_ADDED, signer, &key);
		}
	}
	return err;
}

static enum alm_err begin(struct alm_store *store)
{
	uint8_t seed[32];
	enum alm_err err;

	randombytes_buf(seed, sizeof(seed));
	err = alm_store_begin(store, alm_clock_wall_us(), seed);
	sodium_memzero(seed, sizeof(seed));
	return err;
}

static enum alm_err record_keys(
	struct alm_store *store, const struct alm_signer *signer)
{
	enum alm_err err = begin(store);

	if (err == ALM_OK) {
		err = add_keys(store, signer);
	}
	if (err == ALM_OK && signer->key_count > 0) {
		err = retire_keys(store, signer);
	}
	if (err != ALM_OK) {
		alm_store_abort(store);
		return err;
	}
	return alm_store_commit(store);
}

/* --- the head outside ----------------------------------------------------- */

static enum alm_err make_head_folder(
	const struct alm_signer *signer, struct alm_problem *problem)
{
	char path[PATH_MAX];
	const char *folder;

	alm_text_copy(path, sizeof(path), signer->head_file);
	folder = dirname(path);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		return alm_problem_set(problem, ALM_IO,
			"audit-head-file: %s: %s", folder, strerror(errno));
	}
	return ALM_OK;
}

/* What is on disk already may be shown at once. */
static enum alm_err load_last(
	struct alm_store *store, struct alm_signer *signer)
{
	struct alm_signed_head head;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ALM_HEAD_BYTES_MAX * 4);
	err = alm_store_head_last(store, &arena, &head);
	if (err == ALM_OK && head.note.bytes < sizeof(signer->note)) {
		signer->size = head.size;
		signer->at_us = head.signed_at_us;
		memcpy(signer->note, head.note.data, head.note.bytes);
		signer->note[head.note.bytes] = '\0';
	}
	alm_arena_fini(&arena);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_signer_open(struct alm_broker *broker,
	struct alm_signer **out_signer, struct alm_problem *problem)
{
	struct alm_signer *signer = sodium_malloc(sizeof(*signer));
	enum alm_err err = ALM_NOMEM;

	if (signer == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "audit keys");
	}
	memset(signer, 0, sizeof(*signer));
	signer->signed_at_ms = INT64_MIN / 2;
	signer->published_at_ms = INT64_MIN / 2;
	find_head_file(&broker->settings, signer->head_file);
	err = alm_store_origin(broker->store, signer->origin);
	if (err == ALM_OK) {
		err = read_keys(broker, signer, problem);
	}
	if (err == ALM_OK) {
		err = alm_signer_check_head(broker->store, signer, problem);
	}
	if (err == ALM_OK && signer->key_count > 0) {
		err = make_head_folder(signer, problem);
	}
	if (err == ALM_OK) {
		err = record_keys(broker->store, signer);
	}
	if (err == ALM_OK) {
		err = load_last(broker->store, signer);
	}
	if (err == ALM_OK && signer->key_count > 0) {
		err = alm_keeper_open(signer->head_file, &signer->keeper);
	}
	if (err != ALM_OK) {
		alm_signer_close(signer);
		return err;
	}
	*out_signer = signer;
	return ALM_OK;
}

void alm_signer_close(struct alm_signer *signer)
{
	if (signer != NULL) {
		alm_keeper_close(signer->keeper);
	}
	sodium_free(signer); /* zeroes it */
}

/* --- another log ---------------------------------------------------------- */

static enum alm_err record_origin(struct alm_store *store, const char *reason,
	const char *old, struct alm_problem *problem)
{
	struct alm_audit_record record =
		alm_audit_record_empty(ALM_AUDIT_ORIGIN);
	struct alm_detail *detail = malloc(sizeof(*detail));
	enum alm_err err = detail == NULL ? ALM_NOMEM : begin(store);

	if (err == ALM_OK) {
		alm_detail_init(detail);
		alm_detail_text(detail, "what", "new-origin");
		alm_detail_text(detail, "reason", reason);
		alm_detail_text(detail, "head", old);
		err = alm_store_audit_append(
			store, &record, alm_detail_finish(detail));
		if (err == ALM_OK) {
			err = alm_store_origin_renew(
				store, record.time_us, record.seq);
		}
		if (err == ALM_OK) {
			err = alm_store_commit(store);
		} else {
			alm_store_abort(store);
		}
	}
	free(detail);
	return err == ALM_OK ? ALM_OK
			     : alm_problem_set(problem, err, "new origin");
}

/* The old head stays beside the new one, as evidence. */
static enum alm_err set_aside(const char *path, struct alm_problem *problem)
{
	char aside[PATH_MAX + 32];

	(void)snprintf(aside, sizeof(aside), "%s.%lld", path,
		(long long)alm_clock_wall_us());
	if (rename(path, aside) != 0 && errno != ENOENT) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", path, strerror(errno));
	}
	return ALM_OK;
}

enum alm_err alm_origin_renew(const struct alm_settings *settings,
	struct alm_store *store, const char *reason,
	char out_origin[ALM_NOTE_NAME_BYTES], struct alm_problem *problem)
{
	char path[PATH_MAX];
	uint8_t *old = NULL;
	size_t bytes = 0;
	enum alm_err err;

	find_head_file(settings, path);
	err = alm_file_read(path, ALM_NOTE_BYTES_MAX, &old, &bytes, problem);
	if (err == ALM_OK || err == ALM_NOT_FOUND) {
		err = record_origin(store, reason,
			old == NULL ? "" : (const char *)old, problem);
	}
	if (err == ALM_OK) {
		err = alm_store_origin(store, out_origin);
	}
	if (err == ALM_OK) {
		err = set_aside(path, problem);
	}
	free(old);
	return err;
}
