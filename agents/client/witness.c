/*
 * The head that was seen last is written to disk before its cosignature leaves
 * this function, so a crash in between only leaves a head unsigned.  A log
 * under another origin is another log: a person must agree to witness it, by
 * taking the state file away.
 */
#include "agents/client/witness.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/file.h"
#include "lib/id.h"
#include "lib/tlog.h"

struct alm_client_witness {
	uint8_t secret[64];
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t log_keys[ALM_WITNESS_LOG_KEYS_MAX][ALM_KEY_BYTES];
	size_t log_key_count;
	char state_file[PATH_MAX];
	bool has_last;
	struct alm_checkpoint last;
	struct alm_hash *hash;
	struct alm_note note; /* of the head being looked at */
};

static enum alm_err load_last(
	struct alm_client_witness *witness, struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err = alm_file_read(witness->state_file,
		ALM_CHECKPOINT_BYTES_MAX, &data, &bytes, problem);

	if (err == ALM_NOT_FOUND) {
		*problem = (struct alm_problem){.err = ALM_OK};
		return ALM_OK;
	}
	if (err == ALM_OK &&
		alm_checkpoint_parse((struct alm_bytes){data, bytes},
			&witness->last) != ALM_OK) {
		err = alm_problem_set(problem, ALM_CONTEXT,
			"%s: not what a witness remembers",
			witness->state_file);
	}
	witness->has_last = err == ALM_OK;
	free(data);
	return err;
}

enum alm_err alm_witness_new(const struct alm_witness_options *options,
	struct alm_client_witness **out_witness, struct alm_problem *problem)
{
	struct alm_client_witness *witness = sodium_malloc(sizeof(*witness));
	enum alm_err err;

	if (witness == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "witness");
	}
	memset(witness, 0, sizeof(*witness));
	if (options->key == NULL || options->state_file == NULL ||
		options->log_key_count == 0 ||
		options->log_key_count > ALM_WITNESS_LOG_KEYS_MAX) {
		err = alm_problem_set(problem, ALM_CONTEXT,
			"a witness needs witness-key, audit-key and "
			"witness-state");
	} else {
		(void)crypto_sign_seed_keypair(
			witness->public_key, witness->secret, options->key);
		memcpy(witness->log_keys, options->log_keys,
			options->log_key_count * 32);
		witness->log_key_count = options->log_key_count;
		alm_text_copy(witness->state_file, sizeof(witness->state_file),
			options->state_file);
		witness->hash = alm_hash_new();
		err = witness->hash == NULL ? ALM_NOMEM
					    : load_last(witness, problem);
	}
	if (err != ALM_OK) {
		alm_witness_free(witness);
		return err;
	}
	*out_witness = witness;
	return ALM_OK;
}

void alm_witness_free(struct alm_client_witness *witness)
{
	if (witness != NULL) {
		alm_hash_free(witness->hash);
		sodium_free(witness); /* zeroes it */
	}
}

uint64_t alm_witness_size(const struct alm_client_witness *witness)
{
	return witness->has_last ? witness->last.size : 0;
}

void alm_witness_key_text(
	const struct alm_client_witness *witness, char out[65])
{
	alm_hex(witness->public_key, sizeof(witness->public_key), out);
}

/* One of the log's keys must have signed, and none wrongly. */
static bool is_signed(
	struct alm_client_witness *witness, const struct alm_checkpoint *head)
{
	unsigned good = 0;

	for (size_t i = 0; i < witness->log_key_count; i++) {
		struct alm_note_key key;

		if (alm_note_key_make(head->origin, ALM_NOTE_ED25519,
			    witness->log_keys[i], &key) != ALM_OK) {
			return false;
		}
		switch (alm_note_verify(&witness->note, &key, NULL)) {
		case ALM_NOTE_GOOD:
			good++;
			break;
		case ALM_NOTE_INVALID:
			return false;
		case ALM_NOTE_ABSENT:
			break;
		}
	}
	return good > 0;
}

static enum alm_witness_step alarm(
	struct alm_problem *problem, enum alm_err err, const char *why)
{
	(void)alm_problem_set(problem, err, "%s", why);
	return ALM_WITNESS_ALARM;
}

/* Whether the head extends the last one. */
static enum alm_witness_step judge(struct alm_client_witness *witness,
	const struct alm_tlog_growth *growth, const struct alm_checkpoint *head,
	struct alm_problem *problem)
{
	const struct alm_checkpoint *last = &witness->last;

	if (!is_signed(witness, head)) {
		return alarm(problem, ALM_SIGNATURE_ABSENT,
			"the head is not signed by the log's key");
	}
	if (!witness->has_last) {
		return ALM_WITNESS_COSIGN;
	}
	if (strcmp(head->origin, last->origin) != 0) {
		return alarm(problem, ALM_HEAD_INCONSISTENT,
			"the broker goes on as another log: ask its operator "
			"why, then remove the witness-state file");
	}
	if (growth->old_size != last->size ||
		!alm_merkle_verify_consistency(witness->hash, last->size,
			head->size, growth->path, growth->path_count,
			&last->root, &head->root)) {
		return alarm(problem, ALM_HEAD_INCONSISTENT,
			"the log is not the one that was cosigned before");
	}
	return head->size == last->size ? ALM_WITNESS_NOTHING
					: ALM_WITNESS_COSIGN;
}

enum alm_err alm_witness_take(struct alm_client_witness *witness,
	struct alm_bytes file, uint64_t time_s, enum alm_witness_step *out_step,
	uint64_t *out_size, uint8_t out_raw[ALM_COSIGNATURE_BYTES],
	struct alm_problem *problem)
{
	struct alm_tlog_growth growth;
	struct alm_checkpoint head;
	enum alm_err err;

	if (alm_tlog_growth_parse(file, &growth) != ALM_OK ||
		alm_note_parse(growth.note, &witness->note) != ALM_OK ||
		alm_checkpoint_parse(witness->note.text, &head) != ALM_OK) {
		*out_step = alarm(problem, ALM_NOTE_MALFORMED, "the proof");
		return ALM_OK;
	}
	*out_step = judge(witness, &growth, &head, problem);
	if (*out_step != ALM_WITNESS_COSIGN) {
		return ALM_OK;
	}
	err = alm_file_write(
		witness->state_file, witness->note.text, 0600, problem);
	if (err != ALM_OK) {
		return err;
	}
	witness->last = head;
	witness->has_last = true;
	alm_cosign(witness->note.text, time_s, witness->secret, out_raw);
	*out_size = head.size;
	return ALM_OK;
}
