/*
 * test_hand.c - rows that a turn puts, takes and looks for in any order, each
 * through the turn's own cursor: what is there is what was put and not taken.
 */
#include "broker/store/inside.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_hand, .init = set_up, .fini = tear_down, .timeout = 1800);

#define KEYS 3000u
#define TURNS 40u
#define STEPS_MAX 800u
#define TABLE ALM_TABLE_DUPLICATE

static uint64_t random_state;
static uint16_t lengths[KEYS]; /* 0: not there */
static uint8_t value[1600];

static uint64_t take_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static struct alm_bytes key_of(unsigned i)
{
	static uint8_t raw[8];

	alm_put_u64(raw, i);
	return (struct alm_bytes){raw, sizeof(raw)};
}

static void put(unsigned i, size_t bytes_max)
{
	uint16_t bytes = (uint16_t)(1 + take_random(bytes_max));

	memset(value, (int)(i & 0xff), bytes);
	cr_assert_eq(alm_row_put(store, TABLE, key_of(i),
			     (struct alm_bytes){value, bytes}, 0),
		ALM_OK);
	lengths[i] = bytes;
}

static void check(unsigned i, enum alm_err err, struct alm_bytes row)
{
	cr_assert_eq(err, lengths[i] > 0 ? ALM_OK : ALM_NOT_FOUND, "%u", i);
	if (lengths[i] > 0) {
		cr_assert_eq(row.bytes, lengths[i], "%u", i);
		cr_assert_eq(row.data[row.bytes - 1], i & 0xff, "%u", i);
	}
}

static void step(unsigned i, size_t bytes_max)
{
	struct alm_bytes row = {NULL, 0};

	switch (take_random(5)) {
	case 0:
	case 1:
		put(i, bytes_max);
		break;
	case 2:
	case 3:
		cr_assert_eq(alm_row_remove(store, TABLE, key_of(i)),
			lengths[i] > 0 ? ALM_OK : ALM_NOT_FOUND);
		lengths[i] = 0;
		break;
	default:
		check(i, alm_hand_row_get(store, TABLE, key_of(i), &row), row);
		break;
	}
}

static void check_all(void)
{
	MDB_txn *txn = NULL;

	cr_assert_eq(alm_store_view(store, &txn), ALM_OK);
	for (unsigned i = 0; i < KEYS; i++) {
		struct alm_bytes row = {NULL, 0};

		check(i, alm_row_get(store, txn, TABLE, key_of(i), &row), row);
	}
	alm_store_view_end(store);
}

/* In some turns what is put and taken stands close together. */
static void turn(size_t bytes_max)
{
	unsigned span = take_random(2) == 0 ? KEYS : 100;
	unsigned first = (unsigned)take_random(KEYS - span + 1);

	begin();
	for (uint64_t i = take_random(STEPS_MAX); i > 0; i--) {
		step(first + (unsigned)take_random(span), bytes_max);
	}
	store->is_state_changed = true;
	check_all();
	commit();
}

Test(store_hand, what_is_put_and_not_taken_is_there)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		random_state = seed * UINT64_C(0x9E3779B97F4A7C15);
		for (unsigned i = 0; i < TURNS; i++) {
			turn(seed == 1 ? 40 : sizeof(value));
		}
		check_all();
	}
}

Test(store_hand, an_aborted_turn_leaves_no_cursor_behind)
{
	random_state = 1;
	begin();
	put(1, 40);
	lengths[1] = 0;
	alm_store_abort(store);
	begin();
	put(2, 40);
	store->is_state_changed = true;
	commit();
	check_all();
}
