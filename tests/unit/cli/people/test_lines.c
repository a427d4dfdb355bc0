/* test_lines.c - lines from a pipe, bounded whatever comes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/people/lines.h"

TestSuite(people_lines);

#define LINE_MAX_BYTES 1000u

static struct alm_lines lines;
static FILE *file;

static void give(const char *text, size_t bytes)
{
	file = tmpfile();
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(text, 1, bytes, file), bytes);
	cr_assert_eq(fflush(file), 0);
	cr_assert_eq(lseek(fileno(file), 0, SEEK_SET), 0);
	cr_assert_eq(
		alm_lines_init(&lines, fileno(file), LINE_MAX_BYTES), ALM_OK);
}

static void done(void)
{
	struct alm_problem problem;
	struct alm_bytes line;
	bool is_too_long;

	cr_expect_eq(alm_lines_next(&lines, &line, &is_too_long, &problem),
		ALM_NOT_FOUND);
	alm_lines_fini(&lines);
	(void)fclose(file);
}

/* The next line; NULL stands for one that is too long. */
static void expect(const char *text, uint64_t number)
{
	struct alm_problem problem;
	struct alm_bytes line;
	bool is_too_long;

	cr_assert_eq(
		alm_lines_next(&lines, &line, &is_too_long, &problem), ALM_OK);
	cr_expect_eq(is_too_long, text == NULL);
	cr_expect_eq(lines.number, number);
	if (text != NULL) {
		cr_assert_eq(line.bytes, strlen(text));
		cr_expect_eq(memcmp(line.data, text, line.bytes), 0);
	}
}

Test(people_lines, gives_lines_with_and_without_their_end)
{
	give("one\n\r\ntwo\r\nlast", 15);
	expect("one", 1);
	expect("", 2);
	expect("two", 3);
	cr_expect_eq(lines.offset, 11);
	expect("last", 4);
	cr_expect_eq(lines.offset, 15);
	done();
}

Test(people_lines, gives_nothing_of_nothing)
{
	give("", 0);
	done();
}

Test(people_lines, takes_a_line_of_the_limit_and_skips_one_above)
{
	static char text[3 * LINE_MAX_BYTES];
	char longest[LINE_MAX_BYTES + 1];

	memset(longest, 'x', LINE_MAX_BYTES);
	longest[LINE_MAX_BYTES] = '\0';
	(void)snprintf(text, sizeof(text), "%s\n%sx\nnext\n", longest, longest);
	give(text, strlen(text));
	expect(longest, 1);
	expect(NULL, 2);
	expect("next", 3);
	cr_expect_eq(lines.offset, strlen(text));
	done();
}

Test(people_lines, skips_a_line_that_is_larger_than_its_memory)
{
	size_t bytes = 3 * ALM_LINES_BUFFER_BYTES;
	char *text = malloc(bytes + 5);

	cr_assert_not_null(text);
	memset(text, 'x', bytes);
	memcpy(text + bytes, "\nend\n", 5);
	give(text, bytes + 5);
	expect(NULL, 1);
	expect("end", 2);
	cr_expect_eq(lines.offset, bytes + 5);
	done();
	give(text, bytes);
	expect(NULL, 1);
	done();
	free(text);
}

Test(people_lines, gives_every_line_of_many_buffers)
{
	size_t count = 200000;
	char *text = malloc(count * 12);
	size_t at = 0;

	cr_assert_not_null(text);
	for (size_t i = 1; i <= count; i++) {
		at += (size_t)sprintf(text + at, "%zu\n", i);
	}
	give(text, at);
	for (size_t i = 1; i <= count; i++) {
		char wanted[24];

		(void)snprintf(wanted, sizeof(wanted), "%zu", i);
		expect(wanted, i);
	}
	cr_expect_eq(lines.offset, at);
	done();
	free(text);
}
