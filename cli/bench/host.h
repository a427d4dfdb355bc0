/* host.h - what a measurement must say of the machine. */
#ifndef ALM_CLI_BENCH_HOST_H
#define ALM_CLI_BENCH_HOST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** The processor's model as the kernel names it; "unknown" if it does not. */
void alm_host_cpu_model(char *out, size_t bytes);

/** The type of the file system that holds `path`, e.g. "ext4". */
void alm_host_filesystem(const char *path, char *out, size_t bytes);

/** What a process has used, in seconds, counted in hundredths; zero if the
 * kernel does not tell. */
void alm_host_used_by(pid_t pid, double *out_user_s, double *out_system_s);

/** Both of them together, to the nanosecond; zero if the kernel does not tell.
 */
double alm_host_processor_s(pid_t pid);

/** Its memory that is no file's; zero if the kernel does not tell. */
uint64_t alm_host_memory_kib(pid_t pid);

/** How this program was built: release, debug or asan. */
const char *alm_host_build(void);

#endif /* ALM_CLI_BENCH_HOST_H */
