/*
 * signing.h - the signature of a policy officer on what a command asks.  The
 * key may be on this machine (--key), or the statement is printed here
 * (--print-statement), signed where the key is (almoner officer sign), and
 * the signature given to the same command (--signature).
 */
#ifndef ALM_CLI_POLICY_SIGNING_H
#define ALM_CLI_POLICY_SIGNING_H

#include "cli/admin.h"
#include "cli/attach.h"
#include "lib/statement.h"

/* The rows of a table of options. */
/* clang-format off */
#define ALM_SIGNING_OPTIONS \
	{"as", 0, ALM_OPTION_TEXT, "NAME", "the officer who signs", false, \
		false}, \
	{"key", 'k', ALM_OPTION_TEXT, "FILE", \
		"that officer's secret key", false, false}, \
	{"signature", 0, ALM_OPTION_TEXT, "HEX", \
		"a signature made elsewhere, with almoner officer sign", \
		false, false}, \
	{"print-statement", 0, ALM_OPTION_FLAG, NULL, \
		"print what is to be signed, and ask for nothing", false, \
		false}
/* clang-format on */

/** A connection to the broker, and what stands around the next signature.
 * Caller's memory; zeroed is empty. */
struct alm_signing {
	const struct alm_args *args;
	struct alm_control *control;
	struct alm_arena arena;
	struct alm_answer standing; /* of the verb asked */
	struct alm_statement statement;
	char digest[2 * ALM_DIGEST_BYTES + 1];
	char number[24];
	char base[24];
	char signature[2 * ALM_SIGNATURE_BYTES + 1];
};

/** Whether the command line names an officer. */
bool alm_signing_is_asked(const struct alm_args *args);

/**
 * Open the socket and ask `verb`, which tells the store's id and the active
 * epoch; fills store, base, by and reason of the statement.
 * Errors: USAGE (no officer is named), and those of alm_admin_ask()
 */
ALM_MUST_USE enum alm_err alm_signing_begin(struct alm_signing *signing,
	const struct alm_args *args, const char *verb,
	struct alm_problem *problem);
void alm_signing_fini(struct alm_signing *signing);

/** The digest of a bundle's files, whatever their order.  Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_signing_digest(
	const struct alm_attached *attached, struct alm_digest *out_digest);

/** Sign the statement and ask; or print it.  Gives the exit code. */
int alm_signing_ask(
	struct alm_signing *signing, struct alm_ask *ask, const char *schema);

#endif /* ALM_CLI_POLICY_SIGNING_H */
