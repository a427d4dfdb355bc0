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
