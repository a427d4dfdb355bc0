/*
 * words.h - the lines that a role reads and writes: words KEY=VALUE, with %20
 * for a space and %25 for a percent sign.
 */
#ifndef ALM_AGENTS_ROLES_WORDS_H
#define ALM_AGENTS_ROLES_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define ALM_WORDS_MAX 24u

struct alm_word {
	const char *key;
	char *value;
};

/** Split a line in place; the first `skip` words go to `out_first` as they
 * are.  Gives how many KEY=VALUE words follow them. */
size_t alm_words_split(char *line, size_t skip, char **out_first,
	struct alm_word out_words[ALM_WORDS_MAX]);

/** NULL if there is no such word. */
char *alm_words_value(
	const struct alm_word *words, size_t count, const char *key);

/** Start, continue and end one event line on stdout. */
void alm_say(const char *what);
void alm_say_word(const char *key, const char *value);
void alm_say_id(const char *key, const uint8_t id[16]);
void alm_say_end(void);

/** A whole line. */
void alm_say_problem(int code, const char *detail);

#endif /* ALM_AGENTS_ROLES_WORDS_H */
