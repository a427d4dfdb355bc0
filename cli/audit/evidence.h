/*
 * evidence.h - files of evidence: asking for them, keeping them, and what is
 * shared by the commands that check them.
 */
#ifndef ALM_CLI_AUDIT_EVIDENCE_H
#define ALM_CLI_AUDIT_EVIDENCE_H

#include "broker/store/check.h"
#include "cli/admin.h"
#include "cli/args.h"

/**
 * Ask for a file, as an agent with --context, else over the administration
 * socket.
 * Out:     out_data   heap; free() it
 * Errors:  as alm_admin_ask(), and those of the answer
 */
ALM_MUST_USE enum alm_err alm_audit_fetch(const struct alm_args *args,
	const struct alm_ask *ask, uint8_t **out_data, size_t *out_bytes,
	struct alm_problem *problem);

/** Nothing may stand where --out is to be written, unless --force is given.
 * Errors: FILE_EXISTS. */
ALM_MUST_USE enum alm_err alm_audit_check_out(
	const struct alm_args *args, struct alm_problem *problem);

/** Ask for a file and keep it.  Gives the exit code. */
int alm_audit_fetch_and_keep(
	const struct alm_args *args, const struct alm_ask *ask);

/** Write to --out, or to standard output.  Gives the exit code. */
int alm_audit_keep(const struct alm_args *args, struct alm_bytes file);

/** Whom to trust: --audit-key, else the keys of the context, if it has any;
 * --witness and --strict.
 * Errors: USAGE: not a key, or too many; those of alm_context_value(). */
ALM_MUST_USE enum alm_err alm_audit_trust_read(const struct alm_args *args,
	struct alm_trust *out_trust, struct alm_problem *problem);

/** Read a signed head from a file, and check it if keys were given.
 * Errors: those of alm_file_read() and alm_check_head(). */
ALM_MUST_USE enum alm_err alm_audit_head_read(const char *path,
	const struct alm_trust *trust, struct alm_checkpoint *out_head,
	struct alm_problem *problem);

/** A page of `audit query --proof --json`, each row with its header or, where
 * the asker is not shown that, its digest (counted in `singles`).
 * Errors: as alm_check_receipt() */
ALM_MUST_USE enum alm_err alm_audit_check_page(const struct alm_trust *trust,
	struct alm_bytes bytes, struct alm_arena *arena,
	struct alm_checked *out_checked, struct alm_problem *problem);

/** Check the files and folders that are named.  Gives the exit code. */
int alm_audit_check_files(const struct alm_args *args);

/** Make the bundle that the options of audit bundle say.  Gives the exit
 * code. */
int alm_audit_bundle_make(const struct alm_args *args);

/** What was checked of a folder as tlog-tiles lays it out. */
struct alm_tiles_checked {
	struct alm_checked checked;
	uint64_t entries;
	uint64_t tiles;
};

/** Every entry, tile and the signed head of a folder.
 * Errors: as alm_check_head(), PROOF_WRONG, IO */
ALM_MUST_USE enum alm_err alm_tiles_check(const char *folder,
	const struct alm_trust *trust, struct alm_tiles_checked *out_checked,
	struct alm_problem *problem);

#endif /* ALM_CLI_AUDIT_EVIDENCE_H */
