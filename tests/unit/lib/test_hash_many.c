/*
 * Goal: many texts at once have the digests that each has alone, whatever
 * their number and lengths.  Method: seeded lengths, about the lanes' edges
 * and both sides of what is hashed alone; and one digest that is published.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hash_many.h"

#define JOBS_MAX 200u
#define TEXT_BYTES 9000u

static struct alm_hash *one;
static struct alm_hash_many *many;
static uint8_t text[TEXT_BYTES + JOBS_MAX];
static struct alm_hash_job jobs[JOBS_MAX];
static uint8_t digests[JOBS_MAX][ALM_DIGEST_BYTES];

static void open_all(void)
{
	one = alm_hash_new();
	many = alm_hash_many_new();
	cr_assert(one != NULL && many != NULL);
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (uint8_t)(i * 31 + i / 256);
	}
}

static void close_all(void)
{
	alm_hash_many_free(many);
	alm_hash_free(one);
}

TestSuite(hash_many, .init = open_all, .fini = close_all);

/* xorshift64* */
static size_t random_below(uint64_t *state, size_t bound)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (size_t)(*state * UINT64_C(2685821657736338717) >> 33) % bound;
}

/* Job `i` begins one byte behind the one before, so no two are the same. */
static void add(size_t i, size_t bytes)
{
	jobs[i] = (struct alm_hash_job){{text + i, bytes}, digests[i]};
}

static void same_as_alone(size_t count)
{
	memset(digests, 0, sizeof(digests));
	alm_hash_many(many, jobs, count);
	for (size_t i = 0; i < count; i++) {
		uint8_t wanted[ALM_DIGEST_BYTES];

		alm_hash_bytes(one, jobs[i].bytes, wanted);
		cr_assert_arr_eq(digests[i], wanted, sizeof(wanted),
			"%zu of %zu, %zu bytes", i, count, jobs[i].bytes.bytes);
	}
}

Test(hash_many, of_texts_of_one_length)
{
	static const size_t lengths[] = {0, 1, 31, 55, 56, 63, 64, 65, 119, 120,
		128, 1024, 8192, 8193, TEXT_BYTES};

	for (size_t k = 0; k < ALM_COUNT(lengths); k++) {
		for (size_t count = 0; count <= 40; count++) {
			for (size_t i = 0; i < count; i++) {
				add(i, lengths[k]);
			}
			same_as_alone(count);
		}
	}
}

Test(hash_many, of_texts_of_many_lengths)
{
	uint64_t seed = 20261123;

	for (unsigned round = 0; round < 200; round++) {
		size_t count = random_below(&seed, JOBS_MAX + 1);
		size_t bytes_max = round % 2 == 0 ? 400 : TEXT_BYTES;

		for (size_t i = 0; i < count; i++) {
			add(i, random_below(&seed, bytes_max + 1));
		}
		same_as_alone(count);
	}
}

Test(hash_many, of_abc_is_the_published_one)
{
	static const uint8_t wanted[ALM_DIGEST_BYTES] = {0xba, 0x78, 0x16, 0xbf,
		0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
		0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
		0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

	for (size_t i = 0; i < 32; i++) {
		jobs[i] = (struct alm_hash_job){
			{(const uint8_t *)"abc", 3}, digests[i]};
	}
	alm_hash_many(many, jobs, 32);
	for (size_t i = 0; i < 32; i++) {
		cr_assert_arr_eq(digests[i], wanted, sizeof(wanted));
	}
}
