/*
 * cancel.h - almoner send is interrupted (Ctrl-C) while a payload goes in
 * parts: it is given up, and nothing of it stays at the broker.  A second
 * interruption ends the program at once, and what has come stays for a day.
 */
#ifndef ALM_CLI_MESSAGE_CANCEL_H
#define ALM_CLI_MESSAGE_CANCEL_H

#include <stdbool.h>

#include "agents/include/almoner.h"
#include "cli/args.h"

/** Watch for an interruption; from then on `source` gives nothing.  It reads
 * from `inner`, which stays where it is. */
void alm_cancel_watch(struct alm_source *inner, struct alm_source *out_source);

/** Since alm_cancel_watch(). */
bool alm_cancel_is_asked(void);

/** Give the message up.  Errors: UPLOAD_CANCELLED: done; UPLOAD_WHOLE: it was
 * too late; INTERRUPTED: the broker was not told, `problem` says what now. */
ALM_MUST_USE enum alm_err alm_cancel(const struct alm_args *args,
	struct alm_client *client, const uint8_t id[16],
	struct alm_problem *problem);

#endif /* ALM_CLI_MESSAGE_CANCEL_H */
