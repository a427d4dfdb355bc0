/*
 * table.h - one table of a store, opened behind the store's back, as another
 * program could: to break what is in it.
 */
#ifndef ALM_TESTS_SUPPORT_TABLE_H
#define ALM_TESTS_SUPPORT_TABLE_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include <lmdb.h>

struct test_table {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
};

/** `flags` are those of mdb_dbi_open(). */
static inline struct test_table test_table_open(
	const char *store, const char *name, unsigned flags)
{
	struct test_table table;

	cr_assert_eq(mdb_env_create(&table.env), 0);
	cr_assert_eq(mdb_env_set_maxdbs(table.env, 64), 0);
	cr_assert_eq(mdb_env_open(table.env, store, 0, 0600), 0);
	cr_assert_eq(mdb_txn_begin(table.env, NULL, 0, &table.txn), 0);
	cr_assert_eq(mdb_dbi_open(table.txn, name, flags, &table.dbi), 0);
	return table;
}

/** Commit, and close. */
static inline void test_table_close(struct test_table *table)
{
	cr_assert_eq(mdb_txn_commit(table->txn), 0);
	mdb_env_close(table->env);
}

/** A copy of a row that is there, to change and to put: the last one only. */
static inline MDB_val test_table_copy(struct test_table *table, MDB_val key)
{
	static uint8_t copy[4096];
	MDB_val row;

	cr_assert_eq(mdb_get(table->txn, table->dbi, &key, &row), 0);
	cr_assert_leq(row.mv_size, sizeof(copy));
	memcpy(copy, row.mv_data, row.mv_size);
	return (MDB_val){row.mv_size, copy};
}

static inline void test_table_put(
	struct test_table *table, MDB_val key, MDB_val row)
{
	cr_assert_eq(mdb_put(table->txn, table->dbi, &key, &row, 0), 0);
}

/** Flip one bit of a row. */
static inline void test_table_flip(
	const char *store, const char *name, MDB_val key, size_t at)
{
	struct test_table table = test_table_open(store, name, 0);
	MDB_val row = test_table_copy(&table, key);

	((uint8_t *)row.mv_data)[at] ^= 1;
	test_table_put(&table, key, row);
	test_table_close(&table);
}

#endif /* ALM_TESTS_SUPPORT_TABLE_H */
