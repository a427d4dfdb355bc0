/*
 * The verification of what is not there.  A private part that was pruned, or
 * whose key was destroyed with a person, has a record behind it that says so:
 * whoever takes parts or keys away in silence is found out.  A broker that is
 * running may do either meanwhile; its records are behind those that were
 * verified, and are looked for there.
 */
#include <inttypes.h>
#include <string.h>

#include "broker/store/verify.h"

/* The last records of both kinds behind those that were verified. */
static enum alm_err read_behind(struct alm_verify *verify, MDB_txn *txn)
{
	uint64_t seq = verify->state.frontier.size;
	enum alm_err err = ALM_OK;

	while (err == ALM_OK) {
		struct alm_audit_record record;
		struct alm_bytes header = {NULL, 0};

		err = alm_audit_header(verify->store, txn, ++seq, &header);
		if (err == ALM_OK) {
			err = alm_audit_record_decode(header, &record);
		}
		if (err == ALM_OK && record.kind == ALM_AUDIT_PRUNED) {
			verify->pruned = seq;
		}
		if (err == ALM_OK && record.kind == ALM_AUDIT_ERASED) {
			verify->erased = seq;
		}
	}
	/* They are not verified: the next run says what is wrong with them. */
	return err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ? ALM_OK : err;
}

/* How many private parts are there now, of the records that were verified. */
static enum alm_err count_parts(
	struct alm_verify *verify, MDB_txn *txn, uint64_t *out_count)
{
	MDB_dbi table = verify->store->tables[ALM_TABLE_PRIV];
	uint8_t raw[8];
	MDB_val key = alm_val(raw, sizeof(raw));
	MDB_val value;
	MDB_cursor *cursor;
	MDB_stat stat;
	uint64_t behind = 0;
	int rc = mdb_stat(txn, table, &stat);

	if (rc == MDB_SUCCESS) {
		rc = mdb_cursor_open(txn, table, &cursor);
	}
	if (rc != MDB_SUCCESS) {
		return alm_store_map_rc(rc);
	}
	alm_put_u64(raw, verify->state.frontier.size + 1);
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == MDB_SUCCESS) {
		behind++;
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	*out_count = stat.ms_entries - behind;
	return rc == MDB_NOTFOUND ? ALM_OK : alm_store_map_rc(rc);
}

static enum alm_err look_again(struct alm_verify *verify, uint64_t *out_count)
{
	MDB_txn *txn = NULL;
	enum alm_err err = alm_store_view(verify->store, &txn);

	if (err != ALM_OK) {
		return err;
	}
	err = count_parts(verify, txn, out_count);
	if (err == ALM_OK) {
		err = read_behind(verify, txn);
	}
	alm_store_view_end(verify->store);
	return err;
}

enum alm_err alm_verify_gone(struct alm_verify *verify)
{
	uint64_t left = verify->private_rows;
	uint64_t unmet = verify->private_rows - verify->private_met;
	enum alm_err err = ALM_OK;

	if (unmet != 0 || verify->gone_part > verify->pruned ||
		verify->gone_key > verify->erased) {
		err = look_again(verify, &left);
	}
	if (err != ALM_OK) {
		return err;
	}
	/* A key that is out of order hides the ones behind it; those that were
	 * pruned meanwhile are none. */
	if (unmet > verify->private_rows - left) {
		return alm_verify_damage(verify, 0,
			"%" PRIu64 " private parts belong to no record", unmet);
	}
	if (verify->gone_part > verify->pruned) {
		return alm_verify_damage(verify, verify->gone_part,
			"record %" PRIu64
			": its private part is gone, and no later record says "
			"that any were pruned",
			verify->gone_part);
	}
	if (verify->gone_key > verify->erased) {
		return alm_verify_damage(verify, verify->gone_key,
			"record %" PRIu64
			": the key of its private part is gone, and no later "
			"record says that anybody was erased",
			verify->gone_key);
	}
	return ALM_OK;
}
