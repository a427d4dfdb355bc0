/* agent.c - almoner agent keygen, register, list, revoke. */
#include "cli/agent/agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/keys.h"
#include "cli/paths.h"
#include "lib/id.h"

/* --- keygen ------------------------------------------------------------- */

static const struct alm_usage keygen_usage = {
	.name = "agent keygen",
	.summary = "Make an agent's keys: curve.key and signing.key (secret, "
		   "mode 0400) and agent.pub, which goes to the broker's "
		   "operator.  Never overwrites.",
	.positionals = "DIR",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_CHANGE,
};

static enum alm_err write_public(const char *folder,
	const struct alm_public_keys *keys, struct alm_problem *problem)
{
	char path[PATH_MAX];
	char text[512];
	int n = snprintf(text, sizeof(text),
		"# Public keys of an agent, for the broker's operator.\n"
		"curve-key: %s\nsigning-key: %s\n",
		keys->curve, keys->signing);

	if (!alm_path_join(folder, "agent.pub", path)) {
		return alm_problem_set(problem, ALM_IO, "the path is too long");
	}
	return alm_file_write(path,
		(struct alm_bytes){(const uint8_t *)text, (size_t)n}, 0644,
		problem);
}

/** No file of these names may be there, so that nothing is half made. */
static enum alm_err check_absent(
	const char *folder, struct alm_problem *problem)
{
	static const char *const names[] = {
		"curve.key", "signing.key", "agent.pub"};
	char path[PATH_MAX];
	struct stat info;

	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		if (!alm_path_join(folder, names[i], path)) {
			return alm_problem_set(
				problem, ALM_IO, "the path is too long");
		}
		if (lstat(path, &info) == 0) {
			return alm_problem_set(
				problem, ALM_KEY_EXISTS, "%s", path);
		}
	}
	return ALM_OK;
}

static enum alm_err make_keys(const char *folder,
	struct alm_public_keys *out_keys, struct alm_problem *problem)
{
	enum alm_err err;

	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		return alm_problem_set(
			problem, ALM_IO, "%s: %s", folder, strerror(errno));
	}
	err = alm_keys_make(folder, out_keys, problem);
	return err == ALM_OK ? write_public(folder, out_keys, problem) : err;
}

int alm_cmd_agent_keygen(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_public_keys keys = {.curve = ""};
	struct alm_sheet *sheet;
	struct alm_args args;
	int rc = alm_args_parse(&keygen_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = check_absent(args.positionals[0], &problem);
	if (problem.err == ALM_OK && !alm_args_has(&args, "dry-run")) {
		problem.err = make_keys(args.positionals[0], &keys, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	sheet = alm_sheet_new("almoner.agent.keygen/1", NULL, 0);
	alm_sheet_fact(sheet, "folder", args.positionals[0]);
	alm_sheet_fact(sheet, "curve-key", keys.curve);
	alm_sheet_fact(sheet, "signing-key", keys.signing);
	rc = alm_sheet_print(sheet, &args.output);
	alm_sheet_free(sheet);
	return rc;
}

/* --- register ----------------------------------------------------------- */

static const struct alm_option register_options[] = {
	ALM_AGENT_KEY_OPTIONS,
	ALM_REASON_OPTION(false),
	{0},
};

static const struct alm_usage register_usage = {
	.name = "agent register",
	.summary = "Let an organisation's agent connect, by its public keys.",
	.positionals = "ORG NAME",
	.positional_min = 2,
	.positional_max = 2,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = register_options,
	.notes = "  almoner agent register RX1 ward-system --pub agent.pub",
};

enum alm_err alm_agent_given_keys(const struct alm_args *args,
	struct alm_public_keys *out_keys, struct alm_problem *problem)
{
	const char *curve = alm_args_text(args, "curve-key");
	const char *signing = alm_args_text(args, "signing-key");
	const char *file = alm_args_text(args, "pub");
	uint8_t raw[ALM_KEY_BYTES];

	if (file != NULL && curve == NULL && signing == NULL) {
		return alm_keys_read_public(file, out_keys, problem);
	}
	if (file != NULL || curve == NULL || signing == NULL) {
		return alm_problem_set(problem, ALM_USAGE,
			"give --pub FILE, or both --curve-key and "
			"--signing-key");
	}
	if (alm_unhex(curve, raw, sizeof(raw)) != ALM_OK ||
		alm_unhex(signing, raw, sizeof(raw)) != ALM_OK) {
		return alm_problem_set(
			problem, ALM_USAGE, "a public key is 64 hex digits");
	}
	(void)snprintf(out_keys->curve, sizeof(out_keys->curve), "%s", curve);
	(void)snprintf(
		out_keys->signing, sizeof(out_keys->signing), "%s", signing);
	return ALM_OK;
}

int alm_cmd_agent_register(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_ask ask = {.verb = "agent.register"};
	struct alm_public_keys keys;
	struct alm_args args;
	int rc = alm_args_parse(&register_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = alm_agent_given_keys(&args, &keys, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	alm_ask_add(&ask, "organisation", args.positionals[0]);
	alm_ask_add(&ask, "agent", args.positionals[1]);
	alm_ask_add(&ask, "curve-key", keys.curve);
	alm_ask_add(&ask, "signing-key", keys.signing);
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.agent.register/1");
}

/* --- list and revoke ---------------------------------------------------- */

static const struct alm_option list_options[] = {
	{"organisation", 'o', ALM_OPTION_TEXT, "ORG",
		"only this organisation's", false, false},
	{0},
};

static const struct alm_usage list_usage = {
	.name = "agent list",
	.summary = "List the registered agents.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = list_options,
};

int alm_cmd_agent_list(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "agent.list"};
	struct alm_args args;
	int rc = alm_args_parse(&list_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	alm_ask_option(&ask, &args, "organisation");
	return alm_admin_show(&args, &ask, "almoner.agent.list/1", 0);
}

static const struct alm_option revoke_options[] = {
	ALM_REASON_OPTION(true),
	{0},
};

static const struct alm_usage revoke_usage = {
	.name = "agent revoke",
	.summary = "Revoke an agent's keys for good, at once.",
	.positionals = "ORG NAME | ORG/NAME",
	.positional_min = 1,
	.positional_max = 2,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE | ALM_TAKES_YES,
	.options = revoke_options,
};

/* The agent as two words, or as one, as the other verbs have it. */
static enum alm_err name_revoked(const struct alm_args *args,
	struct alm_agent_name *name, struct alm_problem *problem)
{
	enum alm_err err;

	name->agent[0] = '\0';
	err = alm_agent_name_parse(args->positionals[0], name, problem);
	if (err != ALM_OK) {
		return err;
	}
	if ((args->positional_count == 2) == (name->agent[0] != '\0')) {
		return alm_problem_set(problem, ALM_USAGE,
			"name the agent as ORG NAME or ORG/NAME");
	}
	if (args->positional_count == 2 &&
		!alm_id_is_valid(args->positionals[1])) {
		return alm_problem_set(problem, ALM_USAGE,
			"'%.*s' is no agent's name", ALM_ID_BYTES_MAX,
			args->positionals[1]);
	}
	if (args->positional_count == 2) {
		alm_text_copy(
			name->agent, sizeof(name->agent), args->positionals[1]);
	}
	return ALM_OK;
}

int alm_cmd_agent_revoke(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_agent_name name;
	struct alm_ask ask = {.verb = "agent.revoke"};
	char what[ALM_DETAIL_BYTES_MAX];
	struct alm_args args;
	int rc = alm_args_parse(&revoke_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = name_revoked(&args, &name, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	(void)snprintf(what, sizeof(what),
		"1 agent, %s of %s, will never connect again.", name.agent,
		name.organisation);
	rc = alm_confirm(&args, what);
	if (rc >= 0) {
		return rc;
	}
	alm_ask_add(&ask, "organisation", name.organisation);
	alm_ask_add(&ask, "agent", name.agent);
	alm_ask_change(&ask, &args);
	return alm_admin_change(&args, &ask, "almoner.agent.revoke/1");
}
