/*
 * stats.c - almoner audit stats: who sends what to whom and for what, how
 * much of it is refused, which agreements nobody uses, and what has risen
 * beyond what is usual.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/flows.h"
#include "cli/audit/reason.h"
#include "cli/audit/report.h"
#include "cli/commands.h"

#define PERIOD_DEFAULT_S (INT64_C(7) * 86400)
#define PERIODS_DEFAULT 8

static const struct alm_option options[] = {
	{"period", 0, ALM_OPTION_DURATION, "LENGTH",
		"count by periods of this length; 7d unless given", false,
		false},
	{"periods", 0, ALM_OPTION_NUMBER, "N",
		"compare with so many periods before the last, 1 to 52; 8 "
		"unless given",
		false, false},
	{"until", 0, ALM_OPTION_MOMENT, "TIME",
		"the end of the last period; now unless given", false, false},
	{"from", 0, ALM_OPTION_TEXT, "ORG", "only what it sent", false, false},
	{"to", 0, ALM_OPTION_TEXT, "ORG", "only what is for it", false, false},
	{"purpose", 'p', ALM_OPTION_TEXT, "ID", "only for this purpose", false,
		false},
	{"unusual", 0, ALM_OPTION_FLAG, NULL,
		"only what has risen or is new, and unused agreements", false,
		false},
	ALM_ASKED_OPTION,
	ALM_REPORT_HTML_OPTION,
	ALM_LOG_OPTIONS,
	{0},
};

static const struct alm_usage usage = {
	.name = "audit stats",
	.summary = "Count flows by partner, purpose and effect, and compare "
		   "the last period with the median of those before; name "
		   "agreements that nobody used.  Markdown; or --html, --csv, "
		   "--json.",
	.positionals = "",
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner audit stats --period 30d --periods 12 --unusual "
		 "--reason monthly",
};

static bool add(void *cookie, const struct alm_log_row *row)
{
	return alm_flows_add(cookie, row);
}

static const char *remark(
	const struct alm_flows *flows, const struct alm_flow *flow)
{
	switch (alm_flow_trend(flows, flow)) {
	case ALM_TREND_RISE:
		return "unusual rise";
	case ALM_TREND_NEW:
		return "new";
	case ALM_TREND_USUAL:
		break;
	}
	return "";
}

/* An agreement in force that no decision of the whole time rested on. */
static bool is_unused(const struct alm_report *r, const struct alm_flows *flows,
	const struct alm_bundle_basis *basis)
{
	return basis->status == ALM_STATUS_ACTIVE &&
	       alm_period_holds(&basis->valid, r->made_s) &&
	       !alm_flows_used(flows, basis->id.text);
}

/* --- rows ----------------------------------------------------------------- */

static const char *const columns[] = {"what", "sender", "sender-name",
	"recipient", "recipient-name", "purpose", "effect", "now", "usual",
	"count", "basis", "remark"};

static void add_flow(struct alm_report *r, struct alm_sheet *sheet,
	const struct alm_flows *flows, const struct alm_flow *flow)
{
	struct alm_book *b = &r->book;

	alm_sheet_row(sheet,
		(const char *const[]){"flow", flow->sender,
			alm_book_organisation(b, 0, flow->sender),
			flow->recipient,
			alm_book_organisation(b, 0, flow->recipient),
			flow->purpose, flow->effect,
			alm_book_text(b, "%u", alm_flow_now(flows, flow)),
			alm_book_text(b, "%.4g", alm_flow_usual(flows, flow)),
			alm_book_text(b, "%" PRIu64, flow->total), "",
			remark(flows, flow)});
}

static bool is_wanted(const struct alm_report *r, const struct alm_flows *flows,
	const struct alm_flow *flow)
{
	return !alm_args_has(r->args, "unusual") ||
	       alm_flow_trend(flows, flow) != ALM_TREND_USUAL;
}

static int print_sheet(struct alm_report *r, const struct alm_flows *flows)
{
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.audit.stats/1", columns, ALM_COUNT(columns));
	const struct alm_bundle *bundle = alm_book_bundle(&r->book, 0);
	char text[ALM_INSTANT_US_TEXT_BYTES];
	int rc;

	alm_instant_short_text(flows->since_us, text);
	alm_sheet_fact(sheet, "since", text);
	alm_instant_short_text(flows->until_us - flows->period_us, text);
	alm_sheet_fact(sheet, "now-since", text);
	alm_instant_short_text(flows->until_us, text);
	alm_sheet_fact(sheet, "until", text);
	for (size_t i = 0; i < flows->count; i++) {
		if (is_wanted(r, flows, &flows->items[i])) {
			add_flow(r, sheet, flows, &flows->items[i]);
		}
	}
	for (size_t i = 0; bundle != NULL && i < bundle->basis_count; i++) {
		if (is_unused(r, flows, &bundle->bases[i])) {
			alm_sheet_row(sheet,
				(const char *const[]){"agreement", "", "", "",
					"", "", "", "0", "0", "0",
					bundle->bases[i].id.text, "unused"});
		}
	}
	rc = alm_sheet_print(sheet, &r->args->output);
	alm_sheet_free(sheet);
	return rc;
}

/* --- the page ------------------------------------------------------------- */

static void put_flows(struct alm_report *r, struct alm_page *page,
	const struct alm_flows *flows)
{
	static const char *const heads[] = {"From", "To", "Purpose", "Effect",
		"Last period", "Usual", "All", ""};
	struct alm_book *b = &r->book;

	alm_page_heading(page, 2, "Flows");
	alm_page_table_begin(page, heads, ALM_COUNT(heads));
	for (size_t i = 0; i < flows->count; i++) {
		const struct alm_flow *f = &flows->items[i];

		if (!is_wanted(r, flows, f)) {
			continue;
		}
		alm_page_row(page,
			(const char *const[]){
				alm_book_organisation(b, 0, f->sender),
				alm_book_organisation(b, 0, f->recipient),
				f->purpose, f->effect,
				alm_book_text(b, "%u", alm_flow_now(flows, f)),
				alm_book_text(
					b, "%.4g", alm_flow_usual(flows, f)),
				alm_book_text(b, "%" PRIu64, f->total),
				remark(flows, f)},
			ALM_COUNT(heads));
	}
	alm_page_table_end(page);
}

static void put_unused(struct alm_report *r, struct alm_page *page,
	const struct alm_flows *flows)
{
	static const char *const heads[] = {"Agreement or mandate", "Title"};
	const struct alm_bundle *bundle = alm_book_bundle(&r->book, 0);
	size_t count = 0;

	alm_page_heading(page, 2, "In force, and not used in this time");
	for (size_t i = 0; bundle != NULL && i < bundle->basis_count; i++) {
		const struct alm_bundle_basis *basis = &bundle->bases[i];

		if (!is_unused(r, flows, basis)) {
			continue;
		}
		if (count++ == 0) {
			alm_page_table_begin(page, heads, ALM_COUNT(heads));
		}
		alm_page_row(page,
			(const char *const[]){basis->id.text, basis->title},
			ALM_COUNT(heads));
	}
	if (count == 0) {
		alm_page_paragraph(page, "None.");
	} else {
		alm_page_table_end(page);
	}
}

static int print_page(struct alm_report *r, const struct alm_flows *flows)
{
	struct alm_page page = {
		.out = stdout, .is_html = alm_args_has(r->args, "html")};
	char since[ALM_INSTANT_US_TEXT_BYTES];
	char last[ALM_INSTANT_US_TEXT_BYTES];
	char until[ALM_INSTANT_US_TEXT_BYTES];

	alm_instant_short_text(flows->since_us, since);
	alm_instant_short_text(flows->until_us - flows->period_us, last);
	alm_instant_short_text(flows->until_us, until);
	alm_page_begin(&page, "What flows between partners");
	alm_page_say(&page,
		"From %s to %s. The last period begins on %s; what is usual is "
		"the median of the %u periods before it. A rise is called "
		"unusual only when there are at least %u, and more than "
		"chance would give.",
		alm_book_time(&r->book, since), alm_book_time(&r->book, until),
		alm_book_time(&r->book, last), flows->periods - 1,
		ALM_FLOW_RISE_MIN);
	put_flows(r, &page, flows);
	put_unused(r, &page, flows);
	alm_report_say_proof(r, &page);
	return alm_page_end(&page) ? ALM_EXIT_OK : ALM_EXIT_FAILURE;
}

static enum alm_err gather(struct alm_report *r, struct alm_flows *flows,
	struct alm_problem *problem)
{
	const struct alm_args *args = r->args;
	const char *from = alm_args_text(args, "from");
	const char *to = alm_args_text(args, "to");
	const char *purpose = alm_args_text(args, "purpose");
	enum alm_err err;

	r->book.log = r->log;
	r->question =
		(struct alm_audit_question){.from = from != NULL ? from : "",
			.to = to != NULL ? to : "",
			.either = "",
			.purpose = purpose != NULL ? purpose : "",
			.basis = "",
			.after = "",
			.since_us = flows->since_us,
			.until_us = flows->until_us,
			.reason = alm_args_text(args, "reason")};
	err = alm_log_each(
		r->log, &r->question, "statistics", add, flows, problem);
	if (err == ALM_OK && flows->is_short) {
		err = alm_problem_set(problem, ALM_NOMEM, "%s", "");
	}
	alm_flows_sort(flows);
	return err;
}

static int report(struct alm_report *r, const struct alm_args *args)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_flows flows;
	int64_t periods = alm_args_number(args, "periods", PERIODS_DEFAULT);
	int64_t period_s = alm_args_number(args, "period", PERIOD_DEFAULT_S);
	int rc;

	problem.err = alm_report_begin(r, args, &problem);
	alm_flows_init(&flows,
		alm_args_number(args, "until", (r->made_s + 1) * 1000000),
		period_s, (unsigned)periods + 1);
	if (problem.err == ALM_OK) {
		problem.err = gather(r, &flows, &problem);
	}
	if (problem.err != ALM_OK) {
		rc = alm_print_problem(&args->output, &problem);
	} else {
		rc = args->output.format == ALM_FORMAT_TABLE
			     ? print_page(r, &flows)
			     : print_sheet(r, &flows);
		rc = alm_report_exit(r, rc);
	}
	alm_flows_fini(&flows);
	return rc;
}

int alm_cmd_audit_stats(int argc, char **argv)
{
	struct alm_report r;
	struct alm_reason reason;
	struct alm_args args;
	int64_t periods;
	int rc = alm_args_parse(&usage, argc, argv, &args);

	if (rc >= 0) {
		return rc;
	}
	periods = alm_args_number(&args, "periods", PERIODS_DEFAULT);
	if (periods < 1 || periods >= ALM_FLOW_PERIODS_MAX ||
		alm_args_number(&args, "period", PERIOD_DEFAULT_S) < 60) {
		return alm_args_complain(&args,
			"--periods is 1 to %u, --period at least a minute",
			ALM_FLOW_PERIODS_MAX - 1);
	}
	rc = alm_audit_reason_settle(&args, &reason);
	if (rc >= 0) {
		return rc;
	}
	rc = report(&r, &args);
	alm_report_end(&r);
	return rc;
}
