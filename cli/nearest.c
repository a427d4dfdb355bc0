/* nearest.c - the word that was probably meant. */
#include <string.h>

#include "cli/args.h"

#define NAME_BYTES_MAX 32u

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/** Edits between two words of at most NAME_BYTES_MAX bytes. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_BYTES_MAX + 1];
	size_t a_bytes = strnlen(a, NAME_BYTES_MAX);
	size_t b_bytes = strnlen(b, NAME_BYTES_MAX);

	for (unsigned j = 0; j <= b_bytes; j++) {
		row[j] = j;
	}
	for (unsigned i = 1; i <= a_bytes; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b_bytes; j++) {
			unsigned above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1,
				diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_bytes];
}

const char *alm_args_nearest(
	const char *text, const char *const *words, size_t count)
{
	const char *best = NULL;
	unsigned best_distance =
		1 + (unsigned)strnlen(text, NAME_BYTES_MAX) / 3;

	for (size_t i = 0; i < count; i++) {
		unsigned d = distance(text, words[i]);

		if (d <= best_distance && (best == NULL || d < best_distance)) {
			best = words[i];
			best_distance = d;
		}
	}
	return best;
}
