/*
 * person.h - what is known about one person (docs/POLICY.md section 2), as
 * texts and instants.  Plain values; everything is borrowed from the reader
 * of the records, which has checked their form but not the policy's words.
 */
#ifndef ALM_BROKER_CORE_PERSON_H
#define ALM_BROKER_CORE_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/time.h"

enum alm_effect_word {
	ALM_WORD_DENY = 1,
	ALM_WORD_PERMIT = 2,
	ALM_WORD_WITHDRAWN = 3,
};

struct alm_word_list {
	const char *const *items; /* `any` stands as itself */
	size_t count;
};

struct alm_directive_exception {
	enum alm_effect_word effect; /* deny or permit */
	struct alm_word_list purposes;
	struct alm_word_list categories;
	struct alm_word_list to;
};

struct alm_directive {
	const char *id;
	const char *authority;
	const char *scope;
	enum alm_effect_word effect;
	int64_t recorded_s;
	/* Not for a withdrawal: */
	struct alm_word_list purposes;
	struct alm_word_list categories;
	struct alm_word_list to;
	const struct alm_directive_exception *exceptions;
	size_t exception_count;
	struct alm_period valid;
};

struct alm_relationship {
	const char *organisation;
	const char *role;
	bool is_withdrawal; /* then `valid` means nothing */
	struct alm_period valid;
	int64_t recorded_s;
};

enum alm_opt_out_list {
	ALM_OPT_OUT_NATIONAL = 1,
	ALM_OPT_OUT_TYPE_1 = 2,
};

struct alm_opt_out {
	enum alm_opt_out_list list;
	bool is_objecting; /* opted-out, or objected */
	int64_t as_of_s;
	int64_t recorded_s;
};

enum alm_flag_word {
	ALM_FLAG_LOCATION_WITHHELD = 1,
};

struct alm_flag {
	enum alm_flag_word flag;
	bool is_withdrawal;
	struct alm_period valid;
	int64_t recorded_s;
};

/** One record of any type; a tagged union for reading and storing. */
enum alm_record_type {
	ALM_RECORD_DIRECTIVE = 1,
	ALM_RECORD_RELATIONSHIP = 2,
	ALM_RECORD_OPT_OUT = 3,
	ALM_RECORD_FLAG = 4,
};

struct alm_person_record {
	enum alm_record_type type;
	char subject[11]; /* NHS number and a NUL; checked */
	union {
		struct alm_directive directive;
		struct alm_relationship relationship;
		struct alm_opt_out opt_out;
		struct alm_flag flag;
	};
};

/** All records of one person, history included, in any order. */
struct alm_person {
	bool is_corrupt;         /* 901 */
	bool is_unknown_version; /* 902 */
	bool is_over_limit;      /* 903 */
	const struct alm_directive *directives;
	size_t directive_count;
	const struct alm_relationship *relationships;
	size_t relationship_count;
	const struct alm_opt_out *opt_outs;
	size_t opt_out_count;
	const struct alm_flag *flags;
	size_t flag_count;
};

#endif /* ALM_BROKER_CORE_PERSON_H */
