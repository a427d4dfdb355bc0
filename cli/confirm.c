#include "cli/confirm.h"

#include <stdio.h>
#include <string.h>

int alm_confirm(const struct alm_args *args, const char *what)
{
	char line[16];

	if (alm_args_has(args, "yes") || alm_args_has(args, "dry-run")) {
		return -1;
	}
	if (args->output.may_ask) {
		alm_print_safe(stderr, what);
		(void)fputs(" Go on? [y/N] ", stderr);
		if (fgets(line, sizeof(line), stdin) != NULL &&
			(line[0] == 'y' || line[0] == 'Y')) {
			return -1;
		}
	}
	return alm_print_failure(&args->output,
		&(struct alm_failure){ALM_CONFIRM, what, NULL, 0});
}

enum alm_err alm_take_nhs_number(const char *word,
	char out[ALM_NHS_NUMBER_BYTES + 1], struct alm_problem *problem)
{
	char line[64];
	char digits[ALM_NHS_NUMBER_BYTES + 1];
	size_t count = 0;

	if (strcmp(word, "-") == 0) {
		if (fgets(line, sizeof(line), stdin) == NULL) {
			return alm_problem_set(problem, ALM_SUBJECT_INVALID,
				"standard input is empty");
		}
		line[strcspn(line, "\r\n")] = '\0';
		word = line;
	}
	for (const char *c = word; *c != '\0'; c++) {
		if (*c == ' ') {
			continue;
		}
		if (count == ALM_NHS_NUMBER_BYTES) {
			return alm_problem_set(problem, ALM_SUBJECT_INVALID,
				"more than ten digits");
		}
		digits[count++] = *c;
	}
	digits[count] = '\0';
	if (!alm_nhs_number_is_valid(digits)) {
		return alm_problem_set(problem, ALM_SUBJECT_INVALID, "%s", "");
	}
	memcpy(out, digits, sizeof(digits));
	return ALM_OK;
}
