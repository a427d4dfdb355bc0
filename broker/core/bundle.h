/*
 * bundle.h - a policy bundle as plain structs: what the reader of YAML gives
 * and the compiler takes.  References are still words.  Borrowed throughout.
 */
#ifndef ALM_BROKER_CORE_BUNDLE_H
#define ALM_BROKER_CORE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/person.h"
#include "broker/core/request.h"
#include "lib/place.h"
#include "lib/time.h"

/** A word of the bundle and where it stands. */
struct alm_word {
	const char *text;
	struct alm_place place;
};

struct alm_words {
	const struct alm_word *items;
	size_t count;
};

enum alm_purpose_class {
	ALM_CLASS_CARE = 1,
	ALM_CLASS_SECONDARY = 2,
	ALM_CLASS_STATUTORY = 3,
};

struct alm_bundle_purpose {
	struct alm_word id;
	struct alm_word under; /* text NULL: none */
	bool inherits_never;
	enum alm_purpose_class class;
	struct alm_words recipients;
	struct alm_words hl7;
};

enum alm_sensitivity {
	ALM_SENSITIVITY_NORMAL = 0,
	ALM_SENSITIVITY_SENSITIVE = 1,
	ALM_SENSITIVITY_RESTRICTED = 2,
	ALM_SENSITIVITY_PROTECTED = 3,
};

struct alm_bundle_category {
	struct alm_word id;
	struct alm_word under;
	enum alm_sensitivity sensitivity;
};

enum alm_status {
	ALM_STATUS_ACTIVE = 0,
	ALM_STATUS_SUSPENDED = 1,
	ALM_STATUS_CLOSED = 2,
};

struct alm_bundle_organisation {
	struct alm_word id;
	const char *name;
	struct alm_word kind;
	enum alm_status status;
	bool has_assurance_until;
	int64_t assurance_until_s; /* first instant after the inclusive day */
	struct alm_word host;      /* text NULL: none */
	/* For the record of processing; "" if not said. */
	const char *contact;
	const char *data_protection_officer;
};

struct alm_bundle_member {
	struct alm_word organisation;
	struct alm_period valid; /* all time, when the bundle says nothing */
};

struct alm_bundle_group {
	struct alm_word id;
	const struct alm_bundle_member *members;
	size_t member_count;
};

struct alm_bundle_prohibition {
	struct alm_word id;
	const char *title;
	struct alm_words from; /* party selectors */
	struct alm_words to;
	struct alm_words purposes;
	struct alm_words categories;
	enum alm_level at_or_above;
	bool de_identifies; /* else withholds */
};

enum alm_consent {
	ALM_CONSENT_IMPLIED = 1,
	ALM_CONSENT_REQUIRED = 2,
	ALM_CONSENT_NOT_REQUIRED = 3,
};

enum alm_opt_out_rule {
	ALM_OPT_OUT_NOT_APPLICABLE = 1,
	ALM_OPT_OUT_APPLIES = 2,
	ALM_OPT_OUT_EXEMPT = 3,
};

enum alm_access {
	ALM_ACCESS_UNKNOWN = 0, /* not said */
	ALM_ACCESS_ONE_OFF = 1,
	ALM_ACCESS_ONGOING = 2,
	ALM_ACCESS_SYSTEM = 3, /* looked at in place, nothing is handed over */
};

enum alm_controllership {
	ALM_CONTROL_UNKNOWN = 0,
	ALM_CONTROL_SOLE = 1,
	ALM_CONTROL_JOINT = 2,
	ALM_CONTROL_SEPARATE = 3, /* each in its own right */
};

enum alm_sub_licensing {
	ALM_SUB_LICENSING_UNKNOWN = 0,
	ALM_SUB_LICENSING_NOT_ALLOWED = 1,
	ALM_SUB_LICENSING_ALLOWED = 2,
};

/** What a register of agreements says of a basis, beside the rule: no part of
 * it bears on a decision.  Texts are "" and lists empty where not said. */
struct alm_bundle_register {
	const char *reference;
	struct alm_words controllers; /* organisations */
	enum alm_controllership control;
	struct alm_words processors; /* organisations */
	enum alm_access access;
	enum alm_sub_licensing sub_licensing;
	struct alm_words datasets;
	const char *objective;
	const char *benefits;
	struct alm_words subjects;  /* kinds of people the data is about */
	struct alm_words transfers; /* out of the country, with safeguards */
	const char *retention;
	const char *security;
	const char *quality;
	const char *rights;
	const char *breach_contact;
	const char *review; /* a day, as written */
	const char *at_end;
};

struct alm_bundle_basis {
	struct alm_word id;
	bool is_mandate;
	const char *title;
	struct alm_words from;
	struct alm_words to;
	struct alm_words purposes;
	struct alm_words categories;
	enum alm_level identifiability;
	bool requires_relationship;
	enum alm_consent consent;
	enum alm_opt_out_rule opt_out;
	const char *opt_out_reason; /* when exempt */
	struct alm_words lifts;     /* objection, type-1, prohibition:ID */
	bool accepts_emergency;
	bool accepts_guardian;
	bool refuses_withheld_location; /* else strips */
	uint32_t smallest_group;        /* 0: none said */
	struct alm_words obligations;
	enum alm_status status;
	struct alm_period valid;
	const char *law_article_6;
	const char *law_article_9;
	const char *law_confidentiality;
	struct alm_words evidence;
	struct alm_words approved_by;
	const struct alm_bundle_register *entry; /* NULL: none */
};

/** Everything of a bundle; tests stay in the source. */
struct alm_bundle {
	const char *name;
	struct alm_words kinds;
	struct alm_words hosted_kinds;
	const struct alm_bundle_purpose *purposes;
	size_t purpose_count;
	const struct alm_bundle_category *categories;
	size_t category_count;
	const struct alm_bundle_organisation *organisations;
	size_t organisation_count;
	const struct alm_bundle_group *groups;
	size_t group_count;
	const struct alm_bundle_prohibition *prohibitions;
	size_t prohibition_count;
	const struct alm_bundle_basis *bases;
	size_t basis_count;
};

#endif /* ALM_BROKER_CORE_BUNDLE_H */
