/* test_scrub.c - reading back finds each damaged row once, names it, and goes
 * on; what is whole is found whole; a thread does the same. */
#include <poll.h>
#include <unistd.h>

#include "broker/store/find.h"
#include "broker/store/retention.h"
#include "broker/store/scrub.h"
#include "tests/unit/store/flip.h"

static struct alm_scrub *scrub;

static void set_up_scrub(void)
{
	set_up();
	scrub = NULL;
}

static void tear_down_scrub(void)
{
	alm_scrub_close(scrub);
	tear_down();
}

TestSuite(store_scrub, .init = set_up_scrub, .fini = tear_down_scrub);

#define RECORDS 600u
#define BESIDE_MAX 300u

static void fill(void)
{
	begin();
	for (unsigned i = 0; i < RECORDS; i++) {
		struct alm_audit_record record = plain_record();

		record.has_person = i % 2 == 0;
		memset(record.person, record.has_person ? 1 : 0, 16);
		cr_assert_eq(alm_store_audit_append(
				     store, &record, "why: because\n"),
			ALM_OK);
	}
	commit();
}

static struct alm_scrub_state pass(void)
{
	struct alm_scrub_state state;

	if (scrub == NULL) {
		cr_assert_eq(alm_scrub_open(store, 1000, &scrub), ALM_OK);
	}
	while (alm_scrub_step(scrub) > 0) {
	}
	alm_scrub_state(scrub, &state);
	return state;
}

static void expect_finding(size_t i, uint64_t seq, const char *what)
{
	struct alm_scrub_finding finding = {.seq = 0};

	cr_assert(alm_scrub_finding(scrub, i, &finding));
	cr_expect_eq(finding.seq, seq);
	cr_expect_not_null(strstr(finding.what, what), "%s", finding.what);
}

Test(store_scrub, finds_a_whole_store_whole)
{
	struct alm_scrub_state state;

	fill();
	state = pass();
	cr_expect_eq(state.verified_seq, RECORDS);
	cr_expect_eq(state.passes, 1);
	cr_expect_gt(state.pass_at_us, 0);
	cr_expect_geq(state.rows, 2 * RECORDS);
	cr_expect_eq(state.damaged, 0);
	begin();
	append("why: more\n");
	commit();
	state = pass();
	cr_expect_eq(state.verified_seq, RECORDS + 1);
	cr_expect_eq(state.passes, 2);
}

Test(store_scrub, names_each_damaged_row_once_and_goes_on)
{
	static const uint8_t tile[9] = {1};
	struct alm_scrub_state state;
	struct alm_scrub_finding finding;

	fill();
	flip_number("rec", 17, 20);
	flip_number("priv", 40, 12);
	flip("tile", tile, sizeof(tile), 40);
	state = pass();
	cr_expect_eq(state.verified_seq, RECORDS);
	expect_finding(0, 17, "record 17: it is not the one");
	expect_finding(1, 40, "record 40: its private part");
	expect_finding(2, 0, "tile 1/0, entry 1");
	expect_finding(3, 0, "the head");
	cr_expect_eq(state.damaged, 4);
	state = pass();
	cr_expect_eq(state.passes, 2);
	cr_expect_eq(state.damaged, 4);
	cr_expect_not(alm_scrub_finding(scrub, 4, &finding));
	/* While it runs, too. */
	flip_number("priv", 42, 12);
	cr_expect_eq(pass().damaged, 5);
	expect_finding(4, 42, "record 42: its private part");
}

Test(store_scrub, tells_of_so_many_rows_one_by_one)
{
	struct alm_scrub_finding finding;

	fill();
	/* All that is said of a person is under one key here. */
	flip_number("person-key", 1, 3);
	cr_expect_eq(pass().damaged, ALM_SCRUB_FINDINGS_MAX);
	expect_finding(0, 1, "record 1: its private part");
	cr_expect_not(
		alm_scrub_finding(scrub, ALM_SCRUB_FINDINGS_MAX, &finding));
}

Test(store_scrub, tells_what_is_damaged_and_readers_get_the_rest)
{
	struct alm_audit_find find = {
		.row_max = RECORDS, .work_max = 10 * RECORDS};
	struct alm_audit_found found;
	struct alm_audit_view view;
	struct alm_scrub_state state;

	fill();
	flip_number("rec", 300, 20);
	state = pass();
	cr_assert_eq(state.damaged, 1);
	expect_finding(0, 300, "record 300: it is not the one");
	cr_assert_eq(alm_audit_find(store, &find, &arena, &found), ALM_OK);
	cr_expect_eq(found.row_count, RECORDS - 1);
	cr_expect_eq(found.damaged, 1);
	cr_expect_eq(found.first_damaged, 300);
	cr_expect_eq(alm_audit_get(store, 300, false, &arena, &view),
		ALM_STORE_CORRUPT);
	cr_expect_eq(alm_audit_get(store, 301, true, &arena, &view), ALM_OK);
}

Test(store_scrub, takes_what_was_pruned_or_erased_for_whole)
{
	const struct alm_retention_rule rule = {
		.keep_s = {1, 1, 1}, .long_words = ""};
	const int64_t later_us = NOW_US + INT64_C(90) * 86400 * 1000000;
	struct alm_prune prune;

	fill();
	cr_assert_eq(
		alm_store_prune_begin(store, &rule, later_us, false, &prune),
		ALM_OK);
	while (!alm_store_prune_is_done(&prune)) {
		begin_at(later_us);
		cr_assert_eq(alm_store_prune_step(store, &rule, 100, &prune),
			ALM_OK);
		commit();
		/* Meanwhile it reads back. */
		cr_expect_eq(pass().damaged, 0);
	}
	cr_expect_gt(prune.counts.keys, 0);
	cr_expect_eq(pass().damaged, 0);
}

Test(store_scrub, reads_in_a_thread_beside_a_writer)
{
	struct alm_scrub_state state;
	unsigned written = 0;

	fill();
	cr_assert_eq(alm_scrub_open(store, 1000000, &scrub), ALM_OK);
	cr_assert_eq(alm_scrub_start(scrub), ALM_OK);
	do { /* and no more than there is room for, however slow it is */
		if (written < BESIDE_MAX) {
			begin();
			append("why: beside\n");
			commit();
			written++;
		} else {
			(void)poll(NULL, 0, 1);
		}
		alm_scrub_state(scrub, &state);
	} while (state.passes == 0);
	cr_expect_geq(state.verified_seq, RECORDS);
	cr_expect_eq(state.damaged, 0);
}
