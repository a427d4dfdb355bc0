/* test_resume.c - how far an import has come, and of which file. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/people/resume.h"
#include "tests/support/tempdir.h"

static char folder[ALM_TEMPDIR_BYTES];
static char path[PATH_MAX];
static struct alm_people_resume resume;
static struct alm_problem problem;
static int fd;

static void set_up(void)
{
	static char text[200000];

	alm_tempdir_make(folder);
	cr_assert_eq(setenv("XDG_STATE_HOME", folder, 1), 0);
	(void)snprintf(path, sizeof(path), "%s/people.ndjson", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	memset(text, 'a', sizeof(text));
	cr_assert_eq(write(fd, text, sizeof(text)), (ssize_t)sizeof(text));
	alm_people_resume_init(&resume, path, fd);
	cr_assert_str_neq(resume.path, "");
}

static void tear_down(void)
{
	(void)close(fd);
	alm_tempdir_remove(folder);
}

TestSuite(people_resume, .init = set_up, .fini = tear_down);

static void keep(uint64_t offset, uint64_t line)
{
	const struct alm_people_place place = {offset, line};

	cr_assert_eq(alm_people_resume_write(&resume, &place, &problem), ALM_OK,
		"%s", problem.detail);
}

Test(people_resume, gives_back_the_place_until_it_is_forgotten)
{
	struct alm_people_place place;

	cr_expect_eq(alm_people_resume_read(&resume, &place, &problem),
		ALM_NOT_FOUND);
	keep(150000, 77);
	cr_assert_eq(alm_people_resume_read(&resume, &place, &problem), ALM_OK);
	cr_expect_eq(place.offset, 150000);
	cr_expect_eq(place.line, 77);
	alm_people_resume_forget(&resume);
	cr_expect_eq(alm_people_resume_read(&resume, &place, &problem),
		ALM_NOT_FOUND);
}

Test(people_resume, knows_a_file_that_was_changed_before_the_place)
{
	struct alm_people_place place;

	keep(150000, 77);
	cr_assert_eq(pwrite(fd, "b", 1, 160000), 1);
	cr_expect_eq(alm_people_resume_read(&resume, &place, &problem), ALM_OK);
	cr_assert_eq(pwrite(fd, "b", 1, 149999), 1);
	cr_expect_eq(alm_people_resume_read(&resume, &place, &problem),
		ALM_IMPORT_CHANGED);
	keep(100, 1);
	cr_assert_eq(pwrite(fd, "b", 1, 0), 1);
	cr_expect_eq(alm_people_resume_read(&resume, &place, &problem),
		ALM_IMPORT_CHANGED);
	keep(150000, 77);
	cr_assert_eq(ftruncate(fd, 149999), 0);
	cr_expect_eq(alm_people_resume_read(&resume, &place, &problem),
		ALM_IMPORT_CHANGED);
}

Test(people_resume, refuses_what_is_not_a_place)
{
	static const char *const texts[] = {"", "x", "1 2", "-1 1 aa",
		"99999999999999999999999999 1 aa", "0 0 zz"};
	struct alm_people_place place;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *file = fopen(resume.path, "w");

		cr_assert_not_null(file);
		(void)fputs(texts[i], file);
		(void)fclose(file);
		cr_expect_eq(alm_people_resume_read(&resume, &place, &problem),
			ALM_IMPORT_CHANGED, "%s", texts[i]);
	}
}
