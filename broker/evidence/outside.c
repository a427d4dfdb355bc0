/*
 * The head that is kept outside the store, at a start: the log must contain
 * it, or records that were signed for are missing.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/evidence/checkpoint.h"
#include "lib/file.h"

static enum alm_err behind(struct alm_problem *problem,
	const struct alm_signer *signer, const char *why)
{
	return alm_problem_set(
		problem, ALM_LOG_BEHIND_HEAD, "%s: %s", signer->head_file, why);
}

/* A damaged record hides what the root was.  The store's own sealed copy of
 * that very head says the same: a log that was set back has none. */
static enum alm_err compare_copies(struct alm_store *store,
	const struct alm_signer *signer, uint64_t size, struct alm_bytes bytes,
	struct alm_problem *problem)
{
	struct alm_signed_head head;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ALM_HEAD_BYTES_MAX * 4);
	err = alm_store_head_from(store, size, &arena, &head);
	if (err == ALM_NOT_FOUND ||
		(err == ALM_OK &&
			(head.size != size || head.note.bytes != bytes.bytes ||
				memcmp(head.note.data, bytes.data,
					bytes.bytes) != 0))) {
		err = behind(problem, signer,
			"a damaged record hides whether the log contains it");
	}
	alm_arena_fini(&arena);
	return err;
}

static enum alm_err compare(struct alm_store *store,
	const struct alm_signer *signer, struct alm_bytes bytes,
	struct alm_problem *problem)
{
	struct alm_note *note = malloc(sizeof(*note));
	struct alm_checkpoint kept;
	struct alm_audit_head head;
	enum alm_err err = note == NULL ? ALM_NOMEM : ALM_OK;

	if (err == ALM_OK) {
		err = alm_note_parse(bytes, note);
	}
	if (err == ALM_OK) {
		err = alm_checkpoint_parse(note->text, &kept);
	}
	free(note);
	if (err == ALM_NOTE_MALFORMED) {
		return behind(problem, signer, "it is no signed head");
	}
	if (err != ALM_OK) {
		return err;
	}
	if (strcmp(kept.origin, signer->origin) != 0) {
		return behind(problem, signer, "it is of another log");
	}
	err = alm_audit_head_at(store, kept.size, &head);
	if (err == ALM_STORE_CORRUPT) {
		return compare_copies(store, signer, kept.size, bytes, problem);
	}
	if (err == ALM_NOT_FOUND) {
		return behind(problem, signer, "it has more records");
	}
	if (err == ALM_OK &&
		memcmp(head.root.raw, kept.root.raw, ALM_DIGEST_BYTES) != 0) {
		return behind(problem, signer, "it has another root");
	}
	return err;
}

/* Whether a head that was kept in the store is of this log's present name. */
static enum alm_err read_own(struct alm_store *store,
	const struct alm_signer *signer, struct alm_arena *arena,
	bool *out_is_own)
{
	struct alm_note *note = alm_arena_take(arena, sizeof(*note));
	struct alm_checkpoint checkpoint;
	struct alm_signed_head head;
	enum alm_err err = note == NULL
				   ? ALM_NOMEM
				   : alm_store_head_last(store, arena, &head);

	if (err == ALM_OK) {
		err = alm_note_parse(head.note, note);
	}
	if (err == ALM_OK) {
		err = alm_checkpoint_parse(note->text, &checkpoint);
	}
	if (err == ALM_OK) {
		*out_is_own = strcmp(checkpoint.origin, signer->origin) == 0;
	}
	return err == ALM_NOTE_MALFORMED ? ALM_STORE_CORRUPT : err;
}

/* Without the file outside nobody can tell whether the store was set back: of
 * a log that was signed it must be there. */
static enum alm_err check_unsigned(struct alm_store *store,
	const struct alm_signer *signer, struct alm_problem *problem)
{
	struct alm_arena arena;
	bool is_own = false;
	enum alm_err err;

	alm_arena_init(&arena, ALM_HEAD_BYTES_MAX * 8);
	err = read_own(store, signer, &arena, &is_own);
	alm_arena_fini(&arena);
	if (err == ALM_OK && is_own) {
		return behind(problem, signer,
			"it is missing, and the log was signed; put it back, "
			"or the newest head that was kept elsewhere");
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

enum alm_err alm_signer_check_head(struct alm_store *store,
	const struct alm_signer *signer, struct alm_problem *problem)
{
	uint8_t *data = NULL;
	size_t bytes = 0;
	enum alm_err err = alm_file_read(
		signer->head_file, ALM_NOTE_BYTES_MAX, &data, &bytes, problem);

	if (err == ALM_NOT_FOUND) {
		problem->err = ALM_OK;
		problem->detail[0] = '\0';
		return check_unsigned(store, signer, problem);
	}
	if (err == ALM_OK) {
		err = compare(store, signer, (struct alm_bytes){data, bytes},
			problem);
	}
	free(data);
	return err;
}
