/* test_wordlist.c - words that two people compare over the telephone. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/wordlist.h"

Test(wordlist, words_are_short_lower_case_and_in_order)
{
	for (unsigned i = 0; i < ALM_WORDS; i++) {
		const char *word = alm_word(i);
		size_t bytes = strlen(word);

		cr_expect_geq(bytes, 3, "%s", word);
		cr_expect_leq(bytes, ALM_WORD_BYTES_MAX, "%s", word);
		cr_expect_eq(strspn(word, "abcdefghijklmnopqrstuvwxyz"), bytes);
		cr_expect(i == 0 || strcmp(alm_word(i - 1), word) < 0, "%s",
			word);
	}
}

/* Who writes an agent in another language takes them from there. */
Test(wordlist, the_page_of_words_has_these_in_this_order)
{
	FILE *page = fopen("docs/words.txt", "r");
	char line[64];
	unsigned count = 0;

	cr_assert_not_null(page);
	while (fgets(line, sizeof(line), page) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		cr_assert_lt(count, ALM_WORDS);
		cr_expect_str_eq(line, alm_word(count++));
	}
	cr_expect_eq(count, ALM_WORDS);
	fclose(page);
}

/* Whether one letter more, less or other makes the one the other. */
static bool is_near(const char *a, const char *b)
{
	size_t same = 0;
	const char *end_a = a + strlen(a);
	const char *end_b = b + strlen(b);

	while (a[same] != '\0' && a[same] == b[same]) {
		same++;
	}
	a += same;
	b += same;
	while (end_a > a && end_b > b && end_a[-1] == end_b[-1]) {
		end_a--;
		end_b--;
	}
	return end_a - a <= 1 && end_b - b <= 1;
}

Test(wordlist, no_two_words_differ_by_one_letter)
{
	for (unsigned i = 0; i < ALM_WORDS; i++) {
		for (unsigned k = i + 1; k < ALM_WORDS; k++) {
			cr_assert(!is_near(alm_word(i), alm_word(k)), "%s %s",
				alm_word(i), alm_word(k));
		}
	}
}

Test(wordlist, holds_no_word_that_sounds_like_another)
{
	static const char *const homophones[] = {"aisle", "allowed", "bare",
		"bear", "board", "brake", "break", "cell", "cereal", "cite",
		"council", "counsel", "deer", "dew", "fair", "fare", "flour",
		"flower", "grate", "great", "hair", "hare", "heal", "heel",
		"hole", "knight", "knot", "lead", "mail", "male", "meat",
		"meet", "night", "pain", "pane", "pair", "pear", "peace",
		"piece", "plain", "plane", "pray", "prey", "principal",
		"principle", "rain", "reign", "right", "write", "role", "roll",
		"route", "sail", "sale", "scene", "seen", "sight", "site",
		"son", "stair", "stationery", "steal", "steel", "tail", "tale",
		"their", "there", "vain", "vein", "waist", "waste", "wait",
		"weight", "weak", "week", "weather", "whether", "wood"};

	for (size_t h = 0; h < sizeof(homophones) / sizeof(*homophones); h++) {
		for (unsigned i = 0; i < ALM_WORDS; i++) {
			cr_assert_str_neq(alm_word(i), homophones[h]);
		}
	}
}

Test(wordlist, says_eleven_bits_a_word)
{
	static const uint8_t zeros[32] = {0};
	static const uint8_t ones[] = {
		0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0};
	static const uint8_t count[] = {
		0x00, 0x00, 0x04, 0x01, 0x00, 0x30, 0x08, 0x01, 0x40};
	char expected[ALM_WORDS_SAID_BYTES];
	char said[ALM_WORDS_SAID_BYTES];

	alm_words_say(zeros, said);
	snprintf(expected, sizeof(expected), "%s %s %s %s %s %s", alm_word(0),
		alm_word(0), alm_word(0), alm_word(0), alm_word(0),
		alm_word(0));
	cr_expect_str_eq(said, expected);
	alm_words_say(ones, said);
	snprintf(expected, sizeof(expected), "%s %s %s %s %s %s",
		alm_word(2047), alm_word(2047), alm_word(2047), alm_word(2047),
		alm_word(2047), alm_word(2047));
	cr_expect_str_eq(said, expected);
	alm_words_say(count, said);
	snprintf(expected, sizeof(expected), "%s %s %s %s %s %s", alm_word(0),
		alm_word(1), alm_word(2), alm_word(3), alm_word(4),
		alm_word(5));
	cr_expect_str_eq(said, expected);
}

Test(wordlist, the_bits_behind_do_not_matter_and_the_last_does)
{
	uint8_t digest[9] = {0};
	char before[ALM_WORDS_SAID_BYTES];
	char said[ALM_WORDS_SAID_BYTES];

	alm_words_say(digest, before);
	digest[8] = 0x3F;
	alm_words_say(digest, said);
	cr_expect_str_eq(said, before);
	digest[8] = 0x40;
	alm_words_say(digest, said);
	cr_expect_str_neq(said, before);
}
