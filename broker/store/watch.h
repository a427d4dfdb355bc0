/*
 * watch.h - what a passing instant asks for: deadlines of mail, requests that
 * wait for their reply, and who is the deputy of whom.  A message without a
 * deadline has nothing here.  Part of the store; the rules of store.h hold.
 */
#ifndef ALM_BROKER_STORE_WATCH_H
#define ALM_BROKER_STORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/id.h"

struct alm_store;

enum alm_watch_what {
	ALM_WATCH_DEADLINE = 1, /* mail that should have been taken by then */
	ALM_WATCH_REQUEST = 2,  /* a request that wants its reply by then */
	ALM_WATCH_FORGET = 3,   /* a request that nobody can reply to late */
};

struct alm_watch {
	int64_t at_ms;
	uint64_t seq; /* of the mail; with the instant, what names the row */
	enum alm_watch_what what;
	const char *recipient;
	const char *sender;
	struct alm_message_id message_id;
	uint64_t audit_seq; /* the record that accepted it */
	bool is_damaged;    /* nothing but its name is known */
};

/** Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_store_watch_put(
	struct alm_store *store, const struct alm_watch *watch);

/** The first one that is due at `now_ms`.  Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_watch_due(struct alm_store *store,
	int64_t now_ms, struct alm_arena *arena, struct alm_watch *out_watch);

/** Errors: NOT_FOUND. */
ALM_MUST_USE enum alm_err alm_store_watch_remove(
	struct alm_store *store, int64_t at_ms, uint64_t seq);

enum alm_request_state {
	ALM_REQUEST_OPEN = 0,
	ALM_REQUEST_ANSWERED = 1,
	ALM_REQUEST_TIMED_OUT = 2,
};

struct alm_open_request {
	const char *asker;
	struct alm_message_id message_id;
	const char *asked;
	int64_t deadline_ms;
	enum alm_request_state state;
	uint64_t audit_seq; /* the record that accepted it */
};

/** Keep it, or its new state.  Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_store_request_put(
	struct alm_store *store, const struct alm_open_request *request);
/** Errors: NOT_FOUND, STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_request_get(struct alm_store *store,
	const char *asker, const struct alm_message_id *id,
	struct alm_arena *arena, struct alm_open_request *out_request);
/** Nothing happens if it is not there. */
ALM_MUST_USE enum alm_err alm_store_request_forget(struct alm_store *store,
	const char *asker, const struct alm_message_id *id);

/** Whose mailbox gets what `organisation` does not take in time; "" takes the
 * deputy away.  Errors: FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_store_deputy_set(
	struct alm_store *store, const char *organisation, const char *deputy);
/** "" when there is none.  Errors: STORE_CORRUPT. */
ALM_MUST_USE enum alm_err alm_store_deputy_get(struct alm_store *store,
	const char *organisation, struct alm_arena *arena,
	const char **out_deputy);

#endif /* ALM_BROKER_STORE_WATCH_H */
