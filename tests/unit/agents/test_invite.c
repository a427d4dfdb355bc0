/* test_invite.c - the invite file: what is written is read, and is private. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agents/include/almoner_identity.h"
#include "tests/support/tempdir.h"

static char folder[ALM_TEMPDIR_BYTES];
static char path[PATH_MAX];

static void set_up(void)
{
	alm_tempdir_make(folder);
	snprintf(path, sizeof(path), "%s/rx1.invite", folder);
}

static void tear_down(void)
{
	alm_tempdir_remove(folder);
}

TestSuite(invite, .init = set_up, .fini = tear_down);

static struct alm_invite_file sample(void)
{
	return (struct alm_invite_file){.number = 17,
		.organisation = "RX1",
		.agent = "ward-system",
		.endpoint = "tcp://broker.example:7301",
		.broker_key = {1},
		.secret = {2},
		.expires_s = 1790000000};
}

Test(invite, is_read_as_it_was_written)
{
	struct alm_invite_file invite = sample();
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_invite_file got;
	struct stat info;

	cr_assert_eq(alm_invite_write(path, &invite, &problem), ALM_OK);
	cr_assert_eq(stat(path, &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0600);
	cr_assert_eq(alm_invite_read(path, &got, &problem), ALM_OK, "%s",
		problem.detail);
	cr_expect_eq(got.number, 17);
	cr_expect_str_eq(got.organisation, "RX1");
	cr_expect_str_eq(got.agent, "ward-system");
	cr_expect_str_eq(got.endpoint, invite.endpoint);
	cr_expect_arr_eq(got.broker_key, invite.broker_key, 32);
	cr_expect_arr_eq(got.secret, invite.secret, 32);
	cr_expect_eq(got.expires_s, invite.expires_s);
}

Test(invite, is_never_written_over_another_file)
{
	struct alm_invite_file invite = sample();
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_invite_file got;

	cr_assert_eq(alm_invite_write(path, &invite, &problem), ALM_OK);
	invite.number = 18;
	cr_expect_eq(alm_invite_write(path, &invite, &problem), ALM_IO);
	cr_assert_eq(alm_invite_read(path, &got, &problem), ALM_OK);
	cr_expect_eq(got.number, 17);
}

Test(invite, tells_the_place_of_a_fault)
{
	static const char text[] = "almoner-invite: 1\nnumber: 17\n"
				   "organisation: R X\n";
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_invite_file got;

	cr_expect_eq(alm_invite_parse("rx1.invite",
			     (struct alm_bytes){
				     (const uint8_t *)text, sizeof(text) - 1},
			     &got, &problem),
		ALM_INVITE_FILE);
	cr_expect(strncmp(problem.detail, "rx1.invite:", 11) == 0, "%s",
		problem.detail);
	cr_expect_eq(problem.err, ALM_INVITE_FILE);
}
