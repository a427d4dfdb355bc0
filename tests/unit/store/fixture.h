/* fixture.h - a store in a folder of its own, for the tests of this folder. */
#ifndef ALM_TESTS_UNIT_STORE_FIXTURE_H
#define ALM_TESTS_UNIT_STORE_FIXTURE_H

#include <criterion/criterion.h>
#include <string.h>

#include "broker/store/store.h"
#include "tests/support/tempdir.h"

#define MAP_BYTES ((uint64_t)64 << 20)
#define NOW_US INT64_C(1790000000000000)

static const uint8_t KEY[ALM_STORE_KEY_BYTES] = {7, 1, 2, 3};

static char folder[ALM_TEMPDIR_BYTES];
static struct alm_store *store;
static struct alm_arena arena;
static uint64_t turn_number;

static inline struct alm_store_options options(void)
{
	return (struct alm_store_options){
		.path = folder, .map_bytes_max = MAP_BYTES, .key = KEY};
}

static inline void reopen_with(const struct alm_store_options *with)
{
	struct alm_problem problem = {.err = ALM_OK};
	enum alm_err err;

	alm_store_close(store);
	store = NULL;
	err = alm_store_open(with, &store, &problem);
	cr_assert_eq(err, ALM_OK, "%d %s", (int)err, problem.detail);
}

static inline void reopen(void)
{
	struct alm_store_options with = options();

	reopen_with(&with);
}

static inline void set_up(void)
{
	alm_tempdir_make(folder);
	alm_arena_init(&arena, (size_t)64 << 20);
	reopen();
}

static inline void tear_down(void)
{
	alm_store_close(store);
	store = NULL;
	alm_arena_fini(&arena);
	alm_tempdir_remove(folder);
}

/* Each turn has its own seed, as the broker's have. */
static inline void begin_at(int64_t now_us)
{
	uint8_t seed[32] = {0};

	turn_number++;
	memcpy(seed, &turn_number, sizeof(turn_number));
	cr_assert_eq(alm_store_begin(store, now_us, seed), ALM_OK);
}

static inline void begin(void)
{
	begin_at(NOW_US);
}

static inline void commit(void)
{
	cr_assert_eq(alm_store_commit(store), ALM_OK);
}

static inline struct alm_audit_record plain_record(void)
{
	return (struct alm_audit_record){
		.kind = ALM_AUDIT_ACCEPTED,
		.effect = 1,
		.sender = "RX1",
		.recipient = "RY2",
		.purpose = "direct-care",
		.categories = "demographics,medication",
		.basis = "dsa-1",
		.standard = "",
	};
}

static inline void append(const char *detail)
{
	struct alm_audit_record record = plain_record();

	cr_assert_eq(alm_store_audit_append(store, &record, detail), ALM_OK);
}

#endif /* ALM_TESTS_UNIT_STORE_FIXTURE_H */
