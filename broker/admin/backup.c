/*
 * A backup is copied by the command line, from the file itself.  The broker
 * says which store it runs on, and records that a copy was begun and how it
 * ended: a copy of everything is a disclosure too.  So does it with what a
 * verification found, which the command line does from the file as well.
 */
#include <string.h>

#include "broker/admin/question.h"
#include "broker/loop/detail.h"

/* A copy that is done follows the record of its beginning, and one that failed
 * has a code: so the header alone says what became of it. */
static enum alm_err read_outcome(struct alm_call *call, const char *what,
	struct alm_audit_record *record)
{
	bool is_begun = strcmp(what, "begun") == 0;
	bool is_failed = strcmp(what, "failed") == 0;
	uint64_t code = ALM_BACKUP_BAD;
	enum alm_err err;

	if (!is_begun && !is_failed && strcmp(what, "done") != 0) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT, "what");
	}
	err = is_begun ? ALM_OK
		       : alm_question_number(call, "follows", &record->ref);
	if (err == ALM_OK && is_failed) {
		err = alm_question_number(call, "code", &code);
		record->code = (uint32_t)code;
	}
	if (err == ALM_OK && record->ref > call->turn->broker->audit_size) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "follows");
	}
	return err;
}

enum alm_err alm_verb_store_backup(struct alm_call *call)
{
	const char *what = alm_call_argument(call, "what");
	struct alm_store *store = call->turn->broker->store;
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_BACKUP);
	uint8_t id[ALM_STORE_ID_BYTES];
	struct alm_audit_head head;
	struct alm_detail *detail;
	enum alm_err err = read_outcome(call, what, &record);

	if (err != ALM_OK) {
		return err;
	}
	detail = alm_call_detail(call, what);
	alm_detail_text(detail, "to", alm_call_argument(call, "to"));
	alm_detail_text(detail, "head", alm_call_argument(call, "head"));
	alm_detail_text(detail, "bytes", alm_call_argument(call, "bytes"));
	if (!alm_call_is_dry_run(call)) {
		err = alm_turn_audit(
			call->turn, &record, alm_detail_finish(detail));
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_store_id(store, id);
	alm_store_audit_head(store, &head);
	alm_table_fact(call->table, "store-id",
		alm_table_hex(call->table, (struct alm_bytes){id, sizeof(id)}));
	alm_table_number(call->table, "size", head.size);
	alm_table_number(call->table, "seq", record.seq);
	return ALM_OK;
}

enum alm_err alm_verb_store_verified(struct alm_call *call)
{
	const char *what = alm_call_argument(call, "what");
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_VERIFIED);
	struct alm_detail *detail;
	bool is_damaged = strcmp(what, "damaged") == 0;

	if (!is_damaged && strcmp(what, "verified") != 0) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT, "what");
	}
	record.code = is_damaged ? ALM_AUDIT_DAMAGED : 0;
	detail = alm_call_detail(call, what);
	alm_detail_text(detail, "head", alm_call_argument(call, "head"));
	alm_detail_text(detail, "found", alm_call_argument(call, "found"));
	alm_detail_text(
		detail, "not-covered", alm_call_argument(call, "not-covered"));
	return alm_turn_audit(call->turn, &record, alm_detail_finish(detail));
}
