/* test_affected.c - a breach report counts and names everybody: each person
 * once, and each recipient, however many there are. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit/affected.h"

#define RECIPIENTS 300u

static struct alm_report report;

static void set_up(void)
{
	memset(&report, 0, sizeof(report));
	alm_arena_init(&report.arena, (size_t)64 * 1024 * 1024);
	alm_stories_init(&report.stories);
}

static void tear_down(void)
{
	alm_stories_fini(&report.stories);
	alm_arena_fini(&report.arena);
}

TestSuite(affected, .init = set_up, .fini = tear_down);

static void hand_over(const char *message, const char *recipient,
	const char *person, const char *categories)
{
	static uint64_t seq;
	const struct alm_log_row row = {.seq = ++seq,
		.time = "2026-07-30T09:00:00.000000Z",
		.kind = "delivered",
		.effect = "",
		.sender = "RX1",
		.recipient = recipient,
		.purpose = "direct-care",
		.categories = categories,
		.basis = "",
		.level_in = "",
		.level_out = "identifiable",
		.message = message,
		.person = person,
		.standard = "",
		.agent = "",
		.detail = ""};

	cr_assert(alm_stories_add(&report.stories, &row));
}

Test(affected, names_every_recipient)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_affected affected;
	char recipient[16];
	const char *text;

	for (unsigned i = 0; i < RECIPIENTS; i++) {
		(void)snprintf(recipient, sizeof(recipient), "P%04u", i);
		hand_over("m1", recipient, "aa", "contact,discharge");
	}
	hand_over("m2", "P0007", "aa", "contact");
	hand_over("m3", "P0007", "bb", "contact");
	hand_over("m4", "P0008", "", "");
	cr_assert_eq(alm_affected_count(&report, &affected, &problem), ALM_OK);
	cr_expect_eq(affected.given, RECIPIENTS + 3);
	cr_expect_eq(affected.about_nobody, 1);
	cr_assert_eq(affected.person_count, 2);
	cr_assert_eq(affected.recipient_count, RECIPIENTS);
	cr_expect_str_eq(affected.recipients[299].key, "P0299");
	cr_expect_eq(affected.recipients[7].messages, 3);
	cr_expect_eq(affected.recipients[7].people, 2);
	cr_expect_eq(affected.recipients[8].messages, 2);
	cr_expect_eq(affected.recipients[8].people, 1);
	cr_expect_eq(affected.persons[0].recipient_count, RECIPIENTS);
	text = alm_affected_recipients(
		&affected, &affected.persons[0], &report.arena);
	cr_expect_eq(strlen(text), RECIPIENTS * 5 + (RECIPIENTS - 1) * 2);
	cr_expect_eq(strncmp(text, "P0000, P0001, ", 14), 0, "%.20s", text);
	text = alm_affected_recipients(
		&affected, &affected.persons[1], &report.arena);
	cr_expect_str_eq(text, "P0007");
	cr_expect_str_eq(alm_affected_kinds(&affected, &affected.persons[0],
				 &report.arena),
		"contact, discharge");
	cr_expect_eq(affected.categories[0].people, 2);
}

Test(affected, counts_nothing_where_nothing_was_handed_over)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_affected affected;

	cr_assert_eq(alm_affected_count(&report, &affected, &problem), ALM_OK);
	cr_expect_eq(affected.given, 0);
	cr_expect_eq(affected.person_count, 0);
	cr_expect_eq(affected.recipient_count, 0);
}
