#include "lib/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct alm_err_info ok_row = {
	ALM_OK, "ok", "Success.", "Nothing to do.", ALM_EXIT_OK, false};

static const struct alm_err_info rows[] = {
#define X(name, code, kebab, exit_code, retryable, sentence, hint) \
	{ALM_##name, kebab, sentence, hint, ALM_EXIT_##exit_code, retryable},
	ALM_ERR_MAP(X)
#undef X
};

const struct alm_err_info *alm_err_info(enum alm_err err)
{
	size_t low = 0;
	size_t high = ALM_COUNT(rows);

	if (err == ALM_OK) {
		return &ok_row;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle].err == err) {
			return &rows[middle];
		}
		if (rows[middle].err < err) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return &rows[0]; /* INTERNAL stands first */
}

const struct alm_err_info *alm_err_at(size_t i)
{
	return i < ALM_COUNT(rows) ? &rows[i] : NULL;
}

enum alm_err alm_err_from_reason(unsigned reason)
{
	return (enum alm_err)(4000u + reason);
}

enum alm_err alm_problem_set(
	struct alm_problem *problem, enum alm_err err, const char *format, ...)
{
	va_list args;

	if (problem == NULL) {
		return err;
	}
	problem->err = err;
	va_start(args, format);
	(void)vsnprintf(problem->detail, sizeof(problem->detail), format, args);
	va_end(args);
	return err;
}
