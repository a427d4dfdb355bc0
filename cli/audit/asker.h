/*
 * asker.h - whom a question to the log is put by: the operator over the
 * administration socket, or with --context an agent, in its own scope.
 */
#ifndef ALM_CLI_AUDIT_ASKER_H
#define ALM_CLI_AUDIT_ASKER_H

#include "cli/admin.h"

struct alm_asker;

/** As --admin and --context say.  Errors: as those of alm_admin_open() and of
 * a context. */
ALM_MUST_USE enum alm_err alm_asker_open(const struct alm_args *args,
	struct alm_asker **out_asker, struct alm_problem *problem);
void alm_asker_close(struct alm_asker *asker);

/** Ask once; the answer lives until the next question.
 * Errors: as alm_admin_ask(). */
ALM_MUST_USE enum alm_err alm_asker_ask(struct alm_asker *asker,
	const struct alm_ask *ask, struct alm_answer *out_answer,
	struct alm_problem *problem);

#endif /* ALM_CLI_AUDIT_ASKER_H */
