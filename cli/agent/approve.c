/*
 * approve.c - almoner agent approve: the six words, and yes or no.
 *
 * The words are made here, of the digest that the broker has made of the join
 * that waits; what is approved is that digest and no other.
 */
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/agent/agent.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "lib/id.h"
#include "lib/wordlist.h"

static const struct alm_option options[] = {
	ALM_REASON_OPTION(false),
	{0},
};

static const struct alm_usage usage = {
	.name = "agent approve",
	.summary = "Let the agent in that has joined with an invite, once its "
		   "six words are the same on both sides.",
	.positionals = "ORG[/NAME]",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE | ALM_TAKES_YES,
	.options = options,
	.notes = "Have the partner read the six words of almoner-agent join "
		 "over the telephone.\nIf one differs, somebody is in "
		 "between: do not approve, revoke the invite.",
};

/* The one join that waits for it. */
struct waiting {
	const char *invite;
	const char *agent;
	const char *check;
	const char *roles;
	const char *categories;
	char words[ALM_WORDS_SAID_BYTES];
};

static const char *cell(
	const struct alm_answer *answer, size_t row, const char *column)
{
	int place = alm_answer_column(answer, column);

	return place < 0 ? "" : answer->rows[row].items[place];
}

static enum alm_err find(const struct alm_answer *answer, const char *agent,
	struct waiting *out, struct alm_problem *problem)
{
	uint8_t check[ALM_DIGEST_BYTES];
	size_t count = 0;

	for (size_t i = 0; i < answer->row_count; i++) {
		if (strcmp(cell(answer, i, "status"), "joined") != 0 ||
			(agent[0] != '\0' &&
				strcmp(agent, cell(answer, i, "agent")) != 0)) {
			continue;
		}
		count++;
		out->invite = cell(answer, i, "invite");
		out->agent = cell(answer, i, "agent");
		out->check = cell(answer, i, "check");
		out->roles = cell(answer, i, "roles");
		out->categories = cell(answer, i, "categories");
	}
	if (count == 0) {
		return alm_problem_set(problem, ALM_NOT_FOUND,
			"nobody has joined and waits; see almoner agent "
			"invites");
	}
	if (count > 1) {
		return alm_problem_set(problem, ALM_USAGE,
			"%zu agents of it wait: name one as ORG/NAME", count);
	}
	if (alm_unhex(out->check, check, sizeof(check)) != ALM_OK) {
		return alm_problem_set(
			problem, ALM_INTERNAL, "the broker's answer");
	}
	alm_words_say(check, out->words);
	return ALM_OK;
}

static int confirm(const struct alm_args *args, const char *organisation,
	const struct waiting *waiting)
{
	char what[ALM_DETAIL_BYTES_MAX];

	/* The words are for a person, also where nothing is asked. */
	if (args->output.format == ALM_FORMAT_TABLE) {
		(void)fprintf(stderr, "\n    %s\n\n", waiting->words);
	}
	(void)snprintf(what, sizeof(what),
		"%s of %s may %s%s%s. Are the six words the same on its side?",
		waiting->agent, organisation, waiting->roles,
		waiting->categories[0] == '\0' ? "" : " only ",
		waiting->categories);
	return alm_confirm(args, what);
}

static int approve(const struct alm_args *args, struct alm_control *control,
	const struct waiting *waiting, struct alm_arena *arena,
	struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "agent.approve"};
	struct alm_answer answer;
	struct alm_sheet *sheet;
	int rc;

	alm_ask_add(&ask, "invite", waiting->invite);
	alm_ask_add(&ask, "check", waiting->check);
	alm_ask_change(&ask, args);
	problem->err = alm_admin_ask(control, &ask, arena, &answer, problem);
	if (problem->err != ALM_OK) {
		return alm_print_problem(&args->output, problem);
	}
	sheet = alm_admin_sheet("almoner.agent.approve/1", &answer);
	alm_sheet_fact(sheet, "words", waiting->words);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	if (rc == ALM_EXIT_OK && alm_args_has(args, "dry-run")) {
		alm_print_dry_run(&args->output);
	}
	return rc;
}

int alm_cmd_agent_approve(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "agent.invites"};
	struct alm_control *control = NULL;
	struct alm_agent_name name;
	struct alm_answer answer;
	struct waiting waiting = {.invite = "",
		.agent = "",
		.check = "",
		.roles = "",
		.categories = ""};
	struct alm_arena arena;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_arena_init(&arena, ALM_ADMIN_FRAME_BYTES_MAX);
	problem.err =
		alm_agent_name_parse(args.positionals[0], &name, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_admin_open(&args, &control, &problem);
	}
	if (problem.err == ALM_OK) {
		alm_ask_add(&ask, "organisation", name.organisation);
		problem.err =
			alm_admin_ask(control, &ask, &arena, &answer, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = find(&answer, name.agent, &waiting, &problem);
	}
	if (problem.err != ALM_OK) {
		rc = alm_print_problem(&args.output, &problem);
	} else {
		rc = confirm(&args, name.organisation, &waiting);
		if (rc < 0) {
			rc = approve(
				&args, control, &waiting, &arena, &problem);
		}
	}
	alm_control_close(control);
	alm_arena_fini(&arena);
	return rc;
}
