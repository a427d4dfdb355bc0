/* report.h - what the reports over the log share: their options, how they are
 * printed, and what they say of the log itself. */
#ifndef ALM_CLI_AUDIT_REPORT_H
#define ALM_CLI_AUDIT_REPORT_H

#include "cli/audit/book.h"
#include "cli/audit/page.h"
#include "cli/audit/story.h"

/** A report being made. */
struct alm_report {
	const struct alm_args *args;
	struct alm_audit_question question;
	struct alm_log *log;
	struct alm_arena arena; /* of its texts */
	struct alm_book book;
	struct alm_stories stories;
	char made[ALM_INSTANT_TEXT_BYTES];
	int64_t made_s;
};

#define ALM_REPORT_HTML_OPTION \
	{ \
		"html", 0, ALM_OPTION_FLAG, NULL, \
			"one HTML file to read or to print as PDF", false, \
			false \
	}

/** Open the log and the book.  Errors: as alm_log_open(). */
ALM_MUST_USE enum alm_err alm_report_begin(struct alm_report *report,
	const struct alm_args *args, struct alm_problem *problem);
void alm_report_end(struct alm_report *report);

/** Gather every record of the question into stories.
 * Errors: as alm_log_each(); NOMEM: there are more than memory takes. */
ALM_MUST_USE enum alm_err alm_report_gather(struct alm_report *report,
	const char *what, struct alm_problem *problem);

/** How the log can vouch for the report, and what the report lacks. */
void alm_report_say_proof(struct alm_report *report, struct alm_page *page);

/** 0, or 8 after saying that damaged records are missing. */
int alm_report_exit(const struct alm_report *report, int rc);

/** Who looked into the log about the person, and what was changed of the
 * person's choices. */
void alm_report_others(struct alm_report *report, struct alm_page *page);

/** What became of it, in words. */
const char *alm_story_end_words(
	struct alm_book *book, const struct alm_story *story);
/** What was held back, and why. */
const char *alm_story_withheld(
	struct alm_book *book, const struct alm_story *story);
/** Why a decision fell as it did: the reasons that its record gives. */
const char *alm_story_reasons(
	struct alm_book *book, const struct alm_log_row *row);
/** The emergency or guardian's override that was used; "" if none. */
const char *alm_story_override(
	struct alm_book *book, const struct alm_story *story);

#endif /* ALM_CLI_AUDIT_REPORT_H */
