/*
 * Verbs about policy.  A bundle is loaded and compiled before anything is
 * written: the whole of it is active from the next decision on, or none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/administer.h"
#include "broker/policy/load.h"
#include "broker/policy/run_tests.h"

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
		"file", "line", "column", "test", "message"};
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
		alm_table_row(
			table, (const char *const[]){place->file,
				       alm_table_text(table, place->line),
				       alm_table_text(table, place->column),
				       outcome->test->name, text});
	}
}

/* Run the bundle's own tests; those that fail go into the table. */
static enum alm_err prove(struct alm_call *call, struct alm_arena *arena,
	const struct alm_bundle *bundle, const struct alm_bundle_tests *tests,
	const struct alm_snapshot *snapshot)
{
	struct alm_test_report report;
	enum alm_err err = alm_tests_run(bundle, snapshot, tests,
		call->turn->broker->world.opt_out_age_max_s, arena, &report);

	if (err == ALM_OK) {
		err = alm_tests_problem(&report, call->problem);
	}
	if (err == ALM_TEST_FAILED) {
		show_failures(call->table, &report);
	}
	return err;
}

/*
 * Compile the attachments and run their tests; what is wrong with them goes
 * into the table.  The snapshot is the caller's, whatever is given back.
 */
static enum alm_err compile(struct alm_call *call, struct alm_arena *arena,
	struct alm_bundle *bundle, struct alm_snapshot **out_snapshot)
{
	const struct alm_request_call *ask = call->ask;
	struct alm_bundle_source *sources = alm_arena_take(
		arena, (ask->attachment_count + 1) * sizeof(*sources));
	struct alm_diagnostics *diagnostics =
		alm_arena_take(arena, sizeof(*diagnostics));
	struct alm_bundle_tests tests = {NULL, 0};
	enum alm_err err;

	if (sources == NULL || diagnostics == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < ask->attachment_count; i++) {
		sources[i].name = ask->attachments[i].name;
		sources[i].content = ask->attachments[i].content;
	}
	alm_diagnostics_init(diagnostics, arena);
	err = alm_bundle_load(sources, ask->attachment_count, arena,
		diagnostics, bundle, &tests);
	if (err != ALM_OK) {
		show_diagnostics(call->table, diagnostics);
		(void)alm_diagnostics_problem(diagnostics, call->problem);
		return err;
	}
	*out_snapshot = alm_snapshot_compile(bundle);
	if (*out_snapshot == NULL) {
		return ALM_NOMEM;
	}
	return prove(call, arena, bundle, &tests, *out_snapshot);
}

static enum alm_err keep_epoch(
	struct alm_call *call, const char *name, struct alm_policy_epoch *epoch)
{
	const struct alm_request_call *ask = call->ask;
	struct alm_policy_file *files = alm_arena_take(call->turn->arena,
		(ask->attachment_count + 1) * sizeof(*files));

	if (files == NULL) {
		return ALM_NOMEM;
	}
	for (size_t i = 0; i < ask->attachment_count; i++) {
		files[i].name = ask->attachments[i].name;
		files[i].content = ask->attachments[i].content;
	}
	epoch->bundle = name;
	epoch->activated_at_us = call->turn->now_us;
	epoch->files = files;
	epoch->file_count = ask->attachment_count;
	return alm_store_policy_put(call->turn->broker->store, epoch);
}

static enum alm_err activate(struct alm_call *call,
	const struct alm_bundle *bundle, struct alm_snapshot **take_snapshot)
{
	struct alm_policy_epoch epoch;
	struct alm_audit_record record;
	enum alm_err err;

	memset(&epoch, 0, sizeof(epoch));
	err = keep_epoch(call, bundle->name, &epoch);
	if (err != ALM_OK) {
		return err;
	}
	record = alm_turn_record(call->turn, ALM_AUDIT_POLICY);
	record.policy_epoch = epoch.epoch;
	record.content = epoch.digest;
	err = alm_call_record(call, &record, bundle->name);
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "epoch", epoch.epoch);
	alm_table_fact(call->table, "digest",
		alm_table_hex(call->table, (struct alm_bytes){epoch.digest.raw,
						   ALM_DIGEST_BYTES}));
	return alm_turn_change_policy(call->turn, take_snapshot, epoch.epoch);
}

enum alm_err alm_verb_policy_activate(struct alm_call *call)
{
	struct alm_snapshot *snapshot = NULL;
	struct alm_bundle bundle;
	struct alm_arena arena;
	enum alm_err err;

	if (call->ask->attachment_count == 0) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "no files are given");
	}
	alm_arena_init(&arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	err = compile(call, &arena, &bundle, &snapshot);
	if (err == ALM_OK) {
		alm_table_fact(call->table, "bundle", bundle.name);
		alm_table_number(call->table, "organisations",
			bundle.organisation_count);
		alm_table_number(call->table, "agreements", bundle.basis_count);
		if (!alm_call_is_dry_run(call)) {
			err = activate(call, &bundle, &snapshot);
		}
	}
	alm_snapshot_free(snapshot);
	alm_arena_fini(&arena);
	return err;
}

enum alm_err alm_verb_policy_show(struct alm_call *call)
{
	static const char *const columns[] = {"file", "bytes"};
	struct alm_table *table = call->table;
	struct alm_policy_epoch epoch;
	struct alm_arena arena;
	enum alm_err err;

	alm_arena_init(&arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	alm_table_columns(table, columns, ALM_COUNT(columns));
	err = alm_store_policy_get(call->turn->broker->store,
		strtoull(alm_call_argument(call, "epoch"), NULL, 10), &arena,
		&epoch);
	if (err == ALM_OK) {
		alm_table_number(table, "epoch", epoch.epoch);
		alm_table_fact(table, "bundle", epoch.bundle);
		alm_table_fact(table, "digest",
			alm_table_hex(
				table, (struct alm_bytes){epoch.digest.raw,
					       ALM_DIGEST_BYTES}));
		alm_table_fact(table, "activated-at",
			alm_table_instant(table, epoch.activated_at_us));
		for (size_t i = 0;
			i < epoch.file_count && alm_table_has_room(table);
			i++) {
			const struct alm_policy_file *file = &epoch.files[i];

			alm_table_row(
				table, (const char *const[]){file->name,
					       alm_table_text(table,
						       file->content.bytes)});
		}
	}
	alm_arena_fini(&arena);
	return err;
}
