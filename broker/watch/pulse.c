/* pulse.c - watchdog, status, and what is told once. */
#include "broker/watch/pulse.h"

#include "broker/broker.h"
#include "broker/edge/clock.h"
#include "broker/edge/log.h"
#include "broker/edge/notify.h"
#include "broker/store/lists.h"
#include "broker/store/scrub.h"
#include "lib/time.h"

#define STATUS_EVERY_MS 5000

void alm_say_status(const struct alm_broker *broker)
{
	const struct alm_metrics *metrics = &broker->metrics;

	alm_notify_status("%zu agents connected; accepted %llu, refused %llu, "
			  "delivered %llu, acknowledged %llu; policy epoch "
			  "%llu%s; audit %llu records; store %u.%u %% full",
		alm_sessions_count(broker->sessions),
		(unsigned long long)metrics->accepted,
		(unsigned long long)metrics->refused,
		(unsigned long long)metrics->delivered,
		(unsigned long long)metrics->acknowledged,
		(unsigned long long)broker->world.epoch,
		broker->policy_how == ALM_EPOCH_EMERGENCY ? " (EMERGENCY)" : "",
		(unsigned long long)broker->audit_size,
		alm_store_used_permille(broker->store) / 10,
		alm_store_used_permille(broker->store) % 10);
}

/* Once it is on disk.  One person's word is never taken in silence. */
static void tell_policy(
	struct alm_pulse *pulse, const struct alm_broker *broker)
{
	char until[ALM_INSTANT_US_TEXT_BYTES];
	unsigned long long epoch = broker->world.epoch;

	if (pulse->epoch == epoch) {
		return;
	}
	pulse->epoch = epoch;
	switch (broker->policy_how) {
	case ALM_EPOCH_UNGUARDED:
		alm_log(ALM_LOG_WARNING, "policy.unguarded",
			"epoch=%llu is active on one person's word: register "
			"a guardian",
			epoch);
		break;
	case ALM_EPOCH_APPROVED:
		alm_log(ALM_LOG_NOTICE, "policy.approved",
			"epoch=%llu is active", epoch);
		break;
	case ALM_EPOCH_EMERGENCY:
		alm_instant_us_text(broker->policy_expires_us, until);
		alm_log(ALM_LOG_WARNING, "policy.emergency",
			"epoch=%llu is active on one person's word until=%s",
			epoch, until);
		break;
	case ALM_EPOCH_FALLBACK:
		alm_log(ALM_LOG_WARNING, "policy.fallback",
			"epoch=%llu is active: the emergency has expired",
			epoch);
		break;
	}
}

/* More overrides are past their due time than when it was last said. */
static void tell_overrides(
	struct alm_pulse *pulse, const struct alm_broker *broker)
{
	uint64_t overdue = broker->overrides.overdue;

	if (overdue > pulse->overdue) {
		alm_log(ALM_LOG_WARNING, "override.overdue",
			"overdue=%llu unreviewed=%llu: almoner override list",
			(unsigned long long)overdue,
			(unsigned long long)broker->overrides.unreviewed);
	}
	pulse->overdue = overdue;
}

/* Once for each list that becomes too old to show that anybody is clear. */
static void tell_opt_outs(
	struct alm_pulse *pulse, const struct alm_broker *broker)
{
	int64_t as_of_s = alm_store_list_as_of_s(broker->store);
	int64_t age_s = alm_broker_now_us(broker) / 1000000 - as_of_s;

	if (as_of_s > 0 && as_of_s != pulse->stale_as_of_s &&
		age_s > broker->world.opt_out_age_max_s) {
		alm_log(ALM_LOG_WARNING, "opt-out.stale",
			"age=%llds: the national opt-out list is too old; "
			"import a newer one",
			(long long)age_s);
		pulse->stale_as_of_s = as_of_s;
	}
}

/* Each damaged row once; it is recorded by then. */
static void tell_damage(
	struct alm_pulse *pulse, const struct alm_broker *broker)
{
	struct alm_scrub_finding finding;

	while (pulse->damaged < broker->metrics.damaged &&
		alm_scrub_finding(
			broker->scrub, (size_t)pulse->damaged, &finding)) {
		pulse->damaged++;
		alm_log(ALM_LOG_ERROR, "store.damaged",
			"seq=%llu: %s: almoner audit verify",
			(unsigned long long)finding.seq, finding.what);
	}
}

static void tell_failures(
	struct alm_pulse *pulse, const struct alm_broker *broker)
{
	uint64_t failed = broker->metrics.failed_requests;

	if (failed > pulse->failed_requests) {
		alm_log(ALM_LOG_ERROR, "request.failed",
			"requests=%llu could not be carried out and were "
			"refused: almoner audit query --kind anomaly",
			(unsigned long long)(failed - pulse->failed_requests));
	}
	pulse->failed_requests = failed;
}

static void tell_room(struct alm_pulse *pulse, const struct alm_broker *broker)
{
	enum alm_store_room room = alm_store_room(broker->store);

	if (room == pulse->room) {
		return;
	}
	pulse->room = room;
	switch (room) {
	case ALM_STORE_ROOM:
		alm_log(ALM_LOG_NOTICE, "store.room",
			"new messages are taken again");
		break;
	case ALM_STORE_ROOM_NO_MAP:
		alm_log(ALM_LOG_ERROR, "store.full",
			"new messages are refused: raise store-map and "
			"restart, or have mailboxes emptied");
		break;
	case ALM_STORE_ROOM_NO_DISK:
		alm_log(ALM_LOG_ERROR, "store.disk-full",
			"new messages are refused: free space on the disk of "
			"the store");
		break;
	}
}

void alm_pulse_beat(struct alm_pulse *pulse, const struct alm_broker *broker)
{
	int64_t now_ms = alm_clock_monotonic_ms();

	tell_policy(pulse, broker);
	tell_overrides(pulse, broker);
	tell_opt_outs(pulse, broker);
	tell_room(pulse, broker);
	tell_damage(pulse, broker);
	tell_failures(pulse, broker);
	if (pulse->watchdog_ms > 0 &&
		now_ms - pulse->fed_ms >= pulse->watchdog_ms / 2) {
		alm_notify_watchdog();
		pulse->fed_ms = now_ms;
	}
	if (now_ms - pulse->told_ms >= STATUS_EVERY_MS) {
		alm_say_status(broker);
		pulse->told_ms = now_ms;
	}
}
