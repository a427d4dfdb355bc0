/*
 * client.h - the parts of a client and what they share.  Private to
 * agents/client: session.c drives, inbound.c reads, outbound.c writes.
 */
#ifndef ALM_AGENTS_CLIENT_CLIENT_H
#define ALM_AGENTS_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agents/client/acks.h"
#include "agents/client/batch.h"
#include "agents/client/doubt.h"
#include "agents/client/event.h"
#include "agents/client/flow.h"
#include "agents/client/link.h"
#include "agents/client/outbox.h"
#include "agents/client/parts.h"
#include "agents/client/random.h"
#include "agents/include/almoner.h"
#include "lib/wire/wire.h"

#define ALM_QUESTIONS_MAX 64u
/* A client that has not been welcomed yet takes this many sends. */
#define ALM_WINDOW_UNWELCOMED 256u

/** Locked memory, zeroed when freed. */
struct alm_client_secrets {
	uint8_t curve[ALM_KEY_BYTES];
	uint8_t signing[ALM_SIGNING_SECRET_BYTES];
};

/** A question without an answer; its frame is kept to be asked again. */
struct alm_question {
	TAILQ_ENTRY(alm_question) order;
	uint32_t id;
	bool is_sent;
	size_t bytes;
	uint8_t frame[];
};

enum alm_session_state {
	ALM_SESSION_DOWN,     /* not connected */
	ALM_SESSION_GREETING, /* hello said, or about to be */
	ALM_SESSION_READY,    /* welcomed */
	ALM_SESSION_ENDED,    /* for good */
};

struct alm_client_witness;

struct alm_client {
	struct alm_link *link;
	struct alm_client_secrets *secrets;
	struct alm_hash *hash;
	struct alm_batch batch;
	struct alm_random random;
	struct alm_id_series ids;
	struct alm_arena scratch;
	struct alm_frame_builder frame;

	char organisation[ALM_ID_BYTES_MAX + 1]; /* as the context says */
	char agent[ALM_ID_BYTES_MAX + 1];
	char software[ALM_ID_BYTES_MAX + 1];
	uint32_t credit;
	bool takes_parts;
	bool is_uncompressed;
	bool gives_back; /* refusals for want of room are the caller's */
	uint32_t envelopes_wanted; /* per frame; 0: as the broker takes */

	enum alm_session_state state;
	int64_t now_ms; /* monotonic, read once a turn */
	int64_t hello_due_ms;
	unsigned hello_plainness; /* what an older broker did not take of it is
				     left out, on this connection */
	int64_t ping_due_ms;
	uint8_t pong[ALM_PING_BYTES_MAX]; /* to be answered */
	size_t pong_bytes;
	bool has_pong;
	int64_t gather_until_ms; /* sends wait for more; 0: they do not */
	/* Uploads are announced again, and few others go out until the broker
	 * has said how far they are; 0: not so. */
	int64_t resume_until_ms;
	bool has_answers; /* receipts came since the last sends */
	bool credit_is_due;
	bool has_new_work; /* started since the last turn */
	uint32_t window;   /* as welcome said, as are the next */
	uint32_t envelopes_max;
	uint64_t payload_bytes_max;
	uint64_t parts_bytes_max;
	uint32_t encodings; /* that were agreed on */
	uint64_t policy_epoch;
	uint64_t people_sequence;
	/* The broker's clock minus the one that nobody sets; 0: not known. */
	int64_t broker_less_boot_ms;
	char next_endpoint[ALM_ENDPOINT_BYTES_MAX + 1]; /* "": stay here */
	uint8_t next_broker_key[ALM_KEY_BYTES];

	enum alm_err last_err; /* why not ready */
	bool is_final;         /* trying on will hardly help */
	unsigned breaks;       /* of handshakes, since one was made */
	char detail[ALM_DETAIL_BYTES_MAX];

	struct alm_outbox outbox;
	struct alm_sendings sendings;
	struct alm_fetchings fetchings;
	struct alm_zip *zip;
	struct alm_doubt doubt;
	struct alm_flow flow;
	struct alm_acks acks;
	struct alm_events events;
	struct alm_frame_pool *frames;
	TAILQ_HEAD(, alm_question) questions;
	size_t question_count;
	uint32_t question_last;

	struct alm_client_witness *witness; /* NULL: it cosigns nothing */
	uint32_t witness_asked;             /* question for a proof; 0: none */
	uint32_t witness_told;              /* question that cosigns; 0: none */
	int64_t witness_due_ms;
};

/* --- client.c --------------------------------------------------------- */

/** The question has its answer, or nobody waits for it. */
void alm_client_forget_question(
	struct alm_client *client, struct alm_question *question);

/* --- session.c -------------------------------------------------------- */

/**
 * One round of work.  `shows_events`: the descriptor stays readable while
 * events wait.  Errors: why the session has ended for good.
 */
ALM_MUST_USE enum alm_err alm_session_turn(
	struct alm_client *client, bool shows_events);

/** The broker has said what time it is. */
void alm_session_see_clock(struct alm_client *client, int64_t broker_time_ms);

/** Something was started: the descriptor becomes readable for a turn. */
void alm_session_wake(struct alm_client *client);

/** Look at the socket again after a call outside a turn. */
void alm_session_arm(struct alm_client *client, bool shows_events);

/** Say hello (again). */
void alm_session_greet(struct alm_client *client);
/** A broker that is older than this library has refused a field of its hello:
 * again without the newest.  False if that was not the cause. */
ALM_MUST_USE bool alm_session_greet_plainly(struct alm_client *client);

/** After refusals for the moment that are all known: say that what is sent from
 * here on is sent in that knowledge.  Errors: BUSY, NOMEM. */
ALM_MUST_USE enum alm_err alm_session_unbar(struct alm_client *client);

/** The broker asks for a pong with this context. */
void alm_session_pinged(struct alm_client *client, struct alm_bytes context);

/** The broker's welcome. */
void alm_session_welcome(
	struct alm_client *client, const struct alm_welcome *welcome);

/** Remember why there is no session, and tell the caller once. */
void alm_session_fail(struct alm_client *client, enum alm_err err,
	bool is_final, const char *detail);

/** The connection is gone, or is given up. */
void alm_session_lost(struct alm_client *client);

/** Tell the caller of a problem that does not end the session. */
void alm_session_tell(
	struct alm_client *client, enum alm_err err, const char *detail);

/** Stop for good. */
void alm_session_end(struct alm_client *client, enum alm_event_kind kind,
	enum alm_err err, const char *detail);

/* --- inbound.c -------------------------------------------------------- */

/** Read one frame from the broker. */
void alm_inbound_frame(struct alm_client *client, struct alm_bytes frame);

/** We ourselves refuse a message that was started, as the broker would. */
void alm_inbound_refuse(struct alm_client *client,
	const struct alm_message_id *id, enum alm_err code);

/** Decompress into the arena.  Errors: ENCODING_BROKEN, NOMEM. */
ALM_MUST_USE enum alm_err alm_inbound_unpack(struct alm_client *client,
	struct alm_arena *arena, struct alm_bytes packed, size_t bytes_max,
	struct alm_bytes *out_clear);

/* --- outbound.c ------------------------------------------------------- */

/** Write what is due: acknowledgements, sends within the window, questions. */
void alm_outbound_flush(struct alm_client *client);

/** Send one envelope by itself.  Errors: BUSY, NOMEM, FIELD_TOO_LARGE. */
ALM_MUST_USE enum alm_err alm_outbound_envelope(
	struct alm_client *client, const struct alm_envelope *envelope);

/** The same, of what stands in the scratch arena. */
ALM_MUST_USE enum alm_err alm_outbound_keep(
	struct alm_client *client, const struct alm_envelope *envelope);

/** The same, of a few bytes that show one side what the other has read: they
 * go past what may be on its way, or there would never be room again. */
ALM_MUST_USE enum alm_err alm_outbound_urgent(
	struct alm_client *client, const struct alm_envelope *envelope);

/** Compress into the scratch arena, if that is agreed and worth it. */
void alm_outbound_pack(struct alm_client *client, struct alm_bytes *payload,
	enum alm_encoding *encoding);

/* --- message.c -------------------------------------------------------- */

/** Errors: BAD_ARGUMENT: a word; FIELD_TOO_LARGE, TOO_MANY_VALUES, NOT_TEXT,
 * BAD_MESSAGE_ID, PAYLOAD_TOO_LARGE, NOMEM.  Lives in the scratch arena. */
ALM_MUST_USE enum alm_err alm_message_from_outgoing(struct alm_client *client,
	const struct alm_outgoing *outgoing, const struct alm_sending *sending,
	struct alm_message *out_message, struct alm_bytes *out_bytes);

/** Words as on the wire; unknown numbers read as "". */
const char *alm_priority_word(enum alm_priority priority);
const char *alm_message_kind_word(enum alm_message_kind kind);
const char *alm_notice_kind_word(enum alm_notice_kind kind);

#endif /* ALM_AGENTS_CLIENT_CLIENT_H */
