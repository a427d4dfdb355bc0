/* agent.h - what the commands about agents share. */
#ifndef ALM_CLI_AGENT_AGENT_H
#define ALM_CLI_AGENT_AGENT_H

#include "cli/args.h"
#include "cli/keys.h"
#include "lib/limits.h"

/** ORG/NAME, or ORG alone: then the name is "". */
struct alm_agent_name {
	char organisation[ALM_ID_BYTES_MAX + 1];
	char agent[ALM_ID_BYTES_MAX + 1];
};

/** Errors: USAGE. */
ALM_MUST_USE enum alm_err alm_agent_name_parse(const char *text,
	struct alm_agent_name *out_name, struct alm_problem *problem);

/* The rows of a table of options. */
/* clang-format off */
#define ALM_AGENT_KEY_OPTIONS \
	{"pub", 0, ALM_OPTION_TEXT, "FILE", \
		"the agent.pub that agent keygen made", false, false}, \
	{"curve-key", 0, ALM_OPTION_TEXT, "HEX", \
		"the public CURVE key, 64 hex digits", false, false}, \
	{"signing-key", 0, ALM_OPTION_TEXT, "HEX", \
		"the public Ed25519 key, 64 hex digits", false, false}
/* clang-format on */

/** The keys from --pub, or from --curve-key and --signing-key.
 * Errors: USAGE; as alm_keys_read_public(). */
ALM_MUST_USE enum alm_err alm_agent_given_keys(const struct alm_args *args,
	struct alm_public_keys *out_keys, struct alm_problem *problem);

#endif /* ALM_CLI_AGENT_AGENT_H */
