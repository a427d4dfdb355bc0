/*
 * The verification of the heads that were kept: each must be signed by keys
 * of the log, and be the head that its records give.  It comes after that of
 * the records and tiles, from which the roots are taken here.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/evidence.h"
#include "broker/store/verify.h"

/* A broker that has a key signs within a second. */
#define UNSIGNED_US_MAX (INT64_C(60) * 1000000)
#define KEYS_MAX 1024u

struct heads {
	struct alm_verify *verify;
	char origin[ALM_NOTE_NAME_BYTES];
	struct alm_audit_key *keys;
	size_t key_count;
	struct alm_note note;
	struct alm_arena arena;
};

static enum alm_err load_keys(struct heads *heads)
{
	const uint8_t *after = NULL;
	enum alm_err err = ALM_OK;

	while (heads->key_count < KEYS_MAX) {
		struct alm_audit_key *key = &heads->keys[heads->key_count];

		err = alm_store_audit_key_next(
			heads->verify->store, after, key);
		if (err != ALM_OK) {
			break;
		}
		after = key->key;
		heads->key_count++;
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* Under the name that the head has: a log may have been renamed. */
static size_t count_good(
	struct heads *heads, const char *origin, bool *out_is_bad)
{
	size_t good = 0;

	*out_is_bad = false;
	for (size_t i = 0; i < heads->key_count; i++) {
		struct alm_note_key key;

		if (alm_note_key_make(origin, ALM_NOTE_ED25519,
			    heads->keys[i].key, &key) != ALM_OK) {
			continue;
		}
		switch (alm_note_verify(&heads->note, &key, NULL)) {
		case ALM_NOTE_GOOD:
			good++;
			break;
		case ALM_NOTE_INVALID:
			*out_is_bad = true;
			break;
		case ALM_NOTE_ABSENT:
			break;
		}
	}
	return good;
}

static bool is_of_store(const struct heads *heads, const char *origin)
{
	/* `almoner/` and the store's id; a later origin has more. */
	size_t bytes = sizeof("almoner/") - 1 + 2 * (size_t)ALM_STORE_ID_BYTES;

	return strncmp(heads->origin, origin, bytes) == 0;
}

static enum alm_err check_head(
	struct heads *heads, const struct alm_signed_head *head)
{
	struct alm_verify *verify = heads->verify;
	struct alm_checkpoint checkpoint;
	struct alm_audit_head found;
	bool is_bad = false;
	enum alm_err err;

	if (alm_note_parse(head->note, &heads->note) != ALM_OK ||
		alm_checkpoint_parse(heads->note.text, &checkpoint) != ALM_OK ||
		checkpoint.size != head->size ||
		!is_of_store(heads, checkpoint.origin)) {
		return alm_verify_damage(verify, 0,
			"the head of %" PRIu64 " records is damaged",
			head->size);
	}
	err = alm_audit_head_at(verify->store, head->size, &found);
	if (err != ALM_OK) {
		return alm_verify_read_error(verify, "tile", err);
	}
	if (memcmp(found.root.raw, checkpoint.root.raw, ALM_DIGEST_BYTES) !=
		0) {
		return alm_verify_damage(verify, 0,
			"the head of %" PRIu64
			" records was signed for another log",
			head->size);
	}
	if (count_good(heads, checkpoint.origin, &is_bad) !=
			heads->note.signature_count ||
		is_bad) {
		return alm_verify_damage(verify, 0,
			"the head of %" PRIu64
			" records is not signed by the log's keys",
			head->size);
	}
	verify->report->heads++;
	verify->report->signed_size = head->size;
	if (head->note.bytes < sizeof(verify->report->head_note)) {
		memcpy(verify->report->head_note, head->note.data,
			head->note.bytes);
		verify->report->head_note[head->note.bytes] = '\0';
	}
	return ALM_OK;
}

/* Heads beyond the size that was seen first are of later turns. */
static enum alm_err check_heads(struct heads *heads)
{
	struct alm_verify *verify = heads->verify;
	struct alm_signed_head head = {.size = 0};
	enum alm_err err = ALM_OK;

	while (err == ALM_OK && head.size < verify->state.frontier.size) {
		alm_arena_reset(&heads->arena);
		err = alm_store_head_from(
			verify->store, head.size + 1, &heads->arena, &head);
		if (err == ALM_OK && head.size <= verify->state.frontier.size) {
			err = check_head(heads, &head);
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

static enum alm_err check_presence(const struct heads *heads)
{
	struct alm_verify *verify = heads->verify;

	for (size_t i = 0; i < heads->key_count; i++) {
		if (verify->report->heads == 0 &&
			verify->state.last_time_us -
					heads->keys[i].added_at_us >
				UNSIGNED_US_MAX) {
			return alm_verify_damage(verify, 0,
				"the log has a key, and no head is signed");
		}
	}
	return ALM_OK;
}

enum alm_err alm_verify_heads(struct alm_verify *verify)
{
	struct heads *heads = calloc(1, sizeof(*heads));
	enum alm_err err;

	if (heads == NULL) {
		return ALM_NOMEM;
	}
	heads->verify = verify;
	heads->keys = calloc(KEYS_MAX, sizeof(*heads->keys));
	alm_arena_init(&heads->arena, ALM_HEAD_BYTES_MAX * 4);
	err = heads->keys == NULL
		      ? ALM_NOMEM
		      : alm_store_origin(verify->store, heads->origin);
	if (err == ALM_OK) {
		err = load_keys(heads);
	}
	if (err == ALM_OK) {
		err = check_heads(heads);
	}
	if (err == ALM_STORE_CORRUPT) {
		err = alm_verify_read_error(verify, "evidence", err);
	}
	if (err == ALM_OK) {
		err = check_presence(heads);
	}
	alm_arena_fini(&heads->arena);
	free(heads->keys);
	free(heads);
	return err;
}

static enum alm_err load_state(struct alm_store *store)
{
	struct alm_problem problem = {.err = ALM_OK};
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err == ALM_OK) {
		err = alm_state_read(store, txn, &store->state, &problem);
		alm_store_view_end(store);
	}
	return err;
}

enum alm_err alm_audit_head_of(
	const char *path, uint64_t size, struct alm_audit_head *out_head)
{
	const struct alm_store_options options = {
		.path = path, .is_read_only = true};
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_store *store = NULL;
	enum alm_err err = alm_store_open_parts(&options, &store, &problem);

	if (err == ALM_OK) {
		err = load_state(store);
	}
	if (err == ALM_OK) {
		err = alm_audit_head_at(store, size, out_head);
	}
	alm_store_close(store);
	return err;
}
