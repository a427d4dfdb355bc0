/*
 * test_check.c - real files of evidence are taken as they are, and refused
 * with any one bit changed, cut off anywhere, or under another key.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/check.h"
#include "lib/file.h"
#include "lib/id.h"

#define FOLDER "tests/fuzz/corpus/evidence/"
/* That signed them. */
#define KEY_TEXT \
	"105ecd5f9415408534e1e1e850f3d755" \
	"8ed805b768b91ab2784956cc947172f3"
#define END_BYTES 69u

static struct alm_trust trust;
static struct alm_arena arena;
static struct alm_checked checked;

static void set_up(void)
{
	cr_assert_geq(sodium_init(), 0);
	trust = (struct alm_trust){.key_count = 1, .is_strict = true};
	cr_assert_eq(alm_unhex(KEY_TEXT, trust.keys[0], 32), ALM_OK);
	alm_arena_init(&arena, (size_t)64 * 1024 * 1024);
}

static void tear_down(void)
{
	alm_arena_fini(&arena);
}

TestSuite(check, .init = set_up, .fini = tear_down, .timeout = 1800);

static uint8_t *load(const char *name, size_t *out_bytes)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t *data = NULL;
	char path[128];

	snprintf(path, sizeof(path), FOLDER "%s", name);
	cr_assert_eq(alm_file_read(path, 1 << 20, &data, out_bytes, &problem),
		ALM_OK, "%s", problem.detail);
	return data;
}

/* The head that the proof of growth is from: the log of one record. */
static struct alm_checkpoint old_head(void)
{
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_receipt_extra extra;
	struct alm_checkpoint old = {.size = 1};
	struct alm_tlog_proof proof;
	struct alm_hash *hash = alm_hash_new();
	uint8_t *raw;
	size_t raw_bytes = 0;
	size_t bytes;
	uint8_t *data = load("receipt-private", &bytes);

	cr_assert_eq(alm_check_receipt(&trust, (struct alm_bytes){data, bytes},
			     &arena, &checked, &problem),
		ALM_OK);
	cr_assert_eq(checked.seq, 1);
	cr_assert_eq(
		alm_tlog_proof_parse((struct alm_bytes){data, bytes}, &proof),
		ALM_OK);
	raw = malloc(bytes);
	cr_assert_eq(
		sodium_base642bin(raw, bytes, (const char *)proof.extra.data,
			proof.extra.bytes, NULL, &raw_bytes, NULL,
			sodium_base64_VARIANT_ORIGINAL),
		0);
	cr_assert_eq(alm_receipt_extra_parse(
			     hash, (struct alm_bytes){raw, raw_bytes}, &extra),
		ALM_OK);
	old.root = extra.leaf; /* one leaf is its own tree */
	memcpy(old.origin, checked.head.origin, sizeof(old.origin));
	alm_hash_free(hash);
	free(raw);
	free(data);
	return old;
}

static struct alm_checkpoint old;

static enum alm_err check(const char *name, struct alm_bytes file)
{
	struct alm_problem problem = {.err = ALM_OK};

	alm_arena_reset(&arena);
	if (strcmp(name, "head") == 0) {
		return alm_check_head(&trust, file, &checked, &problem);
	}
	if (strncmp(name, "receipt", 7) == 0) {
		return alm_check_receipt(
			&trust, file, &arena, &checked, &problem);
	}
	if (strcmp(name, "growth") == 0) {
		return alm_check_growth(&trust, &old, file, &checked, &problem);
	}
	return alm_check_bundle(
		&trust, file, &arena, NULL, NULL, &checked, &problem);
}

static bool is_refusal(enum alm_err err)
{
	return err == ALM_NOTE_MALFORMED || err == ALM_SIGNATURE_ABSENT ||
	       err == ALM_PROOF_WRONG || err == ALM_HEAD_INCONSISTENT;
}

static bool is_bundle(const char *name)
{
	return strcmp(name, "bundle") == 0 || strcmp(name, "selection") == 0;
}

/* The last line as it would be if somebody made it right again. */
static void seal(uint8_t *data, size_t bytes)
{
	uint8_t digest[32];
	char text[65];

	crypto_hash_sha256(digest, data, bytes - END_BYTES);
	alm_hex(digest, sizeof(digest), text);
	memcpy(data + bytes - END_BYTES + 4, text, 64);
}

static const char *const FILES[] = {
	"head", "receipt", "receipt-private", "growth", "bundle", "selection"};

Test(check, takes_what_the_broker_gave)
{
	old = old_head();
	for (size_t i = 0; i < ALM_COUNT(FILES); i++) {
		size_t bytes;
		uint8_t *data = load(FILES[i], &bytes);

		cr_expect_eq(check(FILES[i], (struct alm_bytes){data, bytes}),
			ALM_OK, "%s", FILES[i]);
		free(data);
	}
}

Test(check, refuses_any_changed_bit)
{
	unsigned seed = 20261123;

	old = old_head();
	for (size_t i = 0; i < ALM_COUNT(FILES); i++) {
		size_t bytes;
		uint8_t *data = load(FILES[i], &bytes);
		size_t end = is_bundle(FILES[i]) ? bytes - END_BYTES : bytes;

		for (size_t at = 0; at < end; at++) {
			uint8_t bit = (uint8_t)(1u << (rand_r(&seed) % 8));
			enum alm_err err;

			data[at] ^= bit;
			if (is_bundle(FILES[i])) {
				seal(data, bytes);
			}
			err = check(FILES[i], (struct alm_bytes){data, bytes});
			cr_expect(is_refusal(err), "%s byte %zu bit %u: %d",
				FILES[i], at, bit, (int)err);
			data[at] ^= bit;
		}
		free(data);
	}
}

Test(check, refuses_what_is_cut_off_or_goes_on)
{
	old = old_head();
	for (size_t i = 0; i < ALM_COUNT(FILES); i++) {
		size_t bytes;
		uint8_t *data = load(FILES[i], &bytes);
		uint8_t *longer = malloc(bytes + 1);

		for (size_t cut = 0; cut < bytes; cut++) {
			cr_expect(is_refusal(check(FILES[i],
					  (struct alm_bytes){data, cut})),
				"%s cut at %zu", FILES[i], cut);
		}
		memcpy(longer, data, bytes);
		longer[bytes] = '\n';
		cr_expect(is_refusal(check(FILES[i],
				  (struct alm_bytes){longer, bytes + 1})),
			"%s and a line feed", FILES[i]);
		free(longer);
		free(data);
	}
}

Test(check, refuses_another_key)
{
	old = old_head();
	trust.keys[0][5] ^= 1;
	for (size_t i = 0; i < ALM_COUNT(FILES); i++) {
		size_t bytes;
		uint8_t *data = load(FILES[i], &bytes);

		cr_expect_eq(check(FILES[i], (struct alm_bytes){data, bytes}),
			ALM_SIGNATURE_ABSENT, "%s", FILES[i]);
		free(data);
	}
}

Test(check, tells_growth_from_another_history)
{
	size_t bytes;
	uint8_t *data = load("growth", &bytes);

	old = old_head();
	old.root.raw[0] ^= 1;
	cr_assert_eq(check("growth", (struct alm_bytes){data, bytes}),
		ALM_HEAD_INCONSISTENT);
	free(data);
}
