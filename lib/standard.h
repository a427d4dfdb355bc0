/*
 * standard.h - an information standard as tables: which fields a payload has,
 * what each of them is, and what its values look like.  Plain data; read by
 * any thread.  lib/wire/standard_load.h makes it from a FileDescriptorSet.
 *
 * Messages form a tree: a message type used in two places stands in it twice,
 * so every field has one path, and nothing recurses.
 */
#ifndef ALM_LIB_STANDARD_H
#define ALM_LIB_STANDARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/limits.h"

/* Numbers as in labels.proto. */
enum alm_field_class {
	ALM_FIELD_NONE = 0, /* a message without a label of its own */
	ALM_FIELD_DIR = 1,
	ALM_FIELD_LOC = 2,
	ALM_FIELD_QID = 3,
	ALM_FIELD_CLIN = 4,
	ALM_FIELD_SENS = 5,
	ALM_FIELD_RESTR = 6,
	ALM_FIELD_PSEU = 7,
	ALM_FIELD_AGG = 8,
	ALM_FIELD_ORG = 9,
	ALM_FIELD_COMM = 10,
	ALM_FIELD_STAFF = 11,
	ALM_FIELD_PROT = 12,
};

enum alm_field_format {
	ALM_FORMAT_ANY = 0,
	ALM_FORMAT_NHS_NUMBER = 1,
	ALM_FORMAT_ODS_CODE = 2,
	ALM_FORMAT_DATE = 3,
	ALM_FORMAT_BIRTH_DATE = 4,
	ALM_FORMAT_INSTANT = 5,
	ALM_FORMAT_CONCEPT = 6,
	ALM_FORMAT_CODE = 7,
	ALM_FORMAT_POSTCODE = 8,
	ALM_FORMAT_PERIOD = 9,
};

/* How a field goes on below identifiable; without a rule LOC and QID do not. */
enum alm_coarsening {
	ALM_COARSEN_NONE = 0,
	ALM_COARSEN_YEAR = 1,
	ALM_COARSEN_AGE_BAND = 2,
	ALM_COARSEN_DISTRICT = 3,
	ALM_COARSEN_MONTH = 4,
	ALM_COARSEN_ETHNIC_GROUP = 5,
	ALM_COARSEN_ICD10 = 6,
};

enum alm_field_type {
	ALM_FIELD_NUMBER, /* any varint: integers and booleans */
	ALM_FIELD_ENUM,   /* a varint of a list of values */
	ALM_FIELD_FIXED32,
	ALM_FIELD_FIXED64,
	ALM_FIELD_TEXT,
	ALM_FIELD_BYTES,
	ALM_FIELD_MESSAGE,
};

struct alm_standard_message;

struct alm_standard_field {
	const char *path;     /* "contact.postcode", unique in the standard */
	const char *category; /* "": a message without a label; "any" */
	uint32_t number;
	uint32_t index; /* unique in the standard, below field_count */
	enum alm_field_type type;
	enum alm_field_class class;
	enum alm_field_format format;
	enum alm_coarsening coarsening;
	const char *coarse_path; /* "contact.postcode:district"; or NULL */
	bool is_repeated;
	bool is_mandatory;
	bool is_free_text;
	uint32_t bytes_max;
	uint32_t count_max;    /* 1 unless repeated */
	const int32_t *values; /* ENUM: the numbers allowed */
	size_t value_count;
	const struct alm_standard_message *message; /* MESSAGE */
};

struct alm_standard_message {
	const char *path; /* of the field it is in; "" for the payload */
	const struct alm_standard_field *fields; /* by ascending number */
	size_t field_count;
};

struct alm_standard {
	const char *id;
	const char *version;
	const struct alm_standard_message *payload;
	size_t field_count; /* in all messages; to ALM_STANDARD_FIELDS_MAX */
	/* In the payload itself; where the broker writes; 0: there is none. */
	uint32_t pseudonym_number;
};

#endif /* ALM_LIB_STANDARD_H */
