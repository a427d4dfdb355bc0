/* result.h - what a measurement found, as one JSON object. */
#ifndef ALM_CLI_BENCH_RESULT_H
#define ALM_CLI_BENCH_RESULT_H

#include <jansson.h>

/**
 * Under which conditions it was measured: the machine, the file system and the
 * build, and `more`, which is an object and is consumed.  NULL: no memory.
 */
json_t *alm_bench_conditions(const char *filesystem, json_t *more);

/** Print it with so many digits of a number, and free it; NULL, for want of
 * memory, fails.  Gives the exit code. */
int alm_bench_print_json(json_t *result, unsigned digits);

#endif /* ALM_CLI_BENCH_RESULT_H */
