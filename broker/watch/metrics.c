/*
 * Names and units follow the Prometheus conventions.  No person, no message
 * id; organisations appear with their mailbox only, and are bounded by the
 * registry.
 */
#include "broker/watch/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/rules/expiry.h"
#include "broker/store/dead.h"
#include "broker/store/lists.h"
#include "broker/watch/figure.h"
#include "lib/version.h"

#define AGREEMENTS_MAX 100u

struct counter {
	const char *name;
	const char *help;
	size_t at; /* in struct alm_metrics */
};

#define COUNTER(name, member, help) \
	{ \
		name, help, offsetof(struct alm_metrics, member) \
	}

static const struct counter COUNTERS[] = {
	COUNTER("messages_accepted_total", accepted, "Messages accepted."),
	COUNTER("messages_refused_total", refused, "Messages refused."),
	COUNTER("messages_refused_for_room_total", refused_full,
		"Messages refused because store or disk is full; their senders "
		"try again."),
	COUNTER("messages_refused_busy_total", refused_busy,
		"Messages beyond window, share or quota; their senders try "
		"again."),
	COUNTER("messages_delivered_total", delivered,
		"Hand-overs, repeats included."),
	COUNTER("messages_repeated_total", repeated, "Hand-overs again."),
	COUNTER("messages_acknowledged_total", acknowledged,
		"Messages taken by their recipients."),
	COUNTER("messages_rejected_total", rejected,
		"Messages rejected by their recipients."),
	COUNTER("messages_to_several_total", multicasts,
		"Messages to several recipients, each of whom counts above."),
	COUNTER("messages_stopped_total", stopped,
		"Messages stopped after they were accepted."),
	COUNTER("messages_dead_lettered_total", dead_lettered,
		"Messages handed over again and again, and given up."),
	COUNTER("anomalies_total", anomalies, "Damage met and recorded."),
	COUNTER("messages_expired_total", expired, "Messages that expired."),
	COUNTER("parts_received_total", parts_received,
		"Parts of large payloads taken."),
	COUNTER("parts_sent_total", parts_sent,
		"Parts of large payloads given."),
	COUNTER("uploads_expired_total", uploads_expired,
		"Large payloads that were not finished in a day."),
	COUNTER("uploads_cancelled_total", uploads_cancelled,
		"Large payloads that their senders gave up."),
	COUNTER("requests_timed_out_total", timed_out,
		"Requests that had no reply before their deadline."),
	COUNTER("deadlines_passed_total", deadlines_passed,
		"Deadlines of messages that were not taken in time."),
	COUNTER("messages_escalated_total", escalated,
		"Messages that a deputy got when a deadline had passed."),
	COUNTER("requests_failed_total", failed_requests,
		"Requests refused for a fault of the broker's."),
	COUNTER("frames_malformed_total", malformed,
		"Frames refused as malformed."),
	COUNTER("joins_dropped_total", joins_dropped,
		"Frames under an invite's key that got no answer."),
	COUNTER("frames_lost_total", lost_frames,
		"Frames that a peer could not be given."),
	COUNTER("sessions_not_reading_total", not_reading,
		"Sessions ended because the agent did not read."),
	COUNTER("turns_total", turns, "Turns committed."),
};

static void counters(FILE *out, const struct alm_metrics *metrics)
{
	for (size_t i = 0; i < ALM_COUNT(COUNTERS); i++) {
		const struct counter *counter = &COUNTERS[i];
		uint64_t value;

		memcpy(&value, (const char *)metrics + counter->at,
			sizeof(value));
		alm_figure_counter(out, counter->name, counter->help, value);
	}
	alm_figure_family(
		out, "commit_seconds", "summary", "Time spent committing.");
	(void)fprintf(out,
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
	alm_figure_family(out, "optout_age_seconds", "gauge",
		"Age of the opt-out lists in use.");
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

/* Who is connected, and what the edge makes of what they send. */
static void connections(FILE *out, const struct alm_broker *broker)
{
	alm_figure_gauge(out, "sessions", "Agents connected.",
		(double)alm_sessions_count(broker->sessions));
	alm_figure_gauge(out, "agents", "Agents registered.",
		(double)alm_keyring_count_in_force(broker->keyring));
	alm_figure_gauge(out, "unread_bytes",
		"What agents were sent and have not shown to have read.",
		(double)alm_unreads_bytes(broker->unreads));
	alm_figure_counter(out, "frames_dropped_total",
		"Messages of ZeroMQ that were no frame, or whose sender chose "
		"its own routing id.",
		alm_edge_dropped(broker->edge));
	alm_figure_counter(out, "frames_held_back_total",
		"Frames that waited for their organisation's share or quota.",
		broker->fair.held_back);
	alm_figure_counter(out, "quota_waits_total",
		"Turns in which frames of an organisation waited for its "
		"quota.",
		broker->fair.quota_waits);
	alm_figure_counter(out, "refusals_over_total",
		"Records of refusals and questions beyond "
		"organisation-refusals-per-second, for which their "
		"organisation waited.",
		broker->fair.refused_over);
	alm_figure_gauge(out, "organisations_waiting",
		"Organisations with frames that wait.",
		(double)broker->fair.waiting_count);
	alm_figure_gauge(out, "turn_batch_size",
		"Requests of the largest turn.",
		(double)broker->metrics.batch_max);
}

/* What is not whole yet, and what is kept of it. */
static void uploads(FILE *out, const struct alm_broker *broker)
{
	alm_figure_gauge(out, "uploads_unfinished",
		"Large payloads begun and not whole yet.",
		(double)broker->uploads.usage.count);
	alm_figure_gauge(out, "uploads_unfinished_bytes",
		"How large they are to be.",
		(double)broker->uploads.usage.bytes);
	alm_figure_gauge(out, "upload_oldest_seconds",
		"Since the oldest of them was begun; 0: there is none.",
		broker->uploads.oldest_ms == 0
			? 0
			: (double)(alm_broker_now_us(broker) -
				   broker->uploads.oldest_ms * 1000) /
				  1e6);
	alm_figure_gauge(out, "parts_stored",
		"Parts of large payloads that are kept.",
		(double)alm_store_parts_stored(broker->store));
}

static void stored(FILE *out, const struct alm_broker *broker)
{
	struct alm_audit_head head;

	alm_store_audit_head(broker->store, &head);
	alm_figure_gauge(out, "audit_head_seq", "Records in the audit log.",
		(double)head.size);
	alm_metrics_log(out, broker, head.size);
	alm_figure_gauge(out, "people_seq", "Changes of records about people.",
		(double)broker->world.seq);
	alm_figure_gauge(out, "store_used_ratio",
		"How full the store's map is.",
		alm_store_used_permille(broker->store) / 1000.0);
	alm_metrics_store(out, broker);
	alm_figure_gauge(out, "store_takes_mail",
		"1: there is room for new messages; 0: map or disk is full.",
		alm_store_room(broker->store) == ALM_STORE_ROOM ? 1 : 0);
	alm_figure_gauge(out, "dead_letters",
		"Dead letters that can be run again.",
		(double)alm_store_dead_count(broker->store));
	alm_figure_gauge(out, "mailboxes_on_hold",
		"Mailboxes stopped by an operator.",
		(double)alm_mailboxes_on_hold(broker->mailboxes));
	uploads(out, broker);
	alm_figure_gauge(out, "override_unreviewed",
		"Overrides to be reviewed.",
		(double)broker->overrides.unreviewed);
	alm_figure_gauge(out, "override_overdue",
		"Of those, past their due time.",
		(double)broker->overrides.overdue);
	opt_out_ages(out, broker);
}

/* What runs, and since when. */
static void release(FILE *out, const struct alm_broker *broker)
{
	alm_figure_gauge(out, "start_time_seconds", "When the broker started.",
		(double)broker->started_at_us / 1e6);
	alm_figure_family(
		out, "policy_epoch_info", "gauge", "The active policy.");
	(void)fprintf(out,
		"almoner_policy_epoch_info{epoch=\"%" PRIu64 "\"} 1\n",
		broker->world.epoch);
	alm_figure_family(out, "build_info", "gauge", "The release.");
	(void)fputs("almoner_build_info{version=\"" ALM_VERSION_TEXT "\"} 1\n",
		out);
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
		alm_figure_gauge(out, "agent_key_expiry_seconds",
			"Until an agent's keys are as old as they should be.",
			(double)(first_us - alm_broker_now_us(broker)) / 1e6 +
				(double)broker->settings.key_age_max_s);
	}
	alm_figure_gauge(out, "invites_open",
		"Invites that an agent can join with.",
		(double)alm_keyring_invite_count(ring));
	alm_figure_gauge(out, "agents_rotating",
		"Agents whose keys before are valid.", (double)overlapping);
	alm_figure_gauge(out, "agents_on_old_key",
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
		alm_figure_gauge(out, "policy_guardians",
			"Guardians in office; 0: unguarded.",
			(double)counts.guardians);
	}
	alm_figure_gauge(out, "policy_emergency_seconds",
		"What is left of an emergency policy; 0: none is active.",
		broker->policy_expires_us == 0 || left_us < 0
			? 0
			: (double)left_us / 1e6);
	alm_figure_gauge(out, "agreements_expiring",
		"Agreements that end within 60 days.", (double)count);
	alm_figure_family(out, "agreement_expiry_seconds", "gauge",
		"Until an agreement ends: of those within 60 days, the first "
		"100.");
	for (size_t i = 0; i < count && i < AGREEMENTS_MAX; i++) {
		(void)fprintf(out,
			"almoner_agreement_expiry_seconds{agreement=\"%s\"} "
			"%" PRId64 "\n",
			first[i].id, first[i].until_s - now_us / 1000000);
	}
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
	connections(out, broker);
	stored(out, broker);
	release(out, broker);
	alm_metrics_effects(out, broker);
	identities(out, broker);
	policy(out, broker);
	alm_metrics_lanes(out, broker);
	alm_metrics_mailboxes(out, broker);
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
