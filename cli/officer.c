/*
 * officer.c - almoner officer keygen, register, list, revoke and sign: the
 * people who propose and approve policy, known by their keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/context.h"
#include "cli/keys.h"
#include "cli/policy/signing.h"
#include "lib/id.h"

/* --- keygen ------------------------------------------------------------- */

static const struct alm_usage keygen_usage = {
	.name = "officer keygen",
	.summary = "Make an officer's secret key (mode 0400) and show its "
		   "public half, which goes to officer register.  Never "
		   "overwrites.",
	.positionals = "FILE",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_CHANGE,
	.notes = "  almoner officer keygen grace.key",
};

int alm_cmd_officer_keygen(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	char key[ALM_KEY_HEX_BYTES] = "";
	struct alm_sheet *sheet;
	struct alm_args args;
	int rc = alm_args_parse(&keygen_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (!alm_args_has(&args, "dry-run")) {
		problem.err = alm_keys_make_signing(
			args.positionals[0], key, &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	sheet = alm_sheet_new("almoner.officer.keygen/1", NULL, 0);
	alm_sheet_fact(sheet, "file", args.positionals[0]);
	alm_sheet_fact(sheet, "key", key);
	rc = alm_sheet_print(sheet, &args.output);
	alm_sheet_free(sheet);
	return rc;
}

/* --- register and revoke ------------------------------------------------ */

static const struct alm_option register_options[] = {
	{"pub", 0, ALM_OPTION_TEXT, "HEX", "the public key, 64 hex digits",
		true, false},
	ALM_REASON_OPTION(true),
	ALM_SIGNING_OPTIONS,
	{0},
};

static const struct alm_usage register_usage = {
	.name = "officer register",
	.summary = "Register an officer: an author, who proposes policies, or "
		   "a guardian, who approves them too.  Once there is a "
		   "guardian, one must sign for it (--as, --key).",
	.positionals = "NAME author|guardian",
	.positional_min = 2,
	.positional_max = 2,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE,
	.options = register_options,
	.notes = "  almoner officer register grace guardian --pub HEX "
		 "--reason 'Caldicott Guardian'",
};

struct officer_change {
	struct alm_signing signing;
	struct alm_ask ask;
	char what[256];
};

/* The arguments are in; a guardian signs if one is named. */
static int ask_change(struct officer_change *change,
	const struct alm_args *args, enum alm_act act, const char *schema)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_statement *statement = &change->signing.statement;
	const struct alm_answer *list = &change->signing.standing;
	const char *role = act == ALM_ACT_REGISTER ? args->positionals[1] : "";
	const char *key = alm_args_text(args, "pub");
	const char *number;

	if (!alm_signing_is_asked(args)) {
		alm_ask_change(&change->ask, args);
		return alm_admin_change(args, &change->ask, schema);
	}
	problem.err = alm_signing_begin(
		&change->signing, args, "officer.list", &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	number = alm_answer_fact(list, "next-officer");
	for (size_t i = 0; act == ALM_ACT_REVOKE && i < list->row_count; i++) {
		const char *const *row = list->rows[i].items;

		if (list->columns.count >= 5 &&
			strcmp(row[1], args->positionals[0]) == 0 &&
			strcmp(row[3], "active") == 0) {
			number = row[0];
			role = row[2];
			key = row[4];
		}
	}
	statement->act = act;
	statement->number = number == NULL ? 0 : strtoull(number, NULL, 10);
	(void)snprintf(change->what, sizeof(change->what), "%.64s %.16s %.64s",
		args->positionals[0], role, key == NULL ? "" : key);
	statement->what = change->what;
	return alm_signing_ask(&change->signing, &change->ask, schema);
}

static int run_change(const struct alm_args *args, const char *verb,
	enum alm_act act, const char *schema)
{
	struct officer_change *change = calloc(1, sizeof(*change));
	int rc;

	if (change == NULL) {
		return ALM_EXIT_UNAVAILABLE;
	}
	change->ask.verb = verb;
	alm_ask_add(&change->ask, "name", args->positionals[0]);
	if (act == ALM_ACT_REGISTER) {
		alm_ask_add(&change->ask, "role", args->positionals[1]);
		alm_ask_add(&change->ask, "key", alm_args_text(args, "pub"));
	}
	rc = ask_change(change, args, act, schema);
	alm_signing_fini(&change->signing);
	free(change);
	return rc;
}

int alm_cmd_officer_register(int argc, char **argv)
{
	struct alm_args args;
	int rc = alm_args_parse(&register_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return run_change(&args, "officer.register", ALM_ACT_REGISTER,
		"almoner.officer.register/1");
}

static const struct alm_option revoke_options[] = {
	ALM_REASON_OPTION(true),
	ALM_SIGNING_OPTIONS,
	{0},
};

static const struct alm_usage revoke_usage = {
	.name = "officer revoke",
	.summary = "Revoke an officer's key for good: approvals that were not "
		   "acted on count no more.  The last guardian stays.",
	.positionals = "NAME",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN | ALM_TAKES_CHANGE | ALM_TAKES_YES,
	.options = revoke_options,
};

int alm_cmd_officer_revoke(int argc, char **argv)
{
	char what[ALM_DETAIL_BYTES_MAX];
	struct alm_args args;
	int rc = alm_args_parse(&revoke_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	(void)snprintf(what, sizeof(what),
		"1 officer, %s, will never sign with this key again.",
		args.positionals[0]);
	rc = alm_confirm(&args, what);
	if (rc >= 0) {
		return rc;
	}
	return run_change(&args, "officer.revoke", ALM_ACT_REVOKE,
		"almoner.officer.revoke/1");
}

/* --- list ---------------------------------------------------------------- */

static const struct alm_usage list_usage = {
	.name = "officer list",
	.summary = "List the officers of policy and their public keys.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
};

int alm_cmd_officer_list(int argc, char **argv)
{
	struct alm_ask ask = {.verb = "officer.list"};
	struct alm_args args;
	int rc = alm_args_parse(&list_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	return alm_admin_show(&args, &ask, "almoner.officer.list/1", 0);
}

/* --- sign ---------------------------------------------------------------- */

static const struct alm_option sign_options[] = {
	{"key", 'k', ALM_OPTION_TEXT, "FILE", "the officer's secret key", false,
		false},
	{0},
};

static const struct alm_usage sign_usage = {
	.name = "officer sign",
	.summary = "Sign a statement that --print-statement wrote, on the "
		   "machine that has the key; no broker is needed.  The "
		   "statement is shown.",
	.positionals = "FILE",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_CONTEXT,
	.options = sign_options,
	.notes = "  almoner officer sign statement.txt --key grace.key",
};

/* As lines: it is read before it is signed for. */
static void show_statement(char *text)
{
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (rest != NULL || *line != '\0') {
			alm_print_safe(stderr, line);
			(void)fputc('\n', stderr);
		}
	}
}

static enum alm_err sign_file(
	const struct alm_args *args, char out[129], struct alm_problem *problem)
{
	uint8_t signature[ALM_SIGNATURE_BYTES];
	uint8_t seed[ALM_KEY_BYTES];
	uint8_t *text = NULL;
	size_t bytes = 0;
	bool has_key = false;
	enum alm_err err = alm_file_read(args->positionals[0],
		ALM_STATEMENT_BYTES_MAX, &text, &bytes, problem);

	if (err == ALM_OK) {
		err = alm_context_secret(
			args, ALM_CONTEXT_OFFICER_KEY, &has_key, seed, problem);
	}
	if (err == ALM_OK && !has_key) {
		err = alm_problem_set(problem, ALM_USAGE,
			"no --key FILE is given, nor by a context");
	}
	if (err == ALM_OK) {
		err = alm_statement_sign_text(
			(struct alm_bytes){text, bytes}, seed, signature);
		sodium_memzero(seed, sizeof(seed));
		if (err != ALM_OK) {
			(void)alm_problem_set(problem, err,
				"%s is not a statement", args->positionals[0]);
		}
	}
	if (err == ALM_OK) {
		alm_hex(signature, sizeof(signature), out);
		if (!args->output.is_quiet) {
			show_statement((char *)text);
		}
	}
	free(text);
	return err;
}

int alm_cmd_officer_sign(int argc, char **argv)
{
	struct alm_problem problem = {.err = ALM_OK};
	char signature[2 * ALM_SIGNATURE_BYTES + 1];
	struct alm_sheet *sheet;
	struct alm_args args;
	int rc = alm_args_parse(&sign_usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	problem.err = sodium_init() < 0 ? ALM_INTERNAL
					: sign_file(&args, signature, &problem);
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args.output, &problem);
	}
	sheet = alm_sheet_new("almoner.officer.sign/1", NULL, 0);
	alm_sheet_fact(sheet, "signature", signature);
	rc = alm_sheet_print(sheet, &args.output);
	alm_sheet_free(sheet);
	return rc;
}
