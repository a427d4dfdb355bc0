/*
 * Asking the log.  Every question is a record itself.  A page does a bounded
 * amount of work and gives a cursor to go on, so that a long question does not
 * hold up the loop; the cursor pins the size of the log at the first page.
 */
#include <string.h>

#include <sodium.h>

#include "broker/admin/audit_view.h"
#include "broker/admin/question.h"

/* So that whoever has the log's key can check all of a page; a log without a
 * signed head is proved as it is. */
static void pin_to_signed(struct alm_question *question)
{
	if (question->proves && !question->follows &&
		question->find.next == 0 && question->marks.signed_size > 0) {
		question->find.size = question->marks.signed_size;
	}
}

/* The head's note, unless it was forgotten since the first page. */
static enum alm_err add_note(
	struct alm_call *call, const struct alm_question *question)
{
	char text[ALM_TEXT_BYTES_MAX + 1];
	struct alm_signed_head head;
	enum alm_err err = alm_store_head_from(call->turn->broker->store,
		question->find.size, call->turn->arena, &head);

	if (err == ALM_OK && head.size == question->find.size &&
		sodium_base64_ENCODED_LEN(head.note.bytes,
			sodium_base64_VARIANT_ORIGINAL) <= sizeof(text)) {
		(void)sodium_bin2base64(text, sizeof(text), head.note.data,
			head.note.bytes, sodium_base64_VARIANT_ORIGINAL);
		alm_table_fact(call->table, "checkpoint", text);
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* The root that the proofs lead to, and who says so. */
static enum alm_err add_root(
	struct alm_call *call, const struct alm_question *question)
{
	struct alm_audit_head head;
	enum alm_err err;

	if (!question->proves) {
		return ALM_OK;
	}
	err = alm_audit_head_at(
		call->turn->broker->store, question->find.size, &head);
	if (err == ALM_OK) {
		alm_table_fact(call->table, "root",
			alm_table_hex(
				call->table, (struct alm_bytes){head.root.raw,
						     ALM_DIGEST_BYTES}));
	}
	return err == ALM_OK || err == ALM_STORE_CORRUPT
		       ? add_note(call, question)
		       : err;
}

/* Who asks, and what: for the store, which asks of each record. */
struct asking {
	const struct alm_call *call;
	const struct alm_question *question;
};

static bool is_shown(const void *cookie, const struct alm_audit_record *record)
{
	const struct asking *asking = cookie;
	const struct alm_call *call = asking->call;
	const struct alm_question *question = asking->question;

	if (!alm_call_may_see(call, record)) {
		return false;
	}
	if (question->find.filter.has_person &&
		!alm_call_knows_person(call, record)) {
		return false;
	}
	return !question->has_shown_code ||
	       question->shown_code == alm_call_shown_code(call, record->code);
}

/* The pages of one answer are one question.  `code`: why it has no answer. */
static enum alm_err record_question(struct alm_call *call,
	const struct alm_question *question, enum alm_err code)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);

	if (question->is_continued) {
		return ALM_OK;
	}
	record.code = (uint32_t)code;
	return alm_question_record(call, question, &record,
		question->find.with_detail ? "revealed"
		: question->follows        ? "followed"
					   : "asked");
}

/* The question, and the columns of its answer. */
static enum alm_err read_question(
	struct alm_call *call, struct alm_question *question)
{
	enum alm_err err = alm_question_read(call, question);

	alm_audit_view_columns(call->table, question->proves);
	if (err == ALM_OK) {
		err = alm_store_evidence_marks(
			call->turn->broker->store, &question->marks);
	}
	return err;
}

/* As many rows as an answer takes; the rest is the next page's. */
static enum alm_err add_views(struct alm_call *call,
	const struct alm_question *question, struct alm_audit_found *found,
	bool is_turned)
{
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < found->row_count && err == ALM_OK; i++) {
		size_t at = is_turned ? found->row_count - 1 - i : i;
		const struct alm_audit_view *view = &found->rows[at];

		if (!alm_table_has_room(call->table)) {
			found->next = view->record.seq;
			break;
		}
		err = alm_audit_view_add(call, question, view);
	}
	return err;
}

/* Where the answer goes on, and what it is about. */
static enum alm_err add_place(struct alm_call *call,
	struct alm_question *question, const struct alm_audit_found *found)
{
	struct alm_table *table = call->table;
	char *cursor;

	alm_table_number(table, "size", question->find.size);
	alm_table_number(table, "scanned", found->scanned);
	alm_table_number(table, "seen",
		found->next == 0 ? question->find.size
		: question->find.is_newest_first
			? question->find.size - found->next
			: found->next - 1);
	if (found->damaged > 0) {
		alm_table_number(table, "damaged", found->damaged);
		alm_table_number(table, "first-damaged", found->first_damaged);
	}
	if (found->next == 0) {
		return ALM_OK;
	}
	cursor = alm_arena_take(table->arena, ALM_CURSOR_TEXT_BYTES);
	if (cursor == NULL) {
		return ALM_NOMEM;
	}
	question->find.next = found->next;
	question->find.size = question->follows ? 0 : question->find.size;
	alm_audit_cursor_text(call->turn->broker->store, &question->find,
		question->asker, alm_call_given(call), cursor);
	table->cursor = cursor;
	return ALM_OK;
}

/* An answer without an end begins with the last records that match, and goes
 * on behind the log's last. */
static enum alm_err find_page(struct alm_call *call,
	struct alm_question *question, struct alm_audit_found *found)
{
	bool is_start = question->follows && question->find.next == 0;
	const struct asking asking = {call, question};
	struct alm_audit_find find;
	enum alm_err err;

	question->find.is_newest_first |= is_start;
	find = question->find;
	find.is_wanted = call->request->agent == NULL ? NULL : is_shown;
	find.cookie = &asking;
	err = alm_audit_find(
		call->turn->broker->store, &find, call->turn->arena, found);
	if (err != ALM_OK) {
		return err;
	}
	if (is_start) {
		question->find.is_newest_first = false;
		found->next = 0;
	}
	err = add_views(call, question, found, is_start);
	if (question->follows && found->next == 0) {
		found->next = question->find.size + 1;
	}
	return err;
}

enum alm_err alm_verb_audit_query(struct alm_call *call)
{
	struct alm_audit_found found;
	struct alm_question question;
	enum alm_err err;

	err = read_question(call, &question);
	if (err == ALM_OK) {
		pin_to_signed(&question);
		err = record_question(call, &question, ALM_OK);
	}
	if (err == ALM_OK) {
		err = find_page(call, &question, &found);
	}
	if (err == ALM_OK) {
		err = add_root(call, &question);
	}
	if (err == ALM_OK) {
		err = add_place(call, &question, &found);
	}
	return err;
}

/* The record that is asked for; that it was asked for is one, too, also where
 * there is none. */
static enum alm_err get_shown(struct alm_call *call,
	struct alm_question *question, struct alm_audit_view *view)
{
	uint64_t seq = 0;
	enum alm_err recorded;
	enum alm_err err = alm_question_number(call, "seq", &seq);

	if (err != ALM_OK) {
		return err;
	}
	err = alm_audit_get(call->turn->broker->store, seq,
		question->find.with_detail, call->turn->arena, view);
	if (err == ALM_STORE_CORRUPT) {
		err = alm_problem_set(
			call->problem, ALM_RECORD_DAMAGED, "%s", "");
	}
	if (err != ALM_OK && err != ALM_RECORD_DAMAGED &&
		err != ALM_NOT_FOUND) {
		return err;
	}
	if (err == ALM_OK) {
		/* Whoever is written of may ask who has read it. */
		question->find.filter.has_person = view->record.has_person;
		memcpy(question->find.filter.person, view->record.person,
			sizeof(view->record.person));
	}
	recorded = record_question(call, question, err);
	return recorded == ALM_OK ? err : recorded;
}

enum alm_err alm_verb_audit_show(struct alm_call *call)
{
	struct alm_question question;
	struct alm_audit_view view;
	enum alm_err err;

	err = read_question(call, &question);
	if (err == ALM_OK) {
		err = get_shown(call, &question, &view);
	}
	if (err == ALM_OK) {
		err = alm_audit_view_add(call, &question, &view);
	}
	if (err == ALM_OK) {
		alm_table_number(call->table, "size", question.find.size);
		err = add_root(call, &question);
	}
	return err;
}
