/* people.h - what the verbs about people share. */
#ifndef ALM_BROKER_ADMIN_PEOPLE_H
#define ALM_BROKER_ADMIN_PEOPLE_H

#include "broker/admin/verbs.h"

/** A record of the log that stands for a person by pseudonym. */
struct alm_audit_record alm_people_record(const struct alm_call *call,
	const char *subject, enum alm_audit_kind kind);

/** The arguments `subject` and `reason`, which must be good ones.  Errors:
 * SUBJECT_INVALID, REASON_REQUIRED. */
ALM_MUST_USE enum alm_err alm_people_subject(
	struct alm_call *call, const char **out_subject);

#endif /* ALM_BROKER_ADMIN_PEOPLE_H */
