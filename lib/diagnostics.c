#include "lib/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES_MAX 512u

void alm_diagnostics_init(
	struct alm_diagnostics *diagnostics, struct alm_arena *arena)
{
	memset(diagnostics, 0, sizeof(*diagnostics));
	diagnostics->arena = arena;
}

static void hide_controls(char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7F) {
			*text = '?';
		}
	}
}

/* A text cut inside a character would not be UTF-8 any more. */
static void trim_partial(char *text)
{
	size_t end = strlen(text);
	size_t start = end;
	unsigned char lead;
	size_t wanted;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
		start--;
	}
	if (start == 0) {
		return;
	}
	lead = (unsigned char)text[--start];
	wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (end - start < wanted) {
		text[start] = '\0';
	}
}

enum alm_err alm_diagnostics_add(struct alm_diagnostics *diagnostics,
	enum alm_err err, struct alm_place place, const char *format, ...)
{
	char message[MESSAGE_BYTES_MAX];
	struct alm_diagnostic *item;
	const char *copy;
	va_list args;

	if (alm_diagnostics_is_full(diagnostics)) {
		diagnostics->dropped++;
		return err;
	}
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	trim_partial(message);
	hide_controls(message);
	copy = alm_arena_text(diagnostics->arena, message, strlen(message));
	item = &diagnostics->items[diagnostics->count++];
	item->err = err;
	item->place = place;
	item->message = copy != NULL ? copy : alm_err_info(err)->sentence;
	return err;
}

bool alm_diagnostics_is_full(const struct alm_diagnostics *diagnostics)
{
	return diagnostics->count == ALM_DIAGNOSTICS_MAX;
}

enum alm_err alm_diagnostics_first(const struct alm_diagnostics *diagnostics)
{
	return diagnostics->count == 0 ? ALM_OK : diagnostics->items[0].err;
}

enum alm_err alm_diagnostics_problem(
	const struct alm_diagnostics *diagnostics, struct alm_problem *problem)
{
	const struct alm_diagnostic *first = diagnostics->items;

	if (diagnostics->count == 0) {
		return ALM_OK;
	}
	if (first->place.line == 0) {
		return alm_problem_set(problem, first->err, "%s: %s",
			first->place.file, first->message);
	}
	return alm_problem_set(problem, first->err, "%s:%u:%u: %s",
		first->place.file, first->place.line, first->place.column,
		first->message);
}

static int compare(const void *a, const void *b)
{
	const struct alm_diagnostic *x = a;
	const struct alm_diagnostic *y = b;
	int order = alm_place_compare(&x->place, &y->place);

	if (order != 0) {
		return order;
	}
	return x->err < y->err ? -1 : x->err > y->err;
}

void alm_diagnostics_sort(struct alm_diagnostics *diagnostics)
{
	qsort(diagnostics->items, diagnostics->count,
		sizeof(diagnostics->items[0]), compare);
}
