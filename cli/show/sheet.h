/* sheet.h - the inside of a sheet, for the files that print it. */
#ifndef ALM_CLI_SHOW_SHEET_H
#define ALM_CLI_SHOW_SHEET_H

#include "cli/show/output.h"
#include "lib/base.h"

struct alm_sheet_texts {
	char **items;
	size_t count;
	size_t capacity;
};

struct alm_sheet {
	const char *schema;
	struct alm_sheet_texts columns;
	struct alm_sheet_texts cells;  /* row after row */
	struct alm_sheet_texts facts;  /* key, value, key, value */
	struct alm_sheet_texts hidden; /* columns that tables leave out */
	bool is_short;                 /* memory ran out */
};

/** One document; false when memory was out or writing failed. */
ALM_MUST_USE bool alm_sheet_json(const struct alm_sheet *sheet, FILE *out);
/** One object a line. */
ALM_MUST_USE bool alm_sheet_jsonl(const struct alm_sheet *sheet, FILE *out);
/** RFC 4180; without columns, the facts as one row. */
void alm_sheet_csv(const struct alm_sheet *sheet, FILE *out, bool has_heading);

/** Aligned; `is_whole`: with its facts, and made to fit the terminal, as pages
 * of a stream are not.  False when memory was out. */
ALM_MUST_USE bool alm_sheet_table(const struct alm_sheet *sheet,
	const struct alm_output *output, FILE *out, bool has_heading,
	bool is_whole);

#endif /* ALM_CLI_SHOW_SHEET_H */
