/*
 * impact.h - what another policy would change: requests that the log has are
 * decided again, under the active policy and under the other, both at one
 * instant.  A replay goes on from page to page, so the other policy is kept
 * compiled between them; there is one replay at a time.  Nothing is written.
 */
#ifndef ALM_BROKER_RULES_IMPACT_H
#define ALM_BROKER_RULES_IMPACT_H

#include "broker/mail/replay.h"

/** How the other policy's decision differs. */
enum alm_impact_change {
	ALM_IMPACT_SAME = 0,
	ALM_IMPACT_GAINED,   /* refused now, and not then */
	ALM_IMPACT_LOST,     /* refused then, and not now */
	ALM_IMPACT_WIDENED,  /* more categories, or a higher level */
	ALM_IMPACT_NARROWED, /* fewer, or a lower one */
	ALM_IMPACT_ALTERED,  /* some of both, or other duties */
	ALM_IMPACT_REASON,   /* refused by both, for another reason */
};

const char *alm_impact_change_word(enum alm_impact_change change);

/** One request decided twice. */
struct alm_replayed {
	enum alm_impact_change change;
	uint32_t code_before; /* 0, 1, or the catalogue's number */
	uint32_t code_after;
	char basis_before[ALM_ID_BYTES_MAX + 1]; /* "" none */
	char basis_after[ALM_ID_BYTES_MAX + 1];
	bool has_drifted; /* the active policy decides other than it did */
};

struct alm_impact {
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
	struct alm_arena arena; /* of one request */
	uint64_t number;        /* of this replay */
	uint64_t epoch;         /* the policy it is compared with */
	uint64_t next_seq;      /* where it goes on */
	uint64_t until_seq;     /* and ends */
	int64_t at_s;
	int64_t used_ms; /* monotonic */
};

/** Takes the snapshot; NULL when memory is out. */
struct alm_impact *alm_impact_new(struct alm_snapshot **take_snapshot);
void alm_impact_free(struct alm_impact *impact);

/** Give up a replay that nobody goes on with. */
void alm_impact_sweep(struct alm_broker *broker, int64_t monotonic_ms);

/** Decide again what one record is about.
 * Errors: NOMEM, STORE_IO */
ALM_MUST_USE enum alm_err alm_impact_replay(struct alm_broker *broker,
	struct alm_impact *impact, const struct alm_audit_record *record,
	struct alm_replayed *out_replayed, enum alm_replay *out_replay);

#endif /* ALM_BROKER_RULES_IMPACT_H */
