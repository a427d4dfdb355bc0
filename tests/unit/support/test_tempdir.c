/* test_tempdir.c - where the folders of tests are made. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/tempdir.h"

static char folder[ALM_TEMPDIR_BYTES];

static void made_in(const char *parent)
{
	cr_expect_eq(strncmp(folder, parent, strlen(parent)), 0, "%s", folder);
	cr_expect_eq(folder[strlen(parent)], '/');
	cr_expect_eq(access(folder, W_OK), 0);
	alm_tempdir_remove(folder);
	cr_expect_neq(access(folder, F_OK), 0);
}

Test(tempdir, makes_its_folders_where_the_environment_says)
{
	char other[ALM_TEMPDIR_BYTES];

	unsetenv("TMPDIR");
	alm_tempdir_make(folder);
	made_in("/tmp");
	alm_tempdir_make(other);
	setenv("TMPDIR", other, 1);
	alm_tempdir_make(folder);
	made_in(other);
	alm_tempdir_remove(other);
}

Test(tempdir, leaves_room_for_a_socket)
{
	char parent[2 * ALM_TEMPDIR_BYTES];

	memset(parent, 'x', sizeof(parent));
	parent[0] = '/';
	parent[sizeof(parent) - 1] = '\0';
	setenv("TMPDIR", parent, 1);
	alm_tempdir_make(folder);
	made_in("/tmp");
	setenv("TMPDIR", "here", 1);
	alm_tempdir_make(folder);
	made_in("/tmp");
}
