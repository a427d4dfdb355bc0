/* test_story.c - records of one message to one recipient become one entry, in
 * whatever order what happened to it is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit/report.h"

static struct alm_stories stories;
static uint64_t seq;

static void set_up(void)
{
	alm_stories_init(&stories);
	seq = 0;
}

static void tear_down(void)
{
	alm_stories_fini(&stories);
}

TestSuite(story, .init = set_up, .fini = tear_down);

static struct alm_log_row row_of(
	const char *kind, const char *message, const char *recipient)
{
	return (struct alm_log_row){.seq = ++seq,
		.time = "2026-07-30T09:00:00.000000Z",
		.kind = kind,
		.effect = "",
		.sender = "RX1",
		.recipient = recipient,
		.purpose = "direct-care",
		.categories = "contact",
		.basis = "dsa-1",
		.level_in = "",
		.level_out = "identifiable",
		.message = message,
		.person = "",
		.standard = "",
		.agent = "",
		.detail = ""};
}

static void add(const char *kind, const char *message, const char *recipient)
{
	struct alm_log_row row = row_of(kind, message, recipient);

	cr_assert(alm_stories_add(&stories, &row));
}

Test(story, tells_messages_and_recipients_apart)
{
	add("accepted", "m1", "RHA");
	add("accepted", "m1", "C84001");
	add("accepted", "m2", "RHA");
	add("delivered", "m1", "C84001");
	add("acknowledged", "m1", "C84001");
	add("delivered", "m2", "RHA");
	cr_assert_eq(stories.count, 3);
	cr_expect_eq(stories.items[0].end, ALM_STORY_WAITS);
	cr_expect_eq(stories.items[1].end, ALM_STORY_TAKEN);
	cr_expect_eq(stories.items[2].end, ALM_STORY_GIVEN);
	cr_expect_not(alm_story_was_given(&stories.items[0]));
	cr_expect(alm_story_was_given(&stories.items[1]));
}

Test(story, ends_as_the_last_record_says)
{
	static const struct {
		const char *kinds[4];
		enum alm_story_end end;
		bool was_given;
	} rows[] = {
		{{"accepted", "delivered", "rejected"}, ALM_STORY_REJECTED,
			true},
		{{"accepted", "stopped-at-hand-over"}, ALM_STORY_STOPPED,
			false},
		{{"accepted", "expired"}, ALM_STORY_EXPIRED, false},
		{{"accepted", "delivered", "delivered", "dead-lettered"},
			ALM_STORY_DEAD, true},
		{{"refused"}, ALM_STORY_REFUSED, false},
		{{"refused", "accepted"}, ALM_STORY_WAITS, false},
		{{"delivered", "acknowledged"}, ALM_STORY_TAKEN, true},
		{{"acknowledged"}, ALM_STORY_TAKEN, true},
	};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		char message[8];

		(void)snprintf(message, sizeof(message), "m%zu", i);
		for (size_t k = 0; k < 4 && rows[i].kinds[k] != NULL; k++) {
			add(rows[i].kinds[k], message, "RHA");
		}
		cr_assert_eq(stories.count, i + 1);
		cr_expect_eq(stories.items[i].end, rows[i].end, "row %zu", i);
		cr_expect_eq(alm_story_was_given(&stories.items[i]),
			rows[i].was_given, "row %zu", i);
		cr_expect_neq(alm_story_main(&stories.items[i])->seq, 0);
	}
}

/* A sender chooses its ids, and so can hide nothing that another sent. */
Test(story, tells_senders_that_chose_one_id_apart)
{
	struct alm_log_row row;

	add("accepted", "m1", "RHA");
	add("delivered", "m1", "RHA");
	row = row_of("refused", "m1", "RHA");
	row.sender = "R1H";
	cr_assert(alm_stories_add(&stories, &row));
	add("acknowledged", "m1", "RHA");
	cr_assert_eq(stories.count, 2);
	cr_expect_eq(stories.items[0].end, ALM_STORY_TAKEN);
	cr_expect_eq(stories.items[1].end, ALM_STORY_REFUSED);
}

Test(story, keeps_what_went_out_when_its_id_is_used_again)
{
	static const char *const kinds[] = {"accepted", "refused", "delivered",
		"acknowledged", "refused", "accepted", "delivered", "expired"};
	char other[16];

	for (size_t i = 0; i < ALM_COUNT(kinds); i++) {
		add(kinds[i], "m1", "RHA");
	}
	cr_assert_eq(stories.count, 4);
	cr_expect_eq(stories.items[0].end, ALM_STORY_TAKEN);
	cr_expect_eq(stories.items[1].end, ALM_STORY_REFUSED);
	cr_expect_eq(stories.items[2].end, ALM_STORY_REFUSED);
	cr_expect_eq(stories.items[3].end, ALM_STORY_EXPIRED);
	cr_expect(alm_story_was_given(&stories.items[3]));
	/* Also when they are looked up in a larger table. */
	for (unsigned i = 0; i < 2000; i++) {
		(void)snprintf(other, sizeof(other), "n%u", i);
		add("accepted", other, "RHA");
	}
	add("acknowledged", "m1", "RHA");
	cr_expect_eq(stories.items[3].end, ALM_STORY_TAKEN);
}

Test(story, says_that_it_was_handed_over_before_it_was_stopped)
{
	static const char *const ends[] = {
		"stopped-at-hand-over", "expired", "dead-lettered"};
	struct alm_arena arena;
	struct alm_book book;

	alm_arena_init(&arena, 65536);
	alm_book_init(&book, NULL, &arena);
	for (size_t i = 0; i < ALM_COUNT(ends); i++) {
		char message[8];
		const char *words;

		(void)snprintf(message, sizeof(message), "m%zu", i);
		add("accepted", message, "RHA");
		add(ends[i], message, "RHA");
		words = alm_story_end_words(&book, &stories.items[2 * i]);
		cr_expect_null(strstr(words, "handed over on"), "%s", words);
		(void)snprintf(message, sizeof(message), "n%zu", i);
		add("accepted", message, "RHA");
		add("delivered", message, "RHA");
		add(ends[i], message, "RHA");
		words = alm_story_end_words(&book, &stories.items[2 * i + 1]);
		cr_expect_eq(
			strncmp(words, "handed over on", 14), 0, "%s", words);
		cr_expect_null(strstr(words, "before it was"), "%s", words);
	}
	alm_book_fini(&book);
	alm_arena_fini(&arena);
}

Test(story, finds_each_of_many_again)
{
	char message[16];
	struct alm_log_row row;

	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(message, sizeof(message), "m%u", i);
		add("accepted", message, "RHA");
	}
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(message, sizeof(message), "m%u", i);
		add("delivered", message, "RHA");
	}
	cr_expect_eq(stories.count, 5000);
	row = row_of("delivered", "m77", "RHA");
	cr_expect(alm_stories_have(&stories, &row));
	row = row_of("delivered", "m77", "RHB");
	cr_expect_not(alm_stories_have(&stories, &row));
}

Test(story, keeps_apart_what_is_about_no_message)
{
	struct alm_log_row row = row_of("audit-queried", "", "");

	cr_assert(alm_stories_add(&stories, &row));
	row = row_of("accepted", "m1", "RHA");
	row.detail = "pruned";
	cr_assert(alm_stories_add(&stories, &row));
	add("notice", "m1", "RX1");
	add("sent-to-several", "m2", "group-1");
	add("upload-begun", "m3", "RHA");
	cr_expect_eq(stories.count, 1);
	cr_expect_eq(stories.other_count, 1);
	cr_expect_eq(stories.pruned, 1);
}

Test(story, reads_lines_of_the_private_part)
{
	struct alm_log_row row = row_of("accepted", "m1", "RHA");
	struct alm_arena arena;

	alm_arena_init(&arena, 65536);
	row.detail = "requested: a,b;reason: 402;reason: 305;override-reason: "
		     "x, reason: 9;reasonable: no";
	cr_expect_str_eq(alm_log_detail(&row, "requested", 0, &arena), "a,b");
	cr_expect_str_eq(alm_log_detail(&row, "reason", 0, &arena), "402");
	cr_expect_str_eq(alm_log_detail(&row, "reason", 1, &arena), "305");
	cr_expect_str_eq(alm_log_detail(&row, "reason", 2, &arena), "");
	cr_expect_str_eq(alm_log_detail(&row, "redacted", 0, &arena), "");
	row.detail = "pruned";
	cr_expect_str_eq(alm_log_detail(&row, "reason", 0, &arena), "");
	alm_arena_fini(&arena);
}
