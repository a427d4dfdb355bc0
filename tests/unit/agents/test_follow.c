/* test_follow.c - where an agent does not follow its broker to. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "agents/include/almoner_identity.h"
#include "lib/file.h"
#include "tests/support/tempdir.h"

static char folder[ALM_TEMPDIR_BYTES];
static char path[PATH_MAX];
static const uint8_t broker_key[32] = {7};

static void set_up(void)
{
	static const uint8_t key[32] = {3};
	struct alm_problem problem = {.err = ALM_OK};

	alm_tempdir_make(folder);
	snprintf(path, sizeof(path), "%s/curve.key", folder);
	cr_assert_eq(alm_key_file_write(path, key, &problem), ALM_OK);
	snprintf(path, sizeof(path), "%s/signing.key", folder);
	cr_assert_eq(alm_key_file_write(path, key, &problem), ALM_OK);
	snprintf(path, sizeof(path), "%s/context.yaml", folder);
}

static void tear_down(void)
{
	alm_tempdir_remove(folder);
}

TestSuite(follow, .init = set_up, .fini = tear_down);

static void be_at(const char *endpoint)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fprintf(file,
		"endpoint: '%s'\norganisation: RX1\nagent: ward\n"
		"curve-key: curve.key\nsigning-key: signing.key\n"
		"broker-key: '%064d'\n",
		endpoint, 1);
	cr_assert_eq(fclose(file), 0);
}

static void is_refused(const char *endpoint)
{
	struct alm_problem problem = {.err = ALM_OK};

	cr_expect_eq(alm_identity_follow(path, endpoint, broker_key, &problem),
		ALM_ENDPOINT_INVALID, "%s: %s", endpoint, problem.detail);
}

Test(follow, goes_from_the_network_to_no_other_transport)
{
	be_at("tcp://127.0.0.1:7301");
	is_refused("ipc:///run/almoner/agents.sock");
	is_refused("inproc://broker");
	is_refused("ws://127.0.0.1:7301");
	is_refused("127.0.0.1:7301");
}

Test(follow, goes_to_one_host_and_port)
{
	be_at("tcp://127.0.0.1:7301");
	is_refused("tcp://*:7301");
	is_refused("tcp://eth0;127.0.0.1:7301");
	is_refused("tcp://127.0.0.1:0");
	is_refused("tcp://127.0.0.1:65536");
	is_refused("tcp://127.0.0.1:*");
	is_refused("tcp://127.0.0.1:");
	is_refused("tcp://:7301");
	is_refused("tcp://127.0.0.1");
	is_refused("tcp://a:1'\nbroker-key: 'b:1");
}

Test(follow, moves_within_the_machine)
{
	struct alm_problem problem = {.err = ALM_OK};

	be_at("ipc:///run/almoner/agents.sock");
	is_refused("ipc:///run/it's.sock");
	is_refused("ipc://@abstract");
	/* It may, and nobody is there. */
	cr_expect_eq(alm_identity_follow(path, "ipc:///nowhere/to/be.sock",
			     broker_key, &problem),
		ALM_UNREACHABLE, "%s", problem.detail);
}

Test(follow, moves_over_the_network)
{
	struct alm_problem problem = {.err = ALM_OK};

	be_at("tcp://127.0.0.1:7301");
	cr_expect_eq(alm_identity_follow(
			     path, "tcp://[::1]:1", broker_key, &problem),
		ALM_UNREACHABLE, "%s", problem.detail);
}
