/* test_keys.c - key pairs in files. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/keys.h"
#include "lib/id.h"
#include "tests/support/tempdir.h"

static char folder[ALM_TEMPDIR_BYTES];
static char path[128];

static void begin(void)
{
	alm_tempdir_make(folder);
}

static void end(void)
{
	alm_tempdir_remove(folder);
}

static const char *in_folder(const char *name)
{
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

TestSuite(keys, .init = begin, .fini = end);

Test(keys, belong_together_and_are_for_the_owner_alone)
{
	struct alm_public_keys keys;
	uint8_t secret[ALM_KEY_BYTES];
	uint8_t made[ALM_KEY_BYTES];
	char hex[ALM_KEY_HEX_BYTES];
	struct stat info;

	cr_assert_eq(alm_keys_make(folder, &keys, NULL), ALM_OK);
	cr_assert_eq(alm_key_file_read(in_folder("curve.key"), secret, NULL),
		ALM_OK);
	cr_assert_eq(crypto_scalarmult_base(made, secret), 0);
	alm_hex(made, sizeof(made), hex);
	cr_assert_str_eq(hex, keys.curve);
	cr_assert_eq(stat(in_folder("signing.key"), &info), 0);
	cr_assert_eq(info.st_mode & 0777, 0400);
}

Test(keys, are_never_written_over_others)
{
	struct alm_public_keys keys;

	cr_assert_eq(alm_keys_make(folder, &keys, NULL), ALM_OK);
	cr_assert_eq(alm_keys_make(folder, &keys, NULL), ALM_KEY_EXISTS);
}

static enum alm_err read_text(const char *text, struct alm_public_keys *out)
{
	FILE *file = fopen(in_folder("agent.pub"), "we");

	cr_assert_not_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
	return alm_keys_read_public(in_folder("agent.pub"), out, NULL);
}

#define SIXTEEN "0123456789abcdef"
#define KEY SIXTEEN SIXTEEN SIXTEEN SIXTEEN

Test(keys, are_read_back_from_the_public_file)
{
	struct alm_public_keys keys;

	cr_assert_eq(
		read_text("# x\ncurve-key: " KEY "\nsigning-key: \"" KEY "\"\n",
			&keys),
		ALM_OK);
	cr_assert_str_eq(keys.curve, KEY);
	cr_assert_str_eq(keys.signing, KEY);
}

Test(keys, refuse_a_public_file_that_lacks_or_shortens_a_key)
{
	struct alm_public_keys keys;

	cr_expect_eq(read_text("curve-key: " KEY "\n", &keys), ALM_KEY_FILE);
	cr_expect_eq(read_text("curve-key: " KEY "\nsigning-key: " SIXTEEN "\n",
			     &keys),
		ALM_KEY_FILE);
	cr_expect_eq(
		read_text("curve-key: " KEY "0\nsigning-key: " KEY "\n", &keys),
		ALM_KEY_FILE);
	cr_expect_eq(read_text("", &keys), ALM_KEY_FILE);
}
