/*
 * args.h - the command line of one command: a table of options makes the
 * parser, `--help`, the man page and the completion.  Prints its own
 * complaints on stderr; keeps pointers into argv and the table.
 */
#ifndef ALM_CLI_ARGS_H
#define ALM_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/show/output.h"

enum alm_option_type {
	ALM_OPTION_FLAG, /* takes no value */
	ALM_OPTION_TEXT,
	ALM_OPTION_NUMBER,   /* decimal, 64 bits */
	ALM_OPTION_SIZE,     /* 64KiB, 1MiB, plain bytes */
	ALM_OPTION_DURATION, /* 90s 5m 168h 30d, in seconds */
	ALM_OPTION_INSTANT, /* 2026-07-30T09:00:00.5Z, 2026-07-30, 30d ago; s */
	ALM_OPTION_MOMENT,  /* the same, in microseconds */
};

struct alm_option {
	const char *name; /* without dashes; NULL ends a table */
	char letter;      /* 0: no short form */
	enum alm_option_type type;
	const char *value; /* what stands for the value in help */
	const char *help;
	bool is_required;
	bool is_repeated;
};

/* Rows that mean the same in every table that has them. */
/* clang-format off */
#define ALM_REASON_OPTION(is_needed) \
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT", "why; it is recorded", \
		(is_needed), false}
#define ALM_ASKED_OPTION \
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT", \
		"why you ask; it is recorded.  Needed, unless the context " \
		"has an audit-reason, or ALMONER_AUDIT_REASON says it", \
		false, false}
#define ALM_LIMIT_OPTION \
	{"limit", 0, ALM_OPTION_NUMBER, "N", \
		"at most so many rows; 0 for all; 100 unless given", false, \
		false}
/* clang-format on */

/* Sets of options that mean the same in every command that takes them.
 * --json --jsonl --csv --quiet --no-color --no-input --local --help are
 * taken by all. */
#define ALM_TAKES_CONTEXT 2u /* --context NAME|FILE */
#define ALM_TAKES_ADMIN 19u  /* and --admin ENDPOINT, --timeout TIME */
#define ALM_TAKES_CHANGE 4u  /* --dry-run */
#define ALM_TAKES_YES 8u     /* --yes */
#define ALM_TAKES_TIMEOUT 16u
#define ALM_TAKES_EMPTY 32u /* options may be empty: that takes a key away */

/** What a command takes.  Static tables. */
struct alm_usage {
	const char *name;        /* "audit query" */
	const char *summary;     /* one sentence */
	const char *positionals; /* "ORG NAME", "FILE...", or "" */
	unsigned positional_min;
	unsigned positional_max;
	unsigned takes;                   /* ALM_TAKES_... */
	const struct alm_option *options; /* or NULL */
	const char *notes;                /* after the options; or NULL */
};

#define ALM_ARGS_GIVEN_MAX 128u

struct alm_given {
	const struct alm_option *option;
	const char *text; /* "" for a flag */
	int64_t number;   /* of the types that are numbers */
};

struct alm_args {
	const struct alm_usage *usage;
	struct alm_given given[ALM_ARGS_GIVEN_MAX];
	size_t given_count;
	char **positionals;
	size_t positional_count;
	struct alm_output output; /* from the common flags */
};

/**
 * Parse `argv[1..]`; options and positionals may mix, `--` ends options.
 * Moves the positionals to the front of argv.
 *
 * Gives:   -1, and `out_args` is set; else the exit code to return at once:
 *          0 after --help, 2 after a complaint on stderr
 */
ALM_MUST_USE int alm_args_parse(const struct alm_usage *usage, int argc,
	char **argv, struct alm_args *out_args);

/** Whether the option was given. */
bool alm_args_has(const struct alm_args *args, const char *name);
/** The option's last value; NULL if it was not given. */
const char *alm_args_text(const struct alm_args *args, const char *name);
/** The n-th value (from 0) of a repeated option; NULL past the last. */
const char *alm_args_nth(
	const struct alm_args *args, const char *name, size_t n);
/** The value of a number, size, duration or instant, or `otherwise`. */
int64_t alm_args_number(
	const struct alm_args *args, const char *name, int64_t otherwise);

/** Complain about the command line; gives 2. */
int alm_args_complain(const struct alm_args *args, const char *format, ...)
	ALM_PRINTF(2, 3);

/** Options that every command takes, ended by a NULL name. */
extern const struct alm_option alm_args_common[];
/** The options of the sets in `takes`, one bit a call. */
const struct alm_option *alm_args_shared(unsigned bit);

/** Print help, a man page's section or the option names, for the generators.
 * `how` is "--help", "--help-man" or "--help-options". */
void alm_args_describe(const struct alm_usage *usage, const char *how);

/** One option as a paragraph of a manual page. */
void alm_args_print_man(const struct alm_option *option);

#endif /* ALM_CLI_ARGS_H */
