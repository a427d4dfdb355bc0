/* errors.c - almoner errors: the catalogue, and the man page made from it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"

static const struct alm_option options[] = {
	{"man", 0, ALM_OPTION_FLAG, NULL,
		"print the manual page almoner-errors(7)", false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "errors",
	.summary = "Show what an error means and what to do about it, or all.",
	.positionals = "[CODE|NAME]",
	.positional_max = 1,
	.options = options,
	.notes = "  almoner errors ALM-4302\n  almoner errors mailbox-full",
};

static const char *const columns[] = {
	"code", "name", "exit", "retryable", "sentence", "hint"};

static void add_row(struct alm_sheet *sheet, const struct alm_err_info *info)
{
	char code[16];
	char exit_code[16];

	(void)snprintf(code, sizeof(code), "%d", (int)info->err);
	(void)snprintf(
		exit_code, sizeof(exit_code), "%d", (int)info->exit_code);
	alm_sheet_row(sheet, (const char *const[]){code, info->name, exit_code,
				     info->is_retryable ? "yes" : "no",
				     info->sentence, info->hint});
}

/** "ALM-4302", "4302" or a kebab name; NULL if there is none. */
static const struct alm_err_info *find(const char *word)
{
	const char *digits =
		strncasecmp(word, "ALM-", 4) == 0 ? word + 4 : word;
	const struct alm_err_info *info;
	char code[16];

	for (size_t i = 0; (info = alm_err_at(i)) != NULL; i++) {
		(void)snprintf(code, sizeof(code), "%d", (int)info->err);
		if (strcmp(code, digits) == 0 ||
			strcmp(info->name, word) == 0) {
			return info;
		}
	}
	return NULL;
}

static void man_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		(void)printf(*c == '-' ? "\\-" : *c == '\\' ? "\\e" : "%c", *c);
	}
}

static void print_man(void)
{
	const struct alm_err_info *info;

	printf(".TH ALMONER\\-ERRORS 7 \"\" \"Almoner\" \"Almoner\"\n"
	       ".SH NAME\nalmoner\\-errors \\- every error and what to do\n"
	       ".SH DESCRIPTION\nA number is never used again and never "
	       "changes its meaning.  The exit code is that of\n"
	       ".BR almoner (1).\n.SH ERRORS\n");
	for (size_t i = 0; (info = alm_err_at(i)) != NULL; i++) {
		printf(".TP\n.B ALM\\-%d ", (int)info->err);
		man_text(info->name);
		printf("\n");
		man_text(info->sentence);
		printf("\n");
		man_text(info->hint);
		printf("\nExit code %d%s.\n", (int)info->exit_code,
			info->is_retryable ? "; may be tried again" : "");
	}
	printf(".SH SEE ALSO\n.BR almoner (1)\n");
}

static int show_one(const struct alm_args *args)
{
	const struct alm_err_info *info = find(args->positionals[0]);
	struct alm_sheet *sheet;
	int rc;

	if (info == NULL) {
		return alm_print_failure(
			&args->output, &(struct alm_failure){ALM_NOT_FOUND,
					       args->positionals[0], NULL, 0});
	}
	if (args->output.format == ALM_FORMAT_TABLE) {
		printf("ALM-%d %s\n%s\n%s\nExit code %d%s.\n", (int)info->err,
			info->name, info->sentence, info->hint,
			(int)info->exit_code,
			info->is_retryable ? "; may be tried again" : "");
		return ALM_EXIT_OK;
	}
	sheet = alm_sheet_new("almoner.errors/1", columns, ALM_COUNT(columns));
	add_row(sheet, info);
	rc = alm_sheet_print(sheet, &args->output);
	alm_sheet_free(sheet);
	return rc;
}

int alm_cmd_errors(int argc, char **argv)
{
	struct alm_args args;
	struct alm_sheet *sheet;
	const struct alm_err_info *info;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (alm_args_has(&args, "man")) {
		print_man();
		return ALM_EXIT_OK;
	}
	if (args.positional_count == 1) {
		return show_one(&args);
	}
	sheet = alm_sheet_new("almoner.errors/1", columns, ALM_COUNT(columns));
	for (size_t i = 0; (info = alm_err_at(i)) != NULL; i++) {
		add_row(sheet, info);
	}
	rc = alm_sheet_print(sheet, &args.output);
	alm_sheet_free(sheet);
	return rc;
}
