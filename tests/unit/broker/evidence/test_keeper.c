/* The file of the newest head, replaced beside the loop. */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/evidence/keeper.h"
#include "lib/file.h"
#include "tests/support/tempdir.h"

static char folder[ALM_TEMPDIR_BYTES];
static char path[96];

static void begin(void)
{
	alm_tempdir_make(folder);
	(void)snprintf(path, sizeof(path), "%s/signed-head", folder);
}

static void end(void)
{
	alm_tempdir_remove(folder);
}

TestSuite(keeper, .init = begin, .fini = end, .timeout = 1800);

static struct alm_bytes text(const char *head)
{
	return (struct alm_bytes){(const uint8_t *)head, strlen(head)};
}

static enum alm_keeper_state look(struct alm_keeper *keeper)
{
	int64_t took_us;

	return alm_keeper_look(keeper, &took_us);
}

static void expect_file(const char *head)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t *data = NULL;
	size_t bytes = 0;

	cr_assert_eq(alm_file_read(path, 4096, &data, &bytes, &problem), ALM_OK,
		"%s", problem.detail);
	cr_expect_eq(bytes, strlen(head));
	cr_expect_arr_eq(data, head, strlen(head));
	free(data);
}

Test(keeper, keeps_each_head_and_says_so)
{
	struct alm_keeper *keeper = NULL;

	cr_assert_eq(alm_keeper_open(path, &keeper), ALM_OK);
	cr_expect_eq(look(keeper), ALM_KEEPER_IDLE);
	alm_keeper_write(keeper, text("the first"));
	cr_expect_eq(alm_keeper_finish(keeper), ALM_KEEPER_KEPT);
	expect_file("the first");
	cr_expect_eq(look(keeper), ALM_KEEPER_IDLE);
	alm_keeper_write(keeper, text("the second, longer"));
	cr_expect_eq(alm_keeper_finish(keeper), ALM_KEEPER_KEPT);
	expect_file("the second, longer");
	alm_keeper_close(keeper);
}

Test(keeper, says_that_a_head_could_not_be_kept)
{
	struct alm_keeper *keeper = NULL;

	(void)snprintf(path, sizeof(path), "%s/none/signed-head", folder);
	cr_assert_eq(alm_keeper_open(path, &keeper), ALM_OK);
	alm_keeper_write(keeper, text("a head"));
	cr_expect_eq(alm_keeper_finish(keeper), ALM_KEEPER_FAILED);
	cr_expect_eq(look(keeper), ALM_KEEPER_IDLE);
	alm_keeper_close(keeper);
}

Test(keeper, says_how_a_head_ended_until_it_may_go_on)
{
	struct alm_keeper *keeper = NULL;

	cr_assert_eq(alm_keeper_open(path, &keeper), ALM_OK);
	alm_keeper_write(keeper, text("a head"));
	while (look(keeper) == ALM_KEEPER_BUSY) {
		(void)sched_yield();
	}
	cr_expect_eq(look(keeper), ALM_KEEPER_KEPT);
	alm_keeper_go_on(keeper);
	cr_expect_eq(look(keeper), ALM_KEEPER_IDLE);
	alm_keeper_close(keeper);
}

Test(keeper, finishes_what_it_has_begun)
{
	struct alm_keeper *keeper = NULL;

	cr_assert_eq(alm_keeper_open(path, &keeper), ALM_OK);
	alm_keeper_write(keeper, text("at the end"));
	alm_keeper_close(keeper);
	expect_file("at the end");
}
