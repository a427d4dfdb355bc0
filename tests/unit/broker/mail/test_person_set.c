/* test_person_set.c - a set of people as the log names them. */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/mail/person_set.h"
#include "lib/bytes.h"

TestSuite(person_set);

/* Like keyed hashes: spread, and never the same. */
static void make(uint64_t number, uint8_t out[ALM_PERSON_BYTES])
{
	memset(out, 0, ALM_PERSON_BYTES);
	alm_put_u64(out, (number + 1) * UINT64_C(0x9E3779B97F4A7C15));
	alm_put_u64(out + 8, number);
}

Test(person_set, contains_what_was_added_and_nothing_else)
{
	struct alm_person_set set = {.count = 0};
	uint8_t person[ALM_PERSON_BYTES];

	for (uint64_t i = 0; i < 5000; i += 2) {
		make(i, person);
		cr_assert_eq(alm_person_set_add(&set, person), ALM_OK);
		cr_assert_eq(alm_person_set_add(&set, person), ALM_OK);
	}
	cr_expect_eq(set.count, 2500);
	for (uint64_t i = 0; i < 5000; i++) {
		make(i, person);
		cr_assert_eq(alm_person_set_contains(&set, person), i % 2 == 0);
	}
	alm_person_set_fini(&set);
	make(0, person);
	cr_expect_not(alm_person_set_contains(&set, person));
}

Test(person_set, never_contains_nobody)
{
	static const uint8_t nobody[ALM_PERSON_BYTES];
	struct alm_person_set set = {.count = 0};
	uint8_t person[ALM_PERSON_BYTES];

	make(1, person);
	cr_expect_not(alm_person_set_contains(&set, nobody));
	cr_assert_eq(alm_person_set_add(&set, person), ALM_OK);
	cr_assert_eq(alm_person_set_add(&set, nobody), ALM_OK);
	cr_expect_not(alm_person_set_contains(&set, nobody));
	cr_expect_eq(set.count, 1);
	alm_person_set_fini(&set);
}
