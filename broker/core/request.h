/*
 * request.h - what the rule is asked (docs/POLICY.md section 3), as texts.
 * The words are looked up by the rule itself, so that an unknown one is
 * refused with its own reason.  Plain values; everything is borrowed.
 */
#ifndef ALM_BROKER_CORE_REQUEST_H
#define ALM_BROKER_CORE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Identifiability, least first; the order is that of the rule. */
enum alm_level {
	ALM_LEVEL_UNKNOWN = 0, /* a word that is not one of the four */
	ALM_LEVEL_AGGREGATE = 1,
	ALM_LEVEL_ANONYMISED = 2,
	ALM_LEVEL_PSEUDONYMISED = 3,
	ALM_LEVEL_IDENTIFIABLE = 4,
};

enum alm_override_kind {
	ALM_OVERRIDE_UNKNOWN = 0,
	ALM_OVERRIDE_EMERGENCY = 1,
	ALM_OVERRIDE_GUARDIAN = 2,
};

/**
 * NULL means the field is absent (or of the wrong type, then `is_malformed`
 * is set as well).  Every other text is judged by the rule.
 */
struct alm_request {
	bool is_malformed; /* 101 for a reason that the reader has seen */
	const char *id;    /* valid or NULL */
	const char *from;
	const char *to;
	const char *purpose;
	const char *const *categories; /* NULL: absent */
	size_t category_count;
	bool has_payload;
	enum alm_level payload;
	const char *subject;
	const char *subject_unknown;
	const char *basis;
	bool has_relationship;
	const char *relationship_kind;
	const char *relationship_ref;
	const char *relationship_organisation;
	bool has_override;
	bool lacks_override_kind; /* absent: 101; else an unknown word is 108 */
	enum alm_override_kind override_kind;
	const char *override_by;
	const char *override_reason;
	bool is_batch;
	bool has_not_before;
	uint64_t not_before_epoch;
	uint64_t not_before_seq;
};

#endif /* ALM_BROKER_CORE_REQUEST_H */
