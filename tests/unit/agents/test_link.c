/* The connection of a client, apart from any broker. */
#include <criterion/criterion.h>

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
