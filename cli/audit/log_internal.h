/* log_internal.h - the two sources of a log, for the files that read them. */
#ifndef ALM_CLI_AUDIT_LOG_INTERNAL_H
#define ALM_CLI_AUDIT_LOG_INTERNAL_H

#include "cli/audit/log.h"
#include "cli/show/bar.h"

struct alm_control;
struct alm_store;

struct alm_log {
	const struct alm_args *args;
	struct alm_control *control; /* NULL: from the store */
	struct alm_store *store;     /* NULL: from the daemon */
	struct alm_arena arena;      /* of one page */
	uint64_t size;
	char root[2 * ALM_DIGEST_BYTES + 1];
	uint64_t damaged;
	uint64_t first_damaged;
	struct alm_bar bar; /* how far a walk is */
};

#define ALM_LOG_ARENA_BYTES_MAX ((size_t)128 * 1024 * 1024)
#define ALM_LOG_PAGE_ROWS 1000u

/** Count damage that a page tells of. */
void alm_log_note_damage(struct alm_log *log, uint64_t count, uint64_t first);

/** The lines of a private part as one, as the daemon gives them: no text can
 * end one.  In the arena; "" when it is full. */
const char *alm_log_one_line(struct alm_arena *arena, const char *detail);

/** The registered name of the agent that acted, which stands for good; "" for
 * none. */
const char *alm_log_agent_name(
	struct alm_store *store, struct alm_arena *arena, uint64_t number);

ALM_MUST_USE enum alm_err alm_log_store_open(
	struct alm_log *log, struct alm_problem *problem);
ALM_MUST_USE enum alm_err alm_log_store_each(struct alm_log *log,
	const struct alm_audit_question *question, const char *what,
	alm_log_row_fn *each, void *cookie, struct alm_problem *problem);
ALM_MUST_USE enum alm_err alm_log_store_get(struct alm_log *log, uint64_t seq,
	bool reveals, const char *reason, struct alm_log_row *out_row,
	struct alm_problem *problem);
struct alm_bundle_files *alm_log_store_policy(
	struct alm_log *log, uint64_t epoch);

#endif /* ALM_CLI_AUDIT_LOG_INTERNAL_H */
