/*
 * The verb that takes records about people, a batch at a time.  What a turn
 * takes of them is counted, so that an import never holds up messages: who
 * brings more is told to come again.
 *
 * A batch has one record in the log, with its digest and what became of it;
 * whose records they were is not in it.
 */
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/core/record.h"
#include "broker/core/record_batch.h"
#include "broker/loop/detail.h"
#include "lib/hash.h"

/* What became of the records.  Opt-outs are only counted together: whether one
 * was known already would tell what somebody has chosen. */
struct put {
	struct alm_call *call;
	uint64_t taken; /* looked at */
	uint64_t added;
	uint64_t known;
	uint64_t opt_outs;
	uint64_t refused;
	uint64_t changed; /* new ones of any type */
	uint64_t first_line;
	uint64_t last_line;
};

static enum alm_err keep(
	struct put *put, struct alm_bytes bytes, struct alm_problem *problem)
{
	struct alm_turn *turn = put->call->turn;
	struct alm_person_record record;
	bool is_new = true;
	enum alm_err err = alm_record_decode(bytes, turn->arena, &record);

	if (err == ALM_STORE_CORRUPT || err == ALM_STORE_FORMAT) {
		return alm_problem_set(problem, ALM_RECORD_INVALID,
			"the record cannot be decoded");
	}
	if (err == ALM_OK) {
		err = alm_record_check(&record, problem);
	}
	if (err == ALM_OK && !alm_call_is_dry_run(put->call)) {
		err = alm_store_person_put(
			turn->broker->store, &record, &is_new);
		put->changed += err == ALM_OK && is_new ? 1 : 0;
	}
	if (err != ALM_OK) {
		return err;
	}
	if (record.type == ALM_RECORD_OPT_OUT) {
		put->opt_outs++;
	} else if (is_new) {
		put->added++;
	} else {
		put->known++;
	}
	return ALM_OK;
}

static void refuse(struct put *put, uint64_t line, enum alm_err err,
	const struct alm_problem *problem)
{
	struct alm_table *table = put->call->table;

	put->refused++;
	alm_table_row(table,
		(const char *const[]){alm_table_text(table, line),
			alm_table_text(table, (uint64_t)err), problem->detail});
}

/* Of one record; anything else ends the turn. */
static bool is_refusal(enum alm_err err)
{
	return err == ALM_RECORD_INVALID || err == ALM_RECORD_CONFLICT ||
	       err == ALM_PERSON_LIMIT || err == ALM_STORE_CORRUPT ||
	       err == ALM_STORE_FORMAT;
}

/* Until the end, or until no more refusals fit the answer: then the rest is
 * the asker's to send again. */
static enum alm_err take_all(
	struct put *put, struct alm_record_batch_reader *reader)
{
	while (alm_table_has_room(put->call->table)) {
		struct alm_problem problem = {.err = ALM_OK, .detail = ""};
		struct alm_bytes bytes = {NULL, 0};
		uint64_t line = 0;
		enum alm_err err = alm_record_batch_next(reader, &line, &bytes);

		if (err == ALM_NOT_FOUND) {
			return ALM_OK;
		}
		if (err != ALM_OK) {
			return alm_problem_set(put->call->problem, err,
				"the batch is cut short");
		}
		err = keep(put, bytes, &problem);
		if (is_refusal(err)) {
			refuse(put, line, err, &problem);
		} else if (err != ALM_OK) {
			return err;
		}
		put->first_line = put->taken == 0 ? line : put->first_line;
		put->last_line = line;
		put->taken++;
	}
	return ALM_OK;
}

static enum alm_err record_batch(const struct put *put, struct alm_bytes batch)
{
	const struct alm_call *call = put->call;
	struct alm_audit_record entry =
		alm_turn_record(call->turn, ALM_AUDIT_PERSON);
	struct alm_detail *detail = alm_call_detail(call, "batch of records");
	struct alm_hash *hash = alm_hash_new();

	if (hash == NULL) {
		return ALM_NOMEM;
	}
	alm_hash_bytes(hash, batch, entry.content.raw);
	alm_hash_free(hash);
	alm_detail_text(detail, "import", alm_call_argument(call, "import"));
	alm_detail_number(detail, "first-line", put->first_line);
	alm_detail_number(detail, "last-line", put->last_line);
	alm_detail_number(detail, "records", put->taken);
	alm_detail_number(detail, "added", put->added);
	alm_detail_number(detail, "known", put->known);
	alm_detail_number(detail, "refused", put->refused);
	return alm_turn_audit(call->turn, &entry, alm_detail_finish(detail));
}

/* How many records this turn takes. */
static size_t share_of(const struct alm_turn *turn)
{
	for (size_t i = 0; i < turn->request_count; i++) {
		if (turn->requests[i].socket != ALM_EDGE_ADMIN) {
			return ALM_TURN_PEOPLE_RECORDS_MAX;
		}
	}
	return ALM_IDLE_TURN_PEOPLE_RECORDS_MAX;
}

/* The batch, if the turn still has a share for it. */
static enum alm_err open_batch(
	struct alm_call *call, struct alm_record_batch_reader *out_reader)
{
	struct alm_turn *turn = call->turn;
	enum alm_err err;

	if (call->ask->attachment_count != 1) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"%s: one attachment, a batch of records",
			call->ask->verb);
	}
	err = alm_record_batch_open(
		call->ask->attachments[0].content, out_reader, call->problem);
	if (err != ALM_OK) {
		return err;
	}
	if (turn->people_count + out_reader->left > share_of(turn)) {
		return alm_problem_set(
			call->problem, ALM_TURN_SHARE_USED, "%s", "");
	}
	turn->people_count += out_reader->left;
	return ALM_OK;
}

enum alm_err alm_verb_people_put(struct alm_call *call)
{
	static const char *const columns[] = {"line", "code", "message"};
	struct put put = {.call = call};
	struct alm_record_batch_reader reader;
	enum alm_err err = open_batch(call, &reader);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	/* What a batch that is cut short had before the cut stays, and is
	 * recorded: it is as if it had been sent alone. */
	err = take_all(&put, &reader);
	if (err != ALM_OK && err != ALM_RECORD_INVALID) {
		return err;
	}
	if (put.changed > 0) {
		alm_turn_change_people(call->turn);
	}
	if (put.taken > 0 && !alm_call_is_dry_run(call)) {
		enum alm_err failed =
			record_batch(&put, call->ask->attachments[0].content);

		if (failed != ALM_OK) {
			return failed;
		}
	}
	alm_table_number(call->table, "taken", put.taken);
	alm_table_number(call->table, "added", put.added);
	alm_table_number(call->table, "known", put.known);
	alm_table_number(call->table, "opt-outs", put.opt_outs);
	return err;
}
