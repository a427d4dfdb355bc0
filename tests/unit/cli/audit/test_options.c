/* test_options.c - what may be asked of the log, and how. */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/options.h"

static const struct alm_option options[] = {
	{"person", 0, ALM_OPTION_TEXT, "N", "", false, false},
	{"effect", 0, ALM_OPTION_TEXT, "W", "", false, false},
	{"kind", 0, ALM_OPTION_TEXT, "W", "", false, false},
	{"code", 0, ALM_OPTION_TEXT, "C", "", false, false},
	{"message", 0, ALM_OPTION_TEXT, "U", "", false, false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL, "", false, false},
	{"reason", 0, ALM_OPTION_TEXT, "T", "", false, false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage usage = {
	.name = "test it", .positionals = "", .options = options};

static struct alm_audit_question question;
static struct alm_problem problem;

static int parse_two(
	const char *first, const char *second, struct alm_args *out_args)
{
	static char words[3][128];
	char *argv[] = {words[0], words[1], words[2], NULL};
	int argc = second != NULL ? 3 : 2;

	(void)snprintf(words[0], sizeof(words[0]), "almoner");
	(void)snprintf(words[1], sizeof(words[1]), "%s", first);
	(void)snprintf(
		words[2], sizeof(words[2]), "%s", second != NULL ? second : "");
	return alm_args_parse(&usage, argc, argv, out_args);
}

/* Read the question of up to two options. */
static enum alm_err read_two(const char *first, const char *second)
{
	struct alm_args args;

	cr_assert_eq(parse_two(first, second, &args), -1);
	memset(&problem, 0, sizeof(problem));
	return alm_audit_question_read(&args, &question, &problem);
}

Test(audit_options, reads_words_codes_and_kinds)
{
	cr_assert_eq(read_two("--effect=deny", "--kind=refused"), ALM_OK);
	cr_assert_eq(question.effect, 3);
	cr_assert_eq(question.kind, ALM_AUDIT_REFUSED);
	cr_assert_eq(question.limit, ALM_AUDIT_LIMIT_DEFAULT);
	cr_assert_eq(read_two("--code=ALM-1302", NULL), ALM_OK);
	cr_assert_eq(question.code, ALM_MAILBOX_FULL);
	cr_assert_eq(read_two("--code=mailbox-full", NULL), ALM_OK);
	cr_assert_eq(question.code, ALM_MAILBOX_FULL);
	cr_assert_eq(read_two("--code=0", NULL), ALM_OK);
	cr_assert(question.has_code);
}

Test(audit_options, names_the_nearest_kind)
{
	cr_assert_eq(read_two("--kind=refusd", NULL), ALM_USAGE);
	cr_assert_not_null(strstr(problem.detail, "nearest is refused"));
}

Test(audit_options, refuses_words_that_mean_nothing)
{
	struct alm_args args;

	cr_expect_eq(read_two("--effect=maybe", NULL), ALM_USAGE);
	cr_expect_eq(read_two("--code=99999", NULL), ALM_USAGE);
	cr_expect_eq(parse_two("--code=", NULL, &args), ALM_EXIT_USAGE);
	cr_expect_eq(read_two("--message=x", NULL), ALM_BAD_MESSAGE_ID);
}

Test(audit_options, takes_a_person_with_spaces)
{
	cr_expect_eq(read_two("--person=999 000 0018", "--reason=SAR"), ALM_OK);
	cr_expect_str_eq(question.person, "9990000018");
}

Test(audit_options, never_repeats_a_wrong_number)
{
	cr_assert_eq(read_two("--person=9990000019", "--reason=x"),
		ALM_SUBJECT_INVALID);
	cr_assert_null(strstr(problem.detail, "999"));
}
