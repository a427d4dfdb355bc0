/* mail.h - mail and notices from the broker become events, once what the
 * protocol says of them holds.  Private to agents/client. */
#ifndef ALM_AGENTS_CLIENT_MAIL_H
#define ALM_AGENTS_CLIENT_MAIL_H

#include "agents/client/client.h"

void alm_mail_deliver(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_deliver *deliver);

void alm_mail_notice(struct alm_client *client, struct alm_held_frame *frame,
	const struct alm_notice *notice);

#endif /* ALM_AGENTS_CLIENT_MAIL_H */
