/*
 * Optimal string alignment over three rows, in a band around the diagonal (a
 * cell further off is no better than the limit), given up as soon as a whole
 * row is no better than the best so far: a search over all organisations of
 * a bundle stays cheap.
 */
#include "lib/nearest.h"

#include <string.h>

#define WORD_BYTES_MAX 64u
#define NEAR_MAX 4u

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

struct band {
	const char *a;
	const char *b;
	size_t i; /* the row */
	size_t low;
	size_t high;
};

/* One row from the last and the one before; gives its least cell. */
static unsigned fill_row(const struct band *band, const unsigned *last,
	const unsigned *before, unsigned *row, unsigned limit)
{
	const char *a = band->a;
	const char *b = band->b;
	size_t i = band->i;
	unsigned least = limit;

	row[band->low - 1] = band->low == 1 ? (unsigned)i : limit;
	least = row[band->low - 1] < least ? row[band->low - 1] : least;
	for (size_t j = band->low; j <= band->high; j++) {
		unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);

		row[j] = min3(row[j - 1] + 1, last[j] + 1, last[j - 1] + cost);
		if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			lower(a[i - 2]) == lower(b[j - 1]) &&
			before[j - 2] + 1 < row[j]) {
			row[j] = before[j - 2] + 1;
		}
		least = row[j] < least ? row[j] : least;
	}
	if (band->high < WORD_BYTES_MAX) {
		row[band->high + 1] = limit;
	}
	return least;
}

/* The distance, or `limit` if it is that or more. */
static unsigned distance(const char *a, const char *b, unsigned limit)
{
	unsigned rows[3][WORD_BYTES_MAX + 1] = {{0}};
	size_t a_bytes = strlen(a);
	size_t b_bytes = strlen(b);

	for (size_t j = 0; j <= b_bytes; j++) {
		rows[0][j] = (unsigned)j;
	}
	for (size_t i = 1; i <= a_bytes; i++) {
		unsigned *row = rows[i % 3];
		size_t low = i > limit ? i - limit : 1;
		size_t high = i + limit < b_bytes ? i + limit : b_bytes;
		unsigned least = fill_row(&(struct band){a, b, i, low, high},
			rows[(i + 2) % 3], rows[(i + 1) % 3], row, limit);

		if (least >= limit) {
			return limit;
		}
	}
	return rows[a_bytes % 3][b_bytes] < limit ? rows[a_bytes % 3][b_bytes]
						  : limit;
}

void alm_nearest_init(struct alm_nearest *nearest, const char *word)
{
	size_t bytes = strlen(word);
	size_t near = bytes / 3 > 2 ? bytes / 3 : 2;

	near = near < NEAR_MAX ? near : NEAR_MAX;
	nearest->word = word;
	nearest->best = NULL;
	/* Every word is two letters from a word of two letters. */
	nearest->distance = (unsigned)(bytes <= 2 ? bytes : near + 1);
	if (bytes > WORD_BYTES_MAX) {
		nearest->distance = 0;
	}
}

void alm_nearest_offer(struct alm_nearest *nearest, const char *candidate)
{
	size_t a = strlen(nearest->word);
	size_t b = strlen(candidate);
	size_t apart = a > b ? a - b : b - a;
	unsigned found;

	if (b > WORD_BYTES_MAX || apart >= nearest->distance) {
		return;
	}
	found = distance(nearest->word, candidate, nearest->distance);
	if (found < nearest->distance) {
		nearest->distance = found;
		nearest->best = candidate;
	}
}

const char *alm_nearest_of(
	const char *word, const char *const *words, size_t count)
{
	struct alm_nearest nearest;

	alm_nearest_init(&nearest, word);
	for (size_t i = 0; i < count; i++) {
		alm_nearest_offer(&nearest, words[i]);
	}
	return nearest.best;
}
