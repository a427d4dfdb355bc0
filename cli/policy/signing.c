#include "cli/policy/signing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/include/almoner_control.h"
#include "broker/store/store.h"
#include "cli/context.h"
#include "lib/id.h"

#define ARENA_BYTES_MAX ((size_t)3 * ALM_ADMIN_FRAME_BYTES_MAX)

bool alm_signing_is_asked(const struct alm_args *args)
{
	return alm_args_has(args, "as");
}

/* One way to come by the signature, no more; the last is a context. */
static enum alm_err check_options(
	const struct alm_args *args, struct alm_problem *problem)
{
	int ways = (alm_args_has(args, "key") ? 1 : 0) +
		   (alm_args_has(args, "signature") ? 1 : 0) +
		   (alm_args_has(args, "print-statement") ? 1 : 0);
	char key[PATH_MAX] = "";

	if (ways == 0) {
		enum alm_err err = alm_context_value(
			args, ALM_CONTEXT_OFFICER_KEY, key, problem);

		if (err != ALM_OK) {
			return err;
		}
		ways = *key != '\0' ? 1 : 0;
	}
	if (!alm_signing_is_asked(args) || ways != 1) {
		return alm_problem_set(problem, ALM_USAGE,
			"give --as NAME, and one of --key FILE, --signature "
			"HEX and --print-statement");
	}
	return ALM_OK;
}

static enum alm_err read_standing(
	struct alm_signing *signing, struct alm_problem *problem)
{
	const char *id = alm_answer_fact(&signing->standing, "store-id");
	const char *epoch = alm_answer_fact(&signing->standing, "policy-epoch");

	if (id == NULL || epoch == NULL ||
		alm_unhex(id, signing->statement.store_id,
			ALM_STORE_ID_BYTES) != ALM_OK) {
		return alm_problem_set(problem, ALM_MALFORMED,
			"the broker does not say which store this is");
	}
	signing->statement.base = strtoull(epoch, NULL, 10);
	return ALM_OK;
}

enum alm_err alm_signing_begin(struct alm_signing *signing,
	const struct alm_args *args, const char *verb,
	struct alm_problem *problem)
{
	const struct alm_ask ask = {.verb = verb};
	const char *reason = alm_args_text(args, "reason");
	enum alm_err err = check_options(args, problem);

	signing->args = args;
	alm_arena_init(&signing->arena, ARENA_BYTES_MAX);
	if (err == ALM_OK) {
		err = alm_admin_open(args, &signing->control, problem);
	}
	if (err == ALM_OK) {
		err = alm_admin_ask(signing->control, &ask, &signing->arena,
			&signing->standing, problem);
	}
	if (err == ALM_OK) {
		err = read_standing(signing, problem);
	}
	signing->statement.what = "";
	signing->statement.by = alm_args_text(args, "as");
	signing->statement.reason = reason == NULL ? "" : reason;
	return err;
}

void alm_signing_fini(struct alm_signing *signing)
{
	alm_control_close(signing->control);
	alm_arena_fini(&signing->arena);
}

static int by_name(const void *a, const void *b)
{
	const struct alm_policy_file *x = a;
	const struct alm_policy_file *y = b;

	return strcmp(x->name, y->name);
}

enum alm_err alm_signing_digest(
	const struct alm_attached *attached, struct alm_digest *out_digest)
{
	struct alm_policy_file *files =
		calloc(attached->count + 1, sizeof(*files));
	struct alm_hash *hash = alm_hash_new();
	enum alm_err err = ALM_NOMEM;

	if (files != NULL && hash != NULL) {
		for (size_t i = 0; i < attached->count; i++) {
			files[i].name = attached->items[i].name;
			files[i].content = attached->items[i].content;
		}
		qsort(files, attached->count, sizeof(*files), by_name);
		alm_policy_digest(hash, files, attached->count, out_digest);
		err = ALM_OK;
	}
	alm_hash_free(hash);
	free(files);
	return err;
}

static enum alm_err sign_with_key(
	struct alm_signing *signing, struct alm_problem *problem)
{
	uint8_t signature[ALM_SIGNATURE_BYTES];
	uint8_t seed[ALM_KEY_BYTES];
	bool has_key = false;
	enum alm_err err = alm_context_secret(signing->args,
		ALM_CONTEXT_OFFICER_KEY, &has_key, seed, problem);

	if (err == ALM_OK && sodium_init() < 0) {
		err = ALM_INTERNAL;
	}
	if (err == ALM_OK) {
		err = alm_statement_sign(&signing->statement, seed, signature);
	}
	sodium_memzero(seed, sizeof(seed));
	if (err == ALM_OK) {
		alm_hex(signature, sizeof(signature), signing->signature);
	} else if (problem->err == ALM_OK) {
		return alm_problem_set(problem, err, "the statement");
	}
	return err;
}

static enum alm_err print_statement(
	struct alm_signing *signing, struct alm_problem *problem)
{
	char text[ALM_STATEMENT_BYTES_MAX];
	size_t bytes = 0;
	enum alm_err err =
		alm_statement_write(&signing->statement, text, &bytes);

	if (err != ALM_OK) {
		return alm_problem_set(problem, err, "the statement");
	}
	if (fwrite(text, 1, bytes, stdout) != bytes || fflush(stdout) != 0) {
		return alm_problem_set(problem, ALM_IO, "standard output");
	}
	return ALM_OK;
}

int alm_signing_ask(
	struct alm_signing *signing, struct alm_ask *ask, const char *schema)
{
	const struct alm_args *args = signing->args;
	const char *given = alm_args_text(args, "signature");
	struct alm_problem problem = {.err = ALM_OK};

	if (alm_args_has(args, "print-statement")) {
		problem.err = print_statement(signing, &problem);
		return problem.err == ALM_OK
			       ? ALM_EXIT_OK
			       : alm_print_problem(&args->output, &problem);
	}
	if (given == NULL) {
		problem.err = sign_with_key(signing, &problem);
		given = signing->signature;
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	alm_ask_add(ask, "officer", signing->statement.by);
	alm_ask_add(ask, "signature", given);
	alm_ask_change(ask, args);
	return alm_admin_change_on(signing->control, args, ask, schema);
}
