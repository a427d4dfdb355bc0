/* at.h - decisions as at a past date, by the broker. */
#ifndef ALM_CLI_POLICY_AT_H
#define ALM_CLI_POLICY_AT_H

#include "cli/args.h"

/** Decide the requests of standard input with the policy in force at --at and
 * what was recorded by then.  Gives the exit code. */
int alm_policy_decide_at(const struct alm_args *args);

#endif /* ALM_CLI_POLICY_AT_H */
