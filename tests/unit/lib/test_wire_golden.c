/*
 * Frames of version 1 as they were when it was published: they decode to the
 * same for ever, whatever the code becomes.  `make corpus` wrote them once.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "lib/file.h"
#include "lib/merkle.h"
#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)16 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(wire_golden, .init = set_up, .fini = tear_down);

static struct alm_bytes golden(const char *name)
{
	struct alm_problem problem = {0};
	struct alm_bytes bytes;
	char path[128];
	uint8_t *data;

	snprintf(path, sizeof(path), "tests/data/wire/v1/%s", name);
	cr_assert_eq(alm_file_read(path, ALM_FRAME_BYTES_MAX, &data,
			     &bytes.bytes, &problem),
		ALM_OK, "%s", problem.detail);
	bytes.data = data;
	bytes.data = alm_arena_copy(&arena, bytes);
	free(data);
	return bytes;
}

static const char *name_of(enum alm_envelope_kind kind)
{
	size_t i = 0;

	while (sample_kinds[i].kind != kind) {
		i++;
	}
	return sample_kinds[i].name;
}

static const struct alm_envelope *decode(enum alm_envelope_kind kind)
{
	const struct alm_envelope *out = NULL;
	struct alm_problem problem = {0};
	size_t count = 0;
	enum alm_err err = alm_wire_decode(sample_side(kind),
		golden(name_of(kind)), &arena, &out, &count, &problem);

	cr_assert_eq(err, ALM_OK, "%s: %s", name_of(kind), problem.detail);
	cr_assert_eq(count, 1);
	cr_assert_eq(out->kind, kind);
	return out;
}

/* Problems carry words of the catalogue, which may be bettered. */
static bool has_problem(enum alm_envelope_kind kind)
{
	return kind == ALM_ENVELOPE_NOTICE || kind == ALM_ENVELOPE_ERROR;
}

Test(wire_golden, every_kind_is_still_read_and_written_so)
{
	for (size_t i = 0; i < ALM_COUNT(sample_kinds); i++) {
		enum alm_envelope_kind kind = sample_kinds[i].kind;
		struct alm_bytes bytes = golden(name_of(kind));
		struct alm_envelope sample =
			sample_envelope(kind, golden("message"));
		struct alm_frame_builder frame;

		(void)decode(kind);
		if (has_problem(kind)) {
			continue;
		}
		alm_frame_init(&frame, ALM_FRAME_BYTES_MAX);
		cr_assert_eq(alm_frame_add(&frame, &sample, &arena), ALM_OK);
		cr_assert(alm_bytes_equal(alm_frame_bytes(&frame), bytes), "%s",
			name_of(kind));
		alm_frame_fini(&frame);
	}
}

static void is_sample(const struct alm_wire_problem *problem)
{
	struct alm_wire_problem sample = sample_problem();

	cr_assert_eq(problem->code, 1502);
	cr_assert_str_eq(problem->name, "payload-not-conformant");
	cr_assert_str_eq(problem->sentence,
		"The payload does not conform to the information standard "
		"that it names.");
	cr_assert_str_eq(problem->detail, sample.detail);
	cr_assert_eq(problem->reason_count, 2);
	cr_assert_eq(problem->reasons[1], 501);
	cr_assert_str_eq(problem->withheld.items[1], "medications.note");
	cr_assert_str_eq(problem->nearest, sample.nearest);
	cr_assert_eq(problem->candidates.count, 2);
	cr_assert_eq(problem->message_id.bytes, 16);
}

Test(wire_golden, problems_are_still_read_so)
{
	is_sample(&decode(ALM_ENVELOPE_ERROR)->error);
	is_sample(&decode(ALM_ENVELOPE_NOTICE)->notice.problem);
	cr_assert_str_eq(
		decode(ALM_ENVELOPE_NOTICE)->notice.reason, "not our patient");
}

Test(wire_golden, the_signed_part_is_still_read_and_written_so)
{
	struct alm_bytes bytes = golden("message");
	struct alm_message sample = sample_message();
	struct alm_message message;
	struct alm_bytes again;

	cr_assert_eq(
		alm_wire_decode_message(bytes, &arena, &message, NULL), ALM_OK);
	cr_assert_str_eq(message.subject, "9990000018");
	cr_assert_eq(alm_wire_encode_message(&sample, &arena, &again), ALM_OK);
	cr_assert(alm_bytes_equal(bytes, again));
	cr_assert_eq(alm_wire_encode_message(&message, &arena, &again), ALM_OK);
	cr_assert(alm_bytes_equal(bytes, again));
}

Test(wire_golden, a_message_to_several_is_still_read_and_written_so)
{
	struct alm_bytes bytes = golden("message-to-several");
	struct alm_message sample = sample_message_to_several();
	struct alm_message message;
	struct alm_bytes again;

	cr_assert_eq(
		alm_wire_decode_message(bytes, &arena, &message, NULL), ALM_OK);
	cr_assert_str_empty(message.recipient);
	cr_assert_eq(message.recipients.count, 3);
	cr_assert_str_eq(message.recipients.items[1], "group:ics-QT1");
	cr_assert_eq(alm_wire_encode_message(&sample, &arena, &again), ALM_OK);
	cr_assert(alm_bytes_equal(bytes, again));
}

Test(wire_golden, the_receipt_of_several_is_still_read_so)
{
	const struct alm_envelope *out = NULL;
	const struct alm_receipt *receipt;
	size_t count = 0;

	cr_assert_eq(
		alm_wire_decode(ALM_WIRE_AGENT, golden("receipt-of-several"),
			&arena, &out, &count, NULL),
		ALM_OK);
	receipt = &out->receipt;
	cr_assert(receipt->is_accepted);
	cr_assert_eq(receipt->accepted.sequence, 4242);
	cr_assert_eq(receipt->outcome_count, ALM_COUNT(sample_outcomes));
	for (size_t i = 0; i < receipt->outcome_count; i++) {
		const struct alm_send_outcome *got = &receipt->outcomes[i];
		const struct alm_send_outcome *want = &sample_outcomes[i];

		cr_expect_str_eq(got->recipient, want->recipient);
		cr_expect_eq(got->code, want->code);
		cr_expect_eq(got->sequence, want->sequence);
		cr_expect_eq(got->audit_sequence, want->audit_sequence);
		cr_expect_eq(got->is_transformed, want->is_transformed);
		cr_expect_eq(got->level, want->level);
	}
	cr_assert_eq(receipt->problem_count, 2, "one for each code");
	cr_expect_eq(receipt->problems[0].code, ALM_REASON_300);
	cr_expect_eq(receipt->problems[1].code, ALM_MAILBOX_FULL);
	cr_expect_str_neq(receipt->problems[1].hint, "");
}

/* docs/PROTOCOL.md section 13: the public key of the seed 00 01 .. 1f. */
static const uint8_t example_key[crypto_sign_PUBLICKEYBYTES] = {0x03, 0xa1,
	0x07, 0xbf, 0xf3, 0xce, 0x10, 0xbe, 0x1d, 0x70, 0xdd, 0x18, 0xe7, 0x4b,
	0xc0, 0x99, 0x67, 0xe4, 0xd6, 0x30, 0x9b, 0xa5, 0x0d, 0x5f, 0x1d, 0xdc,
	0x86, 0x64, 0x12, 0x55, 0x31, 0xb8};

Test(wire_golden, the_worked_example_is_signed_as_the_protocol_says)
{
	struct alm_hash *hash = alm_hash_new();
	const struct alm_envelope *out = NULL;
	struct alm_message message;
	struct alm_digest root;
	uint8_t leaf[8 + ALM_DIGEST_BYTES];
	uint8_t digest[ALM_DIGEST_BYTES];
	uint8_t text[16 + ALM_DIGEST_BYTES] = "almoner.v1.send";
	size_t count = 0;

	cr_assert_eq(alm_wire_decode(ALM_WIRE_BROKER_AGENTS, golden("example"),
			     &arena, &out, &count, NULL),
		ALM_OK);
	cr_assert_eq(alm_wire_decode_message(
			     out->send.message, &arena, &message, NULL),
		ALM_OK);
	alm_hash_bytes(hash, out->send.payload, digest);
	cr_assert_arr_eq(digest, message.payload_sha256, sizeof(digest));
	alm_put_u64(leaf, (uint64_t)out->send.sent_at_ms);
	alm_hash_bytes(hash, out->send.message, leaf + 8);
	alm_merkle_leaf(hash, SAMPLE_BYTES(leaf), &root);
	memcpy(text + 16, root.raw, sizeof(root.raw));
	cr_assert_eq(crypto_sign_verify_detached(out->send.signature.ed25519,
			     text, sizeof(text), example_key),
		0);
	alm_hash_free(hash);
}
