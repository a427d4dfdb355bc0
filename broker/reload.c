/*
 * What may change is listed; everything else needs a restart, so that a new
 * setting is never half in effect because somebody forgot where it is kept.
 */
#include "broker/reload.h"

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

/* The name of the first that differs and needs a restart; NULL: none. */
static const char *fixed_that_differs(
	const struct alm_settings *a, const struct alm_settings *b)
{
#define SAME(field) \
	_Generic(a->field, \
		char * : strcmp((const char *)&a->field, \
				 (const char *)&b->field) == 0, \
		const char * : strcmp((const char *)&a->field, \
				       (const char *)&b->field) == 0, \
		default : memcmp(&a->field, &b->field, sizeof(a->field)) == 0)
#define X(field, name, kind, min, max, otherwise, help) \
	if (!is_live(ALM_SETTING_##field) && !SAME(field)) { \
		return name; \
	}
	ALM_SETTINGS_MAP(X)
#undef X
#undef SAME
	return NULL;
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

static void take_effect(
	struct alm_broker *broker, const struct alm_settings *fresh)
{
	broker->settings = *fresh;
	broker->world.opt_out_age_max_s = fresh->opt_out_age_max_s;
	alm_handshake_gate_set(&broker->handshakes,
		fresh->handshakes_per_second, fresh->handshakes_per_address);
	alm_log_open((enum alm_log_level)fresh->log_level);
}

enum alm_err alm_reload(struct alm_broker *broker,
	const struct alm_settings_source *source, struct alm_problem *problem)
{
	struct alm_settings fresh;
	const char *name;
	enum alm_err err = alm_settings_gather(source, &fresh, problem);

	if (err != ALM_OK) {
		return err;
	}
	name = fixed_that_differs(&broker->settings, &fresh);
	if (name != NULL) {
		return alm_problem_set(problem, ALM_CONFIG,
			"%s takes effect at a restart; nothing was changed",
			name);
	}
	err = alm_mailboxes_set_quotas(
		broker->mailboxes, &fresh.organisation_quotas);
	if (err == ALM_OK) {
		take_effect(broker, &fresh);
	}
	return err;
}
