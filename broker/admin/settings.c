/*
 * The verb that has the settings read again: as a signal does, but with an
 * answer.
 */
#include "broker/admin/verbs.h"
#include "broker/loop/reload.h"

/* "" when memory is out, and the table says so. */
static const char *text_of(struct alm_table *table,
	const struct alm_settings *settings, enum alm_setting setting)
{
	const char *text = alm_reload_value(table->arena, settings, setting);

	table->is_out_of_memory |= text == NULL;
	return text == NULL ? "" : text;
}

static void tell_changes(struct alm_call *call,
	const struct alm_settings *fresh, const bool changed[ALM_SETTING_COUNT])
{
	static const char *const columns[] = {"setting", "before", "now"};
	const struct alm_settings *before = &call->turn->broker->settings;
	struct alm_table *table = call->table;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	for (size_t i = 0; i < ALM_SETTING_COUNT; i++) {
		enum alm_setting setting = (enum alm_setting)i;

		if (changed[i]) {
			alm_table_row(table,
				(const char *const[]){alm_setting_name(setting),
					text_of(table, before, setting),
					text_of(table, fresh, setting)});
		}
	}
}

enum alm_err alm_verb_config_reload(struct alm_call *call)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_settings *fresh =
		alm_arena_take(call->turn->arena, sizeof(*fresh));
	bool changed[ALM_SETTING_COUNT];
	enum alm_err err = alm_call_needs_reason(call);

	if (err != ALM_OK) {
		return err;
	}
	if (fresh == NULL) {
		return ALM_NOMEM;
	}
	err = alm_reload_read(broker, fresh, changed, call->problem);
	if (err == ALM_OK) {
		tell_changes(call, fresh, changed);
	}
	if (alm_call_is_dry_run(call)) {
		return err;
	}
	if (err == ALM_OK) {
		err = alm_reload_take(call->turn,
			alm_call_detail(call, "settings-changed"), fresh,
			changed);
	}
	call->problem->err = err;
	alm_reload_note(call->turn, call->problem);
	return err;
}
