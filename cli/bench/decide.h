/* decide.h - what almoner bench decide measures, and how it is told. */
#ifndef ALM_CLI_BENCH_DECIDE_H
#define ALM_CLI_BENCH_DECIDE_H

#include "broker/core/decide.h"
#include "cli/args.h"
#include "cli/bench/register.h"
#include "cli/bench/world.h"

#define ALM_BENCH_ROUNDS_MAX 64u
#define ALM_BENCH_REGISTERS_MAX 2u

/** The seconds of one round. */
struct alm_bench_timing {
	double wall_s;
	double cpu_s;
};

struct alm_bench_rounds {
	struct alm_bench_timing items[ALM_BENCH_ROUNDS_MAX];
	size_t count;
	uint64_t things; /* decisions or people in each */
};

struct alm_bench_register_result {
	uint32_t people;
	double fill_s;
	uint64_t disk_bytes;
	struct alm_bench_rounds decisions;
	struct alm_bench_rounds opt_outs;
};

struct alm_bench {
	const struct alm_args *args;
	uint32_t organisations;
	uint32_t agreements;
	uint32_t people;
	uint32_t decisions;
	uint32_t batch;
	uint32_t rounds;
	uint64_t seed;
	struct alm_bench_world *world;
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
	struct alm_arena arena;
	struct alm_bench_request *requests; /* BATCH of them */
	size_t bundle_bytes;
	double load_s;
	double compile_s;
	uint64_t effects[4]; /* by enum alm_effect, of the first rounds */
	struct alm_bench_rounds without;
	struct alm_bench_register_result registers[ALM_BENCH_REGISTERS_MAX];
	size_t register_count;
	char filesystem[64];
};

/** One document, or a table.  Gives the exit code. */
int alm_bench_decide_json(const struct alm_bench *bench);
int alm_bench_decide_sheet(const struct alm_bench *bench);

#endif /* ALM_CLI_BENCH_DECIDE_H */
