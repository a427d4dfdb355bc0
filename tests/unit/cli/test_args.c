/* test_args.c - the command line of one command. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/args.h"

static const struct alm_option options[] = {
	{"to", 't', ALM_OPTION_TEXT, "ORG", "whom", true, false},
	{"category", 'k', ALM_OPTION_TEXT, "ID", "what", false, true},
	{"limit", 0, ALM_OPTION_NUMBER, "N", "how many", false, false},
	{"payload", 0, ALM_OPTION_SIZE, "SIZE", "how large", false, false},
	{"wait", 0, ALM_OPTION_DURATION, "TIME", "how long", false, false},
	{"since", 0, ALM_OPTION_INSTANT, "TIME", "when", false, false},
	{"from", 0, ALM_OPTION_MOMENT, "TIME", "when exactly", false, false},
	{"reveal", 'R', ALM_OPTION_FLAG, NULL, "all", false, false},
	{NULL, 0, ALM_OPTION_FLAG, NULL, NULL, false, false},
};

static const struct alm_usage usage = {
	.name = "test it",
	.summary = "Test.",
	.positionals = "ONE [TWO]",
	.positional_min = 1,
	.positional_max = 2,
	.takes = ALM_TAKES_CHANGE,
	.options = options,
};

static struct alm_args args;

/* Split at blanks and parse; the words live until the next call. */
static int parse(const char *line)
{
	static char text[512];
	static char *argv[64];
	int argc = 0;

	(void)snprintf(text, sizeof(text), "almoner %s", line);
	for (char *word = strtok(text, " "); word != NULL;
		word = strtok(NULL, " ")) {
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return alm_args_parse(&usage, argc, argv, &args);
}

Test(args, takes_long_short_and_attached_values)
{
	cr_assert_eq(parse("--to RX1 a"), -1);
	cr_assert_str_eq(alm_args_text(&args, "to"), "RX1");
	cr_assert_eq(parse("--to=RX1 a"), -1);
	cr_assert_str_eq(alm_args_text(&args, "to"), "RX1");
	cr_assert_eq(parse("-t RX1 a"), -1);
	cr_assert_str_eq(alm_args_text(&args, "to"), "RX1");
	cr_assert_eq(parse("-RtRX1 a"), -1);
	cr_assert_str_eq(alm_args_text(&args, "to"), "RX1");
	cr_assert(alm_args_has(&args, "reveal"));
}

Test(args, mixes_options_and_positionals)
{
	cr_assert_eq(parse("a --to RX1 b --dry-run"), -1);
	cr_assert_eq(args.positional_count, 2);
	cr_assert_str_eq(args.positionals[0], "a");
	cr_assert_str_eq(args.positionals[1], "b");
	cr_assert(alm_args_has(&args, "dry-run"));
}

Test(args, ends_options_at_two_dashes_and_takes_a_lone_dash)
{
	cr_assert_eq(parse("-t X -- --to -"), -1);
	cr_assert_eq(args.positional_count, 2);
	cr_assert_str_eq(args.positionals[0], "--to");
	cr_assert_str_eq(args.positionals[1], "-");
}

Test(args, keeps_every_value_of_a_repeated_option)
{
	cr_assert_eq(parse("-t X -k a --category b one"), -1);
	cr_assert_str_eq(alm_args_nth(&args, "category", 0), "a");
	cr_assert_str_eq(alm_args_nth(&args, "category", 1), "b");
	cr_assert_null(alm_args_nth(&args, "category", 2));
}

Test(args, reads_numbers_sizes_durations_and_instants)
{
	cr_assert_eq(parse("-t X --limit 18446744 --payload 64KiB --wait 5m "
			   "--since 2026-07-30T09:00:00Z a"),
		-1);
	cr_assert_eq(alm_args_number(&args, "limit", 0), 18446744);
	cr_assert_eq(alm_args_number(&args, "payload", 0), 65536);
	cr_assert_eq(alm_args_number(&args, "wait", 0), 300);
	cr_assert_eq(alm_args_number(&args, "since", 0), INT64_C(1785402000));
	cr_assert_eq(parse("-t X --since 2026-01-30 a"), -1);
	cr_assert_eq(alm_args_number(&args, "since", 0), INT64_C(1769731200));
	cr_assert_eq(alm_args_number(&args, "limit", 7), 7);
	cr_assert_eq(parse("-t X --from 2026-07-30T09:00:00.951718Z a"), -1);
	cr_assert_eq(
		alm_args_number(&args, "from", 0), INT64_C(1785402000951718));
	cr_assert_eq(parse("-t X --from 2026-01-30 a"), -1);
	cr_assert_eq(
		alm_args_number(&args, "from", 0), INT64_C(1769731200000000));
	cr_assert_eq(parse("-t X --since 30d a"), -1);
	cr_assert_leq(llabs(time(NULL) - INT64_C(30) * 86400 -
			      alm_args_number(&args, "since", 0)),
		600);
}

Test(args, refuses_what_is_not_understood_with_2)
{
	static const char *const lines[] = {"a", /* --to is needed */
		"--to X",                        /* ONE is needed */
		"--to X a b c", "--to X a --too Y", "--to X a -z",
		"--to X --to Y a", "--to X a --limit", "--to X a --limit x",
		"--to X a --limit -1", "--to X a --limit 99999999999999999999",
		"--to X a --payload 5Kb", "--to X a --payload 9000000TiB",
		"--to X a --wait 5", "--to X a --since yesterday",
		"--to X a --reveal=yes", "--to X a --json --csv", "a --to",
		"--to X a --yes", "--to= a", "--to X a --reveal="};

	for (size_t i = 0; i < ALM_COUNT(lines); i++) {
		cr_expect_eq(parse(lines[i]), ALM_EXIT_USAGE, "%s", lines[i]);
	}
}

/* An empty variable of a script must not become "no condition". */
Test(args, refuses_what_is_empty)
{
	static char words[][8] = {"almoner", "a", "--to", "X", ""};
	char *options_empty[] = {words[0], words[1], words[2], words[4], NULL};
	char *positional_empty[] = {
		words[0], words[4], words[2], words[3], NULL};
	struct alm_usage clearing = usage;

	cr_expect_eq(alm_args_parse(&usage, 4, options_empty, &args),
		ALM_EXIT_USAGE);
	cr_expect_eq(alm_args_parse(&usage, 4, positional_empty, &args),
		ALM_EXIT_USAGE);
	clearing.takes |= ALM_TAKES_EMPTY;
	cr_expect_eq(alm_args_parse(&clearing, 4, options_empty, &args), -1);
	cr_expect_str_eq(alm_args_text(&args, "to"), "");
}

Test(args, refuses_more_options_than_the_limit)
{
	static char words[][8] = {"almoner", "a", "--to", "X", "-k", "x"};
	char *argv[300] = {words[0], words[1], words[2], words[3]};
	int argc = 4;

	while (argc < 290) {
		argv[argc++] = words[4];
		argv[argc++] = words[5];
	}
	cr_assert_eq(alm_args_parse(&usage, argc, argv, &args), ALM_EXIT_USAGE);
}

Test(args, helps_even_when_something_is_wrong)
{
	cr_assert_eq(parse("--limit --help"), ALM_EXIT_OK);
	cr_assert_eq(parse("-h"), ALM_EXIT_OK);
}
