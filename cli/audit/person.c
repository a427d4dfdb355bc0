/*
 * person.c - almoner audit person: what was shared about somebody, with
 * whom and why, in plain words; for a subject access request.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/audit.h"
#include "cli/audit/reason.h"
#include "cli/audit/report.h"
#include "cli/commands.h"
#include "cli/confirm.h"

static const struct alm_option options[] = {
	{"reason", 'r', ALM_OPTION_TEXT, "TEXT",
		"why you ask, such as the number of the request; it is "
		"recorded",
		true, false},
	{"since", 0, ALM_OPTION_MOMENT, "TIME", "from then, inclusive", false,
		false},
	{"until", 0, ALM_OPTION_MOMENT, "TIME", "until then, exclusive", false,
		false},
	{"with-protected", 0, ALM_OPTION_FLAG, NULL,
		"also what the policy marks as protected, such as evidence "
		"for a safety investigation; without it such entries are "
		"counted only",
		false, false},
	ALM_REPORT_HTML_OPTION,
	ALM_LOG_OPTIONS,
	{0},
};

static const struct alm_usage usage = {
	.name = "audit person",
	.summary = "Say what was shared about a person: when, who to whom, "
		   "what kind, why, under which agreement or law, and what "
		   "was held back or refused.  Markdown; or --html, --csv, "
		   "--json.",
	.positionals = "NHS-NUMBER|-",
	.positional_min = 1,
	.positional_max = 1,
	.takes = ALM_TAKES_ADMIN,
	.options = options,
	.notes = "  almoner audit person - --reason 'SAR 2026/118' --html "
		 ">report.html < number.txt",
};

static const char *const columns[] = {"seq", "time", "outcome", "sender",
	"sender-name", "recipient", "recipient-name", "purpose", "categories",
	"level", "basis", "law", "withheld", "reasons", "override", "became",
	"message-id"};

static const char *outcome_word(const struct alm_story *story)
{
	return alm_story_was_given(story)        ? "shared"
	       : story->end == ALM_STORY_REFUSED ? "refused"
	       : story->end == ALM_STORY_STOPPED ? "stopped"
	       : story->end == ALM_STORY_WAITS   ? "waiting"
						 : "not-shared";
}

/* What was asked for, of a refusal. */
static const char *asked_for(
	struct alm_book *book, const struct alm_story *story)
{
	const char *asked =
		alm_log_detail(&story->asked, "requested", 0, book->arena);

	return *asked != '\0' ? asked : story->asked.categories;
}

/* By law the person need not, or may not, be told of it: who answers the
 * request decides. */
static bool is_left_out(struct alm_report *r, const struct alm_story *story)
{
	const struct alm_log_row *row = alm_story_main(story);

	return !alm_args_has(r->args, "with-protected") &&
	       (alm_book_is_protected(&r->book, row->epoch, row->categories) ||
		       (story->asked.seq != 0 &&
			       alm_book_is_protected(&r->book, row->epoch,
				       asked_for(&r->book, story))));
}

static size_t leave_out(struct alm_report *r)
{
	struct alm_stories *s = &r->stories;
	size_t kept = 0;
	size_t count = s->count;

	for (size_t i = 0; i < count; i++) {
		if (!is_left_out(r, &s->items[i])) {
			s->items[kept++] = s->items[i];
		}
	}
	s->count = kept;
	return count - kept;
}

/* --- rows ----------------------------------------------------------------- */

static void add_story(struct alm_report *r, struct alm_sheet *sheet,
	const struct alm_story *story)
{
	const struct alm_log_row *row = alm_story_main(story);
	const struct alm_log_row *first =
		story->asked.seq != 0 ? &story->asked : row;
	char seq[24];

	(void)snprintf(seq, sizeof(seq), "%" PRIu64, first->seq);
	alm_sheet_row(sheet,
		(const char *const[]){seq, first->time, outcome_word(story),
			row->sender,
			alm_book_organisation(
				&r->book, row->epoch, row->sender),
			row->recipient,
			alm_book_organisation(
				&r->book, row->epoch, row->recipient),
			alm_book_purpose(&r->book, row->epoch, row->purpose),
			alm_book_categories(&r->book, row->categories),
			row->level_out,
			alm_book_basis(&r->book, row->epoch, row->basis),
			alm_book_law(&r->book, row->epoch, row->basis),
			alm_story_withheld(&r->book, story),
			alm_story_reasons(&r->book,
				story->end == ALM_STORY_STOPPED ? &story->ended
								: first),
			alm_story_override(&r->book, story),
			alm_story_end_words(&r->book, story), first->message});
}

static int print_sheet(
	struct alm_report *r, const char *masked, size_t left_out)
{
	struct alm_sheet *sheet = alm_sheet_new(
		"almoner.audit.person/1", columns, ALM_COUNT(columns));
	int rc;

	alm_sheet_fact(sheet, "subject", masked);
	alm_sheet_number(sheet, "left-out", left_out);
	alm_sheet_fact(sheet, "made", r->made);
	alm_sheet_number(sheet, "size", alm_log_size(r->log));
	alm_sheet_fact(sheet, "root", alm_log_root(r->log));
	for (size_t i = 0; i < r->stories.count; i++) {
		add_story(r, sheet, &r->stories.items[i]);
	}
	rc = alm_sheet_print(sheet, &r->args->output);
	alm_sheet_free(sheet);
	return rc;
}

/* --- the page ------------------------------------------------------------- */

static void put_shared(struct alm_report *r, struct alm_page *page,
	const struct alm_story *story)
{
	const struct alm_log_row *row = alm_story_main(story);
	const struct alm_log_row *first =
		story->asked.seq != 0 ? &story->asked : row;
	struct alm_book *book = &r->book;
	const char *withheld = alm_story_withheld(book, story);

	alm_page_heading(page, 3,
		alm_book_text(book, "%s: %s to %s",
			alm_book_time(book, first->time),
			alm_book_organisation(book, row->epoch, row->sender),
			alm_book_organisation(
				book, row->epoch, row->recipient)));
	alm_page_facts_begin(page);
	alm_page_fact(
		page, "What kind", alm_book_categories(book, row->categories));
	alm_page_fact(page, "In what form", alm_book_level(row->level_out));
	alm_page_fact(
		page, "Why", alm_book_purpose(book, row->epoch, row->purpose));
	alm_page_fact(page, "Allowed by",
		alm_book_basis(book, row->epoch, row->basis));
	alm_page_fact(page, "Law", alm_book_law(book, row->epoch, row->basis));
	alm_page_fact(page, "Held back", withheld);
	if (*withheld != '\0' || story->asked.code > 1) {
		alm_page_fact(page, "Why it was held back",
			alm_story_reasons(book, first));
	}
	alm_page_fact(page, "Override", alm_story_override(book, story));
	alm_page_fact(
		page, "What became of it", alm_story_end_words(book, story));
	if (story->end == ALM_STORY_STOPPED) {
		alm_page_fact(page, "Why it was stopped",
			alm_story_reasons(book, &story->ended));
	}
	alm_page_fact(
		page, "Record", alm_book_text(book, "%" PRIu64, first->seq));
	alm_page_facts_end(page);
}

/* Its record, and the later one that ended it. */
static const char *records_of(
	struct alm_book *book, const struct alm_story *story)
{
	const struct alm_log_row *asked = &story->asked;
	const struct alm_log_row *ended = &story->ended;

	if (asked->seq != 0 && ended->seq > asked->seq) {
		return alm_book_text(
			book, "%" PRIu64 ", %" PRIu64, asked->seq, ended->seq);
	}
	return alm_book_text(
		book, "%" PRIu64, asked->seq != 0 ? asked->seq : ended->seq);
}

static void put_not_shared(struct alm_report *r, struct alm_page *page,
	const struct alm_story *story)
{
	bool is_ended = story->end != ALM_STORY_REFUSED &&
			story->end != ALM_STORY_WAITS;
	const struct alm_log_row *row =
		is_ended ? &story->ended : &story->asked;
	struct alm_book *book = &r->book;
	const char *reasons = alm_story_reasons(book, row);

	alm_page_heading(page, 3,
		alm_book_text(book, "%s: %s to %s",
			alm_book_time(book, row->time),
			alm_book_organisation(book, row->epoch, row->sender),
			alm_book_organisation(
				book, row->epoch, row->recipient)));
	alm_page_facts_begin(page);
	alm_page_fact(page, "What kind was asked for",
		alm_book_categories(book, asked_for(book, story)));
	alm_page_fact(page, "For what",
		alm_book_purpose(book, row->epoch, row->purpose));
	alm_page_fact(page, "Why it was not shared",
		story->end == ALM_STORY_WAITS ? "" : reasons);
	alm_page_fact(page, "Override", alm_story_override(book, story));
	if (story->end != ALM_STORY_REFUSED) {
		alm_page_fact(page, "What became of it",
			alm_story_end_words(book, story));
	}
	alm_page_fact(page, "Record", records_of(book, story));
	alm_page_facts_end(page);
}

/* What was handed over once was shared, whatever was stopped later. */
enum part { SHARED, WAITING, NOT_SHARED, PARTS };

static enum part part_of(const struct alm_story *story)
{
	return alm_story_was_given(story)      ? SHARED
	       : story->end == ALM_STORY_WAITS ? WAITING
					       : NOT_SHARED;
}

static size_t count_part(const struct alm_report *r, enum part part)
{
	size_t count = 0;

	for (size_t i = 0; i < r->stories.count; i++) {
		count += part_of(&r->stories.items[i]) == part;
	}
	return count;
}

static void put_stories(
	struct alm_report *r, struct alm_page *page, enum part part)
{
	static const char *const headings[PARTS] = {
		[SHARED] = "What was shared",
		[WAITING] = "What may be shared: it waits to be collected",
		[NOT_SHARED] = "What was not shared",
	};
	static const char *const none[PARTS] = {
		[SHARED] = "Nothing, in the time asked about.",
		[NOT_SHARED] = "Nothing was refused or stopped, in the time "
			       "asked about.",
	};
	size_t count = count_part(r, part);

	if (count == 0 && none[part] == NULL) {
		return;
	}
	alm_page_heading(page, 2, headings[part]);
	if (count == 0) {
		alm_page_paragraph(page, none[part]);
	}
	for (size_t i = 0; i < r->stories.count; i++) {
		const struct alm_story *story = &r->stories.items[i];

		if (part_of(story) != part) {
			continue;
		}
		if (part == SHARED) {
			put_shared(r, page, story);
		} else {
			put_not_shared(r, page, story);
		}
	}
}

static void put_contacts(struct alm_report *r, struct alm_page *page)
{
	const struct alm_bundle *bundle = alm_book_bundle(&r->book, 0);

	alm_page_heading(page, 2, "What you can do");
	alm_page_paragraph(page,
		"If something here is wrong, or you did not expect it, ask the "
		"organisation that sent it. You can object to sharing, and you "
		"can complain to the Information Commissioner's Office "
		"(ico.org.uk, 0303 123 1113).");
	for (size_t i = 0; bundle != NULL && i < bundle->organisation_count;
		i++) {
		const char *id = bundle->organisations[i].id.text;
		const char *contact = alm_book_contact(&r->book, 0, id);
		bool is_named = false;

		for (size_t k = 0; k < r->stories.count && !is_named; k++) {
			is_named = strcmp(alm_story_main(&r->stories.items[k])
						   ->sender,
					   id) == 0;
		}
		if (is_named && *contact != '\0') {
			alm_page_say(page, "%s: %s",
				alm_book_organisation(&r->book, 0, id),
				contact);
		}
	}
}

static void put_summary(struct alm_report *r, struct alm_page *page,
	const char *masked, size_t left_out)
{
	size_t waiting = count_part(r, WAITING);
	size_t overrides = 0;

	for (size_t i = 0; i < r->stories.count; i++) {
		overrides += *alm_story_override(
				     &r->book, &r->stories.items[i]) != '\0';
	}
	alm_page_say(page,
		"This is a list of what was shared, through this system, about "
		"the person with NHS number %s. It says what kind of "
		"information it was, never what it said.",
		masked);
	alm_page_say(page,
		"Times that something was shared: %zu; refused, stopped or "
		"never collected: %zu; an emergency or a guardian's decision: "
		"%zu.",
		count_part(r, SHARED), count_part(r, NOT_SHARED), overrides);
	if (waiting > 0) {
		alm_page_say(page, "Waiting to be collected: %zu.", waiting);
	}
	if (left_out > 0) {
		alm_page_say(page,
			"Left out: %zu, because the law protects what they "
			"say. You can ask the Information Commissioner's "
			"Office to look at that decision.",
			left_out);
	}
}

static int print_page(struct alm_report *r, const char *masked, size_t left_out)
{
	struct alm_page page = {
		.out = stdout, .is_html = alm_args_has(r->args, "html")};

	alm_page_begin(&page, "Who has received information about you");
	put_summary(r, &page, masked, left_out);
	put_stories(r, &page, SHARED);
	put_stories(r, &page, WAITING);
	put_stories(r, &page, NOT_SHARED);
	alm_report_others(r, &page);
	put_contacts(r, &page);
	alm_report_say_proof(r, &page);
	return alm_page_end(&page) ? ALM_EXIT_OK : ALM_EXIT_FAILURE;
}

static int report(struct alm_report *r, const struct alm_args *args)
{
	struct alm_problem problem = {.err = ALM_OK};
	char masked[ALM_NHS_MASKED_BYTES];
	size_t left_out;
	int rc;

	problem.err = alm_report_begin(r, args, &problem);
	r->question = (struct alm_audit_question){.from = "",
		.to = "",
		.either = "",
		.purpose = "",
		.basis = "",
		.after = "",
		.since_us = alm_args_number(args, "since", 0),
		.until_us = alm_args_number(args, "until", 0),
		.reveals = true,
		.reason = alm_args_text(args, "reason")};
	if (problem.err == ALM_OK) {
		problem.err = alm_take_nhs_number(
			args->positionals[0], r->question.person, &problem);
	}
	if (problem.err == ALM_OK) {
		alm_nhs_number_mask(r->question.person, masked);
		problem.err =
			alm_report_gather(r, "disclosure report", &problem);
	}
	sodium_memzero(r->question.person, sizeof(r->question.person));
	if (problem.err != ALM_OK) {
		return alm_print_problem(&args->output, &problem);
	}
	left_out = leave_out(r);
	rc = args->output.format == ALM_FORMAT_TABLE
		     ? print_page(r, masked, left_out)
		     : print_sheet(r, masked, left_out);
	return alm_report_exit(r, rc);
}

int alm_cmd_audit_person(int argc, char **argv)
{
	struct alm_report r;
	struct alm_reason reason;
	struct alm_args args;
	int rc = alm_audit_args_parse(&usage, argc, argv, &args, &reason);

	if (rc >= 0) {
		return rc;
	}
	rc = report(&r, &args);
	alm_report_end(&r);
	return rc;
}
