#include "lib/wire/decode.h"

#include <string.h>

#include "lib/wire/direct.h"
#include "lib/wire/prescan.h"
#include "lib/wire/rules.h"
#include "lib/wire/unpack.h"

void alm_wire_fault(struct alm_wire_decoder *d, enum alm_err err,
	const char *field, const char *what)
{
	const char *dot = d->body[0] != '\0' && field[0] != '\0' ? "." : "";
	const char *colon = what[0] != '\0' ? ": " : "";

	if (d->err != ALM_OK) {
		return;
	}
	d->err = err;
	if (d->is_frame) {
		(void)alm_problem_set(d->problem, err,
			"envelopes[%zu].%s%s%s%s%s", d->index, d->body, dot,
			field, colon, what);
	} else {
		(void)alm_problem_set(
			d->problem, err, "%s%s%s", field, colon, what);
	}
}

void alm_wire_need(struct alm_wire_decoder *d, bool is_there, const char *field)
{
	if (!is_there) {
		alm_wire_fault(d, ALM_MISSING_FIELD, field, "");
	}
}

int64_t alm_wire_time(
	struct alm_wire_decoder *d, uint64_t value, const char *field)
{
	if (value > INT64_MAX) {
		alm_wire_fault(d, ALM_MALFORMED, field, "not a time");
		return 0;
	}
	return (int64_t)value;
}

uint32_t alm_wire_number(struct alm_wire_decoder *d, uint32_t value,
	uint32_t max, const char *field)
{
	if (value > max) {
		alm_wire_fault(d, ALM_MALFORMED, field, "out of its range");
		return 0;
	}
	return value;
}

void alm_wire_exact(struct alm_wire_decoder *d, ProtobufCBinaryData value,
	uint8_t *out, size_t bytes, const char *field)
{
	if (value.len == bytes) {
		memcpy(out, value.data, bytes);
	} else if (value.len == 0) {
		alm_wire_fault(d, ALM_MISSING_FIELD, field, "");
	} else {
		alm_wire_fault(d, ALM_MALFORMED, field, "wrong length");
	}
}

struct alm_bytes alm_wire_bytes(ProtobufCBinaryData value)
{
	return (struct alm_bytes){value.data, value.len};
}

struct alm_bytes alm_wire_optional(struct alm_wire_decoder *d,
	ProtobufCBinaryData value, size_t bytes, const char *field)
{
	if (value.len != 0 && value.len != bytes) {
		alm_wire_fault(d, ALM_MALFORMED, field, "wrong length");
	}
	return alm_wire_bytes(value);
}

struct alm_texts alm_wire_texts(char *const *items, size_t count)
{
	return (struct alm_texts){(const char *const *)items, count};
}

static uint32_t kinds_taken(enum alm_wire_side side)
{
	switch (side) {
	case ALM_WIRE_BROKER_AGENTS:
		return 1u << ALM_ENVELOPE_HELLO | 1u << ALM_ENVELOPE_SEND |
		       1u << ALM_ENVELOPE_ACKNOWLEDGE |
		       1u << ALM_ENVELOPE_PING | 1u << ALM_ENVELOPE_PONG |
		       1u << ALM_ENVELOPE_CREDIT | 1u << ALM_ENVELOPE_QUERY |
		       1u << ALM_ENVELOPE_GOODBYE | 1u << ALM_ENVELOPE_PART |
		       1u << ALM_ENVELOPE_PROGRESS | 1u << ALM_ENVELOPE_JOIN;
	case ALM_WIRE_BROKER_ADMIN:
		return 1u << ALM_ENVELOPE_ADMINISTER | 1u << ALM_ENVELOPE_PING;
	case ALM_WIRE_AGENT:
		return 1u << ALM_ENVELOPE_WELCOME | 1u << ALM_ENVELOPE_RECEIPT |
		       1u << ALM_ENVELOPE_DELIVER |
		       1u << ALM_ENVELOPE_ACKNOWLEDGED |
		       1u << ALM_ENVELOPE_NOTICE | 1u << ALM_ENVELOPE_PART |
		       1u << ALM_ENVELOPE_PROGRESS | 1u << ALM_ENVELOPE_PING |
		       1u << ALM_ENVELOPE_PONG | 1u << ALM_ENVELOPE_ERROR |
		       1u << ALM_ENVELOPE_ANSWER | 1u << ALM_ENVELOPE_JOINED;
	case ALM_WIRE_CONTROL:
		return 1u << ALM_ENVELOPE_PONG | 1u << ALM_ENVELOPE_ERROR |
		       1u << ALM_ENVELOPE_ANSWER;
	}
	return 0;
}

static void take_pong(struct alm_wire_decoder *d, const Almoner__V1__Pong *in,
	struct alm_ping *out)
{
	out->context = alm_wire_bytes(in->context);
	out->broker_time_ms =
		alm_wire_time(d, in->broker_time_ms, "broker_time_ms");
}

#define TAKE(KIND, name, type) \
	case ALM_ENVELOPE_##KIND: \
		alm_wire_take_##type(d, in->name, &out->type); \
		break

static void take_body(struct alm_wire_decoder *d,
	const Almoner__V1__Envelope *in, struct alm_envelope *out)
{
	switch (out->kind) {
		TAKE(HELLO, hello, hello);
		TAKE(WELCOME, welcome, welcome);
		TAKE(SEND, send, send);
		TAKE(RECEIPT, receipt, receipt);
		TAKE(DELIVER, deliver, deliver);
		TAKE(ACKNOWLEDGE, acknowledge, acknowledge);
		TAKE(NOTICE, notice, notice);
		TAKE(QUERY, query, request);
		TAKE(ADMINISTER, administer, request);
		TAKE(ANSWER, answer, answer);
		TAKE(JOIN, join, join);
		TAKE(JOINED, joined, joined);
		TAKE(PART, part, part);
		TAKE(PROGRESS, progress, progress);
	case ALM_ENVELOPE_ACKNOWLEDGED:
		out->acknowledged =
			(struct alm_acknowledged){in->acknowledged->sequences,
				in->acknowledged->n_sequences};
		break;
	case ALM_ENVELOPE_PING:
		out->ping.context = alm_wire_bytes(in->ping->context);
		break;
	case ALM_ENVELOPE_PONG:
		take_pong(d, in->pong, &out->ping);
		break;
	case ALM_ENVELOPE_ERROR:
		alm_wire_take_problem(d, in->error, &out->error);
		break;
	case ALM_ENVELOPE_CREDIT:
		out->credit = alm_wire_number(d, in->credit->window,
			ALM_DELIVER_WINDOW_MAX, "window");
		break;
	case ALM_ENVELOPE_GOODBYE:
		break; /* says it all by itself */
	}
}

#undef TAKE

static void take_envelope(struct alm_wire_decoder *d,
	const Almoner__V1__Envelope *in, struct alm_envelope *out)
{
	const struct alm_wire_rules *rules =
		alm_wire_body_rules((uint32_t)in->body_case);

	if (rules == NULL) {
		d->body = "body";
		alm_wire_fault(d, ALM_MISSING_FIELD, "", "");
		return;
	}
	d->body = alm_wire_body_name((uint32_t)in->body_case);
	if ((kinds_taken(d->side) & 1u << in->body_case) == 0) {
		alm_wire_fault(d, ALM_WRONG_ENVELOPE, "", "");
		return;
	}
	out->kind = (enum alm_envelope_kind)in->body_case;
	take_body(d, in, out);
}

static size_t frame_bytes_max(enum alm_wire_side side)
{
	return side == ALM_WIRE_BROKER_ADMIN || side == ALM_WIRE_CONTROL
		       ? ALM_ADMIN_FRAME_BYTES_MAX
		       : ALM_FRAME_BYTES_MAX;
}

static enum alm_err take_envelopes(struct alm_wire_decoder *d,
	const Almoner__V1__Frame *in, const struct alm_envelope **out_envelopes,
	size_t *out_count)
{
	struct alm_envelope *envelopes;

	if (in->n_envelopes == 0) {
		return alm_problem_set(
			d->problem, ALM_MISSING_FIELD, "envelopes");
	}
	envelopes = alm_arena_take(
		d->arena, in->n_envelopes * sizeof(envelopes[0]));
	if (envelopes == NULL) {
		return alm_problem_set(d->problem, ALM_NOMEM, "envelopes");
	}
	while (d->index < in->n_envelopes && d->err == ALM_OK) {
		take_envelope(d, in->envelopes[d->index], &envelopes[d->index]);
		d->index++;
	}
	if (d->err == ALM_OK) {
		*out_envelopes = envelopes;
		*out_count = in->n_envelopes;
	}
	return d->err;
}

enum alm_err alm_wire_decode(enum alm_wire_side side, struct alm_bytes frame,
	struct alm_arena *arena, const struct alm_envelope **out_envelopes,
	size_t *out_count, struct alm_problem *problem)
{
	struct alm_wire_decoder d = {.arena = arena,
		.problem = problem,
		.side = side,
		.is_frame = true,
		.body = ""};
	ProtobufCMessage *base = NULL;
	enum alm_err err;

	if (frame.bytes > frame_bytes_max(side)) {
		return alm_problem_set(problem, ALM_FRAME_TOO_LARGE,
			"%zu bytes, at most %zu", frame.bytes,
			frame_bytes_max(side));
	}
	if (alm_wire_decode_direct(
		    side, frame, arena, out_envelopes, out_count)) {
		return ALM_OK;
	}
	err = alm_wire_prescan(&alm_wire_frame_rules, frame, problem);
	if (err != ALM_OK) {
		return err;
	}
	err = alm_wire_unpack(
		&almoner__v1__frame__descriptor, frame, arena, &base, problem);
	if (err != ALM_OK) {
		return err;
	}
	return take_envelopes(
		&d, (const Almoner__V1__Frame *)base, out_envelopes, out_count);
}
