/*
 * err_audit_map.h - the part of the catalogue that is about the audit log and
 * the evidence from it; see lib/err_map.h for the columns.
 */
#ifndef ALM_LIB_ERR_AUDIT_MAP_H
#define ALM_LIB_ERR_AUDIT_MAP_H

/* clang-format off */
#define ALM_ERR_MAP_AUDIT(X) \
	X(AUDIT_DAMAGED, 6001, "audit-damaged", INTEGRITY, false, \
		"The audit log does not verify.", \
		"Keep this copy as evidence, and compare with a backup and " \
		"with published heads.") \
	X(AUDIT_TRUNCATED, 6002, "audit-truncated", INTEGRITY, false, \
		"The audit log is shorter than a head that was seen before.", \
		"Keep this copy as evidence; records are missing.") \
	X(CURSOR, 6003, "cursor-invalid", USAGE, false, \
		"The cursor does not belong to this question.", \
		"Ask again from the beginning.") \
	X(REASON_REQUIRED, 6004, "reason-required", USAGE, false, \
		"This question needs a reason, which is recorded.", \
		"Add --reason TEXT.  What asks the log as a routine may have a " \
		"standing reason: audit-reason of its context, or " \
		"ALMONER_AUDIT_REASON.") \
	X(ALREADY_REVIEWED, 6007, "already-reviewed", CONFLICT, false, \
		"The override was reviewed before.", \
		"almoner override list --all shows the review, which " \
		"stands.") \
	X(OWN_REVIEW, 6008, "own-review", DENIED, false, \
		"Nobody reviews their own override.", \
		"Somebody else must review it.") \
	X(NOT_YET_SIGNED, 6020, "not-yet-signed", UNAVAILABLE, true, \
		"No signed head of the log covers that record yet.", \
		"Try again in a second or two.  If it stays so, the broker " \
		"has no audit key: see OPERATIONS.md.") \
	X(LOG_BEHIND_HEAD, 6021, "log-behind-its-head", INTEGRITY, false, \
		"The log lacks records that a head was signed for, or has " \
		"others in their place, or nobody can tell.", \
		"Bring back the newest copy of the store, and the signed " \
		"head that is kept beside it.  If there is none, almonerd " \
		"--new-origin REASON goes on as another log.") \
	X(AUDIT_KEY, 6022, "audit-key-missing", INVALID, false, \
		"The log's heads were signed so far, and the key is not " \
		"there.", \
		"Bring back the file that audit-key-file names, or put a " \
		"new one there to change keys.") \
	X(NOTE_MALFORMED, 6023, "evidence-malformed", INTEGRITY, false, \
		"This is no receipt, bundle, proof or signed head.", \
		"It was changed or cut off: get it again from who made it.") \
	X(SIGNATURE_ABSENT, 6024, "signature-absent", INTEGRITY, false, \
		"The head is not signed by the key that was given.", \
		"Check the key with the log's operator; without a signature " \
		"it proves nothing.") \
	X(PROOF_WRONG, 6025, "proof-wrong", INTEGRITY, false, \
		"The proof does not lead to the head.", \
		"Keep the file as evidence: it was changed, or it is of " \
		"another log.") \
	X(HEAD_INCONSISTENT, 6026, "head-inconsistent", INTEGRITY, false, \
		"Two signed heads of one log do not fit together.", \
		"Keep both, and tell the other partners and the regulator: " \
		"the log was changed behind its head.") \
	X(COSIGNATURE, 6027, "cosignature-refused", REFUSED, false, \
		"The cosignature is not one of a head of this log by this " \
		"witness.", \
		"Ask for the head again, and check the witness key.") \
	X(PRUNE_LOST, 6030, "prune-lost", CONFLICT, true, \
		"The walk of this pruning is not known any more.", \
		"Begin again: what was done stays done.") \
	X(BACKUP_EXISTS, 6031, "backup-exists", CONFLICT, false, \
		"There is something where the backup would be made.", \
		"Name a folder that does not exist.") \
	X(BACKUP_BAD, 6032, "backup-unverified", INTEGRITY, false, \
		"The copy was made, and does not verify.", \
		"Do not rely on it; run almoner audit verify on the store.") \
	X(RECORD_DAMAGED, 6033, "record-damaged", INTEGRITY, false, \
		"This record of the audit log is damaged, and not shown.", \
		"The other records are served; take the copy of the record " \
		"from a backup as evidence.") \
	X(NOT_IN_REPORT, 6034, "report-incomplete", INTEGRITY, false, \
		"Records that belong in this report are damaged.", \
		"The report says how many; almoner audit verify says which.") \
	X(CLOCK_DOUBTFUL, 6035, "clock-doubtful", CONFLICT, false, \
		"Nothing is pruned, because the log has a gap as a clock " \
		"leaves that was set forward.", \
		"Compare the clock with another.  If it is right and the " \
		"broker was off, say so with --despite-gap.")
/* clang-format on */

#endif /* ALM_LIB_ERR_AUDIT_MAP_H */
