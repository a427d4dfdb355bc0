/* source.h - the files of a kept policy, out of the broker. */
#ifndef ALM_CLI_POLICY_SOURCE_H
#define ALM_CLI_POLICY_SOURCE_H

#include "cli/admin.h"
#include "cli/attach.h"

/**
 * Read the files of the policy that `which` names (the arguments of
 * policy.show), and check them against its digest.
 * Out:    out_files  to be freed by alm_attached_fini()
 * Errors: STORE_CORRUPT, and those of alm_admin_ask()
 */
ALM_MUST_USE enum alm_err alm_policy_source_read(const struct alm_args *args,
	const struct alm_ask *which, struct alm_attached *out_files,
	struct alm_problem *problem);

/**
 * Write the files of the policy that `which` names (the arguments of
 * policy.show) into `folder`, which is made; nothing there is overwritten.
 * They are checked against the policy's digest first.
 * Errors: IO, STORE_CORRUPT, and those of alm_admin_ask()
 */
ALM_MUST_USE enum alm_err alm_policy_source_write(const struct alm_args *args,
	const struct alm_ask *which, const char *folder,
	struct alm_problem *problem);

#endif /* ALM_CLI_POLICY_SOURCE_H */
