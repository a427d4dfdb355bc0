/* affected.h - counting whom a set of messages is about, who received them and
 * what kinds of information they held. */
#ifndef ALM_CLI_AUDIT_AFFECTED_H
#define ALM_CLI_AUDIT_AFFECTED_H

#include "cli/audit/report.h"

/** Categories are numbered; past this many they are one: "others".  A policy
 * has at most 64, and every recipient is told. */
#define ALM_AFFECTED_WORDS_MAX 63u

/** Messages that were handed over and have something in common. */
struct alm_affected_group {
	const char *key;    /* person, recipient or category */
	const char *masked; /* of a person, once it is known; else "" */
	size_t messages;
	size_t people;
	size_t taken;         /* acknowledged by the recipient */
	uint64_t categories;  /* bits: numbers of words */
	uint32_t *recipients; /* of a person: their numbers */
	size_t recipient_count;
	unsigned levels; /* bits: 1 << enum alm_level */
	uint64_t epoch;  /* of the last of them */
	const char *first;
	const char *last;
};

/** In the report's arena. */
struct alm_affected {
	size_t given;
	size_t taken;
	size_t waiting;
	size_t about_nobody;
	struct alm_affected_group *persons; /* by key */
	size_t person_count;
	struct alm_affected_group *recipients; /* by key */
	size_t recipient_count;
	struct alm_affected_group *categories;
	size_t category_count;
};

/** Errors: NOMEM. */
ALM_MUST_USE enum alm_err alm_affected_count(struct alm_report *report,
	struct alm_affected *out, struct alm_problem *problem);

/**
 * Show the masked number of each person whose number stands in the file; - is
 * standard input.
 * Errors: SUBJECT_INVALID (the line in the detail), and those of reading and
 *         of asking
 */
ALM_MUST_USE enum alm_err alm_affected_name(struct alm_report *report,
	struct alm_affected *affected, const char *path,
	struct alm_problem *problem);

/** The kinds of information of a group, with commas between. */
const char *alm_affected_kinds(const struct alm_affected *affected,
	const struct alm_affected_group *group, struct alm_arena *arena);
/** The recipients of what was about a person. */
const char *alm_affected_recipients(const struct alm_affected *affected,
	const struct alm_affected_group *person, struct alm_arena *arena);
/** The identifiability in which it went out: the highest. */
const char *alm_affected_levels(const struct alm_affected_group *group);

#endif /* ALM_CLI_AUDIT_AFFECTED_H */
