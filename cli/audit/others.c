/*
 * others.c - what the disclosure report says of records about a person that
 * are no message: who looked, and what was changed.
 */
#include <string.h>

#include "broker/store/audit.h"
#include "cli/audit/report.h"

static bool is(const struct alm_log_row *row, enum alm_audit_kind kind)
{
	return strcmp(row->kind, alm_audit_kind_word(kind)) == 0;
}

static const char *who(struct alm_report *r, const struct alm_log_row *row)
{
	return *row->sender != '\0' ? alm_book_organisation(
					      &r->book, row->epoch, row->sender)
	       : is(row, ALM_AUDIT_QUERY) ? "an auditor of the system"
					  : "the operator of the system";
}

/* What was asked by the verb that the record names. */
static const char *what_was_asked(
	struct alm_report *r, const struct alm_log_row *row)
{
	const char *verb = alm_log_detail(row, "verb", 0, r->book.arena);

	if (row->code > 1) {
		return "asked about you; nothing was shown";
	}
	if (strncmp(verb, "people.", strlen("people.")) == 0) {
		return "looked at your choices on record";
	}
	if (strncmp(verb, "policy.", strlen("policy.")) == 0) {
		return "asked what would be shared about you";
	}
	/* An agent is answered about its own organisation alone. */
	return *row->sender != '\0'
		       ? "asked what it had sent or received about you"
		       : "looked at what was shared about you";
}

static const char *what(struct alm_report *r, const struct alm_log_row *row)
{
	if (is(row, ALM_AUDIT_QUERY)) {
		return what_was_asked(r, row);
	}
	return is(row, ALM_AUDIT_ERASED) ? "erased what was kept about you"
					 : "changed your choices on record";
}

void alm_report_others(struct alm_report *r, struct alm_page *page)
{
	static const char *const heading[] = {
		"When", "Who", "What", "Reason given"};

	alm_page_heading(
		page, 2, "Who looked you up here, and changes of your choices");
	if (r->stories.other_count == 0) {
		alm_page_paragraph(page, "Nobody, in the time asked about.");
	} else {
		alm_page_table_begin(page, heading, ALM_COUNT(heading));
	}
	for (size_t i = 0; i < r->stories.other_count; i++) {
		const struct alm_log_row *row = &r->stories.others[i];

		alm_page_row(page,
			(const char *const[]){
				alm_book_time(&r->book, row->time), who(r, row),
				what(r, row),
				alm_log_detail(
					row, "reason", 0, r->book.arena)},
			ALM_COUNT(heading));
	}
	if (r->stories.other_count > 0) {
		alm_page_table_end(page);
	}
	alm_page_paragraph(page,
		"Choices that came here together with those of other people, "
		"such as a list of objections, are not named one by one, nor "
		"are questions about an organisation or a time. You can ask "
		"which choices of yours are on record now.");
}
