/* test_queue.c - whose mail is queued, and queue rows that are damaged. */
#include <stdio.h>

#include "lib/limits.h"
#include "tests/support/table.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_queue, .init = set_up, .fini = tear_down);

static const uint8_t ANN[16] = {1, 2, 3};
static const uint8_t BOB[16] = {1, 2, 4};

static uint64_t put_for(
	const char *recipient, const uint8_t *person, enum alm_mail_kind kind)
{
	struct alm_mail mail = {
		.kind = kind,
		.recipient = recipient,
		.sender = kind == ALM_MAIL_NOTICE ? "" : "RX1",
		.accepted_at_ms = 1000,
		.expires_ms = 2000,
		.audit_seq = 1,
		.message = {(const uint8_t *)"signed", 6},
		.payload = {(const uint8_t *)"payload", 7},
		.released = "discharge",
		.has_person = person != NULL,
	};

	if (person != NULL) {
		memcpy(mail.person, person, 16);
	}
	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	return mail.seq;
}

/* Change or cut a row behind the store's back. */
static void damage(const char *name, const char *recipient, uint64_t seq,
	size_t at, bool is_cut)
{
	struct test_table table;
	uint8_t raw[80];
	size_t bytes = recipient == NULL ? 0 : strlen(recipient) + 1;
	MDB_val key = {bytes + 8, raw};
	MDB_val row;

	if (recipient != NULL) {
		memcpy(raw, recipient, bytes);
	}
	alm_put_u64(raw + bytes, seq);
	alm_store_close(store);
	store = NULL;
	table = test_table_open(folder, name, 0);
	row = test_table_copy(&table, key);
	((uint8_t *)row.mv_data)[at] ^= 1;
	row.mv_size -= is_cut ? 3 : 0;
	test_table_put(&table, key, row);
	test_table_close(&table);
	reopen();
}

static bool is_ann(const void *cookie, const uint8_t person[16])
{
	(void)cookie;
	return memcmp(person, ANN, 16) == 0;
}

static struct alm_queue_search search_of(
	bool (*wants)(const void *, const uint8_t[16]))
{
	return (struct alm_queue_search){.wants = wants,
		.row_max = 1000,
		.hit_max = 100,
		.byte_max = 100000};
}

/* The sequences that a search finds, and how many calls it takes. */
static size_t run(
	const struct alm_queue_search *search, uint64_t *seqs, unsigned *calls)
{
	struct alm_queue_place place = {.bytes = 0};
	bool is_done = false;
	size_t count = 0;

	*calls = 0;
	while (!is_done) {
		const struct alm_queue_hit *hits = NULL;
		size_t hit_count = 0;

		++*calls;
		cr_assert_eq(alm_store_queue_search(store, search, &place,
				     &arena, &hits, &hit_count, &is_done),
			ALM_OK);
		for (size_t i = 0; i < hit_count; i++) {
			seqs[count++] = hits[i].entry.seq;
		}
	}
	return count;
}

static void put_mixture(void)
{
	begin();
	for (unsigned i = 0; i < 10; i++) {
		(void)put_for(i % 2 == 0 ? "RY2" : "RA", i % 3 == 0 ? ANN : BOB,
			ALM_MAIL_MESSAGE);
		(void)put_for("RY2", NULL, ALM_MAIL_NOTICE);
		(void)put_for("RA", NULL, ALM_MAIL_MESSAGE);
	}
	commit();
}

Test(store_queue, finds_the_mail_of_one_person_in_all_mailboxes)
{
	struct alm_queue_search search = search_of(is_ann);
	uint64_t seqs[40];
	unsigned calls;

	put_mixture();
	cr_assert_eq(run(&search, seqs, &calls), 4);
	cr_expect_eq(calls, 1);
	for (unsigned i = 0; i < 4; i++) {
		/* RA before RY2; every third is hers: 0, 3, 6, 9. */
		static const uint64_t want[] = {10, 28, 1, 19};

		cr_expect_eq(seqs[i], want[i]);
	}
}

Test(store_queue, finds_every_message_but_no_notice_for_everyone)
{
	struct alm_queue_search search = search_of(NULL);
	uint64_t seqs[40];
	unsigned calls;

	put_mixture();
	cr_expect_eq(run(&search, seqs, &calls), 20);
}

Test(store_queue, finds_the_same_in_small_steps)
{
	struct alm_queue_search search = search_of(NULL);
	uint64_t seqs[40];
	unsigned calls;

	put_mixture();
	search.row_max = 1;
	cr_expect_eq(run(&search, seqs, &calls), 20);
	cr_expect_eq(calls, 30);
	search.row_max = 1000;
	search.hit_max = 3;
	cr_expect_eq(run(&search, seqs, &calls), 20);
	cr_expect_geq(calls, 7);
	search.hit_max = 100;
	search.byte_max = 13;
	cr_expect_eq(run(&search, seqs, &calls), 20);
	cr_expect_geq(calls, 10);
}

Test(store_queue, finds_nothing_in_an_empty_store)
{
	struct alm_queue_search search = search_of(NULL);
	uint64_t seqs[1];
	unsigned calls;

	cr_expect_eq(run(&search, seqs, &calls), 0);
	cr_expect_eq(calls, 1);
}

Test(store_queue, goes_on_where_the_last_one_was_removed)
{
	struct alm_queue_search search = search_of(NULL);
	struct alm_queue_place place = {.bytes = 0};
	bool is_done = false;
	size_t count = 0;

	put_mixture();
	search.hit_max = 2;
	begin();
	while (!is_done) {
		const struct alm_queue_hit *hits = NULL;
		size_t hit_count = 0;

		cr_assert_eq(alm_store_queue_search(store, &search, &place,
				     &arena, &hits, &hit_count, &is_done),
			ALM_OK);
		for (size_t i = 0; i < hit_count; i++) {
			cr_expect_eq(
				alm_store_mail_remove(store, hits[i].recipient,
					hits[i].entry.seq),
				ALM_OK);
			count++;
		}
	}
	commit();
	cr_expect_eq(count, 20);
}

Test(store_queue, mends_a_damaged_row_from_its_mail)
{
	struct alm_queue_entry entry;
	bool is_mended = false;
	uint64_t seq;
	uint64_t next;

	for (unsigned is_cut = 0; is_cut < 2; is_cut++) {
		begin();
		seq = put_for("RY2", ANN, ALM_MAIL_MESSAGE);
		next = put_for("RY2", BOB, ALM_MAIL_MESSAGE);
		commit();
		damage("queue", "RY2", seq, 12, is_cut == 1);
		cr_assert_eq(
			alm_store_queue_next(store, "RY2", seq - 1, &entry),
			ALM_OK);
		cr_expect(entry.is_damaged);
		cr_expect_eq(entry.seq, seq);
		cr_assert_eq(alm_store_queue_next(store, "RY2", seq, &entry),
			ALM_OK);
		cr_expect_eq(entry.seq, next, "it hides no other");
		begin();
		cr_assert_eq(alm_store_queue_mend(
				     store, "RY2", seq, &arena, &is_mended),
			ALM_OK);
		cr_expect(is_mended);
		commit();
		cr_assert_eq(
			alm_store_queue_get(store, "RY2", seq, &entry), ALM_OK);
		cr_expect_not(entry.is_damaged);
		cr_expect_eq(entry.expires_ms, 2000);
		cr_expect_eq(entry.bytes, 13);
	}
}

Test(store_queue, takes_a_mended_message_for_anybodys)
{
	struct alm_queue_search search = search_of(is_ann);
	uint64_t seqs[4];
	unsigned calls;
	bool is_mended = false;
	uint64_t seq;

	begin();
	seq = put_for("RY2", BOB, ALM_MAIL_MESSAGE);
	commit();
	cr_expect_eq(run(&search, seqs, &calls), 0);
	damage("queue", "RY2", seq, 30, false);
	begin();
	cr_assert_eq(
		alm_store_queue_mend(store, "RY2", seq, &arena, &is_mended),
		ALM_OK);
	commit();
	cr_expect_eq(run(&search, seqs, &calls), 1);
}

Test(store_queue, sets_row_and_mail_aside_when_both_are_damaged)
{
	struct alm_mailbox_state state;
	struct alm_audit_report report;
	struct alm_queue_entry entry;
	bool is_mended = true;
	uint64_t seq;

	begin();
	seq = put_for("RY2", ANN, ALM_MAIL_MESSAGE);
	(void)put_for("RY2", BOB, ALM_MAIL_MESSAGE);
	append("");
	commit();
	damage("queue", "RY2", seq, 0, false);
	damage("body", NULL, seq, 50, false);
	begin();
	cr_assert_eq(
		alm_store_queue_mend(store, "RY2", seq, &arena, &is_mended),
		ALM_OK);
	cr_expect_not(is_mended);
	cr_expect_eq(
		alm_store_queue_mend(store, "RY2", seq, &arena, &is_mended),
		ALM_NOT_FOUND);
	commit();
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_expect_eq(state.count, 1);
	cr_expect_eq(state.first_seq, seq + 1);
	cr_assert_eq(alm_store_queue_next(store, "RY2", 0, &entry), ALM_OK);
	cr_expect_eq(entry.seq, seq + 1);
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report), ALM_OK,
		"%s", report.what);
}

Test(store_queue, removes_and_counts_in_spite_of_damage)
{
	struct alm_mailbox_state state;
	uint32_t attempts;
	uint64_t seq;

	begin();
	seq = put_for("RY2", ANN, ALM_MAIL_MESSAGE);
	(void)put_for("RY2", ANN, ALM_MAIL_MESSAGE);
	commit();
	damage("queue", "RY2", seq, 3, false);
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_expect_eq(state.first_seq, seq);
	cr_expect_eq(state.oldest_at_ms, 0);
	begin();
	cr_expect_eq(
		alm_store_queue_attempt(store, "RY2", seq, false, &attempts),
		ALM_OK, "the first one is not told by the row");
	cr_expect_eq(
		alm_store_queue_attempt(store, "RY2", seq, false, &attempts),
		ALM_STORE_CORRUPT);
	cr_expect_eq(alm_store_mail_remove(store, "RY2", seq), ALM_OK);
	commit();
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_expect_eq(state.count, 1);
}

/* Counters that are damaged are counted anew, and hide no mailbox. */
Test(store_queue, counts_a_mailbox_whose_counters_are_damaged)
{
	struct test_table table;
	char name_bytes[] = "RY2";
	char rubbish[] = "twenty-four bytes of rubbish";
	MDB_val key = {3, name_bytes};
	MDB_val value = {24, rubbish};
	struct alm_mailbox_state state;
	const char *name = NULL;

	begin();
	(void)put_for("RY2", ANN, ALM_MAIL_MESSAGE);
	(void)put_for("RY2", ANN, ALM_MAIL_MESSAGE);
	commit();
	alm_store_close(store);
	store = NULL;
	table = test_table_open(folder, "mailbox", 0);
	test_table_put(&table, key, value);
	test_table_close(&table);
	reopen();
	cr_assert_eq(alm_store_mailbox_next(store, "", &arena, &name), ALM_OK);
	cr_expect_str_eq(name, "RY2");
	begin();
	(void)put_for("RY2", ANN, ALM_MAIL_MESSAGE);
	commit();
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_expect_eq(state.count, 3);
	cr_expect_eq(state.bytes, 39);
}
