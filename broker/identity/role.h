/*
 * role.h - what an agent's role lets it do, where that matters: a send, a
 * hand-over, an acknowledgement, a question.  Loop thread only.
 */
#ifndef ALM_BROKER_IDENTITY_ROLE_H
#define ALM_BROKER_IDENTITY_ROLE_H

#include "broker/loop/stage.h"

/** A business receipt is for who receives as well, and has no categories.
 * Errors: AGENT_ROLE, AGENT_CATEGORY: one of them is not for this agent, or
 * there is none and it is limited. */
ALM_MUST_USE enum alm_err alm_role_check_send(
	const struct alm_agent *agent, const struct alm_message *message);

/**
 * Who of a mailbox, in which some are limited, is handed this piece, which
 * takes `bytes` of a window.
 * Errors:  NOT_FOUND: nobody who is connected may have it, it waits for who
 *          may; BUSY: who may has no room; of the store: it cannot be read
 */
ALM_MUST_USE enum alm_err alm_role_choose(struct alm_turn *turn,
	struct alm_mailbox *mailbox, const struct alm_queue_entry *entry,
	size_t bytes, struct alm_session **out_session);

/** Whether a limited agent may take out what it names: what was handed to it,
 * or what it could be handed.  Errors: AGENT_CATEGORY; of the store. */
ALM_MUST_USE enum alm_err alm_role_check_taken(struct alm_turn *turn,
	const struct alm_agent *agent, struct alm_mailbox *mailbox,
	uint64_t seq);

/** Whether a limited agent may know of a record of its organisation's: of what
 * it did itself, and of what it may have. */
bool alm_role_may_see(
	const struct alm_agent *agent, const struct alm_audit_record *record);

/** Record that an agent asked for what its role does not let it do. */
ALM_MUST_USE enum alm_err alm_role_record(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code,
	const char *detail);
/** The same, and answer with an error. */
ALM_MUST_USE enum alm_err alm_role_refuse(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code,
	const char *detail);

#endif /* ALM_BROKER_IDENTITY_ROLE_H */
