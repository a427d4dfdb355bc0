/*
 * page.h - a document for people, as Markdown or as one HTML file that needs
 * nothing else and prints well.  Every text is escaped here and nowhere else.
 */
#ifndef ALM_CLI_AUDIT_PAGE_H
#define ALM_CLI_AUDIT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct alm_page {
	FILE *out;
	bool is_html;
};

/** Texts are made safe for the form.  What cannot be written is told by the
 * stream, to who closes it. */
void alm_page_begin(struct alm_page *page, const char *title);
void alm_page_heading(struct alm_page *page, unsigned level, const char *text);
void alm_page_paragraph(struct alm_page *page, const char *text);
/** A paragraph made as by printf(). */
void alm_page_say(struct alm_page *page, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** A table of facts: a key and a text in each row; one without a text is left
 * out. */
void alm_page_facts_begin(struct alm_page *page);
void alm_page_fact(struct alm_page *page, const char *key, const char *text);
void alm_page_facts_end(struct alm_page *page);

/** A table with a heading. */
void alm_page_table_begin(
	struct alm_page *page, const char *const *columns, size_t count);
void alm_page_row(
	struct alm_page *page, const char *const *cells, size_t count);
void alm_page_table_end(struct alm_page *page);

/** False when writing failed. */
bool alm_page_end(struct alm_page *page);

#endif /* ALM_CLI_AUDIT_PAGE_H */
