/*
 * Goal: an agent that meets another program at its broker's address is back
 * when the broker is.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/id.h"
#include "tests/support/client.h"

#define WAIT_MS 300000 /* where it does not matter */

static struct test_broker broker;
static struct test_peer agent; /* for keys and registration only */

static void open_all(void)
{
	test_broker_open(&broker, "");
	test_peer_enrol(&agent, &broker, "RX1");
}

static void close_all(void)
{
	test_peer_free(&agent);
	test_broker_close(&broker);
}

TestSuite(
	agents_mistaken, .init = open_all, .fini = close_all, .timeout = 1800);

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	alm_text_copy(address.sun_path, sizeof(address.sun_path), path);
	(void)unlink(path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

/* The greeting of a program that speaks ZMTP, but not by CURVE: libzmq connects
 * to it once and then no more. */
static void be_another_program(const char *path)
{
	static const uint8_t greeting[64] = {
		0xff, [9] = 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
	uint8_t bytes[256];
	int listener = listen_at(path);
	int fd = accept(listener, NULL, NULL);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, greeting, sizeof(greeting)), sizeof(greeting));
	while (read(fd, bytes, sizeof(bytes)) > 0) {
	}
	(void)close(fd);
	(void)close(listener);
}

Test(agents_mistaken, another_program_at_the_brokers_place_is_outlived)
{
	const struct alm_client_options options =
		test_client_options(&broker, &agent);
	struct alm_client *client = test_client_open(&options);
	const struct alm_outgoing message = test_outgoing();
	struct alm_receipt_view *receipt = NULL;

	cr_assert_eq(alm_client_wait_ready(client, WAIT_MS), 0);
	test_broker_kill(&broker);
	be_another_program(broker.endpoint + strlen("ipc://"));
	test_broker_start(&broker);
	cr_assert_eq(alm_send(client, &message, WAIT_MS, &receipt), 0);
	alm_receipt_free(receipt);
	alm_client_close(client);
}
