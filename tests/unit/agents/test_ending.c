/* What is refused, where something of its names was refused before. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/folder/binding.h"
#include "agents/folder/ending.h"
#include "agents/folder/sending.h"
#include "tests/unit/agents/in_folder.h"

#define NAME_BYTES 128

TestSuite(ending, .init = open_folder, .fini = close_folder);

/* NAME.yaml with its payload, bound to an id as if it had been sent. */
static void put_entry(const char *name, const char *payload, const char *text)
{
	struct alm_files files = {.count = 0};
	struct alm_prepared prepared;
	char described[256];
	char file[32];

	snprintf(described, sizeof(described),
		"recipient: C84001\npurpose: direct-care\n"
		"categories: [discharge]\nlevel: identifiable\n"
		"subject: \"9990000018\"\npayload: %s\n",
		payload);
	snprintf(file, sizeof(file), "%s.yaml", name);
	put(ALM_OUTBOX, file, described);
	put(ALM_OUTBOX, payload, text);
	cr_assert_eq(
		alm_sending_prepare(&folder, name, &files, &prepared, NULL),
		ALM_OK);
	cr_assert_eq(alm_files_flush(&files, NULL), ALM_OK);
	alm_prepared_fini(&prepared);
}

static void refuse(const char *name, char out_shelf[ALM_SHELF_BYTES])
{
	const struct alm_problem own = {.err = ALM_SIDECAR, .detail = "d"};
	const struct alm_refusal refusal = {.own = &own};

	cr_assert_eq(
		alm_sending_refused(&folder, name, &refusal, out_shelf, NULL),
		ALM_OK);
}

static const char *in(const char *shelf, const char *name)
{
	static char path[NAME_BYTES];

	snprintf(path, sizeof(path), "%s%s", shelf, name);
	return path;
}

static void expect_content(const char *name, const char *wanted)
{
	char path[PATH_MAX];
	uint8_t *data = NULL;
	size_t bytes = 0;

	alm_folder_path(&folder, ALM_REFUSED, name, "", path);
	cr_assert_eq(alm_file_read(path, 4096, &data, &bytes, NULL), ALM_OK,
		"%s", name);
	cr_expect_eq(bytes, strlen(wanted));
	cr_expect_eq(memcmp(data, wanted, bytes), 0, "%s", name);
	free(data);
}

Test(ending, a_name_that_is_refused_again_leaves_what_was_refused_before)
{
	char shelves[3][ALM_SHELF_BYTES];
	const char *const contents[] = {"monday", "tuesday", "wednesday"};

	for (unsigned i = 0; i < 3; i++) {
		put_entry("a", "a.pdf", contents[i]);
		refuse("a", shelves[i]);
		cr_expect_not(has(ALM_OUTBOX, "a.pdf"));
		cr_expect_not(has(ALM_STATE, "a.id"));
	}
	cr_expect_str_eq(shelves[0], "");
	cr_expect_str_neq(shelves[1], shelves[2]);
	for (unsigned i = 0; i < 3; i++) {
		expect_content(in(shelves[i], "a.pdf"), contents[i]);
		cr_expect(has(ALM_REFUSED, in(shelves[i], "a.yaml")));
		cr_expect(has(ALM_REFUSED, in(shelves[i], "a.refusal.yaml")));
	}
}

Test(ending, a_payload_of_another_name_is_not_overwritten_either)
{
	char first[ALM_SHELF_BYTES];
	char second[ALM_SHELF_BYTES];

	put_entry("a", "letter.pdf", "of a");
	refuse("a", first);
	put_entry("b", "letter.pdf", "of b");
	refuse("b", second);
	expect_content("letter.pdf", "of a");
	expect_content(in(second, "letter.pdf"), "of b");
	cr_expect(has(ALM_REFUSED, in(second, "b.yaml")));
}

/* Its user has mended it and moved it back, and left the refusal. */
Test(ending, a_refusal_alone_makes_way_for_the_next)
{
	char shelf[ALM_SHELF_BYTES];

	put(ALM_REFUSED, "a.refusal.yaml", "of before");
	put_entry("a", "a.pdf", "content");
	refuse("a", shelf);
	cr_expect_str_eq(shelf, "");
	expect_content("a.pdf", "content");
}

Test(ending, a_link_that_leads_nowhere_is_not_overwritten)
{
	char path[PATH_MAX];
	char shelf[ALM_SHELF_BYTES];

	alm_folder_path(&folder, ALM_REFUSED, "a", ".yaml", path);
	cr_assert_eq(symlink("nowhere", path), 0);
	put_entry("a", "a.pdf", "content");
	refuse("a", shelf);
	cr_expect_str_neq(shelf, "");
	cr_expect(has(ALM_REFUSED, "a.yaml"));
}

Test(ending, a_crash_before_the_payload_has_followed_brings_it_there)
{
	struct alm_binding binding = {0};
	char path[PATH_MAX];

	put(ALM_REFUSED, "a.yaml", "of before");
	put(ALM_REFUSED, "a.pdf", "of before");
	put_entry("a", "a.pdf", "content");
	cr_assert_eq(alm_binding_read(&folder, "a", &binding), ALM_OK);
	alm_folder_path(&folder, ALM_REFUSED, binding.id, "", path);
	cr_assert_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/a.yaml", binding.id);
	cr_assert_eq(alm_folder_rename(&folder, ALM_OUTBOX, "a.yaml",
			     ALM_REFUSED, path, NULL),
		ALM_OK);
	cr_assert_eq(alm_sending_tidy(&folder, NULL), ALM_OK);
	snprintf(path, sizeof(path), "%s/a.pdf", binding.id);
	expect_content(path, "content");
	expect_content("a.pdf", "of before");
	cr_expect_not(has(ALM_STATE, "a.id"));
}

/* It could not be read, and names no payload. */
Test(ending, what_is_called_like_it_follows_it_and_overwrites_nothing)
{
	struct alm_stray stray = {.name = strdup("a")};

	put(ALM_REFUSED, "a.yaml", "of before");
	put(ALM_REFUSED, "a.pdf", "of before");
	put(ALM_OUTBOX, "a.yaml", "what is this");
	put(ALM_OUTBOX, "a.pdf", "content");
	refuse("a", stray.shelf);
	cr_assert_str_neq(stray.shelf, "");
	alm_sending_siblings(&folder, &stray, 1);
	expect_content("a.pdf", "of before");
	expect_content(in(stray.shelf, "a.pdf"), "content");
	free(stray.name);
}

Test(ending, a_sibling_alone_in_whose_place_another_lies_goes_elsewhere)
{
	struct alm_stray stray = {.name = strdup("a")};

	put(ALM_REFUSED, "a.pdf", "of before");
	put(ALM_OUTBOX, "a.pdf", "content");
	alm_sending_siblings(&folder, &stray, 1);
	expect_content("a.pdf", "of before");
	cr_expect_not(has(ALM_OUTBOX, "a.pdf"));
	free(stray.name);
}
