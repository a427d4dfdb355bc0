/*
 * What may change is listed; everything else needs a restart, so that a new
 * setting is never half in effect because somebody forgot where it is kept.
 */
#include "broker/loop/reload.h"

#include <stdio.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/edge/log.h"

static const enum alm_setting live[] = {
	ALM_SETTING_acknowledge_timeout_ms,
	ALM_SETTING_attempts_max,
	ALM_SETTING_dead_letter_keep_s,
	ALM_SETTING_drain_timeout_ms,
	ALM_SETTING_guardian_mailbox,
	ALM_SETTING_handshakes_per_address,
	ALM_SETTING_handshakes_per_second,
	ALM_SETTING_key_age_max_s,
	ALM_SETTING_log_level,
	ALM_SETTING_opt_out_age_max_s,
	ALM_SETTING_organisation_bytes_per_s,
	ALM_SETTING_organisation_messages_per_s,
	ALM_SETTING_organisation_quotas,
	ALM_SETTING_organisation_refusals_per_s,
	ALM_SETTING_organisation_waiting_bytes,
	ALM_SETTING_override_review_s,
	ALM_SETTING_policy_emergency_s,
	ALM_SETTING_redeliver_max_ms,
	ALM_SETTING_session_idle_ms,
};

static bool is_live(enum alm_setting setting)
{
	for (size_t i = 0; i < ALM_COUNT(live); i++) {
		if (live[i] == setting) {
			return true;
		}
	}
	return false;
}

static void compare(const struct alm_settings *a, const struct alm_settings *b,
	bool out_changed[ALM_SETTING_COUNT])
{
#define DIFFERS(field) \
	_Generic(a->field, \
		char * : strcmp((const char *)&a->field, \
				 (const char *)&b->field) != 0, \
		const char * : strcmp((const char *)&a->field, \
				       (const char *)&b->field) != 0, \
		default : memcmp(&a->field, &b->field, sizeof(a->field)) != 0)
#define X(field, name, kind, min, max, otherwise, help) \
	out_changed[ALM_SETTING_##field] = DIFFERS(field);
	ALM_SETTINGS_MAP(X)
#undef X
#undef DIFFERS
}

/* Those that differ and need a restart, each by its name. */
static enum alm_err check_live(
	const bool changed[ALM_SETTING_COUNT], struct alm_problem *problem)
{
	char names[ALM_DETAIL_BYTES_MAX] = "";
	size_t bytes = 0;
	size_t count = 0;

	for (size_t i = 0; i < ALM_SETTING_COUNT; i++) {
		const char *name = alm_setting_name((enum alm_setting)i);

		if (!changed[i] || is_live((enum alm_setting)i)) {
			continue;
		}
		count++;
		if (bytes + strlen(name) + sizeof(", ") <= sizeof(names) / 2) {
			bytes += (size_t)snprintf(names + bytes,
				sizeof(names) - bytes, "%s%s",
				bytes > 0 ? ", " : "", name);
		}
	}
	return count == 0
		       ? ALM_OK
		       : alm_problem_set(problem, ALM_CONFIG,
				 "%s %s at a restart; nothing was changed",
				 names,
				 count == 1 ? "takes effect" : "take effect");
}

enum alm_err alm_settings_gather(const struct alm_settings_source *source,
	struct alm_settings *out, struct alm_problem *problem)
{
	enum alm_err err = alm_settings_load(source->config, out, problem);

	for (size_t i = 0; err == ALM_OK && i < source->override_count; i++) {
		const char *text = source->overrides[i];
		const char *value = strchr(text, '=');
		char name[64];

		if (value == NULL || (size_t)(value - text) >= sizeof(name)) {
			return alm_problem_set(problem, ALM_CONFIG,
				"--set %s: write NAME=VALUE", text);
		}
		memcpy(name, text, (size_t)(value - text));
		name[value - text] = '\0';
		err = alm_settings_set(out, name, value + 1, problem);
	}
	return err;
}

enum alm_err alm_reload_read(const struct alm_broker *broker,
	struct alm_settings *out_fresh, bool out_changed[ALM_SETTING_COUNT],
	struct alm_problem *problem)
{
	enum alm_err err =
		alm_settings_gather(broker->source, out_fresh, problem);

	if (err == ALM_OK) {
		compare(&broker->settings, out_fresh, out_changed);
		err = check_live(out_changed, problem);
	}
	return err;
}

enum alm_err alm_reload_apply(
	struct alm_broker *broker, const struct alm_settings *fresh)
{
	enum alm_err err = alm_mailboxes_set_quotas(
		broker->mailboxes, &fresh->organisation_quotas);

	if (err == ALM_OK) {
		broker->settings = *fresh;
		broker->world.opt_out_age_max_s = fresh->opt_out_age_max_s;
		alm_handshake_gate_set(&broker->handshakes,
			fresh->handshakes_per_second,
			fresh->handshakes_per_address);
		alm_log_open((enum alm_log_level)fresh->log_level);
	}
	return err;
}

void alm_reload_tell(
	struct alm_broker *broker, const struct alm_problem *problem)
{
	broker->reloaded_at_us = alm_broker_now_us(broker);
	broker->reload = *problem;
	if (problem->err == ALM_OK) {
		alm_log(ALM_LOG_NOTICE, "reload.done",
			"the settings have taken effect");
	} else {
		alm_log_problem(ALM_LOG_ERROR, "reload.refused", problem);
	}
}

void alm_reload(struct alm_broker *broker)
{
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	bool changed[ALM_SETTING_COUNT];
	struct alm_settings fresh;

	problem.err = alm_reload_read(broker, &fresh, changed, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_reload_apply(broker, &fresh);
	}
	alm_reload_tell(broker, &problem);
}
