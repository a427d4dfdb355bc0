/* outcomes.h - what became of a message to several, as its sender sees it. */
#ifndef ALM_AGENTS_CLIENT_OUTCOMES_H
#define ALM_AGENTS_CLIENT_OUTCOMES_H

#include "agents/client/client.h"

/** Set the outcomes of the view, in the frame that the receipt came in. */
void alm_fill_outcomes(struct alm_receipt_view *view,
	struct alm_held_frame *frame, const struct alm_receipt *receipt);

#endif /* ALM_AGENTS_CLIENT_OUTCOMES_H */
