/* base.h - assertions that stay on in release, and array length. */
#ifndef ALM_LIB_BASE_H
#define ALM_LIB_BASE_H

#include <stddef.h>

/** Programmer errors only.  Never for input, I/O or memory exhaustion. */
#define ALM_ASSERT(cond) \
	do { \
		if (!(cond)) { \
			alm_assert_fail(#cond, __FILE__, __LINE__); \
		} \
	} while (0)

_Noreturn void alm_assert_fail(const char *expr, const char *file, int line);

#define ALM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** For a large local that is written before it is read, on a path where the
 * compiler's zeroing of it would cost more than the work. */
#define ALM_UNINITIALIZED __attribute__((uninitialized))

/** printf-like checking of a format string by the compiler. */
#define ALM_PRINTF(format_index, first_index) \
	__attribute__((format(printf, format_index, first_index)))

#endif /* ALM_LIB_BASE_H */
