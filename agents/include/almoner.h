/*
 * almoner.h - send and receive through an Almoner broker.
 *
 * The one public header of libalmoner, with the parts that it includes.  C11
 * and C++; needs libc only.  docs/INTEGRATING.md is the guide to it, and
 * agents/examples/letterbox.c a whole agent.
 *
 * A client is one connection of one registered agent.  It is used by one
 * thread at a time; two threads open two clients.  Functions without a client
 * may be called by any thread.  Either call the simple functions, which wait
 * (alm_send, alm_receive, alm_acknowledge_wait, alm_ask), or watch
 * alm_client_fd() in your own loop, call alm_client_process() when it is
 * readable and take events with alm_client_next_event().
 *
 * What the library does for you: it connects and reconnects with back-off,
 * says hello, signs (up to 256 messages under one signature), sends what has
 * no answer yet again under the same id after every interruption, keeps to
 * the broker's window, and packs acknowledgements.  Nothing is sent twice:
 * the broker knows a message by its id.  Mail may come twice: know it by
 * sender and id.
 *
 * Errors are the numbers of `almoner errors`: 0 is success, any other number
 * is stable and has a name, a sentence and a hint.  A call that fails leaves
 * what it would give untouched.  Texts in what the library gives are never
 * NULL, and UTF-8 without control characters; texts in what you give may be
 * NULL for "none".  Times are milliseconds since 1970 (UTC), timeouts
 * milliseconds, of which those count in which the machine ran.  What you give
 * is copied, or used for the call only, unless it says otherwise.  What the
 * library gives lives until it is freed with the function named beside it,
 * also past alm_client_close().
 *
 * Every call that waits may end with 1008, when a signal came, and 7005, when
 * the events that nobody takes fill their queue: take them, and call again.
 * An acknowledgement is sent by the next call that waits or processes.  Let
 * one come every half minute, or the broker takes the agent for gone and gives
 * what it holds to another (session-idle).
 *
 * The library writes to no file and no terminal (but a witness's state),
 * handles no signal and raises none.  It has threads of its own for the
 * network: block the signals that you wait for before you open a client.
 * After fork() the child may do nothing with a client but exec; descriptors
 * are closed then.  Functions that you give are called by your own thread, and
 * call nothing on the client.
 */
#ifndef ALMONER_H
#define ALMONER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ALM_API __attribute__((visibility("default")))

#define ALM_VERSION_TEXT "0.1.0"

/* The errors a program most often tells apart. */
#define ALM_CODE_OK 0
#define ALM_CODE_NOMEM 1002
#define ALM_CODE_INTERRUPTED 1008 /* a signal came while waiting */
#define ALM_CODE_MESSAGE_ID_CONFLICT 1115
#define ALM_CODE_BAD_ARGUMENT 1120
#define ALM_CODE_SUPERSEDED 1121
#define ALM_CODE_BROKER_KEY 1207
#define ALM_CODE_TIMEOUT 7001
#define ALM_CODE_UNREACHABLE 7002
#define ALM_CODE_CONTEXT 7003
#define ALM_CODE_WINDOW_FULL 7005

/** Words for an error; static, never NULL.  An unknown number reads as 1001. */
ALM_API const char *alm_error_name(int code);
ALM_API const char *alm_error_sentence(int code);
ALM_API const char *alm_error_hint(int code);
/** True if the same call may succeed later. */
ALM_API bool alm_error_is_retryable(int code);

/** A borrowed list of texts. */
struct alm_strings {
	const char *const *items;
	size_t count;
};

/* --- opening ---------------------------------------------------------- */

struct alm_client;

/** A client that cosigns the heads of its broker's audit log, which binds it.
 */
struct alm_witness_options {
	const uint8_t *key;      /* 32 bytes, an Ed25519 seed for this alone */
	const uint8_t *log_keys; /* 32 bytes each, public: the log's keys */
	size_t log_key_count;    /* 1, or 2 while the log's key is changed */
	const char *state_file;  /* the last head that was cosigned */
};

/** Everything a context file says, for programs that keep it elsewhere. */
struct alm_client_options {
	const char *endpoint;       /* tcp://HOST:PORT */
	const uint8_t *broker_key;  /* 32 bytes, the broker's public key */
	const char *organisation;   /* own organisation's id */
	const char *agent;          /* registered name, or NULL */
	const uint8_t *curve_key;   /* 32 bytes, own secret key */
	const uint8_t *signing_key; /* 32 bytes, own Ed25519 seed */
	const char *software;       /* shown to the operator, or NULL */
	/* Mail and notices held unacknowledged, up to 8192 of them, and 16 MiB
	 * in all; 0: none come. */
	uint32_t credit;
	uint32_t envelopes_per_frame_max; /* 0: as many as the broker takes */
	void *zmq_context; /* shared by several clients, or NULL */
	const struct alm_witness_options *witness; /* or NULL */
	bool takes_parts; /* mail with a payload to fetch, see alm_fetch() */
	bool is_uncompressed; /* neither send nor get compressed payloads */
};

/**
 * Open a client from a context file (almoner-context(5)), with a credit of
 * 256.  Does not wait for the broker.
 *
 * Out:     out_client    close with alm_client_close()
 *          out_error     NULL, or room for `error_bytes`: what is wrong, with
 *                        file and line
 * Errors:  7003 context, 3003 endpoint, 3004 and 3005 key files, 1002 memory:
 *          correct the file
 */
ALM_API int alm_client_open(const char *context_file,
	struct alm_client **out_client, char *out_error, size_t error_bytes);

/** The same from options.  Keys are copied to locked memory; zero yours. */
ALM_API int alm_client_open_with(const struct alm_client_options *options,
	struct alm_client **out_client, char *out_error, size_t error_bytes);

/**
 * Read the context again and connect anew with what it says: other keys, or
 * another endpoint and broker key.  Organisation and agent stay.  Nothing is
 * lost: what has no receipt is signed and sent again under its id, and mail in
 * your hands comes again as a repeat.
 *
 * Errors:  as alm_client_open(), and then the client goes on as it is; 1203
 *          the context is of another agent
 */
ALM_API int alm_client_reload(struct alm_client *client,
	const char *context_file, char *out_error, size_t error_bytes);

/**
 * Send what acknowledgements wait and say goodbye, for at most a second, and
 * close: mail goes to this agent's next process at once.  Sends without an
 * answer are given up here; send them again under the same id.  NULL is fine.
 */
ALM_API void alm_client_close(struct alm_client *client);

/** How much mail the client will hold unacknowledged from now on, 0 to 8192. */
ALM_API int alm_client_set_credit(struct alm_client *client, uint32_t credit);

/**
 * What is refused with a time to try again, because a mailbox or the broker is
 * full, is kept and tried again until it expires (4,096 messages, 32 MiB; more
 * comes as a receipt); it is told once, as ALM_EVENT_DELAYED, and holds up
 * nothing but later messages to the same recipient.  True: give it back as a
 * receipt that is retryable, for callers who keep messages themselves.
 */
ALM_API void alm_client_give_back(struct alm_client *client, bool gives_back);

/** What the client knows of its connection. */
struct alm_client_status {
	bool is_ready;            /* welcomed by the broker */
	int last_code;            /* why not, when it is known; else 0 */
	const char *detail;       /* valid until the next call on the client */
	const char *organisation; /* as the broker knows this agent */
	const char *agent;
	uint32_t send_window; /* unanswered sends the broker takes */
	uint32_t unanswered;  /* sends without a receipt yet */
	/* The broker's clock minus this machine's, as it is now; 0 before the
	 * first welcome.  More than 5 minutes either way, and every message is
	 * refused (1113). */
	int64_t broker_ahead_ms;
	uint64_t payload_bytes_max;
	uint64_t parts_bytes_max; /* from a source; 0: no larger ones */
	uint64_t policy_epoch;    /* 0: no policy is active */
	uint64_t people_sequence;
	/* Where the broker can be reached from now on, and its key there (32
	 * bytes): put both into the context and reload it.  "": stay here. */
	const char *next_endpoint;
	const uint8_t *next_broker_key;
};

/** Errors: none; the status is as of the last alm_client_process(). */
ALM_API void alm_client_get_status(
	const struct alm_client *client, struct alm_client_status *out_status);

/**
 * Wait until the broker has welcomed this client.
 *
 * In:      timeout_ms    -1 waits for ever
 * Errors:  7002 not reached in time; 1207 the broker refuses the keys;
 *          1121 another process took over; 1203 the broker knows this agent
 *          under another organisation
 */
ALM_API int alm_client_wait_ready(struct alm_client *client, int timeout_ms);

/* --- sending ---------------------------------------------------------- */

/**
 * A message to be sent.  Zero it, then set what you need; the broker's policy
 * says which fields a message must have.
 */
struct alm_outgoing {
	const uint8_t *id;     /* 16 bytes, UUIDv7; NULL: made for you */
	const char *recipient; /* organisation id */
	const char *purpose;
	const char *const *categories;
	size_t category_count; /* up to 64 */
	const char *standard;  /* information standard, or none */
	const char *standard_version;
	const char *level;           /* identifiable, pseudonymised, anonymised
					or aggregate */
	const char *subject;         /* NHS number, or none */
	const char *subject_unknown; /* why the person is not known */
	const char *basis;           /* agreement or mandate, or none */
	const char *relationship_kind; /* of the recipient with the person */
	const char *relationship_ref;
	const char *override_kind; /* emergency or guardian, or none */
	const char *override_by;
	const char *override_reason;
	bool has_not_before;           /* decide with at least ... */
	uint64_t not_before_epoch;     /* ... this policy */
	uint64_t not_before_seq;       /* ... these people's choices */
	const uint8_t *correlation_id; /* 16 bytes, or NULL */
	int64_t deadline_ms;           /* 0: none */
	int64_t expires_ms;            /* 0: 14 days after acceptance */
	const char *priority;    /* routine, urgent or bulk; none: routine */
	const char *traceparent; /* W3C, 55 bytes, or none */
	const void *payload;
	size_t payload_bytes; /* up to 1 MiB */
	/* What it is to the one that correlation_id names: request (needs a
	 * deadline), reply, or a business receipt: delivered, opened, acted
	 * (without payload, level, categories, subject); none: ordinary. */
	const char *kind;
	const struct alm_source *source; /* in place of payload, or NULL */
	/* Several: organisation ids, group:ID, kind:KIND@group:ID, host:ID; up
	 * to 1024.  Then recipient is NULL, and the receipt lists the outcomes.
	 */
	const char *const *recipients;
	size_t recipient_count;
};

/** What became of a message to several, for one of them. */
struct alm_recipient_outcome {
	const char *recipient; /* organisation id */
	int code;              /* 0: accepted */
	const char *name;      /* refused: what is wrong, and what to do */
	const char *sentence;
	const char *hint;
	bool is_retryable;
	uint64_t sequence; /* accepted: of this recipient's mail */
	uint64_t audit_sequence;
	bool is_transformed; /* this recipient gets less than was sent */
	const char *level;
	uint32_t retry_after_ms; /* not worth a try before; 0: not known */
};

/** The broker's durable answer to a message. */
struct alm_receipt_view {
	uint8_t id[16];   /* of the message */
	int code;         /* 0: accepted, and on the broker's disk */
	const char *name; /* refused: what is wrong, and what to do */
	const char *sentence;
	const char *hint;
	const char *detail;
	bool is_retryable;
	uint32_t retry_after_ms; /* not worth a try before; 0: not known */
	const uint32_t *reasons; /* of the decision, when refused */
	size_t reason_count;
	const char *nearest;           /* the agreement that came nearest */
	struct alm_strings candidates; /* agreements to name as the basis */
	struct alm_strings withheld;   /* accepted: fields that do not go on,
					  or coarser ("postcode:district"),
					  up to 256, the last "..." for more;
					  refused: fields at fault */
	uint64_t sequence;             /* accepted: */
	uint64_t audit_sequence;
	int64_t accepted_at_ms;
	bool is_duplicate;   /* accepted before, under this id */
	bool is_transformed; /* the recipient gets less than was sent */
	const char *basis;
	const char *level;
	struct alm_strings released;
	struct alm_strings obligations;
	/* Of a message to several, accepted when one of them may have it. */
	const struct alm_recipient_outcome *outcomes;
	size_t outcome_count;
};

/** A new message id (UUIDv7).  Keep it before the first try. */
ALM_API void alm_make_id(uint8_t out_id[16]);

/** Canonical text of an id; 36 characters and a NUL. */
ALM_API void alm_id_text(const uint8_t id[16], char out_text[37]);

/**
 * Send and wait for the receipt.
 *
 * In:      message       borrowed for the call
 *          timeout_ms    -1 waits for ever
 * Out:     out_receipt   accepted or refused: look at its code; free with
 *                        alm_receipt_free()
 * Errors:  0             there is a receipt
 *          7001 7002     no answer in time: call again with the same
 *                        message->id, or take the receipt as an event
 *          1302 1303 1307  the same; so far there was no room for it, and
 *                        the client tries on (see alm_client_give_back())
 *          1115          that id is waiting with other content
 *          1112 1106 1117 1120  a bad id, a field too long, too large a
 *                        payload, a bad word: correct the message
 *          1121 1207 1203  as alm_client_wait_ready()
 */
ALM_API int alm_send(struct alm_client *client,
	const struct alm_outgoing *message, int timeout_ms,
	struct alm_receipt_view **out_receipt);
ALM_API void alm_receipt_free(struct alm_receipt_view *receipt);

/**
 * Start sending; the receipt comes as an event.  Copies the message.  The
 * same id with the same content while it waits is no error and sends nothing.
 *
 * Messages are accepted in the order in which they are started, however often
 * they have to be sent; but not one whose payload goes in parts, and one that
 * is refused for want of room (ALM_EVENT_DELAYED) may be overtaken by what was
 * started before that was known.
 *
 * Out:     out_id        NULL, or the message's id
 * Errors:  7005          as many are unanswered as the broker takes: process
 *                        events, then start again.  Others as alm_send().
 */
ALM_API int alm_send_start(struct alm_client *client,
	const struct alm_outgoing *message, uint8_t out_id[16]);

/**
 * The same for an almoner.v1.Message that is already serialised.  Its sender
 * must be this organisation and its payload_sha256 that of the payload.
 * Errors: also 1101 to 1108 and 1122 to 1123 for bytes that are no such
 * message, 1203, 1116.
 */
ALM_API int alm_send_start_encoded(struct alm_client *client,
	const void *message, size_t message_bytes, const void *payload,
	size_t payload_bytes, uint8_t out_id[16]);

/* --- receiving -------------------------------------------------------- */

/** One piece of mail: this organisation's own view of what was sent. */
struct alm_delivery {
	uint64_t sequence; /* acknowledge with this */
	uint32_t attempt;  /* 1 for the first hand-over */
	bool is_repeat;    /* handed over before, perhaps received */
	uint8_t id[16];    /* the sender's */
	const char *sender;
	const char *recipient;
	const char *purpose;
	struct alm_strings categories; /* what is in the payload */
	const char *standard;
	const char *standard_version;
	const char *level;
	const char *subject;      /* NHS number, when identifiable */
	const uint8_t *pseudonym; /* 16 bytes or NULL */
	const char *basis;
	struct alm_strings obligations;
	bool is_partial;               /* withheld, or made coarser */
	const uint8_t *correlation_id; /* 16 bytes or NULL */
	int64_t deadline_ms;           /* 0: none */
	int64_t expires_ms;
	const char *priority;
	const char *traceparent;
	int64_t accepted_at_ms;
	const uint8_t *payload; /* NULL when it is in parts */
	size_t payload_bytes;
	const char *kind; /* "", request, reply, delivered, opened, acted */
	const char *escalated_from;  /* whose deadline passed: its deputy */
	bool is_in_parts;            /* get it with alm_fetch() */
	const uint8_t *payload_root; /* 32 bytes: the root of its parts */
};

/** What became of a message of yours.  Acknowledge it like mail. */
struct alm_notice_view {
	uint64_t sequence;
	uint32_t attempt;
	bool is_repeat;
	const char *kind; /* expired, stopped, rejected, dead-letter,
			     timed-out, deadline; override */
	uint8_t id[16];   /* of your message */
	const char *recipient;
	int code; /* why */
	const char *name;
	const char *sentence;
	const char *hint;
	const char *detail;
	const char *reason; /* the recipient's words, when it rejected */
	int64_t at_ms;
};

/**
 * Wait for the reply to a request that was accepted.  Mail and notices of
 * others stay for alm_client_next_event().
 *
 * In:      id            of the request
 * Out:     out_delivery  the reply; acknowledge it, free with
 *                        alm_delivery_free()
 * Errors:  8001 to 8099  there will be none: the code of the notice, which is
 *                        acknowledged; 7001 7002 and others as alm_send()
 */
ALM_API int alm_await_reply(struct alm_client *client, const uint8_t id[16],
	int timeout_ms, struct alm_delivery **out_delivery);

/**
 * Wait for the next piece of mail.  Events of other kinds stay for
 * alm_client_next_event().  Notices are among them, and hold credit like mail:
 * who sends must take them now and then, or no more mail comes.
 *
 * Out:     out_delivery  free with alm_delivery_free()
 * Errors:  7001          nothing came in time
 *          7002 1207     not connected; call again, it goes on trying
 *          1121          another process took over: stop
 */
ALM_API int alm_receive(struct alm_client *client, int timeout_ms,
	struct alm_delivery **out_delivery);
ALM_API void alm_delivery_free(struct alm_delivery *delivery);

/**
 * Take responsibility for a piece of mail or a notice: the broker forgets it.
 * Write it to your own disk first.  Goes out with the next
 * alm_client_process() or waiting call, many in one; repeated until the
 * broker confirms.
 *
 * In:      reject_reason NULL accepts; else why this organisation may not or
 *                        cannot use it (up to 256 bytes; the sender sees it)
 * Errors:  1106 reason too long; 7005 too many unconfirmed; 1002
 */
ALM_API int alm_acknowledge(struct alm_client *client, uint64_t sequence,
	const char *reject_reason);

/** The same, and wait until the broker's disk has it.  Errors: also 7001. */
ALM_API int alm_acknowledge_wait(struct alm_client *client, uint64_t sequence,
	const char *reject_reason, int timeout_ms);

/* --- asking ----------------------------------------------------------- */

struct alm_pair {
	const char *key;
	const char *value;
};

/** An answer: a table, and facts beside it. */
struct alm_table {
	uint32_t question; /* the number alm_ask_start() gave */
	int code;          /* 0, or why there is no answer */
	const char *detail;
	struct alm_strings columns;
	const struct alm_strings *rows; /* each with columns.count cells */
	size_t row_count;
	const char *cursor; /* ask again with this for the next rows */
	const struct alm_pair *facts;
	size_t fact_count;
};

/**
 * Ask the broker (verbs: docs/PROTOCOL.md) and wait.
 *
 * Out:     out_table     look at its code; free with alm_table_free()
 * Errors:  as alm_send(); 1106 a value too long
 */
ALM_API int alm_ask(struct alm_client *client, const char *verb,
	const struct alm_pair *arguments, size_t argument_count, int timeout_ms,
	struct alm_table **out_table);
ALM_API void alm_table_free(struct alm_table *table);

/** Start asking; the answer comes as an event.  A question that is cut off
 * by a disconnection is asked again. */
ALM_API int alm_ask_start(struct alm_client *client, const char *verb,
	const struct alm_pair *arguments, size_t argument_count,
	uint32_t *out_question);

/* The events, for programs with their own loop. */
#include "almoner_loop.h"

/* Payloads above 1 MiB. */
#include "almoner_parts.h"

#ifdef __cplusplus
}
#endif

#endif /* ALMONER_H */
