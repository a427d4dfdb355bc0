/*
 * mail.h - what comes: it is brought into the inbox, as much at once as is
 * here, and then acknowledged.
 */
#ifndef ALM_AGENTS_FOLDER_MAIL_H
#define ALM_AGENTS_FOLDER_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "agents/folder/large.h"
#include "agents/folder/pause.h"
#include "agents/folder/proofs.h"
#include "agents/folder/taking.h"

/** Zeroed, but for what is borrowed. */
struct alm_mail {
	const struct alm_folder *folder;
	struct alm_client *client;
	struct alm_proofs *proofs;
	struct alm_takings takings;
	struct alm_large_fetches fetches;
	struct alm_pause pause;
	bool is_draining; /* no more is asked for */
	uint64_t taken;
	size_t unconfirmed;
};

/** After the client is closed. */
void alm_mail_fini(struct alm_mail *mail);

/** A delivery, a notice, what was acknowledged or fetched; of others, nothing.
 * True: the event is kept until its payload is here. */
bool alm_mail_event(struct alm_mail *mail, struct alm_event *event);

/** Nothing more is here: into the inbox with it. */
void alm_mail_settle(struct alm_mail *mail);

/** At start: acknowledge again what is not confirmed.  Errors: IO. */
ALM_MUST_USE enum alm_err alm_mail_recover(
	struct alm_mail *mail, struct alm_problem *problem);

/** Nothing is under way. */
bool alm_mail_is_idle(const struct alm_mail *mail);

#endif /* ALM_AGENTS_FOLDER_MAIL_H */
