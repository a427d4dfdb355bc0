/* internal.h - the inside of a sandbox, for its two files. */
#ifndef ALM_CLI_SANDBOX_INTERNAL_H
#define ALM_CLI_SANDBOX_INTERNAL_H

#include <sys/types.h>

#include "agents/include/almoner_control.h"
#include "cli/keys.h"
#include "cli/sandbox/sandbox.h"

/* A folder's path leaves room for the names below it; a socket's path must
 * fit sun_path (108 bytes). */
#define ALM_SANDBOX_PATH_BYTES 104u

struct alm_sandbox {
	unsigned map_gib;
	char folder[64];
	char store[ALM_SANDBOX_PATH_BYTES];
	char store_key[ALM_SANDBOX_PATH_BYTES];
	char config[ALM_SANDBOX_PATH_BYTES];
	char log[ALM_SANDBOX_PATH_BYTES];
	char notify[ALM_SANDBOX_PATH_BYTES];
	char admin[ALM_SANDBOX_PATH_BYTES];
	char endpoint[128];
	char broker_key[ALM_KEY_HEX_BYTES];
	char audit_key[ALM_KEY_HEX_BYTES];
	char *settings; /* owned; more lines of the configuration */
	bool keeps_folder;
	int ready_wait_ms;
	pid_t pid; /* 0: not running */
	int pidfd;
	int notify_fd;
	struct alm_control *control;
};

/** Start almonerd and wait until it is ready; opens the control socket.
 * Errors as alm_sandbox_open(). */
ALM_MUST_USE enum alm_err alm_sandbox_start(
	struct alm_sandbox *sandbox, struct alm_problem *problem);

/** Signal the daemon and wait for its end, by SIGKILL in the end. */
void alm_sandbox_stop(struct alm_sandbox *sandbox, int signal_number);

#endif /* ALM_CLI_SANDBOX_INTERNAL_H */
