/* What a decoder refuses, and by which name. */
#include <criterion/criterion.h>

#include "lib/protowire.h"
#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;
static struct alm_problem problem;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)64 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(wire_decode, .init = set_up, .fini = tear_down);

static enum alm_err decode(
	enum alm_wire_side side, const void *data, size_t bytes)
{
	const struct alm_envelope *envelopes = NULL;
	size_t count = 0;
	enum alm_err err;

	problem.detail[0] = '\0';
	err = alm_wire_decode(side, (struct alm_bytes){data, bytes}, &arena,
		&envelopes, &count, &problem);
	cr_assert_eq(err == ALM_OK, envelopes != NULL);
	cr_assert_eq(err == ALM_OK, count > 0);
	return err;
}

#define DECODE(side, text) decode((side), (text), sizeof(text) - 1)
#define AGENTS ALM_WIRE_BROKER_AGENTS

static struct alm_bytes encode(const struct alm_envelope *envelope)
{
	struct alm_frame_builder frame;
	struct alm_bytes bytes;
	enum alm_err err;

	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	err = alm_frame_add(&frame, envelope, &arena);
	cr_assert_eq(err, ALM_OK, "%d", err);
	bytes = alm_frame_bytes(&frame);
	bytes.data = alm_arena_copy(&arena, bytes);
	alm_frame_fini(&frame);
	return bytes;
}

static void refuses(const struct alm_envelope *envelope, enum alm_err expected,
	const char *detail)
{
	struct alm_bytes bytes = encode(envelope);
	enum alm_err err =
		decode(sample_side(envelope->kind), bytes.data, bytes.bytes);

	cr_assert_eq(err, expected, "%d %s", err, problem.detail);
	cr_assert_str_eq(problem.detail, detail);
}

Test(wire_decode, refuses_an_empty_frame_and_an_empty_envelope)
{
	cr_assert_eq(decode(AGENTS, "", 0), ALM_MISSING_FIELD);
	cr_assert_str_eq(problem.detail, "envelopes");
	cr_assert_eq(DECODE(AGENTS, "\x0A\0"), ALM_MISSING_FIELD);
	cr_assert_str_eq(problem.detail, "envelopes[0].body");
}

Test(wire_decode, refuses_a_frame_over_the_limit_before_it_looks)
{
	uint8_t *data = alm_arena_take(&arena, ALM_FRAME_BYTES_MAX + 1);

	memset(data, 0xFF, ALM_FRAME_BYTES_MAX + 1);
	cr_assert_eq(decode(AGENTS, data, ALM_FRAME_BYTES_MAX + 1),
		ALM_FRAME_TOO_LARGE);
	cr_assert_eq(decode(AGENTS, data, ALM_FRAME_BYTES_MAX), ALM_MALFORMED);
	cr_assert_eq(
		decode(ALM_WIRE_BROKER_ADMIN, data, ALM_FRAME_BYTES_MAX + 1),
		ALM_MALFORMED);
}

Test(wire_decode, refuses_truncated_and_overlong_varints)
{
	cr_assert_eq(DECODE(AGENTS, "\x0A"), ALM_MALFORMED);
	cr_assert_eq(DECODE(AGENTS, "\x0A\x05\x62"), ALM_MALFORMED);
	cr_assert_eq(DECODE(AGENTS, "\x80\x80\x80\x80\x80\x01"), ALM_MALFORMED);
	/* A credit of ten bytes of which the last is too large. */
	cr_assert_eq(
		DECODE(AGENTS, "\x0A\x0D\x62\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF"
			       "\xFF\xFF\xFF\x02"),
		ALM_MALFORMED);
	/* 33 bits for a number of 32. */
	cr_assert_eq(DECODE(AGENTS, "\x0A\x08\x62\x06\x08\x80\x80\x80\x80\x10"),
		ALM_MALFORMED);
	cr_assert_str_eq(problem.detail,
		"envelopes[0].credit.window: not a value of its type");
}

Test(wire_decode, refuses_two_bodies_in_one_envelope)
{
	cr_assert_eq(DECODE(AGENTS, "\x0A\x04\x62\x00\x4A\x00"),
		ALM_DUPLICATE_FIELD);
	cr_assert_str_eq(problem.detail,
		"envelopes[0].ping: one member of the choice only");
}

Test(wire_decode, refuses_a_boolean_that_is_neither)
{
	cr_assert_eq(DECODE(AGENTS, "\x0A\x08\x32\x06\x0A\x04\x08\x01\x10\x02"),
		ALM_MALFORMED);
	cr_assert_str_eq(problem.detail,
		"envelopes[0].acknowledge.items[0].is_rejected: not a value of "
		"its type");
}

Test(wire_decode, names_the_place_of_a_fault_in_a_later_envelope)
{
	cr_assert_eq(DECODE(AGENTS, "\x0A\x02\x62\x00\x0A\x06\x0A\x04\x12\x02"
				    "a\n"),
		ALM_NOT_TEXT);
	cr_assert_str_eq(problem.detail, "envelopes[1].hello.software");
}

Test(wire_decode, each_side_takes_only_its_kinds)
{
	static const bool taken[][3] = {
		[ALM_ENVELOPE_HELLO] = {true, false, false},
		[ALM_ENVELOPE_WELCOME] = {false, false, true},
		[ALM_ENVELOPE_SEND] = {true, false, false},
		[ALM_ENVELOPE_RECEIPT] = {false, false, true},
		[ALM_ENVELOPE_DELIVER] = {false, false, true},
		[ALM_ENVELOPE_ACKNOWLEDGE] = {true, false, false},
		[ALM_ENVELOPE_ACKNOWLEDGED] = {false, false, true},
		[ALM_ENVELOPE_NOTICE] = {false, false, true},
		[ALM_ENVELOPE_PING] = {true, true, true},
		[ALM_ENVELOPE_PONG] = {true, false, true},
		[ALM_ENVELOPE_ERROR] = {false, false, true},
		[ALM_ENVELOPE_CREDIT] = {true, false, false},
		[ALM_ENVELOPE_QUERY] = {true, false, false},
		[ALM_ENVELOPE_ADMINISTER] = {false, true, false},
		[ALM_ENVELOPE_ANSWER] = {false, false, true},
		[ALM_ENVELOPE_GOODBYE] = {true, false, false},
		[ALM_ENVELOPE_PART] = {true, false, true},
		[ALM_ENVELOPE_PROGRESS] = {true, false, true},
		[ALM_ENVELOPE_JOIN] = {true, false, false},
		[ALM_ENVELOPE_JOINED] = {false, false, true},
	};

	for (size_t i = 0; i < ALM_COUNT(sample_kinds); i++) {
		enum alm_envelope_kind kind = sample_kinds[i].kind;
		struct alm_envelope e = sample_envelope(
			kind, (struct alm_bytes){(const uint8_t *)"x", 1});
		struct alm_bytes bytes = encode(&e);

		for (int side = 0; side < 3; side++) {
			enum alm_err err =
				decode(side, bytes.data, bytes.bytes);

			cr_assert_eq(err,
				taken[kind][side] ? ALM_OK : ALM_WRONG_ENVELOPE,
				"kind %d side %d: %d", kind, side, err);
		}
	}
}

static struct alm_envelope of(enum alm_envelope_kind kind)
{
	return sample_envelope(
		kind, (struct alm_bytes){(const uint8_t *)"x", 1});
}

Test(wire_decode, agents_must_set_what_is_mandatory)
{
	struct alm_envelope e = of(ALM_ENVELOPE_HELLO);

	e.hello.version = 0;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].hello.version");
	e = of(ALM_ENVELOPE_SEND);
	e.send.message.bytes = 0;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].send.message");
	e = of(ALM_ENVELOPE_SEND);
	e.send.sent_at_ms = 0;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].send.sent_at_ms");
	e = of(ALM_ENVELOPE_SEND);
	e.send.signature.tree_size = 0;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].send.signature.tree_size");
	e = of(ALM_ENVELOPE_ACKNOWLEDGE);
	e.acknowledge.count = 0;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].acknowledge.items");
	e = of(ALM_ENVELOPE_QUERY);
	e.request.verb = "";
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].query.verb");
}

Test(wire_decode, the_broker_must_set_what_is_mandatory)
{
	struct alm_envelope e = of(ALM_ENVELOPE_WELCOME);

	e.welcome.agent = "";
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].welcome.agent");
	e = of(ALM_ENVELOPE_DELIVER);
	e.deliver.sequence = 0;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].deliver.sequence");
	e = of(ALM_ENVELOPE_NOTICE);
	e.notice.kind = 0;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].notice.kind");
	e = of(ALM_ENVELOPE_ERROR);
	e.error.code = ALM_OK;
	refuses(&e, ALM_MISSING_FIELD, "envelopes[0].error.code");
}

Test(wire_decode, numbers_stay_in_their_range)
{
	struct alm_envelope e = of(ALM_ENVELOPE_HELLO);
	struct alm_bytes bytes;

	e.hello.credit = ALM_DELIVER_WINDOW_MAX;
	bytes = encode(&e);
	cr_assert_eq(decode(AGENTS, bytes.data, bytes.bytes), ALM_OK);
	e.hello.credit++;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].hello.credit: out of its range");
	e = of(ALM_ENVELOPE_CREDIT);
	e.credit = ALM_DELIVER_WINDOW_MAX + 1;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].credit.window: out of its range");
	e = of(ALM_ENVELOPE_DELIVER);
	e.deliver.level = 5;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].deliver.level: out of its range");
	e = of(ALM_ENVELOPE_DELIVER);
	e.deliver.expires_ms = -1;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].deliver.expires_ms: not a time");
	e = of(ALM_ENVELOPE_NOTICE);
	e.notice.kind = ALM_NOTICE_KIND_MAX + 1;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].notice.kind: out of its range");
}

Test(wire_decode, a_signature_fits_its_tree)
{
	struct alm_envelope e = of(ALM_ENVELOPE_SEND);

	e.send.signature.leaf_index = e.send.signature.tree_size;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].send.signature.leaf_index: not in the tree");
	e = of(ALM_ENVELOPE_SEND);
	e.send.signature.tree_size = ALM_SIGNATURE_LEAVES_MAX + 1;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].send.signature.tree_size: out of its range");
	e = of(ALM_ENVELOPE_SEND);
	e.send.signature.path.bytes = 33;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].send.signature.path: wrong length");
}

Test(wire_decode, ids_have_16_bytes_or_none)
{
	struct alm_envelope e = of(ALM_ENVELOPE_DELIVER);

	e.deliver.correlation_id.bytes = 15;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].deliver.correlation_id: wrong length");
	e = of(ALM_ENVELOPE_ERROR);
	e.error.message_id.bytes = 1;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].error.message_id: wrong length");
}

Test(wire_decode, agents_attach_nothing)
{
	struct alm_envelope e = of(ALM_ENVELOPE_QUERY);

	e.request = sample_request(true);
	refuses(&e, ALM_TOO_MANY_VALUES,
		"envelopes[0].query.attachments: on the local socket only");
}

Test(wire_decode, a_row_has_a_cell_for_each_column)
{
	struct alm_envelope e = of(ALM_ENVELOPE_ANSWER);

	e.answer.columns.count = 1;
	refuses(&e, ALM_MALFORMED,
		"envelopes[0].answer.rows: not one cell for each column");
}

static enum alm_err decode_message(const struct alm_message *message)
{
	struct alm_bytes bytes;
	struct alm_message out;

	cr_assert_eq(alm_wire_encode_message(message, &arena, &bytes), ALM_OK);
	return alm_wire_decode_message(bytes, &arena, &out, &problem);
}

Test(wire_decode, a_message_id_is_a_uuid_of_version_7)
{
	struct alm_message message = sample_message();

	message.id.raw[6] = 0x40;
	cr_assert_eq(decode_message(&message), ALM_BAD_MESSAGE_ID);
	message.id = sample_id();
	message.id.raw[8] = 0;
	cr_assert_eq(decode_message(&message), ALM_BAD_MESSAGE_ID);
}

Test(wire_decode, a_message_without_id_or_hash_is_refused)
{
	struct alm_message out;

	cr_assert_eq(alm_wire_decode_message((struct alm_bytes){NULL, 0},
			     &arena, &out, &problem),
		ALM_MISSING_FIELD);
	cr_assert_str_eq(problem.detail, "send.message.id");
}

Test(wire_decode, a_fault_in_a_message_is_told_from_the_envelope_on)
{
	static const uint8_t unknown[] = {0xf8, 0x3f, 0x01};
	static const uint8_t wrong_type[] = {0x10, 0x01};
	struct alm_message out;

	cr_assert_eq(alm_wire_decode_message((struct alm_bytes){unknown, 3},
			     &arena, &out, &problem),
		ALM_UNKNOWN_FIELD);
	cr_expect_str_eq(problem.detail, "send.message: field 1023");
	cr_assert_eq(alm_wire_decode_message((struct alm_bytes){wrong_type, 2},
			     &arena, &out, &problem),
		ALM_MALFORMED);
	cr_expect_str_eq(
		problem.detail, "send.message.sender: not a value of its type");
	cr_expect_eq(alm_wire_decode_message((struct alm_bytes){unknown, 3},
			     &arena, &out, NULL),
		ALM_UNKNOWN_FIELD);
}

Test(wire_decode, a_message_keeps_to_its_ranges)
{
	struct alm_message message = sample_message();

	message.payload_level = 5;
	cr_assert_eq(decode_message(&message), ALM_MALFORMED);
	message = sample_message();
	message.priority = 3;
	cr_assert_eq(decode_message(&message), ALM_MALFORMED);
	message = sample_message();
	message.override_kind = 3;
	cr_assert_eq(decode_message(&message), ALM_MALFORMED);
	message = sample_message();
	message.correlation_id.bytes = 8;
	cr_assert_eq(decode_message(&message), ALM_MALFORMED);
	message = sample_message();
	message.deadline_ms = -1;
	cr_assert_eq(decode_message(&message), ALM_MALFORMED);
}

Test(wire_decode, encoding_refuses_what_the_other_side_would)
{
	static char text[ALM_TEXT_BYTES_MAX + 2];
	struct alm_message message = sample_message();
	struct alm_envelope e = of(ALM_ENVELOPE_HELLO);
	struct alm_frame_builder frame;
	struct alm_bytes bytes;

	memset(text, 'x', ALM_TEXT_BYTES_MAX + 1);
	message.override_reason = text;
	cr_assert_eq(alm_wire_encode_message(&message, &arena, &bytes),
		ALM_FIELD_TOO_LARGE);
	message = sample_message();
	message.purpose = "two\nlines";
	cr_assert_eq(alm_wire_encode_message(&message, &arena, &bytes),
		ALM_NOT_TEXT);
	alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
	e.hello.software = text;
	cr_assert_eq(alm_frame_add(&frame, &e, &arena), ALM_FIELD_TOO_LARGE);
	cr_assert_eq(alm_frame_bytes(&frame).bytes, 0);
	alm_frame_fini(&frame);
}

Test(wire_decode, what_unpacks_to_too_much_is_refused)
{
	size_t max = 300 * 1024;
	uint8_t *data = alm_arena_take(&arena, max);
	size_t bytes = 0;

	/* Envelopes full of empty acknowledgements: 2 bytes each. */
	while (bytes + 2060 < max) {
		bytes += alm_proto_put_varint(data + bytes, 0x0A);
		bytes += alm_proto_put_varint(data + bytes, 2051);
		bytes += alm_proto_put_varint(data + bytes, 0x32);
		bytes += alm_proto_put_varint(data + bytes, 2048);
		for (int i = 0; i < 1024; i++) {
			data[bytes++] = 0x0A;
			data[bytes++] = 0;
		}
	}
	cr_assert_eq(decode(AGENTS, data, bytes), ALM_TOO_MANY_VALUES);
}

Test(wire_decode, a_small_arena_is_out_of_memory)
{
	struct alm_envelope e = of(ALM_ENVELOPE_DELIVER);
	struct alm_bytes bytes = encode(&e);
	struct alm_arena small;

	for (size_t max = 0; max < 4096; max += 16) {
		const struct alm_envelope *out = NULL;
		size_t count = 0;
		enum alm_err err;

		alm_arena_init(&small, max);
		err = alm_wire_decode(
			ALM_WIRE_AGENT, bytes, &small, &out, &count, NULL);
		cr_assert(err == ALM_OK || err == ALM_NOMEM, "%d", err);
		alm_arena_fini(&small);
	}
}
