/*
 * Verbs about dead letters: listing them, and running them again.
 */
#include "broker/mail/dead.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/verbs.h"
#include "broker/loop/detail.h"
#include "broker/mail/acknowledge.h"
#include "broker/store/dead.h"

/* Letters that one call runs again: each is read and decided in the turn. */
#define RERUN_MAX 256u

/* --- list ----------------------------------------------------------------- */

static enum alm_err add_letter(struct alm_call *call, const char *organisation,
	const struct alm_dead_letter *dead)
{
	const struct alm_queue_entry *entry = &dead->entry;
	struct alm_table *table = call->table;
	struct alm_listed_mail mail;
	enum alm_err err = alm_call_list_mail(call, entry, &mail);

	if (err != ALM_OK) {
		return err;
	}
	alm_table_row(table,
		(const char *const[]){organisation,
			alm_table_text(table, entry->seq), mail.kind,
			mail.sender, mail.id,
			alm_place_priority_word(entry->place),
			alm_table_text(table, entry->attempts),
			alm_table_instant(table, dead->died_at_ms * 1000),
			alm_table_text(table, dead->code),
			dead->code == 0
				? ""
				: alm_err_info((enum alm_err)dead->code)->name,
			alm_table_instant(table, dead->accepted_at_ms * 1000),
			alm_table_instant(table, entry->expires_ms * 1000),
			alm_table_text(table, entry->bytes),
			alm_table_text(table, dead->audit_seq)});
	return ALM_OK;
}

/* Those of one mailbox after a place.  Out: the cursor, when there is no
 * room for all. */
static enum alm_err list_mailbox(
	struct alm_call *call, const char *organisation, uint64_t place)
{
	struct alm_table *table = call->table;
	struct alm_dead_letter dead;
	enum alm_err err;

	for (;;) {
		err = alm_store_dead_next(
			call->turn->broker->store, organisation, place, &dead);
		if (err == ALM_OK && !alm_table_has_room(table)) {
			table->cursor = alm_arena_printf(table->arena,
				"%" PRIu64 "-%s", place, organisation);
			return table->cursor == NULL ? ALM_NOMEM : ALM_OK;
		}
		if (err == ALM_OK) {
			err = add_letter(call, organisation, &dead);
		}
		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND ? ALM_OK : err;
		}
		place = dead.entry.place;
	}
}

/* Where the cursor says, or at the first.  Errors: CURSOR. */
static enum alm_err read_cursor(
	struct alm_call *call, const char **organisation, uint64_t *out_place)
{
	const char *text = alm_call_argument(call, "cursor");
	char *end = NULL;

	*out_place = 0;
	if (text[0] == '\0') {
		return ALM_OK;
	}
	*out_place = strtoull(text, &end, 10);
	if (end == text || *end != '-' || !alm_id_is_valid(end + 1)) {
		return alm_problem_set(call->problem, ALM_CURSOR, "%s", "");
	}
	*organisation = end + 1;
	return ALM_OK;
}

enum alm_err alm_verb_mailbox_dead(struct alm_call *call)
{
	static const char *const columns[] = {"organisation", "sequence",
		"kind", "sender", "message-id", "priority", "attempts",
		"died-at", "code", "reason", "accepted-at", "expires-at",
		"bytes", "record"};
	const char *only = alm_call_argument(call, "organisation");
	struct alm_table *table = call->table;
	const char *name = only;
	uint64_t place;
	enum alm_err err = read_cursor(call, &name, &place);

	alm_table_columns(table, columns, ALM_COUNT(columns));
	if (err == ALM_OK && name[0] != '\0' && !alm_id_is_valid(name)) {
		err = alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "organisation");
	}
	if (err == ALM_OK && name[0] != '\0') {
		err = list_mailbox(call, name, place);
	}
	while (err == ALM_OK && only[0] == '\0' && table->cursor[0] == '\0') {
		err = alm_store_mailbox_next(call->turn->broker->store, name,
			call->turn->arena, &name);
		if (err == ALM_OK) {
			err = list_mailbox(call, name, 0);
		}
	}
	return err == ALM_NOT_FOUND ? ALM_OK : err;
}

/* --- run again ------------------------------------------------------------ */

/* A run of dead letters: what became of them. */
struct rerun {
	const char *organisation;
	const char *detail; /* of every record */
	bool is_dry_run;
	size_t done;
	uint64_t results[ALM_RERUN_DAMAGED + 1];
};

static const char *const results[] = {[ALM_RERUN_QUEUED] = "queued",
	[ALM_RERUN_STOPPED] = "stopped",
	[ALM_RERUN_EXPIRED] = "expired",
	[ALM_RERUN_DAMAGED] = "damaged"};

static enum alm_err rerun_one(
	struct alm_call *call, struct rerun *rerun, uint64_t seq)
{
	enum alm_rerun result = ALM_RERUN_DAMAGED;
	enum alm_err err = alm_rerun(call->turn, rerun->organisation, seq,
		rerun->detail, rerun->is_dry_run, &result);

	if (err == ALM_OK) {
		rerun->done++;
		rerun->results[result]++;
		alm_table_row(call->table,
			(const char *const[]){alm_table_text(call->table, seq),
				results[result]});
	}
	return err;
}

/* The next number of a list; false at its end or at a fault, which is where
 * the text does not end. */
static bool next_number(const char **text, uint64_t *out_number)
{
	char *end = NULL;

	if (**text < '0' || **text > '9') {
		return false;
	}
	*out_number = strtoull(*text, &end, 10);
	*text = *end == ',' && end[1] != '\0' ? end + 1 : end;
	return true;
}

/* All of the list or none: a number that is no dead letter changes nothing. */
static enum alm_err check_list(
	struct alm_call *call, const struct rerun *rerun, const char *list)
{
	const char *at = list;
	struct alm_dead_letter dead;
	size_t count = 0;
	uint64_t seq;

	while (next_number(&at, &seq)) {
		enum alm_err err = alm_store_dead_get(call->turn->broker->store,
			rerun->organisation, seq, &dead);

		if (err == ALM_NOT_FOUND) {
			return alm_problem_set(call->problem, err,
				"dead letter %" PRIu64 " of %s", seq,
				rerun->organisation);
		}
		if (err != ALM_OK) {
			return err;
		}
		count++;
	}
	if (*at != '\0' || count == 0 || count > RERUN_MAX) {
		return alm_problem_set(
			call->problem, ALM_BAD_ARGUMENT, "sequences");
	}
	return ALM_OK;
}

static enum alm_err rerun_list(
	struct alm_call *call, struct rerun *rerun, const char *list)
{
	enum alm_err err = check_list(call, rerun, list);
	uint64_t seq;

	while (err == ALM_OK && next_number(&list, &seq)) {
		err = rerun_one(call, rerun, seq);
		if (err == ALM_NOT_FOUND) {
			err = ALM_OK; /* it stood in the list twice */
		}
	}
	return err;
}

static enum alm_err rerun_all(struct alm_call *call, struct rerun *rerun)
{
	uint64_t place = strtoull(alm_call_argument(call, "cursor"), NULL, 10);
	struct alm_table *table = call->table;
	enum alm_err err;

	for (;;) {
		struct alm_dead_letter dead;

		err = alm_store_dead_next(call->turn->broker->store,
			rerun->organisation, place, &dead);
		if (err == ALM_OK && (rerun->done == RERUN_MAX ||
					     !alm_table_has_room(table))) {
			table->cursor = alm_table_text(table, place);
			return ALM_OK;
		}
		if (err == ALM_OK) {
			err = rerun_one(call, rerun, dead.entry.seq);
			table->read_bytes += alm_bytes_here(&dead.entry);
			place = dead.entry.place;
		}
		if (err != ALM_OK) {
			return err == ALM_NOT_FOUND ? ALM_OK : err;
		}
	}
}

/* Why, the same for every record; a copy, because each record has its own
 * text after it. */
static const char *reason_detail(struct alm_call *call)
{
	const char *text =
		alm_detail_finish(alm_call_detail(call, "run again"));

	return alm_arena_text(call->turn->arena, text, strlen(text));
}

enum alm_err alm_verb_mailbox_rerun(struct alm_call *call)
{
	static const char *const columns[] = {"sequence", "result"};
	const char *list = alm_call_argument(call, "sequences");
	bool is_all = strcmp(alm_call_argument(call, "all"), "yes") == 0;
	struct rerun rerun = {.is_dry_run = alm_call_is_dry_run(call)};
	enum alm_err err = alm_call_organisation(call, &rerun.organisation);

	alm_table_columns(call->table, columns, ALM_COUNT(columns));
	if (err == ALM_OK && is_all == (list[0] != '\0')) {
		err = alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"either sequences or all");
	}
	if (err != ALM_OK) {
		return err;
	}
	rerun.detail = reason_detail(call);
	if (rerun.detail == NULL) {
		return ALM_NOMEM;
	}
	err = is_all ? rerun_all(call, &rerun) : rerun_list(call, &rerun, list);
	for (size_t i = ALM_RERUN_QUEUED; i <= ALM_RERUN_DAMAGED; i++) {
		alm_table_number(call->table, results[i], rerun.results[i]);
	}
	return err;
}
