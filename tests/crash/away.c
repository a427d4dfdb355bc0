/*
 * away.c - mail for a recipient that never comes; some of it expires.
 *
 * The broker sweeps what has expired a bounded number of rows at a time, and
 * begins again whenever it was killed.  So at the end, before the log is held
 * against the journals, a message that expires behind all other mail shows that
 * a sweep has come to the end of the mailbox.  One that is sent then has been
 * passed by a sweep that found everything else expired.
 */
#include <string.h>

#include "tests/crash/crash.h"
#include "tests/support/clock.h"

#define EXPIRY_MS 3000
/* As late as any mail of the others does. */
#define EXPIRY_MS_MAX 6000
#define LAST_SENT 2u

static struct {
	uint8_t id[16];
	bool is_waiting;
	unsigned expired;
} last;

void crash_away_send(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct alm_outgoing message = crash_message(world, "C84003");

	if (crash_random(world, 4) != 0) {
		return;
	}
	if (crash_random(world, 2) == 0) {
		message.expires_ms = test_now_ms() + EXPIRY_MS;
	}
	(void)crash_send(world, trust, &message);
}

bool crash_away_is_swept(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct alm_outgoing message = crash_message(world, "C84003");

	if (last.is_waiting || last.expired == LAST_SENT) {
		return last.expired == LAST_SENT;
	}
	alm_make_id(last.id);
	message.id = last.id;
	message.expires_ms =
		test_now_ms() + (last.expired == 0 ? EXPIRY_MS_MAX : EXPIRY_MS);
	last.is_waiting = crash_send(world, trust, &message);
	return false;
}

void crash_away_answered(const uint8_t id[16], int code)
{
	if (code != 0 && memcmp(id, last.id, sizeof(last.id)) == 0) {
		last.is_waiting = false; /* it came too late: another */
	}
}

void crash_away_told(const struct alm_notice_view *notice)
{
	if (last.is_waiting && strcmp(notice->kind, "expired") == 0 &&
		memcmp(notice->id, last.id, sizeof(last.id)) == 0) {
		last.is_waiting = false;
		last.expired++;
	}
}
