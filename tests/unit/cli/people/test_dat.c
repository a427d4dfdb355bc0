/* test_dat.c - one line of a list: right to the last byte, or wrong. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/people/dat.h"

TestSuite(people_dat);

static enum alm_err read_line(const char *line, size_t bytes, char out[11])
{
	struct alm_problem problem;

	return alm_people_dat_read(
		(struct alm_bytes){(const uint8_t *)line, bytes}, out,
		&problem);
}

Test(people_dat, reads_a_number_and_a_comma)
{
	char number[11];

	cr_assert_eq(read_line("9990000018,", 11, number), ALM_OK);
	cr_expect_str_eq(number, "9990000018");
}

Test(people_dat, refuses_anything_else_without_telling_it)
{
	static const struct {
		const char *line;
		size_t bytes;
	} rows[] = {{"", 0}, {"9990000018", 10}, {"9990000018,,", 12},
		{"9990000018,x", 12}, {"9990000019,", 11}, {"999000001,8", 11},
		{"999000001x,", 11},
		{"9990000\0"
		 "18,",
			11},
		{" 990000018,", 11}, {"999 000 0018,", 13},
		{"9990000018;", 11}};
	char number[11];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct alm_problem problem = {.detail = ""};

		cr_expect_eq(alm_people_dat_read(
				     (struct alm_bytes){
					     (const uint8_t *)rows[i].line,
					     rows[i].bytes},
				     number, &problem),
			ALM_LIST_INVALID, "row %zu", i);
		cr_expect_null(strstr(problem.detail, "999"));
	}
}
