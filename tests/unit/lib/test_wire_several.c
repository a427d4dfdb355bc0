/* A message to several and its receipt, at their limits and beyond. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/lib/wire_samples.h"

static struct alm_arena arena;
static const char *addresses[ALM_ADDRESSES_MAX + 1];
static struct alm_send_outcome outcomes[ALM_MULTICAST_RECIPIENTS_MAX + 1];
static char ids[ALM_MULTICAST_RECIPIENTS_MAX + 1][ALM_ID_BYTES_MAX + 1];

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)64 * 1024 * 1024);
	for (size_t i = 0; i < ALM_COUNT(ids); i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "R%0*zu",
			(int)ALM_ID_BYTES_MAX - 1, i);
		outcomes[i] = (struct alm_send_outcome){.recipient = ids[i],
			.sequence = INT64_MAX,
			.audit_sequence = INT64_MAX,
			.is_transformed = true,
			.level = ALM_WIRE_LEVEL_IDENTIFIABLE};
	}
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(wire_several, .init = set_up, .fini = tear_down);

static enum alm_err encode(size_t count, struct alm_bytes *out)
{
	struct alm_message message = sample_message();

	message.recipient = "";
	message.recipients = (struct alm_texts){addresses, count};
	return alm_wire_encode_message(&message, &arena, out);
}

Test(wire_several, takes_as_many_addresses_as_the_limit)
{
	struct alm_message message;
	struct alm_bytes bytes;

	for (size_t i = 0; i < ALM_COUNT(addresses); i++) {
		addresses[i] = "C84001";
	}
	cr_assert_eq(encode(ALM_ADDRESSES_MAX, &bytes), ALM_OK);
	cr_assert_eq(
		alm_wire_decode_message(bytes, &arena, &message, NULL), ALM_OK);
	cr_expect_eq(message.recipients.count, ALM_ADDRESSES_MAX);
	cr_expect_eq(
		encode(ALM_ADDRESSES_MAX + 1, &bytes), ALM_TOO_MANY_VALUES);
}

Test(wire_several, refuses_an_address_that_is_too_long_or_no_text)
{
	char text[ALM_ADDRESS_BYTES_MAX + 2];
	struct alm_bytes bytes;

	memset(text, 'a', sizeof(text));
	text[ALM_ADDRESS_BYTES_MAX] = '\0';
	addresses[0] = text;
	cr_expect_eq(encode(1, &bytes), ALM_OK);
	text[ALM_ADDRESS_BYTES_MAX] = 'a';
	text[ALM_ADDRESS_BYTES_MAX + 1] = '\0';
	cr_expect_eq(encode(1, &bytes), ALM_FIELD_TOO_LARGE);
	addresses[0] = "a\nb";
	cr_expect_eq(encode(1, &bytes), ALM_NOT_TEXT);
}

Test(wire_several, a_list_that_is_too_long_for_a_message_is_refused)
{
	char text[ALM_ADDRESS_BYTES_MAX + 1];
	struct alm_bytes bytes;

	memset(text, 'a', sizeof(text));
	text[ALM_ADDRESS_BYTES_MAX] = '\0';
	for (size_t i = 0; i < ALM_COUNT(addresses); i++) {
		addresses[i] = text;
	}
	cr_expect_eq(encode(200, &bytes), ALM_OK);
	cr_expect_eq(encode(ALM_ADDRESSES_MAX, &bytes), ALM_FIELD_TOO_LARGE);
}

static enum alm_err frame_of(size_t count, struct alm_frame_builder *frame)
{
	struct alm_envelope envelope = {.kind = ALM_ENVELOPE_RECEIPT,
		.receipt = sample_receipt_of_several()};

	envelope.receipt.outcomes = outcomes;
	envelope.receipt.outcome_count = count;
	alm_frame_init(frame, ALM_FRAME_BYTES_MAX);
	return alm_frame_add(frame, &envelope, &arena);
}

Test(wire_several, the_largest_receipt_fits_a_frame)
{
	const struct alm_envelope *out = NULL;
	struct alm_frame_builder frame;
	size_t count = 0;

	/* And as many problems as there are codes for. */
	for (size_t i = 0; i < 100; i++) {
		outcomes[i].code = (enum alm_err)(ALM_REASON_300 + i);
	}
	cr_assert_eq(frame_of(ALM_MULTICAST_RECIPIENTS_MAX, &frame), ALM_OK);
	cr_assert_eq(alm_wire_decode(ALM_WIRE_AGENT, alm_frame_bytes(&frame),
			     &arena, &out, &count, NULL),
		ALM_OK);
	cr_expect_eq(out->receipt.outcome_count, ALM_MULTICAST_RECIPIENTS_MAX);
	cr_expect_leq(out->receipt.problem_count, ALM_RECEIPT_PROBLEMS_MAX);
	cr_expect_str_eq(out->receipt.outcomes[9999].recipient, ids[9999]);
	alm_frame_fini(&frame);
	cr_expect_eq(frame_of(ALM_MULTICAST_RECIPIENTS_MAX + 1, &frame),
		ALM_TOO_MANY_VALUES);
	alm_frame_fini(&frame);
}
