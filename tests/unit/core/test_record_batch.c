/* test_record_batch.c - many records in one piece, with their lines. */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/core/record.h"
#include "broker/core/record_batch.h"
#include "lib/limits.h"

static uint8_t room[ALM_PEOPLE_BATCH_BYTES_MAX];
static struct alm_record_batch_writer writer;
static struct alm_arena arena;

static void set_up(void)
{
	alm_arena_init(&arena, (size_t)1 << 20);
	alm_record_batch_init(&writer, room, sizeof(room));
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(record_batch, .init = set_up, .fini = tear_down);

static struct alm_person_record relationship(const char *role)
{
	struct alm_person_record record = {
		.type = ALM_RECORD_RELATIONSHIP, .subject = "9990000018"};

	record.relationship.organisation = "RX1";
	record.relationship.role = role;
	record.relationship.valid =
		(struct alm_period){1700000000, ALM_INSTANT_NEVER};
	record.relationship.recorded_s = 1700000000;
	return record;
}

static enum alm_err add(uint64_t line, const char *role)
{
	struct alm_person_record record = relationship(role);

	return alm_record_batch_add(&writer, line, &record);
}

Test(record_batch, gives_back_each_record_and_its_line)
{
	struct alm_record_batch_reader reader;
	struct alm_person_record record;
	struct alm_bytes bytes;
	uint64_t line;

	cr_assert_eq(add(7, "a"), ALM_OK);
	cr_assert_eq(add(UINT64_MAX, "b"), ALM_OK);
	cr_assert_eq(alm_record_batch_open(
			     alm_record_batch_finish(&writer), &reader, NULL),
		ALM_OK);
	cr_expect_eq(reader.left, 2);
	cr_assert_eq(alm_record_batch_next(&reader, &line, &bytes), ALM_OK);
	cr_expect_eq(line, 7);
	cr_assert_eq(alm_record_decode(bytes, &arena, &record), ALM_OK);
	cr_expect_str_eq(record.subject, "9990000018");
	cr_expect_str_eq(record.relationship.role, "a");
	cr_assert_eq(alm_record_batch_next(&reader, &line, &bytes), ALM_OK);
	cr_expect_eq(line, UINT64_MAX);
	cr_expect_eq(
		alm_record_batch_next(&reader, &line, &bytes), ALM_NOT_FOUND);
}

Test(record_batch, takes_as_many_records_as_its_limit)
{
	struct alm_record_batch_reader reader;
	struct alm_bytes whole;

	for (unsigned i = 0; i < ALM_PEOPLE_BATCH_RECORDS_MAX; i++) {
		cr_assert_eq(add(i, "a"), ALM_OK);
	}
	whole = alm_record_batch_finish(&writer);
	cr_expect_eq(add(1, "a"), ALM_TOO_MANY_VALUES);
	cr_expect_eq(alm_record_batch_finish(&writer).bytes, whole.bytes);
	cr_expect_eq(alm_record_batch_open(whole, &reader, NULL), ALM_OK);
	alm_record_batch_set_count(room, ALM_PEOPLE_BATCH_RECORDS_MAX + 1);
	cr_expect_eq(alm_record_batch_open(whole, &reader, NULL),
		ALM_RECORD_INVALID);
}

Test(record_batch, takes_no_more_bytes_than_it_has_room_for)
{
	static char long_role[60000];
	unsigned count = 0;

	memset(long_role, 'r', sizeof(long_role) - 1);
	while (add(count, long_role) == ALM_OK) {
		count++;
	}
	cr_expect_eq(count, sizeof(room) / sizeof(long_role));
	cr_expect_eq(add(1, long_role), ALM_TOO_MANY_VALUES);
	cr_expect_eq(add(1, "short"), ALM_OK);
	cr_expect_eq(writer.count, count + 1);
}

Test(record_batch, refuses_a_record_over_its_own_limit)
{
	static char huge_role[ALM_PERSON_RECORD_BYTES_MAX];

	memset(huge_role, 'r', sizeof(huge_role) - 1);
	cr_expect_eq(add(1, huge_role), ALM_FIELD_TOO_LARGE);
	cr_expect_eq(add(2, "a"), ALM_OK);
	cr_expect_eq(writer.count, 1);
}

Test(record_batch, refuses_every_cut_and_anything_behind_the_end)
{
	struct alm_bytes whole;

	cr_assert_eq(add(1, "a"), ALM_OK);
	cr_assert_eq(add(2, "b"), ALM_OK);
	whole = alm_record_batch_finish(&writer);
	for (size_t bytes = 0; bytes <= whole.bytes + 1; bytes++) {
		struct alm_record_batch_reader reader;
		struct alm_bytes record;
		uint64_t line;
		enum alm_err err = alm_record_batch_open(
			(struct alm_bytes){room, bytes}, &reader, NULL);

		while (err == ALM_OK) {
			err = alm_record_batch_next(&reader, &line, &record);
		}
		cr_expect_eq(err, bytes == whole.bytes ? ALM_NOT_FOUND
						       : ALM_RECORD_INVALID);
	}
	room[0] ^= 1;
	cr_expect_eq(
		alm_record_batch_open(whole,
			&(struct alm_record_batch_reader){.left = 0}, NULL),
		ALM_RECORD_INVALID);
}
