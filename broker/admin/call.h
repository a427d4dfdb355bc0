/*
 * call.h - a call that a verb carries out: what is asked, what is answered, and
 * what is recorded of it.
 */
#ifndef ALM_BROKER_ADMIN_CALL_H
#define ALM_BROKER_ADMIN_CALL_H

#include "broker/admin/table.h"
#include "broker/loop/stage.h"
#include "broker/store/find.h"

/** A call being carried out. */
struct alm_call {
	struct alm_turn *turn;
	const struct alm_turn_request *request;
	const struct alm_request_call *ask;
	struct alm_table *table;
	struct alm_problem *problem;
};

/* --- what is asked -------------------------------------------------------- */

/** The argument's value, or "" when it is not given. */
const char *alm_call_argument(const struct alm_call *call, const char *key);

/** Say what it would do, and do nothing. */
bool alm_call_is_dry_run(const struct alm_call *call);

/** Errors: REASON_REQUIRED: the argument is absent or blank; the call's problem
 * says so. */
ALM_MUST_USE enum alm_err alm_call_needs_reason(const struct alm_call *call);

/** The argument of that name.  Errors: BAD_ARGUMENT. */
ALM_MUST_USE enum alm_err alm_call_organisation(
	struct alm_call *call, const char **out_organisation);

/** The arguments `roles` and `categories`, where they are given; else the
 * values are left.  Errors: BAD_ARGUMENT. */
ALM_MUST_USE enum alm_err alm_call_roles(const struct alm_call *call,
	uint8_t *out_roles, char out_categories[ALM_AGENT_CATEGORIES_BYTES]);

/* --- what is answered ----------------------------------------------------- */

/** Fact `doubt`: what is wrong with the first of an agent's categories that no
 * message can have under the active policy; "" if nothing is. */
void alm_call_tell_doubt(const struct alm_call *call, const char *categories);

/** The word of the priority that mail at a place has. */
const char *alm_place_priority_word(uint64_t place);

/** A status as it is shown. */
const char *alm_status_word(enum alm_status status);

/** What a list says of a piece of mail; of one that cannot be read, only that
 * it is damaged. */
struct alm_listed_mail {
	const char *kind; /* message, notice or damaged */
	char sender[ALM_ID_BYTES_MAX + 1];
	char id[ALM_UUID_TEXT_BYTES];
	int64_t accepted_at_ms;
};

/** Errors: STORE_IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_call_list_mail(const struct alm_call *call,
	const struct alm_queue_entry *entry, struct alm_listed_mail *out);

/** Two facts by which agents find the broker: its public endpoint, under the
 * name that is given, and `broker-key`. */
void alm_call_whereabouts(struct alm_call *call, const char *endpoint_key);

/** The public keys that heads are signed with now, with commas between, as a
 * context has them; "" if nothing is signed. */
const char *alm_audit_keys_text(
	struct alm_table *table, const struct alm_broker *broker);

/* --- what is recorded ----------------------------------------------------- */

/** Record that a change was made by administration, with its reason. */
ALM_MUST_USE enum alm_err alm_call_record(const struct alm_call *call,
	struct alm_audit_record *record, const char *what);

/** How old a cursor may be that goes on without a record of its own. */
#define ALM_CURSOR_CONTINUED_US (INT64_C(600) * 1000000)

/** What a cursor says of this call: when, and a mark of who asks and why. */
struct alm_cursor_given alm_call_given(const struct alm_call *call);

/** Whether a cursor was given just now, to whoever asks, for this reason: then
 * what is asked is recorded already. */
bool alm_call_is_continued(
	const struct alm_call *call, struct alm_cursor_given given);

/** The lines that every such record begins with; more may be added before it
 * is appended.  Borrowed: one record is made at a time. */
struct alm_detail *alm_call_detail(
	const struct alm_call *call, const char *what);

/* --- audit_view.c: who may learn what ------------------------------------ */

/** A code as the asker is told it. */
uint32_t alm_call_shown_code(const struct alm_call *call, uint32_t code);

/** Whether the asker may learn of a record: an operator of all, an agent of
 * what its organisation sent or was given. */
bool alm_call_may_see(
	const struct alm_call *call, const struct alm_audit_record *record);

/** The agent of a record: agents are named to the operator and to their own
 * organisation; "" to others. */
const char *alm_call_agent_name(
	const struct alm_call *call, const struct alm_audit_record *record);

/** Whether the recipient of what a record is about is told whom it is of. */
bool alm_names_person(const struct alm_audit_record *record);

/** Whether the asker may know of whom a record is: its sender knows whom it
 * wrote about, its recipient only if it was told.  A log must not undo what
 * pseudonymisation did. */
bool alm_call_knows_person(
	const struct alm_call *call, const struct alm_audit_record *record);

/* --- check.c ------------------------------------------------------------- */

/** Which of the agent's keys has signed: "good", "old", "bad" or "absent". */
const char *alm_agent_signature_word(const struct alm_agent *agent,
	const char *context, const uint8_t digest[ALM_DIGEST_BYTES],
	const char *signature);

#endif /* ALM_BROKER_ADMIN_CALL_H */
