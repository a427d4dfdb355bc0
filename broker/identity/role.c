/*
 * An agent without a limit costs nothing here but a look at one byte: only a
 * mailbox with a limited agent on it reads a piece of mail to choose its
 * session.  What was released when it was accepted is compared; deciding it
 * again can only make that less.
 */
#include "broker/identity/role.h"

#include <string.h>

#include "broker/loop/detail.h"
#include "broker/store/dead.h"

enum alm_err alm_role_check_send(
	const struct alm_agent *agent, const struct alm_message *message)
{
	bool is_receipt = alm_kind_is_receipt(message->kind);
	uint8_t roles =
		is_receipt ? ALM_ROLE_SEND | ALM_ROLE_RECEIVE : ALM_ROLE_SEND;

	if ((agent->roles & roles) == 0) {
		return ALM_AGENT_ROLE;
	}
	if (agent->categories[0] == '\0') {
		return ALM_OK;
	}
	for (size_t i = 0; i < message->categories.count; i++) {
		const char *category = message->categories.items[i];

		if (!alm_categories_hold(
			    agent->categories, category, strlen(category))) {
			return ALM_AGENT_CATEGORY;
		}
	}
	return message->categories.count == 0 && !is_receipt
		       ? ALM_AGENT_CATEGORY
		       : ALM_OK;
}

/* Released categories are told from none at all by what the message is. */
static bool is_business_receipt(
	const struct alm_turn *turn, const struct alm_mail *mail)
{
	struct alm_message message;

	return alm_wire_decode_message(
		       mail->message, turn->arena, &message, NULL) == ALM_OK &&
	       alm_kind_is_receipt(message.kind);
}

static bool may_have(const struct alm_turn *turn, const struct alm_agent *agent,
	const struct alm_mail *mail)
{
	if (mail->kind == ALM_MAIL_NOTICE || agent->categories[0] == '\0') {
		return true;
	}
	return mail->released[0] == '\0'
		       ? is_business_receipt(turn, mail)
		       : alm_categories_hold_all(
				 agent->categories, mail->released);
}

bool alm_role_may_see(
	const struct alm_agent *agent, const struct alm_audit_record *record)
{
	return agent->categories[0] == '\0' || record->agent == agent->number ||
	       (record->categories[0] != '\0' &&
		       alm_categories_hold_all(
			       agent->categories, record->categories));
}

/* The one that can take most of those who may have it. */
static enum alm_err choose(const struct alm_turn *turn,
	struct alm_mailbox *mailbox, const struct alm_mail *mail,
	bool has_parts, size_t bytes, struct alm_session **out_session)
{
	struct alm_session *best = NULL;
	bool is_anyone = false;
	bool is_limited = false;

	for (struct alm_session *session = mailbox->sessions; session != NULL;
		session = session->next_of_mailbox) {
		const struct alm_agent *agent = alm_keyring_by_number(
			turn->broker->keyring, session->agent_number);

		if (agent == NULL) {
			continue;
		}
		is_limited |= agent->categories[0] != '\0';
		if (agent->is_revoked || session->window == 0 ||
			(agent->roles & ALM_ROLE_RECEIVE) == 0 ||
			(has_parts && !session->takes_parts) ||
			!may_have(turn, agent, mail)) {
			continue;
		}
		is_anyone = true;
		if (alm_session_has_room(session, bytes) &&
			(best == NULL ||
				session->window - session->held_count >
					best->window - best->held_count)) {
			best = session;
		}
	}
	mailbox->has_limited = is_limited;
	*out_session = best;
	return best != NULL ? ALM_OK : is_anyone ? ALM_BUSY : ALM_NOT_FOUND;
}

enum alm_err alm_role_choose(struct alm_turn *turn, struct alm_mailbox *mailbox,
	const struct alm_queue_entry *entry, size_t bytes,
	struct alm_session **out_session)
{
	struct alm_session *chosen = NULL;
	struct alm_mail mail;
	enum alm_err err = alm_store_mail_get(
		turn->broker->store, entry->seq, turn->arena, &mail);

	if (err == ALM_NOT_FOUND) {
		return ALM_STORE_CORRUPT; /* its row says that it is there */
	}
	if (err == ALM_OK) {
		err = choose(
			turn, mailbox, &mail, entry->has_parts, bytes, &chosen);
	}
	if (err == ALM_OK) {
		*out_session = chosen;
	}
	return err;
}

static enum alm_err check_taken(struct alm_turn *turn,
	const struct alm_agent *agent, struct alm_mailbox *mailbox,
	uint64_t seq)
{
	const struct alm_held *held = alm_mailbox_held(mailbox, seq);
	struct alm_store *store = turn->broker->store;
	struct alm_dead_letter dead;
	struct alm_queue_entry entry;
	struct alm_mail mail;
	enum alm_err err;

	if (agent->categories[0] == '\0' ||
		(held != NULL && held->session != NULL &&
			held->session->agent_number == agent->number)) {
		return ALM_OK;
	}
	err = alm_store_queue_get(store, mailbox->organisation, seq, &entry);
	if (err == ALM_NOT_FOUND) {
		err = alm_store_dead_get(
			store, mailbox->organisation, seq, &dead);
	}
	if (err == ALM_NOT_FOUND) {
		return ALM_OK; /* gone already */
	}
	if (err == ALM_OK) {
		err = alm_store_mail_get(store, seq, turn->arena, &mail);
	}
	if (err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT) {
		return ALM_AGENT_CATEGORY; /* nobody can tell what it is */
	}
	if (err == ALM_OK && !may_have(turn, agent, &mail)) {
		return ALM_AGENT_CATEGORY;
	}
	return err;
}

enum alm_err alm_role_check_taken(struct alm_turn *turn,
	const struct alm_agent *agent, struct alm_mailbox *mailbox,
	uint64_t seq)
{
	struct alm_arena_mark mark = alm_arena_mark(turn->arena);
	enum alm_err err = check_taken(turn, agent, mailbox, seq);

	alm_arena_rewind(turn->arena, &mark);
	return err;
}

enum alm_err alm_role_record(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code,
	const char *detail)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_REFUSED);

	if (turn->is_store_full) {
		return ALM_OK;
	}
	record.effect = ALM_EFFECT_DENY;
	record.code = (uint32_t)code;
	record.agent = request->agent->number;
	record.sender = request->agent->organisation;
	alm_detail_init(turn->detail);
	alm_detail_text(turn->detail, "what", detail);
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

enum alm_err alm_role_refuse(struct alm_turn *turn,
	const struct alm_turn_request *request, enum alm_err code,
	const char *detail)
{
	enum alm_err err = alm_role_record(turn, request, code, detail);

	alm_fair_note_refused(turn, request->agent->organisation, 1);
	return err == ALM_OK ? alm_turn_reply_error(turn, request, code, detail)
			     : err;
}
