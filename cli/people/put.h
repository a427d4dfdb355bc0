/*
 * put.h - a stream of records about people, one a line, put to the
 * broker in batches, a few of them on their way at a time.  Memory does not
 * grow with the stream.  Putting the same stream again changes nothing.
 */
#ifndef ALM_CLI_PEOPLE_PUT_H
#define ALM_CLI_PEOPLE_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct alm_control;

enum alm_people_format {
	ALM_PEOPLE_NDJSON = 0, /* one JSON object a line */
	ALM_PEOPLE_CSV,        /* csv.h */
};

/** A place in the input, behind a line that is done with. */
struct alm_people_place {
	uint64_t offset;
	uint64_t line;
};

/** What became of the lines; opt-outs are counted together. */
struct alm_people_count {
	uint64_t lines;
	uint64_t added;
	uint64_t known; /* were there already */
	uint64_t opt_outs;
	uint64_t rejected;
	struct alm_people_place done; /* answers cover all before it */
};

/** A line that is not taken. */
struct alm_people_reject {
	uint64_t line;
	struct alm_bytes text; /* personal data */
	enum alm_err err;
	const char *detail;
};

struct alm_people_put {
	struct alm_control *control;
	enum alm_people_format format;
	const char *import; /* which import it is, for the log; or NULL */
	const char *reason; /* recorded; or NULL */
	bool is_dry_run;
	/* Where to begin, when an import goes on; the first line of CSV is
	 * read all the same. */
	struct alm_people_place from;
	/* Called for each line that is not taken; or NULL. */
	void (*reject)(void *cookie, const struct alm_people_reject *reject);
	/* Called when a batch is answered; anything but OK ends the stream; or
	 * NULL. */
	enum alm_err (*progress)(
		void *cookie, const struct alm_people_count *count);
	void *cookie;
};

/**
 * Read until the end.
 *
 * In:      fd         to read from; going on needs one that can be sought
 * Out:     out_count  also when it fails: what was done before
 * Errors:  IO, NOMEM, those of alm_control_ask(); RECORD_INVALID: the first
 *          line of CSV names no columns.  Other lines that are not valid are
 *          no error: they are counted and told.
 */
ALM_MUST_USE enum alm_err alm_people_put_stream(
	const struct alm_people_put *put, int fd,
	struct alm_people_count *out_count, struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_PUT_H */
