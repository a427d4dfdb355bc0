/* test_nearest.c - which known word an unknown one is near. */
#include <criterion/criterion.h>

#include "lib/nearest.h"

static const char *const words[] = {
	"direct-care", "emergency-care", "planning", "research", "any"};

static const char *near(const char *word)
{
	return alm_nearest_of(word, words, sizeof(words) / sizeof(*words));
}

Test(nearest, finds_typing_mistakes)
{
	cr_expect_str_eq(near("direct-caer"), "direct-care");
	cr_expect_str_eq(near("direct_care"), "direct-care");
	cr_expect_str_eq(near("Research"), "research");
	cr_expect_str_eq(near("emergancy-car"), "emergency-care");
	cr_expect_str_eq(near("an"), "any");
}

Test(nearest, says_nothing_of_what_is_far)
{
	cr_expect_null(near("zebra"));
	cr_expect_null(near(""));
	cr_expect_null(near("x"));
	cr_expect_null(near("direct-care-direct-care-direct-care-direct-care-"
			    "direct-care-direct-care"));
}

Test(nearest, takes_the_first_of_equals)
{
	static const char *const two[] = {"cat", "car"};

	cr_expect_str_eq(alm_nearest_of("cab", two, 2), "cat");
}

Test(nearest, agrees_with_the_letters_wherever_they_differ)
{
	static const struct {
		const char *word;
		const char *known;
		int is_near;
	} rows[] = {
		{"organisation-of-care-1", "xxxxorganisation-of-care-1", 1},
		{"organisation-of-care-1", "organisation-of-care-1xxxx", 1},
		{"organisation-of-care-1", "organisation-of-care-1xxxxx", 0},
		{"abcdefghijklmnopqr", "badcfehgijklmnopqr", 1},
		{"abcdefghijklmnopqr", "badcfehgjilkmnopqr", 0},
		{"xabcdefghijkl", "abcdefghijklx", 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *best =
			alm_nearest_of(rows[i].word, &rows[i].known, 1);

		cr_expect_eq(best != NULL, rows[i].is_near, "row %zu", i);
	}
}
