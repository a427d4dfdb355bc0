/*
 * decode.h - generated structs to plain ones.  Private to lib/wire.
 *
 * The decoder keeps the first fault and goes on: the helpers below read like
 * assignments, and one look at `err` at the end tells.
 */
#ifndef ALM_LIB_WIRE_DECODE_H
#define ALM_LIB_WIRE_DECODE_H

#include "almoner/v1/envelope.pb-c.h"
#include "almoner/v1/message.pb-c.h"
#include "almoner/v1/request.pb-c.h"
#include "lib/wire/wire.h"

struct alm_wire_decoder {
	struct alm_arena *arena;
	struct alm_problem *problem; /* may be NULL */
	enum alm_wire_side side;
	bool is_frame;
	size_t index;     /* of the envelope, in a frame */
	const char *body; /* its kind; "" outside a frame */
	enum alm_err err; /* the first fault */
};

/** Record a fault at `field` of the body, unless there was one before. */
void alm_wire_fault(struct alm_wire_decoder *d, enum alm_err err,
	const char *field, const char *what);

/** MISSING_FIELD unless `is_there`. */
void alm_wire_need(
	struct alm_wire_decoder *d, bool is_there, const char *field);

int64_t alm_wire_time(
	struct alm_wire_decoder *d, uint64_t value, const char *field);

/** `value` when it is 0 to `max`. */
uint32_t alm_wire_number(struct alm_wire_decoder *d, uint32_t value,
	uint32_t max, const char *field);

/** Exactly `bytes` bytes, copied. */
void alm_wire_exact(struct alm_wire_decoder *d, ProtobufCBinaryData value,
	uint8_t *out, size_t bytes, const char *field);

/** None, or exactly `bytes` bytes. */
struct alm_bytes alm_wire_optional(struct alm_wire_decoder *d,
	ProtobufCBinaryData value, size_t bytes, const char *field);

struct alm_bytes alm_wire_bytes(ProtobufCBinaryData value);
struct alm_texts alm_wire_texts(char *const *items, size_t count);

/* Bodies: decode_agent.c what agents send, decode_broker.c what brokers do. */
void alm_wire_take_hello(struct alm_wire_decoder *d,
	const Almoner__V1__Hello *in, struct alm_hello *out);
void alm_wire_take_send(struct alm_wire_decoder *d, const Almoner__V1__Send *in,
	struct alm_send *out);
void alm_wire_take_acknowledge(struct alm_wire_decoder *d,
	const Almoner__V1__Acknowledge *in, struct alm_acknowledge *out);
void alm_wire_take_request(struct alm_wire_decoder *d,
	const Almoner__V1__Request *in, struct alm_request_call *out);
void alm_wire_take_welcome(struct alm_wire_decoder *d,
	const Almoner__V1__Welcome *in, struct alm_welcome *out);
void alm_wire_take_receipt(struct alm_wire_decoder *d,
	const Almoner__V1__Receipt *in, struct alm_receipt *out);
void alm_wire_take_deliver(struct alm_wire_decoder *d,
	const Almoner__V1__Deliver *in, struct alm_deliver *out);
void alm_wire_take_notice(struct alm_wire_decoder *d,
	const Almoner__V1__Notice *in, struct alm_notice *out);
void alm_wire_take_problem(struct alm_wire_decoder *d,
	const Almoner__V1__Problem *in, struct alm_wire_problem *out);
void alm_wire_take_answer(struct alm_wire_decoder *d,
	const Almoner__V1__Answer *in, struct alm_answer *out);

/* decode_parts.c: what both send. */
enum alm_encoding alm_wire_take_encoding(
	struct alm_wire_decoder *d, Almoner__V1__Encoding in);
void alm_wire_take_part(struct alm_wire_decoder *d, const Almoner__V1__Part *in,
	struct alm_payload_part *out);
void alm_wire_take_progress(struct alm_wire_decoder *d,
	const Almoner__V1__Progress *in, struct alm_progress *out);
void alm_wire_take_join(struct alm_wire_decoder *d, const Almoner__V1__Join *in,
	struct alm_join *out);
void alm_wire_take_joined(struct alm_wire_decoder *d,
	const Almoner__V1__Joined *in, struct alm_joined *out);

/** Arguments and facts. */
const struct alm_argument *alm_wire_take_arguments(struct alm_wire_decoder *d,
	Almoner__V1__Argument *const *in, size_t count, const char *field);

#endif /* ALM_LIB_WIRE_DECODE_H */
