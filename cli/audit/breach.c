/*
 * breach.c - almoner audit breach: who is affected when messages should
 * not have gone out: people, kinds of information, recipients, and how long is
 * left to tell the Information Commissioner.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/affected.h"
#include "cli/audit/reason.h"
#include "cli/audit/report.h"
#include "cli/commands.h"

#define HOURS_TO_TELL 72
#define HOUR_US (INT64_C(3600) * 1000000)
#define CLOCK_SKEW_MS INT64_C(300000)

static const struct alm_option options[] = {
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT",
		"why you ask, such as the number of the incident; it is "
		"recorded",
		true, false},
	{"message", 'm', ALM_OPTION_TEXT, "UUID", "one of the messages", false,
		true},
	{"from", 0, ALM_OPTION_TEXT, "ORG", "only what it sent", false, false},
	{"to", 0, ALM_OPTION_TEXT, "ORG", "only what it received", false,
		false},
	{"purpose", 'p', ALM_OPTION_TEXT, "ID", "only for this purpose", false,
		false},
	{"since", 0, ALM_OPTION_MOMENT, "TIME", "from then, inclusive", false,
		false},
	{"until", 0, ALM_OPTION_MOMENT, "TIME", "until then, exclusive", false,
		false},
	{"aware", 0, ALM_OPTION_MOMENT, "TIME",
		"when the breach became known; now unless given", false, false},
	{"reveal", 0, ALM_OPTION_FLAG, NULL,
		"show masked NHS numbers of those in --numbers", false, false},
	{"numbers", 0, ALM_OPTION_TEXT, "FILE|-",
		"with --reveal: NHS numbers of your own patients, one a line; "
		"the log knows people by pseudonym only",
		false, false},
	ALM_REPORT_HTML_OPTION,
	ALM_LOG_OPTIONS,
	{0},
};

static const struct alm_usage usage = {
	.name = "audit breach",
	.summary = "Say who is affected by messages that should not have gone "
		   "out: people, kinds of information, recipients, what was "
		   "acknowledged, and the 72 hours to tell the Information "
		   "Commissioner.  A range is FIRST..LAST of messages or of "
		   "records.",
	.positionals = "[MSG-RANGE]",
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner audit breach --from RX1 --to C84001 --since "
		 "2026-07-01 --reason INC-17\n"
		 "  almoner audit breach 2000..2100 --aware "
		 "2026-07-30T09:00:00Z --reason INC-17",
};

/** FIRST..LAST, of records or of messages; ids of messages sort by time. */
struct range {
	uint64_t first_seq; /* 0: not of records */
	uint64_t last_seq;
	char first[ALM_UUID_TEXT_BYTES]; /* "": not of messages */
	char last[ALM_UUID_TEXT_BYTES];
};

static enum alm_err read_message(
	const char *text, char out[ALM_UUID_TEXT_BYTES])
{
	struct alm_message_id id;
	enum alm_err err = alm_message_id_parse(text, &id);

	if (err == ALM_OK) {
		alm_message_id_text(&id, out);
	}
	return err;
}

static enum alm_err read_range(
	const char *text, struct range *out, struct alm_problem *problem)
{
	const char *dots = strstr(text, "..");
	char first[64] = "";
	char *end = NULL;

	if (dots == NULL || (size_t)(dots - text) >= sizeof(first)) {
		return alm_problem_set(
			problem, ALM_USAGE, "a range is FIRST..LAST");
	}
	memcpy(first, text, (size_t)(dots - text));
	out->first_seq = strtoull(first, &end, 10);
	if (*end == '\0' && out->first_seq > 0) {
		out->last_seq = strtoull(dots + 2, &end, 10);
		return *end == '\0' && out->last_seq >= out->first_seq
			       ? ALM_OK
			       : alm_problem_set(problem, ALM_USAGE,
					 "a range is FIRST..LAST");
	}
	out->first_seq = 0;
	if (read_message(first, out->first) != ALM_OK ||
		read_message(dots + 2, out->last) != ALM_OK) {
		return alm_problem_set(problem, ALM_USAGE,
			"a range is of message ids or of record numbers");
	}
	return ALM_OK;
}

/** The time in an id is the sender's: it may be some minutes off. */
static int64_t time_of_us(const char *uuid)
{
	char digits[13] = "";

	(void)snprintf(digits, sizeof(digits), "%.8s%.4s", uuid, uuid + 9);
	return ((int64_t)strtoull(digits, NULL, 16) - CLOCK_SKEW_MS) * 1000;
}

struct gathering {
	struct alm_stories *stories;
	const struct range *range;
	char until[ALM_INSTANT_US_TEXT_BYTES]; /* "": to the last */
};

static bool is_in(const struct gathering *g, const struct alm_log_row *row)
{
	const struct range *range = g->range;

	if (range->first_seq != 0 &&
		(row->seq < range->first_seq || row->seq > range->last_seq)) {
		return false;
	}
	if (range->first[0] != '\0' &&
		(strcmp(row->message, range->first) < 0 ||
			strcmp(row->message, range->last) > 0)) {
		return false;
	}
	/* YYYY-MM-DDTHH:MM:SS.uuuuuuZ sorts as time does. */
	return g->until[0] == '\0' || strcmp(row->time, g->until) < 0;
}

/** What became of a message counts whenever it was. */
static bool add(void *cookie, const struct alm_log_row *row)
{
	struct gathering *g = cookie;

	return *row->message == '\0' ||
	       (!is_in(g, row) && !alm_stories_have(g->stories, row)) ||
	       alm_stories_add(g->stories, row);
}

static struct alm_audit_question question_of(const struct alm_args *args)
{
	const char *from = alm_args_text(args, "from");
	const char *to = alm_args_text(args, "to");
	const char *purpose = alm_args_text(args, "purpose");

	return (struct alm_audit_question){
		.from = from != NULL ? from : "",
		.to = to != NULL ? to : "",
		.either = "",
		.purpose = purpose != NULL ? purpose : "",
		.basis = "",
		.after = "",
		.since_us = alm_args_number(args, "since", 0),
		.reason = alm_args_text(args, "reason"),
	};
}

static enum alm_err gather(struct alm_report *r, const struct range *range,
	struct alm_problem *problem)
{
	int64_t until_us = alm_args_number(r->args, "until", 0);
	struct gathering g = {.stories = &r->stories, .range = range};
	struct alm_audit_question *q = &r->question;
	const char *message;
	enum alm_err err = ALM_OK;

	r->book.log = r->log;
	if (until_us > 0) {
		alm_instant_us_text(until_us, g.until);
	}
	if (range->first[0] != '\0' && q->since_us < time_of_us(range->first)) {
		q->since_us = time_of_us(range->first);
	}
	if (!alm_args_has(r->args, "message")) {
		err = alm_log_each(
			r->log, q, "breach report", add, &g, problem);
	}
	for (size_t i = 0; err == ALM_OK && (message = alm_args_nth(r->args,
						     "message", i)) != NULL;
		i++) {
		q->has_message = true;
		err = alm_message_id_parse(message, &q->message);
		if (err == ALM_OK) {
			err = alm_log_each(
				r->log, q, "breach report", add, &g, problem);
		}
	}
	if (err == ALM_OK && r->stories.is_short) {
		err = ALM_NOMEM;
	}
	return err == ALM_OK || problem->err != ALM_OK
		       ? err
		       : alm_problem_set(problem, err, "%s", "");
}

/* --- telling -------------------------------------------------------------- */

static const char *const columns[] = {"person", "nhs-number", "messages",
	"taken", "categories", "to", "levels", "first", "last"};

static int64_t aware_us_of(const struct alm_report *r)
{
	return alm_args_number(r->args, "aware", r->made_s * 1000000);
}

static void deadline_of(const struct alm_report *r,
	char out[ALM_INSTANT_US_TEXT_BYTES], int64_t *out_left_h)
{
	int64_t until_us = aware_us_of(r) + HOURS_TO_TELL * HOUR_US;

	alm_instant_short_text(until_us, out);
	*out_left_h = (until_us - r->made_s * 1000000) / HOUR_US;
}

static int print_sheet(struct alm_report *r, const struct alm_affected *a)
{
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.audit.breach/1", columns, ALM_COUNT(columns));
	char until[ALM_INSTANT_US_TEXT_BYTES];
	int64_t left_h;
	int rc;

	deadline_of(r, until, &left_h);
	alm_sheet_number(sheet, "affected", a->person_count);
	alm_sheet_number(sheet, "messages", a->given);
	alm_sheet_number(sheet, "taken", a->taken);
	alm_sheet_number(sheet, "waiting-messages", a->waiting);
	alm_sheet_fact(sheet, "tell-until", until);
	alm_sheet_fact(sheet, "made", r->made);
	alm_sheet_number(sheet, "size", alm_log_size(r->log));
	alm_sheet_fact(sheet, "root", alm_log_root(r->log));
	for (size_t i = 0; i < a->person_count; i++) {
		const struct alm_affected_group *p = &a->persons[i];
		char messages[24];
		char taken[24];

		(void)snprintf(messages, sizeof(messages), "%zu", p->messages);
		(void)snprintf(taken, sizeof(taken), "%zu", p->taken);
		alm_sheet_row(sheet,
			(const char *const[]){p->key, p->masked, messages,
				taken, alm_affected_kinds(a, p, r->book.arena),
				alm_affected_recipients(a, p, r->book.arena),
				alm_affected_levels(p), p->first, p->last});
	}
	rc = alm_sheet_print(sheet, &r->args->output);
	alm_sheet_free(sheet);
	return rc;
}

static void put_clock(struct alm_report *r, struct alm_page *page)
{
	char until[ALM_INSTANT_US_TEXT_BYTES];
	char aware[ALM_INSTANT_US_TEXT_BYTES];
	int64_t left_h;

	deadline_of(r, until, &left_h);
	alm_instant_short_text(aware_us_of(r), aware);
	alm_page_heading(page, 2, "The 72 hours");
	alm_page_say(page,
		"Known since %s. If a risk to people is likely, the "
		"Information Commissioner must be told by %s (%s; NHS "
		"organisations report with the DSPT tool). If the risk is "
		"high, the people must be told without undue delay. Keep a "
		"record of the breach in any case.",
		alm_book_time(&r->book, aware), alm_book_time(&r->book, until),
		left_h >= 0 ? alm_book_text(&r->book,
				      "%" PRId64 " hours are left", left_h)
			    : alm_book_text(&r->book,
				      "OVERDUE by %" PRId64 " hours", -left_h));
}

static void put_groups(struct alm_report *r, struct alm_page *page,
	const struct alm_affected *a, bool is_recipients)
{
	static const char *const heads[2][6] = {
		{"Kind of information", "Messages", "People", "", "", ""},
		{"Recipient", "Messages", "People", "Acknowledged",
			"Not acknowledged", "Kinds of information"},
	};
	const struct alm_affected_group *groups =
		is_recipients ? a->recipients : a->categories;
	size_t count = is_recipients ? a->recipient_count : a->category_count;
	size_t width = is_recipients ? 6 : 3;

	alm_page_heading(
		page, 2, is_recipients ? "Who received it" : "What it was");
	alm_page_table_begin(page, heads[is_recipients ? 1 : 0], width);
	for (size_t i = 0; i < count; i++) {
		const struct alm_affected_group *g = &groups[i];
		struct alm_book *b = &r->book;

		alm_page_row(page,
			(const char *const[]){
				is_recipients ? alm_book_organisation(
							b, g->epoch, g->key)
					      : alm_book_categories(b, g->key),
				alm_book_text(b, "%zu", g->messages),
				alm_book_text(b, "%zu", g->people),
				alm_book_text(b, "%zu", g->taken),
				alm_book_text(b, "%zu", g->messages - g->taken),
				alm_affected_kinds(a, g, b->arena)},
			width);
	}
	alm_page_table_end(page);
}

static void put_people(struct alm_report *r, struct alm_page *page,
	const struct alm_affected *a)
{
	static const char *const heads[] = {"Person", "Messages",
		"Kinds of information", "Recipients", "In what form"};
	struct alm_book *b = &r->book;

	alm_page_heading(page, 2, "Whom it is about");
	alm_page_paragraph(page,
		"By what stands for each person in this log. With --reveal and "
		"--numbers, the numbers that you bring are shown, masked.");
	alm_page_table_begin(page, heads, ALM_COUNT(heads));
	for (size_t i = 0; i < a->person_count; i++) {
		const struct alm_affected_group *p = &a->persons[i];

		alm_page_row(page,
			(const char *const[]){
				*p->masked != '\0' ? p->masked : p->key,
				alm_book_text(b, "%zu", p->messages),
				alm_affected_kinds(a, p, b->arena),
				alm_affected_recipients(a, p, b->arena),
				alm_affected_levels(p)},
			ALM_COUNT(heads));
	}
	alm_page_table_end(page);
}

static int print_page(struct alm_report *r, const struct alm_affected *a)
{
	struct alm_page page = {
		.out = stdout, .is_html = alm_args_has(r->args, "html")};

	alm_page_begin(&page, "Who is affected by a breach");
	alm_page_say(&page,
		"People affected: %zu. Messages handed over: %zu, of them "
		"acknowledged: %zu. Accepted and waiting: %zu; what waits can "
		"still be stopped, by suspending the agreement or revoking the "
		"keys of the recipient's agents.",
		a->person_count, a->given, a->taken, a->waiting);
	if (a->about_nobody > 0) {
		alm_page_say(&page,
			"%zu of the messages name no single person.",
			a->about_nobody);
	}
	put_clock(r, &page);
	put_groups(r, &page, a, true);
	put_groups(r, &page, a, false);
	put_people(r, &page, a);
	alm_report_say_proof(r, &page);
	return alm_page_end(&page) ? ALM_EXIT_OK : ALM_EXIT_FAILURE;
}

static int report(struct alm_report *r, const struct alm_args *args)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct range range = {.first_seq = 0};
	struct alm_affected affected = {.given = 0};
	int rc;

	problem.err = alm_report_begin(r, args, &problem);
	r->question = question_of(args);
	if (problem.err == ALM_OK && args->positional_count > 0) {
		problem.err =
			read_range(args->positionals[0], &range, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = gather(r, &range, &problem);
	}
	if (problem.err == ALM_OK) {
		problem.err = alm_affected_count(r, &affected, &problem);
	}
	if (problem.err == ALM_OK && alm_args_has(args, "numbers")) {
		problem.err = alm_affected_name(
			r, &affected, alm_args_text(args, "numbers"), &problem);
	}
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	rc = args->output.format == ALM_FORMAT_TABLE
		     ? print_page(r, &affected)
		     : print_sheet(r, &affected);
	return alm_report_exit(r, rc);
}

int alm_cmd_audit_breach(int argc, char **argv)
{
	struct alm_report r;
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	if (args.positional_count == 0 && !alm_args_has(&args, "message") &&
		!alm_args_has(&args, "from") && !alm_args_has(&args, "to") &&
		!alm_args_has(&args, "since")) {
		return alm_args_complain(&args,
			"say which messages: a range, --message, --from, --to "
			"or --since");
	}
	if (alm_args_has(&args, "numbers") != alm_args_has(&args, "reveal")) {
		return alm_args_complain(
			&args, "--reveal and --numbers go together");
	}
	rc = alm_audit_reason_settle(&args, &reason);
	if (rc >= 0) {
		return rc;
	}
	rc = report(&r, &args);
	alm_report_end(&r);
	return rc;
}
