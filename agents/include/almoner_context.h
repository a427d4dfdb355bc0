/*
 * almoner_context.h - what stands in a context file, almoner-context(5), key
 * for key.  Files of keys are named here and not read.  Internal: for our own
 * command line; not installed, not exported.  Never logs.
 */
#ifndef ALM_AGENTS_INCLUDE_ALMONER_CONTEXT_H
#define ALM_AGENTS_INCLUDE_ALMONER_CONTEXT_H

#include <limits.h>

#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_CONTEXT_BYTES_MAX ((size_t)64 * 1024)
#define ALM_CONTEXT_TEXT_BYTES_MAX ((size_t)256)

/* X(key, name in the file, its form, what stands for the value, help) */
/* clang-format off */
#define ALM_CONTEXT_KEY_MAP(X) \
	X(ENDPOINT, "endpoint", ENDPOINT, "ENDPOINT", \
		"the broker's, tcp://HOST:PORT") \
	X(BROKER_KEY, "broker-key", PUBLIC, "HEX", "the broker's public key") \
	X(ORGANISATION, "organisation", ID, "ORG", "whose agent it is") \
	X(AGENT, "agent", ID, "NAME", "under which it is registered") \
	X(CURVE_KEY, "curve-key", FILE, "FILE", \
		"with the secret key of the connection") \
	X(SIGNING_KEY, "signing-key", FILE, "FILE", \
		"with the secret key that signs messages") \
	X(WITNESS_KEY, "witness-key", FILE, "FILE", \
		"with the secret key that cosigns heads of the log") \
	X(WITNESS_STATE, "witness-state", FILE, "FILE", \
		"that remembers the last head") \
	X(AUDIT_KEY, "audit-key", PUBLIC, "HEX", \
		"the public key that signs the log's heads, or two with a " \
		"comma") \
	X(ADMIN, "admin", ENDPOINT, "ENDPOINT", \
		"the broker's administration socket") \
	X(STORE_KEY, "store-key", FILE, "FILE", \
		"the store's key, for what reads a store") \
	X(OFFICER_KEY, "officer-key", FILE, "FILE", \
		"with a policy officer's secret key") \
	X(BROKER_FROM, "broker-from", FILE, "FILE", \
		"the context that says where the broker is, in place of this " \
		"one") \
	X(AUDIT_REASON, "audit-reason", TEXT, "TEXT", \
		"why the log is asked as a routine; recorded as standing")
/* clang-format on */

enum alm_context_key {
#define X(key, name, form, value, help) ALM_CONTEXT_##key,
	ALM_CONTEXT_KEY_MAP(X)
#undef X
		ALM_CONTEXT_KEYS
};

enum alm_context_form {
	ALM_CONTEXT_FORM_ENDPOINT,
	ALM_CONTEXT_FORM_ID,
	ALM_CONTEXT_FORM_PUBLIC, /* 64 hex digits; of a log, or two such */
	ALM_CONTEXT_FORM_FILE,
	ALM_CONTEXT_FORM_TEXT, /* one line */
};

struct alm_context_key_info {
	const char *name;
	enum alm_context_form form;
};

extern const struct alm_context_key_info alm_context_keys[ALM_CONTEXT_KEYS];

/** The values of the keys, "" where one is absent; files as whole paths. */
struct alm_context_card {
	char values[ALM_CONTEXT_KEYS][PATH_MAX];
};

/** What the content of a file named `path` says, beside which relative names
 * are sought.  Errors: CONTEXT, with file, line and nearest key; NOMEM. */
ALM_MUST_USE enum alm_err alm_context_card_parse(const char *path,
	struct alm_bytes content, struct alm_context_card *out_card,
	struct alm_problem *problem);

/** The same of the file itself; the broker's endpoint and key are those of the
 * context that it names as broker-from, while that can be read. */
ALM_MUST_USE enum alm_err alm_context_card_read(const char *path,
	struct alm_context_card *out_card, struct alm_problem *problem);

#endif /* ALM_AGENTS_INCLUDE_ALMONER_CONTEXT_H */
