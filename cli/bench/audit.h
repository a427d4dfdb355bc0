/* audit.h - what `almoner bench audit` has measured, and printing it. */
#ifndef ALM_CLI_BENCH_AUDIT_H
#define ALM_CLI_BENCH_AUDIT_H

#include "cli/args.h"
#include "cli/bench/log.h"

/** Appending so many records. */
struct alm_bench_ingest {
	uint64_t records;
	double wall_s;
	double cpu_s;       /* of the thread that appends */
	double process_s;   /* of all threads */
	double first_per_s; /* the first tenth */
	double last_per_s;
};

struct alm_bench_asked {
	double rows; /* on average */
	double p50_us;
	double p99_us;
	double max_us;
};

struct alm_bench_verified {
	double wall_s;
	double cpu_s;
};

struct alm_bench_audit {
	const struct alm_args *args;
	uint64_t records;
	uint64_t baseline; /* records of the run without the index */
	struct alm_bench_ingest without;
	struct alm_bench_ingest with;
	uint64_t lag_at_end; /* records that the index had still to take */
	double catch_up_s;
	struct alm_bench_asked first[ALM_BENCH_QUESTIONS]; /* page */
	struct alm_bench_asked middle[ALM_BENCH_QUESTIONS];
	struct alm_bench_asked scan; /* of the same log without its index */
	struct alm_bench_verified verified;
	struct alm_bench_verified verified_with_key; /* private parts too */
	double store_bytes;
	double index_bytes;
	char filesystem[64];
};

/** Gives the exit code. */
int alm_bench_audit_print(const struct alm_bench_audit *bench);

#endif /* ALM_CLI_BENCH_AUDIT_H */
