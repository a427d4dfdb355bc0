/*
 * people_put.h - a stream of records about people, one JSON object a line, put
 * to the broker in batches.  Putting the same stream again changes nothing.
 */
#ifndef ALM_CLI_PEOPLE_PUT_H
#define ALM_CLI_PEOPLE_PUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/err.h"

struct alm_control;

#define ALM_PEOPLE_BATCH_MAX 512u

/** What became of the lines. */
struct alm_people_count {
	uint64_t lines;
	uint64_t added;
	uint64_t known; /* were there already */
	uint64_t rejected;
};

struct alm_people_put {
	struct alm_control *control;
	const char *reason; /* recorded; or NULL */
	bool is_dry_run;
	/* Called for each line that is not taken, with the line itself (which
	 * holds personal data); or NULL. */
	void (*reject)(void *cookie, uint64_t line, const char *text,
		enum alm_err err, const char *detail);
	/* Called after each batch; or NULL. */
	void (*progress)(void *cookie, const struct alm_people_count *count);
	void *cookie;
};

/**
 * Read until the end.
 *
 * Out:     out_count    also when it fails: what was done before
 * Errors:  IO, NOMEM, those of alm_control_ask().  Lines that are not valid
 *          are no error: they are counted and told.
 */
ALM_MUST_USE enum alm_err alm_people_put_stream(
	const struct alm_people_put *put, FILE *in,
	struct alm_people_count *out_count, struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_PUT_H */
