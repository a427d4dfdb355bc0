#include "broker/admin/change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/policy/run_tests.h"

void alm_change_init(struct alm_change *change)
{
	memset(change, 0, sizeof(*change));
	alm_arena_init(&change->arena, ALM_BUNDLE_ARENA_BYTES_MAX);
}

void alm_change_fini(struct alm_change *change)
{
	alm_ready_fini(&change->ready);
	alm_arena_fini(&change->arena);
}

const char *alm_change_words(struct alm_arena *arena, uint64_t rollback)
{
	return rollback == 0
		       ? ""
		       : alm_arena_printf(arena, "epoch %" PRIu64, rollback);
}

/* --- content ------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct alm_policy_file *x = a;
	const struct alm_policy_file *y = b;

	return strcmp(x->name, y->name);
}

static enum alm_err read_attachments(
	const struct alm_request_call *ask, struct alm_change *change)
{
	struct alm_policy_file *files = alm_arena_take(
		&change->arena, (ask->attachment_count + 1) * sizeof(*files));

	if (files == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < ask->attachment_count; i++) {
		files[i].name = ask->attachments[i].name;
		files[i].content = ask->attachments[i].content;
	}
	/* The digest shall not depend on the order of a command line. */
	qsort(files, ask->attachment_count, sizeof(*files), by_name);
	change->files = files;
	change->file_count = ask->attachment_count;
	return ALM_OK;
}

static enum alm_err read_epoch(struct alm_call *call, struct alm_change *change)
{
	struct alm_policy_epoch epoch;
	uint64_t number = 0;
	enum alm_err err = alm_call_number(call, "rollback", &number);

	if (err != ALM_OK) {
		return err;
	}
	if (number == 0 || call->ask->attachment_count > 0) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"a rollback names an epoch from 1 on and no files");
	}
	err = alm_store_policy_get(
		call->turn->broker->store, number, &change->arena, &epoch);
	if (err != ALM_OK) {
		return alm_problem_set(
			call->problem, err, "epoch %" PRIu64, number);
	}
	change->files = epoch.files;
	change->file_count = epoch.file_count;
	change->files_at = epoch.files_at == 0 ? number : epoch.files_at;
	change->rollback = number;
	change->digest = epoch.digest;
	return ALM_OK;
}

enum alm_err alm_change_read(struct alm_call *call, struct alm_change *change)
{
	const struct alm_request_call *ask = call->ask;
	struct alm_hash *hash;
	enum alm_err err;

	if (alm_call_argument(call, "rollback")[0] != '\0') {
		return read_epoch(call, change);
	}
	if (ask->attachment_count == 0) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "no files are given");
	}
	err = read_attachments(ask, change);
	if (err != ALM_OK) {
		return err;
	}
	hash = alm_hash_new();
	if (hash == NULL) {
		return ALM_NOMEM;
	}
	alm_policy_digest(
		hash, change->files, change->file_count, &change->digest);
	alm_hash_free(hash);
	return ALM_OK;
}

void alm_change_of(
	struct alm_change *change, const struct alm_proposal *proposal)
{
	change->files = proposal->files;
	change->file_count = proposal->file_count;
	change->files_at = proposal->files_at;
	change->rollback = proposal->rollback;
	change->digest = proposal->digest;
}

static void show_diagnostics(
	struct alm_table *table, const struct alm_diagnostics *diagnostics)
{
	static const char *const columns[] = {
		"file", "line", "column", "code", "message"};

	alm_table_columns(table, columns, ALM_COUNT(columns));
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct alm_diagnostic *item = &diagnostics->items[i];

		alm_table_row(table,
			(const char *const[]){item->place.file,
				alm_table_text(table, item->place.line),
				alm_table_text(table, item->place.column),
				alm_table_text(table, (uint64_t)item->err),
				item->message});
	}
}

static void show_failures(
	struct alm_table *table, const struct alm_test_report *report)
{
	static const char *const columns[] = {
		"file", "line", "column", "code", "message"};
	char text[ALM_TEST_TEXT_BYTES];

	alm_table_columns(table, columns, ALM_COUNT(columns));
	for (size_t i = 0; i < report->count && alm_table_has_room(table);
		i++) {
		const struct alm_test_outcome *outcome = &report->outcomes[i];
		const struct alm_place *place = &outcome->test->place;

		if (outcome->has_passed) {
			continue;
		}
		alm_test_text(outcome, text);
		alm_table_row(table,
			(const char *const[]){place->file,
				alm_table_text(table, place->line),
				alm_table_text(table, place->column),
				alm_table_text(table, ALM_TEST_FAILED), text});
	}
}

/* Run the bundle's own tests; those that fail go into the table. */
static enum alm_err run_tests(struct alm_call *call, struct alm_change *change)
{
	const struct alm_ready *ready = &change->ready;
	struct alm_test_report report;
	enum alm_err err = alm_tests_run(&ready->bundle, ready->snapshot,
		&ready->tests, call->turn->broker->world.opt_out_age_max_s,
		&change->arena, &report);

	if (err == ALM_OK) {
		err = alm_tests_problem(&report, call->problem);
	}
	if (err == ALM_TEST_FAILED) {
		show_failures(call->table, &report);
	}
	return err;
}

enum alm_err alm_change_compile(
	struct alm_call *call, struct alm_change *change)
{
	struct alm_diagnostics *diagnostics =
		alm_arena_take(&change->arena, sizeof(*diagnostics));
	const struct alm_bundle *bundle = &change->ready.bundle;
	enum alm_err err;

	if (diagnostics == NULL) {
		return ALM_NOMEM;
	}
	alm_diagnostics_init(diagnostics, &change->arena);
	err = alm_ready_make(change->files, change->file_count, &change->arena,
		diagnostics, &change->ready);
	if (err != ALM_OK) {
		show_diagnostics(call->table, diagnostics);
		(void)alm_diagnostics_problem(diagnostics, call->problem);
		return err;
	}
	err = run_tests(call, change);
	if (err != ALM_OK) {
		return err;
	}
	alm_table_fact(call->table, "bundle", bundle->name);
	alm_table_fact(call->table, "digest",
		alm_table_hex(
			call->table, (struct alm_bytes){change->digest.raw,
					     ALM_DIGEST_BYTES}));
	alm_table_number(
		call->table, "organisations", bundle->organisation_count);
	alm_table_number(call->table, "agreements", bundle->basis_count);
	alm_table_number(call->table, "tests", change->ready.tests.count);
	return ALM_OK;
}

/* --- proposals ----------------------------------------------------------- */

enum alm_err alm_proposal_check_current(
	struct alm_call *call, const struct alm_proposal *proposal)
{
	struct alm_store *store = call->turn->broker->store;
	uint64_t active = alm_store_policy_newest(store);
	uint64_t newest = 0;
	enum alm_err err = alm_store_proposal_newest(store, &newest);

	if (err != ALM_OK) {
		return err;
	}
	if (proposal->base_epoch != active) {
		return alm_problem_set(call->problem, ALM_APPROVAL_STALE,
			"proposal %" PRIu64 " was made on epoch %" PRIu64
			", and %" PRIu64 " is active",
			proposal->number, proposal->base_epoch, active);
	}
	if (proposal->number != newest) {
		return alm_problem_set(call->problem, ALM_APPROVAL_STALE,
			"proposal %" PRIu64 " was made after %" PRIu64, newest,
			proposal->number);
	}
	return ALM_OK;
}

enum alm_err alm_proposal_check_second(struct alm_call *call,
	const struct alm_proposal *proposal, const struct alm_officer *officer)
{
	struct alm_officer proposer;
	enum alm_err err = alm_store_officer_get(call->turn->broker->store,
		proposal->officer, call->turn->arena, &proposer);

	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
	}
	/* A new key does not make another person of the same name. */
	if (proposer.number == officer->number ||
		strcmp(proposer.name, officer->name) == 0) {
		return alm_problem_set(call->problem, ALM_SELF_APPROVAL,
			"%s proposed it", officer->name);
	}
	return ALM_OK;
}

static enum alm_err check_approval(struct alm_call *call,
	const struct alm_proposal *proposal,
	const struct alm_approval *approval, struct alm_officer *out_officer)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_statement statement = {
		.act = ALM_ACT_APPROVE,
		.number = proposal->number,
		.base = proposal->base_epoch,
		.content = proposal->digest,
		.what = alm_change_words(call->turn->arena, proposal->rollback),
		.reason = approval->reason,
	};
	enum alm_err err = alm_store_officer_get(
		store, approval->officer, call->turn->arena, out_officer);

	if (err != ALM_OK) {
		return err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
	}
	if (statement.what == NULL) {
		return ALM_NOMEM;
	}
	if (out_officer->revoked_at_us != 0 ||
		out_officer->role < ALM_OFFICER_GUARDIAN) {
		return ALM_NOT_APPROVED;
	}
	err = alm_proposal_check_second(call, proposal, out_officer);
	if (err != ALM_OK) {
		return err;
	}
	alm_store_id(store, statement.store_id);
	statement.by = out_officer->name;
	return alm_statement_verify(
		&statement, out_officer->key, approval->signature);
}

enum alm_err alm_proposal_check_approved(struct alm_call *call,
	const struct alm_proposal *proposal, struct alm_officer *out_approver)
{
	struct alm_approval approval = {.officer = 0};

	for (;;) {
		struct alm_officer officer;
		enum alm_err err = alm_store_approval_next(
			call->turn->broker->store, proposal->number,
			approval.officer, call->turn->arena, &approval);

		if (err == ALM_NOT_FOUND) {
			return alm_problem_set(call->problem, ALM_NOT_APPROVED,
				"proposal %" PRIu64, proposal->number);
		}
		if (err != ALM_OK) {
			return err;
		}
		err = check_approval(call, proposal, &approval, &officer);
		if (err == ALM_OK) {
			*out_approver = officer;
			return ALM_OK;
		}
		/* One who has left, say: another's may still do. */
		if (err != ALM_NOT_APPROVED && err != ALM_SELF_APPROVAL &&
			err != ALM_OFFICER_SIGNATURE) {
			return err;
		}
	}
}
