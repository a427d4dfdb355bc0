/*
 * Records of what came to nothing.  They are kept for good and cost their
 * asker next to nothing, so they come no faster than the disk can bear: what
 * is beyond is a debt of messages, for which the organisation waits.
 */
#include "broker/loop/fair.h"
#include "broker/loop/stage.h"

#define US 1000000

/* How far they are beyond what is let go, in time; of it `added_us` is new. */
static int64_t over_us(struct alm_lane *lane, int64_t now_us, int64_t added_us)
{
	int64_t over;

	if (lane->refused_us < now_us) {
		lane->refused_us = now_us;
	}
	lane->refused_us += added_us;
	over = lane->refused_us - now_us - (int64_t)ALM_REFUSALS_BURST_S * US;
	if (over <= 0) {
		return 0;
	}
	return over < added_us ? over : added_us;
}

static void note(struct alm_turn *turn, const char *organisation,
	uint64_t count, uint64_t per_s)
{
	const struct alm_settings *settings = &turn->broker->settings;
	struct alm_mailbox *mailbox =
		alm_mailboxes_find(turn->broker->mailboxes, organisation);
	struct alm_lane *lane;
	uint64_t messages_per_s;
	int64_t us;

	if (mailbox == NULL || count == 0) {
		return;
	}
	lane = &mailbox->lane;
	us = over_us(
		lane, turn->monotonic_ms * 1000, (int64_t)(count * US / per_s));
	if (us == 0) {
		return;
	}
	messages_per_s = lane->messages_per_s != 0
				 ? lane->messages_per_s
				 : settings->organisation_messages_per_s;
	alm_quota_spend(&lane->messages, (int64_t)messages_per_s * us / US);
	turn->broker->fair.refused_over += count;
}

void alm_fair_note_refused(
	struct alm_turn *turn, const char *organisation, uint64_t count)
{
	note(turn, organisation, count,
		(uint64_t)turn->broker->settings.organisation_refusals_per_s);
}

void alm_fair_note_no_room(
	struct alm_turn *turn, const char *organisation, uint64_t count)
{
	note(turn, organisation, count,
		(uint64_t)turn->broker->settings.organisation_refusals_per_s *
			ALM_REFUSALS_ROOM_TIMES);
}
