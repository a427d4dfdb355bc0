/*
 * agent.h - the folder agent: one client, one folder, one loop.
 */
#ifndef ALM_AGENTS_FOLDER_AGENT_H
#define ALM_AGENTS_FOLDER_AGENT_H

#include <stdbool.h>

#include "lib/err.h"

struct alm_agent_options {
	const char *context_file;
	const char *folder;
	bool is_once;      /* send what is there, take what waits, and end */
	bool keeps_proofs; /* receipts of the audit log, beside each message */
	bool is_check;     /* look at context and sidecars only */
};

/** Run until a signal or, with is_once, until nothing is left to do.  Logs
 * to stderr.  Gives an exit code of almoner(1). */
enum alm_exit alm_agent_run(const struct alm_agent_options *options);

#endif /* ALM_AGENTS_FOLDER_AGENT_H */
