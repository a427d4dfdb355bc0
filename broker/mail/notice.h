/*
 * notice.h - the body of a notice as it is kept in a mailbox.
 */
#ifndef ALM_BROKER_MAIL_NOTICE_H
#define ALM_BROKER_MAIL_NOTICE_H

#include "lib/wire/wire.h"

/** Errors: STORE_CORRUPT, NOMEM.  Sequence and attempt are left at zero. */
ALM_MUST_USE enum alm_err alm_notice_decode(struct alm_bytes body,
	struct alm_arena *arena, struct alm_notice *out_notice);

#endif /* ALM_BROKER_MAIL_NOTICE_H */
