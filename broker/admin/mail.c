/*
 * Verbs about mailboxes and about the broker itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/administer.h"
#include "broker/epoch.h"
#include "broker/store/lists.h"
#include "lib/version.h"

static uint64_t resident_bytes(void)
{
	unsigned long long resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file != NULL) {
		char line[128];

		if (fgets(line, sizeof(line), file) != NULL) {
			char *at = strchr(line, ' ');

			resident = at == NULL ? 0 : strtoull(at, NULL, 10);
		}
		(void)fclose(file);
	}
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add_figures(
	struct alm_table *table, const struct alm_metrics *metrics)
{
	alm_table_number(table, "accepted", metrics->accepted);
	alm_table_number(table, "refused", metrics->refused);
	alm_table_number(table, "delivered", metrics->delivered);
	alm_table_number(table, "repeated", metrics->repeated);
	alm_table_number(table, "acknowledged", metrics->acknowledged);
	alm_table_number(table, "rejected", metrics->rejected);
	alm_table_number(table, "stopped", metrics->stopped);
	alm_table_number(table, "anomalies", metrics->anomalies);
	alm_table_number(table, "expired", metrics->expired);
	alm_table_number(table, "malformed", metrics->malformed);
	alm_table_number(table, "lost-frames", metrics->lost_frames);
	alm_table_number(
		table, "handshakes-refused", metrics->handshakes_refused);
	alm_table_number(table, "turns", metrics->turns);
	alm_table_number(table, "turn-batch-max", metrics->batch_max);
	alm_table_number(table, "commit-us", metrics->commit_us);
}

/* On whose word the policy is active, and what of it must be renewed. */
static enum alm_err add_policy(struct alm_call *call)
{
	const struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	const struct alm_expiry *first = NULL;
	struct alm_officer_counts counts;
	size_t soon =
		alm_expiries_soon(broker->expiries, call->turn->now_s, &first);
	enum alm_err err = alm_store_officer_count(broker->store, &counts);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_fact(
		table, "policy-how", alm_epoch_how_word(broker->policy_how));
	alm_table_fact(table, "policy-expires-at",
		alm_table_instant(table, broker->policy_expires_us));
	alm_table_number(table, "guardians", counts.guardians);
	alm_table_number(table, "agreements-expiring", soon);
	alm_table_fact(table, "next-to-expire", first == NULL ? "" : first->id);
	alm_table_fact(table, "next-expiry",
		first == NULL
			? ""
			: alm_table_instant(table, first->until_s * 1000000));
	return ALM_OK;
}

/* Whether what is known of opt-outs is still good for anything. */
static void add_opt_outs(struct alm_call *call)
{
	int64_t as_of_s = alm_store_list_as_of_s(call->turn->broker->store);
	int64_t age_s = call->turn->now_s - as_of_s;
	const char *state = "no list";

	if (as_of_s > 0) {
		state = age_s > call->turn->broker->world.opt_out_age_max_s
				? "stale"
				: "in use";
	}
	alm_table_fact(call->table, "opt-out-list", state);
	alm_table_fact(call->table, "opt-out-as-of",
		alm_table_instant(call->table, as_of_s * 1000000));
}

static const char *takes_mail(const struct alm_broker *broker)
{
	switch (alm_store_room(broker->store)) {
	case ALM_STORE_ROOM:
		break;
	case ALM_STORE_ROOM_NO_MAP:
		return "no: the store is full";
	case ALM_STORE_ROOM_NO_DISK:
		return "no: the disk is full";
	}
	return broker->is_draining ? "no: draining" : "yes";
}

enum alm_err alm_verb_status(struct alm_call *call)
{
	const struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	struct alm_audit_head head;
	enum alm_err err;

	alm_store_audit_head(broker->store, &head);
	alm_table_fact(table, "version", ALM_VERSION_TEXT);
	alm_table_fact(table, "started-at",
		alm_table_instant(table, broker->started_at_us));
	alm_table_fact(
		table, "now", alm_table_instant(table, call->turn->now_us));
	alm_table_fact(table, "endpoint", alm_edge_endpoint(broker->edge));
	alm_table_fact(table, "broker-key",
		alm_table_hex(
			table, (struct alm_bytes){
				       alm_edge_public_key(broker->edge), 32}));
	alm_table_fact(table, "bundle",
		broker->snapshot == NULL ? ""
					 : alm_snapshot_name(broker->snapshot));
	alm_table_number(table, "policy-epoch", broker->world.epoch);
	alm_table_fact(table, "policy-activated-at",
		alm_table_instant(table, broker->policy_activated_at_us));
	err = add_policy(call);
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(table, "people-sequence", broker->world.seq);
	add_opt_outs(call);
	alm_table_number(table, "audit-size", head.size);
	alm_table_fact(table, "audit-root",
		alm_table_hex(table,
			(struct alm_bytes){head.root.raw, ALM_DIGEST_BYTES}));
	alm_table_number(table, "store-used-permille",
		alm_store_used_permille(broker->store));
	alm_table_fact(table, "takes-mail", takes_mail(broker));
	alm_table_number(
		table, "refused-for-room", broker->metrics.refused_full);
	alm_table_number(
		table, "sessions", alm_sessions_count(broker->sessions));
	alm_table_number(table, "agents", alm_keyring_count(broker->keyring));
	alm_table_number(table, "organisations",
		broker->snapshot == NULL
			? 0
			: alm_snapshot_organisation_count(broker->snapshot));
	alm_table_number(
		table, "standards", alm_standards_count(broker->standards));
	add_figures(table, &broker->metrics);
	alm_table_fact(table, "redecision-due",
		alm_redecide_is_due(&broker->redecider) ? "yes" : "no");
	alm_table_number(
		table, "overrides-unreviewed", broker->overrides.unreviewed);
	alm_table_number(table, "overrides-overdue", broker->overrides.overdue);
	alm_table_fact(
		table, "guardian-mailbox", broker->settings.guardian_mailbox);
	alm_table_number(table, "redecisions", broker->redecider.passes);
	alm_table_number(table, "effects", broker->redecider.times.count);
	alm_table_number(
		table, "effect-us-last", broker->redecider.times.last_us);
	alm_table_number(table, "memory-bytes", resident_bytes());
	return ALM_OK;
}

static enum alm_err add_mailbox(struct alm_call *call, const char *name)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_mailbox *mailbox =
		alm_mailboxes_find(broker->mailboxes, name);
	bool is_connected = mailbox != NULL && mailbox->sessions != NULL;
	struct alm_mailbox_state state;
	enum alm_err err = alm_store_mailbox_state(broker->store, name, &state);

	if (err == ALM_OK) {
		alm_table_row(call->table,
			(const char *const[]){name,
				alm_table_text(call->table, state.count),
				alm_table_text(call->table, state.bytes),
				alm_table_instant(
					call->table, state.oldest_at_ms * 1000),
				is_connected ? "yes" : "no"});
	}
	return err;
}

enum alm_err alm_verb_mailbox_list(struct alm_call *call)
{
	static const char *const columns[] = {
		"organisation", "messages", "bytes", "oldest-at", "connected"};
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

/* What is still known of mail that cannot be read, or of its queue row. */
static void add_damaged(
	struct alm_table *table, const struct alm_queue_entry *entry)
{
	if (entry->is_damaged) {
		alm_table_row(table,
			(const char *const[]){alm_table_text(table, entry->seq),
				"damaged", "", "", "", "", "", ""});
		return;
	}
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, entry->seq),
			"damaged", "", "",
			alm_table_text(table, entry->attempts), "",
			alm_table_instant(table, entry->expires_ms * 1000),
			alm_table_text(table, entry->bytes)});
}

static enum alm_err add_entry(
	struct alm_call *call, const struct alm_queue_entry *entry)
{
	struct alm_table *table = call->table;
	char id[ALM_UUID_TEXT_BYTES];
	struct alm_mail mail;
	enum alm_err err = alm_store_mail_get(call->turn->broker->store,
		entry->seq, call->turn->arena, &mail);

	if (err == ALM_STORE_CORRUPT || err == ALM_NOT_FOUND ||
		(err == ALM_OK && entry->is_damaged)) {
		add_damaged(table, entry);
		return ALM_OK;
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_message_id_text(&mail.message_id, id);
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, entry->seq),
			entry->kind == ALM_MAIL_NOTICE ? "notice" : "message",
			mail.sender, id, alm_table_text(table, entry->attempts),
			alm_table_instant(table, mail.accepted_at_ms * 1000),
			alm_table_instant(table, entry->expires_ms * 1000),
			alm_table_text(table, entry->bytes)});
	return ALM_OK;
}

enum alm_err alm_verb_mailbox_show(struct alm_call *call)
{
	static const char *const columns[] = {"sequence", "kind", "sender",
		"message-id", "attempts", "accepted-at", "expires-at", "bytes"};
	const char *organisation = alm_call_argument(call, "organisation");
	uint64_t seq = strtoull(alm_call_argument(call, "cursor"), NULL, 10);
	struct alm_table *table = call->table;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	if (!alm_id_is_valid(organisation)) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "organisation");
	}
	for (;;) {
		struct alm_queue_entry entry;
		enum alm_err err = alm_store_queue_next(
			call->turn->broker->store, organisation, seq, &entry);

		if (err == ALM_NOT_FOUND) {
			return ALM_OK;
		}
		if (err == ALM_OK && !alm_table_has_room(table)) {
			table->cursor =
				table->rows[table->row_count - 1].items[0];
			return ALM_OK;
		}
		if (err == ALM_OK) {
			err = add_entry(call, &entry);
		}
		if (err != ALM_OK) {
			return err;
		}
		seq = entry.seq;
	}
}
