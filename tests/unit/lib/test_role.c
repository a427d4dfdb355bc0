/* test_role.c - the roles of an agent, as people write them. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/role.h"

Test(role, reads_and_writes_the_words)
{
	static const struct {
		const char *text;
		uint8_t roles;
		const char *said;
	} rows[] = {
		{"send", ALM_ROLE_SEND, "send"},
		{"query,send", ALM_ROLE_SEND | ALM_ROLE_QUERY, "send,query"},
		{"send,receive,query", ALM_ROLES_ALL, "send,receive,query"},
		{"all", ALM_ROLES_ALL, "send,receive,query"},
		{"none", 0, "none"},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		char said[ALM_ROLES_TEXT_BYTES];
		uint8_t roles = 99;

		cr_assert_eq(alm_roles_parse(rows[i].text, &roles), ALM_OK);
		cr_expect_eq(roles, rows[i].roles, "%s", rows[i].text);
		alm_roles_text(roles, said);
		cr_expect_str_eq(said, rows[i].said);
	}
}

Test(role, refuses_other_words)
{
	static const char *const rows[] = {"", ",", "send,", ",send", "sen",
		"sends", "send,send", "all,send", "Send", "send receive"};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		uint8_t roles = 99;

		cr_expect_eq(alm_roles_parse(rows[i], &roles), ALM_VALUE_BAD,
			"%s", rows[i]);
		cr_expect_eq(roles, 99);
	}
}

Test(role, keeps_categories_in_order_and_once)
{
	char out[ALM_AGENT_CATEGORIES_BYTES];
	char most[ALM_AGENT_CATEGORIES_BYTES + 1];

	cr_assert_eq(alm_categories_parse("c,a,b,a", out), ALM_OK);
	cr_expect_str_eq(out, "a,b,c");
	cr_assert_eq(alm_categories_parse("any", out), ALM_OK);
	cr_expect_str_eq(out, "");
	cr_assert_eq(alm_categories_parse("", out), ALM_OK);
	cr_expect_str_eq(out, "");
	for (size_t i = 0; i < sizeof(most); i++) {
		most[i] = i % 2 == 0 ? (char)('a' + i / 2 % 26) : ',';
	}
	most[ALM_AGENT_CATEGORIES_BYTES_MAX] = '\0';
	cr_assert_eq(alm_categories_parse(most, out), ALM_OK);
	most[ALM_AGENT_CATEGORIES_BYTES_MAX] = 'x';
	most[ALM_AGENT_CATEGORIES_BYTES_MAX + 1] = '\0';
	cr_expect_eq(alm_categories_parse(most, out), ALM_FIELD_TOO_LARGE);
	cr_expect_eq(alm_categories_parse("a,,b", out), ALM_VALUE_BAD);
	cr_expect_eq(alm_categories_parse("a,", out), ALM_VALUE_BAD);
	cr_expect_eq(alm_categories_parse("a b", out), ALM_VALUE_BAD);
	cr_expect_eq(alm_categories_parse("a,any", out), ALM_VALUE_BAD);
}

Test(role, holds_whole_categories_alone)
{
	cr_expect(alm_categories_hold("ab,cd", "ab", 2));
	cr_expect(alm_categories_hold("ab,cd", "cd", 2));
	cr_expect_not(alm_categories_hold("ab,cd", "a", 1));
	cr_expect_not(alm_categories_hold("ab,cd", "b,c", 3));
	cr_expect_not(alm_categories_hold("", "a", 1));
	cr_expect(alm_categories_hold_all("ab,cd", "ab,cd"));
	cr_expect(alm_categories_hold_all("ab,cd", ""));
	cr_expect_not(alm_categories_hold_all("ab,cd", "ab,c"));
	cr_expect_not(alm_categories_hold_all("", "ab"));
}
