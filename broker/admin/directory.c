/*
 * The directory: organisations by their words, and of these only whom the
 * asker may know (broker/core/address.h).  Nobody can tell what is not shown
 * from what does not exist.
 */
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/core/address.h"

/* Organisations looked at in one call; the cursor goes on. */
#define LOOKED_AT_MAX 8192u

/* ASCII letters alike, small or capital. */
static int small(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter;
}

static bool contains(const char *text, const char *part)
{
	for (; *text != '\0'; text++) {
		size_t i = 0;

		while (part[i] != '\0' && small(text[i]) == small(part[i])) {
			i++;
		}
		if (part[i] == '\0') {
			return true;
		}
	}
	return *part == '\0';
}

static bool matches(const struct alm_call *call, size_t index,
	const struct alm_organisation_view *view)
{
	const char *id = alm_call_argument(call, "id");
	const char *text = alm_call_argument(call, "text");
	const char *kind = alm_call_argument(call, "kind");
	const char *group = alm_call_argument(call, "group");

	return (id[0] == '\0' || strcmp(id, view->id) == 0) &&
	       (contains(view->id, text) || contains(view->name, text)) &&
	       (kind[0] == '\0' || strcmp(kind, view->kind) == 0) &&
	       (group[0] == '\0' ||
		       alm_snapshot_is_in_group(call->turn->broker->snapshot,
			       index, group, call->turn->now_s));
}

static enum alm_err add(struct alm_call *call, size_t index,
	const struct alm_organisation_view *view)
{
	const char *groups =
		alm_snapshot_groups_of(call->turn->broker->snapshot, index,
			call->turn->now_s, call->table->arena);

	if (groups == NULL) {
		return ALM_NOMEM;
	}
	alm_table_row(call->table,
		(const char *const[]){view->id, view->name, view->kind,
			alm_status_word(view->status),
			view->host == NULL ? "" : view->host, groups});
	return ALM_OK;
}

/* From where the cursor says; the next one says how far this one looked. */
static enum alm_err look(struct alm_call *call, const struct alm_known *known)
{
	const struct alm_snapshot *snapshot = call->turn->broker->snapshot;
	const char *after = alm_call_argument(call, "cursor");
	struct alm_table *table = call->table;
	struct alm_organisation_view view;
	size_t looked_at = 0;
	const char *last = "";

	for (size_t i = 0; alm_snapshot_organisation(snapshot, i, &view); i++) {
		enum alm_err err = ALM_OK;

		/* The cursor names the last one: it is never a stranger. */
		if (strcmp(view.id, after) <= 0 || !alm_known_has(known, i)) {
			continue;
		}
		if (looked_at++ == LOOKED_AT_MAX ||
			!alm_table_has_room(table)) {
			table->cursor = alm_arena_text(
				table->arena, last, strlen(last));
			return table->cursor == NULL ? ALM_NOMEM : ALM_OK;
		}
		last = view.id;
		if (matches(call, i, &view)) {
			err = add(call, i, &view);
		}
		if (err != ALM_OK) {
			return err;
		}
	}
	return table->row_count == 0 && alm_call_argument(call, "id")[0] != '\0'
		       ? ALM_NOT_FOUND
		       : ALM_OK;
}

enum alm_err alm_verb_org_find(struct alm_call *call)
{
	static const char *const columns[] = {
		"id", "name", "kind", "status", "host", "groups"};
	const struct alm_snapshot *snapshot = call->turn->broker->snapshot;
	const struct alm_agent *agent = call->request->agent;
	const struct alm_known *known = NULL;
	enum alm_err err;

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (snapshot == NULL) {
		return alm_problem_set(call->problem, ALM_NO_BUNDLE, "%s", "");
	}
	err = alm_known_make(snapshot,
		agent == NULL ? NULL : agent->organisation, call->turn->now_s,
		call->table->arena, &known);
	return err == ALM_OK ? look(call, known) : err;
}
