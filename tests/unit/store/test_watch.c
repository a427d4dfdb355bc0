/* test_watch.c - deadlines, requests that wait, deputies, trials, and which
 * receipts a recipient has sent. */
#include <string.h>

#include <lmdb.h>

#include "broker/store/inside.h"
#include "broker/store/told.h"
#include "broker/store/trial.h"
#include "broker/store/watch.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_watch, .init = set_up, .fini = tear_down);

static void watch(int64_t at_ms, uint64_t seq)
{
	const struct alm_watch row = {.at_ms = at_ms,
		.seq = seq,
		.what = ALM_WATCH_REQUEST,
		.recipient = "C84001",
		.sender = "RX1",
		.message_id = {{9, 8, 7}},
		.audit_seq = 5};

	cr_assert_eq(alm_store_watch_put(store, &row), ALM_OK);
}

Test(store_watch, what_is_due_comes_in_the_order_of_its_instant)
{
	struct alm_watch row;

	begin();
	watch(3000, 1);
	watch(1000, 9);
	watch(1000, 4);
	commit();
	reopen();
	cr_assert_eq(
		alm_store_watch_due(store, 999, &arena, &row), ALM_NOT_FOUND);
	cr_assert_eq(alm_store_watch_due(store, 1000, &arena, &row), ALM_OK);
	cr_expect_eq(row.seq, 4);
	cr_expect_eq(row.at_ms, 1000);
	cr_expect_eq(row.what, ALM_WATCH_REQUEST);
	cr_expect_str_eq(row.recipient, "C84001");
	cr_expect_str_eq(row.sender, "RX1");
	cr_expect_eq(row.message_id.raw[2], 7);
	cr_expect_eq(row.audit_seq, 5);
	cr_expect_not(row.is_damaged);
	begin();
	cr_assert_eq(alm_store_watch_remove(store, 1000, 4), ALM_OK);
	cr_assert_eq(alm_store_watch_remove(store, 1000, 9), ALM_OK);
	cr_assert_eq(alm_store_watch_remove(store, 1000, 9), ALM_NOT_FOUND);
	commit();
	cr_assert_eq(
		alm_store_watch_due(store, 2999, &arena, &row), ALM_NOT_FOUND);
	cr_assert_eq(
		alm_store_watch_due(store, INT64_MAX, &arena, &row), ALM_OK);
	cr_expect_eq(row.seq, 1);
}

Test(store_watch, a_broken_key_holds_up_no_deadline)
{
	static const uint8_t broken[] = {0, 0, 0};
	MDB_val key = alm_val(broken, sizeof(broken));
	MDB_val value = alm_val(broken, sizeof(broken));
	struct alm_watch row;

	begin();
	watch(1000, 4);
	cr_assert_eq(mdb_put(store->turn, store->tables[ALM_TABLE_WATCH], &key,
			     &value, 0),
		MDB_SUCCESS);
	cr_assert_eq(alm_store_watch_due(store, 1000, &arena, &row), ALM_OK);
	cr_expect_eq(row.seq, 4);
	cr_assert_eq(alm_store_watch_remove(store, 1000, 4), ALM_OK);
	cr_assert_eq(
		alm_store_watch_due(store, 1000, &arena, &row), ALM_NOT_FOUND);
	commit();
}

Test(store_watch, a_request_keeps_its_state_until_it_is_forgotten)
{
	struct alm_message_id id = {{1, 2, 3}};
	struct alm_open_request request = {.asker = "RX1",
		.message_id = id,
		.asked = "C84001",
		.deadline_ms = 77,
		.audit_seq = 12};
	struct alm_open_request found;

	begin();
	cr_assert_eq(alm_store_request_put(store, &request), ALM_OK);
	commit();
	cr_assert_eq(
		alm_store_request_get(store, "C84001", &id, &arena, &found),
		ALM_NOT_FOUND);
	cr_assert_eq(alm_store_request_get(store, "RX1", &id, &arena, &found),
		ALM_OK);
	cr_expect_eq(found.state, ALM_REQUEST_OPEN);
	cr_expect_str_eq(found.asked, "C84001");
	cr_expect_str_eq(found.asker, "RX1");
	cr_expect_eq(found.deadline_ms, 77);
	cr_expect_eq(found.audit_seq, 12);
	request.state = ALM_REQUEST_ANSWERED;
	begin();
	cr_assert_eq(alm_store_request_put(store, &request), ALM_OK);
	commit();
	reopen();
	cr_assert_eq(alm_store_request_get(store, "RX1", &id, &arena, &found),
		ALM_OK);
	cr_expect_eq(found.state, ALM_REQUEST_ANSWERED);
	begin();
	cr_assert_eq(alm_store_request_forget(store, "RX1", &id), ALM_OK);
	cr_assert_eq(alm_store_request_forget(store, "RX1", &id), ALM_OK);
	commit();
	cr_assert_eq(alm_store_request_get(store, "RX1", &id, &arena, &found),
		ALM_NOT_FOUND);
}

Test(store_watch, a_deputy_is_set_changed_and_taken_away)
{
	const char *deputy = NULL;

	begin();
	cr_assert_eq(alm_store_deputy_set(store, "C84001", "OOH1"), ALM_OK);
	cr_assert_eq(alm_store_deputy_set(store, "C84001", "OOH2"), ALM_OK);
	commit();
	reopen();
	cr_assert_eq(
		alm_store_deputy_get(store, "C84001", &arena, &deputy), ALM_OK);
	cr_expect_str_eq(deputy, "OOH2");
	cr_assert_eq(
		alm_store_deputy_get(store, "RX1", &arena, &deputy), ALM_OK);
	cr_expect_str_eq(deputy, "");
	begin();
	cr_assert_eq(alm_store_deputy_set(store, "C84001", ""), ALM_OK);
	cr_assert_eq(alm_store_deputy_set(store, "C84001", ""), ALM_OK);
	commit();
	cr_assert_eq(
		alm_store_deputy_get(store, "C84001", &arena, &deputy), ALM_OK);
	cr_expect_str_eq(deputy, "");
}

Test(store_watch, names_that_are_too_long_are_refused)
{
	char name[ALM_ID_BYTES_MAX + 2];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	begin();
	cr_expect_eq(
		alm_store_deputy_set(store, name, "A"), ALM_FIELD_TOO_LARGE);
	cr_expect_eq(
		alm_store_deputy_set(store, "A", name), ALM_FIELD_TOO_LARGE);
	commit();
}

Test(store_watch, a_damaged_deadline_is_told_of_by_its_name)
{
	struct alm_watch row;
	MDB_val key;
	MDB_val value;
	MDB_cursor *cursor;
	uint8_t copy[256];
	uint8_t name[17];

	begin();
	watch(1000, 4);
	cr_assert_eq(mdb_cursor_open(store->turn,
			     store->tables[ALM_TABLE_WATCH], &cursor),
		0);
	cr_assert_eq(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
	cr_assert(value.mv_size < sizeof(copy));
	memcpy(name, key.mv_data, sizeof(name));
	memcpy(copy, value.mv_data, value.mv_size);
	copy[3] ^= 1;
	value.mv_data = copy;
	key.mv_data = name;
	cr_assert_eq(mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
	mdb_cursor_close(cursor);
	commit();
	cr_assert_eq(alm_store_watch_due(store, 1000, &arena, &row), ALM_OK);
	cr_expect(row.is_damaged);
	cr_expect_eq(row.seq, 4);
	cr_expect_eq(row.at_ms, 1000);
}

Test(store_watch, an_agent_has_one_trial_and_the_next_replaces_it)
{
	struct alm_trial trial = {.at_us = 7000,
		.audit_seq = 3,
		.content = "abc",
		.content_bytes = 3};
	struct alm_trial read;

	begin();
	cr_assert_eq(alm_store_trial_get(store, 9, &read), ALM_NOT_FOUND);
	cr_assert_eq(alm_store_trial_put(store, 9, &trial), ALM_OK);
	trial.content_bytes = ALM_TRIAL_BYTES_MAX;
	memset(trial.content, 0xA5, sizeof(trial.content));
	cr_assert_eq(alm_store_trial_put(store, 0, &trial), ALM_OK);
	commit();
	reopen();
	cr_assert_eq(alm_store_trial_get(store, 9, &read), ALM_OK);
	cr_expect_eq(read.at_us, 7000);
	cr_expect_eq(read.audit_seq, 3);
	cr_expect_eq(read.content_bytes, 3);
	cr_expect_arr_eq(read.content, "abc", 3);
	cr_assert_eq(alm_store_trial_get(store, 0, &read), ALM_OK);
	cr_expect_eq(read.content_bytes, ALM_TRIAL_BYTES_MAX);
	cr_expect_arr_eq(read.content, trial.content, ALM_TRIAL_BYTES_MAX);
	trial.content_bytes = 0;
	begin();
	cr_assert_eq(alm_store_trial_put(store, 9, &trial), ALM_OK);
	commit();
	cr_assert_eq(alm_store_trial_get(store, 9, &read), ALM_OK);
	cr_expect_eq(read.content_bytes, 0);
}

static uint8_t told(const struct alm_told_of *of)
{
	uint8_t kinds = 255;

	cr_assert_eq(alm_store_told_get(store, of, &kinds), ALM_OK);
	return kinds;
}

Test(store_watch, what_was_told_is_forgotten_with_the_ids_of_its_time)
{
	const struct alm_told_of old = {{{0, 0, 0, 0, 0, 1, 9}}, 5};
	const struct alm_told_of other = {{{0, 0, 0, 0, 0, 1, 9}}, 6};
	const struct alm_told_of new = {{{0, 0, 0, 0, 0, 2}}, 7};
	unsigned count = 0;

	begin();
	watch(1, 1);
	cr_assert_eq(alm_store_told_put(store, &old, 1), ALM_OK);
	cr_assert_eq(alm_store_told_put(store, &new, 2), ALM_OK);
	cr_assert_eq(alm_store_told_put(store, &old, 5), ALM_OK);
	cr_expect_eq(told(&old), 5);
	commit();
	reopen();
	cr_expect_eq(told(&old), 5);
	cr_expect_eq(told(&other), 0);
	cr_expect_eq(told(&new), 2);
	begin();
	cr_assert_eq(alm_store_told_put(store, &other, 4), ALM_OK);
	cr_assert_eq(alm_store_told_prune(store, 1, 9, &count), ALM_OK);
	cr_expect_eq(count, 0);
	cr_assert_eq(alm_store_told_prune(store, 2, 1, &count), ALM_OK);
	cr_expect_eq(count, 1, "no more than was asked for");
	cr_assert_eq(alm_store_told_prune(store, 2, 9, &count), ALM_OK);
	cr_expect_eq(count, 1);
	commit();
	cr_expect_eq(told(&old), 0);
	cr_expect_eq(told(&other), 0);
	cr_expect_eq(told(&new), 2);
}
