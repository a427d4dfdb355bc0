/*
 * csv.h - records about people as comma-separated values (RFC 4180, one
 * record a line).  The first line names the columns, which are the fields of
 * docs/POLICY.md section 2; the words of a list stand in one cell, divided by
 * spaces; an empty cell is a field that is not there.  A directive with
 * exceptions needs NDJSON.
 */
#ifndef ALM_CLI_PEOPLE_CSV_H
#define ALM_CLI_PEOPLE_CSV_H

#include "broker/core/person.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define ALM_CSV_COLUMNS_MAX 32u

struct alm_people_csv {
	const char *columns[ALM_CSV_COLUMNS_MAX]; /* static texts */
	size_t column_count;
};

/** Read the first line.  Errors: RECORD_INVALID: a column is unknown or
 * stands twice, or there is no `type` or `subject`. */
ALM_MUST_USE enum alm_err alm_people_csv_head(struct alm_bytes line,
	struct alm_people_csv *out, struct alm_problem *problem);

/** Read a line of values; as alm_people_json_read(). */
ALM_MUST_USE enum alm_err alm_people_csv_read(const struct alm_people_csv *csv,
	struct alm_bytes line, struct alm_arena *arena,
	struct alm_person_record *out, struct alm_problem *problem);

#endif /* ALM_CLI_PEOPLE_CSV_H */
