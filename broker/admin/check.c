/*
 * agent.check - what an agent asks when its own doctor looks: who the broker
 * takes it for, whether its signature holds, and what waits for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "broker/admin/question.h"
#include "broker/admin/verbs.h"
#include "broker/identity/identity.h"
#include "lib/join.h"
#include "lib/role.h"
#include "lib/version.h"

const char *alm_agent_signature_word(const struct alm_agent *agent,
	const char *context, const uint8_t digest[ALM_DIGEST_BYTES],
	const char *text)
{
	uint8_t signature[ALM_SIGNATURE_BYTES];

	if (text[0] == '\0') {
		return "absent";
	}
	if (alm_unhex(text, signature, sizeof(signature)) != ALM_OK) {
		return "bad";
	}
	if (alm_digest_is_signed(
		    context, digest, signature, agent->signing_key)) {
		return "good";
	}
	return agent->old_until_us != 0 &&
			       alm_digest_is_signed(context, digest, signature,
				       agent->old_signing_key)
		       ? "old"
		       : "bad";
}

/* The agent signs SHA-256 of its time, as 64 bits; which key has, if any. */
static const char *signature_word(
	struct alm_call *call, const struct alm_agent *agent, uint64_t at_ms)
{
	uint8_t digest[ALM_DIGEST_BYTES];
	uint8_t raw[8];

	alm_put_u64(raw, at_ms);
	(void)crypto_hash_sha256(digest, raw, sizeof(raw));
	return alm_agent_signature_word(agent, ALM_PROBE_CONTEXT, digest,
		alm_call_argument(call, "signature"));
}

static void tell_agent(struct alm_call *call, const struct alm_agent *agent)
{
	const struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	char roles[ALM_ROLES_TEXT_BYTES];

	alm_roles_text(agent->roles, roles);
	alm_table_fact(table, "organisation", agent->organisation);
	alm_table_fact(table, "agent", agent->name);
	alm_table_fact(table, "roles", roles);
	alm_table_fact(table, "categories",
		agent->categories[0] == '\0' ? "any" : agent->categories);
	alm_table_fact(table, "keys-since",
		alm_table_instant(table, agent->keys_since_us));
	alm_table_fact(table, "old-keys-until",
		alm_table_instant(table, agent->old_until_us));
	alm_table_fact(table, "keys-in-use",
		call->request->rotations == agent->rotations ? "new" : "old");
	alm_table_fact(table, "rotate-by",
		alm_table_instant(table,
			agent->keys_since_us +
				broker->settings.key_age_max_s * 1000000));
}

static enum alm_err tell_mail(
	struct alm_call *call, const struct alm_agent *agent)
{
	struct alm_broker *broker = call->turn->broker;
	const struct alm_session *session =
		alm_sessions_of_agent(broker->sessions, agent->number);
	struct alm_table *table = call->table;
	struct alm_mailbox_state state;
	enum alm_err err = alm_store_mailbox_state(
		broker->store, agent->organisation, &state);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_fact(table, "connected", session == NULL ? "no" : "yes");
	alm_table_number(
		table, "credit", session == NULL ? 0 : session->window);
	alm_table_number(
		table, "held", session == NULL ? 0 : session->held_count);
	alm_table_number(table, "waiting", state.count);
	alm_table_fact(table, "oldest-at",
		alm_table_instant(table, state.oldest_at_ms * 1000));
	return ALM_OK;
}

static void tell_broker(struct alm_call *call)
{
	const struct alm_broker *broker = call->turn->broker;
	bool is_next = (call->request->peer.number & ALM_PEER_NEXT) != 0;
	struct alm_table *table = call->table;
	struct alm_organisation_view view;

	alm_table_fact(table, "version", ALM_VERSION_TEXT);
	alm_table_fact(
		table, "now", alm_table_instant(table, call->turn->now_us));
	alm_table_number(table, "policy-epoch", broker->world.epoch);
	alm_table_fact(table, "in-policy",
		broker->snapshot != NULL &&
				alm_snapshot_find_organisation(broker->snapshot,
					call->request->agent->organisation,
					&view)
			? "yes"
			: "no");
	alm_table_number(table, "store-used-permille",
		alm_store_used_permille(broker->store));
	if (!alm_edge_has_next(broker->edge)) {
		return;
	}
	alm_table_fact(table, "broker-key", is_next ? "next" : "old");
	if (!is_next) {
		alm_table_fact(
			table, "next-endpoint", alm_next_endpoint(broker));
		alm_table_fact(table, "next-broker-key",
			alm_table_hex(table,
				(struct alm_bytes){
					alm_edge_next_public_key(broker->edge),
					ALM_KEY_BYTES}));
	}
}

enum alm_err alm_verb_agent_check(struct alm_call *call)
{
	const struct alm_agent *agent = call->request->agent;
	uint64_t at_ms = 0;
	char skew[24];
	enum alm_err err = alm_question_number(call, "at", &at_ms);

	if (err != ALM_OK) {
		return err;
	}
	alm_keyring_note_contact(
		call->turn->broker->keyring, agent->number, call->turn->now_us);
	tell_broker(call);
	tell_agent(call, agent);
	(void)snprintf(skew, sizeof(skew), "%" PRId64,
		(int64_t)at_ms - call->turn->now_ms);
	alm_table_fact(call->table, "ahead-ms", at_ms == 0 ? "" : skew);
	alm_table_fact(
		call->table, "signature", signature_word(call, agent, at_ms));
	return tell_mail(call, agent);
}
