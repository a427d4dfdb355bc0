/*
 * demo.h - the demonstration: a broker of its own, one process for each
 * organisation, letters between them, and what the broker says afterwards.
 * One thread.
 */
#ifndef ALM_CLI_DEMO_DEMO_H
#define ALM_CLI_DEMO_DEMO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/demo/child.h"
#include "cli/demo/story.h"
#include "cli/sandbox/sandbox.h"
#include "lib/arena.h"
#include "lib/id.h"

#define ALM_DEMO_WAIT_MS 180000
#define ALM_DEMO_PATIENT "9990000018"

/* Who plays.  The order is that of the table in cast.c. */
enum alm_part {
	ALM_PART_HOSPITAL,  /* RX1 */
	ALM_PART_DONCASTER, /* RP5 */
	ALM_PART_MIND,      /* RHA, mental health */
	ALM_PART_PRACTICE,  /* C84001 */
	ALM_PART_COUNCIL,   /* 511 */
	ALM_PART_HOMECARE,  /* Helping Hands Mansfield */
	ALM_PART_RIVAL,     /* its competitor */
	ALM_PART_HOSPICE,
	ALM_PART_MACMILLAN,
	ALM_PART_AGE_UK,
	ALM_PART_BOARD,    /* QT1 */
	ALM_PART_ALLIANCE, /* E56000024, by its host */
	ALM_PART_PRIVATE,  /* NVC40 */
	ALM_PART_HSSIB,
	ALM_PART_COUNT,
};

#define ALM_SAID_MAX 64u

/** What a role agent said: one event line of agents/roles/role.h. */
struct alm_said {
	char what[12]; /* receipt, mail, notice, ... */
	char ref[64];
	char id[ALM_UUID_TEXT_BYTES];
	int code;
	char name[64];
	char basis[ALM_ID_BYTES_MAX + 1];
	bool is_transformed;
};

/** One organisation's agent. */
struct alm_player {
	struct alm_child child;
	struct alm_said said[ALM_SAID_MAX]; /* of a role agent */
	size_t said_count;
	char context[PATH_MAX];
	char folder[512];      /* of a folder agent; else "" */
	int watch;             /* inotify of a folder agent; else -1 */
	unsigned letter_count; /* sent so far */
};

/** A letter to be sent.  A role agent writes the letter `part` itself, with a
 * payload of an information standard; then only `to`, `subject` and
 * `referral` are used. */
struct alm_letter {
	enum alm_part from;
	const char *part; /* NULL: as it stands here */
	const char *to;   /* organisation id */
	const char *purpose;
	const char *categories; /* comma-separated */
	const char *level;
	const char *subject;  /* NULL: about nobody */
	const char *referral; /* reference of a referral; NULL: none */
	const char *text;
};

/** What the broker answered. */
struct alm_outcome {
	bool is_answered;
	int code;            /* 0: accepted */
	bool is_transformed; /* the recipient gets less */
	char name[64];
	char id[ALM_UUID_TEXT_BYTES];
	char basis[ALM_ID_BYTES_MAX + 1];
};

struct alm_demo {
	struct alm_story story;
	struct alm_sandbox *sandbox;
	struct alm_arena arena; /* of the answer that was asked for last */
	struct alm_problem problem;
	char log[PATH_MAX]; /* of all players */
	struct alm_player players[ALM_PART_COUNT];
	struct alm_outcome summary; /* of the first letter, for the log */
	unsigned accepted_count;    /* as the senders saw it */
	unsigned refused_count;
	bool is_verified; /* the tree; and damage to a copy is found */
};

/* --- cast.c ------------------------------------------------------------- */

const char *alm_part_name(enum alm_part part);

/** Make folder, keys and context of each player and start it; on failure
 * `demo->problem` says what, and alm_cast_close() ends those that run. */
ALM_MUST_USE enum alm_err alm_cast_open(struct alm_demo *demo);
ALM_MUST_USE enum alm_err alm_cast_start(
	struct alm_demo *demo, enum alm_part part);
void alm_cast_stop(struct alm_demo *demo, enum alm_part part);
void alm_cast_close(struct alm_demo *demo);

/* --- post.c ------------------------------------------------------------- */

/** Send and wait for the broker's answer; counts it. */
struct alm_outcome alm_post_send(
	struct alm_demo *demo, const struct alm_letter *letter);

/** Wait for the answer to a letter that `part` sends by itself, under a
 * reference of its own; counts it. */
struct alm_outcome alm_post_answer(
	struct alm_demo *demo, enum alm_part part, const char *ref);

/** Wait until `part` has received the letter. */
bool alm_post_arrives(
	struct alm_demo *demo, enum alm_part part, const char *id);

/** Wait until `part` is told that its letter was stopped. */
bool alm_post_is_stopped(
	struct alm_demo *demo, enum alm_part part, const char *id);

/* --- ask.c -------------------------------------------------------------- */

/** The broker's own figures. */
struct alm_figures {
	uint64_t accepted;
	uint64_t refused;
	uint64_t delivered;
	uint64_t acknowledged;
	uint64_t stopped;
	uint64_t audit_records;
};

/** Ask the broker; the answer lives in the demo's arena until the next one.
 * Errors: as alm_sandbox_ask(); demo->problem says more. */
ALM_MUST_USE enum alm_err alm_demo_ask(struct alm_demo *demo, const char *verb,
	const struct alm_argument *arguments, size_t argument_count,
	struct alm_answer *out_answer);

/** Wait until everything that was accepted is stopped, or handed over and
 * acknowledged. */
bool alm_demo_settles(struct alm_demo *demo, struct alm_figures *out_figures);

/** Record a consent of the patient: `purposes`, `categories` and `to` are the
 * insides of JSON lists. */
ALM_MUST_USE enum alm_err alm_demo_consent(struct alm_demo *demo,
	const char *scope, const char *purposes, const char *categories,
	const char *to);
ALM_MUST_USE enum alm_err alm_demo_withdraw(
	struct alm_demo *demo, const char *scope);

/* --- the story ---------------------------------------------------------- */

void alm_scene_pathway(struct alm_demo *demo);  /* scenes_care.c */
void alm_scene_consent(struct alm_demo *demo);  /* scenes_consent.c */
void alm_scene_planning(struct alm_demo *demo); /* scenes_system.c */
void alm_scene_investigation(struct alm_demo *demo);
void alm_scene_intruders(struct alm_demo *demo); /* scenes_refusals.c */
void alm_scene_log(struct alm_demo *demo);       /* scenes_log.c */

#endif /* ALM_CLI_DEMO_DEMO_H */
