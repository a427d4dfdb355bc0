/* options.h - what an audit question is made from, checked once for the
 * daemon and for the store. */
#ifndef ALM_CLI_AUDIT_OPTIONS_H
#define ALM_CLI_AUDIT_OPTIONS_H

#include "cli/args.h"
#include "lib/id.h"
#include "lib/nhs_number.h"
#include "lib/time.h"

#define ALM_AUDIT_LIMIT_DEFAULT 100

/** The columns of every audit answer, in order; the last
 * ALM_AUDIT_PROOF_COLUMNS only for those who ask for proofs. */
#define ALM_AUDIT_COLUMN_MAP(X) \
	X(SEQ, "seq") \
	X(TIME, "time") \
	X(KIND, "kind") \
	X(EFFECT, "effect") \
	X(CODE, "code") \
	X(NAME, "name") \
	X(SENDER, "sender") \
	X(RECIPIENT, "recipient") \
	X(PURPOSE, "purpose") \
	X(CATEGORIES, "categories") \
	X(BASIS, "basis") \
	X(LEVEL_IN, "level-in") \
	X(LEVEL_OUT, "level-out") \
	X(MESSAGE, "message-id") \
	X(MAIL, "mail") \
	X(REF, "ref") \
	X(PERSON, "person") \
	X(EPOCH, "epoch") \
	X(PEOPLE_SEQ, "people-seq") \
	X(STANDARD, "standard") \
	X(AGENT, "agent") \
	X(DETAIL, "detail") \
	X(SIGNATURE, "signature") \
	X(EVIDENCE, "evidence") \
	X(LEAF, "leaf") \
	X(PROOF, "proof") \
	X(HEADER, "header")

enum alm_audit_column {
#define X(name, word) ALM_COLUMN_##name,
	ALM_AUDIT_COLUMN_MAP(X)
#undef X
		ALM_AUDIT_COLUMNS
};

#define ALM_AUDIT_PROOF_COLUMNS 3u
extern const char *const alm_audit_columns[];
extern const size_t alm_audit_column_count;

/** What --kind takes; a test holds it to ALM_AUDIT_KIND_MAP. */
#define ALM_AUDIT_KINDS_NOTE \
	"  Kinds: accepted, refused, delivered, acknowledged, rejected,\n" \
	"  stopped-at-hand-over, expired, notice, override-reviewed,\n" \
	"  dead-lettered, dead-letter-rerun, dead-letter-removed,\n" \
	"  mailbox-changed, request-timed-out, deadline-passed,\n" \
	"  escalated-to-deputy, upload-begun, upload-expired,\n" \
	"  sent-to-several, policy-activated, policy-proposed,\n" \
	"  policy-approved, policy-rolled-back, policy-emergency,\n" \
	"  policy-emergency-expired, officer-changed, upload-cancelled,\n" \
	"  person-changed, person-erased, opt-out-list, agent-changed,\n" \
	"  standard-changed, invite, join, join-approved, agent-roles,\n" \
	"  agent-keys, audit-queried, administration, pruned, backup,\n" \
	"  path-trial, verification, started, stopped, anomaly,\n" \
	"  audit-key-added, audit-key-retired, log-origin, witness-added."

/** A question.  Texts are borrowed from argv; "" and 0 match everything. */
struct alm_audit_question {
	char person[ALM_NHS_NUMBER_BYTES + 1]; /* zero it after use */
	const char *from;
	const char *to;
	const char *either;
	const char *purpose;
	const char *basis;
	unsigned effect; /* enum alm_effect */
	bool has_code;
	unsigned code;
	unsigned kind; /* enum alm_audit_kind */
	bool has_message;
	struct alm_message_id message;
	int64_t since_us; /* 0: from the first */
	int64_t until_us;
	size_t limit; /* 0: all */
	const char *after;
	bool is_newest_first;
	bool reveals;
	bool proves;
	const char *reason;
};

/**
 * Read the options of `almoner audit query`.
 * Errors: USAGE, SUBJECT_INVALID, BAD_MESSAGE_ID.
 */
ALM_MUST_USE enum alm_err alm_audit_question_read(const struct alm_args *args,
	struct alm_audit_question *out, struct alm_problem *problem);

/** Say which root the proofs lead to: in the document, else beside it. */
void alm_audit_tell_root(const struct alm_args *args, struct alm_sheet *sheet,
	const char *size, const char *root, const char *checkpoint);

/** Say that no record matches: an empty answer may be a slip of the pen. */
void alm_audit_tell_none(const struct alm_args *args);

/** Say that some records cannot be read. */
void alm_audit_tell_damage(
	const struct alm_args *args, uint64_t count, uint64_t first);

/** Leave out of tables what few people look for, unless --wide. */
void alm_audit_narrow(const struct alm_args *args, struct alm_sheet *sheet);

struct alm_audit_filter;
struct alm_audit_record;
struct alm_store;

/** What a question looks for.  Texts are borrowed from it. */
void alm_audit_make_filter(struct alm_store *store,
	const struct alm_audit_question *question,
	struct alm_audit_filter *out_filter);

/** Write one record, in a turn of its own.  Errors: as alm_store_commit() */
ALM_MUST_USE enum alm_err alm_audit_record_alone(struct alm_store *store,
	struct alm_audit_record *record, const char *detail);

/**
 * Write down a question in a store that is open for writing, before anything
 * is answered: who asks, why, and what bounds the answer.
 * Errors: FIELD_TOO_LARGE, and as alm_store_commit()
 */
ALM_MUST_USE enum alm_err alm_audit_record_question(struct alm_store *store,
	const struct alm_audit_question *question,
	const struct alm_audit_filter *filter, const char *verb,
	const char *what);

#define ALM_STORE_DEFAULT "/var/lib/almoner"

/** Open the store where alm_audit_place_find() finds it.  Errors: also those
 * of alm_store_open(). */
ALM_MUST_USE enum alm_err alm_audit_open_store(const struct alm_args *args,
	bool is_read_only, struct alm_store **out_store,
	struct alm_problem *problem);

/** Whether a question to the store of --store is recorded in it: always, but
 * with --no-record only if it can be written. */
bool alm_audit_is_recorded(const struct alm_args *args);

/** The same for a question, which is to be recorded if it can be.  Errors: also
 * STORE_LOCKED, with what to do. */
ALM_MUST_USE enum alm_err alm_audit_open_asked(const struct alm_args *args,
	struct alm_store **out_store, struct alm_problem *problem);

/** Ask the store directly, print, and give the exit code. */
int alm_audit_query_store(
	const struct alm_args *args, const struct alm_audit_question *question);

#endif /* ALM_CLI_AUDIT_OPTIONS_H */
