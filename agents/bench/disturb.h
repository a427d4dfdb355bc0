/* disturb.h - the workers that disturb the probes of fair.h. */
#ifndef ALM_AGENTS_BENCH_DISTURB_H
#define ALM_AGENTS_BENCH_DISTURB_H

#include "agents/bench/fair.h"

/** How many workers a disturbance has. */
unsigned alm_bench_disturbers(enum alm_bench_disturbance disturbance);

/** Worker `number` of the disturbance in `shared`, counted from 0; returns
 * when `shared->stops`, or after an error, which stands there then. */
void alm_bench_disturb(struct alm_bench_fair_shared *shared, unsigned number);

#endif /* ALM_AGENTS_BENCH_DISTURB_H */
