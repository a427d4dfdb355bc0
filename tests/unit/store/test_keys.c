/* test_keys.c - encryption against libsodium's, seals, and noise. */
#include <criterion/criterion.h>
#include <string.h>

#include <sodium.h>

#include "broker/store/keys.h"

static const uint8_t SECRET[32] = {1, 2, 3};
static const uint8_t ID[ALM_STORE_ID_BYTES] = {9};
static const uint8_t NONCE[ALM_NONCE_BYTES] = {4, 5, 6, [23] = 7};

static struct alm_store_keys *keys;

static void set_up(void)
{
	cr_assert_geq(sodium_init(), 0);
	keys = alm_store_keys_new(SECRET, ID);
	cr_assert_not_null(keys);
}

static void tear_down(void)
{
	alm_store_keys_free(keys);
}

TestSuite(store_keys, .init = set_up, .fini = tear_down);

/* The construction as docs/FORMAT.md has it, with libsodium alone. */
static void encrypt_by_the_book(uint64_t number, uint8_t kind, uint64_t seq,
	struct alm_bytes text, uint8_t *out)
{
	uint8_t master[32];
	uint8_t key[32];
	uint8_t turn_key[32];
	uint8_t iv[12] = {0};
	uint8_t bound[9] = {kind};

	memcpy(iv + 4, NONCE + 16, 8);
	alm_put_u64(bound + 1, seq);
	(void)crypto_generichash(
		master, sizeof(master), ID, sizeof(ID), SECRET, 32);
	(void)crypto_kdf_derive_from_key(
		key, sizeof(key), number, "almstore", master);
	memcpy(out, NONCE, sizeof(NONCE));
	(void)crypto_core_hchacha20(turn_key, NONCE, key, NULL);
	(void)crypto_aead_aes256gcm_encrypt(out + ALM_NONCE_BYTES, NULL,
		text.data, text.bytes, bound, sizeof(bound), NULL, iv,
		turn_key);
}

Test(store_keys, encrypts_as_libsodium_does_at_every_length)
{
	static uint8_t text[700];
	static uint8_t want[sizeof(text) + ALM_CRYPT_BYTES];
	static uint8_t got[sizeof(text) + ALM_CRYPT_BYTES];
	static uint8_t back[sizeof(text)];

	if (crypto_aead_aes256gcm_is_available() == 0) {
		cr_skip_test("libsodium needs AES instructions for this");
	}
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (uint8_t)(i * 7);
	}
	for (size_t bytes = 0; bytes <= sizeof(text); bytes++) {
		struct alm_bytes in = {text, bytes};
		struct alm_bytes sealed = {got, bytes + ALM_CRYPT_BYTES};

		encrypt_by_the_book(2, 1, bytes, in, want);
		alm_store_keys_encrypt(
			keys, ALM_CRYPT_BODY, bytes, NONCE, in, got);
		cr_assert_eq(memcmp(want, got, sealed.bytes), 0);
		cr_assert_eq(alm_store_keys_decrypt(
				     keys, ALM_CRYPT_BODY, bytes, sealed, back),
			ALM_OK);
		cr_assert_eq(memcmp(back, text, bytes), 0);
		encrypt_by_the_book(3, 2, bytes, in, want);
		alm_store_keys_encrypt(
			keys, ALM_CRYPT_PRIVATE, bytes, NONCE, in, got);
		cr_assert_eq(memcmp(want, got, sealed.bytes), 0);
	}
}

Test(store_keys, refuses_any_changed_byte_and_gives_no_text)
{
	static const uint8_t text[40] = {1, 2, 3};
	uint8_t sealed[sizeof(text) + ALM_CRYPT_BYTES];
	uint8_t back[sizeof(text)];
	static const uint8_t nothing[sizeof(text)];
	struct alm_bytes whole = {sealed, sizeof(sealed)};

	alm_store_keys_encrypt(keys, ALM_CRYPT_BODY, 5, NONCE,
		(struct alm_bytes){text, sizeof(text)}, sealed);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		cr_expect_eq(alm_store_keys_decrypt(
				     keys, ALM_CRYPT_BODY, 5, whole, back),
			ALM_STORE_CORRUPT);
		cr_expect_eq(memcmp(back, nothing, sizeof(back)), 0);
		sealed[i] ^= 1;
	}
	cr_expect_eq(
		alm_store_keys_decrypt(keys, ALM_CRYPT_BODY, 6, whole, back),
		ALM_STORE_CORRUPT);
	cr_expect_eq(
		alm_store_keys_decrypt(keys, ALM_CRYPT_PRIVATE, 5, whole, back),
		ALM_STORE_CORRUPT);
	whole.bytes = ALM_CRYPT_BYTES - 1;
	cr_expect_eq(
		alm_store_keys_decrypt(keys, ALM_CRYPT_BODY, 5, whole, back),
		ALM_STORE_CORRUPT);
}

Test(store_keys, seals_table_key_and_value)
{
	uint8_t a[ALM_SEAL_BYTES];
	uint8_t b[ALM_SEAL_BYTES];
	struct alm_bytes key = {(const uint8_t *)"key", 3};
	struct alm_bytes value = {(const uint8_t *)"value", 5};

	alm_store_keys_seal(keys, 1, key, value, a);
	alm_store_keys_seal(keys, 1, key, value, b);
	cr_expect_eq(memcmp(a, b, sizeof(a)), 0);
	alm_store_keys_seal(keys, 2, key, value, b);
	cr_expect_neq(memcmp(a, b, sizeof(a)), 0);
	alm_store_keys_seal(keys, 1, value, value, b);
	cr_expect_neq(memcmp(a, b, sizeof(a)), 0);
	alm_store_keys_seal(keys, 1, key, key, b);
	cr_expect_neq(memcmp(a, b, sizeof(a)), 0);
}

Test(store_keys, never_gives_the_same_noise_twice)
{
	static uint8_t pieces[400][24];
	struct alm_noise noise;

	alm_noise_init(&noise, SECRET);
	for (size_t i = 0; i < ALM_COUNT(pieces); i++) {
		alm_noise_take(&noise, pieces[i], sizeof(pieces[i]));
		for (size_t j = 0; j < i; j++) {
			cr_assert_neq(memcmp(pieces[i], pieces[j], 24), 0);
		}
	}
}
