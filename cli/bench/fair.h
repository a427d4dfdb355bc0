/*
 * fair.h - what almoner bench fair has measured, and how it is told.
 */
#ifndef ALM_CLI_BENCH_FAIR_H
#define ALM_CLI_BENCH_FAIR_H

#include <stddef.h>
#include <stdint.h>

#include "agents/bench/fair.h"

#define ALM_FAIR_ROUNDS_MAX 100u

struct alm_args;

/** Samples of several runs. */
struct alm_fair_pool {
	int64_t *accept_ns;
	int64_t *hand_over_ns;
	size_t accept_count;
	size_t hand_over_count;
	uint64_t disturbing;
	double seconds;
};

/** In milliseconds. */
struct alm_fair_figures {
	double accept_p50, accept_p99, hand_over_p50, hand_over_p99;
};

/** An undisturbed run and a disturbed one, one after the other. */
struct alm_fair_round {
	struct alm_fair_figures quiet;
	struct alm_fair_figures disturbed;
};

struct alm_fair_row {
	struct alm_fair_pool quiet;
	struct alm_fair_pool disturbed;
	struct alm_fair_round rounds[ALM_FAIR_ROUNDS_MAX];
	size_t round_count; /* 0: this disturbance was not asked for */
};

struct alm_fair_bench {
	const struct alm_args *args;
	uint32_t milliseconds;
	uint32_t rounds;
	const char *only; /* "": all */
	struct alm_fair_row rows[ALM_BENCH_DISTURBANCE_COUNT];
	char filesystem[64];
};

/** What each disturbance is called. */
extern const char *const alm_fair_words[ALM_BENCH_DISTURBANCE_COUNT];

/** Sorts the samples. */
struct alm_fair_figures alm_fair_figures_of(const struct alm_fair_pool *pool);

/** Both give the exit code. */
int alm_fair_print_json(const struct alm_fair_bench *bench);
int alm_fair_print_sheet(const struct alm_fair_bench *bench);

#endif /* ALM_CLI_BENCH_FAIR_H */
