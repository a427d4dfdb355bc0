/* test_statement.c - what officers sign, and that it serves nothing else. */
#include <criterion/criterion.h>
#include <string.h>

#include <sodium.h>

#include "lib/statement.h"

static const uint8_t seed[32] = {7};
static uint8_t key[32];

static struct alm_statement plain(void)
{
	return (struct alm_statement){.act = ALM_ACT_APPROVE,
		.store_id = {1, 2},
		.number = 7,
		.base = 3,
		.content = {{9}},
		.what = "",
		.by = "grace",
		.reason = "reviewed"};
}

static void set_up(void)
{
	uint8_t secret[64];

	cr_assert_geq(sodium_init(), 0);
	crypto_sign_seed_keypair(key, secret, seed);
}

TestSuite(statement, .init = set_up);

Test(statement, is_the_published_text)
{
	struct alm_statement statement = plain();
	char text[ALM_STATEMENT_BYTES_MAX];
	size_t bytes = 0;

	cr_assert_eq(alm_statement_write(&statement, text, &bytes), ALM_OK);
	cr_expect_eq(strlen(text), bytes);
	cr_expect_str_eq(text,
		"almoner/statement/v1\nact: approve\n"
		"store: 01020000000000000000000000000000\n"
		"number: 7\nbase: 3\ncontent: 09000000000000000000000000000000"
		"00000000000000000000000000000000\nwhat: \nby: grace\n"
		"reason: reviewed\n");
}

Test(statement, verifies_for_its_own_words_alone)
{
	struct alm_statement statement = plain();
	struct alm_statement others[9];
	uint8_t signature[64];

	cr_assert_eq(alm_statement_sign(&statement, seed, signature), ALM_OK);
	cr_expect_eq(alm_statement_verify(&statement, key, signature), ALM_OK);
	for (size_t i = 0; i < 9; i++) {
		others[i] = plain();
	}
	others[0].act = ALM_ACT_PROPOSE;
	others[1].store_id[15] = 1;
	others[2].number = 8;
	others[3].base = 4;
	others[4].content.raw[31] = 1;
	others[5].what = "epoch 2";
	others[6].by = "henry";
	others[7].reason = "reviewed ";
	others[8].act = ALM_ACT_EMERGENCY;
	for (size_t i = 0; i < 9; i++) {
		cr_expect_eq(alm_statement_verify(&others[i], key, signature),
			ALM_OFFICER_SIGNATURE, "%zu", i);
	}
	signature[0] ^= 1;
	cr_expect_eq(alm_statement_verify(&statement, key, signature),
		ALM_OFFICER_SIGNATURE);
}

Test(statement, takes_no_line_from_a_value)
{
	struct alm_statement statement = plain();
	char text[ALM_STATEMENT_BYTES_MAX];
	char large[ALM_STATEMENT_BYTES_MAX];
	size_t bytes = 0;

	statement.reason = "x\nby: henry";
	cr_expect_eq(
		alm_statement_write(&statement, text, &bytes), ALM_NOT_TEXT);
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	statement.reason = large;
	cr_expect_eq(alm_statement_write(&statement, text, &bytes),
		ALM_FIELD_TOO_LARGE);
}

Test(statement, signs_statements_alone)
{
	uint8_t signature[64];
	const char *other = "almoner/receipt/v1\n";

	cr_expect_eq(alm_statement_sign_text(
			     (struct alm_bytes){
				     (const uint8_t *)other, strlen(other)},
			     seed, signature),
		ALM_MALFORMED);
}
