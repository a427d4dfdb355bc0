#include "tests/support/client.h"

#include <criterion/criterion.h>
#include <poll.h>

#include "agents/client/client.h"

#define WORKS_MAX 10000

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

struct alm_client *test_client_in_parts(
	const struct test_broker *broker, const struct test_peer *peer)
{
	struct alm_client_options options = test_client_options(broker, peer);

	options.takes_parts = true;
	return test_client_open(&options);
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

struct alm_outgoing test_outgoing_of(const struct alm_source *source)
{
	struct alm_outgoing message = test_outgoing();

	message.source = source;
	return message;
}

void test_client_work(struct alm_client *client, int wait_ms)
{
	struct pollfd item = {.fd = alm_client_fd(client), .events = POLLIN};

	(void)poll(&item, 1, wait_ms);
	cr_assert_eq(alm_client_process(client), 0);
}

/* How many parts of what it sends are on their way; 0 if nothing is. */
static uint32_t parts_sent(const struct alm_client *client)
{
	const struct alm_sending *sending = LIST_FIRST(&client->sendings);

	return sending == NULL ? 0 : sending->next;
}

bool test_client_is_sending(const struct alm_client *client)
{
	return !LIST_EMPTY(&client->sendings);
}

bool test_client_work_for_parts(struct alm_client *client, uint32_t parts)
{
	for (int i = 0; i < WORKS_MAX && parts_sent(client) < parts; i++) {
		struct alm_event *event;

		test_client_work(client, 100);
		event = alm_client_next_event(client);
		if (event != NULL && event->kind == ALM_EVENT_RECEIPT) {
			alm_event_free(event);
			return false;
		}
		alm_event_free(event);
	}
	cr_assert_geq(parts_sent(client), parts);
	return true;
}

void test_client_work_until_sent(struct alm_client *client, uint32_t parts)
{
	cr_assert(test_client_work_for_parts(client, parts),
		"a receipt before %u parts", parts);
}

struct alm_event *test_client_wait_receipt(struct alm_client *client)
{
	for (int i = 0; i < WORKS_MAX; i++) {
		struct alm_event *event;

		test_client_work(client, 100);
		while ((event = alm_client_next_event(client)) != NULL) {
			if (event->kind == ALM_EVENT_RECEIPT) {
				return event;
			}
			alm_event_free(event);
		}
	}
	cr_assert(false, "no receipt");
	return NULL;
}

int test_client_wait_code(struct alm_client *client)
{
	struct alm_event *event = test_client_wait_receipt(client);
	int code = event->receipt->code;

	alm_event_free(event);
	return code;
}
