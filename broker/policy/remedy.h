/*
 * remedy.h - the smallest changes under which a request would go through, and
 * whose desk each is on.  Every change is tried by the rule itself.  Pure.
 */
#ifndef ALM_BROKER_POLICY_REMEDY_H
#define ALM_BROKER_POLICY_REMEDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/core/bundle.h"
#include "broker/core/decide.h"
#include "lib/arena.h"
#include "lib/err.h"

#define ALM_CHANGES_MAX 6u  /* of one remedy */
#define ALM_REMEDIES_MAX 4u /* of one request */

/* clang-format off */
/** name, cost, desk: a change costs what it takes to get it made. */
#define ALM_CHANGE_MAP(X) \
	X(WORD,            1, SENDER)      /* `word` for `of` in the request */ \
	X(NAME_BASIS,      1, SENDER)      /* name `of` */ \
	X(UNNAME_BASIS,    1, SENDER)      /* do not name `of` */ \
	X(DROP_CATEGORIES, 2, SENDER)      /* leave `words` out */ \
	X(REFERRAL,        2, SENDER)      /* say what the recipient does */ \
	X(BATCH,           3, SENDER)      /* send a record set */ \
	X(LEVEL,           4, SENDER)      /* send at `level` */ \
	X(OPT_OUT_CHECK,   3, SENDER)      /* check the national list */ \
	X(WAIT,            4, SENDER)      /* until `instant_s`, for `of` */ \
	X(RELATIONSHIP,    4, RECIPIENT)   /* have it recorded */ \
	X(ASSURANCE,       5, ASSURANCE)   /* of organisation `of` */ \
	X(BASIS_RENEW,     5, GOVERNANCE)  /* basis `of` */ \
	X(BASIS_BEGIN,     6, GOVERNANCE)  /* earlier */ \
	X(BASIS_RESUME,    5, GOVERNANCE) \
	X(BASIS_PURPOSE,   6, GOVERNANCE)  /* add `word` */ \
	X(BASIS_CATEGORIES,6, GOVERNANCE)  /* add `words` */ \
	X(BASIS_SENDER,    7, GOVERNANCE)  /* add `word` */ \
	X(BASIS_RECIPIENT, 7, GOVERNANCE)  /* add `word` */ \
	X(BASIS_LEVEL,     7, GOVERNANCE)  /* raise to `level` */ \
	X(BASIS_NEW,       9, GOVERNANCE)  /* an agreement of both parties */ \
	X(ACTIVATE,        6, GOVERNANCE)  /* organisation `of` */ \
	X(ADD,             7, GOVERNANCE)  /* organisation `of`, kind `word` */ \
	X(CONSENT,         6, PERSON)      /* the person permits */ \
	X(OBJECTION,       8, PERSON)      /* the person withdraws `of` */ \
	X(OPT_OUT,         9, PERSON)      /* from the national list */ \
	X(TYPE_1,          9, PERSON)      /* at the practice */ \
	X(EMERGENCY,      11, CLINICIAN)   /* an override, reviewed */ \
	X(GUARDIAN,       12, GUARDIAN)    /* an override, reviewed */ \
	X(LOCATION,       12, GUARDIAN)    /* end the protection */ \
	X(CEILING,        14, OWNERS)      /* kind `word` for purpose `of` */ \
	X(PROHIBITION,    15, OWNERS)      /* take `of` out */

enum alm_change_kind {
#define X(name, cost, desk) ALM_CHANGE_##name,
	ALM_CHANGE_MAP(X)
#undef X
	ALM_CHANGE_COUNT
};
/* clang-format on */

enum alm_desk {
	ALM_DESK_SENDER,
	ALM_DESK_RECIPIENT,
	ALM_DESK_ASSURANCE,
	ALM_DESK_GOVERNANCE,
	ALM_DESK_PERSON,
	ALM_DESK_CLINICIAN,
	ALM_DESK_GUARDIAN,
	ALM_DESK_OWNERS,
};

/** One change; what it is about depends on its kind, the rest is empty. */
struct alm_change {
	enum alm_change_kind kind;
	const char *of;
	const char *word;
	struct alm_ids words;
	enum alm_level level;
	int64_t instant_s;
};

/** Changes that together let the request through. */
struct alm_remedy {
	struct alm_change changes[ALM_CHANGES_MAX];
	size_t count;
	unsigned cost;
	enum alm_effect effect; /* permit or transform */
};

/** The request and all that it is decided by. */
struct alm_question {
	const struct alm_bundle *bundle; /* loaded */
	const struct alm_person *person; /* NULL: nothing is known */
	const struct alm_request *request;
	int64_t t_s;
	int64_t opt_out_age_max_s;
};

struct alm_remedies {
	struct alm_remedy items[ALM_REMEDIES_MAX]; /* the cheapest first */
	size_t count;
	/* No basis selects both parties; this one comes nearest, or NULL: */
	const char *nearest;
	bool nearest_selects_sender; /* else the recipient */
};

/**
 * Find the cheapest ways to let the request through; none of them holds
 * another.  A denial is mended by permit or transform, a transform by permit.
 * None is found if the request goes through, or cannot be read.
 *
 * In:      arena  holds the texts of `out`
 * Errors:  NOMEM (the arena is full)
 */
ALM_MUST_USE enum alm_err alm_remedies_find(const struct alm_question *question,
	struct alm_arena *arena, struct alm_remedies *out);

#define ALM_CHANGE_TEXT_BYTES 512u

/** What is to be done, as an imperative without an end stop. */
void alm_change_text(
	const struct alm_change *change, char out[ALM_CHANGE_TEXT_BYTES]);

unsigned alm_change_cost(enum alm_change_kind kind);
enum alm_desk alm_change_desk(enum alm_change_kind kind);

/** Whose desk, as words. */
const char *alm_desk_name(enum alm_desk desk);

/** The step of the rule that gives this code: 1 to 12; its name in words. */
unsigned alm_reason_step(unsigned code);
const char *alm_step_name(unsigned step);

#endif /* ALM_BROKER_POLICY_REMEDY_H */
