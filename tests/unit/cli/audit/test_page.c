/* test_page.c - no text of a record can become markup, whatever it is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit/page.h"

static const char hostile[] =
	"</td></table><script>alert('1')</script>\n# <b>|\"&amp;`[x](y)\\\x01"
	"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xc2\x9b";

static char *page_of(bool is_html)
{
	char *text = NULL;
	size_t bytes = 0;
	struct alm_page page = {
		.out = open_memstream(&text, &bytes), .is_html = is_html};
	const char *const cells[] = {hostile, "plain"};

	alm_page_begin(&page, hostile);
	alm_page_heading(&page, 2, hostile);
	alm_page_say(&page, "%s", hostile);
	alm_page_facts_begin(&page);
	alm_page_fact(&page, hostile, hostile);
	alm_page_fact(&page, "left out", "");
	alm_page_facts_end(&page);
	alm_page_table_begin(&page, cells, 2);
	alm_page_row(&page, cells, 2);
	alm_page_table_end(&page);
	cr_expect(alm_page_end(&page));
	fclose(page.out);
	return text;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
		count++;
	}
	return count;
}

Test(page, escapes_every_text_in_html)
{
	char *text = page_of(true);

	cr_expect_null(strstr(text, "\xe2"), "it could be read otherwise");
	cr_expect_null(strstr(text, "\xc2"));
	cr_expect_null(strstr(text, "<script"));
	cr_expect_null(strstr(text, "<b>"));
	cr_expect_null(strstr(text, "\x01"));
	cr_expect_eq(count_of(text, "</table>"), 2);
	cr_expect_eq(count_of(text, "&lt;script&gt;alert(&#39;1&#39;)"), 8);
	cr_expect_null(strstr(text, "left out"));
	cr_expect_eq(strncmp(text, "<!DOCTYPE html>\n", 16), 0);
	cr_expect_not_null(strstr(text, "default-src 'none'"));
	free(text);
}

Test(page, escapes_every_text_in_markdown)
{
	char *text = page_of(false);

	cr_expect_null(strstr(text, "<"));
	cr_expect_null(strstr(text, "\n# &lt;b"));
	cr_expect_null(strstr(text, " [x]"));
	/* Two rows and a line under the heading in each of two tables. */
	cr_expect_eq(count_of(text, "\n|"), 6);
	free(text);
}
