#include "cli/audit/page.h"

#include <stdarg.h>
#include <string.h>

#include "cli/show/output.h"

/* No script, nothing fetched: what is shown stands in the file. */
static const char html_head[] =
	"<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<meta name=\"referrer\" content=\"no-referrer\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<style>\n"
	"body{font:12pt/1.5 Arial,sans-serif;color:#212b32;max-width:48em;"
	"margin:2em auto;padding:0 1em}\n"
	"h1{font-size:1.7em;line-height:1.2}\n"
	"h2{font-size:1.3em;margin-top:2em;border-bottom:2px solid #005eb8}\n"
	"h3{font-size:1.05em;margin:1.5em 0 .3em}\n"
	"table{border-collapse:collapse;width:100%;margin:.5em 0 1em}\n"
	"th,td{text-align:left;vertical-align:top;padding:.3em .6em .3em 0;"
	"border-bottom:1px solid #d8dde0;overflow-wrap:anywhere}\n"
	"table.facts th{width:11em;font-weight:normal;color:#4c6272}\n"
	"@page{size:A4;margin:18mm}\n"
	"@media print{body{font-size:10pt;margin:0;max-width:none;padding:0}"
	"h2,h3{break-after:avoid}tr,table.facts{break-inside:avoid}"
	"thead{display:table-header-group}}\n"
	"</style>\n<title>";

/* What a reader of HTML, and of Markdown with HTML in it, would not take as
 * it is; NULL: nothing of the kind. */
static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* So that it is shown as it is, in one line. */
static void put(struct alm_page *page, const char *text)
{
	const char *marks = page->is_html ? "" : "\\`*_[]|~#";

	for (const char *c = text; *c != '\0'; c++) {
		size_t unsafe = alm_unsafe_bytes(c);
		bool is_quote = *c == '"' || *c == '\'';
		const char *entity = entity_of(*c);

		if (unsafe > 0) {
			(void)fputc(' ', page->out);
			c += unsafe - 1;
			continue;
		}
		if (entity != NULL && (page->is_html || !is_quote)) {
			(void)fputs(entity, page->out);
			continue;
		}
		if (strchr(marks, *c) != NULL) {
			(void)fputc('\\', page->out);
		}
		(void)fputc(*c, page->out);
	}
}

void alm_page_begin(struct alm_page *page, const char *title)
{
	if (page->is_html) {
		(void)fputs(html_head, page->out);
		put(page, title);
		(void)fputs("</title>\n</head>\n<body>\n", page->out);
	}
	alm_page_heading(page, 1, title);
}

void alm_page_heading(struct alm_page *page, unsigned level, const char *text)
{
	if (page->is_html) {
		(void)fprintf(page->out, "<h%u>", level);
		put(page, text);
		(void)fprintf(page->out, "</h%u>\n", level);
		return;
	}
	(void)fprintf(page->out, "%s%.*s ", level == 1 ? "" : "\n", (int)level,
		"####");
	put(page, text);
	(void)fputc('\n', page->out);
}

void alm_page_paragraph(struct alm_page *page, const char *text)
{
	(void)fputs(page->is_html ? "<p>" : "\n", page->out);
	put(page, text);
	(void)fputs(page->is_html ? "</p>\n" : "\n", page->out);
}

void alm_page_say(struct alm_page *page, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	alm_page_paragraph(page, text);
}

void alm_page_facts_begin(struct alm_page *page)
{
	(void)fputs(page->is_html ? "<table class=\"facts\">\n"
				  : "\n| | |\n|---|---|\n",
		page->out);
}

void alm_page_fact(struct alm_page *page, const char *key, const char *text)
{
	if (*text == '\0') {
		return;
	}
	(void)fputs(page->is_html ? "<tr><th scope=\"row\">" : "| ", page->out);
	put(page, key);
	(void)fputs(page->is_html ? "</th><td>" : " | ", page->out);
	put(page, text);
	(void)fputs(page->is_html ? "</td></tr>\n" : " |\n", page->out);
}

void alm_page_facts_end(struct alm_page *page)
{
	if (page->is_html) {
		(void)fputs("</table>\n", page->out);
	}
}

void alm_page_table_begin(
	struct alm_page *page, const char *const *columns, size_t count)
{
	if (page->is_html) {
		(void)fputs("<table>\n<thead><tr>", page->out);
		for (size_t i = 0; i < count; i++) {
			(void)fputs("<th scope=\"col\">", page->out);
			put(page, columns[i]);
			(void)fputs("</th>", page->out);
		}
		(void)fputs("</tr></thead>\n<tbody>\n", page->out);
		return;
	}
	(void)fputc('\n', page->out);
	alm_page_row(page, columns, count);
	for (size_t i = 0; i < count; i++) {
		(void)fputs(i == 0 ? "|---|" : "---|", page->out);
	}
	(void)fputc('\n', page->out);
}

void alm_page_row(struct alm_page *page, const char *const *cells, size_t count)
{
	(void)fputs(page->is_html ? "<tr>" : "|", page->out);
	for (size_t i = 0; i < count; i++) {
		(void)fputs(page->is_html ? "<td>" : " ", page->out);
		put(page, cells[i]);
		(void)fputs(page->is_html ? "</td>" : " |", page->out);
	}
	(void)fputs(page->is_html ? "</tr>\n" : "\n", page->out);
}

void alm_page_table_end(struct alm_page *page)
{
	if (page->is_html) {
		(void)fputs("</tbody>\n</table>\n", page->out);
	}
}

bool alm_page_end(struct alm_page *page)
{
	if (page->is_html) {
		(void)fputs("</body>\n</html>\n", page->out);
	}
	return fflush(page->out) == 0 && ferror(page->out) == 0;
}
