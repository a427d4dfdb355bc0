/*
 * Cursors that live as long as the turn.  What a turn puts into a table stands
 * mostly side by side, and so does what it takes out: a cursor that stays goes
 * on from the page where it is, and LMDB does not walk down the tree, looking
 * for each page among those that the turn has changed.
 */
#include <string.h>

#include "broker/store/inside.h"
#include "broker/store/whole.h"

enum alm_err alm_hand_get(struct alm_store *store, enum alm_table table,
	enum alm_hand hand, MDB_cursor **out_cursor)
{
	MDB_cursor **cursor = &store->hands[table][hand];
	int rc = MDB_SUCCESS;

	if (*cursor == NULL) {
		rc = mdb_cursor_open(store->turn, store->tables[table], cursor);
	}
	if (rc == MDB_SUCCESS) {
		*out_cursor = *cursor;
	}
	return alm_store_fail(store, rc);
}

void alm_hands_drop(struct alm_store *store)
{
	/* LMDB frees the cursors of a transaction that writes. */
	memset(store->hands, 0, sizeof(store->hands));
}

int alm_hand_append(
	MDB_cursor *cursor, MDB_val *key, MDB_val *value, unsigned flags)
{
	const MDB_val room = *value;
	int rc = mdb_cursor_put(cursor, key, value, flags | MDB_APPEND);

	if (rc == MDB_KEYEXIST) {
		*value = room;
		rc = mdb_cursor_put(
			cursor, key, value, flags | MDB_NOOVERWRITE);
	}
	return rc;
}
