/*
 * The verb policy.impact.  Its first call brings the files, is recorded, and
 * only makes the other policy ready; each further call, by cursor, replays a
 * page of the log, so that no turn is held up by the length of the log.  A
 * page tells groups of requests that change alike; the asker adds them up.
 */
#include "broker/rules/impact.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker/admin/change.h"

#define PAGE_RECORDS 500u

/* Requests of a page that change alike. */
struct group {
	const char *sender;
	const char *recipient;
	const char *purpose;
	struct alm_replayed replayed;
	uint64_t count;
	uint64_t first_seq;
};

struct page {
	struct group groups[PAGE_RECORDS];
	size_t group_count;
	uint64_t replays[ALM_REPLAYS];
	uint64_t changed;
	uint64_t drifted;
};

static const char *const columns[] = {"change", "sender", "recipient",
	"purpose", "code-before", "reason-before", "code-after", "reason-after",
	"basis-before", "basis-after", "requests", "first-seq"};

static bool is_alike(const struct group *group,
	const struct alm_audit_record *record, const struct alm_replayed *r)
{
	return group->replayed.change == r->change &&
	       group->replayed.code_before == r->code_before &&
	       group->replayed.code_after == r->code_after &&
	       strcmp(group->sender, record->sender) == 0 &&
	       strcmp(group->recipient, record->recipient) == 0 &&
	       strcmp(group->purpose, record->purpose) == 0 &&
	       strcmp(group->replayed.basis_before, r->basis_before) == 0 &&
	       strcmp(group->replayed.basis_after, r->basis_after) == 0;
}

/* A page has room for as many groups as records. */
static void add(struct page *page, const struct alm_audit_record *record,
	const struct alm_replayed *replayed)
{
	size_t i = 0;

	page->drifted += replayed->has_drifted ? 1 : 0;
	if (replayed->change == ALM_IMPACT_SAME) {
		return;
	}
	page->changed++;
	while (i < page->group_count &&
		!is_alike(&page->groups[i], record, replayed)) {
		i++;
	}
	if (i == page->group_count) {
		page->groups[page->group_count++] =
			(struct group){record->sender, record->recipient,
				record->purpose, *replayed, 0, record->seq};
	}
	page->groups[i].count++;
}

static const char *reason_name(uint32_t code)
{
	return code > 1 ? alm_err_info((enum alm_err)code)->name : "";
}

static void show(struct alm_call *call, const struct page *page)
{
	struct alm_table *table = call->table;

	alm_table_columns(table, columns, ALM_COUNT(columns));
	for (size_t i = 0; i < page->group_count; i++) {
		const struct group *g = &page->groups[i];
		const struct alm_replayed *r = &g->replayed;

		alm_table_row(table,
			(const char *const[]){alm_impact_change_word(r->change),
				g->sender, g->recipient, g->purpose,
				alm_table_text(table, r->code_before),
				reason_name(r->code_before),
				alm_table_text(table, r->code_after),
				reason_name(r->code_after), r->basis_before,
				r->basis_after, alm_table_text(table, g->count),
				alm_table_text(table, g->first_seq)});
	}
	alm_table_number(table, "replayed", page->replays[ALM_REPLAY_DONE]);
	alm_table_number(table, "changed", page->changed);
	alm_table_number(
		table, "not-whole", page->replays[ALM_REPLAY_NOT_WHOLE]);
	alm_table_number(
		table, "malformed", page->replays[ALM_REPLAY_MALFORMED]);
	alm_table_number(table, "erased", page->replays[ALM_REPLAY_ERASED]);
	alm_table_number(table, "damaged", page->replays[ALM_REPLAY_DAMAGED]);
	alm_table_number(table, "drifted", page->drifted);
}

/* --- a page -------------------------------------------------------------- */

static enum alm_err replay_page(
	struct alm_call *call, struct alm_impact *impact, struct page *page)
{
	struct alm_broker *broker = call->turn->broker;
	const struct alm_audit_filter all = {.sender = "",
		.recipient = "",
		.either = "",
		.purpose = "",
		.basis = ""};
	struct alm_audit_page found;
	enum alm_err err = alm_audit_scan(broker->store, &all,
		&(struct alm_audit_range){impact->next_seq, impact->until_seq,
			PAGE_RECORDS, PAGE_RECORDS, false},
		call->turn->arena, &found);

	for (size_t i = 0; err == ALM_OK && i < found.row_count; i++) {
		const struct alm_audit_record *record = &found.rows[i].record;
		struct alm_replayed replayed;
		enum alm_replay replay;

		err = alm_impact_replay(
			broker, impact, record, &replayed, &replay);
		if (err != ALM_OK) {
			break;
		}
		page->replays[replay]++;
		if (replay == ALM_REPLAY_DONE) {
			add(page, record, &replayed);
		}
	}
	if (err == ALM_OK) {
		impact->next_seq = found.next_seq;
	}
	return err;
}

static enum alm_err give_cursor(
	struct alm_call *call, const struct alm_impact *impact)
{
	call->table->cursor = alm_arena_printf(call->table->arena,
		"%" PRIu64 "-%" PRIu64, impact->number, impact->next_seq);
	return call->table->cursor != NULL ? ALM_OK : ALM_NOMEM;
}

/* Whether the cursor is of the replay under way, and at its place. */
static enum alm_err check_cursor(
	struct alm_call *call, const struct alm_impact *impact)
{
	char cursor[64];

	if (call->ask->attachment_count > 0) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"a cursor goes without files");
	}
	(void)snprintf(cursor, sizeof(cursor), "%" PRIu64 "-%" PRIu64,
		impact->number, impact->next_seq);
	if (strcmp(cursor, alm_call_argument(call, "cursor")) != 0) {
		return alm_problem_set(
			call->problem, ALM_CURSOR, "another replay was begun");
	}
	if (impact->epoch != call->turn->broker->world.epoch) {
		return alm_problem_set(call->problem, ALM_CURSOR,
			"the policy was changed meanwhile");
	}
	return ALM_OK;
}

static enum alm_err go_on(struct alm_call *call)
{
	struct page *page = alm_arena_take(call->turn->arena, sizeof(*page));
	struct alm_impact *impact = call->turn->broker->impact;
	enum alm_err err;

	if (impact == NULL) {
		return alm_problem_set(call->problem, ALM_CURSOR,
			"the replay is over, or was given up");
	}
	err = check_cursor(call, impact);
	if (err != ALM_OK) {
		return err;
	}
	if (page == NULL) {
		return ALM_NOMEM;
	}
	impact->used_ms = call->turn->monotonic_ms;
	err = replay_page(call, impact, page);
	if (err != ALM_OK) {
		return err;
	}
	show(call, page);
	alm_table_number(call->table, "next-seq", impact->next_seq);
	if (impact->next_seq != 0) {
		return give_cursor(call, impact);
	}
	alm_impact_free(impact);
	call->turn->broker->impact = NULL;
	return ALM_OK;
}

/* --- beginning ----------------------------------------------------------- */

static enum alm_err read_instant(
	struct alm_call *call, const char *key, int64_t *instant_us)
{
	const char *text = alm_call_argument(call, key);

	if (text[0] != '\0' &&
		alm_instant_us_parse(text, instant_us) != ALM_OK) {
		return alm_problem_set(call->problem, ALM_BAD_ARGUMENT,
			"%s is an instant, as 2026-07-30T09:00:00Z", key);
	}
	return ALM_OK;
}

/* The first record at or after an instant: time never goes back in the log. */
static enum alm_err find_first(
	struct alm_call *call, int64_t since_us, uint64_t size, uint64_t *out)
{
	uint64_t low = 1;
	uint64_t high = size + 1;

	while (since_us > 0 && low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct alm_audit_view view;
		enum alm_err err = alm_audit_get(call->turn->broker->store,
			middle, false, call->turn->arena, &view);

		if (err != ALM_OK) {
			return err;
		}
		if (view.record.time_us < since_us) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*out = low;
	return ALM_OK;
}

static enum alm_err record_question(struct alm_call *call)
{
	struct alm_audit_record record =
		alm_turn_record(call->turn, ALM_AUDIT_QUERY);

	return alm_call_record(call, &record, "impact");
}

/* Where the replay begins and ends; its own record is not part of it. */
static enum alm_err set_range(struct alm_call *call, struct alm_impact *impact)
{
	struct alm_audit_head head;
	int64_t since_us = 0;
	int64_t until_us = 0;
	int64_t at_us = call->turn->now_us;
	enum alm_err err = read_instant(call, "since", &since_us);

	if (err == ALM_OK) {
		err = read_instant(call, "until", &until_us);
	}
	if (err == ALM_OK) {
		err = read_instant(call, "at", &at_us);
	}
	if (err != ALM_OK) {
		return err;
	}
	impact->at_s = at_us / 1000000;
	alm_store_audit_head(call->turn->broker->store, &head);
	impact->until_seq = head.size;
	if (until_us > 0) {
		err = find_first(call, until_us, head.size, &impact->until_seq);
		impact->until_seq--;
	}
	return err == ALM_OK ? find_first(call, since_us, head.size,
				       &impact->next_seq)
			     : err;
}

static enum alm_err begin(struct alm_call *call, struct alm_change *change)
{
	struct alm_broker *broker = call->turn->broker;
	struct alm_impact *impact;
	enum alm_err err = alm_call_needs_reason(call);

	if (err == ALM_OK) {
		err = alm_change_read(call, change);
	}
	if (err == ALM_OK) {
		err = alm_change_compile(call, change);
	}
	if (err != ALM_OK) {
		return err;
	}
	impact = alm_impact_new(&change->ready.snapshot);
	if (impact == NULL) {
		return ALM_NOMEM;
	}
	impact->epoch = broker->world.epoch;
	impact->used_ms = call->turn->monotonic_ms;
	err = set_range(call, impact);
	if (err == ALM_OK) {
		err = record_question(call);
	}
	if (err != ALM_OK) {
		alm_impact_free(impact);
		return err;
	}
	impact->number = ++broker->impact_count;
	alm_impact_free(broker->impact);
	broker->impact = impact;
	alm_table_number(call->table, "epoch", impact->epoch);
	alm_table_fact(call->table, "at",
		alm_table_instant(call->table, impact->at_s * 1000000));
	alm_table_number(call->table, "next-seq", impact->next_seq);
	alm_table_number(call->table, "until-seq", impact->until_seq);
	return give_cursor(call, impact);
}

enum alm_err alm_verb_policy_impact(struct alm_call *call)
{
	struct alm_change change;
	enum alm_err err;

	if (alm_call_argument(call, "cursor")[0] != '\0') {
		return go_on(call);
	}
	alm_change_init(&change);
	err = begin(call, &change);
	alm_change_fini(&change);
	return err;
}
