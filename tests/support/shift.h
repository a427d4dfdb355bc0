/*
 * shift.h - programs under test whose clocks say what the test wants
 * (tests/clock/shim.c).  Included once, by the test.
 */
#ifndef ALM_TESTS_SUPPORT_SHIFT_H
#define ALM_TESTS_SUPPORT_SHIFT_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/clock/shim.h"
#include "tests/support/tempdir.h"

static struct test_clock *shift;
static char shift_file[ALM_TEMPDIR_BYTES + 16];
static char shift_folder[ALM_TEMPDIR_BYTES];

static inline void make_clock(void)
{
	int fd;

	alm_tempdir_make(shift_folder);
	snprintf(shift_file, sizeof(shift_file), "%s/clock", shift_folder);
	fd = open(shift_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, sizeof(*shift)), 0);
	shift = mmap(NULL, sizeof(*shift), PROT_READ | PROT_WRITE, MAP_SHARED,
		fd, 0);
	cr_assert_neq((void *)shift, MAP_FAILED);
	close(fd);
}

/** For programs started from here on. */
static inline void load_clock(void)
{
	const char *old = getenv("ASAN_OPTIONS");
	char text[1024];

	snprintf(text, sizeof(text), "%s:verify_asan_link_order=0",
		old == NULL ? "" : old);
	setenv("ASAN_OPTIONS", text, 1);
	snprintf(text, sizeof(text), "%s/tests/clock/shim.so",
		getenv("ALMONER_BUILD"));
	cr_assert_eq(access(text, R_OK), 0, "%s", text);
	setenv("LD_PRELOAD", text, 1);
	setenv(TEST_CLOCK_VARIABLE, shift_file, 1);
}

static inline void drop_clock(void)
{
	alm_tempdir_remove(shift_folder);
}

#endif /* ALM_TESTS_SUPPORT_SHIFT_H */
