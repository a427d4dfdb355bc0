/* test_prune.c - what was kept long enough goes, with its keys; what must stay
 * stays, every proof verifies, and the room can be used again. */
#include <sys/wait.h>
#include <unistd.h>

#include "broker/store/evidence.h"
#include "broker/store/retention.h"
#include "tests/support/fork.h"
#include "tests/unit/store/flip.h"

TestSuite(store_prune, .init = set_up, .fini = tear_down);

#define PERSON "9990000018"
#define OTHER "9990000026"
#define DAY_S INT64_C(86400)
#define DAY_US (DAY_S * 1000000)
/* 2010-01-10, and 2030-01-10 */
#define LONG_AGO_US INT64_C(1263081600000000)
#define LATER_US INT64_C(1894233600000000)

static const struct alm_retention_rule rule = {
	.keep_s = {730 * DAY_S, 2922 * DAY_S, 10958 * DAY_S},
	.long_words = "cancer*,*oncology*",
};

static uint64_t say(enum alm_audit_kind kind, const char *subject,
	const char *purpose, const char *detail)
{
	struct alm_audit_record record = plain_record();

	record.kind = kind;
	record.purpose = purpose;
	record.has_person = subject != NULL;
	if (subject != NULL) {
		alm_store_pseudonym(store, subject, record.person);
	}
	cr_assert_eq(alm_store_audit_append(store, &record, detail), ALM_OK);
	return record.seq;
}

/* Six records in one month: two people, three classes. */
static void fill(int64_t now_us)
{
	begin_at(now_us);
	(void)say(ALM_AUDIT_ACCEPTED, PERSON, "direct-care", "why: one\n");
	(void)say(ALM_AUDIT_ACCEPTED, PERSON, "cancer-care", "why: two\n");
	(void)say(ALM_AUDIT_ACCEPTED, OTHER, "direct-care", "why: three\n");
	(void)say(ALM_AUDIT_QUERY, OTHER, "", "why: four\n");
	(void)say(ALM_AUDIT_ADMIN, NULL, "", "why: five\n");
	(void)say(ALM_AUDIT_REFUSED, NULL, "direct-care", "why: six\n");
	commit();
}

static struct alm_prune_counts prune_at(int64_t now_us, unsigned row_max)
{
	struct alm_prune prune;
	unsigned calls = 0;

	cr_assert_eq(alm_store_prune_begin(store, &rule, now_us, false, &prune),
		ALM_OK);
	while (!alm_store_prune_is_done(&prune)) {
		begin_at(now_us);
		cr_assert_eq(
			alm_store_prune_step(store, &rule, row_max, &prune),
			ALM_OK);
		commit();
		cr_assert_lt(++calls, 1000);
	}
	return prune.counts;
}

static const char *detail_of(uint64_t seq)
{
	struct alm_audit_view view;

	cr_assert_eq(alm_audit_get(store, seq, true, &arena, &view), ALM_OK);
	if (view.detail == NULL) {
		cr_expect(view.is_erased);
	}
	return view.detail != NULL ? view.detail
	       : view.is_pruned    ? "pruned"
				   : "erased";
}

/* Once the log says that parts were pruned and somebody erased, as a broker
 * does. */
static struct alm_audit_report verified(void)
{
	struct alm_audit_report report;

	begin_at(LATER_US);
	(void)say(ALM_AUDIT_PRUNED, NULL, "", "");
	(void)say(ALM_AUDIT_ERASED, NULL, "", "");
	commit();
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, NULL, NULL, NULL, &report),
		ALM_OK, "%s", report.what);
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report), ALM_OK,
		"%s", report.what);
	reopen();
	return report;
}

Test(store_prune, takes_each_class_at_the_end_of_its_time)
{
	struct alm_prune_counts counts;
	struct alm_audit_head before;
	struct alm_audit_head after;
	struct alm_audit_report report;

	fill(LONG_AGO_US);
	fill(LATER_US);
	alm_store_audit_head(store, &before);
	/* Three years on: the question and the administration. */
	counts = prune_at(LONG_AGO_US + 3 * 365 * DAY_US, 1);
	cr_expect_eq(counts.parts[ALM_RETENTION_SECURITY], 2);
	cr_expect_eq(counts.parts[ALM_RETENTION_DISCLOSURE], 0);
	cr_expect_eq(counts.keys, 0);
	cr_expect_str_eq(detail_of(3), "why: three\n");
	cr_expect_str_eq(detail_of(4), "pruned");
	/* Nine years on: all but what is of cancer; the other's key too. */
	counts = prune_at(LONG_AGO_US + 9 * 365 * DAY_US, 1);
	cr_expect_eq(counts.parts[ALM_RETENTION_DISCLOSURE], 3);
	cr_expect_eq(counts.parts[ALM_RETENTION_LONG], 0);
	cr_expect_eq(counts.keys, 1);
	cr_expect_str_eq(detail_of(1), "pruned");
	cr_expect_str_eq(detail_of(2), "why: two\n");
	cr_expect_str_eq(detail_of(3), "pruned");
	cr_expect_str_eq(detail_of(6), "pruned");
	cr_expect_eq(alm_store_pruned(store, ALM_RETENTION_DISCLOSURE), 6);
	cr_expect_eq(alm_store_pruned(store, ALM_RETENTION_LONG), 0);
	report = verified();
	cr_expect_eq(report.private_pruned, 5);
	cr_expect_eq(report.private_absent, 0);
	cr_expect_eq(report.pruned_through, 6);
	alm_store_audit_head(store, &before);
	/* Thirty-one years on: the rest of it, and the key that it had. */
	counts = prune_at(LONG_AGO_US + 31 * 366 * DAY_US, 100);
	cr_expect_eq(counts.parts[ALM_RETENTION_LONG], 1);
	cr_expect_eq(counts.keys, 2);
	cr_expect_str_eq(detail_of(2), "pruned");
	cr_expect_str_eq(detail_of(8), "why: two\n");
	cr_expect_str_eq(detail_of(9), "pruned");
	alm_store_audit_head(store, &after);
	cr_expect_eq(memcmp(&before, &after, sizeof(after)), 0);
	report = verified();
	cr_expect_eq(report.private_pruned, 11);
	cr_expect_eq(report.private_erased, 0);
}

Test(store_prune, is_found_out_when_no_record_says_that_it_was_done)
{
	struct alm_audit_report report;

	fill(LONG_AGO_US);
	(void)prune_at(LONG_AGO_US + 3 * 365 * DAY_US, 100);
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, NULL, NULL, NULL, &report),
		ALM_AUDIT_DAMAGED);
	cr_expect_eq(report.first_bad_seq, 5);
	cr_expect_not_null(strstr(report.what, "pruned"), "%s", report.what);
	reopen();
	(void)verified();
}

/* What a broker does while its store is being verified. */
static void change_meanwhile(void *cookie, uint64_t done, uint64_t total)
{
	bool *is_done = cookie;
	uint64_t next = 0;
	uint64_t count = 0;
	int status = 0;
	pid_t child;

	(void)done;
	(void)total;
	if (*is_done) {
		return;
	}
	*is_done = true;
	child = test_fork();
	if (child == 0) {
		reopen();
		begin_at(LATER_US);
		(void)say(ALM_AUDIT_PRUNED, NULL, "", "");
		(void)say(ALM_AUDIT_ERASED, NULL, "", "");
		cr_assert_eq(alm_store_person_keys_destroy(store, PERSON,
				     1000000, 1000000, &next, &count),
			ALM_OK);
		commit();
		(void)prune_at(LONG_AGO_US + 9 * 365 * DAY_US, 100000);
		alm_store_close(store);
		_exit(count > 0 ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
}

Test(store_prune, and_erasing_are_no_damage_while_it_is_verified)
{
	struct alm_audit_report report;
	bool is_done = false;

	/* More than are read in one view. */
	for (unsigned i = 0; i < 3000; i++) {
		fill(LONG_AGO_US);
	}
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(
			     folder, KEY, change_meanwhile, &is_done, &report),
		ALM_OK, "%s", report.what);
	cr_expect(is_done);
	cr_expect_gt(report.private_absent, 0);
	cr_expect_gt(report.private_erased, 0);
	reopen();
}

Test(store_prune, counts_the_same_when_it_is_dry_and_changes_nothing)
{
	struct alm_prune prune;

	fill(LONG_AGO_US);
	cr_assert_eq(alm_store_prune_begin(store, &rule,
			     LONG_AGO_US + 9 * 365 * DAY_US, true, &prune),
		ALM_OK);
	while (!alm_store_prune_is_done(&prune)) {
		cr_assert_eq(
			alm_store_prune_step(store, &rule, 2, &prune), ALM_OK);
	}
	cr_expect_eq(prune.counts.parts[ALM_RETENTION_SECURITY], 2);
	cr_expect_eq(prune.counts.parts[ALM_RETENTION_DISCLOSURE], 3);
	cr_expect_str_eq(detail_of(1), "why: one\n");
	cr_expect_str_eq(detail_of(5), "why: five\n");
	cr_expect_eq(verified().private_pruned, 0);
}

Test(store_prune, leaves_the_month_whole_in_which_time_runs_out)
{
	fill(LONG_AGO_US);
	/* 2010-01-10 and 730 days is 2012-01-10: January 2010 is not over. */
	cr_expect_eq(prune_at(LONG_AGO_US + 740 * DAY_US, 100).looked_at, 0);
	cr_expect_eq(prune_at(LONG_AGO_US + 753 * DAY_US, 100)
			     .parts[ALM_RETENTION_SECURITY],
		2);
	cr_expect_eq(prune_at(LONG_AGO_US + 754 * DAY_US, 100).looked_at, 0);
}

Test(store_prune, goes_on_after_a_turn_that_was_aborted)
{
	const int64_t now_us = LONG_AGO_US + 9 * 365 * DAY_US;
	struct alm_prune prune;
	struct alm_prune copy;

	fill(LONG_AGO_US);
	cr_assert_eq(alm_store_prune_begin(store, &rule, now_us, false, &prune),
		ALM_OK);
	copy = prune;
	begin_at(now_us);
	cr_assert_eq(alm_store_prune_step(store, &rule, 100, &prune), ALM_OK);
	alm_store_abort(store);
	cr_expect_str_eq(detail_of(5), "why: five\n");
	prune = copy;
	while (!alm_store_prune_is_done(&prune)) {
		begin_at(now_us);
		cr_assert_eq(
			alm_store_prune_step(store, &rule, 3, &prune), ALM_OK);
		commit();
	}
	cr_expect_str_eq(detail_of(5), "pruned");
	cr_expect_str_eq(detail_of(2), "why: two\n");
	cr_expect_eq(verified().private_pruned, 5);
}

Test(store_prune, lets_a_person_be_erased_before_and_after)
{
	uint64_t next = 0;
	uint64_t count = 0;

	fill(LONG_AGO_US);
	fill(LATER_US);
	(void)prune_at(LONG_AGO_US + 9 * 365 * DAY_US, 100);
	begin_at(LATER_US);
	cr_assert_eq(alm_store_person_keys_destroy(
			     store, PERSON, 100, 100, &next, &count),
		ALM_OK);
	commit();
	cr_expect_eq(count, 2, "a marked key is a key: %u", (unsigned)count);
	cr_expect_str_eq(detail_of(2), "erased");
	cr_expect_str_eq(detail_of(8), "erased");
	(void)prune_at(LONG_AGO_US + 31 * 366 * DAY_US, 100);
	cr_expect_str_eq(detail_of(2), "pruned");
	(void)verified();
}

Test(store_prune, makes_room_that_is_used_again)
{
	static char text[2000];
	struct alm_store_space before;
	struct alm_store_space pruned;
	struct alm_store_space after;

	memset(text, 'x', sizeof(text) - 1);
	for (unsigned i = 0; i < 200; i++) {
		begin_at(LONG_AGO_US + i);
		(void)say(ALM_AUDIT_ACCEPTED, NULL, "direct-care", text);
		commit();
	}
	cr_assert_eq(alm_store_space(store, &before), ALM_OK);
	(void)prune_at(LATER_US, 50);
	cr_assert_eq(alm_store_space(store, &pruned), ALM_OK);
	cr_expect_lt(pruned.used, before.used / 2);
	cr_expect_gt(pruned.free, before.free + before.used / 2);
	for (unsigned i = 0; i < 150; i++) {
		begin_at(LATER_US + i);
		(void)say(ALM_AUDIT_ACCEPTED, NULL, "direct-care", text);
		commit();
	}
	cr_assert_eq(alm_store_space(store, &after), ALM_OK);
	/* What these turns free waits until so much is free. */
	cr_expect_leq(after.file, pruned.file + MAP_BYTES / 32);
}

/* A month has its own keys: those of another stay. */
Test(store_prune, gives_a_person_a_key_for_each_month)
{
	begin_at(LONG_AGO_US);
	(void)say(ALM_AUDIT_ACCEPTED, PERSON, "direct-care", "why: one\n");
	commit();
	begin_at(LONG_AGO_US + 40 * DAY_US);
	(void)say(ALM_AUDIT_ACCEPTED, PERSON, "direct-care", "why: two\n");
	commit();
	cr_expect_eq(prune_at(LONG_AGO_US + (2922 + 30) * DAY_US, 10).keys, 1);
	cr_expect_str_eq(detail_of(1), "pruned");
	cr_expect_str_eq(detail_of(2), "why: two\n");
	(void)verified();
}

/* Whichever record the search meets, at the edge of the month or within. */
Test(store_prune, passes_over_a_damaged_record_and_takes_the_others)
{
	for (uint64_t damaged = 1; damaged <= 12; damaged++) {
		const int64_t now_us = LONG_AGO_US + 9 * 365 * DAY_US;
		struct alm_prune_counts counts;
		struct alm_prune prune;

		tear_down();
		set_up();
		fill(LONG_AGO_US);
		fill(LATER_US);
		flip_number("rec", damaged, 20);
		cr_assert_eq(alm_store_prune_begin(
				     store, &rule, now_us, true, &prune),
			ALM_OK);
		while (!alm_store_prune_is_done(&prune)) {
			cr_assert_eq(
				alm_store_prune_step(store, &rule, 2, &prune),
				ALM_OK);
		}
		counts = prune_at(now_us, 1);
		cr_expect_eq(memcmp(prune.counts.parts, counts.parts,
				     sizeof(counts.parts)),
			0);
		cr_expect_eq(counts.parts[ALM_RETENTION_SECURITY] +
				     counts.parts[ALM_RETENTION_DISCLOSURE],
			damaged > 6 || damaged == 2 ? 5 : 4);
		/* Whether the last of a month is in it is not known. */
		cr_expect_eq(counts.damaged, damaged < 6 ? 1 : 0, "%d",
			(int)damaged);
	}
}

/* Its class is not known: the key is there for as long as it may be needed. */
Test(store_prune, keeps_the_key_of_a_damaged_record)
{
	fill(LONG_AGO_US);
	fill(LATER_US);
	flip_number("rec", 2, 20);
	cr_expect_eq(prune_at(LONG_AGO_US + 9 * 365 * DAY_US, 1).keys, 1);
	flip_number("rec", 2, 20);
	cr_expect_str_eq(detail_of(1), "pruned");
	cr_expect_str_eq(detail_of(2), "why: two\n");
	(void)verified();
}

Test(store_prune, takes_nothing_of_a_time_that_nothing_tells)
{
	fill(LONG_AGO_US);
	for (uint64_t seq = 1; seq <= 6; seq++) {
		flip_number("rec", seq, 20);
	}
	cr_expect_eq(prune_at(LATER_US, 1).looked_at, 0);
}

/* --- cosignatures --------------------------------------------------------- */

static void cosign(uint64_t agent, uint64_t size)
{
	static const uint8_t raw[ALM_COSIGNATURE_BYTES];
	const struct alm_witness witness = {.agent = agent,
		.organisation = "RX1",
		.name = "witness",
		.cosigned_size = size};

	cr_assert_eq(
		alm_store_cosignature_put(store, size, &witness, raw), ALM_OK);
	cr_assert_eq(alm_store_witness_put(store, &witness), ALM_OK);
}

static bool is_cosigned(uint64_t agent, uint64_t size)
{
	uint64_t at = size;
	uint64_t by = agent;

	return alm_store_cosignature_next(store, &at, &by) == ALM_OK &&
	       at == size && by == agent;
}

Test(store_prune, takes_cosignatures_that_newer_ones_stand_for)
{
	fill(LONG_AGO_US);
	fill(LATER_US);
	begin_at(LATER_US);
	cosign(1, 2);
	cosign(2, 2);
	cosign(2, 3);
	cosign(1, 4);
	cosign(1, 6);
	cosign(1, 11);
	cosign(1, 12);
	commit();
	cr_expect_eq(prune_at(LONG_AGO_US + 365 * DAY_US, 1).cosignatures, 0);
	/* Records 1 to 6 are older than what is kept of security. */
	cr_expect_eq(prune_at(LATER_US + 365 * DAY_US, 1).cosignatures, 4);
	cr_expect_not(is_cosigned(1, 2));
	cr_expect_not(is_cosigned(1, 4));
	cr_expect_not(is_cosigned(1, 6));
	cr_expect_not(is_cosigned(2, 2));
	cr_expect(is_cosigned(2, 3), "its last one");
	cr_expect(is_cosigned(1, 11), "it is not old");
	cr_expect(is_cosigned(1, 12));
	cr_expect_eq(prune_at(LATER_US + 366 * DAY_US, 100).cosignatures, 0);
	(void)verified();
}

Test(store_prune, gets_past_broken_keys)
{
	struct alm_prune_counts counts;

	fill(LONG_AGO_US);
	break_key("priv");
	break_key("person-key");
	counts = prune_at(LONG_AGO_US + 31 * 366 * DAY_US, 1);
	cr_expect_eq(counts.parts[ALM_RETENTION_DISCLOSURE], 3);
	cr_expect_eq(counts.parts[ALM_RETENTION_LONG], 1);
	cr_expect_eq(counts.keys, 2);
}

Test(store_prune, a_broken_key_keeps_nobody_from_being_erased)
{
	uint64_t next = 0;
	uint64_t count = 0;

	fill(LONG_AGO_US);
	break_key("person-key");
	begin_at(LATER_US);
	cr_assert_eq(alm_store_person_keys_destroy(
			     store, PERSON, UINT64_MAX, 100, &next, &count),
		ALM_OK);
	commit();
	cr_expect_eq(count, 1);
	cr_expect_str_eq(detail_of(1), "erased");
	cr_expect_str_eq(detail_of(3), "why: three\n");
}
