/*
 * test_note.c - signed notes against the published vectors (golang.org/x/mod
 * sumdb/note, C2SP signed-note), and how strictly they are read.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <sodium.h>

#include "lib/note.h"

TestSuite(note);

#define DASH "\xE2\x80\x94 "

static const char NEUMANN[] =
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char TEXT[] =
	"If you think cryptography is the answer to your problem,\n"
	"then you don't know what your problem is.\n";
static const char LINE[] =
	DASH "PeterNeumann "
	     "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2"
	     "pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

static enum alm_err parse(const char *text, struct alm_note *out)
{
	return alm_note_parse(
		(struct alm_bytes){(const uint8_t *)text, strlen(text)}, out);
}

Test(note, verifies_the_published_note)
{
	static struct alm_note note;
	struct alm_note_key key;
	char text[1024];
	char name[ALM_NOTE_KEY_TEXT_BYTES];

	cr_assert_eq(alm_note_key_parse(NEUMANN, &key), ALM_OK);
	alm_note_key_text(&key, name);
	cr_assert_str_eq(name, NEUMANN);
	snprintf(text, sizeof(text), "%s\n%s", TEXT, LINE);
	cr_assert_eq(parse(text, &note), ALM_OK);
	cr_assert_eq(note.text.bytes, strlen(TEXT));
	cr_assert_eq(alm_note_verify(&note, &key, NULL), ALM_NOTE_GOOD);
	/* Any other text is another note. */
	text[0] = 'i';
	cr_assert_eq(parse(text, &note), ALM_OK);
	cr_assert_eq(alm_note_verify(&note, &key, NULL), ALM_NOTE_INVALID);
}

Test(note, refuses_a_key_whose_id_is_not_its_own)
{
	struct alm_note_key key;

	cr_expect_eq(
		alm_note_key_parse("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhK"
				   "qiBfsVkmqq/LDE4izWy10TW",
			&key),
		ALM_VALUE_BAD);
	cr_expect_eq(alm_note_key_parse("PeterNeumann+c74f20a3", &key),
		ALM_VALUE_BAD);
	cr_expect_eq(alm_note_key_parse("", &key), ALM_VALUE_BAD);
	cr_expect_eq(alm_note_key_parse("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsV"
					"kmqq/LDE4izWy10TW",
			     &key),
		ALM_VALUE_BAD);
}

Test(note, knows_of_signatures_by_others_and_of_those_that_are_missing)
{
	static struct alm_note note;
	struct alm_note_key key;
	char text[2048];

	cr_assert_eq(alm_note_key_parse(NEUMANN, &key), ALM_OK);
	snprintf(text, sizeof(text), "%s\n" DASH "other AAAAAAE=\n", TEXT);
	cr_assert_eq(parse(text, &note), ALM_OK);
	cr_assert_eq(alm_note_verify(&note, &key, NULL), ALM_NOTE_ABSENT);
	snprintf(text, sizeof(text), "%s\n%s%s", TEXT, LINE, LINE);
	cr_assert_eq(parse(text, &note), ALM_OK);
	cr_assert_eq(alm_note_verify(&note, &key, NULL), ALM_NOTE_INVALID,
		"the same key twice");
}

Test(note, refuses_what_is_no_note)
{
	static const char *const bad[] = {"", "text\n", "text\n\n", "\n\n",
		"text\n" DASH "a AAAAAAE=\n",
		"text\n\n" DASH "a AAAAAAE=", "text\n\n- a AAAAAAE=\n",
		"text\n\n" DASH "a  AAAAAAE=\n", "text\n\n" DASH " AAAAAAE=\n",
		"text\n\n" DASH "a AAAA\n", "text\n\n" DASH "a AAAAAAE\n",
		"text\n\n" DASH "a AAAAAAF=\n",
		"text\n\n" DASH "a+b AAAAAAE=\n",
		"te\txt\n\n" DASH "a AAAAAAE=\n",
		"te\xFFxt\n\n" DASH "a AAAAAAE=\n",
		"text\n\n" DASH "a AAAAAAE= \n",
		"text\n\n" DASH "a AAAAAAE=\n\n"};
	static struct alm_note note;

	for (size_t i = 0; i < ALM_COUNT(bad); i++) {
		cr_expect_eq(
			parse(bad[i], &note), ALM_NOTE_MALFORMED, "%zu", i);
	}
}

Test(note, takes_64_signatures_and_no_more)
{
	static struct alm_note note;
	char text[4096] = "text\n\n";

	for (int i = 0; i < 64; i++) {
		strcat(text, DASH "a AAAAAAE=\n");
	}
	cr_assert_eq(parse(text, &note), ALM_OK);
	cr_assert_eq(note.signature_count, 64);
	strcat(text, DASH "a AAAAAAE=\n");
	cr_assert_eq(parse(text, &note), ALM_NOTE_MALFORMED);
}

Test(note, signs_and_cosigns_a_checkpoint)
{
	static const uint8_t seed[32] = {7};
	static struct alm_note note;
	struct alm_checkpoint checkpoint = {
		.origin = "almoner/test", .size = 9};
	struct alm_checkpoint read;
	struct alm_note_key log;
	struct alm_note_key witness;
	uint8_t public_key[32];
	uint8_t secret[64];
	uint8_t raw[ALM_COSIGNATURE_BYTES];
	uint8_t data[2048];
	struct alm_writer w;
	struct alm_bytes text;
	uint64_t time_s = 0;

	cr_assert_eq(sodium_init() < 0, false);
	crypto_sign_seed_keypair(public_key, secret, seed);
	cr_assert_eq(alm_note_key_make("almoner/test", ALM_NOTE_ED25519,
			     public_key, &log),
		ALM_OK);
	cr_assert_eq(alm_note_key_make("RX1/w", ALM_NOTE_COSIGNATURE,
			     public_key, &witness),
		ALM_OK);
	alm_writer_init(&w, data, sizeof(data));
	alm_checkpoint_write(&w, &checkpoint);
	text = (struct alm_bytes){data, w.bytes};
	alm_write_u8(&w, '\n');
	alm_note_sign(&w, text, &log, secret);
	alm_cosign(text, 1234, secret, raw);
	alm_note_put_line(&w, &witness, (struct alm_bytes){raw, sizeof(raw)});
	cr_assert_not(w.is_bad);
	cr_assert_eq(alm_note_parse((struct alm_bytes){data, w.bytes}, &note),
		ALM_OK);
	cr_assert_eq(alm_note_verify(&note, &log, NULL), ALM_NOTE_GOOD);
	cr_assert_eq(alm_note_verify(&note, &witness, &time_s), ALM_NOTE_GOOD);
	cr_assert_eq(time_s, 1234);
	cr_assert_eq(alm_checkpoint_parse(note.text, &read), ALM_OK);
	cr_assert_eq(read.size, 9);
	/* What a cosigner says of its time is signed too. */
	note.signatures[1].raw[7] ^= 1;
	cr_assert_eq(alm_note_verify(&note, &witness, NULL), ALM_NOTE_INVALID);
}

Test(note, reads_a_checkpoint_in_one_spelling_only)
{
	static const char ROOT[] =
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static const char *const sizes[] = {"01", "+1", "-1", " 1", "1 ", "",
		"18446744073709551616", "0x1"};
	struct alm_checkpoint checkpoint;
	char text[256];

	snprintf(text, sizeof(text), "a/b\n18446744073709551615\n%s\n", ROOT);
	cr_assert_eq(alm_checkpoint_parse(
			     (struct alm_bytes){(uint8_t *)text, strlen(text)},
			     &checkpoint),
		ALM_OK);
	cr_assert_eq(checkpoint.size, UINT64_MAX);
	for (size_t i = 0; i < ALM_COUNT(sizes); i++) {
		snprintf(text, sizeof(text), "a/b\n%s\n%s\n", sizes[i], ROOT);
		cr_expect_eq(
			alm_checkpoint_parse((struct alm_bytes){(uint8_t *)text,
						     strlen(text)},
				&checkpoint),
			ALM_NOTE_MALFORMED, "%s", sizes[i]);
	}
	snprintf(text, sizeof(text), "a/b\n1\n%s\nmore\n", ROOT);
	cr_expect_eq(alm_checkpoint_parse(
			     (struct alm_bytes){(uint8_t *)text, strlen(text)},
			     &checkpoint),
		ALM_NOTE_MALFORMED, "an extension line");
}
