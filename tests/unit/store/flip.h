/* flip.h - damage a row of the store that a test has open. */
#ifndef ALM_TESTS_UNIT_STORE_FLIP_H
#define ALM_TESTS_UNIT_STORE_FLIP_H

#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "tests/support/fork.h"
#include "tests/unit/store/fixture.h"

/* Flip one bit of a row, as somebody else's program. */
static inline int flip_in_child(
	const char *table, const uint8_t *key, size_t key_bytes, size_t at)
{
	MDB_val mdb_key = {key_bytes, (void *)(uintptr_t)key};
	MDB_val value;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	static uint8_t copy[16384];

	if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 64) != 0 ||
		mdb_env_open(env, folder, 0, 0600) != 0 ||
		mdb_txn_begin(env, NULL, 0, &txn) != 0 ||
		mdb_dbi_open(txn, table, 0, &dbi) != 0 ||
		mdb_get(txn, dbi, &mdb_key, &value) != 0 ||
		value.mv_size > sizeof(copy)) {
		return 1;
	}
	memcpy(copy, value.mv_data, value.mv_size);
	copy[at] ^= 1;
	value.mv_data = copy;
	return mdb_put(txn, dbi, &mdb_key, &value, 0) != 0 ||
	       mdb_txn_commit(txn) != 0;
}

/* While we have the store open. */
static inline void flip(
	const char *table, const uint8_t *key, size_t key_bytes, size_t at)
{
	pid_t child = test_fork();
	int status = -1;

	if (child == 0) {
		_exit(flip_in_child(table, key, key_bytes, at));
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "%s", table);
}

static inline void flip_number(const char *table, uint64_t number, size_t at)
{
	uint8_t key[8];

	alm_put_u64(key, number);
	flip(table, key, sizeof(key), at);
}

/* A row whose key damage has made longer, among those of the log's start. */
static inline void break_key(const char *table)
{
	static const uint8_t broken[9] = {[7] = 1};
	MDB_val key = {sizeof(broken), (void *)(uintptr_t)broken};
	MDB_val value = key;
	pid_t child = test_fork();
	int status = -1;

	if (child == 0) {
		MDB_env *env;
		MDB_txn *txn;
		MDB_dbi dbi;

		_exit(mdb_env_create(&env) != 0 ||
			mdb_env_set_maxdbs(env, 64) != 0 ||
			mdb_env_open(env, folder, 0, 0600) != 0 ||
			mdb_txn_begin(env, NULL, 0, &txn) != 0 ||
			mdb_dbi_open(txn, table, 0, &dbi) != 0 ||
			mdb_put(txn, dbi, &key, &value, 0) != 0 ||
			mdb_txn_commit(txn) != 0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "%s", table);
}

#endif /* ALM_TESTS_UNIT_STORE_FLIP_H */
