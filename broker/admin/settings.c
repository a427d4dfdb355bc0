/*
 * The verb that has the settings read again: as a signal does, but with an
 * answer, and with a record of what became different.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/loop/detail.h"
#include "broker/loop/reload.h"

/* Its value in the table's arena; "" when memory is out. */
static const char *text_of(struct alm_table *table,
	const struct alm_settings *settings, enum alm_setting setting)
{
	char *text = NULL;
	const char *kept = "";
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);

	if (memory != NULL) {
		alm_setting_write(settings, setting, memory);
		if (fclose(memory) == 0) {
			kept = alm_table_keep(table, text, ALM_TEXT_BYTES_MAX);
		}
	}
	table->is_out_of_memory |= memory == NULL;
	free(text);
	return kept;
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

static enum alm_err record_changes(struct alm_call *call)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_ADMIN);
	struct alm_detail *detail = alm_call_detail(call, "settings-changed");

	for (size_t i = 0; i < call->table->row_count; i++) {
		const char *const *cells = call->table->rows[i].items;

		alm_detail_text(detail, "setting", cells[0]);
		alm_detail_text(detail, "before", cells[1]);
		alm_detail_text(detail, "now", cells[2]);
	}
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
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
	if (err == ALM_OK && call->table->row_count > 0) {
		err = record_changes(call);
	}
	if (err == ALM_OK) {
		err = alm_reload_apply(broker, fresh);
	}
	call->problem->err = err;
	alm_reload_tell(broker, call->problem);
	return err;
}
