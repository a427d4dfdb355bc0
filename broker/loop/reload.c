/*
 * What may change is listed; everything else needs a restart, so that a new
 * setting is never half in effect because somebody forgot where it is kept.
 */
#include "broker/loop/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/edge/log.h"
#include "broker/loop/detail.h"
#include "broker/loop/stage.h"

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
		alm_settings_gather(broker->reload.source, out_fresh, problem);

	if (err == ALM_OK) {
		compare(&broker->settings, out_fresh, out_changed);
		err = check_live(out_changed, problem);
	}
	return err;
}

/* --- taking it into use --------------------------------------------------- */

static enum alm_err put_in_force(
	struct alm_broker *broker, const struct alm_settings *settings)
{
	enum alm_err err = alm_mailboxes_set_quotas(
		broker->mailboxes, &settings->organisation_quotas);

	if (err == ALM_OK) {
		broker->settings = *settings;
		broker->world.opt_out_age_max_s = settings->opt_out_age_max_s;
		alm_handshake_gate_set(&broker->handshakes,
			settings->handshakes_per_second,
			settings->handshakes_per_address);
		alm_log_open((enum alm_log_level)settings->log_level);
	}
	return err;
}

const char *alm_reload_value(struct alm_arena *arena,
	const struct alm_settings *settings, enum alm_setting setting)
{
	const char *kept = NULL;
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);

	if (memory != NULL) {
		alm_setting_write(settings, setting, memory);
		if (fclose(memory) == 0) {
			kept = alm_arena_printf(
				arena, "%.*s", (int)ALM_TEXT_BYTES_MAX, text);
		}
	}
	free(text);
	return kept;
}

static enum alm_err record(struct alm_turn *turn, struct alm_detail *detail,
	const struct alm_settings *fresh, const bool changed[ALM_SETTING_COUNT])
{
	const struct alm_settings *before = &turn->broker->settings;
	struct alm_audit_record record = alm_turn_record(turn, ALM_AUDIT_ADMIN);
	bool is_different = false;

	for (size_t i = 0; i < ALM_SETTING_COUNT; i++) {
		enum alm_setting setting = (enum alm_setting)i;
		const char *was;
		const char *is;

		if (!changed[i]) {
			continue;
		}
		was = alm_reload_value(turn->arena, before, setting);
		is = alm_reload_value(turn->arena, fresh, setting);
		if (was == NULL || is == NULL) {
			return ALM_NOMEM;
		}
		alm_detail_text(detail, "setting", alm_setting_name(setting));
		alm_detail_text(detail, "before", was);
		alm_detail_text(detail, "now", is);
		is_different = true;
	}
	return is_different ? alm_turn_audit(
				      turn, &record, alm_detail_finish(detail))
			    : ALM_OK;
}

enum alm_err alm_reload_take(struct alm_turn *turn, struct alm_detail *detail,
	const struct alm_settings *fresh, const bool changed[ALM_SETTING_COUNT])
{
	struct alm_broker *broker = turn->broker;
	enum alm_err err = record(turn, detail, fresh, changed);

	if (err == ALM_OK && !turn->has_new_settings) {
		broker->reload.before = broker->settings;
		turn->has_new_settings = true;
	}
	return err == ALM_OK ? put_in_force(broker, fresh) : err;
}

void alm_reload_undo(struct alm_turn *turn)
{
	struct alm_reload *reload = &turn->broker->reload;

	if (turn->has_new_settings) {
		/* Their quotas have a place each: it cannot fail. */
		(void)put_in_force(turn->broker, &reload->before);
		turn->has_new_settings = false;
	}
	reload->is_asked |= turn->has_heard_signal;
	turn->has_heard_signal = false;
	turn->has_tried_settings = false;
}

/* --- saying so ------------------------------------------------------------ */

void alm_reload_note(struct alm_turn *turn, const struct alm_problem *problem)
{
	turn->broker->reload.tried = *problem;
	turn->has_tried_settings = true;
}

void alm_reload_committed(struct alm_turn *turn)
{
	struct alm_reload *reload = &turn->broker->reload;

	if (!turn->has_tried_settings) {
		return;
	}
	reload->at_us = alm_broker_now_us(turn->broker);
	reload->problem = reload->tried;
	if (reload->problem.err == ALM_OK) {
		alm_log(ALM_LOG_NOTICE, "reload.done",
			"the settings have taken effect");
	} else {
		alm_log_problem(
			ALM_LOG_ERROR, "reload.refused", &reload->problem);
	}
}

/* As the verb has it, so that one question finds both. */
static struct alm_detail *detail_of_signal(const struct alm_turn *turn)
{
	const struct alm_reload *reload = &turn->broker->reload;
	struct alm_detail *detail = turn->detail;

	alm_detail_init(detail);
	alm_detail_text(detail, "verb", "config.reload");
	alm_detail_text(detail, "what", "settings-changed");
	alm_detail_text(detail, "reason", "SIGHUP");
	alm_detail_number(detail, "by-user", reload->user);
	alm_detail_number(detail, "by-process", reload->process);
	return detail;
}

enum alm_err alm_reload_if_asked(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct alm_problem problem = {.err = ALM_OK, .detail = ""};
	bool changed[ALM_SETTING_COUNT];
	struct alm_settings *fresh;

	if (!broker->reload.is_asked) {
		return ALM_OK;
	}
	fresh = alm_arena_take(turn->arena, sizeof(*fresh));
	if (fresh == NULL) {
		return ALM_NOMEM;
	}
	problem.err = alm_reload_read(broker, fresh, changed, &problem);
	if (problem.err == ALM_OK && turn->is_store_full) {
		(void)alm_problem_set(&problem, ALM_STORE_FULL,
			"it cannot be recorded; nothing was changed");
	} else if (problem.err == ALM_OK) {
		enum alm_err err = alm_reload_take(
			turn, detail_of_signal(turn), fresh, changed);

		if (err != ALM_OK) {
			return err;
		}
	}
	broker->reload.is_asked = false;
	turn->has_heard_signal = true;
	alm_reload_note(turn, &problem);
	return ALM_OK;
}
