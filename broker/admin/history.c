/*
 * Verbs that show policies: the active one, those before it, and those that
 * were proposed, with their sources byte for byte.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/signatory.h"
#include "broker/rules/epoch.h"

static void show_epoch(
	struct alm_table *table, const struct alm_policy_epoch *epoch)
{
	alm_table_number(table, "epoch", epoch->epoch);
	alm_table_fact(table, "bundle", epoch->bundle);
	alm_table_fact(table, "digest",
		alm_table_hex(table, (struct alm_bytes){epoch->digest.raw,
					     ALM_DIGEST_BYTES}));
	alm_table_fact(table, "activated-at",
		alm_table_instant(table, epoch->activated_at_us));
	alm_table_fact(table, "how", alm_epoch_how_word(epoch->how));
	alm_table_fact(table, "expires-at",
		alm_table_instant(table, epoch->expires_us));
	alm_table_number(table, "proposal", epoch->proposal);
	alm_table_number(table, "rollback", epoch->rollback);
	alm_table_fact(table, "reason", epoch->reason);
}

static void show_files(struct alm_table *table,
	const struct alm_policy_file *files, size_t count)
{
	static const char *const columns[] = {"file", "bytes"};

	alm_table_columns(table, columns, ALM_COUNT(columns));
	for (size_t i = 0; i < count && alm_table_has_room(table); i++) {
		alm_table_row(table,
			(const char *const[]){files[i].name,
				alm_table_text(table, files[i].content.bytes)});
	}
}

/* The epoch that a call names by number or by instant; 0: the newest. */
static enum alm_err named_epoch(struct alm_call *call, uint64_t *out_number)
{
	const char *at = alm_call_argument(call, "at");
	int64_t at_s = 0;
	enum alm_err err;

	*out_number = 0;
	if (at[0] == '\0') {
		return alm_call_argument(call, "epoch")[0] == '\0'
			       ? ALM_OK
			       : alm_call_number(call, "epoch", out_number);
	}
	if (alm_instant_parse(at, &at_s) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"at is an instant, as 2026-07-30T09:00:00Z");
	}
	err = alm_store_policy_at(call->turn->broker->store, at_s * 1000000,
		call->turn->arena, out_number);
	return err == ALM_NOT_FOUND ? alm_problem_set(call->problem, err,
					      "no policy was active then")
				    : err;
}

static void show_proposal(
	struct alm_table *table, const struct alm_proposal *proposal)
{
	alm_table_number(table, "proposal", proposal->number);
	alm_table_fact(table, "bundle", proposal->bundle);
	alm_table_fact(table, "digest",
		alm_table_hex(table, (struct alm_bytes){proposal->digest.raw,
					     ALM_DIGEST_BYTES}));
	alm_table_number(table, "base-epoch", proposal->base_epoch);
	alm_table_number(table, "rollback", proposal->rollback);
	alm_table_fact(table, "proposed-at",
		alm_table_instant(table, proposal->proposed_at_us));
	alm_table_fact(table, "reason", proposal->reason);
}

/* The sources that a call names; what they are goes into the facts. */
struct sources {
	struct alm_arena arena;
	const struct alm_policy_file *files;
	size_t count;
};

static enum alm_err read_sources(struct alm_call *call, struct sources *out)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_policy_epoch epoch;
	struct alm_proposal proposal;
	uint64_t number = 0;
	enum alm_err err;

	if (alm_call_argument(call, "proposal")[0] != '\0') {
		err = alm_call_number(call, "proposal", &number);
		if (err == ALM_OK) {
			err = alm_store_proposal_get(
				store, number, &out->arena, &proposal);
		}
		if (err == ALM_OK) {
			show_proposal(call->table, &proposal);
			out->files = proposal.files;
			out->count = proposal.file_count;
		}
		return err;
	}
	err = named_epoch(call, &number);
	if (err == ALM_OK) {
		err = alm_store_policy_get(store, number, &out->arena, &epoch);
	}
	if (err == ALM_OK) {
		show_epoch(call->table, &epoch);
		out->files = epoch.files;
		out->count = epoch.file_count;
	}
	return err;
}

enum alm_err alm_verb_policy_show(struct alm_call *call)
{
	struct sources sources = {.count = 0};
	enum alm_err err;

	alm_arena_init(&sources.arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	err = read_sources(call, &sources);
	if (err == ALM_OK) {
		show_files(call->table, sources.files, sources.count);
	}
	alm_arena_fini(&sources.arena);
	return err;
}

/* --- sources ------------------------------------------------------------- */

/* A cell takes so many bytes in hex. */
#define PIECE_BYTES (ALM_CELL_BYTES_MAX / 2)

/* Where to go on, as "FILE.OFFSET": the file by its place, from 0. */
static enum alm_err read_cursor(
	const struct alm_call *call, size_t *out_file, size_t *out_offset)
{
	const char *text = alm_call_argument(call, "cursor");
	char *end = NULL;

	if (text[0] == '\0') {
		return ALM_OK;
	}
	if (strlen(text) > 24 || text[strspn(text, "0123456789.")] != '\0') {
		return ALM_CURSOR;
	}
	*out_file = strtoull(text, &end, 10);
	if (*end != '.') {
		return ALM_CURSOR;
	}
	*out_offset = strtoull(end + 1, &end, 10);
	return *end == '\0' ? ALM_OK : ALM_CURSOR;
}

/* False when the answer is full before the file ends. */
static bool add_pieces(struct alm_table *table,
	const struct alm_policy_file *file, size_t *offset)
{
	do {
		size_t bytes = file->content.bytes - *offset;

		if (!alm_table_has_room(table)) {
			return false;
		}
		bytes = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
		alm_table_row(table,
			(const char *const[]){file->name,
				alm_table_text(table, *offset),
				alm_table_hex(table,
					(struct alm_bytes){
						file->content.data + *offset,
						bytes})});
		*offset += bytes;
	} while (*offset < file->content.bytes);
	return true;
}

enum alm_err alm_verb_policy_source(struct alm_call *call)
{
	static const char *const columns[] = {"file", "offset", "content"};
	struct sources sources = {.count = 0};
	size_t file = 0;
	size_t offset = 0;
	enum alm_err err = read_cursor(call, &file, &offset);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	alm_arena_init(&sources.arena, ALM_BUNDLE_ARENA_BYTES_MAX);
	err = read_sources(call, &sources);
	if (err == ALM_OK && offset > 0 &&
		(file >= sources.count ||
			offset >= sources.files[file].content.bytes)) {
		err = ALM_CURSOR;
	}
	for (; err == ALM_OK && file < sources.count; file++) {
		if (!add_pieces(call->table, &sources.files[file], &offset)) {
			const char *cursor = alm_arena_printf(
				call->turn->arena, "%zu.%zu", file, offset);

			call->table->is_out_of_memory |= cursor == NULL;
			call->table->cursor = cursor == NULL ? "" : cursor;
			break;
		}
		offset = 0;
	}
	alm_arena_fini(&sources.arena);
	return err;
}

/* --- history ------------------------------------------------------------- */

static const char *officer_name(struct alm_call *call, uint64_t number)
{
	struct alm_officer officer;

	return number != 0 && alm_store_officer_get(call->turn->broker->store,
				      number, call->turn->arena,
				      &officer) == ALM_OK
		       ? officer.name
		       : "";
}

static enum alm_err add_epoch(
	struct alm_call *call, const struct alm_policy_epoch *epoch)
{
	struct alm_store *store = call->turn->broker->store;
	struct alm_table *table = call->table;
	struct alm_proposal proposal = {.officer = epoch->officer};
	struct alm_approval approval = {.officer = 0};
	enum alm_err err = ALM_OK;

	if (epoch->proposal != 0) {
		err = alm_store_proposal_head(
			store, epoch->proposal, call->turn->arena, &proposal);
		if (err == ALM_OK) {
			err = alm_store_approval_next(store, epoch->proposal, 0,
				call->turn->arena, &approval);
		}
		err = err == ALM_NOT_FOUND ? ALM_STORE_CORRUPT : err;
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, epoch->epoch),
			alm_epoch_how_word(epoch->how), epoch->bundle,
			alm_table_instant(table, epoch->activated_at_us),
			alm_table_instant(table, epoch->expires_us),
			alm_table_text(table, epoch->rollback),
			alm_table_text(table, epoch->proposal),
			officer_name(call, proposal.officer),
			officer_name(call, approval.officer), epoch->reason,
			alm_table_hex(
				table, (struct alm_bytes){epoch->digest.raw,
					       ALM_DIGEST_BYTES})});
	return ALM_OK;
}

enum alm_err alm_verb_policy_history(struct alm_call *call)
{
	static const char *const columns[] = {"epoch", "how", "bundle",
		"activated-at", "expires-at", "rollback", "proposal",
		"proposed-by", "approved-by", "reason", "digest"};
	struct alm_table *table = call->table;
	struct alm_store *store = call->turn->broker->store;
	uint64_t before = alm_store_policy_newest(store) + 1;
	enum alm_err err = ALM_OK;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	if (alm_call_argument(call, "cursor")[0] != '\0') {
		err = alm_call_number(call, "cursor", &before);
	}
	if (before > alm_store_policy_newest(store) + 1) {
		return ALM_CURSOR;
	}
	/* Newest first: what was changed last is asked for most. */
	for (uint64_t i = before; i > 1 && err == ALM_OK; i--) {
		struct alm_policy_epoch epoch;

		if (!alm_table_has_room(table)) {
			table->cursor = alm_table_text(table, i);
			break;
		}
		err = alm_store_policy_head(
			store, i - 1, call->turn->arena, &epoch);
		if (err == ALM_OK) {
			err = add_epoch(call, &epoch);
		}
	}
	return err;
}
