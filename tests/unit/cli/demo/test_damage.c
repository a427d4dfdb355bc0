/* test_damage.c - copying a store and flipping a byte of the copy. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/demo/damage.h"
#include "tests/support/tempdir.h"

#define CONTENT "xxIDENTIFIER-a--IDENTIFIER-b--"

struct place {
	char folder[ALM_TEMPDIR_BYTES];
	char store[96];
	char copy[96];
};

static void make(struct place *place)
{
	char path[128];
	FILE *out;

	alm_tempdir_make(place->folder);
	(void)snprintf(
		place->store, sizeof(place->store), "%s/store", place->folder);
	(void)snprintf(
		place->copy, sizeof(place->copy), "%s/copy", place->folder);
	cr_assert_eq(mkdir(place->store, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", place->store);
	out = fopen(path, "we");
	cr_assert_not_null(out);
	(void)fputs(CONTENT, out);
	(void)fclose(out);
}

static void read_data(const char *folder, char out[64])
{
	char path[128];
	FILE *in;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", folder);
	in = fopen(path, "re");
	cr_assert_not_null(in);
	n = fread(out, 1, 63, in);
	out[n] = '\0';
	(void)fclose(in);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void expect(struct place *place, const char *copied)
{
	char text[64];

	read_data(place->store, text);
	cr_assert_str_eq(text, CONTENT);
	read_data(place->copy, text);
	cr_assert_str_eq(text, copied);
	(void)rmdir(place->folder);
}

static const struct alm_bytes needle = {(const uint8_t *)"IDENTIFIER", 10};

Test(damage, copies_and_leaves_the_store_alone)
{
	struct place place;

	make(&place);
	cr_assert_eq(alm_damage_copy(place.store, place.copy, NULL), ALM_OK);
	cr_assert_eq(alm_damage_flip(place.copy, needle, 1, NULL), ALM_OK);
	expect(&place, "xxIDENTIFIER-a--IDENTIFIER,b--");
}

Test(damage, flips_back_what_it_flipped)
{
	struct place place;

	make(&place);
	cr_assert_eq(alm_damage_copy(place.store, place.copy, NULL), ALM_OK);
	cr_assert_eq(alm_damage_flip(place.copy, needle, 0, NULL), ALM_OK);
	cr_assert_eq(alm_damage_flip(place.copy, needle, 0, NULL), ALM_OK);
	expect(&place, CONTENT);
}

Test(damage, says_when_there_is_no_such_place)
{
	struct place place;

	make(&place);
	cr_assert_eq(alm_damage_copy(place.store, place.copy, NULL), ALM_OK);
	cr_assert_eq(
		alm_damage_flip(place.copy, needle, 2, NULL), ALM_NOT_FOUND);
	expect(&place, CONTENT);
}

Test(damage, does_not_copy_over_another)
{
	struct place place;

	make(&place);
	cr_assert_eq(alm_damage_copy(place.store, place.copy, NULL), ALM_OK);
	cr_assert_eq(alm_damage_copy(place.store, place.copy, NULL), ALM_IO);
	expect(&place, CONTENT);
}
