/*
 * actors.c - the table of what plays while the broker is killed.  A feature
 * that promises something about messages has a row here, and its file.
 */
#include "lib/base.h"
#include "tests/crash/crash.h"

#define IN_FLIGHT_MAX 200u

/* --- routine: as many as the library takes, all taken -------------------- */

static void begin_routine(struct crash_world *world)
{
	(void)crash_agent(world, "RX1", 256);
	(void)crash_agent(world, "C84001", 256);
}

static void send_routine(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RX1", 0);
	static const char *const priorities[] = {
		"routine", "routine", "urgent", "bulk"};
	unsigned in_flight = 1 + crash_random(world, IN_FLIGHT_MAX);

	while (trust->unanswered < in_flight) {
		struct alm_outgoing message = crash_message(world, "C84001");

		message.priority = priorities[crash_random(world, 4)];
		if (!crash_send(world, trust, &message)) {
			return;
		}
	}
}

/* --- rejected: a recipient that says no, and a sender that hears it ------ */

static void begin_rejected(struct crash_world *world)
{
	(void)crash_agent(world, "RHA", 64);
	crash_agent(world, "C84002", 16)->rejects = 3;
}

static void send_rejected(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);

	for (unsigned i = crash_random(world, 4); i > 0; i--) {
		struct alm_outgoing message = crash_message(world, "C84002");

		if (i % 2 == 0) {
			message.subject = "9990000026";
		}
		(void)crash_send(world, trust, &message);
	}
}

/* --- refused: what no agreement permits ---------------------------------- */

static void send_refused(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct alm_outgoing message = crash_message(world, "RX1");

	if (crash_random(world, 4) == 0) {
		(void)crash_send(world, trust, &message);
	}
}

/* --- several: one message to many, of whom one is away ------------------- */

static void send_several(struct crash_world *world)
{
	/* The last may not have it. */
	static const char *const recipients[] = {
		"C84001", "C84002", "C84003", "RX1"};
	static const char *const groups[] = {
		"kind:gp-practice@group:near", "C84002"};
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct alm_outgoing message = crash_message(world, NULL);
	bool is_to_group = crash_random(world, 3) == 0;

	message.recipients = is_to_group ? groups : recipients;
	message.recipient_count = 2 + crash_random(world, is_to_group ? 1 : 3);
	message.subject = "9990000042";
	if (crash_random(world, 4) == 0) {
		(void)crash_send(world, trust, &message);
	}
}

/* --- hung: an agent that takes nothing until it is mended; what it got too
 * often is a dead letter, and is run again -----------------------------------
 */

static void begin_hung(struct crash_world *world)
{
	crash_agent(world, "C84004", 8)->ignores = true;
}

static void send_hung(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct crash_agent *hung = crash_agent(world, "C84004", 0);
	struct alm_outgoing message = crash_message(world, "C84004");

	if (crash_random(world, 40) == 0) {
		(void)crash_send(world, trust, &message);
	}
	if (crash_random(world, 3000) == 0) {
		hung->ignores = !hung->ignores;
		if (!hung->ignores) {
			(void)crash_run_again(world, "C84004");
		}
	}
}

static bool is_hung_done(struct crash_world *world)
{
	crash_agent(world, "C84004", 0)->ignores = false;
	return true; /* what it has given up is run again at the end */
}

const struct crash_actor crash_actors[] = {
	{"routine", begin_routine, send_routine, NULL},
	{"rejected", begin_rejected, send_rejected, NULL},
	{"refused", NULL, send_refused, NULL},
	{"away", NULL, crash_away_send, crash_away_is_swept},
	{"several", NULL, send_several, NULL},
	{"asked", NULL, crash_ask, NULL},
	{"overdue", NULL, crash_be_overdue, NULL},
	{"large", crash_large_begin, crash_large_send, NULL},
	{"rotated", crash_rotate_begin, crash_rotate_step,
		crash_rotate_is_done},
	{"hung", begin_hung, send_hung, is_hung_done},
};
const size_t crash_actor_count = ALM_COUNT(crash_actors);
