/*
 * administer.h - the verbs of administration and of agents' queries.  Each is
 * one function over a turn; the tables in administer.c and query.c say which
 * may be asked where.
 */
#ifndef ALM_BROKER_ADMIN_ADMINISTER_H
#define ALM_BROKER_ADMIN_ADMINISTER_H

#include "broker/loop/stage.h"

/** A table being filled for an answer.  In the arena. */
struct alm_table {
	struct alm_arena *arena;
	struct alm_texts columns;
	struct alm_texts rows[ALM_ROWS_PER_ANSWER_MAX];
	size_t row_count;
	size_t bytes; /* of the rows; no more than a frame of the asker takes */
	size_t bytes_max;
	struct alm_argument facts[128];
	size_t fact_count;
	const char *cursor;
	bool is_out_of_memory;
};

/** A call being carried out. */
struct alm_call {
	struct alm_turn *turn;
	const struct alm_turn_request *request;
	const struct alm_request_call *ask;
	struct alm_table *table;
	struct alm_problem *problem;
};

/** A verb.  What it gives is the code of the answer, but for those errors of
 * the store that end the turn. */
typedef enum alm_err alm_verb_fn(struct alm_call *call);

struct alm_verb {
	const char *name;
	alm_verb_fn *run;
	const char *const *arguments; /* allowed keys, ended by NULL */
};

/** Answer an administer envelope, or an agent's query. */
ALM_MUST_USE enum alm_err alm_administer(
	struct alm_turn *turn, const struct alm_turn_request *request);
ALM_MUST_USE enum alm_err alm_query(
	struct alm_turn *turn, const struct alm_turn_request *request);

/* --- for the verbs ------------------------------------------------------ */

void alm_table_columns(
	struct alm_table *table, const char *const *columns, size_t count);

/** One row: as many texts as there are columns; copied.  What the wire would
 * not take is replaced by question marks or cut. */
void alm_table_row(struct alm_table *table, const char *const *cells);

/** A text as the wire takes it, cut to `bytes_max`; "" when memory is out. */
const char *alm_table_keep(
	struct alm_table *table, const char *text, size_t bytes_max);

/** False when no more rows fit an answer. */
bool alm_table_has_room(const struct alm_table *table);

void alm_table_fact(
	struct alm_table *table, const char *key, const char *value);
void alm_table_number(struct alm_table *table, const char *key, uint64_t value);

/** The argument's value, or "" when it is not given. */
const char *alm_call_argument(const struct alm_call *call, const char *key);
bool alm_call_is_dry_run(const struct alm_call *call);

/** A number of the table's arena as text; "" when memory is out. */
const char *alm_table_text(struct alm_table *table, uint64_t number);
/** An instant as text; "" for 0. */
const char *alm_table_instant(struct alm_table *table, int64_t instant_us);
const char *alm_table_hex(struct alm_table *table, struct alm_bytes bytes);

/** The argument of that name.  Errors: BAD_ARGUMENT. */
ALM_MUST_USE enum alm_err alm_call_organisation(
	struct alm_call *call, const char **out_organisation);

/** The word of the priority that mail at a place has. */
const char *alm_place_priority_word(uint64_t place);

/** What a list says of a piece of mail; of one that cannot be read, only that
 * it is damaged. */
struct alm_listed_mail {
	const char *kind; /* message, notice or damaged */
	const char *sender;
	char id[ALM_UUID_TEXT_BYTES];
	int64_t accepted_at_ms;
};

/** Errors: STORE_IO, NOMEM. */
ALM_MUST_USE enum alm_err alm_call_list_mail(const struct alm_call *call,
	const struct alm_queue_entry *entry, struct alm_listed_mail *out);

/** Two facts by which agents find the broker: its public endpoint, under the
 * name that is given, and `broker-key`. */
void alm_table_whereabouts(struct alm_call *call, const char *endpoint_key);

/** The arguments `roles` and `categories`, where they are given; else the
 * values are left.  Errors: BAD_ARGUMENT. */
ALM_MUST_USE enum alm_err alm_call_roles(const struct alm_call *call,
	uint8_t *out_roles, char out_categories[ALM_AGENT_CATEGORIES_BYTES]);

/** Which of the agent's keys has signed: "good", "old", "bad" or "absent". */
const char *alm_agent_signature_word(const struct alm_agent *agent,
	const char *context, const uint8_t digest[ALM_DIGEST_BYTES],
	const char *signature);

/** A code as the asker is told it. */
uint32_t alm_call_shown_code(const struct alm_call *call, uint32_t code);

/** Whether the asker may learn of a record: an operator of all, an agent of
 * what its organisation sent or was given. */
bool alm_call_may_see(
	const struct alm_call *call, const struct alm_audit_record *record);

/** Whether the recipient of what a record is about is told whom it is of. */
bool alm_names_person(const struct alm_audit_record *record);

/** Errors: REASON_REQUIRED: the argument is absent or blank; the call's problem
 * says so. */
ALM_MUST_USE enum alm_err alm_call_needs_reason(const struct alm_call *call);

/** Record that a change was made by administration, with its reason. */
ALM_MUST_USE enum alm_err alm_call_record(const struct alm_call *call,
	struct alm_audit_record *record, const char *what);

/** The lines that every such record begins with; more may be added before it
 * is appended.  Borrowed: one record is made at a time. */
struct alm_detail *alm_call_detail(
	const struct alm_call *call, const char *what);

/** As they are shown. */
const char *alm_status_word(enum alm_status status);

#define ALM_FIND_KEYS "id", "text", "kind", "group", "cursor"

alm_verb_fn alm_verb_status, alm_verb_org_list, alm_verb_org_find,
	alm_verb_agent_list, alm_verb_agent_register, alm_verb_agent_revoke,
	alm_verb_agent_invite, alm_verb_agent_invites, alm_verb_agent_uninvite,
	alm_verb_agent_approve, alm_verb_agent_roles, alm_verb_agent_rekey,
	alm_verb_agent_rotate, alm_verb_agent_check, alm_verb_policy_activate,
	alm_verb_policy_show, alm_verb_policy_history, alm_verb_policy_decide,
	alm_verb_policy_impact, alm_verb_policy_source, alm_verb_policy_propose,
	alm_verb_policy_approve, alm_verb_policy_proposals,
	alm_verb_officer_list, alm_verb_officer_register,
	alm_verb_officer_revoke, alm_verb_people_put, alm_verb_list_begin,
	alm_verb_list_finish, alm_verb_list_show, alm_verb_people_history,
	alm_verb_people_erase, alm_verb_people_show, alm_verb_people_withdraw,
	alm_verb_mailbox_list, alm_verb_mailbox_show, alm_verb_mailbox_dead,
	alm_verb_mailbox_rerun, alm_verb_mailbox_hold, alm_verb_mailbox_release,
	alm_verb_mailbox_limit, alm_verb_trace, alm_verb_mailbox_deputy,
	alm_verb_upload_cancel, alm_verb_override_list,
	alm_verb_override_review, alm_verb_audit_query, alm_verb_audit_show,
	alm_verb_audit_head, alm_verb_audit_reindex, alm_verb_audit_checkpoint,
	alm_verb_audit_growth, alm_verb_audit_prune, alm_verb_audit_receipt,
	alm_verb_audit_bundle, alm_verb_audit_evidence, alm_verb_audit_cosign,
	alm_verb_audit_witnesses, alm_verb_standard_put, alm_verb_standard_list,
	alm_verb_store_backup, alm_verb_trial, alm_verb_trial_take,
	alm_verb_trial_end, alm_verb_health;

#endif /* ALM_BROKER_ADMIN_ADMINISTER_H */
