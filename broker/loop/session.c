#include "broker/loop/session.h"

#include <stdlib.h>

#include "lib/limits.h"

#define BUCKETS 1024u

struct alm_sessions {
	struct alm_session *buckets[BUCKETS];
	size_t count;
};

struct alm_sessions *alm_sessions_new(void)
{
	return calloc(1, sizeof(struct alm_sessions));
}

void alm_sessions_free(struct alm_sessions *sessions)
{
	if (sessions == NULL) {
		return;
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		while (sessions->buckets[i] != NULL) {
			struct alm_session *session = sessions->buckets[i];

			sessions->buckets[i] = session->next_in_bucket;
			free(session);
		}
	}
	free(sessions);
}

size_t alm_sessions_count(const struct alm_sessions *sessions)
{
	return sessions->count;
}

struct alm_session *alm_sessions_find(
	struct alm_sessions *sessions, struct alm_peer peer)
{
	struct alm_session *session = sessions->buckets[peer.number % BUCKETS];

	while (session != NULL && session->peer.number != peer.number) {
		session = session->next_in_bucket;
	}
	return session;
}

/* The first session for which `is_wanted` says yes. */
static struct alm_session *search(struct alm_sessions *sessions,
	bool (*is_wanted)(const struct alm_session *, int64_t), int64_t value)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct alm_session *session = sessions->buckets[i];
			session != NULL; session = session->next_in_bucket) {
			if (is_wanted(session, value)) {
				return session;
			}
		}
	}
	return NULL;
}

static bool is_of_agent(const struct alm_session *session, int64_t number)
{
	return session->agent_number == (uint64_t)number;
}

static bool is_silent(const struct alm_session *session, int64_t before_ms)
{
	return session->heard_ms < before_ms;
}

struct alm_session *alm_sessions_of_agent(
	struct alm_sessions *sessions, uint64_t agent_number)
{
	return search(sessions, is_of_agent, (int64_t)agent_number);
}

struct alm_session *alm_sessions_silent(
	struct alm_sessions *sessions, int64_t before_ms)
{
	return search(sessions, is_silent, before_ms);
}

enum alm_err alm_sessions_add(struct alm_sessions *sessions,
	struct alm_peer peer, uint64_t agent_number,
	struct alm_mailbox *mailbox, struct alm_session **out_session)
{
	struct alm_session **bucket = &sessions->buckets[peer.number % BUCKETS];
	struct alm_session *session;

	if (sessions->count == ALM_SESSIONS_MAX) {
		return ALM_TOO_MANY_VALUES;
	}
	session = calloc(1, sizeof(*session));
	if (session == NULL) {
		return ALM_NOMEM;
	}
	session->peer = peer;
	session->agent_number = agent_number;
	session->mailbox = mailbox;
	session->next_of_mailbox = mailbox->sessions;
	mailbox->wants_strands |= mailbox->sessions != NULL;
	mailbox->sessions = session;
	session->next_in_bucket = *bucket;
	*bucket = session;
	sessions->count++;
	*out_session = session;
	return ALM_OK;
}

void alm_sessions_remove(
	struct alm_sessions *sessions, struct alm_session **take_session)
{
	struct alm_session *session = *take_session;
	struct alm_session **link =
		&sessions->buckets[session->peer.number % BUCKETS];

	*take_session = NULL;
	while (*link != session) {
		link = &(*link)->next_in_bucket;
	}
	*link = session->next_in_bucket;
	link = &session->mailbox->sessions;
	while (*link != session) {
		link = &(*link)->next_of_mailbox;
	}
	*link = session->next_of_mailbox;
	alm_mailbox_session_gone(session->mailbox, session);
	sessions->count--;
	free(session);
}

bool alm_session_has_room(const struct alm_session *session, size_t bytes)
{
	/* One piece of mail is always let through, whatever its size. */
	return session->held_count < session->window &&
	       (session->held_count == 0 ||
		       bytes + session->held_bytes <=
			       ALM_DELIVER_WINDOW_BYTES_MAX);
}

void alm_session_let_go(struct alm_mailbox *mailbox, uint64_t seq)
{
	struct alm_held *held = alm_mailbox_held(mailbox, seq);

	if (held != NULL && held->session != NULL) {
		held->session->held_count--;
		held->session->held_bytes -= held->bytes;
	}
	alm_mailbox_release(mailbox, seq);
}
