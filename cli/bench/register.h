/*
 * register.h - a register of as many people as wanted, in a store of its
 * own in a temporary folder, which goes with it.
 *
 * Everybody stands on the national opt-out list, one of eighteen as opted out;
 * one of fifty has a directive, one of twenty-five a relationship.
 */
#ifndef ALM_CLI_BENCH_REGISTER_H
#define ALM_CLI_BENCH_REGISTER_H

#include <stddef.h>
#include <stdint.h>

#include "broker/store/register.h"
#include "lib/err.h"

#define ALM_BENCH_PEOPLE_MAX 90000000u

struct alm_bench_register {
	char folder[256];
	struct alm_store *store;
	uint32_t count;
	double fill_s;       /* making the records, sorting and syncing */
	uint64_t disk_bytes; /* of the store's files */
};

/**
 * In:  parent  NULL: $TMPDIR or /tmp
 * Out: out     to be closed also when the call fails
 */
ALM_MUST_USE enum alm_err alm_bench_register_open(const char *parent,
	uint32_t count, struct alm_bench_register *out,
	struct alm_problem *problem);

/** Closes the store and removes the folder.  Zeroed is fine. */
void alm_bench_register_close(struct alm_bench_register *reg);

/** Seconds, from any beginning. */
double alm_bench_clock_s(void);

#endif /* ALM_CLI_BENCH_REGISTER_H */
