#include "cli/audit/reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/context.h"

static bool is_blank(const char *text)
{
	return text == NULL || text[strspn(text, " \t")] == '\0';
}

/* Who is asked about, or shown what is private, has a right to more than a
 * routine. */
static bool needs_its_own(const struct alm_args *args)
{
	return alm_args_has(args, "reveal") || alm_args_has(args, "person");
}

static const struct alm_option *option_of(const struct alm_args *args)
{
	const struct alm_option *option = args->usage->options;

	while (option != NULL && option->name != NULL &&
		strcmp(option->name, "reason") != 0) {
		option++;
	}
	return option;
}

/** What the environment or the context says; "" if neither does. */
static enum alm_err read_standing(const struct alm_args *args,
	char out[PATH_MAX], struct alm_problem *problem)
{
	const char *text = getenv("ALMONER_AUDIT_REASON");

	if (!is_blank(text)) {
		(void)snprintf(out, PATH_MAX, "%s", text);
		return ALM_OK;
	}
	return alm_context_value(args, ALM_CONTEXT_AUDIT_REASON, out, problem);
}

enum alm_err alm_audit_reason(struct alm_args *args, struct alm_reason *reason,
	struct alm_problem *problem)
{
	char standing[PATH_MAX] = "";
	enum alm_err err = ALM_OK;

	if (!is_blank(alm_args_text(args, "reason"))) {
		return ALM_OK;
	}
	if (!needs_its_own(args) && !alm_args_has(args, "reason")) {
		err = read_standing(args, standing, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (is_blank(standing)) {
		return alm_problem_set(
			problem, ALM_REASON_REQUIRED, "%s", args->usage->name);
	}
	if (args->given_count == ALM_ARGS_GIVEN_MAX) {
		return alm_problem_set(problem, ALM_TOO_MANY_VALUES, "options");
	}
	(void)snprintf(reason->text, sizeof(reason->text),
		ALM_STANDING_REASON "%.*s", (int)ALM_CONTEXT_TEXT_BYTES_MAX,
		standing);
	args->given[args->given_count++] = (struct alm_given){
		.option = option_of(args), .text = reason->text};
	return ALM_OK;
}

int alm_audit_reason_settle(struct alm_args *args, struct alm_reason *reason)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};

	return alm_audit_reason(args, reason, &problem) == ALM_OK
		       ? -1
		       : alm_print_problem(&args->output, &problem);
}

int alm_audit_args_parse(const struct alm_usage *usage, int argc, char **argv,
	struct alm_args *out_args, struct alm_reason *reason)
{
	int rc = alm_args_parse(usage, argc, argv, out_args);

	return rc >= 0 ? rc : alm_audit_reason_settle(out_args, reason);
}
