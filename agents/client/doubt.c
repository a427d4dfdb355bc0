#include "agents/client/doubt.h"

#define PING_AGAIN_MS 5000

bool alm_doubt_is_refusal(enum alm_err code)
{
	return code == ALM_MALFORMED || code == ALM_FRAME_TOO_LARGE ||
	       code == ALM_TOO_MANY_ENVELOPES || code == ALM_TOO_DEEP ||
	       code == ALM_UNKNOWN_FIELD || code == ALM_FIELD_TOO_LARGE ||
	       code == ALM_TOO_MANY_VALUES || code == ALM_NOT_TEXT ||
	       code == ALM_WRONG_ENVELOPE || code == ALM_DUPLICATE_FIELD ||
	       code == ALM_MISSING_FIELD || code == ALM_BAD_MESSAGE_ID;
}

struct alm_pending *alm_doubt_refused(
	struct alm_doubt *doubt, struct alm_outbox *outbox)
{
	switch (doubt->state) {
	case ALM_DOUBT_NONE:
		if (outbox->counts[ALM_PENDING_SENT] > 0) {
			alm_outbox_doubt_all(outbox);
			doubt->state = ALM_DOUBT_ASKED;
			doubt->is_due = true;
			alm_put_u64(doubt->context,
				alm_get_u64(doubt->context) + 1);
		}
		return NULL;
	case ALM_DOUBT_ASKED:
		return NULL; /* of the same time */
	case ALM_DOUBT_ONE_BY_ONE:
		return TAILQ_FIRST(&outbox->lists[ALM_PENDING_SENT]);
	}
	return NULL;
}

void alm_doubt_pong(struct alm_doubt *doubt, struct alm_bytes context)
{
	struct alm_bytes ours = {doubt->context, sizeof(doubt->context)};

	if (alm_bytes_equal(context, ours)) {
		alm_doubt_reconnected(doubt);
	}
}

void alm_doubt_reconnected(struct alm_doubt *doubt)
{
	if (doubt->state == ALM_DOUBT_ASKED) {
		doubt->state = ALM_DOUBT_ONE_BY_ONE;
		doubt->is_due = false;
	}
}

size_t alm_doubt_room(
	struct alm_doubt *doubt, const struct alm_outbox *outbox, size_t room)
{
	const struct alm_pending *next = alm_outbox_next(outbox);
	size_t sent = outbox->counts[ALM_PENDING_SENT];

	if (doubt->state == ALM_DOUBT_ASKED) {
		return 0;
	}
	if (doubt->state == ALM_DOUBT_ONE_BY_ONE) {
		if (sent > 0) {
			return 0;
		}
		if (next != NULL && next->is_doubted) {
			return room < 1 ? room : 1;
		}
		doubt->state = ALM_DOUBT_NONE;
	}
	return room;
}

struct alm_bytes alm_doubt_ping(const struct alm_doubt *doubt, int64_t now_ms)
{
	bool is_now = doubt->state == ALM_DOUBT_ASKED &&
		      (doubt->is_due || doubt->again_ms <= now_ms);

	return (struct alm_bytes){
		doubt->context, is_now ? sizeof(doubt->context) : 0};
}

void alm_doubt_pinged(struct alm_doubt *doubt, int64_t now_ms)
{
	doubt->is_due = false;
	doubt->again_ms = now_ms + PING_AGAIN_MS;
}
