/* words.h - what is wrong with a category or purpose that no message can
 * have. */
#ifndef ALM_BROKER_MAIL_WORDS_H
#define ALM_BROKER_MAIL_WORDS_H

#include "broker/core/snapshot.h"
#include "lib/wire/texts.h"

#define ALM_WORDS_TEXT_BYTES 256u

/**
 * Of the first of `categories` that no message can have: that the policy lacks
 * it, and what may be meant, or the narrower ones below it.  What does not fit
 * is left out.
 * Out:     "" if there is none, or no policy (`snapshot` is NULL)
 */
void alm_words_doubt(const struct alm_snapshot *snapshot,
	struct alm_texts categories, char out[ALM_WORDS_TEXT_BYTES]);

/** Of a purpose that the policy lacks: what may be meant.
 * Out:     "" if the policy has it, or there is none */
void alm_words_doubt_purpose(const struct alm_snapshot *snapshot,
	const char *purpose, char out[ALM_WORDS_TEXT_BYTES]);

#endif /* ALM_BROKER_MAIL_WORDS_H */
