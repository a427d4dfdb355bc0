/*
 * output.h - what commands print: tables on stdout in four formats, problems
 * and warnings on stderr.  Nothing else goes to stdout.
 *
 * On a terminal a table is aligned, coloured, and fits it: cut, with a note
 * that says so, or where that is not enough a block of lines for each row;
 * elsewhere it is aligned only.
 * `--json` is one document with a schema, `--jsonl` one row a line, `--csv`
 * RFC 4180, a row a line and no cell a formula.  Control characters are
 * escaped as \xNN in tables and CSV.
 */
#ifndef ALM_CLI_SHOW_OUTPUT_H
#define ALM_CLI_SHOW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/err.h"

enum alm_format {
	ALM_FORMAT_TABLE = 0,
	ALM_FORMAT_JSON,
	ALM_FORMAT_JSONL,
	ALM_FORMAT_CSV,
};

/** How to print; plain value. */
struct alm_output {
	enum alm_format format;
	FILE *out; /* borrowed; NULL: stdout */
	bool is_tty;
	bool has_color;
	bool is_quiet;
	bool may_ask;   /* stdin is a terminal, and not --no-input */
	bool is_local;  /* times in Europe/London, for people only */
	bool is_brief;  /* times to the second, for people only */
	size_t columns; /* of the terminal; 0: tables are as wide as they are */
};

struct alm_sheet;

/**
 * In:  schema   e.g. "almoner.org.list/1"; kept by pointer
 *      columns  kebab-case names, copied.  Columns whose name says so (see
 *               alm_column_is_number) are numbers in JSON.
 * Gives NULL when memory is out; the calls below take NULL.
 */
struct alm_sheet *alm_sheet_new(
	const char *schema, const char *const *columns, size_t column_count);
void alm_sheet_free(struct alm_sheet *sheet);

/** Add a row of `column_count` cells, copied; NULL cells are "". */
void alm_sheet_row(struct alm_sheet *sheet, const char *const *cells);

/** A single value beside the table, copied; columns need not exist. */
void alm_sheet_fact(
	struct alm_sheet *sheet, const char *key, const char *value);
void alm_sheet_number(struct alm_sheet *sheet, const char *key, uint64_t value);

/** Leave a column out of tables; the other formats always have all. */
void alm_sheet_hide(struct alm_sheet *sheet, const char *column);

size_t alm_sheet_rows(const struct alm_sheet *sheet);

/**
 * Print rows and facts.  In a table facts stand first as `key  value`; in CSV
 * and JSON lines only rows are printed, or the facts as one row if there are
 * no columns.
 * Gives:   the exit code: 0, or 1 when memory was out or writing failed
 */
ALM_MUST_USE int alm_sheet_print(
	const struct alm_sheet *sheet, const struct alm_output *output);

/** Print the rows alone, without heading and facts unless `is_first`, and
 * forget them: for pages of a stream. */
ALM_MUST_USE int alm_sheet_flush(struct alm_sheet *sheet,
	const struct alm_output *output, bool is_first);

/** Whether JSON shows this column or fact as a number. */
bool alm_column_is_number(const char *name);

/** How many bytes at the beginning of a text must not reach a reader as they
 * are: a control character, or one that turns what follows around or breaks
 * the line, so that a text could be read as another; 0: none. */
size_t alm_unsafe_bytes(const char *text);

/** Write `text` with such characters escaped as \xNN. */
void alm_print_safe(FILE *out, const char *text);

/** An error to show; `trace_id` may be NULL. */
struct alm_failure {
	enum alm_err err;
	const char *detail; /* "" if there is none */
	const char *trace_id;
	uint32_t retry_after_ms; /* 0: nothing is known */
};

/**
 * Show an error on stderr: two lines, or one JSON object with --json and
 * --jsonl.  Gives the exit code of the catalogue.
 */
int alm_print_failure(
	const struct alm_output *output, const struct alm_failure *failure);
int alm_print_problem(
	const struct alm_output *output, const struct alm_problem *problem);

/** Says that nothing has changed, unless --quiet. */
void alm_print_dry_run(const struct alm_output *output);

/** A warning on stderr, unless --quiet. */
void alm_print_warning(const struct alm_output *output, const char *format, ...)
	ALM_PRINTF(2, 3);

#endif /* ALM_CLI_SHOW_OUTPUT_H */
