/*
 * Orders live in the row of their mailbox, and here beside what is held of it,
 * so that mail that comes or goes asks the store for neither.
 */
#include "broker/mail/orders.h"

#include "broker/edge/log.h"
#include "broker/mail/mend.h"

/* How long it is believed that the oldest mail is not too old. */
#define LOOK_EVERY_MS 1000

struct alm_mailbox_limits alm_default_limits(
	const struct alm_settings *settings)
{
	return (struct alm_mailbox_limits){
		.messages = settings->mailbox_messages_max,
		.bytes = settings->mailbox_bytes_max,
		.age_ms = settings->mailbox_age_max_ms,
	};
}

static enum alm_err load_one(struct alm_broker *broker, const char *name)
{
	struct alm_mailbox_state state;
	struct alm_mailbox *mailbox;
	enum alm_err err =
		alm_store_mailbox_orders(broker->store, name, &state);

	if (err != ALM_OK ||
		(state.held_since_us == 0 && state.limits.messages == 0 &&
			state.limits.bytes == 0 && state.limits.age_ms == 0)) {
		return err;
	}
	mailbox = alm_mailboxes_get(broker->mailboxes, name);
	if (mailbox == NULL) {
		return ALM_NOMEM;
	}
	mailbox->is_on_hold = state.held_since_us != 0;
	alm_mailbox_set_limits(broker->mailboxes, mailbox, &state.limits);
	return ALM_OK;
}

enum alm_err alm_orders_load(struct alm_broker *broker)
{
	char name[ALM_ID_BYTES_MAX + 1] = "";
	struct alm_arena arena;
	enum alm_err err = ALM_OK;

	alm_arena_init(&arena, ALM_TURN_ARENA_BYTES_MAX);
	alm_mailboxes_forget_orders(broker->mailboxes);
	while (err == ALM_OK) {
		const char *next;

		alm_arena_reset(&arena);
		err = alm_store_mailbox_next(
			broker->store, name, &arena, &next);
		if (err == ALM_OK) {
			alm_text_copy(name, sizeof(name), next);
			err = load_one(broker, name);
		}
	}
	alm_arena_fini(&arena);
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

static enum alm_err hold_damaged(struct alm_turn *turn, const char *name)
{
	struct alm_broker *broker = turn->broker;
	struct alm_mailbox_state state;
	struct alm_mailbox *mailbox;
	enum alm_err err =
		alm_store_mailbox_orders(broker->store, name, &state);

	if (err != ALM_OK || state.damage != ALM_MAILBOX_DAMAGED) {
		return err;
	}
	mailbox = alm_mailboxes_get(broker->mailboxes, name);
	if (mailbox == NULL) {
		return ALM_NOMEM;
	}
	mailbox->is_on_hold = true;
	alm_mailbox_set_limits(broker->mailboxes, mailbox, &state.limits);
	err = alm_store_mailbox_told(broker->store, name);
	if (err != ALM_OK) {
		return err;
	}
	alm_log(ALM_LOG_ERROR, "mailbox.damaged",
		"ALM-%u the row of mailbox %s was damaged: it is on hold "
		"until `almoner mailbox release`, and has no limits of its own",
		(unsigned)ALM_STORE_CORRUPT, name);
	return alm_record_anomaly(turn, name, 0,
		"what: the row of a mailbox was damaged\n"
		"done: it is on hold until an operator decides, and its own "
		"limits are lost\n");
}

enum alm_err alm_orders_mend(struct alm_turn *turn)
{
	struct alm_store *store = turn->broker->store;
	const char *name = "";
	enum alm_err err = ALM_OK;

	if (turn->is_store_full || !alm_store_mailbox_take_damage(store)) {
		return ALM_OK;
	}
	while (err == ALM_OK) {
		err = alm_store_mailbox_next(store, name, turn->arena, &name);
		if (err == ALM_OK) {
			err = hold_damaged(turn, name);
		}
	}
	if (err != ALM_NOT_FOUND) {
		return err;
	}
	(void)alm_store_mailbox_take_damage(store); /* met on the way */
	return ALM_OK;
}

enum alm_err alm_mailbox_look(
	struct alm_turn *turn, struct alm_mailbox *mailbox)
{
	struct alm_mailbox_state state;
	enum alm_err err;

	if (!mailbox->is_unread &&
		turn->monotonic_ms - mailbox->looked_ms < LOOK_EVERY_MS) {
		return ALM_OK;
	}
	err = alm_store_mailbox_state(
		turn->broker->store, mailbox->organisation, &state);
	if (err == ALM_OK) {
		mailbox->looked_ms = turn->monotonic_ms;
		mailbox->is_unread = mailbox->limits.age_ms != 0 &&
				     state.oldest_at_ms != 0 &&
				     turn->now_ms - state.oldest_at_ms >
					     mailbox->limits.age_ms;
	}
	return err;
}
