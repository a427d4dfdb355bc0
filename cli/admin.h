/*
 * admin.h - commands that ask the broker over its administration socket: the
 * question is built from the command line, and the answer becomes a sheet.
 */
#ifndef ALM_CLI_ADMIN_H
#define ALM_CLI_ADMIN_H

#include "cli/args.h"
#include "lib/arena.h"
#include "lib/wire/wire.h"

#define ALM_ADMIN_DEFAULT "ipc:///run/almoner/admin.sock"
#define ALM_ADMIN_ARGUMENTS_MAX 32u
#define ALM_ADMIN_WAIT_MS 300000
/* Of a broker that does nothing at all. */
#define ALM_ADMIN_QUIET_MS 10000

struct alm_control;

/** A question being put together; texts are borrowed. */
struct alm_ask {
	const char *verb;
	struct alm_argument arguments[ALM_ADMIN_ARGUMENTS_MAX];
	size_t argument_count;
	const struct alm_attachment *attachments;
	size_t attachment_count;
	int wait_ms; /* 0: as the socket was opened with */
};

/** Add an argument; a NULL value adds nothing.  The commands' tables keep the
 * number below the limit. */
void alm_ask_add(struct alm_ask *ask, const char *key, const char *value);

/** Add the option of the same name, if it was given. */
void alm_ask_option(
	struct alm_ask *ask, const struct alm_args *args, const char *name);

/** Add dry-run=yes and the reason, if they were given. */
void alm_ask_change(struct alm_ask *ask, const struct alm_args *args);

/** Open the socket of --admin, --context, ALMONER_ADMIN or the context in use;
 * else the default one.  Answers are awaited as --timeout says.  Errors:
 * CONTEXT, and as alm_control_open(). */
ALM_MUST_USE enum alm_err alm_admin_open(const struct alm_args *args,
	struct alm_control **out_control, struct alm_problem *problem);

/** The same at an endpoint that is known. */
ALM_MUST_USE enum alm_err alm_admin_open_at(const struct alm_args *args,
	const char *endpoint, struct alm_control **out_control,
	struct alm_problem *problem);

/**
 * Ask once; the answer lives in `arena`.
 * Errors: as alm_control_ask(), and the answer's own code (then `out_answer`
 * is set all the same).
 */
ALM_MUST_USE enum alm_err alm_admin_ask(struct alm_control *control,
	const struct alm_ask *ask, struct alm_arena *arena,
	struct alm_answer *out_answer, struct alm_problem *problem);

/** False: stop. */
typedef bool alm_admin_row_fn(
	void *cookie, const struct alm_answer *answer, size_t row);

/** Ask, follow the cursor and give every row; `ask` has room for the cursor.
 * Errors: as alm_admin_ask(). */
ALM_MUST_USE enum alm_err alm_admin_each(struct alm_control *control,
	struct alm_ask *ask, alm_admin_row_fn *each, void *cookie,
	struct alm_problem *problem);

/** The cell of a row; "" if there is no such column. */
const char *alm_answer_cell(
	const struct alm_answer *answer, size_t row, const char *column);

/**
 * Open, ask, and follow the cursor until the end or `row_max` rows (0: all).
 * Out:    out_sheet  under `schema`; the caller frees it
 * Errors: those of alm_admin_open() and alm_admin_ask()
 */
ALM_MUST_USE enum alm_err alm_admin_collect(const struct alm_args *args,
	struct alm_ask *ask, const char *schema, size_t row_max,
	struct alm_sheet **out_sheet, struct alm_problem *problem);

/** The same, printed.  Gives the exit code. */
int alm_admin_show(const struct alm_args *args, struct alm_ask *ask,
	const char *schema, size_t row_max);

/** Ask, and print the answer's facts, for a change.  In a failing answer's
 * rows stand the places of the faults: they go to stderr. */
int alm_admin_change(
	const struct alm_args *args, struct alm_ask *ask, const char *schema);

/** The same over an open socket. */
int alm_admin_change_on(struct alm_control *control,
	const struct alm_args *args, const struct alm_ask *ask,
	const char *schema);

/** A sheet with an answer's columns, facts and rows.  NULL: no memory. */
struct alm_sheet *alm_admin_sheet(
	const char *schema, const struct alm_answer *answer);

/** A warning of what the answer's fact `doubt` says, if it says anything. */
void alm_admin_warn(
	const struct alm_output *output, const struct alm_answer *answer);

/** The faults in a failing answer's rows, on stderr, as a compiler tells
 * them. */
void alm_admin_print_faults(const struct alm_answer *answer);

/** The value of a fact; NULL if the answer has none of that name. */
const char *alm_answer_fact(const struct alm_answer *answer, const char *key);
/** The place of a column; -1 if the answer has none of that name. */
int alm_answer_column(const struct alm_answer *answer, const char *name);

#endif /* ALM_CLI_ADMIN_H */
