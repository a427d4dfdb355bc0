/*
 * test_policy.c - officers, proposals, approvals, and how epochs came to be:
 * what is kept, what is found at an instant, and what verification refuses.
 */
#include <stdio.h>

#include <sodium.h>

#include "broker/store/policy_rows.h"
#include "lib/statement.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_policy, .init = set_up, .fini = tear_down);

static const struct alm_policy_file files[] = {
	{"a.yaml", {(const uint8_t *)"x: 1\n", 5}},
	{"b.yaml", {(const uint8_t *)"y: 2\n", 5}},
};

static uint8_t seeds[4][32];

static struct alm_officer officer(
	const char *name, enum alm_officer_role role, unsigned seed)
{
	struct alm_officer row = {
		.name = name, .role = role, .registered_at_us = 7};
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	memset(seeds[seed], (int)seed + 1, 32);
	crypto_sign_seed_keypair(row.key, secret, seeds[seed]);
	return row;
}

static void sign(struct alm_statement statement, const char *by, unsigned seed,
	uint8_t out[64])
{
	alm_store_id(store, statement.store_id);
	statement.by = by;
	statement.reason = "why";
	cr_assert_eq(alm_statement_sign(&statement, seeds[seed], out), ALM_OK);
}

static struct alm_policy_epoch epoch(int64_t at_us)
{
	return (struct alm_policy_epoch){.bundle = "north",
		.activated_at_us = at_us,
		.files = files,
		.file_count = 2,
		.reason = "why"};
}

/* As a broker does: with its record. */
static void activate(struct alm_policy_epoch *row)
{
	struct alm_audit_record record =
		alm_audit_record_empty(ALM_AUDIT_POLICY);

	cr_assert_eq(alm_store_policy_put(store, row), ALM_OK);
	record.policy_epoch = row->epoch;
	record.content = row->digest;
	cr_assert_eq(alm_store_audit_append(store, &record, ""), ALM_OK);
}

/* Anna proposes on epoch 1, Grace approves, epoch 2 is that. */
static struct alm_proposal live_through(void)
{
	struct alm_officer anna = officer("anna", ALM_OFFICER_GUARDIAN, 0);
	struct alm_officer grace = officer("grace", ALM_OFFICER_GUARDIAN, 1);
	struct alm_policy_epoch first = epoch(1000);
	struct alm_policy_epoch second = epoch(2000);
	struct alm_proposal proposal = {.bundle = "north",
		.base_epoch = 1,
		.officer = 1,
		.reason = "why",
		.files = files,
		.file_count = 2};
	struct alm_approval approval = {
		.proposal = 1, .officer = 2, .reason = "why"};
	struct alm_statement statement = {
		.act = ALM_ACT_PROPOSE, .number = 1, .base = 1, .what = ""};

	begin();
	activate(&first);
	cr_assert_eq(alm_store_officer_put(store, &anna), ALM_OK);
	cr_assert_eq(alm_store_officer_put(store, &grace), ALM_OK);
	statement.content = first.digest;
	sign(statement, "anna", 0, proposal.signature);
	cr_assert_eq(alm_store_proposal_put(store, &proposal), ALM_OK);
	statement.act = ALM_ACT_APPROVE;
	sign(statement, "grace", 1, approval.signature);
	cr_assert_eq(alm_store_approval_put(store, &approval), ALM_OK);
	second.how = ALM_EPOCH_APPROVED;
	second.proposal = 1;
	second.files_at = proposal.files_at;
	activate(&second);
	commit();
	return proposal;
}

static struct alm_policy_epoch emergency(void)
{
	struct alm_policy_epoch row = epoch(3000);
	struct alm_statement statement = {
		.act = ALM_ACT_EMERGENCY, .number = 3, .base = 2, .what = ""};
	struct alm_hash *hash = alm_hash_new();

	alm_policy_digest(hash, files, 2, &statement.content);
	alm_hash_free(hash);
	row.how = ALM_EPOCH_EMERGENCY;
	row.fallback = 2;
	row.expires_us = 4000;
	row.officer = 2;
	sign(statement, "grace", 1, row.signature);
	return row;
}

static void verifies(bool is_whole, const char *what)
{
	struct alm_audit_report report;
	struct alm_store_options with = options();
	enum alm_err err;

	alm_store_close(store);
	store = NULL;
	err = alm_audit_verify(with.path, with.key, NULL, NULL, &report);
	cr_expect_eq(err, is_whole ? ALM_OK : ALM_AUDIT_DAMAGED, "%d %s",
		(int)err, report.what);
	cr_expect_neq(strstr(report.what, what), NULL, "%s", report.what);
}

Test(store_policy, keeps_who_proposed_and_who_approved)
{
	struct alm_proposal proposal;
	struct alm_approval approval;
	struct alm_policy_epoch got;
	struct alm_officer who;

	(void)live_through();
	reopen();
	cr_assert_eq(
		alm_store_proposal_get(store, 1, &arena, &proposal), ALM_OK);
	cr_expect_eq(proposal.file_count, 2);
	cr_expect_str_eq(proposal.reason, "why");
	cr_assert_eq(alm_store_approval_next(store, 1, 0, &arena, &approval),
		ALM_OK);
	cr_expect_eq(approval.officer, 2);
	cr_expect_eq(alm_store_approval_next(store, 1, 2, &arena, &approval),
		ALM_NOT_FOUND);
	cr_assert_eq(alm_store_policy_get(store, 0, &arena, &got), ALM_OK);
	cr_expect_eq(got.how, ALM_EPOCH_APPROVED);
	cr_expect_eq(got.proposal, 1);
	cr_expect_str_eq(got.files[1].name, "b.yaml");
	cr_assert_eq(
		alm_store_officer_find(store, "anna", &arena, &who), ALM_OK);
	cr_expect_eq(who.role, ALM_OFFICER_GUARDIAN);
	verifies(true, "");
}

Test(store_policy, gives_a_name_once_at_a_time_and_a_key_once_for_ever)
{
	struct alm_officer a = officer("anna", ALM_OFFICER_AUTHOR, 0);
	struct alm_officer b = officer("anna", ALM_OFFICER_GUARDIAN, 1);
	struct alm_officer c = officer("carol", ALM_OFFICER_GUARDIAN, 0);
	struct alm_officer_counts counts;

	begin();
	cr_assert_eq(alm_store_officer_put(store, &a), ALM_OK);
	cr_expect_eq(alm_store_officer_put(store, &b), ALM_OFFICER_EXISTS);
	cr_assert_eq(alm_store_officer_revoke(store, 1, 9), ALM_OK);
	cr_expect_eq(alm_store_officer_find(store, "anna", &arena, &a),
		ALM_NOT_FOUND);
	cr_expect_eq(alm_store_officer_put(store, &b), ALM_OK);
	cr_expect_eq(b.number, 2);
	cr_expect_eq(alm_store_officer_put(store, &c), ALM_OFFICER_EXISTS);
	cr_assert_eq(alm_store_officer_count(store, &counts), ALM_OK);
	cr_expect_eq(counts.officers, 1);
	cr_expect_eq(counts.guardians, 1);
	cr_expect_eq(counts.last_number, 2);
	commit();
}

Test(store_policy, finds_what_was_in_force_at_an_instant)
{
	const struct {
		int64_t at_us;
		uint64_t epoch;
	} rows[] = {{999, 0}, {1000, 1}, {1999, 1}, {2000, 2}, {3000, 3},
		{3999, 3}, {4000, 2}, {4999, 2}, {5000, 4}, {9000, 4}};
	struct alm_policy_epoch third;
	struct alm_policy_epoch fourth = epoch(5000);

	(void)live_through();
	third = emergency();
	fourth.how = ALM_EPOCH_FALLBACK;
	fourth.rollback = 2;
	begin();
	activate(&third);
	activate(&fourth);
	commit();
	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		uint64_t number = 0;
		enum alm_err err = alm_store_policy_at(
			store, rows[i].at_us, &arena, &number);

		cr_expect_eq(err, rows[i].epoch == 0 ? ALM_NOT_FOUND : ALM_OK);
		cr_expect_eq(number, rows[i].epoch, "at %d: %d",
			(int)rows[i].at_us, (int)number);
	}
	verifies(true, "");
}

Test(store_policy, finds_an_epoch_of_which_the_log_says_nothing)
{
	struct alm_policy_epoch third = epoch(3000);

	(void)live_through();
	begin();
	cr_assert_eq(alm_store_policy_put(store, &third), ALM_OK);
	commit();
	verifies(false, "epoch 3 has no record of its activation");
}

Test(store_policy, finds_an_epoch_that_is_not_the_one_of_its_record)
{
	struct alm_policy_epoch third = epoch(3000);
	struct alm_audit_record record =
		alm_audit_record_empty(ALM_AUDIT_POLICY);

	record.policy_epoch = 3;
	(void)live_through();
	begin();
	cr_assert_eq(alm_store_policy_put(store, &third), ALM_OK);
	cr_assert_eq(alm_store_audit_append(store, &record, ""), ALM_OK);
	commit();
	verifies(false, "epoch 3 is not what the log says was activated");
}

Test(store_policy, finds_an_epoch_that_nobody_approved)
{
	struct alm_policy_epoch third = epoch(3000);

	(void)live_through();
	third.how = ALM_EPOCH_APPROVED;
	third.proposal = 1; /* which was made on another epoch */
	begin();
	activate(&third);
	commit();
	verifies(false, "epoch 3 is not what its officers signed");
}

Test(store_policy, finds_an_emergency_that_nobody_signed)
{
	struct alm_policy_epoch third;

	(void)live_through();
	third = emergency();
	third.signature[3] ^= 1;
	begin();
	activate(&third);
	commit();
	verifies(false, "epoch 3 is not what its officers signed");
}

Test(store_policy, finds_an_approval_by_the_proposer)
{
	struct alm_approval approval = {
		.proposal = 1, .officer = 1, .reason = "why"};
	struct alm_statement statement = {
		.act = ALM_ACT_APPROVE, .number = 1, .base = 1, .what = ""};

	statement.content = live_through().digest;
	sign(statement, "anna", 0, approval.signature);
	begin();
	cr_assert_eq(alm_store_approval_put(store, &approval), ALM_OK);
	commit();
	verifies(false, "proposal 1 has an approval that does not verify");
}

Test(store_policy, refuses_rows_of_a_version_it_does_not_know)
{
	struct alm_proposal proposal;
	struct alm_officer who;
	struct alm_writer w;
	uint8_t row[64] = {9};

	alm_writer_init(&w, row, sizeof(row));
	w.bytes = sizeof(row);
	begin();
	for (unsigned rows = ALM_POLICY_EPOCH; rows <= ALM_POLICY_OFFICER;
		rows++) {
		cr_assert_eq(alm_policy_row_put(store,
				     (enum alm_policy_rows)rows, 1, 0, &w),
			ALM_OK);
	}
	commit();
	cr_expect_eq(alm_store_proposal_get(store, 1, &arena, &proposal),
		ALM_STORE_FORMAT);
	cr_expect_eq(alm_store_officer_get(store, 1, &arena, &who),
		ALM_STORE_FORMAT);
	cr_expect_eq(alm_store_policy_get(store, 1, &arena,
			     &(struct alm_policy_epoch){.epoch = 0}),
		ALM_STORE_FORMAT);
}

Test(store_policy, reads_an_epoch_from_before_there_were_officers)
{
	struct alm_policy_epoch first = epoch(1000);
	struct alm_policy_epoch got;
	uint8_t row[256];
	struct alm_writer w;

	begin();
	activate(&first);
	alm_writer_init(&w, row, sizeof(row));
	alm_write_text(&w, "north");
	alm_write_u64(&w, 1000);
	alm_write_raw(&w, first.digest.raw, 32);
	alm_write_u32(&w, 2);
	cr_assert_eq(
		alm_policy_row_put(store, ALM_POLICY_EPOCH, 1, 0, &w), ALM_OK);
	commit();
	cr_assert_eq(alm_store_policy_get(store, 1, &arena, &got), ALM_OK);
	cr_expect_str_eq(got.bundle, "north");
	cr_expect_eq(got.how, ALM_EPOCH_UNGUARDED);
	cr_expect_eq(got.expires_us, 0);
	cr_expect_str_eq(got.reason, "");
	verifies(true, "");
}
