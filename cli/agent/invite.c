/* invite.c - almoner agent invite, invites, uninvite. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "agents/include/almoner_identity.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "lib/id.h"
#include "lib/time.h"

#define EXPIRES_S (INT64_C(3) * 24 * 3600)

static const struct alm_option invite_options[] = {
	{"agent", 'a', ALM_OPTION_TEXT, "NAME",
		"the agent's name; default: agent", false, false},
	{"roles", 0, ALM_OPTION_TEXT, "ROLES",
		"send, receive, query, with commas between; default: all",
		false, false},
	{"categories", 0, ALM_OPTION_TEXT, "LIST",
		"the only categories it may send and receive; default: any",
		false, false},
	{"expires", 0, ALM_OPTION_DURATION, "DURATION",
		"how long it is good; default 3d, at most 30d", false, false},
	{"endpoint", 0, ALM_OPTION_TEXT, "ENDPOINT",
		"how the agent reaches the broker, if not as the broker says",
		false, false},
	{"out", 0, ALM_OPTION_TEXT, "FILE",
		"the invite file to write; default: ORG-AGENT.invite", false,
		false},
	ALM_REASON_OPTION(false),
	{0},
};

static const struct alm_usage invite_usage = {
	.name = "agent invite",
	.summary = "Invite an organisation's agent: writes a file that is good "
		   "once, with a secret that the broker does not keep.",
	.positionals = "ORG",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = invite_options,
	.notes = "  almoner agent invite RX1 --agent ward-system",
};

/* Texts that an ask borrows until it has been asked, and the file. */
struct wanted {
	char out[PATH_MAX];
	char invite_key[65];
	char proof_hash[65];
	char expires_s[24];
};

static bool is_wildcard(const char *endpoint)
{
	return strncmp(endpoint, "tcp://*:", 8) == 0 ||
	       strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0 ||
	       strncmp(endpoint, "tcp://[::]:", 11) == 0;
}

/* It would be joined with on this machine and on no other. */
static bool is_loopback(const char *endpoint)
{
	return strncmp(endpoint, "tcp://127.", 10) == 0 ||
	       strncmp(endpoint, "tcp://localhost:", 16) == 0 ||
	       strncmp(endpoint, "tcp://[::1]:", 12) == 0;
}

static enum alm_err make_secret(struct alm_invite_file *invite,
	struct wanted *wanted, struct alm_problem *problem)
{
	struct alm_invite_keys keys;
	enum alm_err err;

	if (sodium_init() < 0) {
		return alm_problem_set(problem, ALM_INTERNAL, "no randomness");
	}
	randombytes_buf(invite->secret, sizeof(invite->secret));
	err = alm_invite_derive(invite->secret, &keys);
	alm_hex(keys.curve_public, ALM_KEY_BYTES, wanted->invite_key);
	alm_hex(keys.proof_hash, 32, wanted->proof_hash);
	sodium_memzero(&keys, sizeof(keys));
	return err == ALM_OK ? ALM_OK
			     : alm_problem_set(problem, err, "invite's keys");
}

/* Where the invite is written: an id with a slash would lead elsewhere. */
static enum alm_err choose_file(const struct alm_args *args,
	struct wanted *wanted, struct alm_problem *problem)
{
	const char *organisation = args->positionals[0];
	const char *agent = alm_args_text(args, "agent");
	const char *out = alm_args_text(args, "out");

	agent = agent == NULL ? "agent" : agent;
	if (out != NULL) {
		alm_text_copy(wanted->out, sizeof(wanted->out), out);
		return ALM_OK;
	}
	if (strchr(organisation, '/') != NULL || strchr(agent, '/') != NULL) {
		return alm_problem_set(problem, ALM_USAGE,
			"ORG and NAME are ids, without a slash");
	}
	(void)snprintf(wanted->out, sizeof(wanted->out), "%s-%s.invite",
		organisation, agent);
	return ALM_OK;
}

static void make_ask(
	const struct alm_args *args, struct wanted *wanted, struct alm_ask *ask)
{
	const char *agent = alm_args_text(args, "agent");
	int64_t expires_s = alm_args_number(args, "expires", EXPIRES_S);

	(void)snprintf(wanted->expires_s, sizeof(wanted->expires_s), "%lld",
		(long long)expires_s);
	alm_ask_add(ask, "organisation", args->positionals[0]);
	alm_ask_add(ask, "agent", agent == NULL ? "agent" : agent);
	alm_ask_option(ask, args, "roles");
	alm_ask_option(ask, args, "categories");
	alm_ask_add(ask, "expires-s", wanted->expires_s);
	alm_ask_add(ask, "invite-key", wanted->invite_key);
	alm_ask_add(ask, "proof-hash", wanted->proof_hash);
	alm_ask_change(ask, args);
}

static const char *fact(const struct alm_answer *answer, const char *key)
{
	const char *value = alm_answer_fact(answer, key);

	return value == NULL ? "" : value;
}

/* The broker says microseconds; the file whole seconds. */
static enum alm_err whole_seconds(const char *text, int64_t *out_s)
{
	char cut[ALM_INSTANT_TEXT_BYTES];
	size_t bytes = strcspn(text, ".Z");

	if (bytes + 2 > sizeof(cut)) {
		return ALM_VALUE_BAD;
	}
	memcpy(cut, text, bytes);
	memcpy(cut + bytes, "Z", 2);
	return alm_instant_parse(cut, out_s);
}

static enum alm_err fill_file(const struct alm_args *args,
	const struct alm_answer *answer, struct alm_invite_file *invite,
	struct alm_problem *problem)
{
	const char *endpoint = alm_args_text(args, "endpoint");

	if (endpoint == NULL) {
		endpoint = fact(answer, "endpoint");
	}
	invite->number = strtoull(fact(answer, "invite"), NULL, 10);
	alm_text_copy(invite->organisation, sizeof(invite->organisation),
		fact(answer, "organisation"));
	alm_text_copy(
		invite->agent, sizeof(invite->agent), fact(answer, "agent"));
	alm_text_copy(invite->endpoint, sizeof(invite->endpoint), endpoint);
	if (alm_unhex(fact(answer, "broker-key"), invite->broker_key,
		    ALM_KEY_BYTES) != ALM_OK ||
		whole_seconds(fact(answer, "expires-at"), &invite->expires_s) !=
			ALM_OK) {
		return alm_problem_set(
			problem, ALM_INTERNAL, "the broker's answer");
	}
	return ALM_OK;
}

/* Before anything is made: where the agent would go, and that the file can be
 * written. */
static enum alm_err check_first(const struct alm_args *args, const char *out,
	struct alm_control *control, struct alm_arena *arena,
	struct alm_problem *problem)
{
	const char *endpoint = alm_args_text(args, "endpoint");
	const struct alm_ask ask = {.verb = "status"};
	struct alm_answer answer;
	enum alm_err err = ALM_OK;

	if (access(out, F_OK) == 0) {
		return alm_problem_set(problem, ALM_IO,
			"%s is there already and is not overwritten", out);
	}
	if (endpoint == NULL) {
		err = alm_admin_ask(control, &ask, arena, &answer, problem);
	}
	if (err == ALM_OK && endpoint == NULL &&
		is_wildcard(fact(&answer, "public-endpoint"))) {
		return alm_problem_set(problem, ALM_USAGE,
			"the broker listens on all addresses: say which one "
			"agents use with --endpoint, or set public-endpoint");
	}
	return err;
}

static int print_invite(const struct alm_args *args,
	const struct alm_answer *answer, const struct alm_invite_file *invite,
	const char *out)
{
	struct alm_sheet *sheet =
		alm_admin_sheet("almoner.agent.invite/1", answer);
	bool is_dry = alm_args_has(args, "dry-run");
	int rc;

	if (strcmp(fact(answer, "in-policy"), "no") == 0) {
		alm_print_warning(&args->output,
			"%s is not in the active policy: nothing can be sent "
			"to or by it yet",
			invite->organisation);
	}
	alm_admin_warn(&args->output, answer);
	if (is_loopback(invite->endpoint)) {
		alm_print_warning(&args->output,
			"%s is reached from this machine alone: set endpoint "
			"and public-endpoint of the broker, or give --endpoint",
			invite->endpoint);
	}
	alm_sheet_fact(sheet, "file", is_dry ? "" : out);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	if (rc == ALM_EXIT_OK && is_dry) {
		alm_print_dry_run(&args->output);
	}
	return rc;
}

int alm_cmd_agent_invite(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "agent.invite"};
	struct alm_invite_file invite = {.number = 0};
	struct alm_control *control = NULL;
	struct alm_answer answer;
	struct wanted wanted;
	struct alm_arena arena;
	struct alm_args args;
	int rc = alm_args_parse(&invite_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_arena_init(&arena, ALM_ADMIN_FRAME_BYTES_MAX);
	problem.err = alm_admin_open(&args, &control, &problem);
	if (problem.err == ALM_OK) {
		problem.err = choose_file(&args, &wanted, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = check_first(
			&args, wanted.out, control, &arena, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = make_secret(&invite, &wanted, &problem);
	}
	if (problem.err == ALM_OK) {
		make_ask(&args, &wanted, &ask);
		problem.err =
			alm_admin_ask(control, &ask, &arena, &answer, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = fill_file(&args, &answer, &invite, &problem);
	}
	if (problem.err == ALM_OK && !alm_args_has(&args, "dry-run")) {
		problem.err = alm_invite_write(wanted.out, &invite, &problem);
	}
	rc = problem.err == ALM_OK
		     ? print_invite(&args, &answer, &invite, wanted.out)
		     : alm_print_problem(&args.output, &problem);
	sodium_memzero(&invite, sizeof(invite));
	alm_control_close(control);
	alm_arena_fini(&arena);
	return rc;
}

/* --- invites and uninvite ------------------------------------------------- */

static const struct alm_option invites_options[] = {
	{"organisation", 'o', ALM_OPTION_TEXT, "ORG",
		"only this organisation's", false, false},
	{"all", 0, ALM_OPTION_FLAG, NULL,
		"also those that were used, were revoked or have expired",
		false, false},
	{0},
};

static const struct alm_usage invites_usage = {
	.name = "agent invites",
	.summary = "List the invites that are open, and who has joined.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = invites_options,
};

int alm_cmd_agent_invites(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "agent.invites"};
	struct alm_args args;
	int rc = alm_args_parse(&invites_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_option(&ask, &args, "organisation");
	alm_ask_add(&ask, "all", alm_args_has(&args, "all") ? "yes" : NULL);
	return alm_admin_show(&args, &ask, "almoner.agent.invites/1", 0);
}

static const struct alm_option uninvite_options[] = {
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage uninvite_usage = {
	.name = "agent uninvite",
	.summary = "Revoke an invite by its number, also one that was joined "
		   "with and is not approved.",
	.positionals = "INVITE",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = uninvite_options,
};

int alm_cmd_agent_uninvite(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "agent.uninvite"};
	struct alm_args args;
	int rc = alm_args_parse(&uninvite_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_add(&ask, "invite", args.positionals[0]);
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.agent.uninvite/1");
}
