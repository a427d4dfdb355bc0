/* test_words.c - words and their numbers, both ways. */
#include <criterion/criterion.h>

#include "lib/words.h"

Test(words, go_to_a_number_and_back)
{
	for (unsigned i = 1; i <= ALM_EFFECT_WORDS; i++) {
		cr_assert_eq(alm_effect_of(alm_effect_word(i)), i);
	}
	for (unsigned i = 1; i <= ALM_LEVEL_WORDS; i++) {
		cr_assert_eq(alm_level_of(alm_level_word(i)), i);
	}
}

Test(words, have_the_numbers_of_the_wire)
{
	cr_assert_str_eq(alm_effect_word(1), "permit");
	cr_assert_str_eq(alm_effect_word(3), "deny");
	cr_assert_str_eq(alm_level_word(1), "aggregate");
	cr_assert_str_eq(alm_level_word(4), "identifiable");
}

Test(words, are_empty_for_a_number_that_is_none)
{
	cr_assert_str_empty(alm_effect_word(0));
	cr_assert_str_empty(alm_effect_word(ALM_EFFECT_WORDS + 1));
	cr_assert_str_empty(alm_level_word(0));
	cr_assert_str_empty(alm_level_word(ALM_LEVEL_WORDS + 1));
}

Test(words, are_no_number_when_they_are_others)
{
	cr_assert_eq(alm_effect_of("Permit"), 0);
	cr_assert_eq(alm_effect_of(""), 0);
	cr_assert_eq(alm_level_of("aggregated"), 0);
	cr_assert_eq(alm_level_of(NULL), 0);
}
