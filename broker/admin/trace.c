/*
 * The verb that follows a message: which messages an id's beginning means,
 * what was recorded of one, where it is now, and which messages answer it.
 * An agent sees what it sees of the log, and nobody sees a private part: of
 * those only the count of attempts and the id of what is answered are read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/question.h"
#include "broker/admin/verbs.h"
#include "broker/loop/detail.h"
#include "broker/store/dead.h"
#include "lib/words.h"

/* As much work as looking at so many records, in one call. */
#define WORK_MAX 20000u
/* A step may be followed by where its mail is, and one by its repeats. */
#define RECORDS_MAX ((ALM_ROWS_PER_ANSWER_MAX - 1) / 2)
#define DIGITS_MIN 4u
#define ID_DIGITS ((size_t)2 * ALM_MESSAGE_ID_BYTES)

static const char *const columns[] = {"seq", "time", "kind", "effect", "code",
	"name", "sender", "recipient", "agent", "message-id", "mail", "ref",
	"attempt", "next-due", "message-kind"};
#define ID_COLUMN 9u

/* --- asking the log ------------------------------------------------------ */

static bool is_shown(const void *cookie, const struct alm_audit_record *record)
{
	return alm_call_may_see(cookie, record);
}

/* The question as far as it is the same for all parts, and where to go on. */
static enum alm_err begin(struct alm_call *call, struct alm_audit_find *find)
{
	const struct alm_agent *agent = call->request->agent;
	const char *after = alm_call_argument(call, "after");
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);
	struct alm_detail *detail;
	struct alm_cursor_given given;
	enum alm_err recorded;
	enum alm_err err;

	find->filter.either = agent == NULL ? "" : agent->organisation;
	find->is_wanted = is_shown;
	find->cookie = call;
	find->row_max = RECORDS_MAX;
	find->work_max = WORK_MAX;
	err = alm_call_needs_reason(call);
	if (err == ALM_OK && after[0] != '\0') {
		err = alm_audit_cursor_read(call->turn->broker->store, after,
			find->filter.either, find, &given);
		if (err == ALM_OK && alm_call_is_continued(call, given)) {
			return ALM_OK;
		}
	}
	if (err == ALM_CURSOR) {
		record.code = (uint32_t)err;
	} else if (err != ALM_OK) {
		return err;
	}
	record.sender = find->filter.either;
	detail = alm_call_detail(call, "traced a message");
	alm_detail_text(detail, "message", alm_call_argument(call, "message"));
	recorded =
		alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
	return recorded == ALM_OK ? err : recorded;
}

static enum alm_err finish(struct alm_call *call, struct alm_audit_find *find,
	const struct alm_audit_found *found)
{
	struct alm_table *table = call->table;
	char *cursor;

	if (found->next == 0) {
		return ALM_OK;
	}
	cursor = alm_arena_take(table->arena, ALM_CURSOR_TEXT_BYTES);
	if (cursor == NULL) {
		return ALM_NOMEM;
	}
	find->size = found->size;
	find->next = found->next;
	alm_audit_cursor_text(call->turn->broker->store, find,
		find->filter.either, alm_call_given(call), cursor);
	table->cursor = cursor;
	return ALM_OK;
}

/* The value of a line of the private part; "" if there is none. */
static const char *line_of(
	struct alm_call *call, const char *detail, const char *key)
{
	size_t key_bytes = strlen(key);
	const char *at = detail == NULL ? "" : detail;

	while (*at != '\0') {
		const char *end = strchr(at, '\n');
		size_t bytes = end == NULL ? strlen(at) : (size_t)(end - at);

		if (bytes > key_bytes + 2 && strncmp(at, key, key_bytes) == 0 &&
			strncmp(at + key_bytes, ": ", 2) == 0) {
			const char *value = alm_arena_text(call->turn->arena,
				at + key_bytes + 2, bytes - key_bytes - 2);

			return value == NULL ? "" : value;
		}
		at += bytes + (end == NULL ? 0 : 1);
	}
	return "";
}

static const char *number_or_none(struct alm_table *table, uint64_t number)
{
	return number == 0 ? "" : alm_table_text(table, number);
}

static const char *attempt_of(
	struct alm_call *call, const struct alm_audit_view *view)
{
	if (view->record.kind == ALM_AUDIT_DELIVERED) {
		const char *text = line_of(call, view->detail, "attempt");

		return text[0] == '\0' ? "1" : text;
	}
	return view->record.kind == ALM_AUDIT_DEAD_LETTERED
		       ? line_of(call, view->detail, "attempts")
		       : "";
}

/* Whoever sees only that an answer was handed over, its recipient, is told
 * there what it says. */
static const char *message_kind(
	struct alm_call *call, const struct alm_audit_view *view)
{
	const struct alm_agent *asker = call->request->agent;

	if (view->record.kind == ALM_AUDIT_DELIVERED &&
		(asker == NULL || strcmp(asker->organisation,
					  view->record.recipient) != 0)) {
		return "";
	}
	return line_of(call, view->detail, "message-kind");
}

static void add_step(struct alm_call *call, const struct alm_audit_view *view)
{
	const struct alm_audit_record *record = &view->record;
	struct alm_table *table = call->table;
	uint32_t code = alm_call_shown_code(call, record->code);
	char id[ALM_UUID_TEXT_BYTES];

	alm_message_id_text(&record->message_id, id);
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, record->seq),
			alm_table_instant(table, record->time_us),
			alm_audit_kind_word(record->kind),
			alm_effect_word(record->effect),
			alm_table_text(table, code),
			code > 1 ? alm_err_info((enum alm_err)code)->name : "",
			record->sender, record->recipient,
			alm_call_agent_name(call, record), id,
			number_or_none(table, record->mail_seq),
			number_or_none(table, record->ref),
			attempt_of(call, view), "", message_kind(call, view)});
}

/* --- the parts ----------------------------------------------------------- */

static bool has_row_of(
	const struct alm_table *table, const char id[ALM_UUID_TEXT_BYTES])
{
	for (size_t i = 0; i < table->row_count; i++) {
		if (strcmp(table->rows[i].items[ID_COLUMN], id) == 0) {
			return true;
		}
	}
	return false;
}

/* Messages whose ids begin so: one row of each, of this page. */
static enum alm_err find_ids(
	struct alm_call *call, const struct alm_id_range *ids)
{
	struct alm_audit_find find = {
		.filter = {.sender = "",
			.recipient = "",
			.purpose = "",
			.basis = "",
			.since_us = 1000 * (alm_message_id_ms(&ids->first) -
						   ALM_CLOCK_SKEW_MS_MAX),
			.until_us = 1000 * (alm_message_id_ms(&ids->last) +
						   ALM_MESSAGE_ID_AGE_MS_MAX)},
	};
	struct alm_audit_found found;
	enum alm_err err = begin(call, &find);

	if (err == ALM_OK) {
		err = alm_audit_find(call->turn->broker->store, &find,
			call->turn->arena, &found);
	}
	for (size_t i = 0; err == ALM_OK && i < found.row_count; i++) {
		const struct alm_audit_record *record = &found.rows[i].record;
		char id[ALM_UUID_TEXT_BYTES];

		if (!record->has_message_id ||
			!alm_id_range_has(ids, &record->message_id)) {
			continue;
		}
		alm_message_id_text(&record->message_id, id);
		if (!has_row_of(call->table, id)) {
			add_step(call, &found.rows[i]);
		}
	}
	return err == ALM_OK ? finish(call, &find, &found) : err;
}

/* A step that has no record. */
struct state {
	const char *word;
	int64_t since_us;
	uint64_t mail_seq; /* 0: none */
	uint32_t attempts;
	const char *due;
};

static void add_state(struct alm_call *call,
	const struct alm_audit_record *record, const struct state *state)
{
	struct alm_table *table = call->table;
	char id[ALM_UUID_TEXT_BYTES];

	alm_message_id_text(&record->message_id, id);
	alm_table_row(table,
		(const char *const[]){"",
			alm_table_instant(table, state->since_us), state->word,
			"", "0", "", record->sender, record->recipient, "", id,
			number_or_none(table, state->mail_seq), "",
			alm_table_text(table, state->attempts), state->due,
			""});
}

/* How mail in the queue stands, and when it is tried again. */
static void say_queued(struct alm_call *call,
	const struct alm_audit_record *record, struct state *state)
{
	struct alm_turn *turn = call->turn;
	struct alm_mailbox *mailbox =
		alm_mailboxes_find(turn->broker->mailboxes, record->recipient);
	const struct alm_held *held =
		mailbox == NULL ? NULL
				: alm_mailbox_held(mailbox, record->mail_seq);

	if (held == NULL) {
		state->word = mailbox != NULL && mailbox->is_on_hold
				      ? "now-on-hold"
				      : "now-queued";
		return;
	}
	state->word =
		held->session == NULL ? "now-due-again" : "now-handed-over";
	if (held->due_ms > turn->monotonic_ms && held->due_ms != INT64_MAX) {
		state->due = alm_table_instant(call->table,
			turn->now_us +
				1000 * (held->due_ms - turn->monotonic_ms));
	}
}

/* Where accepted mail is now, if it is anywhere. */
static enum alm_err add_place(
	struct alm_call *call, const struct alm_audit_record *record)
{
	struct alm_store *store = call->turn->broker->store;
	struct state state = {.since_us = call->turn->now_us,
		.mail_seq = record->mail_seq,
		.due = ""};
	struct alm_queue_entry entry = {.seq = 0};
	struct alm_dead_letter dead = {.code = 0};
	enum alm_err err = alm_store_queue_get(
		store, record->recipient, record->mail_seq, &entry);

	if (err == ALM_OK) {
		state.attempts = entry.attempts;
		say_queued(call, record, &state);
	} else if (err == ALM_NOT_FOUND) {
		err = alm_store_dead_get(
			store, record->recipient, record->mail_seq, &dead);
		state.attempts = dead.entry.attempts;
		state.word = "now-dead-letter";
	}
	if (err == ALM_OK) {
		add_state(call, record, &state);
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* That it was sent again; its sender knows.  It follows the record of the
 * whole: of several recipients each has one more. */
static enum alm_err add_repeats(
	struct alm_call *call, const struct alm_audit_record *record)
{
	struct alm_duplicate duplicate;
	enum alm_err err = alm_store_duplicate_get(call->turn->broker->store,
		record->sender, &record->message_id, call->turn->arena,
		&duplicate);

	if (err == ALM_OK && duplicate.repeats > 0 &&
		duplicate.audit_seq == record->seq) {
		add_state(call, record,
			&(struct state){.word = "sent-again",
				.since_us = duplicate.repeated_at_ms * 1000,
				.attempts = duplicate.repeats,
				.due = ""});
	}
	return err == ALM_NOT_FOUND || err == ALM_STORE_CORRUPT ? ALM_OK : err;
}

/* What this message answers, as text. */
static void add_answered(
	struct alm_call *call, const struct alm_audit_view *view)
{
	const char *hex = line_of(call, view->detail, "correlation");
	struct alm_message_id id;
	char text[ALM_UUID_TEXT_BYTES];

	if (call->table->fact_count == 0 &&
		alm_unhex(hex, id.raw, sizeof(id.raw)) == ALM_OK) {
		alm_message_id_text(&id, text);
		alm_table_fact(call->table, "answers", text);
	}
}

static enum alm_err find_steps(
	struct alm_call *call, const struct alm_message_id *id)
{
	struct alm_audit_find find = {
		.filter = {.sender = "",
			.recipient = "",
			.purpose = "",
			.basis = "",
			.has_message_id = true,
			.message_id = *id},
		.with_detail = true,
	};
	struct alm_audit_found found;
	bool has_repeats = false;
	enum alm_err err;

	err = begin(call, &find);
	if (err == ALM_OK) {
		err = alm_audit_find(call->turn->broker->store, &find,
			call->turn->arena, &found);
	}
	for (size_t i = 0; err == ALM_OK && i < found.row_count; i++) {
		const struct alm_audit_view *view = &found.rows[i];

		add_step(call, view);
		if (view->record.kind == ALM_AUDIT_ACCEPTED) {
			add_answered(call, view);
			err = add_place(call, &view->record);
		} else if (view->record.kind != ALM_AUDIT_MULTICAST) {
			continue;
		}
		if (err == ALM_OK && !has_repeats) {
			err = add_repeats(call, &view->record);
			has_repeats = true;
		}
	}
	return err == ALM_OK ? finish(call, &find, &found) : err;
}

/* Messages to the sender of this one that say that they answer it: replies,
 * and what became of it among people.  The sender sees those that it has. */
static enum alm_err find_answers(
	struct alm_call *call, const struct alm_message_id *id)
{
	const struct alm_agent *asker = call->request->agent;
	const char *to = alm_call_argument(call, "to");
	bool is_own = asker != NULL && strcmp(asker->organisation, to) == 0;
	struct alm_audit_find find = {
		.filter = {.sender = "",
			.recipient = to,
			.purpose = "",
			.basis = "",
			.kind = is_own ? ALM_AUDIT_DELIVERED
				       : ALM_AUDIT_ACCEPTED,
			.since_us = 1000 * (alm_message_id_ms(id) -
						   ALM_CLOCK_SKEW_MS_MAX)},
		.with_detail = true,
	};
	char wanted[2 * ALM_MESSAGE_ID_BYTES + 1];
	struct alm_audit_found found;
	enum alm_err err = begin(call, &find);

	alm_hex(id->raw, sizeof(id->raw), wanted);
	if (err == ALM_OK) {
		err = alm_audit_find(call->turn->broker->store, &find,
			call->turn->arena, &found);
	}
	for (size_t i = 0; err == ALM_OK && i < found.row_count; i++) {
		const struct alm_audit_view *view = &found.rows[i];

		if (strcmp(line_of(call, view->detail, "correlation"),
			    wanted) == 0) {
			add_step(call, view);
		}
	}
	return err == ALM_OK ? finish(call, &find, &found) : err;
}

enum alm_err alm_verb_trace(struct alm_call *call)
{
	const char *part = alm_call_argument(call, "part");
	struct alm_id_range ids;

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (alm_id_range_parse(alm_call_argument(call, "message"), &ids) !=
			ALM_OK ||
		ids.digits < DIGITS_MIN) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"message is an id, or at least %u digits of one",
			DIGITS_MIN);
	}
	if (strcmp(part, "ids") == 0) {
		return find_ids(call, &ids);
	}
	if (ids.digits != ID_DIGITS) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"message is a whole id in this part");
	}
	if (strcmp(part, "steps") == 0) {
		return find_steps(call, &ids.first);
	}
	if (strcmp(part, "answers") == 0 &&
		alm_id_is_valid(alm_call_argument(call, "to"))) {
		return find_answers(call, &ids.first);
	}
	return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
		"part is ids, steps or answers (with to)");
}
