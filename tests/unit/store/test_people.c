/* test_people.c - records about people: kept once, read whole, damage told. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/core/record.h"
#include "tests/support/fork.h"
#include "tests/support/table.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_people, .init = set_up, .fini = tear_down);

#define PERSON "9990000018"
#define OTHER "9990000026"

static const char *const ANY[] = {"any"};

static struct alm_person_record directive(const char *subject, const char *id)
{
	struct alm_person_record record = {.type = ALM_RECORD_DIRECTIVE};

	memcpy(record.subject, subject, 11);
	record.directive = (struct alm_directive){.id = id,
		.authority = "self",
		.scope = "care",
		.effect = ALM_WORD_DENY,
		.recorded_s = 1700000000,
		.purposes = {ANY, 1},
		.categories = {ANY, 1},
		.to = {ANY, 1},
		.valid = {1700000000, ALM_INSTANT_NEVER}};
	return record;
}

static struct alm_person_record opt_out(const char *subject, int64_t as_of_s)
{
	struct alm_person_record record = {.type = ALM_RECORD_OPT_OUT};

	memcpy(record.subject, subject, 11);
	record.opt_out = (struct alm_opt_out){.list = ALM_OPT_OUT_NATIONAL,
		.is_objecting = true,
		.as_of_s = as_of_s,
		.recorded_s = 1700000000};
	return record;
}

static bool put(const struct alm_person_record *record)
{
	bool is_new = false;

	cr_assert_eq(alm_store_person_put(store, record, &is_new), ALM_OK);
	return is_new;
}

static struct alm_person get(const char *subject)
{
	struct alm_person person;

	cr_assert_eq(
		alm_store_person_get(store, subject, &arena, &person), ALM_OK);
	return person;
}

/* Give each row of the table to `change`, which may alter its copy. */
static void change_rows(const char *name,
	void (*change)(unsigned number, uint8_t *value, size_t bytes))
{
	struct test_table table;
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	unsigned number = 0;

	alm_store_close(store);
	store = NULL;
	table = test_table_open(folder, name, 0);
	cr_assert_eq(mdb_cursor_open(table.txn, table.dbi, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		uint8_t copy[4096];

		memcpy(copy, value.mv_data, value.mv_size);
		change(number++, copy, value.mv_size);
		value.mv_data = copy;
		cr_assert_eq(
			mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
	}
	mdb_cursor_close(cursor);
	test_table_close(&table);
	reopen();
}

static void flip_first(unsigned number, uint8_t *value, size_t bytes)
{
	value[bytes / 2] ^= number == 0 ? 1 : 0;
}

Test(store_people, gives_back_every_record_of_one_person_and_no_other)
{
	struct alm_person_record a = directive(PERSON, "d-1");
	struct alm_person_record b = directive(PERSON, "d-2");
	struct alm_person_record c = opt_out(PERSON, 1700000001);
	struct alm_person_record d = directive(OTHER, "d-1");
	struct alm_person person;

	begin();
	cr_expect(put(&a));
	cr_expect(put(&b));
	cr_expect(put(&c));
	cr_expect(put(&d));
	cr_expect_eq(get(PERSON).directive_count, 2);
	commit();
	reopen();
	person = get(PERSON);
	cr_expect_not(person.is_corrupt);
	cr_expect_not(person.is_over_limit);
	cr_assert_eq(person.directive_count, 2);
	cr_expect_str_eq(person.directives[0].id, "d-1");
	cr_expect_str_eq(person.directives[1].id, "d-2");
	cr_expect_str_eq(person.directives[1].to.items[0], "any");
	cr_assert_eq(person.opt_out_count, 1);
	cr_expect_eq(person.opt_outs[0].as_of_s, 1700000001);
	cr_expect_eq(person.relationship_count, 0);
	cr_expect_eq(get(OTHER).directive_count, 1);
	cr_expect_eq(get("9990000034").directive_count, 0);
	cr_expect_eq(alm_store_people_sequence(store), 4);
}

Test(store_people, knows_the_same_record_again_and_refuses_a_conflict)
{
	struct alm_person_record a = directive(PERSON, "d-1");
	struct alm_person_record b = opt_out(PERSON, 5);
	bool is_new = true;

	begin();
	cr_expect(put(&a));
	cr_expect(put(&b));
	cr_expect_not(put(&a));
	cr_expect_not(put(&b));
	a.directive.effect = ALM_WORD_PERMIT;
	cr_expect_eq(
		alm_store_person_put(store, &a, &is_new), ALM_RECORD_CONFLICT);
	b.opt_out.as_of_s = 6;
	cr_expect(put(&b));
	commit();
	cr_expect_eq(alm_store_people_sequence(store), 3);
	cr_expect_eq(get(PERSON).opt_out_count, 2);
	cr_expect_eq(get(PERSON).directives[0].effect, ALM_WORD_DENY);
}

Test(store_people, forgets_an_aborted_turn)
{
	struct alm_person_record a = directive(PERSON, "d-1");

	begin();
	(void)put(&a);
	alm_store_abort(store);
	cr_expect_eq(alm_store_people_sequence(store), 0);
	cr_expect_eq(get(PERSON).directive_count, 0);
}

Test(store_people, keeps_as_many_records_as_the_limit_and_no_more)
{
	struct alm_person_record record;
	bool is_new = false;

	begin();
	for (unsigned i = 0; i < ALM_PERSON_RECORDS_MAX; i++) {
		record = opt_out(PERSON, i);
		(void)put(&record);
	}
	record = opt_out(PERSON, ALM_PERSON_RECORDS_MAX);
	cr_expect_eq(alm_store_person_put(store, &record, &is_new),
		ALM_PERSON_LIMIT);
	record = opt_out(PERSON, 0);
	cr_expect_not(put(&record));
	commit();
	cr_expect_eq(get(PERSON).opt_out_count, ALM_PERSON_RECORDS_MAX);
	cr_expect_not(get(PERSON).is_over_limit);
}

/* A directive that is too long for the person's row. */
static struct alm_person_record long_directive(
	const char *subject, const char *id)
{
	static const char *words[128];
	struct alm_person_record record = directive(subject, id);

	for (size_t i = 0; i < ALM_COUNT(words); i++) {
		words[i] = "mental-health-and-more";
	}
	record.directive.categories =
		(struct alm_word_list){words, ALM_COUNT(words)};
	return record;
}

Test(store_people, keeps_as_many_bytes_as_the_limit_and_no_more)
{
	struct alm_person_record record;
	bool is_new = false;
	enum alm_err err = ALM_OK;
	unsigned count = 0;
	char id[32];

	begin();
	while (err == ALM_OK && count < ALM_PERSON_RECORDS_MAX) {
		snprintf(id, sizeof(id), "d-%u", count);
		record = long_directive(PERSON, id);
		err = alm_store_person_put(store, &record, &is_new);
		count += err == ALM_OK ? 1 : 0;
	}
	cr_expect_eq(err, ALM_PERSON_LIMIT);
	cr_expect_gt(count, ALM_PERSON_BYTES_MAX / 4096);
	record = opt_out(PERSON, 1);
	cr_expect(put(&record), "what is short has its place");
	commit();
	cr_expect_eq(get(PERSON).directive_count, count);
	cr_expect_not(get(PERSON).is_over_limit);
}

/* Rows of the person that nobody has written through the store. */
static void add_long_rows(void)
{
	static uint8_t value[60000];
	uint8_t key[16 + 2] = {0};
	MDB_val mdb_key = {sizeof(key), key};
	MDB_val mdb_value = {sizeof(value), value};
	struct test_table table;

	alm_store_person_place(store, PERSON, key);
	key[16] = ALM_RECORD_DIRECTIVE;
	table = test_table_open(folder, "people", 0);
	while (key[17] <= ALM_PERSON_BYTES_MAX / sizeof(value)) {
		key[17]++;
		cr_assert_eq(
			mdb_put(table.txn, table.dbi, &mdb_key, &mdb_value, 0),
			0);
	}
	test_table_close(&table);
}

/* As in a store of before there was the limit. */
Test(store_people, tells_of_more_bytes_than_the_limit_and_reads_none)
{
	struct alm_person_record record = long_directive(PERSON, "d-1");
	size_t before;
	pid_t child;
	int status = -1;

	begin();
	cr_expect(put(&record));
	commit();
	cr_expect_not(get(PERSON).is_over_limit);
	child = test_fork();
	if (child == 0) {
		add_long_rows();
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	before = arena.bytes;
	cr_expect(get(PERSON).is_over_limit);
	cr_expect_lt(arena.bytes - before, ALM_PERSON_BYTES_MAX / 64);
}

Test(store_people, gives_back_long_records_beside_short_ones)
{
	struct alm_person_record a = directive(PERSON, "d-1");
	struct alm_person_record b = long_directive(PERSON, "d-2");
	struct alm_person_record c = long_directive(PERSON, "d-3");
	struct alm_person_record d = opt_out(PERSON, 1700000001);
	struct alm_person_record e = opt_out(PERSON, INT64_C(1) << 40);
	struct alm_person person;
	bool is_new = false;

	begin();
	cr_expect(put(&b));
	cr_expect(put(&a));
	cr_expect(put(&c));
	cr_expect(put(&d));
	cr_expect(put(&e));
	cr_expect_not(put(&b));
	cr_expect_not(put(&e));
	b.directive.effect = ALM_WORD_PERMIT;
	cr_expect_eq(
		alm_store_person_put(store, &b, &is_new), ALM_RECORD_CONFLICT);
	b = directive(PERSON, "d-2");
	cr_expect_eq(
		alm_store_person_put(store, &b, &is_new), ALM_RECORD_CONFLICT);
	a = long_directive(PERSON, "d-1");
	cr_expect_eq(
		alm_store_person_put(store, &a, &is_new), ALM_RECORD_CONFLICT);
	commit();
	reopen();
	person = get(PERSON);
	cr_expect_not(person.is_corrupt);
	cr_assert_eq(person.directive_count, 3);
	cr_expect_str_eq(person.directives[0].id, "d-1");
	cr_expect_str_eq(person.directives[1].id, "d-2");
	cr_expect_str_eq(person.directives[2].id, "d-3");
	cr_expect_eq(person.directives[2].categories.count, 128);
	cr_assert_eq(person.opt_out_count, 2);
	cr_expect(person.opt_outs[0].is_objecting);
	cr_expect_eq(person.opt_outs[0].list, ALM_OPT_OUT_NATIONAL);
	cr_expect_eq(person.opt_outs[0].recorded_s, 1700000000);
	cr_expect_eq(person.opt_outs[1].as_of_s, INT64_C(1) << 40);
}

Test(store_people, tells_of_a_damaged_row)
{
	struct alm_person_record a = directive(PERSON, "d-1");
	struct alm_person_record b = directive(PERSON, "d-2");
	bool is_new = false;

	begin();
	(void)put(&a);
	(void)put(&b);
	commit();
	change_rows("people", flip_first);
	cr_expect(get(PERSON).is_corrupt);
	begin();
	cr_expect_eq(
		alm_store_person_put(store, &a, &is_new), ALM_STORE_CORRUPT);
	alm_store_abort(store);
}

static void flip_second(unsigned number, uint8_t *value, size_t bytes)
{
	value[bytes / 2] ^= number == 1 ? 1 : 0;
}

Test(store_people, tells_of_a_damaged_long_record_and_serves_the_others)
{
	struct alm_person_record a = directive(PERSON, "d-1");
	struct alm_person_record b = long_directive(PERSON, "d-2");
	struct alm_person person;

	begin();
	(void)put(&a);
	(void)put(&b);
	commit();
	change_rows("people", flip_second);
	person = get(PERSON);
	cr_expect(person.is_corrupt);
	cr_assert_eq(person.directive_count, 1);
	cr_expect_str_eq(person.directives[0].id, "d-1");
}

Test(store_people, keeps_no_number_in_the_file)
{
	struct alm_person_record a = directive(PERSON, "d-1");
	char path[128];
	char data[1 << 16];
	FILE *file;
	size_t bytes;

	begin();
	(void)put(&a);
	append("person: " PERSON "\n");
	commit();
	(void)snprintf(path, sizeof(path), "%s/data.mdb", folder);
	file = fopen(path, "rb");
	cr_assert_not_null(file);
	while ((bytes = fread(data, 1, sizeof(data), file)) > 0) {
		cr_expect_null(memmem(data, bytes, PERSON, 10));
	}
	(void)fclose(file);
}

Test(store_people, finds_a_person_by_the_place_of_the_records)
{
	struct alm_person_record record = directive(PERSON, "R-1");
	struct alm_person person;
	uint8_t place[16];
	uint8_t other[16];
	uint8_t pseudonym[16];

	begin();
	cr_assert(put(&record));
	commit();
	alm_store_person_place(store, PERSON, place);
	alm_store_person_place(store, OTHER, other);
	alm_store_pseudonym(store, PERSON, pseudonym);
	cr_expect_neq(memcmp(place, other, 16), 0);
	cr_expect_neq(memcmp(place, pseudonym, 16), 0);
	cr_assert_eq(
		alm_store_person_at(store, place, &arena, &person), ALM_OK);
	cr_assert_eq(person.directive_count, 1);
	cr_expect_str_eq(person.directives[0].id, "R-1");
	cr_assert_eq(
		alm_store_person_at(store, other, &arena, &person), ALM_OK);
	cr_expect_eq(person.directive_count, 0);
}
