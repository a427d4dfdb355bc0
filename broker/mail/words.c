#include "broker/mail/words.h"

#include <stdio.h>
#include <string.h>

#include "lib/id.h"
#include "lib/nearest.h"

static bool is_narrowest(const struct alm_snapshot *snapshot, const char *word)
{
	for (size_t i = 0; i < alm_snapshot_category_count(snapshot); i++) {
		if (strcmp(alm_snapshot_category(snapshot, i), word) == 0) {
			return alm_snapshot_category_narrows(snapshot, i, word);
		}
	}
	return false;
}

static void tell_narrower(const struct alm_snapshot *snapshot, const char *word,
	char out[ALM_WORDS_TEXT_BYTES])
{
	size_t used = (size_t)snprintf(
		out, ALM_WORDS_TEXT_BYTES, "%s has narrower ones", word);
	const char *before = ": ";

	for (size_t i = 0; i < alm_snapshot_category_count(snapshot) &&
			   used < ALM_WORDS_TEXT_BYTES;
		i++) {
		if (alm_snapshot_category_narrows(snapshot, i, word)) {
			used += (size_t)snprintf(out + used,
				ALM_WORDS_TEXT_BYTES - used, "%s%s", before,
				alm_snapshot_category(snapshot, i));
			before = ", ";
		}
	}
}

static void tell_unknown(const char *word, const char *what, const char *best,
	char out[ALM_WORDS_TEXT_BYTES])
{
	(void)snprintf(out, ALM_WORDS_TEXT_BYTES,
		"%.*s is no %s of the policy%s%s%s", ALM_ID_BYTES_MAX, word,
		what, best != NULL ? "; did you mean '" : "",
		best != NULL ? best : "", best != NULL ? "'?" : "");
}

static void tell_nearest(const struct alm_snapshot *snapshot, const char *word,
	char out[ALM_WORDS_TEXT_BYTES])
{
	struct alm_nearest nearest;

	alm_nearest_init(&nearest, word);
	for (size_t i = 0; i < alm_snapshot_category_count(snapshot); i++) {
		alm_nearest_offer(&nearest, alm_snapshot_category(snapshot, i));
	}
	tell_unknown(word, "category", nearest.best, out);
}

void alm_words_doubt(const struct alm_snapshot *snapshot,
	struct alm_texts categories, char out[ALM_WORDS_TEXT_BYTES])
{
	out[0] = '\0';
	for (size_t i = 0; snapshot != NULL && i < categories.count; i++) {
		const char *word = categories.items[i];

		if (is_narrowest(snapshot, word)) {
			continue;
		}
		if (strcmp(word, "any") != 0 &&
			alm_snapshot_has_category(snapshot, word)) {
			tell_narrower(snapshot, word, out);
		} else {
			tell_nearest(snapshot, word, out);
		}
		return;
	}
}

void alm_words_doubt_purpose(const struct alm_snapshot *snapshot,
	const char *purpose, char out[ALM_WORDS_TEXT_BYTES])
{
	struct alm_nearest nearest;

	out[0] = '\0';
	if (snapshot == NULL) {
		return;
	}
	alm_nearest_init(&nearest, purpose);
	for (size_t i = 0; i < alm_snapshot_purpose_count(snapshot); i++) {
		const char *known = alm_snapshot_purpose(snapshot, i);

		if (strcmp(known, purpose) == 0) {
			return;
		}
		alm_nearest_offer(&nearest, known);
	}
	tell_unknown(purpose, "purpose", nearest.best, out);
}
