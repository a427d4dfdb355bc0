/*
 * change.c - almoner policy propose, approve, activate and rollback:
 * the ways in which a policy comes into force.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/policy/signing.h"
#include "lib/id.h"

static const struct alm_option propose_options[] = {
	ALM_REASON_OPTION(true),
	ALM_SIGNING_OPTIONS,
	{0},
};

/** What a command line asks for, being put together.  Zeroed is empty. */
struct change {
	const struct alm_args *args;
	struct alm_attached attached;
	struct alm_signing signing;
	struct alm_ask ask;
	char what[40];
};

static struct change *change_new(const struct alm_args *args, const char *verb)
{
	struct change *change = calloc(1, sizeof(*change));

	if (change != NULL) {
		change->args = args;
		change->ask.verb = verb;
	}
	return change;
}

static void change_free(struct change *change)
{
	if (change != NULL) {
		alm_attached_fini(&change->attached);
		alm_signing_fini(&change->signing);
	}
	free(change);
}

/* The files of the positionals from `first` on, as attachments. */
static enum alm_err attach(
	struct change *change, size_t first, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	for (size_t i = first;
		i < change->args->positional_count && err == ALM_OK; i++) {
		err = alm_attach_path(&change->attached,
			change->args->positionals[i], ".yaml", problem);
	}
	change->ask.attachments = change->attached.items;
	change->ask.attachment_count = change->attached.count;
	return err;
}

/* Number and base of the next proposal, or of the next epoch. */
static void number_next(struct change *change, bool is_emergency)
{
	struct alm_statement *statement = &change->signing.statement;
	const char *next =
		alm_answer_fact(&change->signing.standing, "next-proposal");

	statement->act = is_emergency ? ALM_ACT_EMERGENCY : ALM_ACT_PROPOSE;
	if (is_emergency) {
		statement->number = statement->base + 1;
		alm_ask_add(&change->ask, "emergency", "yes");
		return;
	}
	statement->number = next == NULL ? 0 : strtoull(next, NULL, 10);
	(void)snprintf(change->signing.number, sizeof(change->signing.number),
		"%" PRIu64, statement->number);
	(void)snprintf(change->signing.base, sizeof(change->signing.base),
		"%" PRIu64, statement->base);
	alm_ask_add(&change->ask, "number", change->signing.number);
	alm_ask_add(&change->ask, "base", change->signing.base);
}

/* Sign what is attached, and ask. */
static int ask_signed(
	struct change *change, bool is_emergency, const char *schema)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_signing *signing = &change->signing;

	problem.err = attach(change, 0, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_signing_begin(
			signing, change->args, "policy.proposals", &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = alm_signing_digest(
			&change->attached, &signing->statement.content);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&change->args->output, &problem);
	}
	number_next(change, is_emergency);
	return alm_signing_ask(signing, &change->ask, schema);
}

static int no_memory(const struct alm_args *args)
{
	const struct alm_problem problem = {.err = ALM_NOMEM};

	return alm_print_problem(&args->output, &problem);
}

/* --- propose ------------------------------------------------------------ */

static const struct alm_usage propose_usage = {
	.name = "policy propose",
	.summary = "Propose a policy bundle, for a second person to approve.  "
		   "It must load, and its tests must pass.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = propose_options,
	.notes = "  almoner policy propose policy/ --as anna --key anna.key "
		 "\\\n    --reason 'DSA 17 signed'",
};

int alm_cmd_policy_propose(int argc, char **argv)
{
	struct alm_args args;
	struct change *change;
	int rc = alm_args_parse(&propose_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	change = change_new(&args, "policy.propose");
	rc = change == NULL
		     ? no_memory(&args)
		     : ask_signed(change, false, "almoner.policy.propose/1");
	change_free(change);
	return rc;
}

/* --- approve ------------------------------------------------------------ */

static const struct alm_option approve_options[] = {
	{"digest", 0, ALM_OPTION_TEXT, "HEX",
		"the digest of what was reviewed, in place of its files", false,
		false},
	ALM_REASON_OPTION(true),
	ALM_SIGNING_OPTIONS,
	{0},
};

static const struct alm_usage approve_usage = {
	.name = "policy approve",
	.summary = "Approve a proposal, by the files that you have reviewed: "
		   "nothing is signed if the proposal holds others.",
	.positionals = "NUMBER [FILE...]",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = approve_options,
	.notes = "  almoner policy approve 7 policy/ --as grace --key "
		 "grace.key \\\n    --reason 'reviewed with the DPO'",
};

/* The digest of the files given, or the one given in their place. */
static enum alm_err reviewed_digest(struct change *change,
	struct alm_digest *out_digest, struct alm_problem *problem)
{
	const char *given = alm_args_text(change->args, "digest");
	bool has_files = change->args->positional_count > 1;
	enum alm_err err;

	if (has_files == (given != NULL)) {
		return alm_problem_set(problem, ALM_USAGE,
			"give the files that you have reviewed, or --digest");
	}
	if (given != NULL) {
		err = alm_unhex(given, out_digest->raw, ALM_DIGEST_BYTES);
		return err == ALM_OK ? ALM_OK
				     : alm_problem_set(problem, ALM_USAGE,
					       "a digest is 64 hex digits");
	}
	err = attach(change, 1, problem);
	change->ask.attachment_count = 0;
	return err == ALM_OK ? alm_signing_digest(&change->attached, out_digest)
			     : err;
}

static const char *cell(
	const struct alm_answer *answer, size_t row, const char *column)
{
	int at = alm_answer_column(answer, column);

	return at < 0 ? "" : answer->rows[row].items[at];
}

/* What the proposal says of itself must be what was reviewed. */
static enum alm_err take_proposal(struct change *change,
	const struct alm_digest *reviewed, struct alm_problem *problem)
{
	struct alm_signing *signing = &change->signing;
	const struct alm_answer *answer = &signing->standing;
	const char *number = change->args->positionals[0];
	size_t row = 0;

	while (row < answer->row_count &&
		strcmp(cell(answer, row, "proposal"), number) != 0) {
		row++;
	}
	if (row == answer->row_count) {
		return alm_problem_set(
			problem, ALM_NOT_FOUND, "proposal %.24s", number);
	}
	alm_hex(reviewed->raw, ALM_DIGEST_BYTES, signing->digest);
	if (strcmp(cell(answer, row, "digest"), signing->digest) != 0) {
		return alm_problem_set(problem, ALM_CONTENT_CHANGED,
			"reviewed %.16s..., proposed %.16s...", signing->digest,
			cell(answer, row, "digest"));
	}
	signing->statement.act = ALM_ACT_APPROVE;
	signing->statement.number = strtoull(number, NULL, 10);
	signing->statement.base =
		strtoull(cell(answer, row, "base-epoch"), NULL, 10);
	signing->statement.content = *reviewed;
	if (strcmp(cell(answer, row, "rollback"), "0") != 0) {
		(void)snprintf(change->what, sizeof(change->what),
			"epoch %.24s", cell(answer, row, "rollback"));
		signing->statement.what = change->what;
	}
	alm_ask_add(&change->ask, "proposal", number);
	alm_ask_add(&change->ask, "digest", signing->digest);
	return ALM_OK;
}

static int approve(struct change *change)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_digest reviewed;

	problem.err = reviewed_digest(change, &reviewed, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_signing_begin(&change->signing, change->args,
			"policy.proposals", &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = take_proposal(change, &reviewed, &problem);
	}
	return problem.err == ALM_OK
		       ? alm_signing_ask(&change->signing, &change->ask,
				 "almoner.policy.approve/1")
		       : alm_print_problem(&change->args->output, &problem);
}

int alm_cmd_policy_approve(int argc, char **argv)
{
	struct alm_args args;
	struct change *change;
	int rc = alm_args_parse(&approve_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	change = change_new(&args, "policy.approve");
	rc = change == NULL ? no_memory(&args) : approve(change);
	change_free(change);
	return rc;
}

/* --- activate ----------------------------------------------------------- */

static const struct alm_option activate_options[] = {
	{"proposal", 'p', ALM_OPTION_NUMBER, "N",
		"a proposal that was approved", false, false},
	{"emergency", 0, ALM_OPTION_FLAG, NULL,
		"on one guardian's word, for a day", false, false},
	ALM_REASON_OPTION(true),
	ALM_SIGNING_OPTIONS,
	{0},
};

static const struct alm_usage activate_usage = {
	.name = "policy activate",
	.summary = "Activate an approved proposal; or, in an emergency or "
		   "while no guardian is registered, a policy bundle: all its "
		   "files, a folder stands for its *.yaml files.  All of it "
		   "is activated or nothing.",
	.positionals = "[FILE...]",
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = activate_options,
	.notes = "  almoner policy activate --proposal 7 --reason 'CAB 114'\n"
		 "  almoner policy activate --emergency policy/ --as grace \\\n"
		 "    --key grace.key --reason 'wrong recipient in DSA 17'",
};

#define ACTIVATE_SCHEMA "almoner.policy.activate/1"

/* As it is: an approved proposal, or files while there is no guardian. */
static int ask_plain(struct change *change, const char *schema)
{
	struct alm_problem problem = {.err = ALM_OK};

	problem.err = attach(change, 0, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&change->args->output, &problem);
	}
	alm_ask_change(&change->ask, change->args);
	return alm_admin_change(change->args, &change->ask, schema);
}

static int activate(struct change *change)
{
	const struct alm_args *args = change->args;
	bool has_proposal = alm_args_has(args, "proposal");
	bool is_emergency = alm_args_has(args, "emergency");

	if (has_proposal == (args->positional_count > 0) ||
		(has_proposal && is_emergency)) {
		return alm_args_complain(
			args, "give --proposal N, or the files of a bundle");
	}
	if (is_emergency) {
		return ask_signed(change, true, ACTIVATE_SCHEMA);
	}
	if (alm_signing_is_asked(args)) {
		return alm_args_complain(args,
			"--as is for --emergency; else see policy propose");
	}
	alm_ask_option(&change->ask, args, "proposal");
	return ask_plain(change, ACTIVATE_SCHEMA);
}

int alm_cmd_policy_activate(int argc, char **argv)
{
	struct alm_args args;
	struct change *change;
	int rc = alm_args_parse(&activate_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	change = change_new(&args, "policy.activate");
	rc = change == NULL ? no_memory(&args) : activate(change);
	change_free(change);
	return rc;
}

/* --- rollback ----------------------------------------------------------- */

static const struct alm_option rollback_options[] = {
	{"emergency", 0, ALM_OPTION_FLAG, NULL,
		"at once, on one guardian's word, for a day", false, false},
	ALM_REASON_OPTION(true),
	ALM_SIGNING_OPTIONS,
	{0},
};

static const struct alm_usage rollback_usage = {
	.name = "policy rollback",
	.summary = "Go back to the policy of an earlier epoch: with --as, "
		   "propose that, for a second person to approve; with "
		   "--emergency do it for a day; and while no guardian is "
		   "registered do it at once.",
	.positionals = "EPOCH",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = rollback_options,
	.notes = "  almoner policy history\n"
		 "  almoner policy rollback 12 --as anna --key anna.key "
		 "--reason 'as before'",
};

/* The digest that the broker has kept for the epoch. */
static enum alm_err epoch_digest(
	struct change *change, const char *epoch, struct alm_problem *problem)
{
	struct alm_ask ask = {.verb = "policy.show"};
	struct alm_answer answer;
	const char *digest;
	enum alm_err err;

	alm_ask_add(&ask, "epoch", epoch);
	err = alm_admin_ask(change->signing.control, &ask,
		&change->signing.arena, &answer, problem);
	if (err != ALM_OK) {
		return err;
	}
	digest = alm_answer_fact(&answer, "digest");
	if (digest == NULL ||
		alm_unhex(digest, change->signing.statement.content.raw,
			ALM_DIGEST_BYTES) != ALM_OK) {
		return alm_problem_set(problem, ALM_MALFORMED,
			"the broker does not say the epoch's digest");
	}
	return ALM_OK;
}

static int rollback(struct change *change)
{
	const struct alm_args *args = change->args;
	const char *epoch = args->positionals[0];
	bool is_emergency = alm_args_has(args, "emergency");
	struct alm_problem problem = {.err = ALM_OK};

	alm_ask_add(&change->ask, "rollback", epoch);
	if (!is_emergency && !alm_signing_is_asked(args)) {
		alm_ask_change(&change->ask, args);
		return alm_admin_change(args, &change->ask, ACTIVATE_SCHEMA);
	}
	problem.err = alm_signing_begin(
		&change->signing, args, "policy.proposals", &problem);
	if (problem.err == ALM_OK) {
		problem.err = epoch_digest(change, epoch, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	(void)snprintf(
		change->what, sizeof(change->what), "epoch %.24s", epoch);
	change->signing.statement.what = change->what;
	number_next(change, is_emergency);
	if (!is_emergency) {
		change->ask.verb = "policy.propose";
	}
	return alm_signing_ask(&change->signing, &change->ask,
		is_emergency ? ACTIVATE_SCHEMA : "almoner.policy.propose/1");
}

int alm_cmd_policy_rollback(int argc, char **argv)
{
	struct alm_args args;
	struct change *change;
	int rc = alm_args_parse(&rollback_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	change = change_new(&args, "policy.activate");
	rc = change == NULL ? no_memory(&args) : rollback(change);
	change_free(change);
	return rc;
}
