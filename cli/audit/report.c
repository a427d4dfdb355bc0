#include "cli/audit/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARENA_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define REASONS_MAX 16u
/* As records have them: 4401, 4405 and 4406 of the catalogue. */
#define CONSENT_MISSING "401"
#define CONSENT_WITHDRAWN "405"
#define NOT_COVERED "406"

enum alm_err alm_report_begin(struct alm_report *report,
	const struct alm_args *args, struct alm_problem *problem)
{
	memset(report, 0, sizeof(*report));
	report->args = args;
	report->made_s = (int64_t)time(NULL);
	alm_instant_text(report->made_s, report->made);
	alm_arena_init(&report->arena, ARENA_BYTES_MAX);
	alm_stories_init(&report->stories);
	alm_book_init(&report->book, NULL, &report->arena);
	return alm_log_open(args, &report->log, problem);
}

void alm_report_end(struct alm_report *report)
{
	alm_book_fini(&report->book);
	alm_stories_fini(&report->stories);
	alm_log_close(report->log);
	alm_arena_fini(&report->arena);
}

static bool add(void *cookie, const struct alm_log_row *row)
{
	return alm_stories_add(cookie, row);
}

enum alm_err alm_report_gather(struct alm_report *report, const char *what,
	struct alm_problem *problem)
{
	enum alm_err err;

	report->book.log = report->log;
	err = alm_log_each(report->log, &report->question, what, add,
		&report->stories, problem);
	if (err == ALM_OK && report->stories.is_short) {
		return alm_problem_set(problem, ALM_NOMEM,
			"more than this machine's memory takes: narrow it "
			"with --since and --until");
	}
	return err;
}

void alm_report_say_proof(struct alm_report *report, struct alm_page *page)
{
	const struct alm_stories *s = &report->stories;
	uint64_t first = 0;
	uint64_t damaged = alm_log_damaged(report->log, &first);

	alm_page_heading(page, 2, "How this can be checked");
	alm_page_say(page,
		"Made on %s from an audit log of %" PRIu64
		" records whose root is %s. Whoever keeps that line can show "
		"later that no record was changed or taken away since "
		"(almoner audit verify).",
		alm_book_time(&report->book, report->made),
		alm_log_size(report->log), alm_log_root(report->log));
	if (s->pruned > 0) {
		alm_page_say(page,
			"Of %" PRIu64 " older records only the outline is "
			"left: the detail was kept as long as it must be and "
			"then removed.",
			s->pruned);
	}
	if (s->erased > 0) {
		alm_page_say(page,
			"Of %" PRIu64 " records only the outline is left: the "
			"detail was erased.",
			s->erased);
	}
	if (damaged > 0) {
		alm_page_say(page,
			"Not complete: %" PRIu64 " records of the log are "
			"damaged and could not be read (the first is number "
			"%" PRIu64 "). They may belong here.",
			damaged, first);
	}
}

int alm_report_exit(const struct alm_report *report, int rc)
{
	uint64_t first = 0;
	uint64_t damaged = alm_log_damaged(report->log, &first);
	char detail[64];

	if (rc != ALM_EXIT_OK || damaged == 0) {
		return rc;
	}
	(void)snprintf(detail, sizeof(detail), "%llu, the first is %llu",
		(unsigned long long)damaged, (unsigned long long)first);
	return alm_print_failure(&report->args->output,
		&(struct alm_failure){ALM_NOT_IN_REPORT, detail, NULL, 0});
}

/* --- words ---------------------------------------------------------------- */

const char *alm_story_end_words(
	struct alm_book *book, const struct alm_story *story)
{
	const char *when = alm_book_time(book, story->ended.time);
	const char *given =
		story->given.seq == 0
			? ""
			: alm_book_text(book, "handed over on %s; ",
				  alm_book_time(book, story->given.time));

	switch (story->end) {
	case ALM_STORY_WAITS:
		return "accepted; waiting to be collected";
	case ALM_STORY_GIVEN:
		return alm_book_text(book, "%snot acknowledged yet", given);
	case ALM_STORY_TAKEN:
		return alm_book_text(book, "received on %s", when);
	case ALM_STORY_REJECTED:
		return alm_book_text(book,
			"handed over, and turned away by the recipient on %s",
			when);
	case ALM_STORY_STOPPED:
		return alm_book_text(book,
			*given != '\0' ? "%snot acknowledged; handing it over "
					 "again was stopped on %s"
				       : "%sstopped on %s, before it was "
					 "handed over",
			given, when);
	case ALM_STORY_EXPIRED:
		return alm_book_text(book,
			*given != '\0' ? "%snever acknowledged; ended on %s"
				       : "%snot collected in time; ended on %s",
			given, when);
	case ALM_STORY_DEAD:
		return alm_book_text(book,
			*given != '\0' ? "%snever acknowledged; set aside on %s"
				       : "%scould not be delivered; set aside "
					 "on %s",
			given, when);
	case ALM_STORY_REFUSED:
		return "refused; nothing was shared";
	}
	return "";
}

/* Consent that is not there covers no kind of information: who is told the
 * first is not told the second. */
static bool is_implied(struct alm_book *book, const struct alm_log_row *row,
	const char *reason)
{
	const char *other = "";

	if (strcmp(reason, NOT_COVERED) != 0) {
		return false;
	}
	for (size_t i = 0; i < REASONS_MAX; i++) {
		other = alm_log_detail(row, "reason", i, book->arena);
		if (strcmp(other, CONSENT_MISSING) == 0 ||
			strcmp(other, CONSENT_WITHDRAWN) == 0) {
			return true;
		}
	}
	return false;
}

const char *alm_story_reasons(
	struct alm_book *book, const struct alm_log_row *row)
{
	const char *text = "";

	for (size_t i = 0; i < REASONS_MAX; i++) {
		const char *reason =
			alm_log_detail(row, "reason", i, book->arena);
		const char *words;

		if (*reason == '\0') {
			break;
		}
		if (is_implied(book, row, reason)) {
			continue;
		}
		words = alm_book_reason((unsigned)strtoul(reason, NULL, 10));
		if (*words != '\0' && strstr(text, words) == NULL) {
			text = alm_book_text(book, "%s%s%s", text,
				*text != '\0' ? " " : "", words);
		}
	}
	return *text != '\0' || row->code <= 1 ? text
					       : alm_book_reason(row->code);
}

const char *alm_story_withheld(
	struct alm_book *book, const struct alm_story *story)
{
	const struct alm_log_row *rows[] = {&story->asked, &story->given};
	const char *kinds = "";
	const char *fields = "";
	bool is_place = false;

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		const char *text;

		if (rows[i]->seq == 0) {
			continue;
		}
		text = alm_log_detail(rows[i], "redacted", 0, book->arena);
		kinds = *text != '\0' ? text : kinds;
		text = alm_log_detail(rows[i], "withheld", 0, book->arena);
		fields = *text != '\0' ? text : fields;
		text = alm_log_detail(rows[i], "stripped", 0, book->arena);
		is_place |= *text != '\0';
	}
	return alm_book_text(book, "%s%s%s%s%s",
		alm_book_categories(book, kinds),
		*kinds != '\0' && (*fields != '\0' || is_place) ? "; " : "",
		*fields != '\0' ? alm_book_text(book, "fields: %s",
					  alm_book_categories(book, fields))
				: "",
		*fields != '\0' && is_place ? "; " : "",
		is_place ? "where you live" : "");
}

const char *alm_story_override(
	struct alm_book *book, const struct alm_story *story)
{
	const struct alm_log_row *row = &story->asked;
	const char *kind;
	const char *why;

	if (row->seq == 0) {
		return "";
	}
	kind = alm_log_detail(row, "override", 0, book->arena);
	why = alm_log_detail(row, "override-reason", 0, book->arena);
	if (*kind == '\0') {
		return "";
	}
	return alm_book_text(book, "%s; the reason that was given: %s%s%s",
		strcmp(kind, "emergency") == 0
			? "an emergency was claimed"
			: "decided by a Caldicott Guardian",
		*why != '\0' ? why : "none",
		story->reviewed.seq != 0 ? "; reviewed: " : "",
		story->reviewed.seq != 0 ? alm_log_detail(&story->reviewed,
						   "outcome", 0, book->arena)
					 : "");
}
