/* test_tiles.c - the names that C2SP tlog-tiles gives to tiles. */
#include <criterion/criterion.h>

#include "cli/audit/tiles.h"

static const struct {
	unsigned level;
	uint64_t number;
	size_t width;
	const char *name;
	const char *entries;
} ROWS[] = {
	{0, 0, 256, "tile/0/000", "tile/entries/000"},
	{1, 7, 256, "tile/1/007", "tile/entries/007"},
	{0, 999, 256, "tile/0/999", "tile/entries/999"},
	{0, 1000, 256, "tile/0/x001/000", "tile/entries/x001/000"},
	{2, 1234067, 256, "tile/2/x001/x234/067", "tile/entries/x001/x234/067"},
	{0, 1234067, 5, "tile/0/x001/x234/067.p/5",
		"tile/entries/x001/x234/067.p/5"},
	{3, 12, 255, "tile/3/012.p/255", "tile/entries/012.p/255"},
	{0, UINT64_MAX, 1, "tile/0/x018/x446/x744/x073/x709/x551/615.p/1",
		"tile/entries/x018/x446/x744/x073/x709/x551/615.p/1"},
};

Test(tiles, are_named_as_tlog_tiles_says)
{
	char name[ALM_TILES_NAME_BYTES];

	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		alm_tiles_name(
			ROWS[i].level, ROWS[i].number, ROWS[i].width, name);
		cr_expect_str_eq(name, ROWS[i].name);
		alm_tiles_entries_name(ROWS[i].number, ROWS[i].width, name);
		cr_expect_str_eq(name, ROWS[i].entries);
	}
}
