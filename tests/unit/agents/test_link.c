/* The connection of a client, apart from any broker. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "agents/client/link.h"

/* What is closed and not yet ended counts against the limit of descriptors. */
#define ROUNDS 100

/* libzmq ends a socket in a thread of its own, later than it is closed. */
Test(link, a_client_opens_however_lately_another_was_closed)
{
	uint8_t public_key[32];
	uint8_t secret_key[32];
	void *context = zmq_ctx_new();
	const struct alm_link_options options = {.zmq_context = context,
		.endpoint = "ipc:///nowhere/almoner-test",
		.broker_key = public_key,
		.curve_public_key = public_key,
		.curve_secret_key = secret_key,
		.credit = 1};

	crypto_box_keypair(public_key, secret_key);
	for (int i = 0; i < ROUNDS; i++) {
		struct alm_problem problem = {0};
		struct alm_link *link = NULL;

		cr_assert_eq(alm_link_open(&options, &link, &problem), ALM_OK,
			"%s", problem.detail);
		alm_link_close(link, 0);
	}
	zmq_ctx_term(context);
}

static int listen_somewhere(char *out_endpoint, size_t bytes)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t address_bytes = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(
		bind(listener, (struct sockaddr *)&address, sizeof(address)),
		0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address,
			     &address_bytes),
		0);
	(void)snprintf(out_endpoint, bytes, "tcp://127.0.0.1:%u",
		ntohs(address.sin_port));
	return listener;
}

static enum alm_link_change wait_for_change(struct alm_link *link)
{
	enum alm_link_change change;

	while ((change = alm_link_next_change(link)) == ALM_LINK_SAME) {
		struct pollfd item = {
			.fd = alm_link_fd(link), .events = POLLIN};

		alm_link_arm(link, false, true, INT64_MAX, 0);
		(void)poll(&item, 1, -1);
	}
	return change;
}

/* Or the timer of a client that has ended would run out all the time. */
Test(link, nothing_is_due_once_it_is_stopped, .timeout = 300)
{
	uint8_t key[32];
	uint8_t secret_key[32];
	char endpoint[64];
	int listener = listen_somewhere(endpoint, sizeof(endpoint));
	const struct alm_link_options options = {.endpoint = endpoint,
		.broker_key = key,
		.curve_public_key = key,
		.curve_secret_key = secret_key,
		.credit = 1};
	struct alm_problem problem = {0};
	struct alm_link *link = NULL;

	crypto_box_keypair(key, secret_key);
	cr_assert_eq(alm_link_open(&options, &link, &problem), ALM_OK);
	cr_expect_eq(alm_link_due_ms(link), INT64_MAX);
	cr_assert_eq(close(accept(listener, NULL, NULL)), 0);
	cr_assert_neq(wait_for_change(link), ALM_LINK_UP);
	cr_expect_neq(alm_link_due_ms(link), INT64_MAX);
	alm_link_stop(link);
	cr_expect_eq(alm_link_due_ms(link), INT64_MAX);
	alm_link_close(link, 0);
	cr_assert_eq(close(listener), 0);
}
