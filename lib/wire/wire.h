/*
 * wire.h - envelopes as plain, bounded structs, and their encoding.
 *
 * lib/wire is the only place that sees generated protobuf.  Decoding scans the
 * bytes against limits first, then unpacks into an arena; every pointer in a
 * decoded struct is valid until that arena is reset.  Texts are never NULL,
 * are valid UTF-8 and hold no control characters; lists come with a count.
 * Never logs; any thread, one arena at a time.
 */
#ifndef ALM_LIB_WIRE_WIRE_H
#define ALM_LIB_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/id.h"
#include "lib/limits.h"

#define ALM_PROTOCOL_VERSION 1u

/** A borrowed list of texts. */
struct alm_texts {
	const char *const *items;
	size_t count;
};

/* Numbers as on the wire. */
enum alm_wire_level {
	ALM_WIRE_LEVEL_NONE = 0,
	ALM_WIRE_LEVEL_AGGREGATE = 1,
	ALM_WIRE_LEVEL_ANONYMISED = 2,
	ALM_WIRE_LEVEL_PSEUDONYMISED = 3,
	ALM_WIRE_LEVEL_IDENTIFIABLE = 4,
};

enum alm_wire_override {
	ALM_WIRE_OVERRIDE_NONE = 0,
	ALM_WIRE_OVERRIDE_EMERGENCY = 1,
	ALM_WIRE_OVERRIDE_GUARDIAN = 2,
};

enum alm_priority {
	ALM_PRIORITY_ROUTINE = 0,
	ALM_PRIORITY_URGENT = 1,
	ALM_PRIORITY_BULK = 2,
};

/** How a payload travels. */
enum alm_encoding {
	ALM_ENCODING_NONE = 0,
	ALM_ENCODING_ZSTD = 1,
};

enum alm_notice_kind {
	ALM_NOTICE_KIND_EXPIRED = 1,
	ALM_NOTICE_KIND_STOPPED = 2,
	ALM_NOTICE_KIND_REJECTED = 3,
	ALM_NOTICE_KIND_OVERRIDE = 4, /* to the Guardian */
	ALM_NOTICE_KIND_DEAD_LETTER = 5,
	ALM_NOTICE_KIND_TIMED_OUT = 6,
	ALM_NOTICE_KIND_DEADLINE = 7,
};
#define ALM_NOTICE_KIND_MAX ALM_NOTICE_KIND_DEADLINE

/** What a message is to the one that its correlation id names. */
enum alm_message_kind {
	ALM_KIND_ORDINARY = 0,
	ALM_KIND_REQUEST = 1,
	ALM_KIND_REPLY = 2,
	ALM_KIND_DELIVERED = 3, /* business receipts from here on */
	ALM_KIND_OPENED = 4,
	ALM_KIND_ACTED = 5,
};

static inline bool alm_kind_is_receipt(enum alm_message_kind kind)
{
	return kind >= ALM_KIND_DELIVERED;
}

/** The signed part of a message; see message.proto. */
struct alm_message {
	struct alm_message_id id;
	const char *sender;
	const char *recipient;
	const char *purpose;
	struct alm_texts categories;
	const char *standard;
	const char *standard_version;
	enum alm_wire_level payload_level;
	const char *subject;
	const char *subject_unknown;
	const char *basis;
	bool has_relationship;
	const char *relationship_kind;
	const char *relationship_ref;
	const char *relationship_organisation;
	bool has_override;
	enum alm_wire_override override_kind;
	const char *override_by;
	const char *override_reason;
	bool has_not_before;
	uint64_t not_before_epoch;
	uint64_t not_before_seq;
	struct alm_bytes correlation_id; /* 16 bytes or none */
	int64_t deadline_ms;
	int64_t expires_ms;
	enum alm_priority priority;
	const char *traceparent;
	uint8_t payload_sha256[ALM_DIGEST_BYTES];
	uint64_t payload_bytes;      /* it comes in parts; 0: with the send */
	struct alm_texts recipients; /* addresses; `recipient` is "" then */
	enum alm_message_kind kind;
};

/** One that says nothing yet: its texts are "". */
static inline struct alm_message alm_message_empty(void)
{
	return (struct alm_message){
		.sender = "",
		.recipient = "",
		.purpose = "",
		.standard = "",
		.standard_version = "",
		.subject = "",
		.subject_unknown = "",
		.basis = "",
		.relationship_kind = "",
		.relationship_ref = "",
		.relationship_organisation = "",
		.override_by = "",
		.override_reason = "",
		.traceparent = "",
	};
}

struct alm_signature {
	uint8_t ed25519[ALM_SIGNATURE_BYTES];
	uint32_t leaf_index;
	uint32_t tree_size;
	struct alm_bytes path; /* 32 bytes a step */
};

struct alm_send {
	struct alm_bytes message; /* exactly the signed bytes */
	struct alm_bytes payload;
	int64_t sent_at_ms;
	struct alm_signature signature;
	enum alm_encoding encoding; /* of the payload */
};

struct alm_wire_problem {
	enum alm_err code;
	const char *detail;
	const uint32_t *reasons;
	size_t reason_count;
	struct alm_texts withheld;
	const char *nearest;
	struct alm_texts candidates;
	struct alm_bytes message_id; /* 16 bytes or none */
	uint32_t retry_after_ms;     /* 0: nothing is known */
	/* Decoded only; encoding takes these from the catalogue. */
	const char *name;
	const char *sentence;
	const char *hint;
	bool is_retryable;
};

struct alm_hello {
	uint32_t version;
	const char *software;
	uint32_t credit;
	uint32_t encodings; /* 1 << enum alm_encoding, added up */
	bool takes_parts;
	bool keeps_order; /* a refusal for the moment is one of what follows */
};

struct alm_welcome {
	uint32_t version;
	uint32_t credit;
	int64_t broker_time_ms;
	uint64_t frame_bytes_max;
	uint32_t frame_envelopes_max;
	uint64_t payload_bytes_max;
	const char *organisation;
	const char *agent;
	uint64_t policy_epoch;
	uint64_t people_sequence;
	uint32_t encodings;
	uint64_t parts_bytes_max;         /* 0: no payloads in parts */
	const char *next_endpoint;        /* "": stay here */
	struct alm_bytes next_broker_key; /* 32 bytes or none */
};

/** A request to join, under the key of an invite. */
struct alm_join {
	uint64_t invite;
	uint8_t proof[32];
	uint8_t curve_key[ALM_KEY_BYTES];
	uint8_t signing_key[ALM_KEY_BYTES];
	uint8_t signature[ALM_SIGNATURE_BYTES];
};

struct alm_joined {
	uint64_t invite;
	const char *organisation;
	const char *agent;
	uint8_t check[ALM_DIGEST_BYTES];
	bool is_approved;
};

struct alm_accepted {
	uint64_t sequence;
	uint64_t audit_sequence;
	int64_t accepted_at_ms;
	bool is_duplicate;
	bool is_transformed;
	const char *basis;
	enum alm_wire_level level;
	struct alm_texts released;
	struct alm_texts withheld;
	struct alm_texts obligations;
};

/** Of a message to several, for one recipient. */
struct alm_send_outcome {
	const char *recipient;
	enum alm_err code; /* OK: accepted */
	uint64_t sequence; /* if accepted */
	uint64_t audit_sequence;
	bool is_transformed;
	enum alm_wire_level level;
};

struct alm_receipt {
	struct alm_message_id message_id;
	bool is_accepted;
	struct alm_accepted accepted;    /* if is_accepted */
	struct alm_wire_problem refused; /* if not */
	const struct alm_send_outcome *outcomes;
	size_t outcome_count;
	/* Decoded only; encoding takes these from the catalogue. */
	const struct alm_wire_problem *problems; /* one for each code */
	size_t problem_count;
};

struct alm_deliver {
	uint64_t sequence;
	uint32_t attempt;
	bool is_repeat;
	struct alm_message_id message_id;
	const char *sender;
	const char *recipient;
	const char *purpose;
	struct alm_texts categories;
	const char *standard;
	const char *standard_version;
	enum alm_wire_level level;
	const char *subject;
	struct alm_bytes pseudonym;
	const char *basis;
	struct alm_texts obligations;
	bool is_partial;
	struct alm_bytes correlation_id;
	int64_t deadline_ms;
	int64_t expires_ms;
	enum alm_priority priority;
	const char *traceparent;
	int64_t accepted_at_ms;
	struct alm_bytes payload;
	uint64_t payload_bytes;        /* it comes in parts; 0: it is here */
	struct alm_bytes payload_root; /* 32 bytes or none */
	enum alm_encoding encoding;    /* of the payload */
	enum alm_message_kind kind;
	const char *escalated_from; /* "" but at a deputy */
};

/** A part of a large payload: of an upload by its message id, of mail by its
 * sequence. */
struct alm_payload_part {
	struct alm_bytes message_id; /* 16 bytes or none */
	uint64_t sequence;
	uint32_t index;
	struct alm_bytes path; /* 32 bytes a step */
	enum alm_encoding encoding;
	struct alm_bytes data;
};

/** How far they have come; named in the same way. */
struct alm_progress {
	struct alm_bytes message_id; /* 16 bytes or none */
	uint64_t sequence;
	uint32_t next;
	uint32_t until;
	bool is_again;
};

struct alm_acknowledgement {
	uint64_t sequence;
	bool is_rejected;
	const char *reason;
};

struct alm_acknowledge {
	const struct alm_acknowledgement *items;
	size_t count;
};

struct alm_acknowledged {
	const uint64_t *sequences;
	size_t count;
};

struct alm_notice {
	uint64_t sequence;
	uint32_t attempt;
	bool is_repeat;
	enum alm_notice_kind kind;
	struct alm_message_id message_id;
	const char *recipient;
	struct alm_wire_problem problem;
	const char *reason;
	int64_t at_ms;
};

struct alm_ping {
	struct alm_bytes context;
	int64_t broker_time_ms; /* pong only */
};

struct alm_argument {
	const char *key;
	const char *value;
};

struct alm_attachment {
	const char *name;
	struct alm_bytes content;
};

struct alm_request_call {
	uint32_t id;
	const char *verb;
	const struct alm_argument *arguments;
	size_t argument_count;
	const struct alm_attachment *attachments;
	size_t attachment_count;
};

struct alm_answer {
	uint32_t id;
	enum alm_err code;
	const char *detail;
	struct alm_texts columns;
	const struct alm_texts *rows; /* each with columns.count cells */
	size_t row_count;
	const char *cursor;
	const struct alm_argument *facts;
	size_t fact_count;
};

enum alm_envelope_kind {
	ALM_ENVELOPE_HELLO = 1,
	ALM_ENVELOPE_WELCOME = 2,
	ALM_ENVELOPE_SEND = 3,
	ALM_ENVELOPE_RECEIPT = 4,
	ALM_ENVELOPE_DELIVER = 5,
	ALM_ENVELOPE_ACKNOWLEDGE = 6,
	ALM_ENVELOPE_ACKNOWLEDGED = 7,
	ALM_ENVELOPE_NOTICE = 8,
	ALM_ENVELOPE_PING = 9,
	ALM_ENVELOPE_PONG = 10,
	ALM_ENVELOPE_ERROR = 11,
	ALM_ENVELOPE_CREDIT = 12,
	ALM_ENVELOPE_QUERY = 13,
	ALM_ENVELOPE_ADMINISTER = 14,
	ALM_ENVELOPE_ANSWER = 15,
	ALM_ENVELOPE_GOODBYE = 16, /* has no member */
	ALM_ENVELOPE_PART = 17,
	ALM_ENVELOPE_PROGRESS = 18,
	ALM_ENVELOPE_JOIN = 22,
	ALM_ENVELOPE_JOINED = 23,
};

/** One envelope; `kind` says which member holds. */
struct alm_envelope {
	enum alm_envelope_kind kind;
	union {
		struct alm_hello hello;
		struct alm_welcome welcome;
		struct alm_send send;
		struct alm_receipt receipt;
		struct alm_deliver deliver;
		struct alm_acknowledge acknowledge;
		struct alm_acknowledged acknowledged;
		struct alm_notice notice;
		struct alm_ping ping; /* and pong */
		struct alm_wire_problem error;
		uint32_t credit;
		struct alm_request_call request; /* query, administer */
		struct alm_answer answer;
		struct alm_payload_part part;
		struct alm_progress progress;
		struct alm_join join;
		struct alm_joined joined;
	};
};

/** Who decodes: sets which envelopes and sizes are taken. */
enum alm_wire_side {
	ALM_WIRE_BROKER_AGENTS, /* from agents: hello send acknowledge ... */
	ALM_WIRE_BROKER_ADMIN,  /* from the local socket: administer ping */
	ALM_WIRE_AGENT,         /* from the broker: welcome receipt ... */
	ALM_WIRE_CONTROL,       /* from the local socket: answer error pong */
};

/**
 * Decode a frame.
 *
 * In:      frame          borrowed; payloads may point into the arena only
 * Out:     out_envelopes  1 to ALM_FRAME_ENVELOPES_MAX, in the arena
 * Errors:  MALFORMED, FRAME_TOO_LARGE, TOO_MANY_ENVELOPES, TOO_DEEP,
 *          UNKNOWN_FIELD, FIELD_TOO_LARGE, TOO_MANY_VALUES, NOT_TEXT,
 *          DUPLICATE_FIELD, MISSING_FIELD, WRONG_ENVELOPE: refuse the frame;
 *          NOMEM: the arena's maximum.  `problem` names the field.
 */
ALM_MUST_USE enum alm_err alm_wire_decode(enum alm_wire_side side,
	struct alm_bytes frame, struct alm_arena *arena,
	const struct alm_envelope **out_envelopes, size_t *out_count,
	struct alm_problem *problem);

/**
 * Decode the signed part of a message.  Errors as alm_wire_decode(), and
 * BAD_MESSAGE_ID; the field's path begins with `send.message`.  The words of
 * the policy are not judged here: a missing purpose is for the decision to
 * refuse.
 */
ALM_MUST_USE enum alm_err alm_wire_decode_message(struct alm_bytes bytes,
	struct alm_arena *arena, struct alm_message *out_message,
	struct alm_problem *problem);

/**
 * Encode the signed part.  The result lives in the arena.  It is checked
 * against the limits as the broker will; texts may be NULL for "".
 * Errors: NOMEM, FIELD_TOO_LARGE, TOO_MANY_VALUES, NOT_TEXT.
 */
ALM_MUST_USE enum alm_err alm_wire_encode_message(
	const struct alm_message *message, struct alm_arena *arena,
	struct alm_bytes *out_bytes);

/** A frame being filled.  Caller's memory; zeroed after init. */
struct alm_frame_builder {
	uint8_t *data; /* heap, grows to bytes_max */
	size_t bytes;
	size_t bytes_capacity;
	size_t bytes_max;
	size_t envelope_count;
};

/** Nothing is allocated yet.  Fini gives the memory back, reset keeps it. */
void alm_frame_init(struct alm_frame_builder *frame, size_t bytes_max);
void alm_frame_fini(struct alm_frame_builder *frame);
void alm_frame_reset(struct alm_frame_builder *frame);

/**
 * Append one envelope.  `arena` is scratch.
 * Errors: FRAME_TOO_LARGE, TOO_MANY_ENVELOPES: nothing was added, send the
 *         frame first and add to the next; NOMEM; FIELD_TOO_LARGE,
 *         TOO_MANY_VALUES, NOT_TEXT: the envelope breaks a limit that the
 *         other side would refuse the whole frame for; nothing was added.
 */
ALM_MUST_USE enum alm_err alm_frame_add(struct alm_frame_builder *frame,
	const struct alm_envelope *envelope, struct alm_arena *arena);

/** The bytes of the frame; valid until the next call on it. */
struct alm_bytes alm_frame_bytes(const struct alm_frame_builder *frame);

#endif /* ALM_LIB_WIRE_WIRE_H */
