#include "lib/words.h"

#include <string.h>

const char *const alm_effect_words[ALM_EFFECT_WORDS] = {
	"permit", "transform", "deny"};
const char *const alm_level_words[ALM_LEVEL_WORDS] = {
	"aggregate", "anonymised", "pseudonymised", "identifiable"};

static const char *word_of(
	const char *const *words, unsigned count, unsigned number)
{
	return number > 0 && number <= count ? words[number - 1] : "";
}

static unsigned number_of(
	const char *const *words, unsigned count, const char *word)
{
	for (unsigned i = 0; word != NULL && i < count; i++) {
		if (strcmp(words[i], word) == 0) {
			return i + 1;
		}
	}
	return 0;
}

const char *alm_effect_word(unsigned effect)
{
	return word_of(alm_effect_words, ALM_EFFECT_WORDS, effect);
}

unsigned alm_effect_of(const char *word)
{
	return number_of(alm_effect_words, ALM_EFFECT_WORDS, word);
}

const char *alm_level_word(unsigned level)
{
	return word_of(alm_level_words, ALM_LEVEL_WORDS, level);
}

unsigned alm_level_of(const char *word)
{
	return number_of(alm_level_words, ALM_LEVEL_WORDS, word);
}
