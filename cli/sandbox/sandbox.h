/*
 * sandbox.h - a broker of one's own: almonerd as a child process with fresh
 * keys on an embedded store in a temporary folder, and agents registered at
 * it.  For `almoner dev`, `almoner demo`, `almoner bench` and tests; the
 * child dies with this process.  One thread.
 */
#ifndef ALM_CLI_SANDBOX_SANDBOX_H
#define ALM_CLI_SANDBOX_SANDBOX_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/wire/wire.h"

struct alm_sandbox;

/* The row of a table of options that says where a sandbox is made. */
/* clang-format off */
#define ALM_SANDBOX_DIR_OPTION \
	{"dir", 0, ALM_OPTION_TEXT, "FOLDER", \
		"where the store is made; a temporary folder unless given", \
		false, false}
/* clang-format on */

struct alm_sandbox_options {
	const char *parent; /* where the folder is made; NULL: $TMPDIR, /tmp */
	const char *settings; /* more lines for almonerd.yaml; NULL: none */
	unsigned map_gib;     /* how large the store may grow; 0: 16 */
	bool keeps_folder;    /* leave the folder behind when closing */
	int ready_wait_ms;    /* for the daemon to be ready; 0: 10 seconds */
};

/**
 * Make the folder and keys, start almonerd and wait until it says READY=1.
 *
 * In:      options      NULL: all defaults
 * Out:     out_sandbox  close with alm_sandbox_close()
 * Errors:  NOT_FOUND (almonerd is not beside this program), IO, TIMEOUT,
 *          UNREACHABLE (the daemon ended: the problem names its log)
 */
ALM_MUST_USE enum alm_err alm_sandbox_open(
	const struct alm_sandbox_options *options,
	struct alm_sandbox **out_sandbox, struct alm_problem *problem);

/** SIGTERM, wait, SIGKILL after 10 seconds, remove the folder.  NULL is
 * fine. */
void alm_sandbox_close(struct alm_sandbox *sandbox);

/** Kill the daemon at once, as a crash would, and wait for its end. */
void alm_sandbox_kill(struct alm_sandbox *sandbox);

/** Start the daemon again on the same store, keys and port, and wait until it
 * is ready.  Errors as alm_sandbox_open(). */
ALM_MUST_USE enum alm_err alm_sandbox_restart(
	struct alm_sandbox *sandbox, struct alm_problem *problem);

/** The daemon has ended by itself: leave the folder behind, and say how it
 * ended and where its log is.  Gives UNREACHABLE. */
enum alm_err alm_sandbox_bury(
	struct alm_sandbox *sandbox, struct alm_problem *problem);

/** Readable when the daemon has ended; -1 when it does not run. */
int alm_sandbox_fd(const struct alm_sandbox *sandbox);

/** Texts below live as long as the sandbox. */
const char *alm_sandbox_folder(const struct alm_sandbox *sandbox);
const char *alm_sandbox_store(const struct alm_sandbox *sandbox);
const char *alm_sandbox_store_key(const struct alm_sandbox *sandbox);
const char *alm_sandbox_log(const struct alm_sandbox *sandbox);
const char *alm_sandbox_endpoint(const struct alm_sandbox *sandbox);
const char *alm_sandbox_admin(const struct alm_sandbox *sandbox);
/** The public key that signs the log's heads, 64 hex digits. */
const char *alm_sandbox_audit_key(const struct alm_sandbox *sandbox);
/** 64 hex digits. */
const char *alm_sandbox_broker_key(const struct alm_sandbox *sandbox);

/**
 * Ask the daemon over its administration socket.
 *
 * In:      call         its id is set by the function
 *          arena        the answer lives in it
 * Errors:  those of alm_control_ask(), and the answer's own code when it is
 *          not 0 (then out_answer is set all the same)
 */
ALM_MUST_USE enum alm_err alm_sandbox_ask(struct alm_sandbox *sandbox,
	const struct alm_request_call *call, struct alm_arena *arena,
	struct alm_answer *out_answer, struct alm_problem *problem);

/** Activate the *.yaml files of a folder, in order of their names, as one
 * bundle.  Errors: as alm_sandbox_ask(); the problem names file and line. */
ALM_MUST_USE enum alm_err alm_sandbox_activate(struct alm_sandbox *sandbox,
	const char *folder, struct alm_problem *problem);

/** Register the *.fds files of a folder; `out_count` may be NULL. */
ALM_MUST_USE enum alm_err alm_sandbox_standards(struct alm_sandbox *sandbox,
	const char *folder, size_t *out_count, struct alm_problem *problem);

/** Put the records of an NDJSON file; `out_count` may be NULL. */
ALM_MUST_USE enum alm_err alm_sandbox_people(struct alm_sandbox *sandbox,
	const char *path, size_t *out_count, struct alm_problem *problem);

/**
 * Make keys for an agent, register it, and write its context file to
 * FOLDER/agents/ORGANISATION/AGENT/context.yaml.
 *
 * Out:     out_context  that path
 */
ALM_MUST_USE enum alm_err alm_sandbox_agent(struct alm_sandbox *sandbox,
	const char *organisation, const char *agent, char out_context[PATH_MAX],
	struct alm_problem *problem);

#endif /* ALM_CLI_SANDBOX_SANDBOX_H */
