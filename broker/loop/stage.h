/*
 * stage.h - what the stages of a turn share: the turn itself, its requests,
 * answering them and recording what was done.  Loop thread only; never logs.
 *
 * Nothing that a turn says leaves before it is on disk: answers and mail
 * gather in the outbox, and a turn that cannot commit says nothing.
 *
 * Errors of what works on a turn, here and in the folders above, are those of
 * the store that end the turn, and NOMEM, unless more is said: a refusal is
 * answered, not returned.
 */
#ifndef ALM_BROKER_LOOP_STAGE_H
#define ALM_BROKER_LOOP_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/broker.h"
#include "lib/wire/wire.h"

struct alm_detail;
struct alm_letter;
struct alm_sums;

/** One request: who asks, on which connection, and what. */
struct alm_turn_request {
	enum alm_edge_socket socket;
	struct alm_peer peer;
	const char *address;           /* of the peer; "" if not known */
	const char *user_id;           /* of ZAP; NULL: none */
	const struct alm_agent *agent; /* NULL on the administration socket */
	uint32_t rotations; /* which of the agent's keys the connection has */
	uint64_t invite;    /* whose key it has; 0: none */
	const struct alm_envelope *envelope; /* NULL: `problem` says why */
	const struct alm_problem *problem;
	size_t arena_bytes;  /* of the turn's memory used before it */
	bool is_surplus;     /* its organisation has no room for it */
	enum alm_err failed; /* it spoilt the turn: refused so */
};

struct alm_turn {
	struct alm_broker *broker;
	uint64_t number;
	int64_t now_us; /* wall clock of the whole turn */
	int64_t now_ms;
	int64_t now_s;
	int64_t monotonic_ms;
	struct alm_arena *arena;
	struct alm_arena_mark decoded; /* what is behind it is done anew when
					* the turn is taken again */
	unsigned spared;               /* times memory was made by refusing */
	struct alm_detail *detail;     /* for the record being written */
	struct alm_sums *sums;         /* of the requests that come next */
	struct alm_edge_frame *frames;
	size_t frame_count;
	struct alm_turn_request *requests;
	size_t request_count;
	struct alm_turn_request *at; /* being carried out; NULL: none */
	/* Letters accepted in this turn, to hand over without reading them
	 * back; letters[i] has the sequence first_seq + i or is NULL. */
	const struct alm_letter **letters;
	uint64_t first_seq;
	size_t letter_count;
	size_t people_count;    /* records about people taken in this turn */
	size_t unpacked_bytes;  /* payloads decompressed in this turn */
	size_t repeated_bytes;  /* receipts read back in this turn */
	size_t swept_bytes;     /* read because its time has come */
	unsigned part_count;    /* parts of payloads taken in this turn */
	size_t multicast_count; /* recipients of messages to several */
	size_t multicast_view_bytes; /* made for them */
	bool has_effects;            /* something must be committed */
	bool has_new_world;      /* agents, policy or standards were changed */
	bool has_new_settings;   /* with those before in broker->reload */
	bool has_tried_settings; /* what became of it stands there as well */
	bool has_heard_signal;   /* to read them again */
	bool refuses_mail;       /* no room for more: mail goes out only */
	bool is_store_full; /* not even for records: nothing goes out either */
};

/* --- answering and recording --------------------------------------------- */

/** Put an envelope for the asker of `request` into the outbox. */
ALM_MUST_USE enum alm_err alm_turn_reply(struct alm_turn *turn,
	const struct alm_turn_request *request,
	const struct alm_envelope *envelope);

/** Reply with an error envelope. */
ALM_MUST_USE enum alm_err alm_turn_reply_error(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code,
	const char *detail);

/** The session of the asker; NULL if it has not said hello.  A connection
 * that bears the id of another agent's session has none, and ends that one. */
struct alm_session *alm_session_of(
	struct alm_turn *turn, const struct alm_turn_request *request);

/** A record with the turn's time, epoch and sequence, texts empty. */
struct alm_audit_record alm_turn_record(
	const struct alm_turn *turn, enum alm_audit_kind kind);

/** Append it; `detail` may be "".  Out: the record's sequence. */
ALM_MUST_USE enum alm_err alm_turn_audit(struct alm_turn *turn,
	struct alm_audit_record *record, const char *detail);

/* --- changes that the rest of the turn must see -------------------------- */

/** An agent was registered or revoked.  Errors: NOMEM, TOO_MANY_VALUES. */
ALM_MUST_USE enum alm_err alm_turn_change_agent(
	struct alm_turn *turn, const struct alm_agent *agent);

/** Records about people were changed: what was decided is decided anew. */
void alm_turn_change_people(struct alm_turn *turn);

/** Find the agent behind each request, again after the key ring changed. */
void alm_turn_authenticate(struct alm_turn *turn);

#endif /* ALM_BROKER_LOOP_STAGE_H */
