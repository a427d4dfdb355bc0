/*
 * orders.h - what is ordered of a mailbox: its limits, and whether an operator
 * has stopped its hand-over.  Loop thread only.
 */
#ifndef ALM_BROKER_MAIL_ORDERS_H
#define ALM_BROKER_MAIL_ORDERS_H

#include "broker/loop/stage.h"

/** The limits of a mailbox that has none of its own. */
struct alm_mailbox_limits alm_default_limits(
	const struct alm_settings *settings);

/** Take holds and limits from the store.  Errors: NOMEM, STORE_IO. */
ALM_MUST_USE enum alm_err alm_orders_load(struct alm_broker *broker);

/** Mailboxes whose rows were damaged since: what was ordered of them is not
 * known any more, so they are on hold, and that is recorded. */
ALM_MUST_USE enum alm_err alm_orders_mend(struct alm_turn *turn);

/** Whether the oldest mail of a mailbox has waited for longer than it may; so
 * far as is known, and that is at most a second old when it is no. */
ALM_MUST_USE enum alm_err alm_mailbox_look(
	struct alm_turn *turn, struct alm_mailbox *mailbox);

#endif /* ALM_BROKER_MAIL_ORDERS_H */
