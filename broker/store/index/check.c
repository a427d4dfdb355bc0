/*
 * A look whether the index finds what it should.  Seals find damage; this
 * finds what a mistake in the making would hide, one record at a time.
 */
#include <stdlib.h>

#include "broker/store/index/index.h"

/* The terms of a record as the log has it now. */
static enum alm_err read_terms(struct alm_log_index *index, uint64_t leaf,
	uint64_t terms[ALM_TERMS_MAX], size_t *out_count)
{
	struct alm_store *side = index->side;
	struct alm_bytes header = {NULL, 0};
	struct alm_audit_record record;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(side, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_audit_header(side, txn, leaf + 1, &header);
	if (err == ALM_OK) {
		err = alm_audit_record_decode(header, &record);
	}
	*out_count = err == ALM_OK ? alm_terms_of_record(
					     &index->term_key, &record, terms)
				   : 0;
	alm_store_view_end(side);
	/* A record that is damaged now was not when it was indexed, or is
	 * indexed as such. */
	return err == ALM_STORE_CORRUPT ? ALM_OK : err;
}

static enum alm_err find_all(const struct alm_run *run, uint64_t place,
	const uint64_t *terms, size_t count)
{
	struct alm_run_block *block = calloc(1, sizeof(*block));
	enum alm_err err = block == NULL ? ALM_NOMEM : ALM_OK;

	for (size_t i = 0; i < count && err == ALM_OK; i++) {
		uint64_t found = 0;

		err = alm_run_after(run, block, terms[i] | place, &found);
		if (err == ALM_NOT_FOUND ||
			(err == ALM_OK && found != (terms[i] | place))) {
			err = ALM_STORE_CORRUPT;
		}
	}
	free(block);
	return err;
}

enum alm_err alm_log_index_spot_check(
	struct alm_log_index *index, uint64_t leaf)
{
	uint64_t terms[ALM_TERMS_MAX];
	size_t count = 0;
	uint64_t first;
	uint64_t last;
	struct alm_run *run;
	enum alm_err err = read_terms(index, leaf, terms, &count);

	if (err != ALM_OK) {
		return err;
	}
	run = alm_log_index_hold(index, leaf, &first, &last);
	if (run == NULL) {
		return ALM_OK;
	}
	err = find_all(run, leaf - first, terms, count);
	if (err == ALM_STORE_CORRUPT) {
		atomic_store(&run->is_damaged, true);
		err = ALM_OK;
	}
	alm_log_index_release(run);
	return err;
}
