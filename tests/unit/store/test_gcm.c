/*
 * Goal: texts are encrypted as OpenSSL's AES-256-GCM does, whose decryption
 * reads them, as ours does, whatever their length; each key stays what it is
 * while another is set.  Method: all lengths about the edges of blocks, and a
 * published case.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "broker/store/gcm.h"

#define TEXT_BYTES ((size_t)70000)

static struct alm_gcm *gcm;
static uint8_t text[TEXT_BYTES];
static uint8_t out[TEXT_BYTES + ALM_GCM_TAG_BYTES];
static uint8_t again[TEXT_BYTES];
static uint8_t keys[ALM_GCM_KEYS][ALM_GCM_KEY_BYTES];
static uint8_t nonce[ALM_GCM_NONCE_BYTES];
static const uint8_t bound[9] = "of a row";

static void open_all(void)
{
	cr_assert_geq(sodium_init(), 0);
	gcm = alm_gcm_new();
	cr_assert_not_null(gcm);
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (uint8_t)(i * 7 + i / 256);
	}
	for (unsigned k = 0; k < ALM_GCM_KEYS; k++) {
		memset(keys[k], (int)(17 * k + 1), sizeof(keys[k]));
		alm_gcm_set_key(gcm, k, keys[k]);
	}
}

static void close_all(void)
{
	alm_gcm_free(gcm);
}

TestSuite(gcm, .init = open_all, .fini = close_all);

static struct alm_bytes bound_bytes(void)
{
	return (struct alm_bytes){bound, sizeof(bound)};
}

/* Whether OpenSSL opens what is in `out`. */
static bool opens(const uint8_t key[ALM_GCM_KEY_BYTES], size_t bytes)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0;
	bool is_open;

	cr_assert_eq(EVP_DecryptInit_ex2(
			     context, EVP_aes_256_gcm(), key, nonce, NULL),
		1);
	cr_assert_eq(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG,
			     ALM_GCM_TAG_BYTES, out + bytes),
		1);
	cr_assert_eq(EVP_DecryptUpdate(
			     context, NULL, &done, bound, (int)sizeof(bound)),
		1);
	cr_assert_eq(
		EVP_DecryptUpdate(context, again, &done, out, (int)bytes), 1);
	is_open = EVP_DecryptFinal_ex(context, again + bytes, &done) == 1;
	EVP_CIPHER_CTX_free(context);
	return is_open && memcmp(again, text, bytes) == 0;
}

/* Whether we open it. */
static bool is_read(unsigned number, size_t bytes)
{
	enum alm_err err;

	memset(again, 0xA5, bytes);
	err = alm_gcm_decrypt(gcm, number, nonce, bound_bytes(),
		(struct alm_bytes){out, bytes + ALM_GCM_TAG_BYTES}, again);
	if (err != ALM_OK) {
		cr_assert_eq(err, ALM_STORE_CORRUPT);
		cr_assert(
			sodium_is_zero(again, bytes), "nothing of it is left");
	}
	return err == ALM_OK && memcmp(again, text, bytes) == 0;
}

static void same_as_openssl(unsigned number, size_t bytes)
{
	nonce[0] = (uint8_t)bytes;
	nonce[11]++;
	alm_gcm_encrypt(gcm, number, nonce, bound_bytes(),
		(struct alm_bytes){text, bytes}, out);
	cr_assert(opens(keys[number], bytes), "%zu bytes", bytes);
	cr_assert(is_read(number, bytes), "%zu bytes", bytes);
	out[bytes + ALM_GCM_TAG_BYTES - 1] ^= 1;
	cr_assert_not(is_read(number, bytes));
	out[bytes + ALM_GCM_TAG_BYTES - 1] ^= 1;
	if (bytes > 0) {
		out[bytes / 2] ^= 1;
		cr_assert_not(opens(keys[number], bytes));
		cr_assert_not(is_read(number, bytes));
	}
}

Test(gcm, opens_nothing_shorter_than_a_tag)
{
	for (size_t bytes = 0; bytes < ALM_GCM_TAG_BYTES; bytes++) {
		cr_expect_eq(alm_gcm_decrypt(gcm, 0, nonce, bound_bytes(),
				     (struct alm_bytes){out, bytes}, again),
			ALM_STORE_CORRUPT);
	}
}

Test(gcm, is_what_openssl_decrypts)
{
	for (size_t bytes = 0; bytes < 1100; bytes++) {
		same_as_openssl((unsigned)(bytes % ALM_GCM_KEYS), bytes);
	}
	same_as_openssl(0, TEXT_BYTES - 1);
	same_as_openssl(1, TEXT_BYTES);
}

Test(gcm, keeps_a_key_while_another_is_set)
{
	memset(keys[1], 99, sizeof(keys[1]));
	alm_gcm_set_key(gcm, 1, keys[1]);
	same_as_openssl(0, 300);
	same_as_openssl(1, 300);
	cr_assert_not(opens(keys[0], 300));
}

/* Test case 14 of the specification of GCM. */
Test(gcm, gives_what_is_published)
{
	static const uint8_t zeros[32];
	static const uint8_t wanted[32] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60,
		0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
		0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b,
		0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};

	alm_gcm_set_key(gcm, 0, zeros);
	alm_gcm_encrypt(gcm, 0, zeros, (struct alm_bytes){NULL, 0},
		(struct alm_bytes){zeros, 16}, out);
	cr_assert_arr_eq(out, wanted, sizeof(wanted));
}
