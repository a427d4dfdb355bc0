/*
 * log.h - the audit log as reports read it, from the daemon or from a store
 * that no daemon has open.  Every question is recorded, with its reason, before
 * anything is answered.
 */
#ifndef ALM_CLI_AUDIT_LOG_H
#define ALM_CLI_AUDIT_LOG_H

#include "broker/store/evidence.h"
#include "cli/audit/options.h"
#include "cli/policy/bundle_files.h"
#include "lib/arena.h"

/** One record.  Texts are "" where they do not apply, and live as long as the
 * call that they are given to, unless alm_log_keep() copies them. */
struct alm_log_row {
	uint64_t seq;
	const char *time; /* RFC 3339 */
	const char *kind;
	const char *effect;
	unsigned code;
	const char *sender;
	const char *recipient;
	const char *purpose;
	const char *categories;
	const char *basis;
	const char *level_in;
	const char *level_out;
	const char *message;
	uint64_t ref;
	uint64_t mail;
	const char *person;
	uint64_t epoch;
	uint64_t people;
	const char *standard;
	const char *agent;
	const char *detail;    /* `key: value` with ; between; pruned; erased */
	const char *signature; /* the sender's, with the private part */
};

struct alm_log;

/** Options of every report, but for --store-less ones' own. */
#define ALM_LOG_OPTIONS \
	{"store", 0, ALM_OPTION_TEXT, "DIR", \
		"read this store instead of asking the daemon", false, false}, \
		{"key", 0, ALM_OPTION_TEXT, "FILE", \
			"the store's key, with --store", false, false}, \
	{ \
		"no-record", 0, ALM_OPTION_FLAG, NULL, \
			"with --store: ask although the store cannot be " \
			"written, and the question not be recorded", \
			false, false \
	}

/** As --store, --key and --admin say.  Errors: as those of the store and of
 * alm_admin_open(). */
ALM_MUST_USE enum alm_err alm_log_open(const struct alm_args *args,
	struct alm_log **out_log, struct alm_problem *problem);
void alm_log_close(struct alm_log *log);

/** The head when the log was opened. */
const char *alm_log_root(const struct alm_log *log);
uint64_t alm_log_size(const struct alm_log *log);

/** Damaged records that were passed over so far, and the first of them. */
uint64_t alm_log_damaged(const struct alm_log *log, uint64_t *out_first);

/** False: stop. */
typedef bool alm_log_row_fn(void *cookie, const struct alm_log_row *row);

/** Give every record that the question finds to `each`, oldest first; its
 * limit does not count.  `what` says in the record what it is for.
 * Errors: those of asking, as alm_log_get(). */
ALM_MUST_USE enum alm_err alm_log_each(struct alm_log *log,
	const struct alm_audit_question *question, const char *what,
	alm_log_row_fn *each, void *cookie, struct alm_problem *problem);

/** One record; it lives as long as nothing else is asked.
 * Errors: NOT_FOUND, RECORD_DAMAGED, and those of asking. */
ALM_MUST_USE enum alm_err alm_log_get(struct alm_log *log, uint64_t seq,
	bool reveals, const char *reason, struct alm_log_row *out_row,
	struct alm_problem *problem);

/** Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_log_keep(const struct alm_log_row *row,
	struct alm_arena *arena, struct alm_log_row *out);

/** The value of a line of the private part; "" if it has none.  Copied to the
 * arena; `nth` from 0, for lines that repeat. */
const char *alm_log_detail(const struct alm_log_row *row, const char *key,
	size_t nth, struct alm_arena *arena);

/** The policy of an epoch, 0 for the active one; NULL when there is none or it
 * cannot be read. */
struct alm_bundle_files *alm_log_policy(struct alm_log *log, uint64_t epoch);

/** How well a record is kept from being changed: `on-disk`, `signed` or
 * `witnessed-by-N`; "" if that is not known. */
void alm_log_grade(
	struct alm_log *log, uint64_t seq, char out[ALM_GRADE_TEXT_BYTES]);

/** What stands for a person in the log, in hex; "" if no record is about them.
 * It is a question about that person.  Errors: SUBJECT_INVALID and those of
 * asking. */
ALM_MUST_USE enum alm_err alm_log_pseudonym(struct alm_log *log,
	const char *number, const char *reason, char out[33],
	struct alm_problem *problem);

#endif /* ALM_CLI_AUDIT_LOG_H */
