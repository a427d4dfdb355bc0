#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "lib/err.h"

TestSuite(err);

Test(err, lists_the_catalogue_in_ascending_order)
{
	unsigned last = 0;
	size_t count = 0;

	for (; alm_err_at(count) != NULL; count++) {
		const struct alm_err_info *row = alm_err_at(count);

		cr_expect_gt((unsigned)row->err, last, "%s", row->name);
		cr_expect_eq(alm_err_info(row->err), row);
		last = (unsigned)row->err;
	}
	cr_expect_gt(count, 100u);
}

Test(err, words_every_row_for_a_reader)
{
	for (size_t i = 0; alm_err_at(i) != NULL; i++) {
		const struct alm_err_info *row = alm_err_at(i);
		size_t bytes = strlen(row->sentence);

		cr_expect_gt(bytes, 0u);
		cr_expect_eq(row->sentence[bytes - 1], '.', "%s", row->name);
		cr_expect_gt(strlen(row->hint), 0u, "%s", row->name);
		for (const char *c = row->name; *c; c++) {
			cr_expect(islower((unsigned char)*c) ||
					  isdigit((unsigned char)*c) ||
					  *c == '-',
				"%s", row->name);
		}
		for (size_t j = 0; j < i; j++) {
			cr_expect_str_neq(row->name, alm_err_at(j)->name);
		}
	}
}

Test(err, explains_unknown_numbers_as_internal)
{
	cr_expect_eq(alm_err_info((enum alm_err)9999)->err, ALM_INTERNAL);
	cr_expect_str_eq(alm_err_info(ALM_OK)->name, "ok");
	cr_expect_eq(alm_err_info(ALM_OK)->exit_code, ALM_EXIT_OK);
}

Test(err, has_a_row_for_every_reason_of_the_rule)
{
	static const unsigned reasons[] = {101, 102, 103, 104, 105, 107, 108,
		190, 191, 201, 202, 203, 204, 205, 206, 207, 210, 211, 212, 213,
		214, 215, 300, 301, 302, 303, 304, 305, 306, 307, 308, 401, 402,
		403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 501,
		502, 503, 509, 901, 902, 903};

	for (size_t i = 0; i < ALM_COUNT(reasons); i++) {
		enum alm_err err = alm_err_from_reason(reasons[i]);

		cr_expect_eq((unsigned)err, 4000 + reasons[i]);
		cr_expect_eq(alm_err_info(err)->err, err, "%u", reasons[i]);
	}
}

Test(err, fills_a_problem_and_gives_the_error_back)
{
	struct alm_problem problem = {0};
	char text[2 * ALM_DETAIL_BYTES_MAX];

	cr_expect_eq(alm_problem_set(&problem, ALM_VALUE_BAD, "line %d", 7),
		ALM_VALUE_BAD);
	cr_expect_eq(problem.err, ALM_VALUE_BAD);
	cr_expect_str_eq(problem.detail, "line 7");
	cr_expect_eq(alm_problem_set(NULL, ALM_IO, "x"), ALM_IO);
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	alm_problem_set(&problem, ALM_IO, "%s", text);
	cr_expect_eq(strlen(problem.detail), ALM_DETAIL_BYTES_MAX - 1);
}
