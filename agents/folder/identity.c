#include "agents/folder/identity.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "agents/folder/log.h"
#include "agents/include/almoner_identity.h"

static const char join_usage[] =
	"usage: almoner-agent join FILE [--dir DIR] [--dry-run]\n"
	"\n"
	"  FILE       the invite that the broker's operator has sent\n"
	"  --dir DIR  where keys and context go; default: ./ORG-AGENT of the\n"
	"             invite\n"
	"  --dry-run  see that it would work; make and change nothing\n"
	"\n"
	"Read the six words to the operator over the telephone.\n";

static const char rotate_usage[] =
	"usage: almoner-agent rotate --context FILE [--dry-run]\n"
	"\n"
	"  --context FILE  of the agent whose keys are replaced\n"
	"  --dry-run       see that it would work; make and change nothing\n"
	"\n"
	"An agent at work changes over by itself.\n";

static const char follow_usage[] =
	"usage: almoner-agent follow --context FILE [--dry-run]\n"
	"\n"
	"  --context FILE  of an agent whose broker moves to another endpoint\n"
	"                  and key; it is rewritten if it does\n"
	"  --dry-run       ask, try, and leave the file as it is\n";

static int fail(const struct alm_problem *problem)
{
	const struct alm_err_info *info = alm_err_info(problem->err);

	(void)fprintf(stderr, "almoner-agent: ALM-%d %s: %s", (int)problem->err,
		info->name, info->sentence);
	if (problem->detail[0] != '\0') {
		(void)fprintf(stderr, " (%s)", problem->detail);
	}
	(void)fprintf(stderr, "\n  %s\n", info->hint);
	return info->exit_code;
}

static int misused(const char *usage)
{
	(void)fputs(usage, stderr);
	return ALM_EXIT_USAGE;
}

/* The value of the one option, and whether it is a dry run; -1: FILE is wrong
 * or missing. */
static int read_one(int argc, char **argv, const char *option, int positionals,
	const char **out_value, bool *out_is_dry_run)
{
	const struct option longs[] = {{option, required_argument, NULL, 'o'},
		{"dry-run", no_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'o') {
			*out_value = optarg;
		} else if (c == 'd') {
			*out_is_dry_run = true;
		} else {
			return c == 'h' ? 1 : -1;
		}
	}
	return argc - optind == positionals ? 0 : -1;
}

static enum alm_err default_folder(const char *invite_file, char out[PATH_MAX],
	struct alm_problem *problem)
{
	struct alm_invite_file invite;
	enum alm_err err = alm_invite_read(invite_file, &invite, problem);

	if (err == ALM_OK) {
		(void)snprintf(out, PATH_MAX, "%s-%s", invite.organisation,
			invite.agent);
	}
	return err;
}

static void tell_joined(
	const char *invite_file, const struct alm_join_result *result)
{
	struct stat info;

	if (stat(invite_file, &info) == 0 && (info.st_mode & 077) != 0) {
		(void)fprintf(stderr,
			"warning: others on this machine can read %s; it "
			"should have been private (mode 0600)\n",
			invite_file);
	}
	(void)printf("%s\n", result->words);
	(void)fprintf(stderr,
		"%s of %s has joined%s. Read these six words to the broker's "
		"operator, who must see the same.\nThen: almoner doctor "
		"--context %s, which tests the way there and back,\nand: "
		"almoner-agent --context %s --folder FOLDER\n",
		result->agent, result->organisation,
		result->is_approved ? " and is approved" : "", result->context,
		result->context);
}

int alm_agent_join(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_join_result result;
	const char *folder = NULL;
	bool is_dry_run = false;
	char named[PATH_MAX];
	int rc = read_one(argc, argv, "dir", 1, &folder, &is_dry_run);

	if (rc != 0) {
		return rc > 0      ? (void)fputs(join_usage, stdout),
		       ALM_EXIT_OK : misused(join_usage);
	}
	if (folder == NULL) {
		problem.err = default_folder(argv[optind], named, &problem);
		folder = named;
	}
	if (problem.err == ALM_OK) {
		problem.err = is_dry_run ? alm_join_try(argv[optind], folder,
						   &result, &problem)
					 : alm_join_broker(argv[optind], folder,
						   &result, &problem);
	}
	if (problem.err != ALM_OK) {
		return fail(&problem);
	}
	if (is_dry_run) {
		(void)fprintf(stderr,
			"this was a dry run: %s of %s can join, with %s\n",
			result.agent, result.organisation, result.context);
	} else {
		tell_joined(argv[optind], &result);
	}
	return ALM_EXIT_OK;
}

int alm_agent_rotate(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	const char *context = NULL;
	bool is_dry_run = false;
	char until[32];
	int rc = read_one(argc, argv, "context", 0, &context, &is_dry_run);

	if (rc != 0 || context == NULL) {
		return rc > 0      ? (void)fputs(rotate_usage, stdout),
		       ALM_EXIT_OK : misused(rotate_usage);
	}
	problem.err = is_dry_run ? alm_rotate_try(context, until, &problem)
				 : alm_rotate_keys(context, until, &problem);
	if (problem.err != ALM_OK) {
		return fail(&problem);
	}
	if (is_dry_run) {
		(void)fprintf(stderr,
			"this was a dry run: the broker would take new keys%s"
			"%s\n",
			until[0] == '\0' ? "" : ", and those of now until ",
			until);
		return ALM_EXIT_OK;
	}
	(void)printf("the new keys are in place%s%s\n",
		until[0] == '\0' ? "" : "; the keys before are valid until ",
		until);
	return ALM_EXIT_OK;
}

int alm_agent_follow(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	char endpoint[ALM_ENDPOINT_BYTES_MAX + 1] = "";
	const char *context = NULL;
	bool is_dry_run = false;
	int rc = read_one(argc, argv, "context", 0, &context, &is_dry_run);

	if (rc != 0 || context == NULL) {
		return rc > 0      ? (void)fputs(follow_usage, stdout),
		       ALM_EXIT_OK : misused(follow_usage);
	}
	problem.err = is_dry_run ? alm_identity_ask_and_try(
					   context, endpoint, &problem)
				 : alm_identity_ask_and_follow(
					   context, endpoint, &problem);
	if (problem.err != ALM_OK) {
		return fail(&problem);
	}
	if (is_dry_run) {
		(void)fprintf(
			stderr, "this was a dry run: nothing is changed\n");
	}
	(void)printf("the broker %s%s\n",
		endpoint[0] == '\0' ? "stays where it is" : "is now at ",
		endpoint);
	return ALM_EXIT_OK;
}
