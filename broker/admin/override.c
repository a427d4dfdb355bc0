/*
 * Verbs about the review of overrides.  Who used one and why are private, as
 * in the log: they are shown for a reason, which is recorded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "broker/admin/verbs.h"
#include "broker/loop/detail.h"

static const char *const columns[] = {"id", "status", "kind", "used-at",
	"due-at", "sender", "recipient", "purpose", "basis", "message-id",
	"outcome", "reviewed-at", "by", "why", "reviewed-by", "review-reason"};

static const char *const outcomes[] = {"", "justified", "not-justified"};

static bool is_yes(const struct alm_call *call, const char *key)
{
	return strcmp(alm_call_argument(call, key), "yes") == 0;
}

/* The value of a line in the private part of a record; "" if it is not there,
 * or if the person was erased. */
static enum alm_err private_line(struct alm_call *call, uint64_t seq,
	const char *key, const char **out_value)
{
	size_t key_bytes = strlen(key);
	struct alm_audit_view view;
	const char *at;
	enum alm_err err =
		seq == 0 ? ALM_NOT_FOUND
			 : alm_audit_get(call->turn->broker->store, seq, true,
				   call->turn->arena, &view);

	*out_value = "";
	if (err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT) {
		return ALM_OK;
	}
	if (err != ALM_OK || view.detail == NULL) {
		return err;
	}
	for (at = view.detail; at != NULL && *at != '\0';) {
		const char *end = strchr(at, '\n');
		size_t bytes = end == NULL ? strlen(at) : (size_t)(end - at);

		if (bytes > key_bytes + 2 && strncmp(at, key, key_bytes) == 0 &&
			strncmp(at + key_bytes, ": ", 2) == 0) {
			*out_value = alm_arena_text(call->turn->arena,
				at + key_bytes + 2, bytes - key_bytes - 2);
			return *out_value == NULL ? ALM_NOMEM : ALM_OK;
		}
		at = end == NULL ? NULL : end + 1;
	}
	return ALM_OK;
}

static const char *status_word(
	const struct alm_call *call, const struct alm_override_row *row)
{
	if (row->outcome != ALM_OVERRIDE_OPEN) {
		return "reviewed";
	}
	return row->due_at_us <= call->turn->now_us ? "overdue" : "open";
}

static enum alm_err add_row(
	struct alm_call *call, const struct alm_override_row *row, bool reveals)
{
	struct alm_table *table = call->table;
	const char *private[4] = {"", "", "", ""};
	char id[ALM_UUID_TEXT_BYTES] = "";
	enum alm_err err = ALM_OK;

	if (reveals) {
		static const char *const keys[] = {
			"override-by", "override-reason", "reviewer", "reason"};

		for (size_t i = 0; i < ALM_COUNT(keys) && err == ALM_OK; i++) {
			err = private_line(call,
				i < 2 ? row->audit_seq : row->review_seq,
				keys[i], &private[i]);
		}
	}
	if (err != ALM_OK) {
		return err;
	}
	if (!row->is_damaged) {
		alm_message_id_text(&row->message_id, id);
	}
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, row->audit_seq),
			row->is_damaged ? "damaged" : status_word(call, row),
			row->kind == ALM_WIRE_OVERRIDE_EMERGENCY  ? "emergency"
			: row->kind == ALM_WIRE_OVERRIDE_GUARDIAN ? "guardian"
								  : "",
			alm_table_instant(table, row->used_at_us),
			alm_table_instant(table, row->due_at_us), row->sender,
			row->recipient, row->purpose, row->basis, id,
			outcomes[row->outcome],
			alm_table_instant(table, row->reviewed_at_us),
			private[0], private[1], private[2], private[3]});
	return ALM_OK;
}

/* One state's rows from `after` on.  Out: the cursor when there is no room. */
static enum alm_err list_state(struct alm_call *call, bool is_reviewed,
	uint64_t after, bool reveals, bool *out_is_full)
{
	struct alm_table *table = call->table;
	struct alm_override_row row = {.audit_seq = after};

	*out_is_full = false;
	for (;;) {
		uint64_t last = row.audit_seq;
		enum alm_err err =
			alm_store_override_next(call->turn->broker->store,
				is_reviewed, last, call->turn->arena, &row);

		if (err == ALM_NOT_FOUND) {
			return ALM_OK;
		}
		if (err == ALM_OK && !alm_table_has_room(table)) {
			*out_is_full = true;
			table->cursor = alm_arena_printf(table->arena,
				"%c%" PRIu64, is_reviewed ? 'r' : 'o', last);
			return table->cursor == NULL ? ALM_NOMEM : ALM_OK;
		}
		if (err == ALM_OK && is_yes(call, "overdue") &&
			row.due_at_us > call->turn->now_us) {
			continue;
		}
		if (err == ALM_OK) {
			err = add_row(call, &row, reveals);
		}
		if (err != ALM_OK) {
			return err;
		}
	}
}

static enum alm_err record_reveal(struct alm_call *call)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);

	if (alm_call_needs_reason(call) != ALM_OK) {
		return ALM_REASON_REQUIRED;
	}
	return alm_call_record(call, &record, "overrides revealed");
}

enum alm_err alm_verb_override_list(struct alm_call *call)
{
	const char *cursor = alm_call_argument(call, "cursor");
	bool is_in_reviewed = cursor[0] == 'r';
	bool reveals = is_yes(call, "reveal");
	bool is_full = false;
	uint64_t after = cursor[0] == '\0' ? 0 : strtoull(cursor + 1, NULL, 10);
	enum alm_err err = reveals ? record_reveal(call) : ALM_OK;

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (err == ALM_OK && !is_in_reviewed) {
		err = list_state(call, false, after, reveals, &is_full);
		after = 0;
	}
	if (err == ALM_OK && !is_full && is_yes(call, "all")) {
		err = list_state(call, true, after, reveals, &is_full);
	}
	return err;
}

/* --- review -------------------------------------------------------------- */

static enum alm_err read_outcome(
	struct alm_call *call, enum alm_override_outcome *out)
{
	const char *word = alm_call_argument(call, "outcome");

	for (size_t i = 1; i < ALM_COUNT(outcomes); i++) {
		if (strcmp(word, outcomes[i]) == 0) {
			*out = (enum alm_override_outcome)i;
			return ALM_OK;
		}
	}
	return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
		"outcome is justified or not-justified");
}

/* The open override that the call names, and that its reviewer may review. */
static enum alm_err find(struct alm_call *call, struct alm_override_row *row)
{
	const char *text = alm_call_argument(call, "id");
	const char *reviewer = alm_call_argument(call, "by");
	const char *user = "";
	char *end = NULL;
	uint64_t id = strtoull(text, &end, 10);
	enum alm_err err;

	if (*text == '\0' || *end != '\0' || reviewer[0] == '\0') {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"id is a number, and by a name");
	}
	if (alm_call_needs_reason(call) != ALM_OK) {
		return ALM_REASON_REQUIRED;
	}
	err = alm_store_override_get(
		call->turn->broker->store, id, call->turn->arena, row);
	if (err == ALM_NOT_FOUND) {
		return alm_problem_set(
			call->problem, err, "there is no override %s", text);
	}
	if (err == ALM_OK && row->outcome != ALM_OVERRIDE_OPEN) {
		return alm_problem_set(
			call->problem, ALM_ALREADY_REVIEWED, "%s", text);
	}
	if (err == ALM_OK) {
		err = private_line(call, id, "override-by", &user);
	}
	if (err == ALM_OK && strcasecmp(user, reviewer) == 0) {
		return alm_problem_set(
			call->problem, ALM_OWN_REVIEW, "%s", reviewer);
	}
	return err;
}

static enum alm_err record_review(
	struct alm_call *call, struct alm_override_row *row)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_OVERRIDE_REVIEWED);
	struct alm_detail *detail = call->turn->detail;
	struct alm_audit_view used;
	enum alm_err err = alm_audit_get(call->turn->broker->store,
		row->audit_seq, false, call->turn->arena, &used);

	if (err != ALM_OK && err != ALM_NOT_FOUND && err != ALM_STORE_CORRUPT) {
		return err;
	}
	if (err == ALM_OK) {
		/* So that the review goes with what is erased of the person,
		 * and the person is told of it. */
		record.has_person = used.record.has_person;
		memcpy(record.person, used.record.person,
			sizeof(record.person));
	}
	record.ref = row->audit_seq;
	record.mail_seq = row->mail_seq;
	record.has_message_id = !row->is_damaged;
	record.message_id = row->message_id;
	record.sender = row->sender;
	record.recipient = row->recipient;
	record.purpose = row->purpose;
	record.basis = row->basis;
	record.flags = ALM_AUDIT_OVERRIDE;
	alm_detail_init(detail);
	alm_detail_text(detail, "verb", call->ask->verb);
	alm_detail_text(detail, "outcome", outcomes[row->outcome]);
	alm_detail_text(detail, "reviewer", alm_call_argument(call, "by"));
	alm_detail_words(detail, "reason", alm_call_argument(call, "reason"));
	alm_detail_text(detail, "by", call->request->address);
	err = alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
	row->review_seq = record.seq;
	row->reviewed_at_us = call->turn->now_us;
	return err;
}

enum alm_err alm_verb_override_review(struct alm_call *call)
{
	struct alm_override_row row = {.audit_seq = 0};
	enum alm_override_outcome outcome = ALM_OVERRIDE_OPEN;
	enum alm_err err = read_outcome(call, &outcome);

	if (err == ALM_OK) {
		err = find(call, &row);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_table_number(call->table, "id", row.audit_seq);
	alm_table_fact(call->table, "outcome", outcomes[outcome]);
	if (alm_call_is_dry_run(call)) {
		return ALM_OK;
	}
	row.outcome = outcome;
	err = record_review(call, &row);
	if (err == ALM_OK) {
		alm_table_number(call->table, "record", row.review_seq);
		call->turn->broker->overrides.is_counted = false;
		err = alm_store_override_review(
			call->turn->broker->store, &row);
	}
	return err;
}
