/*
 * Records of the open turn wait here and are written together: so they take
 * pages that lie side by side, and the pages of mail, which go again, are not
 * strewn among those of the log, which stay.  It is less work as well.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/whole.h"

/* Of one turn under load; more is written at once. */
#define WAITING_BYTES_MAX ((size_t)1024 * 1024)
#define KEY_BYTES 8u
#define ROW_BYTES(value_bytes) (KEY_BYTES + sizeof(uint32_t) + (value_bytes))

enum alm_err alm_log_row_wait(struct alm_store *store, uint64_t seq,
	size_t value_bytes, uint8_t **out_value)
{
	struct alm_log_rows *rows = &store->log_rows;
	enum alm_err err = ALM_OK;
	uint8_t *at;

	ALM_ASSERT(ROW_BYTES(value_bytes) <= WAITING_BYTES_MAX);
	if (rows->bytes == NULL) {
		rows->bytes = calloc(1, WAITING_BYTES_MAX);
		if (rows->bytes == NULL) {
			return ALM_NOMEM;
		}
	}
	if (rows->used + ROW_BYTES(value_bytes) > WAITING_BYTES_MAX) {
		err = alm_log_rows_write(store);
		if (err != ALM_OK) {
			return err;
		}
	}
	at = rows->bytes + rows->used;
	alm_put_u64(at, seq);
	alm_put_u32(at + KEY_BYTES, (uint32_t)value_bytes);
	*out_value = at + ROW_BYTES(0);
	rows->used += ROW_BYTES(value_bytes);
	return ALM_OK;
}

enum alm_err alm_log_rows_write(struct alm_store *store)
{
	struct alm_log_rows *rows = &store->log_rows;
	MDB_cursor *cursor;
	enum alm_err err;
	int rc = MDB_SUCCESS;

	if (rows->used == 0) {
		return ALM_OK;
	}
	err = alm_hand_get(store, ALM_TABLE_REC, ALM_HAND_PUTS, &cursor);
	if (err != ALM_OK) {
		return err;
	}
	for (size_t i = 0; i < rows->used && rc == MDB_SUCCESS;) {
		const uint8_t *at = rows->bytes + i;
		size_t value_bytes = alm_get_u32(at + KEY_BYTES);
		MDB_val key = alm_val(at, KEY_BYTES);
		MDB_val value = alm_val(at + ROW_BYTES(0), value_bytes);

		rc = alm_hand_append(cursor, &key, &value, 0);
		i += ROW_BYTES(value_bytes);
	}
	rows->used = 0;
	return alm_store_fail(store, rc);
}

void alm_log_rows_drop(struct alm_store *store)
{
	store->log_rows.used = 0;
}

void alm_log_rows_free(struct alm_store *store)
{
	free(store->log_rows.bytes);
	store->log_rows = (struct alm_log_rows){.bytes = NULL};
}
