/* several.h - a message to several: its addresses, and what became of it. */
#ifndef ALM_CLI_MESSAGE_SEVERAL_H
#define ALM_CLI_MESSAGE_SEVERAL_H

#include "agents/include/almoner.h"
#include "cli/args.h"
#include "lib/limits.h"

/** The values of --to, which stay in `recipients`: one organisation is the
 * recipient, all else is a list.  Errors: TOO_MANY_VALUES, USAGE. */
ALM_MUST_USE enum alm_err alm_take_recipients(const struct alm_args *args,
	const char *recipients[ALM_ADDRESSES_MAX], struct alm_outgoing *message,
	struct alm_problem *problem);

/** A row for each recipient.  Gives the exit code of printing; where the
 * message was accepted and yet some are refused, that of the first of them who
 * are refused for good, or else of the first. */
int alm_show_outcomes(const struct alm_args *args,
	const struct alm_receipt_view *receipt, const char *id);

#endif /* ALM_CLI_MESSAGE_SEVERAL_H */
