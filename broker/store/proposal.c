/*
 * What was proposed and who approved it.  A proposal that is activated keeps
 * its files: the epoch says where they are.
 */
#include <string.h>

#include "broker/store/policy_rows.h"

#define PROPOSAL_VERSION 1u
#define APPROVAL_VERSION 1u

static void write_proposal(
	struct alm_writer *w, const struct alm_proposal *proposal)
{
	alm_write_u8(w, PROPOSAL_VERSION);
	alm_write_text(w, proposal->bundle);
	alm_write_raw(w, proposal->digest.raw, sizeof(proposal->digest.raw));
	alm_write_u64(w, proposal->base_epoch);
	alm_write_u64(w, proposal->rollback);
	alm_write_u64(w, proposal->files_at);
	alm_write_u64(w, (uint64_t)proposal->proposed_at_us);
	alm_write_u64(w, proposal->officer);
	alm_write_text(w, proposal->reason);
	alm_write_raw(w, proposal->signature, sizeof(proposal->signature));
	alm_write_u32(w, (uint32_t)proposal->file_count);
}

static enum alm_err read_proposal(
	struct alm_reader *r, struct alm_proposal *proposal)
{
	proposal->bundle = alm_read_text(r);
	alm_read_raw(r, proposal->digest.raw, sizeof(proposal->digest.raw));
	proposal->base_epoch = alm_read_u64(r);
	proposal->rollback = alm_read_u64(r);
	proposal->files_at = alm_read_u64(r);
	proposal->proposed_at_us = (int64_t)alm_read_u64(r);
	proposal->officer = alm_read_u64(r);
	proposal->reason = alm_read_text(r);
	alm_read_raw(r, proposal->signature, sizeof(proposal->signature));
	proposal->file_count = alm_read_u32(r);
	return alm_reader_is_done(r) ? ALM_OK : ALM_STORE_CORRUPT;
}

enum alm_err alm_store_proposal_put(
	struct alm_store *store, struct alm_proposal *proposal)
{
	struct alm_proposal row = *proposal;
	bool has_files = row.files_at == 0;
	struct alm_writer w;
	enum alm_err err;

	ALM_ASSERT(store->turn != NULL);
	if (row.file_count > ALM_BUNDLE_FILES_MAX ||
		strlen(row.bundle) > ALM_ID_BYTES_MAX ||
		strlen(row.reason) > ALM_TEXT_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	err = alm_policy_row_last(
		store, store->turn, ALM_POLICY_PROPOSAL, &row.number);
	if (err != ALM_OK) {
		return err;
	}
	row.number++;
	if (has_files) {
		row.files_at = (uint64_t)ALM_POLICY_PROPOSAL << 56 | row.number;
	}
	alm_policy_digest(store->hash, row.files, row.file_count, &row.digest);
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	write_proposal(&w, &row);
	err = alm_policy_row_put(store, ALM_POLICY_PROPOSAL, row.number, 0, &w);
	if (err == ALM_OK && has_files) {
		err = alm_policy_files_put(store, ALM_POLICY_PROPOSAL,
			row.number, row.files, row.file_count);
	}
	if (err == ALM_OK) {
		*proposal = row;
	}
	return err;
}

static enum alm_err get_proposal(struct alm_store *store, uint64_t number,
	bool with_files, struct alm_arena *arena, struct alm_proposal *out)
{
	struct alm_proposal row = {.number = number};
	struct alm_reader r;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_policy_row_get(store, txn, ALM_POLICY_PROPOSAL, number, 0,
		PROPOSAL_VERSION, arena, &r);
	if (err == ALM_OK) {
		err = read_proposal(&r, &row);
	}
	if (err == ALM_OK && with_files) {
		err = alm_policy_files_get(store, txn, row.files_at,
			&row.digest, row.file_count, arena, &row.files);
	}
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out = row;
	}
	return err;
}

enum alm_err alm_store_proposal_get(struct alm_store *store, uint64_t number,
	struct alm_arena *arena, struct alm_proposal *out_proposal)
{
	return get_proposal(store, number, true, arena, out_proposal);
}

enum alm_err alm_store_proposal_head(struct alm_store *store, uint64_t number,
	struct alm_arena *arena, struct alm_proposal *out_proposal)
{
	return get_proposal(store, number, false, arena, out_proposal);
}

enum alm_err alm_store_proposal_newest(
	struct alm_store *store, uint64_t *out_number)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err == ALM_OK) {
		err = alm_policy_row_last(
			store, txn, ALM_POLICY_PROPOSAL, out_number);
		alm_store_view_end(store);
	}
	return err;
}

/* --- approvals ----------------------------------------------------------- */

enum alm_err alm_store_approval_put(
	struct alm_store *store, const struct alm_approval *approval)
{
	struct alm_writer w;

	ALM_ASSERT(store->turn != NULL);
	if (approval->officer > ALM_OFFICERS_MAX ||
		strlen(approval->reason) > ALM_TEXT_BYTES_MAX) {
		return ALM_FIELD_TOO_LARGE;
	}
	alm_writer_init(&w, store->scratch, ALM_SCRATCH_BYTES);
	alm_write_u8(&w, APPROVAL_VERSION);
	alm_write_u64(&w, (uint64_t)approval->approved_at_us);
	alm_write_text(&w, approval->reason);
	alm_write_raw(&w, approval->signature, sizeof(approval->signature));
	return alm_policy_row_put(store, ALM_POLICY_APPROVAL,
		approval->proposal, (uint32_t)approval->officer, &w);
}

enum alm_err alm_store_approval_next(struct alm_store *store, uint64_t proposal,
	uint64_t after, struct alm_arena *arena,
	struct alm_approval *out_approval)
{
	struct alm_approval row = {.proposal = proposal};
	struct alm_reader r;
	uint32_t officer = 0;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_policy_row_next(store, txn, ALM_POLICY_APPROVAL, proposal,
		(uint32_t)after + 1, &officer);
	if (err == ALM_OK) {
		err = alm_policy_row_get(store, txn, ALM_POLICY_APPROVAL,
			proposal, officer, APPROVAL_VERSION, arena, &r);
	}
	alm_store_view_end(store);
	if (err != ALM_OK) {
		return err;
	}
	row.officer = officer;
	row.approved_at_us = (int64_t)alm_read_u64(&r);
	row.reason = alm_read_text(&r);
	alm_read_raw(&r, row.signature, sizeof(row.signature));
	if (!alm_reader_is_done(&r)) {
		return ALM_STORE_CORRUPT;
	}
	*out_approval = row;
	return ALM_OK;
}
