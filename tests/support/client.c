#include "tests/support/client.h"

#include <criterion/criterion.h>

struct alm_client_options test_client_options(
	const struct test_broker *broker, const struct test_peer *peer)
{
	return (struct alm_client_options){.endpoint = broker->endpoint,
		.broker_key = broker->public_key,
		.organisation = peer->organisation,
		.agent = "agent",
		.curve_key = peer->curve_secret,
		.signing_key = peer->signing_secret,
		.credit = 16};
}

struct alm_client *test_client_open(const struct alm_client_options *options)
{
	struct alm_client *client = NULL;
	char error[512];

	cr_assert_eq(
		alm_client_open_with(options, &client, error, sizeof(error)), 0,
		"%s", error);
	return client;
}

struct alm_outgoing test_outgoing(void)
{
	static const char *const categories[] = {"discharge"};

	return (struct alm_outgoing){.recipient = "C84001",
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = "9990000018"};
}
