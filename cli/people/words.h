/*
 * words.h - a warning about directives that name what the bundle lacks:
 * a word that counts as any in a denial, and as nothing in a permit.
 */
#ifndef ALM_CLI_PEOPLE_WORDS_H
#define ALM_CLI_PEOPLE_WORDS_H

#include "broker/core/snapshot.h"
#include "cli/people/json.h"
#include "cli/show/output.h"

/** One line on stderr for all of them, unless --quiet; none if all is known. */
void alm_people_warn_of_words(const struct alm_people *people,
	const struct alm_snapshot *snapshot, const struct alm_output *output);

#endif /* ALM_CLI_PEOPLE_WORDS_H */
