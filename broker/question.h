/*
 * question.h - a question to the audit log, read from a call's arguments.
 */
#ifndef ALM_BROKER_QUESTION_H
#define ALM_BROKER_QUESTION_H

#include "broker/administer.h"

/** A question as it was understood. */
struct alm_question {
	struct alm_audit_filter filter;
	uint64_t from_seq;
	uint64_t until_seq;
	size_t limit;
	uint32_t shown_code; /* that an agent looks for; 0: any */
	bool reveals;
	bool proves;
};

/**
 * Read the arguments of audit.query or audit.show, and narrow the question to
 * what the asker may see.
 * Errors: BAD_ARGUMENT, SUBJECT_INVALID, CURSOR, NOT_PERMITTED,
 *         REASON_REQUIRED; the call's problem says which
 */
ALM_MUST_USE enum alm_err alm_question_read(
	struct alm_call *call, struct alm_question *out_question);

/** An argument that is a number; unchanged if it is not given. */
ALM_MUST_USE enum alm_err alm_question_number(
	struct alm_call *call, const char *key, uint64_t *out_number);

#endif /* ALM_BROKER_QUESTION_H */
