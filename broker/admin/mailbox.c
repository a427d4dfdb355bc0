/*
 * Verbs about mailboxes: what waits in them, and what an operator orders.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/loop/detail.h"
#include "broker/store/watch.h"

static bool is_connected(const struct alm_mailbox *mailbox)
{
	return mailbox != NULL && mailbox->sessions != NULL;
}

/* Why nothing is handed over. */
static const char *hold_of(const struct alm_mailbox_state *state)
{
	if (state->held_since_us == 0) {
		return "";
	}
	return state->damage == ALM_MAILBOX_WHOLE ? "order" : "damage";
}

/* --- list ----------------------------------------------------------------- */

static enum alm_err add_mailbox(struct alm_call *call, const char *name)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	struct alm_mailbox_state state;
	enum alm_err err = alm_store_mailbox_state(broker->store, name, &state);

	if (err == ALM_OK) {
		alm_table_row(table,
			(const char *const[]){name,
				alm_table_text(table, state.count),
				alm_table_text(table, state.bytes),
				alm_table_instant(
					table, state.oldest_at_ms * 1000),
				is_connected(alm_mailboxes_find(
					broker->mailboxes, name))
					? "yes"
					: "no",
				alm_table_text(table, state.dead_count),
				alm_table_instant(table, state.held_since_us),
				hold_of(&state)});
	}
	return err;
}

enum alm_err alm_verb_mailbox_list(struct alm_call *call)
{
	static const char *const columns[] = {"organisation", "messages",
		"bytes", "oldest-at", "connected", "dead-letters",
		"on-hold-since", "on-hold-by"};
	const char *name = alm_call_argument(call, "cursor");
	struct alm_table *table = call->table;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	for (;;) {
		enum alm_err err =
			alm_store_mailbox_next(call->turn->broker->store, name,
				call->turn->arena, &name);

		if (err == ALM_NOT_FOUND) {
			return ALM_OK;
		}
		if (err == ALM_OK && !alm_table_has_room(table)) {
			table->cursor =
				table->rows[table->row_count - 1].items[0];
			return ALM_OK;
		}
		if (err == ALM_OK) {
			err = add_mailbox(call, name);
		}
		if (err != ALM_OK) {
			return err;
		}
	}
}

/* --- show ----------------------------------------------------------------- */

/* Where mail is: waiting, in an agent's hands until a time, or waiting for
 * one to hand it over again. */
static const char *state_of(struct alm_call *call, const struct alm_held *held,
	const char **out_agent, const char **out_due)
{
	const struct alm_agent *agent;
	int64_t left_ms;

	*out_agent = "";
	*out_due = "";
	if (held == NULL) {
		return "queued";
	}
	left_ms = held->due_ms - call->turn->monotonic_ms;
	if (left_ms > 0 && held->due_ms != INT64_MAX) {
		*out_due = alm_table_instant(
			call->table, call->turn->now_us + left_ms * 1000);
	}
	if (held->session == NULL) {
		return held->is_parked ? "waiting" : "due-again";
	}
	agent = alm_keyring_by_number(
		call->turn->broker->keyring, held->session->agent_number);
	*out_agent = agent == NULL ? "" : agent->name;
	return held->is_barred ? "barred" : "handed-over";
}

static enum alm_err add_entry(struct alm_call *call,
	struct alm_mailbox *mailbox, const struct alm_queue_entry *entry)
{
	struct alm_table *table = call->table;
	const struct alm_held *held =
		mailbox == NULL ? NULL : alm_mailbox_held(mailbox, entry->seq);
	struct alm_listed_mail mail;
	const char *agent;
	const char *due;
	const char *state = state_of(call, held, &agent, &due);
	enum alm_err err = alm_call_list_mail(call, entry, &mail);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, entry->seq),
			mail.kind, mail.sender, mail.id,
			alm_place_priority_word(entry->place), state, agent,
			entry->is_damaged
				? ""
				: alm_table_text(table, entry->attempts),
			due,
			alm_table_instant(table, mail.accepted_at_ms * 1000),
			alm_table_instant(table, entry->expires_ms * 1000),
			entry->is_damaged
				? ""
				: alm_table_text(table, entry->bytes)});
	return ALM_OK;
}

/* What is taken of it in a second, its own quota or that of all. */
static void add_quota(struct alm_call *call, const struct alm_mailbox *mailbox)
{
	const struct alm_settings *settings = &call->turn->broker->settings;
	uint64_t messages = settings->organisation_messages_per_s;
	uint64_t bytes = settings->organisation_bytes_per_s;

	if (mailbox != NULL && mailbox->lane.messages_per_s != 0) {
		messages = mailbox->lane.messages_per_s;
	}
	if (mailbox != NULL && mailbox->lane.bytes_per_s != 0) {
		bytes = mailbox->lane.bytes_per_s;
	}
	alm_table_number(call->table, "sends-messages-per-s", messages);
	alm_table_number(call->table, "sends-bytes-per-s", bytes);
}

/* `own` are limits that it would have, or NULL: those that it has. */
static enum alm_err add_mailbox_facts(struct alm_call *call, const char *name,
	struct alm_mailbox *mailbox, const struct alm_mailbox_limits *own)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	struct alm_mailbox_limits limits;
	struct alm_mailbox_state state;
	const char *deputy = "";
	enum alm_err err = alm_store_mailbox_state(broker->store, name, &state);

	if (err == ALM_OK) {
		err = alm_store_deputy_get(
			broker->store, name, call->turn->arena, &deputy);
	}
	if (err != ALM_OK) {
		return err;
	}
	limits = alm_mailboxes_limits(
		broker->mailboxes, own != NULL ? own : &state.limits);
	alm_table_fact(table, "organisation", name);
	alm_table_number(table, "messages", state.count);
	alm_table_number(table, "message-bytes", state.bytes);
	alm_table_fact(table, "oldest-at",
		alm_table_instant(table, state.oldest_at_ms * 1000));
	alm_table_fact(
		table, "connected", is_connected(mailbox) ? "yes" : "no");
	alm_table_fact(table, "on-hold-since",
		alm_table_instant(table, state.held_since_us));
	alm_table_fact(table, "on-hold-by", hold_of(&state));
	alm_table_number(table, "dead-letters", state.dead_count);
	alm_table_fact(table, "deputy", deputy);
	alm_table_number(table, "messages-max", limits.messages);
	alm_table_number(table, "bytes-max", limits.bytes);
	alm_table_number(table, "age-max-s", (uint64_t)limits.age_ms / 1000);
	add_quota(call, mailbox);
	return ALM_OK;
}

enum alm_err alm_verb_mailbox_show(struct alm_call *call)
{
	static const char *const columns[] = {"sequence", "kind", "sender",
		"message-id", "priority", "state", "agent", "attempts",
		"next-due", "accepted-at", "expires-at", "bytes"};
	struct alm_broker *broker = call->turn->broker;
	uint64_t place = strtoull(alm_call_argument(call, "cursor"), NULL, 10);
	struct alm_table *table = call->table;
	struct alm_mailbox *mailbox;
	const char *organisation;
	enum alm_err err = alm_call_organisation(call, &organisation);

	alm_table_columns(table, columns, ALM_COUNT(columns));
	if (err != ALM_OK) {
		return err;
	}
	mailbox = alm_mailboxes_find(broker->mailboxes, organisation);
	err = add_mailbox_facts(call, organisation, mailbox, NULL);
	while (err == ALM_OK) {
		struct alm_queue_entry entry;

		err = alm_store_queue_next(
			broker->store, organisation, place, &entry);
		if (err == ALM_OK && !alm_table_has_room(table)) {
			table->cursor = alm_table_text(table, place);
			return ALM_OK;
		}
		if (err == ALM_OK) {
			err = add_entry(call, mailbox, &entry);
			place = entry.place;
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* --- orders --------------------------------------------------------------- */

/* The record of an order; what it was stands in its private part. */
static enum alm_err record_order(
	struct alm_call *call, const char *organisation, const char *what)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_MAILBOX);

	record.recipient = organisation;
	return alm_call_record(call, &record, what);
}

/* The mailbox in memory, made if need be; and what the store says of it. */
static enum alm_err find(struct alm_call *call, const char **out_organisation,
	struct alm_mailbox **out_mailbox, struct alm_mailbox_state *out_state)
{
	struct alm_broker *broker = call->turn->broker;
	enum alm_err err = alm_call_organisation(call, out_organisation);

	if (err != ALM_OK) {
		return err;
	}
	*out_mailbox = alm_mailboxes_get(broker->mailboxes, *out_organisation);
	if (*out_mailbox == NULL) {
		return ALM_NOMEM;
	}
	return alm_store_mailbox_orders(
		broker->store, *out_organisation, out_state);
}

static enum alm_err set_hold(struct alm_call *call, bool is_on_hold)
{
	const char *organisation;
	struct alm_mailbox *mailbox;
	struct alm_mailbox_state state;
	int64_t since_us = is_on_hold ? call->turn->now_us : 0;
	enum alm_err err = find(call, &organisation, &mailbox, &state);
	bool is_new;

	if (err != ALM_OK) {
		return err;
	}
	/* A hold that stands for what is not known becomes one by order. */
	is_new = (state.held_since_us != 0) != is_on_hold ||
		 state.damage != ALM_MAILBOX_WHOLE;
	if (is_new && !alm_call_is_dry_run(call)) {
		err = alm_store_mailbox_hold(
			call->turn->broker->store, organisation, since_us);
		if (err == ALM_OK) {
			err = record_order(call, organisation,
				is_on_hold ? "hold" : "release");
		}
		call->turn->has_new_world = true;
		mailbox->is_on_hold = is_on_hold;
	}
	alm_table_fact(call->table, "organisation", organisation);
	alm_table_fact(call->table, "state", is_on_hold ? "on-hold" : "open");
	alm_table_fact(call->table, "changed", is_new ? "yes" : "no");
	alm_table_fact(call->table, "on-hold-since",
		alm_table_instant(
			call->table, is_new ? since_us : state.held_since_us));
	return err;
}

enum alm_err alm_verb_mailbox_hold(struct alm_call *call)
{
	return set_hold(call, true);
}

enum alm_err alm_verb_mailbox_release(struct alm_call *call)
{
	return set_hold(call, false);
}

/* A limit from an argument: a number, `default`, or not given. */
static enum alm_err read_limit(
	struct alm_call *call, const char *key, uint64_t max, uint64_t *limit)
{
	const char *text = alm_call_argument(call, key);
	uint64_t number;
	char *end;

	if (text[0] == '\0') {
		return ALM_OK;
	}
	if (strcmp(text, "default") == 0) {
		*limit = 0;
		return ALM_OK;
	}
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || strlen(text) > 18 ||
		*end != '\0' || number == 0 || number > max) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"%s is default, or a number up to %" PRIu64, key, max);
	}
	*limit = number;
	return ALM_OK;
}

static enum alm_err read_limits(
	struct alm_call *call, struct alm_mailbox_limits *limits)
{
	uint64_t age_s = (uint64_t)limits->age_ms / 1000;
	enum alm_err err = read_limit(
		call, "messages", ALM_MAILBOX_MESSAGES_MAX, &limits->messages);

	if (err == ALM_OK) {
		err = read_limit(
			call, "bytes", UINT64_C(1) << 44, &limits->bytes);
	}
	if (err == ALM_OK) {
		err = read_limit(call, "age", UINT64_C(365) * 86400, &age_s);
	}
	limits->age_ms = (int64_t)age_s * 1000;
	return err;
}

enum alm_err alm_verb_mailbox_limit(struct alm_call *call)
{
	struct alm_broker *broker = call->turn->broker;
	const char *organisation;
	struct alm_mailbox *mailbox;
	struct alm_mailbox_state state;
	enum alm_err err = find(call, &organisation, &mailbox, &state);

	if (err == ALM_OK) {
		err = read_limits(call, &state.limits);
	}
	if (err != ALM_OK) {
		return err;
	}
	if (!alm_call_is_dry_run(call)) {
		char what[128];

		(void)snprintf(what, sizeof(what),
			"limits: messages %" PRIu64 " bytes %" PRIu64
			" age-ms %" PRId64 " (0: default)",
			state.limits.messages, state.limits.bytes,
			state.limits.age_ms);
		err = alm_store_mailbox_limit(
			broker->store, organisation, &state.limits);
		if (err == ALM_OK) {
			err = record_order(call, organisation, what);
		}
		call->turn->has_new_world = true;
		alm_mailbox_set_limits(
			broker->mailboxes, mailbox, &state.limits);
	}
	return err == ALM_OK ? add_mailbox_facts(call, organisation, mailbox,
				       &state.limits)
			     : err;
}
