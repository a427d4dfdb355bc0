/*
 * json.h - records about people as NDJSON (docs/POLICY.md section 2).
 * Strict: an unknown field, a wrong type, a duplicate key or an empty list
 * makes a record invalid, because a dropped denial would release more.
 */
#ifndef ALM_CLI_PEOPLE_JSON_H
#define ALM_CLI_PEOPLE_JSON_H

#include <stddef.h>

#include "broker/core/person.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

/**
 * Read one line, which is one object.
 *
 * Out:     out      lives in the arena
 * Errors:  RECORD_INVALID, NOMEM (the arena is full); `problem` names the
 *          field and what is wrong, never a value
 */
ALM_MUST_USE enum alm_err alm_people_json_read(struct alm_bytes line,
	struct alm_arena *arena, struct alm_person_record *out,
	struct alm_problem *problem);

/** Everything known, by subject. */
struct alm_people {
	struct alm_arena arena;
	struct alm_people_entry *entries; /* sorted by subject */
	size_t count;
};

/**
 * Read a whole file; blank lines are skipped.
 *
 * Out:     out      give it back with alm_people_fini()
 * Errors:  RECORD_INVALID (one bad line refuses the file), NOT_FOUND, IO,
 *          NOMEM; `problem` names file, line and reason
 */
ALM_MUST_USE enum alm_err alm_people_load(
	const char *path, struct alm_people *out, struct alm_problem *problem);
void alm_people_fini(struct alm_people *people);

/** The i-th person, in order of number; NULL past the last. */
const struct alm_person *alm_people_at(
	const struct alm_people *people, size_t i);

/** What is known of a subject; NULL if nothing is. */
const struct alm_person *alm_people_find(
	const struct alm_people *people, const char *subject);

#endif /* ALM_CLI_PEOPLE_JSON_H */
