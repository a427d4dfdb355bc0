/* test_people_row.c - the row of one person: what is written is read, and bytes
 * that nobody wrote are refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/store/people_row.h"

static struct alm_people_entry opt_out(int64_t as_of_s, bool is_objecting)
{
	struct alm_person_record record = {.type = ALM_RECORD_OPT_OUT,
		.opt_out = {ALM_OPT_OUT_TYPE_1, is_objecting, as_of_s, 7}};
	static const uint8_t content[] = {1, 3, 9};

	return alm_people_entry_of(
		&record, (struct alm_bytes){content, sizeof(content)});
}

static struct alm_people_entry other(const uint8_t *bytes, size_t count)
{
	return (struct alm_people_entry){
		.type = ALM_RECORD_FLAG, .record = {bytes, count}};
}

static enum alm_err walk(struct alm_bytes entries, unsigned *out_count)
{
	struct alm_people_entry entry;
	enum alm_err err = ALM_OK;

	*out_count = 0;
	while (entries.bytes > 0 && err == ALM_OK) {
		err = alm_people_row_next(&entries, &entry);
		*out_count += err == ALM_OK ? 1 : 0;
	}
	return err;
}

Test(people_row, gives_back_what_was_written)
{
	static const uint8_t flag[] = {1, ALM_RECORD_FLAG, 5, 6};
	uint8_t one[ALM_PEOPLE_ROW_BYTES_MAX];
	uint8_t two[ALM_PEOPLE_ROW_BYTES_MAX];
	struct alm_people_entry a = opt_out(UINT32_MAX, true);
	struct alm_people_entry b = other(flag, sizeof(flag));
	struct alm_people_entry read;
	struct alm_people_row row;
	struct alm_writer w;

	alm_writer_init(&w, one, sizeof(one));
	cr_assert(alm_people_row_write(3, (struct alm_bytes){one, 0}, &a, &w));
	cr_assert_eq(
		alm_people_row_open((struct alm_bytes){one, w.bytes}, &row),
		ALM_OK);
	alm_writer_init(&w, two, sizeof(two));
	cr_assert(alm_people_row_write(4, row.entries, &b, &w));
	cr_assert_eq(
		alm_people_row_open((struct alm_bytes){two, w.bytes}, &row),
		ALM_OK);
	cr_expect_eq(row.row_count, 4);
	cr_assert_eq(alm_people_row_next(&row.entries, &read), ALM_OK);
	cr_expect(alm_people_entry_same(&read, &a));
	cr_expect_eq(read.opt_out.as_of_s, UINT32_MAX);
	cr_assert_eq(alm_people_row_next(&row.entries, &read), ALM_OK);
	cr_expect(alm_people_entry_same(&read, &b));
	cr_expect_eq(row.entries.bytes, 0);
}

Test(people_row, keeps_an_instant_that_does_not_fit_as_a_record)
{
	cr_expect_null(opt_out(UINT32_MAX, true).record.data);
	cr_expect_not_null(opt_out(INT64_C(1) << 32, true).record.data);
	cr_expect_not_null(opt_out(-1, true).record.data);
}

Test(people_row, tells_records_apart_by_every_field)
{
	struct alm_people_entry a = opt_out(5, true);
	struct alm_people_entry b = opt_out(6, true);
	struct alm_people_entry c = opt_out(5, false);
	struct alm_people_entry d = opt_out(INT64_C(1) << 32, true);

	cr_expect(alm_people_entry_same(&a, &a));
	cr_expect_not(alm_people_entry_same(&a, &b));
	cr_expect_not(alm_people_entry_same(&a, &c));
	cr_expect_not(alm_people_entry_same(&a, &d));
}

Test(people_row, refuses_what_is_longer_than_a_row_may_be)
{
	static uint8_t long_record[ALM_PEOPLE_ROW_BYTES_MAX];
	uint8_t out[2 * ALM_PEOPLE_ROW_BYTES_MAX];
	struct alm_people_entry entry;
	struct alm_writer w;

	long_record[1] = ALM_RECORD_FLAG;
	alm_writer_init(&w, out, sizeof(out));
	entry = other(long_record, ALM_PEOPLE_ROW_BYTES_MAX - 5);
	cr_expect(alm_people_row_write(
		0, (struct alm_bytes){out, 0}, &entry, &w));
	alm_writer_init(&w, out, sizeof(out));
	entry = other(long_record, ALM_PEOPLE_ROW_BYTES_MAX - 4);
	cr_expect_not(alm_people_row_write(
		0, (struct alm_bytes){out, 0}, &entry, &w));
}

Test(people_row, refuses_bytes_that_are_no_row)
{
	static const struct {
		enum alm_err err;
		size_t bytes;
		uint8_t data[16];
	} rows[] = {
		{ALM_STORE_CORRUPT, 0, {0}},
		{ALM_STORE_CORRUPT, 2, {1, 0}},
		{ALM_STORE_FORMAT, 3, {2, 0, 0}},
		{ALM_STORE_CORRUPT, 4, {1, 0, 0, 0}},
		{ALM_STORE_CORRUPT, 6, {1, 0, 0, 0, 1, 4}},
		{ALM_STORE_CORRUPT, 7, {1, 0, 0, 0, 3, 1, 4}},
		{ALM_STORE_CORRUPT, 7, {1, 0, 0, 0, 1, 1, 4}},
		{ALM_STORE_CORRUPT, 7, {1, 0, 0, 0, 2, 1, 0}},
		{ALM_STORE_CORRUPT, 7, {1, 0, 0, 0, 2, 1, 5}},
		{ALM_STORE_CORRUPT, 11, {1, 0, 0, 0x82}},
		{ALM_STORE_CORRUPT, 12, {1, 0, 0, 0x80}},
		{ALM_STORE_CORRUPT, 12, {1, 0, 0, 0x86}},
		{ALM_STORE_CORRUPT, 12, {1, 0, 0, 0xC2}},
		{ALM_OK, 12, {1, 0, 0, 0x82}},
		{ALM_OK, 7, {1, 0, 0, 0, 2, 1, 4}},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_people_row row;
		unsigned count;
		enum alm_err err = alm_people_row_open(
			(struct alm_bytes){rows[i].data, rows[i].bytes}, &row);

		if (err == ALM_OK) {
			err = walk(row.entries, &count);
		}
		cr_expect_eq(err, rows[i].err, "row %zu: %d", i, (int)err);
	}
}

Test(people_row, finds_the_id_of_a_directive_and_bears_none)
{
	static const uint8_t directive[] = {
		1, 1, 0, 0, 0, 0, 3, 'd', '-', '1', 0, 0, 9};
	struct alm_bytes bytes = {directive, sizeof(directive)};

	cr_expect_str_eq(alm_people_entry_id(bytes), "d-1");
	bytes.bytes = 9;
	cr_expect_str_eq(alm_people_entry_id(bytes), "");
}
