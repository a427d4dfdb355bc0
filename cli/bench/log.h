/*
 * log.h - a log as a year of messages leaves it, made without the messages:
 * three records a message, one in fifty refused, few organisations that say
 * much and many that say little.  Record `n` is always the same.
 */
#ifndef ALM_CLI_BENCH_LOG_H
#define ALM_CLI_BENCH_LOG_H

#include "broker/store/find.h"
#include "broker/store/store.h"

#define ALM_BENCH_LOG_BATCH 1024u /* records of a commit */

/** Append records from `n` on, one commit of them.  Errors: as the store's. */
ALM_MUST_USE enum alm_err alm_bench_log_append(
	struct alm_store *store, uint64_t n, uint64_t count, uint64_t records);

/** What the bench asks for; each asks for another value every time. */
enum alm_bench_question {
	ALM_BENCH_PERSON,
	ALM_BENCH_NOBODY,
	ALM_BENCH_MESSAGE,
	ALM_BENCH_PAIR,
	ALM_BENCH_SENDER,
	ALM_BENCH_PURPOSE,
	ALM_BENCH_CODE,
	ALM_BENCH_KIND,
	ALM_BENCH_REFUSED_TO,
	ALM_BENCH_PERSON_FROM,
	ALM_BENCH_QUESTIONS,
};

const char *alm_bench_question_name(enum alm_bench_question question);

/** The `n`-th question of its kind; the texts of the filter are static. */
void alm_bench_log_question(enum alm_bench_question question, uint64_t n,
	uint64_t records, struct alm_audit_filter *out);

#endif /* ALM_CLI_BENCH_LOG_H */
