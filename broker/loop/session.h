/*
 * session.h - the connections that have said hello.  One agent has one
 * session: a new hello of the same agent supersedes the old connection.
 * Loop thread only; never logs.
 */
#ifndef ALM_BROKER_LOOP_SESSION_H
#define ALM_BROKER_LOOP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/edge/edge.h"
#include "broker/loop/mailbox.h"
#include "lib/err.h"

struct alm_session {
	struct alm_peer peer;
	uint64_t agent_number;
	uint32_t rotations; /* which of the agent's keys it came under */
	struct alm_mailbox *mailbox;
	struct alm_session *next_of_mailbox;
	struct alm_session *next_in_bucket;
	uint32_t window;     /* unacknowledged mail it will hold */
	uint32_t held_count; /* of that, in its hands */
	size_t held_bytes;
	bool said_goodbye;
	uint32_t encodings; /* that were agreed on: 1 << alm_encoding */
	bool takes_parts;   /* mail with a payload in parts */
	bool keeps_order;   /* as its hello says */
	bool is_barred;     /* it sends nothing before the next hello */
	int64_t heard_ms;   /* monotonic, of its last frame */
	uint64_t turn;      /* of `sends` */
	uint32_t sends;     /* taken from it in that turn */
};

struct alm_sessions;

/** NULL when memory is out. */
struct alm_sessions *alm_sessions_new(void);
void alm_sessions_free(struct alm_sessions *sessions);

size_t alm_sessions_count(const struct alm_sessions *sessions);

/** NULL: this connection has not said hello. */
struct alm_session *alm_sessions_find(
	struct alm_sessions *sessions, struct alm_peer peer);

/** The session of an agent; NULL if it is not connected. */
struct alm_session *alm_sessions_of_agent(
	struct alm_sessions *sessions, uint64_t agent_number);

/**
 * Begin a session; the mailbox hands it mail from now on.
 * Errors: TOO_MANY_VALUES past ALM_SESSIONS_MAX, NOMEM.
 */
ALM_MUST_USE enum alm_err alm_sessions_add(struct alm_sessions *sessions,
	struct alm_peer peer, uint64_t agent_number,
	struct alm_mailbox *mailbox, struct alm_session **out_session);

/** End a session: what it held is due again.  Sets *take_session to NULL. */
void alm_sessions_remove(
	struct alm_sessions *sessions, struct alm_session **take_session);

/** One that was last heard before `before_ms`; NULL if there is none. */
struct alm_session *alm_sessions_silent(
	struct alm_sessions *sessions, int64_t before_ms);

/** Whether it can take one more piece of mail of `bytes`. */
bool alm_session_has_room(const struct alm_session *session, size_t bytes);

/** The mail is in nobody's hands any more; nothing happens if it was not. */
void alm_session_let_go(struct alm_mailbox *mailbox, uint64_t seq);

#endif /* ALM_BROKER_LOOP_SESSION_H */
