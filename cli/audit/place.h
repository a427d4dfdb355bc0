/*
 * place.h - where the store is that a command reads: as --store and --key say,
 * else where the running broker has it, else where the daemon's configuration
 * says.
 */
#ifndef ALM_CLI_AUDIT_PLACE_H
#define ALM_CLI_AUDIT_PLACE_H

#include <limits.h>

#include "cli/audit/options.h"

/** For commands that read the store itself, also beside a daemon. */
#define ALM_PLACE_OPTIONS \
	{"store", 0, ALM_OPTION_TEXT, "DIR", \
		"the store's folder; unless given, that of the running " \
		"broker, else as the daemon's configuration says", \
		false, false}, \
		{"key", 0, ALM_OPTION_TEXT, "FILE", \
			"the store's key; in the same way", false, false}, \
	{ \
		"no-record", 0, ALM_OPTION_FLAG, NULL, \
			"go on although the store cannot be written, and the " \
			"question not be recorded", \
			false, false \
	}

struct alm_audit_place {
	char store[PATH_MAX];
	char key[PATH_MAX]; /* its file */
};

/** The folder alone; where nobody says, ALM_STORE_DEFAULT. */
void alm_audit_place_store(const struct alm_args *args, char out[PATH_MAX]);

/** What a verification found, recorded by the broker whose store it is; where
 * none runs on that folder, nothing is written anywhere. */
struct alm_audit_finding {
	const char *what; /* verified or damaged */
	const char *head; /* SIZE:ROOT */
	const char *found;
	const char *not_covered;
};

void alm_audit_place_tell_verified(const struct alm_args *args,
	const char *store, const struct alm_audit_finding *finding);

/** Errors: CONTEXT, USAGE: a store is named and no key, and those of the
 * daemon's configuration. */
ALM_MUST_USE enum alm_err alm_audit_place_find(const struct alm_args *args,
	struct alm_audit_place *out_place, struct alm_problem *problem);

/** Errors: as alm_store_open() and alm_key_file_read(). */
ALM_MUST_USE enum alm_err alm_audit_place_open(
	const struct alm_audit_place *place, bool is_read_only,
	struct alm_store **out_store, struct alm_problem *problem);

/** Whether a question to that store can be written into it: not if this user
 * or its medium cannot.  One that is not there is missed when it is opened. */
bool alm_audit_place_is_writable(const struct alm_audit_place *place);

/** Say that it cannot, and what to do.  Gives STORE_PATH. */
ALM_MUST_USE enum alm_err alm_audit_cannot_record(
	const char *store, struct alm_problem *problem);

/**
 * Write down that the log is read, before it is: in the store, or by the
 * daemon that has it open, under `verb`.  With --no-record a store that cannot
 * be written is read all the same, after a warning.
 * Out:    the number of the record if a daemon wrote it, else 0
 * Errors: STORE_LOCKED: a daemon that is not the one to be reached; STORE_PATH
 *         and those of asking
 */
ALM_MUST_USE enum alm_err alm_audit_place_tell(const struct alm_args *args,
	const struct alm_audit_place *place, const char *verb,
	const struct alm_audit_question *question, uint64_t *out_seq,
	struct alm_problem *problem);

#endif /* ALM_CLI_AUDIT_PLACE_H */
