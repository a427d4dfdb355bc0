/*
 * in_folder.h - what tests of the folder agent begin with: its folders, empty.
 * Included once, by the test.
 */
#ifndef ALM_TESTS_UNIT_AGENTS_IN_FOLDER_H
#define ALM_TESTS_UNIT_AGENTS_IN_FOLDER_H

#include <criterion/criterion.h>
#include <string.h>

#include "agents/folder/folder.h"
#include "lib/file.h"
#include "tests/support/tempdir.h"

static char root[ALM_TEMPDIR_BYTES];
static struct alm_folder folder;

static inline void open_folder(void)
{
	alm_tempdir_make(root);
	cr_assert_eq(alm_folder_open(root, &folder, NULL), ALM_OK);
}

static inline void close_folder(void)
{
	alm_folder_close(&folder);
	alm_tempdir_remove(root);
}

static inline void put(
	enum alm_place_in_folder place, const char *name, const char *content)
{
	char path[PATH_MAX];

	alm_folder_path(&folder, place, name, "", path);
	cr_assert_eq(alm_file_write(path,
			     (struct alm_bytes){
				     (const uint8_t *)content, strlen(content)},
			     0600, NULL),
		ALM_OK);
}

static inline bool has(enum alm_place_in_folder place, const char *name)
{
	return alm_folder_has(&folder, place, name, "");
}

#endif /* ALM_TESTS_UNIT_AGENTS_IN_FOLDER_H */
