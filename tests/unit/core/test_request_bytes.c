/* test_request_bytes.c - requests as bytes: what goes in comes out, and bytes
 * that nobody wrote are refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/core/request_bytes.h"

static struct alm_arena arena;

static void set_up(void)
{
	alm_arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(request_bytes, .init = set_up, .fini = tear_down);

static const char *const categories[] = {"discharge", "medications"};

static struct alm_request full(void)
{
	return (struct alm_request){.is_malformed = true,
		.id = "q1",
		.from = "RX1",
		.to = "C84001",
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 2,
		.has_payload = true,
		.payload = ALM_LEVEL_IDENTIFIABLE,
		.subject = "9990000018",
		.subject_unknown = "",
		.basis = "DSA-1",
		.has_relationship = true,
		.relationship_kind = "referral",
		.relationship_ref = "UBRN 1",
		.relationship_organisation = "C84001",
		.has_override = true,
		.lacks_override_kind = true,
		.override_kind = ALM_OVERRIDE_GUARDIAN,
		.override_by = "Dr A",
		.override_reason = "unconscious",
		.is_batch = true,
		.has_not_before = true,
		.not_before_epoch = 7,
		.not_before_seq = 1042};
}

static size_t encode(
	const struct alm_request *request, uint8_t *out, size_t bytes)
{
	struct alm_writer writer;

	alm_writer_init(&writer, out, bytes);
	alm_request_encode(request, 1234, &writer);
	cr_assert(!writer.is_bad);
	return writer.bytes;
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void comes_back(const struct alm_request *in)
{
	uint8_t bytes[1024];
	size_t count = encode(in, bytes, sizeof(bytes));
	struct alm_request out;
	int64_t at_s = 0;

	cr_assert_eq(alm_request_decode((struct alm_bytes){bytes, count},
			     &arena, &out, &at_s),
		ALM_OK);
	cr_expect_eq(at_s, 1234);
	cr_expect_eq(out.is_malformed, in->is_malformed);
	cr_expect(same(out.id, in->id));
	cr_expect(same(out.from, in->from));
	cr_expect(same(out.to, in->to));
	cr_expect(same(out.purpose, in->purpose));
	cr_expect_eq(out.categories == NULL, in->categories == NULL);
	cr_assert_eq(out.category_count, in->category_count);
	for (size_t i = 0; i < in->category_count; i++) {
		cr_expect(same(out.categories[i], in->categories[i]));
	}
	cr_expect_eq(out.has_payload, in->has_payload);
	cr_expect_eq(out.payload, in->payload);
	cr_expect(same(out.subject, in->subject));
	cr_expect(same(out.subject_unknown, in->subject_unknown));
	cr_expect(same(out.basis, in->basis));
	cr_expect_eq(out.has_relationship, in->has_relationship);
	cr_expect(same(out.relationship_kind, in->relationship_kind));
	cr_expect(same(out.relationship_ref, in->relationship_ref));
	cr_expect(same(
		out.relationship_organisation, in->relationship_organisation));
	cr_expect_eq(out.has_override, in->has_override);
	cr_expect_eq(out.lacks_override_kind, in->lacks_override_kind);
	cr_expect_eq(out.override_kind, in->override_kind);
	cr_expect(same(out.override_by, in->override_by));
	cr_expect(same(out.override_reason, in->override_reason));
	cr_expect_eq(out.is_batch, in->is_batch);
	cr_expect_eq(out.has_not_before, in->has_not_before);
	cr_expect_eq(out.not_before_epoch, in->not_before_epoch);
	cr_expect_eq(out.not_before_seq, in->not_before_seq);
}

Test(request_bytes, give_back_every_field)
{
	struct alm_request request = full();

	comes_back(&request);
}

Test(request_bytes, tell_absent_from_empty)
{
	struct alm_request request = {.is_malformed = true};

	comes_back(&request);
	request.categories = categories; /* none of them */
	request.subject = "";
	comes_back(&request);
}

Test(request_bytes, are_refused_when_cut_or_continued)
{
	struct alm_request request = full();
	struct alm_request out;
	uint8_t bytes[1024];
	size_t count = encode(&request, bytes, sizeof(bytes) - 1);
	int64_t at_s;

	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(alm_request_decode((struct alm_bytes){bytes, i},
				     &arena, &out, &at_s),
			ALM_MALFORMED, "%zu", i);
	}
	bytes[count] = 0;
	cr_expect_eq(alm_request_decode((struct alm_bytes){bytes, count + 1},
			     &arena, &out, &at_s),
		ALM_MALFORMED);
}

Test(request_bytes, never_give_a_value_out_of_range)
{
	struct alm_request request = full();
	uint8_t bytes[1024];
	size_t count = encode(&request, bytes, sizeof(bytes));

	for (size_t i = 0; i < count; i++) {
		for (unsigned flip = 1; flip < 256; flip += 2) {
			struct alm_request out;
			int64_t at_s;

			bytes[i] ^= (uint8_t)flip;
			alm_arena_reset(&arena);
			if (alm_request_decode((struct alm_bytes){bytes, count},
				    &arena, &out, &at_s) == ALM_OK) {
				cr_expect_leq(
					out.payload, ALM_LEVEL_IDENTIFIABLE);
				cr_expect_leq(out.override_kind,
					ALM_OVERRIDE_GUARDIAN);
			}
			bytes[i] ^= (uint8_t)flip;
		}
	}
}

Test(request_bytes, make_the_writer_bad_if_they_do_not_fit)
{
	struct alm_request request = full();
	struct alm_writer writer;
	uint8_t bytes[32];

	alm_writer_init(&writer, bytes, sizeof(bytes));
	alm_request_encode(&request, 0, &writer);
	cr_expect(writer.is_bad);
}
