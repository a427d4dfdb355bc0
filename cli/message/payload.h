/* payload.h - where the payload of a piece of mail goes. */
#ifndef ALM_CLI_MESSAGE_PAYLOAD_H
#define ALM_CLI_MESSAGE_PAYLOAD_H

#include "agents/include/almoner.h"
#include "cli/show/output.h"
#include "lib/err.h"

/** Into a file of mode 0600.  A large one is fetched under the name PATH.part
 * until it is whole, and goes on where an earlier run has left it. */
ALM_MUST_USE enum alm_err alm_payload_to_file(struct alm_client *client,
	const struct alm_delivery *delivery, const char *path,
	struct alm_problem *problem);

/** To standard output, as bytes or safely on a terminal; a large one is
 * fetched, and not to a terminal.  Errors: USAGE, IO. */
ALM_MUST_USE enum alm_err alm_payload_to_stdout(struct alm_client *client,
	const struct alm_delivery *delivery, const struct alm_output *output,
	struct alm_problem *problem);

#endif /* ALM_CLI_MESSAGE_PAYLOAD_H */
