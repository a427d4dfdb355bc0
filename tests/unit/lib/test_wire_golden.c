/*
 * Frames of version 1 as they were when it was published: they decode to the
 * same for ever, whatever the code becomes.  `make corpus` wrote them once.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/file.h"
#include "tests/unit/lib/wire_samples.h"

static const char *const kinds[] = {"", "hello", "welcome", "send", "receipt",
	"deliver", "acknowledge", "acknowledged", "notice", "ping", "pong",
	"error", "credit", "query", "administer", "answer"};

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

static const struct alm_envelope *decode(enum alm_envelope_kind kind)
{
	const struct alm_envelope *out = NULL;
	struct alm_problem problem = {0};
	size_t count = 0;
	enum alm_err err = alm_wire_decode(sample_side(kind),
		golden(kinds[kind]), &arena, &out, &count, &problem);

	cr_assert_eq(err, ALM_OK, "%s: %s", kinds[kind], problem.detail);
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
	for (int kind = 1; kind <= ALM_ENVELOPE_ANSWER; kind++) {
		struct alm_bytes bytes = golden(kinds[kind]);
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
			kinds[kind]);
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
