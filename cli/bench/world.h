/*
 * world.h - a policy as large as a country's, made from a seed: text
 * that the reader of bundles takes, and requests that come close to it.
 *
 * Organisations of nine kinds stand in 42 regions, four places each; practices
 * also in networks of five.  Six agreements of ten are between two of them,
 * the rest between groups, lists and kinds; a fifth is for secondary use.
 */
#ifndef ALM_CLI_BENCH_WORLD_H
#define ALM_CLI_BENCH_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "broker/core/request.h"
#include "lib/err.h"

#define ALM_BENCH_NOW_S INT64_C(1780315200) /* 2026-06-01T12:00:00Z */
#define ALM_BENCH_ID_BYTES 16u

/** Evenly from 0 to below `count`, by SplitMix64: any state will do as a
 * seed. */
uint32_t alm_bench_pick(uint64_t *state, uint32_t count);

struct alm_bench_world;

/** NULL when memory is out.  At least 1,000 organisations. */
struct alm_bench_world *alm_bench_world_new(
	uint32_t organisation_count, uint32_t agreement_count, uint64_t seed);
void alm_bench_world_free(struct alm_bench_world *world);

/** The bundle as YAML; free() it.  NULL when memory is out. */
char *alm_bench_world_text(
	const struct alm_bench_world *world, size_t *out_bytes);

/** A request and the texts that it points at; not to be moved. */
struct alm_bench_request {
	struct alm_request request;
	const char *categories[2];
	char basis[ALM_BENCH_ID_BYTES];
	char subject[11];
};

/**
 * Another request: eight of ten are for what an agreement is for, between
 * parties that it selects; one has another purpose or category; one is
 * between any two of a region.  Half of them name their basis.
 */
void alm_bench_request_make(const struct alm_bench_world *world,
	uint64_t *random, struct alm_bench_request *out);

/** The valid number that stands at `number` in a register of numbers that are
 * not given to anybody; `number` is below 90,000,000. */
void alm_bench_subject(uint32_t number, char out[11]);

#endif /* ALM_CLI_BENCH_WORLD_H */
