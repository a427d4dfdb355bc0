/*
 * send.h - batches of records on their way to the broker: one is being
 * gathered while those before it are worked on there.
 */
#ifndef ALM_CLI_PEOPLE_SEND_H
#define ALM_CLI_PEOPLE_SEND_H

#include "broker/core/person.h"
#include "cli/people/put.h"
#include "lib/bytes.h"
#include "lib/err.h"

struct alm_people_send;

/** Where a record stood. */
struct alm_people_line {
	struct alm_people_place end; /* behind it, and its own number */
	struct alm_bytes text;       /* copied */
};

/** `put` and `count` are kept.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_people_send_new(const struct alm_people_put *put,
	struct alm_people_count *count, struct alm_people_send **out_send);
void alm_people_send_free(struct alm_people_send *send);

/** One record more; now and then a batch goes out and the answer to an earlier
 * one is waited for.  Errors: FIELD_TOO_LARGE: the record alone is refused;
 * those of alm_control_ask(). */
ALM_MUST_USE enum alm_err alm_people_send_add(struct alm_people_send *send,
	const struct alm_people_line *line,
	const struct alm_person_record *record, struct alm_problem *problem);

/** Put what is left, and wait for all answers.
 * Errors: those of alm_control_ask(). */
ALM_MUST_USE enum alm_err alm_people_send_finish(
	struct alm_people_send *send, struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_SEND_H */
