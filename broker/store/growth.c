#include "broker/store/growth.h"

#include "broker/store/inside.h"
#include "broker/store/prune.h"

#define DAY_S INT64_C(86400)
#define DAY_US (DAY_S * 1000000)
#define WINDOW_DAYS 30
#define LASTS_S_MAX (INT64_C(36525) * DAY_S)

static_assert(ALM_TABLE_COUNT <= ALM_TABLE_SIZES_MAX, "a place for each table");

static enum alm_err measure(struct alm_store *store, MDB_txn *txn,
	struct alm_table_size sizes[ALM_TABLE_SIZES_MAX])
{
	for (unsigned i = 0; i < ALM_TABLE_COUNT; i++) {
		MDB_stat stat;
		int rc = mdb_stat(txn, store->tables[i], &stat);

		if (rc != MDB_SUCCESS) {
			return alm_store_fail(store, rc);
		}
		sizes[i].name = alm_table_name((enum alm_table)i);
		sizes[i].rows = stat.ms_entries;
		sizes[i].bytes = (stat.ms_branch_pages + stat.ms_leaf_pages +
					 stat.ms_overflow_pages) *
				 stat.ms_psize;
	}
	return ALM_OK;
}

enum alm_err alm_store_table_sizes(struct alm_store *store,
	struct alm_table_size out_sizes[ALM_TABLE_SIZES_MAX], size_t *out_count)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = measure(store, txn, out_sizes);
	alm_store_view_end(store);
	if (err == ALM_OK) {
		*out_count = ALM_TABLE_COUNT;
	}
	return err;
}

/* Of one that is recorded now.  What was pruned has no private part and no
 * person's key any more, but what comes has. */
static double bytes_a_record(const struct alm_store_state *state,
	const struct alm_table_size sizes[ALM_TABLE_SIZES_MAX])
{
	uint64_t all = state->frontier.size;
	uint64_t whole = all - state->pruned[ALM_RETENTION_DISCLOSURE];
	uint64_t kept = sizes[ALM_TABLE_REC].bytes +
			sizes[ALM_TABLE_TILE].bytes +
			sizes[ALM_TABLE_EVIDENCE].bytes;
	uint64_t private =
		sizes[ALM_TABLE_PRIV].bytes + sizes[ALM_TABLE_PERSON_KEY].bytes;

	return (double)kept / (double)all +
	       (whole == 0 ? 0 : (double)private / (double)whole);
}

/* Records of the last days and how long they took: since the first one, where
 * the log is younger. */
static enum alm_err look_back(struct alm_store *store, MDB_txn *txn,
	int64_t now_us, uint64_t *out_records, int64_t *out_us)
{
	int64_t from_us = now_us - WINDOW_DAYS * DAY_US;
	uint64_t before = 0;
	struct alm_bytes header = {NULL, 0};
	struct alm_audit_record first;
	enum alm_err err = alm_log_last_before(store, txn, from_us, &before);

	if (err == ALM_OK && before == 0) {
		err = alm_audit_header(store, txn, 1, &header);
		if (err == ALM_OK) {
			err = alm_audit_record_decode(header, &first);
		}
		if (err == ALM_OK) {
			from_us = first.time_us;
		}
	}
	if (err != ALM_OK) {
		return err;
	}
	*out_records = store->committed.frontier.size - before;
	*out_us = now_us - from_us;
	return *out_us < DAY_US ? ALM_NOT_FOUND : ALM_OK;
}

enum alm_err alm_store_growth(struct alm_store *store, int64_t now_us,
	struct alm_store_growth *out_growth)
{
	struct alm_table_size sizes[ALM_TABLE_SIZES_MAX] = {{NULL, 0, 0}};
	uint64_t records = 0;
	int64_t took_us = 0;
	double rate;
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = look_back(store, txn, now_us, &records, &took_us);
	if (err == ALM_OK) {
		err = measure(store, txn, sizes);
	}
	alm_store_view_end(store);
	if (err != ALM_OK) {
		return err;
	}
	rate = bytes_a_record(&store->committed, sizes) * (double)records /
	       ((double)took_us / 1e6); /* a second */
	out_growth->bytes_a_day = (uint64_t)(rate * (double)DAY_S);
	out_growth->room_bytes = alm_store_room_left(store);
	out_growth->lasts_s =
		(double)out_growth->room_bytes >= rate * (double)LASTS_S_MAX
			? LASTS_S_MAX
			: (int64_t)((double)out_growth->room_bytes / rate);
	return ALM_OK;
}
