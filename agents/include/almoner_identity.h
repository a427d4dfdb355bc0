/*
 * almoner_identity.h - how an agent comes to be known and changes its keys:
 * invite files, joining, rotation.  Internal: for our own programs; not
 * installed, not exported.  Never logs; one thread at a time.
 */
#ifndef ALM_AGENTS_INCLUDE_ALMONER_IDENTITY_H
#define ALM_AGENTS_INCLUDE_ALMONER_IDENTITY_H

#include <limits.h>
#include <stdbool.h>

#include "lib/join.h"
#include "lib/wire/wire.h"
#include "lib/wordlist.h"

/** What an invite file says; zero it with sodium_memzero(). */
struct alm_invite_file {
	uint64_t number;
	char organisation[ALM_ID_BYTES_MAX + 1];
	char agent[ALM_ID_BYTES_MAX + 1];
	char endpoint[ALM_ENDPOINT_BYTES_MAX + 1];
	uint8_t broker_key[ALM_KEY_BYTES];
	uint8_t secret[ALM_SECRET_BYTES];
	int64_t expires_s;
};

/** Write one with mode 0600, never over another file.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_invite_write(const char *path,
	const struct alm_invite_file *invite, struct alm_problem *problem);

/** Errors: INVITE_FILE, with line and key; NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_invite_read(const char *path,
	struct alm_invite_file *out_invite, struct alm_problem *problem);
ALM_MUST_USE enum alm_err alm_invite_parse(const char *name,
	struct alm_bytes content, struct alm_invite_file *out_invite,
	struct alm_problem *problem);

struct alm_join_result {
	char words[ALM_WORDS_SAID_BYTES];
	char context[PATH_MAX]; /* the context file, ready for use */
	char organisation[ALM_ID_BYTES_MAX + 1];
	char agent[ALM_ID_BYTES_MAX + 1];
	bool is_approved; /* was, when asked */
};

/**
 * Make keys and a context in `folder`, unless they are there from an earlier
 * try, and tell the broker of them.
 * Errors:  INVITE_FILE; INVITE_INVALID; KEY_EXISTS: others are there;
 *          UNREACHABLE, TIMEOUT, JOINS_LIMITED: try again; BROKER_KEY;
 *          WORDS_DIFFER: the broker saw other keys than these
 */
ALM_MUST_USE enum alm_err alm_join_broker(const char *invite_file,
	const char *folder, struct alm_join_result *out_result,
	struct alm_problem *problem);

/** Whether that could be done: the invite, the folder, and that the broker
 * lets the invite in.  Nothing is made, and the invite is not used up.
 * Out:     the result without words
 * Errors:  as alm_join_broker(), but for WORDS_DIFFER */
ALM_MUST_USE enum alm_err alm_join_try(const char *invite_file,
	const char *folder, struct alm_join_result *out_result,
	struct alm_problem *problem);

/**
 * Make new keys beside those of a context, tell the broker, and put them in
 * their place.  A try that was interrupted is finished.
 * Out:     out_until  until when the keys before are valid, as text
 * Errors:  ROTATION_OPEN; as a question to the broker
 */
ALM_MUST_USE enum alm_err alm_rotate_keys(const char *context_file,
	char out_until[32], struct alm_problem *problem);

/** Whether that could be done: with keys that are made for the question and
 * forgotten, and that the broker checks and does not take.
 * Errors:  as alm_rotate_keys() */
ALM_MUST_USE enum alm_err alm_rotate_try(const char *context_file,
	char out_until[32], struct alm_problem *problem);

/** The files of a context, and how they were when last looked at. */
struct alm_identity_watch {
	char paths[3][PATH_MAX]; /* context, CURVE key, signing key */
	uint64_t stamp;
};

/** Errors: as reading the context. */
ALM_MUST_USE enum alm_err alm_identity_watch_begin(const char *context_file,
	struct alm_identity_watch *out_watch, struct alm_problem *problem);
/** Whether one of them is another file since the last call, or the start. */
bool alm_identity_has_changed(struct alm_identity_watch *watch);

/**
 * The broker has moved: see that it lets us in there, and say so in the
 * context file.
 * Errors:  UNREACHABLE, BROKER_KEY: not there; IO: the file cannot be written
 */
ALM_MUST_USE enum alm_err alm_identity_follow(const char *context_file,
	const char *endpoint, const uint8_t broker_key[ALM_KEY_BYTES],
	struct alm_problem *problem);

/** Ask whether the broker moves, and follow: for a context that its agent
 * cannot write.
 * Out:     out_endpoint  where to; "" if it stays
 * Errors:  as a question to the broker, and as above */
ALM_MUST_USE enum alm_err alm_identity_ask_and_follow(const char *context_file,
	char out_endpoint[ALM_ENDPOINT_BYTES_MAX + 1],
	struct alm_problem *problem);

/** The same, but the file stays as it is. */
ALM_MUST_USE enum alm_err alm_identity_ask_and_try(const char *context_file,
	char out_endpoint[ALM_ENDPOINT_BYTES_MAX + 1],
	struct alm_problem *problem);

#endif /* ALM_AGENTS_INCLUDE_ALMONER_IDENTITY_H */
