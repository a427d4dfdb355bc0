/*
 * question.h - a question to the audit log, read from a call's arguments.
 */
#ifndef ALM_BROKER_ADMIN_QUESTION_H
#define ALM_BROKER_ADMIN_QUESTION_H

#include "broker/admin/verbs.h"
#include "broker/store/evidence.h"
#include "broker/store/find.h"

/** A question as it was understood. */
struct alm_question {
	struct alm_audit_find find;
	const char *asker; /* whom its cursors belong to */
	bool has_shown_code;
	uint32_t shown_code;             /* that an agent looks for */
	struct alm_evidence_marks marks; /* what is signed and witnessed */
	bool proves;
	bool follows;      /* its answer has no end: what comes is added */
	bool is_continued; /* it was recorded with its first page, just now */
};

/**
 * Read the arguments of audit.query or audit.show, and narrow the question to
 * what the asker may see.  What is refused (NOT_PERMITTED, CURSOR) is recorded
 * with its code.
 * Errors: BAD_ARGUMENT, SUBJECT_INVALID, CURSOR, NOT_PERMITTED,
 *         REASON_REQUIRED; the call's problem says which
 */
ALM_MUST_USE enum alm_err alm_question_read(
	struct alm_call *call, struct alm_question *out_question);

/**
 * Append the record of a question: who asked and why, and what bounds the
 * answer; the person is in its header, as a pseudonym.
 * Errors: as alm_turn_audit()
 */
ALM_MUST_USE enum alm_err alm_question_record(struct alm_call *call,
	const struct alm_question *question, struct alm_audit_record *record,
	const char *what);

/** An argument that is a number; unchanged if it is not given. */
ALM_MUST_USE enum alm_err alm_question_number(
	struct alm_call *call, const char *key, uint64_t *out_number);

#endif /* ALM_BROKER_ADMIN_QUESTION_H */
