/* values.h - the kinds of value that a setting can have, from and to text. */
#ifndef ALM_BROKER_CONFIG_VALUES_H
#define ALM_BROKER_CONFIG_VALUES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/err.h"

enum alm_value_kind {
	ALM_VALUE_ENDPOINT = 1, /* tcp://ADDRESS:PORT or ipc:///PATH */
	ALM_VALUE_PLACE,        /* the same, or nothing */
	ALM_VALUE_LOCAL,        /* ipc:///PATH */
	ALM_VALUE_HTTP,         /* loopback, unix:/PATH or nothing */
	ALM_VALUE_ORGANISATION, /* its id, or nothing */
	ALM_VALUE_WORDS,        /* patterns with commas between, or nothing */
	ALM_VALUE_QUOTAS,       /* quotas.h */
	ALM_VALUE_PATH,
	ALM_VALUE_MODE,    /* octal permissions, uint32_t */
	ALM_VALUE_SIZE,    /* bytes, uint64_t */
	ALM_VALUE_SECONDS, /* int64_t */
	ALM_VALUE_MS,      /* int64_t */
	ALM_VALUE_NUMBER,  /* uint32_t */
	ALM_VALUE_LEVEL,   /* of the log, uint32_t */
};

/** One setting: where its field stands, and what is allowed there. */
struct alm_value_row {
	const char *name;
	enum alm_value_kind kind;
	size_t offset; /* in struct alm_settings */
	size_t bytes;  /* of a text field */
	uint64_t min;
	uint64_t max;
	const char *otherwise; /* the default, as text */
	const char *help;
};

/**
 * Read `text` into the field at `base` + offset, untouched on failure.
 * Errors:  VALUE_BAD; `problem` says what is allowed
 */
ALM_MUST_USE enum alm_err alm_value_parse(const struct alm_value_row *row,
	const char *text, void *base, struct alm_problem *problem);

/** Write the field as a text that alm_value_parse() reads. */
void alm_value_write(
	const struct alm_value_row *row, const void *base, FILE *out);

#endif /* ALM_BROKER_CONFIG_VALUES_H */
