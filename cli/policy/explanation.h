/*
 * explanation.h - one decision in plain words: the step that decided, the
 * reasons, the nearest miss, and the smallest changes that would let it
 * through.
 */
#ifndef ALM_CLI_POLICY_EXPLANATION_H
#define ALM_CLI_POLICY_EXPLANATION_H

#include "broker/policy/remedy.h"
#include "cli/show/output.h"

struct alm_explanation {
	const struct alm_question *question;
	const struct alm_decision *decision;
	const struct alm_remedies *remedies;
};

/** Print it.  Gives the exit code: 0, or 1 if printing failed. */
ALM_MUST_USE int alm_explain_print(const struct alm_explanation *explanation,
	const struct alm_output *output);

#endif /* ALM_CLI_POLICY_EXPLANATION_H */
