/* process.h - memory shared with forked processes, gates between them, and the
 * clock they share. */
#ifndef ALM_AGENTS_BENCH_PROCESS_H
#define ALM_AGENTS_BENCH_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Monotonic, the same in all processes of the machine. */
int64_t alm_bench_now_ns(void);

/** Zeroed memory that children share; NULL if there is none. */
void *alm_bench_share(size_t bytes);
void alm_bench_unshare(void *memory, size_t bytes);

/** A pipe that one side opens by writing a byte and the other waits at. */
struct alm_bench_gate {
	int fds[2];
};

bool alm_bench_gate_init(struct alm_bench_gate *gate);
void alm_bench_gate_fini(struct alm_bench_gate *gate);
void alm_bench_gate_open(struct alm_bench_gate *gate);
/** False if it was not opened in time. */
bool alm_bench_gate_wait(struct alm_bench_gate *gate, int timeout_ms);

/** Run `work` in a child that dies with this process; 0 if it cannot start. */
pid_t alm_bench_fork(void (*work)(void *cookie), void *cookie);
/** Wait for its end.  True if it ended with success. */
bool alm_bench_join(pid_t pid);
/** End it now, and wait. */
void alm_bench_kill(pid_t pid);

#endif /* ALM_AGENTS_BENCH_PROCESS_H */
