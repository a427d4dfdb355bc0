/*
 * talk.c - conversations and deadlines: requests of which some have a reply in
 * time, some too late and some none; business receipts of every few pieces of
 * mail; and ordinary messages that an absent recipient does not take in time,
 * so that their sender is told and a deputy gets them.
 */
#include <string.h>

#include "tests/crash/crash.h"
#include "tests/support/clock.h"

#define REQUEST_MS 1500
#define OVERDUE_MS 700
#define EXPIRY_MS 4000
#define ANSWERS_OF 4u
#define RECEIPT_EACH 5u

void crash_ask(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct alm_outgoing message = crash_message(world, "C84002");

	if (crash_random(world, 6) != 0) {
		return;
	}
	message.kind = "request";
	message.subject = "9990000069";
	message.deadline_ms = test_now_ms() + REQUEST_MS;
	(void)crash_send(world, trust, &message);
}

static void reply(struct crash_world *world, struct crash_agent *agent,
	const struct alm_delivery *mail)
{
	struct alm_outgoing message = crash_message(world, mail->sender);

	/* Always the same of one request, so that it is asked again in vain. */
	if (mail->sequence % ANSWERS_OF == 0) {
		return;
	}
	message.kind = "reply";
	message.subject = mail->subject;
	message.correlation_id = mail->id;
	(void)crash_send(world, agent, &message);
}

static void tell(struct crash_world *world, struct crash_agent *agent,
	const struct alm_delivery *mail)
{
	struct alm_outgoing message = {.recipient = mail->sender,
		.purpose = "direct-care",
		.kind = "opened",
		.correlation_id = mail->id};

	(void)crash_send(world, agent, &message);
}

void crash_answer(struct crash_world *world, struct crash_agent *agent,
	const struct alm_delivery *mail)
{
	if (strcmp(mail->kind, "request") == 0) {
		reply(world, agent, mail);
	} else if (mail->kind[0] == '\0' && agent->rejects > 0 &&
		   mail->sequence % RECEIPT_EACH == 0) {
		tell(world, agent, mail);
	}
}

void crash_be_overdue(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct alm_outgoing message = crash_message(world, "C84003");

	if (crash_random(world, 12) != 0) {
		return;
	}
	message.subject = "9990000077";
	message.deadline_ms = test_now_ms() + OVERDUE_MS;
	message.expires_ms = test_now_ms() + EXPIRY_MS;
	(void)crash_send(world, trust, &message);
}
