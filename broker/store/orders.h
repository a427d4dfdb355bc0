/*
 * orders.h - what an operator has ordered of a mailbox, and what becomes of
 * that when the row which says it is damaged.
 */
#ifndef ALM_BROKER_STORE_ORDERS_H
#define ALM_BROKER_STORE_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

struct alm_mailbox_limits;
struct alm_store;

/** What became of the row that says a mailbox's orders. */
enum alm_mailbox_damage {
	ALM_MAILBOX_WHOLE = 0,
	ALM_MAILBOX_DAMAGED = 1,     /* held, and nobody was told yet */
	ALM_MAILBOX_DAMAGE_TOLD = 2, /* held until an operator decides */
};

/** Whether a mailbox with damage that nobody was told of was read since it was
 * asked last. */
bool alm_store_mailbox_take_damage(struct alm_store *store);

/** That a mailbox's row was damaged is told: it stays on hold.  */
ALM_MUST_USE enum alm_err alm_store_mailbox_told(
	struct alm_store *store, const char *recipient);

/** Stop handing over a mailbox's mail, or go on with 0; damage of its row is
 * done with. */
ALM_MUST_USE enum alm_err alm_store_mailbox_hold(
	struct alm_store *store, const char *recipient, int64_t since_us);

/** Give a mailbox limits of its own. */
ALM_MUST_USE enum alm_err alm_store_mailbox_limit(struct alm_store *store,
	const char *recipient, const struct alm_mailbox_limits *limits);

#endif /* ALM_BROKER_STORE_ORDERS_H */
