/*
 * The verb that tells how the broker is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/admin/verbs.h"
#include "broker/rules/epoch.h"
#include "broker/store/dead.h"
#include "broker/store/growth.h"
#include "broker/store/lists.h"
#include "broker/store/scrub.h"
#include "lib/version.h"

/* Its own: pages of the store's map are the kernel's to take back. */
static uint64_t memory_bytes(void)
{
	unsigned long long resident = 0;
	unsigned long long of_files = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file != NULL) {
		char line[128];

		if (fgets(line, sizeof(line), file) != NULL) {
			char *at = strchr(line, ' ');

			resident = at == NULL ? 0 : strtoull(at, &at, 10);
			of_files = at == NULL ? 0 : strtoull(at, NULL, 10);
		}
		(void)fclose(file);
	}
	return (resident - of_files) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add_figures(
	struct alm_table *table, const struct alm_broker *broker)
{
	const struct alm_metrics *metrics = &broker->metrics;

	alm_table_number(table, "accepted", metrics->accepted);
	alm_table_number(table, "refused", metrics->refused);
	alm_table_number(table, "delivered", metrics->delivered);
	alm_table_number(table, "repeated", metrics->repeated);
	alm_table_number(table, "acknowledged", metrics->acknowledged);
	alm_table_number(table, "rejected", metrics->rejected);
	alm_table_number(table, "stopped", metrics->stopped);
	alm_table_number(table, "dead-lettered", metrics->dead_lettered);
	alm_table_number(table, "anomalies", metrics->anomalies);
	alm_table_number(table, "expired", metrics->expired);
	alm_table_number(table, "malformed", metrics->malformed);
	alm_table_number(table, "joins-dropped", metrics->joins_dropped);
	alm_table_number(table, "lost-frames", metrics->lost_frames);
	alm_table_number(table, "frames-held-back", broker->fair.held_back);
	alm_table_number(table, "quota-waits", broker->fair.quota_waits);
	alm_table_number(table, "refusals-over", broker->fair.refused_over);
	alm_table_number(table, "not-reading", metrics->not_reading);
	alm_table_number(
		table, "unread-bytes", alm_unreads_bytes(broker->unreads));
	alm_table_number(
		table, "handshakes-refused", metrics->handshakes_refused);
	alm_table_number(
		table, "handshakes-limited", metrics->handshakes_limited);
	alm_table_number(table, "handshakes-agents-limited",
		metrics->handshakes_agents_limited);
	alm_table_number(table, "turns", metrics->turns);
	alm_table_number(table, "turn-batch-max", metrics->batch_max);
	alm_table_number(table, "commit-us", metrics->commit_us);
	alm_table_number(table, "uploads", broker->uploads.usage.count);
	alm_table_number(table, "upload-bytes", broker->uploads.usage.bytes);
	alm_table_number(
		table, "parts-stored", alm_store_parts_stored(broker->store));
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

static void add_clock(struct alm_call *call)
{
	char words[ALM_STEADY_WORDS_BYTES];

	alm_broker_clock_words(call->turn->broker, words);
	alm_table_fact(call->table, "clock",
		alm_arena_text(call->turn->arena, words, strlen(words)));
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

static void add_identities(
	struct alm_table *table, const struct alm_broker *broker)
{
	const struct alm_keyring *ring = broker->keyring;
	uint64_t on_old_key = 0;

	alm_table_number(table, "invites-open", alm_keyring_invite_count(ring));
	if (!alm_edge_has_next(broker->edge)) {
		return;
	}
	for (size_t i = 0; i < alm_keyring_count(ring); i++) {
		const struct alm_agent *agent = alm_keyring_at(ring, i);

		on_old_key +=
			agent->is_revoked || agent->is_on_next_key ? 0 : 1;
	}
	alm_table_fact(
		table, "endpoint-next", alm_edge_next_endpoint(broker->edge));
	alm_table_fact(table, "broker-key-next",
		alm_table_hex(
			table, (struct alm_bytes){
				       alm_edge_next_public_key(broker->edge),
				       ALM_KEY_BYTES}));
	alm_table_number(table, "agents-on-old-key", on_old_key);
}

/* What reading back in the background has covered and found. */
static void add_scrub(struct alm_table *table, const struct alm_broker *broker)
{
	struct alm_scrub_state state;

	alm_scrub_state(broker->scrub, &state);
	alm_table_number(table, "audit-verified-seq", state.verified_seq);
	alm_table_fact(table, "store-verified-at",
		alm_table_instant(table, state.pass_at_us));
	alm_table_number(table, "store-verify-passes", state.passes);
	alm_table_number(table, "store-damaged-rows", state.damaged);
}

/* What waits for somebody: the broker itself, operators, guardians. */
static void add_work(struct alm_table *table, const struct alm_broker *broker)
{
	alm_table_fact(table, "redecision-due",
		alm_redecide_is_due(&broker->redecider) ? "yes" : "no");
	alm_table_number(
		table, "dead-letters", alm_store_dead_count(broker->store));
	alm_table_number(table, "mailboxes-on-hold",
		alm_mailboxes_on_hold(broker->mailboxes));
	alm_table_number(
		table, "overrides-unreviewed", broker->overrides.unreviewed);
	alm_table_number(table, "overrides-overdue", broker->overrides.overdue);
	alm_table_fact(
		table, "guardian-mailbox", broker->settings.guardian_mailbox);
	alm_table_number(table, "redecisions", broker->redecider.passes);
	alm_table_number(table, "effects", broker->redecider.times.count);
	alm_table_number(
		table, "effect-us-last", broker->redecider.times.last_us);
}

/* The broker itself. */
static void add_itself(struct alm_call *call)
{
	const struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;

	alm_table_fact(table, "version", ALM_VERSION_TEXT);
	alm_table_fact(table, "started-at",
		alm_table_instant(table, broker->started_at_us));
	alm_table_fact(
		table, "now", alm_table_instant(table, call->turn->now_us));
	alm_table_fact(table, "endpoint", alm_edge_endpoint(broker->edge));
	alm_call_whereabouts(call, "public-endpoint");
	alm_table_fact(table, "bundle",
		broker->snapshot == NULL ? ""
					 : alm_snapshot_name(broker->snapshot));
	alm_table_number(table, "policy-epoch", broker->world.epoch);
	alm_table_fact(table, "policy-activated-at",
		alm_table_instant(table, broker->policy_activated_at_us));
}

/* How long the room is enough, once the log is old enough to tell. */
static void add_growth(struct alm_table *table, const struct alm_broker *broker)
{
	struct alm_store_growth growth;

	if (alm_store_growth(broker->store, alm_broker_now_us(broker),
		    &growth) != ALM_OK) {
		alm_table_fact(table, "store-lasts-days", "");
		return;
	}
	alm_table_number(table, "store-growth-bytes-a-day", growth.bytes_a_day);
	alm_table_number(
		table, "store-lasts-days", (uint64_t)growth.lasts_s / 86400);
}

/* The log, and how much room there is for more. */
static void add_store(struct alm_table *table, const struct alm_broker *broker)
{
	struct alm_audit_head head;

	alm_store_audit_head(broker->store, &head);
	alm_table_number(table, "audit-size", head.size);
	alm_table_fact(table, "audit-root",
		alm_table_hex(table,
			(struct alm_bytes){head.root.raw, ALM_DIGEST_BYTES}));
	alm_table_fact(table, "audit-key", alm_audit_keys_text(table, broker));
	alm_table_number(table, "store-used-permille",
		alm_store_used_permille(broker->store));
	add_growth(table, broker);
	alm_table_fact(table, "takes-mail", takes_mail(broker));
	alm_table_fact(table, "reloaded-at",
		alm_table_instant(table, broker->reload.at_us));
	alm_table_fact(table, "reload-refused", broker->reload.problem.detail);
	alm_table_number(
		table, "refused-for-room", broker->metrics.refused_full);
}

/* Who is known, who is here, and what they may use. */
static void add_parties(
	struct alm_table *table, const struct alm_broker *broker)
{
	alm_table_number(
		table, "sessions", alm_sessions_count(broker->sessions));
	alm_table_number(
		table, "agents", alm_keyring_count_in_force(broker->keyring));
	add_identities(table, broker);
	alm_table_number(table, "organisations",
		broker->snapshot == NULL
			? 0
			: alm_snapshot_organisation_count(broker->snapshot));
	alm_table_number(
		table, "standards", alm_standards_count(broker->standards));
}

enum alm_err alm_verb_status(struct alm_call *call)
{
	const struct alm_broker *broker = call->turn->broker;
	struct alm_table *table = call->table;
	enum alm_err err;

	add_itself(call);
	err = add_policy(call);
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(table, "people-sequence", broker->world.seq);
	add_opt_outs(call);
	add_clock(call);
	add_store(table, broker);
	add_parties(table, broker);
	add_figures(table, broker);
	add_scrub(table, broker);
	add_work(table, broker);
	alm_table_number(table, "memory-bytes", memory_bytes());
	return ALM_OK;
}
