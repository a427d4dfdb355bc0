/*
 * impact.c - almoner policy impact: which of the requests that the log
 * has would be decided otherwise under another bundle.  The broker tells a
 * page of the log at a time; here the pages are added up.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agents/include/almoner_control.h"
#include "cli/admin.h"
#include "cli/attach.h"
#include "cli/audit/reason.h"
#include "cli/commands.h"
#include "lib/limits.h"
#include "lib/time.h"

#define ARENA_BYTES_MAX ((size_t)3 * ALM_ADMIN_FRAME_BYTES_MAX)
#define LIMIT_DEFAULT 200
#define KEY_COLUMNS 10u
#define COLUMNS 12u
/* Opt-outs are one reason, and fewer than this are not counted out. */
#define OPT_OUT_CODE "4410"
#define BAND 10u

static const struct alm_option options[] = {
	{"since", 0, ALM_OPTION_MOMENT, "TIME",
		"from then, inclusive; 30d ago unless given", false, false},
	{"until", 0, ALM_OPTION_MOMENT, "TIME", "before then", false, false},
	{"at", 0, ALM_OPTION_INSTANT, "TIME",
		"decide as at this time instead of now", false, false},
	ALM_ASKED_OPTION,
	{"limit", 'n', ALM_OPTION_NUMBER, "N",
		"at most so many rows; 200 unless given, 0: all", false, false},
	{0},
};

static const struct alm_usage usage = {
	.name = "policy impact",
	.summary = "Replay the requests of the audit log under another "
		   "policy bundle, and list what would be decided otherwise "
		   "than under the active one, by partner, purpose and reason. "
		   " Nothing is changed.",
	.positionals = "FILE...",
	.positional_min = 1,
	.positional_max = ALM_ATTACHMENTS_MAX,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes =
		"  almoner policy impact proposed/ --since 30d --reason 'draft "
		"7'\n"
		"  almoner policy impact proposed/ --since 90d --at 2027-04-01",
};

/* Requests that change alike, over all pages. */
struct group {
	char *cells[KEY_COLUMNS];
	uint64_t count;
	uint64_t first_seq;
};

struct groups {
	struct group *items;
	size_t count;
	size_t capacity;
	uint32_t *slots; /* index + 1 of a group by its hash; 0: free */
	size_t slot_count;
};

static const char *const counted[] = {"replayed", "changed", "not-whole",
	"malformed", "erased", "damaged", "drifted"};

struct telling {
	const struct alm_args *args;
	struct alm_control *control;
	struct alm_arena arena;
	struct alm_answer answer;
	struct groups groups;
	uint64_t totals[ALM_COUNT(counted)];
	uint64_t until_seq;
	char epoch[32];
	char at[ALM_INSTANT_US_TEXT_BYTES];
};

/* --- adding up ----------------------------------------------------------- */

static uint64_t hash_cells(const char *const *cells)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);

	for (size_t i = 0; i < KEY_COLUMNS; i++) {
		for (const char *c = cells[i];; c++) {
			hash = (hash ^ (unsigned char)*c) *
			       UINT64_C(0x100000001B3);
			if (*c == '\0') {
				break;
			}
		}
	}
	return hash;
}

static bool is_alike(const struct group *group, const char *const *cells)
{
	for (size_t i = 0; i < KEY_COLUMNS; i++) {
		if (strcmp(group->cells[i], cells[i]) != 0) {
			return false;
		}
	}
	return true;
}

static uint32_t *slot_of(struct groups *groups, const char *const *cells)
{
	size_t at = (size_t)hash_cells(cells) & (groups->slot_count - 1);

	while (groups->slots[at] != 0 &&
		!is_alike(&groups->items[groups->slots[at] - 1], cells)) {
		at = (at + 1) & (groups->slot_count - 1);
	}
	return &groups->slots[at];
}

/* Room for one more, in a table never more than half full. */
static bool grow(struct groups *groups)
{
	size_t capacity = groups->capacity * 2 + 64;
	size_t slot_count =
		groups->slot_count == 0 ? 256 : 2 * groups->slot_count;
	struct group *items;
	uint32_t *slots;

	if (groups->count < groups->capacity) {
		return true;
	}
	while (slot_count < 2 * capacity) {
		slot_count *= 2;
	}
	items = reallocarray(groups->items, capacity, sizeof(*items));
	if (items == NULL) {
		return false;
	}
	groups->items = items;
	slots = calloc(slot_count, sizeof(*slots));
	if (slots == NULL) {
		return false;
	}
	free(groups->slots);
	groups->capacity = capacity;
	groups->slots = slots;
	groups->slot_count = slot_count;
	for (size_t i = 0; i < groups->count; i++) {
		*slot_of(groups, (const char *const *)groups->items[i].cells) =
			(uint32_t)i + 1;
	}
	return true;
}

static bool add_group(struct groups *groups, const char *const *cells)
{
	struct group *group;
	uint32_t *slot;

	if (!grow(groups)) {
		return false;
	}
	slot = slot_of(groups, cells);
	if (*slot == 0) {
		group = &groups->items[groups->count];
		memset(group, 0, sizeof(*group));
		for (size_t i = 0; i < KEY_COLUMNS; i++) {
			group->cells[i] = strdup(cells[i]);
			if (group->cells[i] == NULL) {
				return false;
			}
		}
		group->first_seq = strtoull(cells[11], NULL, 10);
		*slot = (uint32_t)++groups->count;
	}
	groups->items[*slot - 1].count += strtoull(cells[10], NULL, 10);
	return true;
}

static void free_groups(struct groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		for (size_t k = 0; k < KEY_COLUMNS; k++) {
			free(groups->items[i].cells[k]);
		}
	}
	free(groups->items);
	free(groups->slots);
}

static bool is_opt_out(const char *code)
{
	return strlen(code) == 4 && strncmp(code, "441", 3) == 0 &&
	       code[3] >= '0' && code[3] <= '3';
}

/* One reason for all opt-outs, as an agent is shown it. */
static void fold_opt_out(const char **cells, size_t code)
{
	if (is_opt_out(cells[code])) {
		cells[code] = OPT_OUT_CODE;
		cells[code + 1] = alm_err_info(ALM_REASON_410)->name;
	}
}

static enum alm_err add_page(struct telling *t, struct alm_problem *problem)
{
	for (size_t i = 0; i < t->answer.row_count; i++) {
		const char *cells[COLUMNS];

		if (t->answer.rows[i].count != COLUMNS) {
			return alm_problem_set(
				problem, ALM_MALFORMED, "policy.impact");
		}
		memcpy(cells, t->answer.rows[i].items, sizeof(cells));
		fold_opt_out(cells, 4);
		fold_opt_out(cells, 6);
		if (!add_group(&t->groups, cells)) {
			return alm_problem_set(problem, ALM_NOMEM, "%s", "");
		}
	}
	for (size_t i = 0; i < ALM_COUNT(counted); i++) {
		const char *fact = alm_answer_fact(&t->answer, counted[i]);

		t->totals[i] += fact != NULL ? strtoull(fact, NULL, 10) : 0;
	}
	return ALM_OK;
}

/* --- asking -------------------------------------------------------------- */

static void show_progress(const struct telling *t)
{
	const char *next = alm_answer_fact(&t->answer, "next-seq");

	if (!t->args->output.is_quiet && isatty(STDERR_FILENO) == 1 &&
		next != NULL) {
		(void)fprintf(stderr, "\rrecord %s of %" PRIu64 "\033[K%s",
			next, t->until_seq,
			*t->answer.cursor == '\0' ? "\r\033[K" : "");
	}
}

static enum alm_err ask_rest(struct telling *t, struct alm_problem *problem)
{
	enum alm_err err = ALM_OK;

	while (err == ALM_OK && *t->answer.cursor != '\0') {
		struct alm_ask ask = {.verb = "policy.impact"};
		char cursor[ALM_TEXT_BYTES_MAX + 1];

		show_progress(t);
		(void)snprintf(cursor, sizeof(cursor), "%s", t->answer.cursor);
		alm_ask_add(&ask, "cursor", cursor);
		alm_arena_reset(&t->arena);
		err = alm_admin_ask(
			t->control, &ask, &t->arena, &t->answer, problem);
		if (err == ALM_OK) {
			err = add_page(t, problem);
		}
	}
	show_progress(t);
	return err;
}

static void keep_fact(
	const struct telling *t, const char *key, char *out, size_t out_bytes)
{
	const char *fact = alm_answer_fact(&t->answer, key);

	(void)snprintf(out, out_bytes, "%s", fact != NULL ? fact : "");
}

static enum alm_err ask_all(
	struct telling *t, struct alm_ask *ask, struct alm_problem *problem)
{
	const char *until;
	enum alm_err err = alm_admin_open(t->args, &t->control, problem);

	if (err == ALM_OK) {
		err = alm_admin_ask(
			t->control, ask, &t->arena, &t->answer, problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	until = alm_answer_fact(&t->answer, "until-seq");
	t->until_seq = until != NULL ? strtoull(until, NULL, 10) : 0;
	keep_fact(t, "epoch", t->epoch, sizeof(t->epoch));
	keep_fact(t, "at", t->at, sizeof(t->at));
	return ask_rest(t, problem);
}

/* --- telling ------------------------------------------------------------- */

static int by_count(const void *a, const void *b)
{
	const struct group *x = a;
	const struct group *y = b;

	if (x->count != y->count) {
		return x->count < y->count ? 1 : -1;
	}
	return x->first_seq < y->first_seq ? -1 : x->first_seq > y->first_seq;
}

static void add_row(struct alm_sheet *sheet, const struct group *group)
{
	const char *cells[COLUMNS];
	bool is_banded =
		group->count < BAND &&
		(is_opt_out(group->cells[4]) || is_opt_out(group->cells[6]));
	char count[32];
	char first[24];

	memcpy(cells, group->cells, sizeof(group->cells));
	(void)snprintf(count, sizeof(count), "%" PRIu64, group->count);
	(void)snprintf(first, sizeof(first), "%" PRIu64, group->first_seq);
	cells[10] = is_banded ? "fewer than 10" : count;
	cells[11] = is_banded ? "" : first;
	alm_sheet_row(sheet, cells);
}

static int tell(struct telling *t)
{
	static const char *const columns[COLUMNS] = {"change", "sender",
		"recipient", "purpose", "code-before", "reason-before",
		"code-after", "reason-after", "basis-before", "basis-after",
		"requests", "first-seq"};
	uint64_t limit =
		(uint64_t)alm_args_number(t->args, "limit", LIMIT_DEFAULT);
	struct alm_sheet *sheet =
		alm_sheet_new("almoner.policy.impact/1", columns, COLUMNS);
	int rc;

	if (t->groups.count > 1) {
		qsort(t->groups.items, t->groups.count,
			sizeof(*t->groups.items), by_count);
	}
	alm_sheet_fact(sheet, "epoch", t->epoch);
	alm_sheet_fact(sheet, "at", t->at);
	for (size_t i = 0; i < ALM_COUNT(counted); i++) {
		alm_sheet_number(sheet, counted[i], t->totals[i]);
	}
	for (size_t i = 0; i < t->groups.count; i++) {
		if (limit == 0 || i < limit) {
			add_row(sheet, &t->groups.items[i]);
		}
	}
	alm_sheet_hide(sheet, "code-before");
	alm_sheet_hide(sheet, "code-after");
	rc = alm_sheet_print(sheet, &t->args->output);
	alm_sheet_free(sheet);
	if (limit != 0 && t->groups.count > limit) {
		alm_print_warning(&t->args->output,
			"%zu more rows are not shown; see --limit",
			t->groups.count - (size_t)limit);
	}
	return rc;
}

static enum alm_err run(struct telling *t, struct alm_attached *attached,
	int64_t since_us, struct alm_problem *problem)
{
	const struct alm_args *args = t->args;
	struct alm_ask ask = {.verb = "policy.impact"};
	char since[ALM_INSTANT_US_TEXT_BYTES];
	char until[ALM_INSTANT_US_TEXT_BYTES];
	char at[ALM_INSTANT_TEXT_BYTES];
	enum alm_err err = ALM_OK;

	for (size_t i = 0; i < args->positional_count && err == ALM_OK; i++) {
		err = alm_attach_path(
			attached, args->positionals[i], ".yaml", problem);
	}
	if (err != ALM_OK) {
		return err;
	}
	alm_instant_short_text(since_us, since);
	alm_instant_short_text(alm_args_number(args, "until", 0), until);
	alm_instant_text(alm_args_number(args, "at", 0), at);
	alm_ask_add(&ask, "since", since);
	alm_ask_add(&ask, "until", alm_args_has(args, "until") ? until : NULL);
	alm_ask_add(&ask, "at", alm_args_has(args, "at") ? at : NULL);
	alm_ask_option(&ask, args, "reason");
	ask.attachments = attached->items;
	ask.attachment_count = attached->count;
	return ask_all(t, &ask, problem);
}

int alm_cmd_policy_impact(int argc, char **argv)
{
	struct alm_attached *attached;
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_reason reason;
	struct alm_args args;
	struct telling t = {.args = &args};
	int64_t since_us;
	int rc = alm_audit_args_parse(&usage, argc, argv, &args, &reason);

	if (rc >= 0) {
		return rc;
	}
	since_us = alm_args_number(&args, "since",
		((int64_t)time(NULL) - INT64_C(30) * 86400) * 1000000);
	attached = calloc(1, sizeof(*attached));
	if (attached == NULL) {
		return ALM_EXIT_UNAVAILABLE;
	}
	alm_arena_init(&t.arena, ARENA_BYTES_MAX);
	if (run(&t, attached, since_us, &problem) == ALM_OK) {
		rc = tell(&t);
	} else {
		if (t.answer.code != ALM_OK) {
			alm_admin_print_faults(&t.answer);
		}
		rc = alm_print_problem(&args.output, &problem);
	}
	free_groups(&t.groups);
	alm_control_close(t.control);
	alm_arena_fini(&t.arena);
	alm_attached_fini(attached);
	free(attached);
	return rc;
}
