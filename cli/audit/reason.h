/*
 * reason.h - why the audit log is asked.  Every question has a reason, which
 * is recorded: its own, or for what is asked as a routine a standing one, which
 * the record shows to be that.
 */
#ifndef ALM_CLI_AUDIT_REASON_H
#define ALM_CLI_AUDIT_REASON_H

#include "agents/include/almoner_context.h"
#include "cli/args.h"

#define ALM_STANDING_REASON "standing reason: "
#define ALM_STANDING_REASON_BYTES \
	(sizeof(ALM_STANDING_REASON) + ALM_CONTEXT_TEXT_BYTES_MAX)

/** Room for a standing reason; as long-lived as the arguments. */
struct alm_reason {
	char text[ALM_STANDING_REASON_BYTES];
};

/**
 * See to it that `args` have a --reason: if none was given, the standing one of
 * ALMONER_AUDIT_REASON or of the context in use, unless the question is about
 * a person or reveals a private part, which takes a reason of its own.
 * Errors: REASON_REQUIRED, CONTEXT, TOO_MANY_VALUES.
 */
ALM_MUST_USE enum alm_err alm_audit_reason(struct alm_args *args,
	struct alm_reason *reason, struct alm_problem *problem);

/** The same for a command: -1 to go on, else the exit code, having said why. */
ALM_MUST_USE int alm_audit_reason_settle(
	struct alm_args *args, struct alm_reason *reason);

/** alm_args_parse(), and then that. */
ALM_MUST_USE int alm_audit_args_parse(const struct alm_usage *usage, int argc,
	char **argv, struct alm_args *out_args, struct alm_reason *reason);

#endif /* ALM_CLI_AUDIT_REASON_H */
