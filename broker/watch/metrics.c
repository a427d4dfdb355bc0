/*
 * Names and units follow the Prometheus conventions.  No person, no message
 * id; organisations appear with their mailbox only, and are bounded by the
 * registry.
 */
#include "broker/watch/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/evidence/checkpoint.h"
#include "broker/rules/expiry.h"
#include "broker/store/dead.h"
#include "broker/store/index.h"
#include "broker/store/lists.h"
#include "broker/store/scrub.h"
#include "lib/version.h"

#define MAILBOXES_MAX 1000u
#define AGREEMENTS_MAX 100u
#define WITNESSES_MAX 100u

static void counter(
	FILE *out, const char *name, const char *help, uint64_t value)
{
	(void)fprintf(out,
		"# HELP almoner_%s %s\n# TYPE almoner_%s counter\n"
		"almoner_%s %" PRIu64 "\n",
		name, help, name, name, value);
}

static void gauge(FILE *out, const char *name, const char *help, double value)
{
	(void)fprintf(out,
		"# HELP almoner_%s %s\n# TYPE almoner_%s gauge\n"
		"almoner_%s %.15g\n",
		name, help, name, name, value);
}

static void counters(FILE *out, const struct alm_metrics *metrics)
{
	counter(out, "messages_accepted_total", "Messages accepted.",
		metrics->accepted);
	counter(out, "messages_refused_total", "Messages refused.",
		metrics->refused);
	counter(out, "messages_refused_for_room_total",
		"Messages refused because store or disk is full; their "
		"senders try again.",
		metrics->refused_full);
	counter(out, "messages_refused_busy_total",
		"Messages beyond window, share or quota; their senders try "
		"again.",
		metrics->refused_busy);
	counter(out, "messages_delivered_total",
		"Hand-overs, repeats included.", metrics->delivered);
	counter(out, "messages_repeated_total", "Hand-overs again.",
		metrics->repeated);
	counter(out, "messages_acknowledged_total",
		"Messages taken by their recipients.", metrics->acknowledged);
	counter(out, "messages_rejected_total",
		"Messages rejected by their recipients.", metrics->rejected);
	counter(out, "messages_to_several_total",
		"Messages to several recipients, each of whom counts above.",
		metrics->multicasts);
	counter(out, "messages_stopped_total",
		"Messages stopped after they were accepted.", metrics->stopped);
	counter(out, "messages_dead_lettered_total",
		"Messages handed over again and again, and given up.",
		metrics->dead_lettered);
	counter(out, "anomalies_total", "Damage met and recorded.",
		metrics->anomalies);
	counter(out, "messages_expired_total", "Messages that expired.",
		metrics->expired);
	counter(out, "parts_received_total", "Parts of large payloads taken.",
		metrics->parts_received);
	counter(out, "parts_sent_total", "Parts of large payloads given.",
		metrics->parts_sent);
	counter(out, "uploads_expired_total",
		"Large payloads that were not finished in a day.",
		metrics->uploads_expired);
	counter(out, "uploads_cancelled_total",
		"Large payloads that their senders gave up.",
		metrics->uploads_cancelled);
	counter(out, "requests_timed_out_total",
		"Requests that had no reply before their deadline.",
		metrics->timed_out);
	counter(out, "deadlines_passed_total",
		"Deadlines of messages that were not taken in time.",
		metrics->deadlines_passed);
	counter(out, "messages_escalated_total",
		"Messages that a deputy got when a deadline had passed.",
		metrics->escalated);
	counter(out, "frames_malformed_total", "Frames refused as malformed.",
		metrics->malformed);
	counter(out, "turns_total", "Turns committed.", metrics->turns);
	(void)fprintf(out,
		"# HELP almoner_commit_seconds Time spent committing.\n"
		"# TYPE almoner_commit_seconds summary\n"
		"almoner_commit_seconds_sum %.6f\n"
		"almoner_commit_seconds_count %" PRIu64 "\n",
		(double)metrics->commit_us / 1e6, metrics->turns);
}

/* How old what is known of opt-outs is; of type-1, from the practice whose
 * list is the oldest.  Nothing while there is no list. */
static void opt_out_ages(FILE *out, const struct alm_broker *broker)
{
	int64_t now_s = alm_broker_now_us(broker) / 1000000;
	int64_t as_of_s[2];

	alm_store_list_ages(broker->store, &as_of_s[0], &as_of_s[1]);
	(void)fputs("# HELP almoner_optout_age_seconds Age of the opt-out "
		    "lists in use.\n"
		    "# TYPE almoner_optout_age_seconds gauge\n",
		out);
	for (size_t i = 0; i < 2; i++) {
		if (as_of_s[i] > 0) {
			(void)fprintf(out,
				"almoner_optout_age_seconds{list=\"%s\"} "
				"%" PRId64 "\n",
				i == 0 ? "national" : "type-1",
				now_s - as_of_s[i]);
		}
	}
}

/* Questions scan what it does not cover. */
static void audit_index(
	FILE *out, const struct alm_broker *broker, uint64_t size)
{
	struct alm_log_index_state state;

	alm_log_index_state(broker->store, &state);
	gauge(out, "audit_index_lag_records",
		"Records of the audit log that its index does not cover.",
		(double)(size - state.covered));
	gauge(out, "audit_index_bytes", "Size of the index.",
		(double)state.bytes);
	gauge(out, "audit_index_runs", "Files of the index.",
		(double)state.runs);
	counter(out, "audit_index_damaged_total",
		"Files of the index that were found damaged and made anew.",
		state.damaged);
	counter(out, "audit_index_failures_total",
		"Times that the index could not be written.", state.failures);
}

/* How far the private parts of the log were pruned. */
static void pruning(FILE *out, const struct alm_broker *broker)
{
	(void)fputs("# HELP almoner_audit_pruned_seq The last record whose "
		    "private part was looked at for pruning.\n"
		    "# TYPE almoner_audit_pruned_seq gauge\n",
		out);
	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		enum alm_retention class = (enum alm_retention)i;

		(void)fprintf(out,
			"almoner_audit_pruned_seq{class=\"%s\"} %" PRIu64 "\n",
			alm_retention_word(class),
			alm_store_pruned(broker->store, class));
	}
}

/* Reading back what is stored; nothing is said when that is off. */
static void scrubbing(FILE *out, const struct alm_broker *broker)
{
	struct alm_scrub_state state;

	if (broker->scrub == NULL) {
		return;
	}
	alm_scrub_state(broker->scrub, &state);
	gauge(out, "audit_verified_seq",
		"The last record that was read back since the start.",
		(double)state.verified_seq);
	counter(out, "store_verify_passes_total",
		"Times that everything stored was read back.", state.passes);
	counter(out, "store_verify_rows_total", "Rows read back.", state.rows);
	gauge(out, "store_verify_pass_time_seconds",
		"When everything stored had last been read back; 0: not yet.",
		(double)state.pass_at_us / 1e6);
	gauge(out, "store_damaged_rows",
		"Damaged rows that reading back has met since the start.",
		(double)state.damaged);
}

/* Nothing is said of a head while none is signed: that alarms by itself. */
static void evidence(FILE *out, const struct alm_broker *broker,
	const struct alm_audit_head *head)
{
	const struct alm_signer *signer = broker->signer;
	struct alm_witness witness = {.agent = 0};
	int64_t now_us = alm_broker_now_us(broker);
	struct alm_arena arena;

	if (signer == NULL || signer->size == 0) {
		return;
	}
	gauge(out, "audit_checkpoint_age_seconds",
		"Since the newest head was signed.",
		(double)(now_us - signer->at_us) / 1e6);
	gauge(out, "audit_unsigned_records",
		"Records that no signed head covers yet.",
		(double)(head->size - signer->size));
	counter(out, "audit_checkpoints_total", "Heads signed.",
		signer->signed_count);
	counter(out, "audit_checkpoints_failed_total",
		"Heads not signed, as they could not be kept outside.",
		signer->failed_count);
	(void)fputs("# HELP almoner_audit_witness_lag_seconds Since a partner "
		    "last cosigned a head.\n"
		    "# TYPE almoner_audit_witness_lag_seconds gauge\n",
		out);
	alm_arena_init(&arena, ALM_TURN_ARENA_BYTES_MAX);
	for (unsigned i = 0; i < WITNESSES_MAX &&
			     alm_store_witness_next(broker->store,
				     witness.agent, &arena, &witness) == ALM_OK;
		i++) {
		(void)fprintf(out,
			"almoner_audit_witness_lag_seconds{witness=\"%s\"} "
			"%.3f\n",
			witness.name,
			(double)(now_us - witness.cosigned_at_us) / 1e6);
	}
	alm_arena_fini(&arena);
}

static void gauges(FILE *out, const struct alm_broker *broker)
{
	struct alm_audit_head head;

	alm_store_audit_head(broker->store, &head);
	gauge(out, "turn_batch_size", "Requests of the largest turn.",
		(double)broker->metrics.batch_max);
	gauge(out, "sessions", "Agents connected.",
		(double)alm_sessions_count(broker->sessions));
	gauge(out, "agents", "Agents registered.",
		(double)alm_keyring_count(broker->keyring));
	gauge(out, "audit_head_seq", "Records in the audit log.",
		(double)head.size);
	audit_index(out, broker, head.size);
	evidence(out, broker, &head);
	scrubbing(out, broker);
	pruning(out, broker);
	gauge(out, "people_seq", "Changes of records about people.",
		(double)broker->world.seq);
	gauge(out, "store_used_ratio", "How full the store's map is.",
		alm_store_used_permille(broker->store) / 1000.0);
	counter(out, "frames_held_back_total",
		"Frames that waited for their organisation's share or quota.",
		broker->fair.held_back);
	gauge(out, "organisations_waiting",
		"Organisations with frames that wait.",
		(double)broker->fair.waiting_count);
	gauge(out, "store_takes_mail",
		"1: there is room for new messages; 0: map or disk is full.",
		alm_store_room(broker->store) == ALM_STORE_ROOM ? 1 : 0);
	gauge(out, "dead_letters", "Dead letters that can be run again.",
		(double)alm_store_dead_count(broker->store));
	gauge(out, "mailboxes_on_hold", "Mailboxes stopped by an operator.",
		(double)alm_mailboxes_on_hold(broker->mailboxes));
	gauge(out, "uploads_unfinished",
		"Large payloads begun and not whole yet.",
		(double)broker->uploads.usage.count);
	gauge(out, "uploads_unfinished_bytes", "How large they are to be.",
		(double)broker->uploads.usage.bytes);
	gauge(out, "upload_oldest_seconds",
		"Since the oldest of them was begun; 0: there is none.",
		broker->uploads.oldest_ms == 0
			? 0
			: (double)(alm_broker_now_us(broker) -
				   broker->uploads.oldest_ms * 1000) /
				  1e6);
	gauge(out, "parts_stored", "Parts of large payloads that are kept.",
		(double)alm_store_parts_stored(broker->store));
	gauge(out, "override_unreviewed", "Overrides to be reviewed.",
		(double)broker->overrides.unreviewed);
	gauge(out, "override_overdue", "Of those, past their due time.",
		(double)broker->overrides.overdue);
	opt_out_ages(out, broker);
	gauge(out, "start_time_seconds", "When the broker started.",
		(double)broker->started_at_us / 1e6);
	(void)fprintf(out,
		"# HELP almoner_policy_epoch_info The active policy.\n"
		"# TYPE almoner_policy_epoch_info gauge\n"
		"almoner_policy_epoch_info{epoch=\"%" PRIu64 "\"} 1\n"
		"# HELP almoner_build_info The release.\n"
		"# TYPE almoner_build_info gauge\n"
		"almoner_build_info{version=\"" ALM_VERSION_TEXT "\"} 1\n",
		broker->world.epoch);
}

/* From a change of somebody's records until all their queued mail is decided
 * again and that is on disk. */
static void effects(FILE *out, const struct alm_broker *broker)
{
	const struct alm_redecider *redecider = &broker->redecider;
	static const int64_t edges[] = ALM_EFFECT_EDGES_US;
	const struct alm_effect_times *times = &redecider->times;
	int64_t since_us = redecider->is_running ? redecider->running.since_us
						 : redecider->waiting.since_us;
	double waiting_s = 0;
	uint64_t count = 0;

	if (alm_redecide_is_due(redecider) && since_us > 0) {
		waiting_s =
			(double)(alm_broker_now_us(broker) - since_us) / 1e6;
	}
	(void)fputs("# HELP almoner_withdrawal_effect_seconds From a change of "
		    "a person's records to its effect on queued mail.\n"
		    "# TYPE almoner_withdrawal_effect_seconds histogram\n",
		out);
	for (size_t i = 0; i < ALM_COUNT(edges); i++) {
		count += times->counts[i];
		(void)fprintf(out,
			"almoner_withdrawal_effect_seconds_bucket{le=\"%.15g\"}"
			" %" PRIu64 "\n",
			(double)edges[i] / 1e6, count);
	}
	(void)fprintf(out,
		"almoner_withdrawal_effect_seconds_bucket{le=\"+Inf\"} %" PRIu64
		"\nalmoner_withdrawal_effect_seconds_sum %.6f\n"
		"almoner_withdrawal_effect_seconds_count %" PRIu64 "\n",
		times->count, (double)times->sum_us / 1e6, times->count);
	counter(out, "redecisions_total",
		"Passes over queued mail after a change.", redecider->passes);
	gauge(out, "redecision_waiting_seconds",
		"Age of the oldest change that queued mail does not know yet.",
		waiting_s);
}

/* Until the agent whose keys are the oldest should have new ones; less than 0
 * when it is overdue.  Nothing when there are no agents. */
static void identities(FILE *out, const struct alm_broker *broker)
{
	const struct alm_keyring *ring = broker->keyring;
	int64_t first_us = INT64_MAX;
	uint64_t on_old_key = 0;
	uint64_t overlapping = 0;

	for (size_t i = 0; i < alm_keyring_count(ring); i++) {
		const struct alm_agent *agent = alm_keyring_at(ring, i);

		if (agent->is_revoked) {
			continue;
		}
		if (agent->keys_since_us < first_us) {
			first_us = agent->keys_since_us;
		}
		on_old_key += agent->is_on_next_key ? 0 : 1;
		overlapping += agent->old_until_us != 0 ? 1 : 0;
	}
	if (first_us != INT64_MAX) {
		gauge(out, "agent_key_expiry_seconds",
			"Until an agent's keys are as old as they should be.",
			(double)(first_us - alm_broker_now_us(broker)) / 1e6 +
				(double)broker->settings.key_age_max_s);
	}
	gauge(out, "invites_open", "Invites that an agent can join with.",
		(double)alm_keyring_invite_count(ring));
	gauge(out, "agents_rotating", "Agents whose keys before are valid.",
		(double)overlapping);
	gauge(out, "agents_on_old_key",
		"Agents not seen under the broker's next key; 0 without one.",
		alm_edge_has_next(broker->edge) ? (double)on_old_key : 0);
}

static void policy(FILE *out, const struct alm_broker *broker)
{
	int64_t now_us = alm_broker_now_us(broker);
	int64_t left_us = broker->policy_expires_us - now_us;
	const struct alm_expiry *first = NULL;
	struct alm_officer_counts counts = {.guardians = 0};
	size_t count =
		alm_expiries_soon(broker->expiries, now_us / 1000000, &first);

	if (alm_store_officer_count(broker->store, &counts) == ALM_OK) {
		gauge(out, "policy_guardians",
			"Guardians in office; 0: unguarded.",
			(double)counts.guardians);
	}
	gauge(out, "policy_emergency_seconds",
		"What is left of an emergency policy; 0: none is active.",
		broker->policy_expires_us == 0 || left_us < 0
			? 0
			: (double)left_us / 1e6);
	gauge(out, "agreements_expiring", "Agreements that end within 60 days.",
		(double)count);
	(void)fputs("# HELP almoner_agreement_expiry_seconds Until an agreement"
		    " ends: of those within 60 days, the first 100.\n"
		    "# TYPE almoner_agreement_expiry_seconds gauge\n",
		out);
	for (size_t i = 0; i < count && i < AGREEMENTS_MAX; i++) {
		(void)fprintf(out,
			"almoner_agreement_expiry_seconds{agreement=\"%s\"} "
			"%" PRId64 "\n",
			first[i].id, first[i].until_s - now_us / 1000000);
	}
}

static void mailboxes(FILE *out, struct alm_broker *broker)
{
	int64_t now_ms = alm_broker_now_us(broker) / 1000;
	struct alm_arena arena;
	const char *name = "";

	alm_arena_init(&arena, ALM_TURN_ARENA_BYTES_MAX);
	(void)fputs(
		"# HELP almoner_mailbox_depth Messages waiting.\n"
		"# TYPE almoner_mailbox_depth gauge\n"
		"# HELP almoner_mailbox_oldest_age_seconds Age of the oldest.\n"
		"# TYPE almoner_mailbox_oldest_age_seconds gauge\n"
		"# HELP almoner_mailbox_dead_letters Dead letters of one.\n"
		"# TYPE almoner_mailbox_dead_letters gauge\n"
		"# HELP almoner_mailbox_on_hold 1: nothing is handed over.\n"
		"# TYPE almoner_mailbox_on_hold gauge\n",
		out);
	for (unsigned i = 0; i < MAILBOXES_MAX; i++) {
		struct alm_mailbox_state state;

		if (alm_store_mailbox_next(
			    broker->store, name, &arena, &name) != ALM_OK ||
			alm_store_mailbox_state(broker->store, name, &state) !=
				ALM_OK) {
			break;
		}
		(void)fprintf(out,
			"almoner_mailbox_depth{organisation=\"%s\"} %" PRIu64
			"\nalmoner_mailbox_oldest_age_seconds{"
			"organisation=\"%s\"} %.3f\n",
			name, state.count, name,
			state.oldest_at_ms == 0
				? 0.0
				: (double)(now_ms - state.oldest_at_ms) /
					  1000.0);
		(void)fprintf(out,
			"almoner_mailbox_dead_letters{organisation=\"%s\"} "
			"%" PRIu64 "\nalmoner_mailbox_on_hold{"
			"organisation=\"%s\"} %d\n",
			name, state.dead_count, name,
			state.held_since_us != 0 ? 1 : 0);
	}
	alm_arena_fini(&arena);
}

char *alm_metrics_page(void *cookie)
{
	struct alm_broker *broker = cookie;
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (out == NULL) {
		return NULL;
	}
	counters(out, &broker->metrics);
	alm_alarms_metrics(out, broker);
	gauges(out, broker);
	effects(out, broker);
	identities(out, broker);
	policy(out, broker);
	mailboxes(out, broker);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static const char *room_reason(const struct alm_broker *broker)
{
	switch (alm_store_room(broker->store)) {
	case ALM_STORE_ROOM:
		break;
	case ALM_STORE_ROOM_NO_MAP:
		return "the store is full: new messages are refused\n";
	case ALM_STORE_ROOM_NO_DISK:
		return "the disk is full: new messages are refused\n";
	}
	return "";
}

char *alm_unready_page(void *cookie)
{
	const struct alm_broker *broker = cookie;
	char text[256];

	(void)snprintf(text, sizeof(text), "%s%s%s",
		broker->is_draining ? "draining\n" : "",
		broker->snapshot == NULL ? "no policy is active\n" : "",
		room_reason(broker));
	return strdup(text);
}
