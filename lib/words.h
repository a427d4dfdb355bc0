/*
 * words.h - the words of an effect and of a level of identifiability, as
 * policy files, records, answers and command lines have them.  Their numbers
 * are those of the wire and of the log; 0 is none.
 */
#ifndef ALM_LIB_WORDS_H
#define ALM_LIB_WORDS_H

#include <stddef.h>

/** In the order of their numbers, the first of which is 1. */
#define ALM_EFFECT_WORDS 3u
extern const char *const alm_effect_words[ALM_EFFECT_WORDS];
#define ALM_LEVEL_WORDS 4u
extern const char *const alm_level_words[ALM_LEVEL_WORDS];

/** permit, transform or deny; "" for any other number. */
const char *alm_effect_word(unsigned effect);
/** 0 if it is no such word; `word` may be NULL. */
unsigned alm_effect_of(const char *word);

/** aggregate to identifiable; "" for any other number. */
const char *alm_level_word(unsigned level);
/** 0 if it is no such word; `word` may be NULL. */
unsigned alm_level_of(const char *word);

#endif /* ALM_LIB_WORDS_H */
