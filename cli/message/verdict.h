/* verdict.h - what the broker has said of a message to one. */
#ifndef ALM_CLI_MESSAGE_VERDICT_H
#define ALM_CLI_MESSAGE_VERDICT_H

#include "agents/include/almoner.h"
#include "cli/args.h"
#include "cli/show/output.h"

/** The facts of a receipt that accepts.  Free it; NULL when memory is out. */
struct alm_sheet *alm_accepted_sheet(
	const struct alm_receipt_view *receipt, const char *id);

/** A receipt that refuses: the code and all that may help.  Gives the exit
 * code. */
int alm_show_refused(const struct alm_args *args,
	const struct alm_receipt_view *receipt, const char *id);

#endif /* ALM_CLI_MESSAGE_VERDICT_H */
