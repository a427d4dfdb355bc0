/*
 * ends.h - the two ends of the yardstick as agents have them: messages are
 * built, hashed and signed in batches at one, decoded and acknowledged at the
 * other, and the window opens with the acknowledgements.  So what the bare
 * ROUTER forwards are the frames that a broker would get, between ends that
 * do the work that they do with a broker; only what the broker does is gone.
 */
#ifndef ALM_AGENTS_BENCH_ENDS_H
#define ALM_AGENTS_BENCH_ENDS_H

#include <stdbool.h>

#include "agents/bench/bench.h"
#include "lib/wire/wire.h"

/** What every message of a load says, but for its id and its payload. */
struct alm_message alm_bench_message(void);

/** Send all messages of the load to a connected DEALER whose time-outs are
 * set; true when all are acknowledged. */
bool alm_bench_send_signed(void *socket, const struct alm_bench_load *load);

/** Take and acknowledge them all. */
bool alm_bench_take_signed(void *socket, const struct alm_bench_load *load);

#endif /* ALM_AGENTS_BENCH_ENDS_H */
