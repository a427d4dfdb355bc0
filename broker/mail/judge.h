/*
 * judge.h - decides and minimises one message: the stages decide and minimise
 * of the turn, used when a message arrives and again when it is handed over.
 */
#ifndef ALM_BROKER_MAIL_JUDGE_H
#define ALM_BROKER_MAIL_JUDGE_H

#include "broker/loop/stage.h"

/** How far an earlier decision lets this one go. */
struct alm_cap {
	const char *released; /* comma-separated categories */
	enum alm_level level;
	bool strips_location; /* what is kept still holds it */
	bool hides_subject;
};

/** What was decided, and what the recipient would get.  In the arena. */
struct alm_judgement {
	enum alm_effect effect; /* deny also when no view can be made */
	enum alm_err code;      /* OK unless denied */
	unsigned rule_code;     /* of the decision: 0, 1 or a reason */
	const uint32_t *reasons;
	size_t reason_count;
	const char *basis;   /* "" none */
	const char *nearest; /* "" none */
	struct alm_texts candidates;
	struct alm_texts release;
	struct alm_texts redact;
	struct alm_texts obligations;
	struct alm_texts directives;
	struct alm_texts prohibitions;
	struct alm_texts lifts;
	bool strips_location;
	bool hides_subject; /* what is restricted goes without who it is of */
	bool is_override_used;
	enum alm_level level;
	bool has_person;
	uint8_t person[16]; /* of the audit log */
	bool has_pseudonym;
	uint8_t pseudonym[16]; /* for the recipient */
	/* When not denied: */
	struct alm_bytes view;
	struct alm_texts withheld; /* field paths */
	bool is_partial;
	struct alm_texts faults; /* field paths, when not conformant */
};

/**
 * In:      payload  as sent, or as an earlier judgement left it
 *          cap      of that judgement; NULL for a new message
 * Errors:  those of the store; a refusal is a judgement, not an error
 */
ALM_MUST_USE enum alm_err alm_judge(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	const struct alm_cap *cap, struct alm_judgement *out_judgement);

#define ALM_JUDGE_VIEWS 16u

/** What the judgements of one message to several have in common: whom it is
 * about, whether it conforms, and the views made last.  Zeroed at first. */
struct alm_judge_common {
	bool has_person;
	struct alm_person person;
	uint8_t person_name[16]; /* in the audit log */
	bool is_conformant;
	enum alm_err fault; /* of the payload, whoever would get it */
	struct alm_texts faults;
	const struct alm_judgement *views[ALM_JUDGE_VIEWS];
	size_t view_count; /* made in all */
	size_t view_bytes; /* of them all */
};

/**
 * Judge a new message for one of its recipients, who is `message->recipient`.
 * Errors:  as alm_judge()
 */
ALM_MUST_USE enum alm_err alm_judge_each(struct alm_turn *turn,
	const struct alm_message *message, struct alm_bytes payload,
	struct alm_judge_common *common, struct alm_judgement *out_judgement);

#endif /* ALM_BROKER_MAIL_JUDGE_H */
