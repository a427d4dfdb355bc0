/* test_shared.c - what several mailboxes hold is kept once, and no longer. */
#include <lmdb.h>

#include "broker/store/inside.h"
#include "lib/limits.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_shared, .init = set_up, .fini = tear_down);

static const uint8_t MESSAGE[] = "signed part";
static const uint8_t PAYLOAD[] = "payload for many";
static const char *const NAMES[] = {"C84001", "RY2", "SC9"};

static struct alm_mail mail_to_many(void)
{
	return (struct alm_mail){.kind = ALM_MAIL_MESSAGE,
		.sender = "RX1",
		.accepted_at_ms = 1000,
		.expires_ms = 2000,
		.message = {MESSAGE, sizeof(MESSAGE)},
		.payload = {PAYLOAD, sizeof(PAYLOAD)},
		.released = "demographics"};
}

/* A share for each name; gives the sequence of the first. */
static uint64_t put_all(uint64_t *out_shared_seq)
{
	struct alm_mail mail = mail_to_many();

	cr_assert_eq(alm_store_shared_put(
			     store, &mail, ALM_COUNT(NAMES), out_shared_seq),
		ALM_OK);
	mail.shared_seq = *out_shared_seq;
	for (size_t i = 0; i < ALM_COUNT(NAMES); i++) {
		mail.recipient = NAMES[i];
		mail.level = (uint8_t)(i + 1);
		mail.is_partial = i == 1;
		mail.strips_location = i == 2;
		cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	}
	cr_assert_eq(alm_store_shared_close(
			     store, *out_shared_seq, ALM_COUNT(NAMES)),
		ALM_OK);
	return *out_shared_seq + 1;
}

static uint64_t rows(enum alm_table table)
{
	uint64_t count = 0;
	MDB_txn *txn = NULL;

	cr_assert_eq(alm_store_view(store, &txn), ALM_OK);
	cr_assert_eq(alm_table_rows(store, txn, table, &count), ALM_OK);
	alm_store_view_end(store);
	return count;
}

static void is_sound(void)
{
	struct alm_audit_report report;

	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report), ALM_OK,
		"%s", report.what);
	reopen();
}

Test(store_shared, gives_each_mailbox_the_whole_and_its_own_bounds)
{
	uint64_t shared_seq;
	uint64_t first;

	begin();
	first = put_all(&shared_seq);
	commit();
	is_sound();
	for (size_t i = 0; i < ALM_COUNT(NAMES); i++) {
		struct alm_queue_entry entry;
		struct alm_mail mail;

		cr_assert_eq(
			alm_store_mail_get(store, first + i, &arena, &mail),
			ALM_OK);
		cr_expect_str_eq(mail.recipient, NAMES[i]);
		cr_expect_eq(mail.shared_seq, shared_seq);
		cr_expect_eq(mail.level, i + 1);
		cr_expect_eq(mail.is_partial, i == 1);
		cr_expect_eq(mail.strips_location, i == 2);
		cr_expect(alm_bytes_equal(mail.payload,
			(struct alm_bytes){PAYLOAD, sizeof(PAYLOAD)}));
		cr_expect(alm_bytes_equal(mail.message,
			(struct alm_bytes){MESSAGE, sizeof(MESSAGE)}));
		cr_assert_eq(
			alm_store_queue_get(store, NAMES[i], first + i, &entry),
			ALM_OK);
		cr_expect_eq(entry.kind, ALM_MAIL_MESSAGE);
		cr_expect_eq(entry.bytes, sizeof(MESSAGE) + sizeof(PAYLOAD));
	}
}

Test(store_shared, goes_with_the_last_share_and_not_before)
{
	uint64_t shared_seq;
	uint64_t first;

	begin();
	first = put_all(&shared_seq);
	commit();
	for (size_t i = 0; i < ALM_COUNT(NAMES); i++) {
		size_t at = (i + 1) % ALM_COUNT(NAMES);

		cr_expect_eq(rows(ALM_TABLE_SHARED), 1);
		cr_expect_eq(rows(ALM_TABLE_BODY), ALM_COUNT(NAMES) - i + 1);
		begin();
		cr_assert_eq(
			alm_store_mail_remove(store, NAMES[at], first + at),
			ALM_OK);
		cr_assert_eq(
			alm_store_mail_remove(store, NAMES[at], first + at),
			ALM_NOT_FOUND);
		commit();
		is_sound();
	}
	cr_expect_eq(rows(ALM_TABLE_SHARED), 0);
	cr_expect_eq(rows(ALM_TABLE_BODY), 0);
}

Test(store_shared, is_not_there_when_the_turn_is_aborted)
{
	uint64_t shared_seq;

	begin();
	(void)put_all(&shared_seq);
	alm_store_abort(store);
	cr_expect_eq(rows(ALM_TABLE_SHARED), 0);
	cr_expect_eq(rows(ALM_TABLE_BODY), 0);
	begin();
	(void)put_all(&shared_seq);
	commit();
	begin();
	cr_assert_eq(
		alm_store_mail_remove(store, NAMES[0], shared_seq + 1), ALM_OK);
	alm_store_abort(store);
	is_sound();
	cr_expect_eq(rows(ALM_TABLE_BODY), ALM_COUNT(NAMES) + 1);
}

Test(store_shared, leaves_nothing_when_nobody_took_a_share)
{
	struct alm_mail mail = mail_to_many();
	uint64_t shared_seq;

	begin();
	cr_assert_eq(
		alm_store_shared_put(store, &mail, 3, &shared_seq), ALM_OK);
	cr_assert_eq(alm_store_shared_close(store, shared_seq, 0), ALM_OK);
	commit();
	is_sound();
	cr_expect_eq(rows(ALM_TABLE_SHARED), 0);
	cr_expect_eq(rows(ALM_TABLE_BODY), 0);
}

Test(store_shared, is_refused_before_anything_is_written_if_it_does_not_fit)
{
	struct alm_mail mail = mail_to_many();
	uint64_t shared_seq = 77;

	begin();
	cr_assert_eq(alm_store_shared_put(store, &mail,
			     (size_t)(MAP_BYTES / 2048), &shared_seq),
		ALM_STORE_FULL);
	cr_expect_eq(shared_seq, 77);
	commit();
	cr_expect_eq(rows(ALM_TABLE_BODY), 0);
}

/* Flip a byte of the value under a key, as a disk would. */
static void damage(enum alm_table table, const void *raw, size_t bytes)
{
	MDB_val key = alm_val(raw, bytes);
	MDB_val value;
	uint8_t copy[512];
	MDB_txn *txn;

	cr_assert_eq(mdb_txn_begin(store->env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_get(txn, store->tables[table], &key, &value), 0);
	cr_assert_leq(value.mv_size, sizeof(copy));
	memcpy(copy, value.mv_data, value.mv_size);
	copy[value.mv_size / 2] ^= 1;
	value.mv_data = copy;
	cr_assert_eq(mdb_put(txn, store->tables[table], &key, &value, 0), 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
}

Test(store_shared, a_damaged_queue_row_is_mended_as_the_share_it_was)
{
	uint64_t shared_seq;
	bool is_mended = false;
	uint8_t key[sizeof("RY2") + 8] = "RY2";
	uint64_t first;

	begin();
	first = put_all(&shared_seq);
	commit();
	alm_put_u64(key + sizeof("RY2"), first + 1);
	damage(ALM_TABLE_QUEUE, key, sizeof(key));
	begin();
	cr_assert_eq(alm_store_queue_mend(
			     store, "RY2", first + 1, &arena, &is_mended),
		ALM_OK);
	cr_expect(is_mended);
	for (size_t i = 0; i < ALM_COUNT(NAMES); i++) {
		cr_assert_eq(alm_store_mail_remove(store, NAMES[i], first + i),
			ALM_OK);
	}
	commit();
	is_sound();
	cr_expect_eq(rows(ALM_TABLE_BODY), 0);
}

Test(store_shared, a_damaged_queue_row_lets_go_of_its_share_when_removed)
{
	uint64_t shared_seq;
	uint8_t key[sizeof("RY2") + 8] = "RY2";
	uint64_t first;

	begin();
	first = put_all(&shared_seq);
	commit();
	alm_put_u64(key + sizeof("RY2"), first + 1);
	damage(ALM_TABLE_QUEUE, key, sizeof(key));
	begin();
	for (size_t i = 0; i < ALM_COUNT(NAMES); i++) {
		cr_assert_eq(alm_store_mail_remove(store, NAMES[i], first + i),
			ALM_OK);
	}
	commit();
	cr_expect_eq(rows(ALM_TABLE_BODY), 0);
	cr_expect_eq(rows(ALM_TABLE_SHARED), 0);
}

Test(store_shared, damage_of_what_is_shared_is_told_of_each_share)
{
	uint64_t shared_seq;
	uint8_t key[8];
	struct alm_mail mail;
	uint64_t first;

	begin();
	first = put_all(&shared_seq);
	commit();
	alm_put_u64(key, shared_seq);
	damage(ALM_TABLE_BODY, key, sizeof(key));
	for (size_t i = 0; i < ALM_COUNT(NAMES); i++) {
		cr_expect_eq(
			alm_store_mail_get(store, first + i, &arena, &mail),
			ALM_STORE_CORRUPT);
	}
}
