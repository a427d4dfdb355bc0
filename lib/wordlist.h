/*
 * wordlist.h - a digest as six words, for two people to compare aloud.
 * Pure.  The words and their order are part of the protocol: never changed.
 */
#ifndef ALM_LIB_WORDLIST_H
#define ALM_LIB_WORDLIST_H

#include <stddef.h>
#include <stdint.h>

#define ALM_WORDS 2048u
#define ALM_WORD_BITS 11u
#define ALM_WORDS_SAID 6u
#define ALM_WORD_BYTES_MAX 9u
/* With a blank or the NUL behind each. */
#define ALM_WORDS_SAID_BYTES (ALM_WORDS_SAID * (ALM_WORD_BYTES_MAX + 1u))

/** The word of a number below ALM_WORDS. */
const char *alm_word(unsigned number);

/** The first 66 bits of `digest`, 9 bytes of it, as six words. */
void alm_words_say(const uint8_t *digest, char out[ALM_WORDS_SAID_BYTES]);

#endif /* ALM_LIB_WORDLIST_H */
