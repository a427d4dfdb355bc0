/*
 * Goal: a daemon that cannot work says why and does not start; one that is
 * told to stop finishes its turn; one that starts is ready at once.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/id.h"
#include "tests/support/peer.h"

#define NONE ((const char *const[]){NULL})

#define IDLE_CONNECTIONS 100u

static struct test_broker broker;
static char log_text[4096];

static void open_broker(void)
{
	test_broker_open(&broker, "");
}

static void close_broker(void)
{
	test_broker_close(&broker);
}

TestSuite(start, .init = open_broker, .fini = close_broker, .timeout = 1800);

static void fails_with(int exit_code, const char *name, const char *detail)
{
	int rc = test_broker_start_fails(&broker, log_text, sizeof(log_text));

	cr_assert_eq(rc, exit_code, "exit %d: %s", rc, log_text);
	cr_assert_neq(strstr(log_text, name), NULL, "%s", log_text);
	cr_assert_neq(strstr(log_text, detail), NULL, "%s", log_text);
}

Test(start, records_that_it_started_and_stopped)
{
	struct alm_answer answer;

	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_start(&broker);
	answer = test_broker_ask(&broker, "audit.query", NONE);
	cr_assert_eq(answer.row_count, 3);
	cr_assert_str_eq(test_cell(&answer, 0, "kind"), "started");
	cr_assert_str_eq(test_cell(&answer, 1, "kind"), "stopped");
	cr_assert_str_eq(test_cell(&answer, 2, "kind"), "started");
}

Test(start, keeps_policy_agents_and_people_over_a_restart)
{
	struct test_peer trust;
	struct alm_message message;
	const struct alm_envelope *receipt;

	test_broker_activate(&broker, test_policy);
	test_peer_enrol(&trust, &broker, "RX1");
	cr_assert_eq(test_broker_stop(&broker), 0);
	test_broker_start(&broker);
	cr_assert_eq(test_broker_figure(&broker, "policy-epoch"), 1);
	test_peer_connect(&trust, &broker);
	test_peer_hello(&trust, 1);
	message = test_message(&trust, "C84001");
	test_peer_send(&trust, &message, "content", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert(receipt->receipt.is_accepted);
	test_peer_free(&trust);
}

Test(start, refuses_everything_while_no_policy_is_active)
{
	struct test_peer trust;
	struct alm_message message;
	const struct alm_envelope *receipt;

	test_peer_open(&trust, &broker, "RX1", 1);
	message = test_message(&trust, "C84001");
	test_peer_send(&trust, &message, "content", 0);
	receipt = test_peer_expect(&trust, ALM_ENVELOPE_RECEIPT);
	cr_assert_eq(receipt->receipt.refused.code, ALM_NO_BUNDLE);
	test_peer_free(&trust);
}

Test(start, names_a_key_file_that_others_can_read)
{
	test_broker_stop(&broker);
	cr_assert_eq(chmod(broker.store_key, 0444), 0);
	fails_with(9, "key-file-mode", broker.store_key);
	cr_assert_eq(chmod(broker.store_key, 0400), 0);
}

/* The name of a stream is inherited by whoever has put another in its place. */
Test(start, tells_standard_error_what_is_not_for_the_journal)
{
	test_broker_stop(&broker);
	cr_assert_eq(setenv("JOURNAL_STREAM", "1:2", 1), 0);
	cr_assert_eq(chmod(broker.store_key, 0444), 0);
	fails_with(9, "key-file-mode", broker.store_key);
	cr_assert_eq(chmod(broker.store_key, 0400), 0);
}

Test(start, names_a_store_that_another_key_made)
{
	struct alm_problem problem;
	uint8_t key[32] = {7};

	test_broker_stop(&broker);
	cr_assert_eq(unlink(broker.store_key), 0);
	cr_assert_eq(
		alm_key_file_write(broker.store_key, key, &problem), ALM_OK);
	fails_with(5, "store-key-wrong", broker.store);
}

Test(start, names_a_damaged_store)
{
	char path[PATH_MAX + 16];
	FILE *file;

	test_broker_stop(&broker);
	snprintf(path, sizeof(path), "%s/data.mdb", broker.store);
	file = fopen(path, "r+b");
	for (int i = 0; i < 4096; i++) {
		fputc(0x5A, file);
	}
	fseek(file, 4096, SEEK_SET);
	for (int i = 0; i < 4096; i++) {
		fputc(0x5A, file);
	}
	fclose(file);
	cr_assert_neq(
		test_broker_start_fails(&broker, log_text, sizeof(log_text)),
		0);
	cr_assert_neq(strstr(log_text, broker.store), NULL, "%s", log_text);
	cr_assert_neq(strstr(log_text, "ALM-20"), NULL, "%s", log_text);
}

Test(start, names_an_endpoint_that_is_in_use)
{
	struct test_broker second = broker;
	char rest[ALM_TEMPDIR_BYTES + 16];

	/* The same sockets, but a store of its own. */
	snprintf(second.settings, PATH_MAX, "%s/second.yaml", broker.folder);
	snprintf(rest, sizeof(rest), "%s/store2", broker.folder);
	{
		static char text[8 * PATH_MAX];
		struct alm_problem problem;

		snprintf(text, sizeof(text),
			"endpoint: %s\nadmin-endpoint: %s\nadmin-mode: 0600\n"
			"store: %s\nstore-key-file: %s\n"
			"curve-key-file: %s/curve.key\n",
			broker.endpoint, broker.admin, rest, broker.store_key,
			broker.folder);
		cr_assert_eq(alm_file_write(second.settings,
				     (struct alm_bytes){
					     (uint8_t *)text, strlen(text)},
				     0600, &problem),
			ALM_OK);
	}
	second.control = NULL;
	second.pid = 0;
	cr_assert_eq(
		test_broker_start_fails(&second, log_text, sizeof(log_text)), 1,
		"%s", log_text);
	cr_assert_neq(strstr(log_text, "endpoint-busy"), NULL, "%s", log_text);
}

Test(start, leaves_a_store_alone_that_a_daemon_has_open)
{
	struct test_broker second = broker;

	second.control = NULL;
	second.pid = 0;
	cr_assert_eq(
		test_broker_start_fails(&second, log_text, sizeof(log_text)), 6,
		"%s", log_text);
	cr_assert_neq(strstr(log_text, "store-in-use"), NULL, "%s", log_text);
	cr_assert_eq(test_broker_figure(&broker, "policy-epoch"), 0);
}

Test(start, keeps_strangers_from_the_administration_socket)
{
	struct stat st;

	cr_assert_eq(stat(broker.admin + strlen("ipc://"), &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
}

/* --- the pages for operators --------------------------------------------- */

Test(start, offers_metrics_and_says_whether_it_is_ready)
{
	static char page[65536];
	char more[128];

	test_broker_close(&broker);
	test_broker_open(&broker, "");
	test_broker_stop(&broker);
	snprintf(more, sizeof(more), "http-endpoint: unix:%s/http.sock\n",
		broker.folder);
	test_broker_add_settings(&broker, more);
	test_broker_start(&broker);
	test_broker_page(&broker, "/livez", page, sizeof(page));
	cr_assert_neq(strstr(page, " 200 "), NULL, "%s", page);
	test_broker_page(&broker, "/readyz", page, sizeof(page));
	cr_assert_neq(strstr(page, " 503 "), NULL, "%s", page);
	cr_assert_neq(strstr(page, "no policy is active"), NULL, "%s", page);
	test_broker_activate(&broker, test_policy);
	test_broker_page(&broker, "/readyz", page, sizeof(page));
	cr_assert_neq(strstr(page, " 200 "), NULL, "%s", page);
	test_broker_page(&broker, "/metrics", page, sizeof(page));
	cr_assert_neq(strstr(page, "\nalmoner_messages_accepted_total 0\n"),
		NULL, "%s", page);
	cr_assert_neq(strstr(page, "almoner_policy_epoch_info{epoch=\"1\"} 1"),
		NULL, "%s", page);
	cr_assert_neq(strstr(page, "\nalmoner_policy_guardians 0\n"), NULL,
		"%s", page);
	cr_assert_neq(strstr(page, "\nalmoner_policy_emergency_seconds 0\n"),
		NULL, "%s", page);
	cr_assert_neq(strstr(page, "\nalmoner_agreements_expiring 0\n"), NULL,
		"%s", page);
	cr_assert_neq(
		strstr(page, "\nalmoner_withdrawal_effect_seconds_count 0\n"),
		NULL, "%s", page);
	cr_assert_neq(strstr(page, "\nalmoner_override_unreviewed 0\n"), NULL,
		"%s", page);
	test_broker_page(&broker, "/nothing", page, sizeof(page));
	cr_assert_neq(strstr(page, " 404 "), NULL, "%s", page);
}

/* As a monitor does that forgets its connections, or whoever wants nobody to
 * see how the broker is. */
Test(start, offers_its_pages_again_after_too_many_have_come)
{
	static const char head[] = "GET /livez HTTP/1.1\r\nX: ";
	static char page[4096];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fds[IDLE_CONNECTIONS];
	char more[128];

	test_broker_stop(&broker);
	snprintf(more, sizeof(more), "http-endpoint: unix:%s/http.sock\n",
		broker.folder);
	test_broker_add_settings(&broker, more);
	test_broker_start(&broker);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/http.sock",
		broker.folder);
	for (size_t i = 0; i < IDLE_CONNECTIONS; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		cr_assert_eq(connect(fds[i], (struct sockaddr *)&address,
				     sizeof(address)),
			0);
		cr_assert_eq(write(fds[i], head, strlen(head)),
			(ssize_t)strlen(head));
	}
	test_broker_page(&broker, "/livez", page, sizeof(page));
	cr_expect_not_null(strstr(page, " 200 "), "the idle were closed");
	for (size_t i = 0; i < IDLE_CONNECTIONS; i++) {
		close(fds[i]);
	}
	test_broker_page(&broker, "/livez", page, sizeof(page));
	cr_expect_not_null(strstr(page, " 200 "));
}

Test(start, takes_no_pages_socket_from_who_listens_there)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char more[160];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	test_broker_stop(&broker);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/http.sock",
		broker.folder);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	snprintf(more, sizeof(more), "http-endpoint: unix:%s\n",
		address.sun_path);
	test_broker_add_settings(&broker, more);
	fails_with(1, "endpoint-busy", "http-endpoint");
	cr_expect_eq(access(address.sun_path, F_OK), 0);
	close(fd);
	test_broker_start(&broker); /* what an ended process left is no one's */
}

/* A connection to who accepts none waits for ever. */
Test(start, waits_for_nobody_who_listens_and_accepts_nobody)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int first = socket(AF_UNIX, SOCK_STREAM, 0);

	test_broker_stop(&broker);
	alm_text_copy(address.sun_path, sizeof(address.sun_path),
		broker.admin + strlen("ipc://"));
	unlink(address.sun_path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 0), 0);
	cr_assert_eq(
		connect(first, (struct sockaddr *)&address, sizeof(address)),
		0);
	fails_with(1, "endpoint-busy", broker.admin);
	close(first);
	close(fd);
}

Test(start, does_not_offer_pages_to_outsiders)
{
	test_broker_stop(&broker);
	test_broker_add_settings(&broker, "http-endpoint: 0.0.0.0:9\n");
	fails_with(9, "value-bad", "http-endpoint");
}

Test(start, names_a_store_that_cannot_be_made)
{
	char more[ALM_TEMPDIR_BYTES + 64];
	char text[8192] = "";
	FILE *file;

	test_broker_stop(&broker);
	/* Below a file there can be no folder, whoever runs the daemon. */
	snprintf(more, sizeof(more), "store: %s/store.key/below\n",
		broker.folder);
	file = fopen(broker.settings, "r");
	cr_assert_neq(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	file = fopen(broker.settings, "w");
	for (char *line = strtok(text, "\n"); line != NULL;
		line = strtok(NULL, "\n")) {
		if (strncmp(line, "store: ", 7) != 0) {
			fprintf(file, "%s\n", line);
		}
	}
	fputs(more, file);
	fclose(file);
	fails_with(9, "store-path", "store.key/below");
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 here = {
		.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 &&
		   bind(fd, (struct sockaddr *)&here, sizeof(here)) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return has;
}

/* An endpoint that stands for all addresses takes both kinds. */
static void reach_by(const char *host, const char *organisation)
{
	struct test_peer peer;
	struct alm_answer status =
		test_broker_ask(&broker, "status", (const char *const[]){NULL});
	const char *port = strrchr(test_fact(&status, "endpoint"), ':');

	snprintf(broker.endpoint, sizeof(broker.endpoint), "tcp://%s%s", host,
		port);
	test_peer_open(&peer, &broker, organisation, 0);
	test_peer_free(&peer);
}

Test(start, is_reached_by_either_kind_of_address)
{
	static const char *const lines[] = {
		"endpoint: \"tcp://*:*\"", "endpoint: \"tcp://[::]:*\""};

	if (!has_ipv6()) {
		cr_skip_test("NOT TRIED: this machine has no IPv6");
	}
	test_broker_activate(&broker, test_policy);
	for (size_t i = 0; i < 2; i++) {
		test_broker_stop(&broker);
		test_broker_replace_setting(&broker, "endpoint", lines[i]);
		test_broker_start(&broker);
		reach_by("127.0.0.1", i == 0 ? "RX1" : "RHA");
		reach_by("[::1]", i == 0 ? "C84001" : "CHA");
	}
}

/* Until this one is done, not one before it. */
static void reload(const char *wanted)
{
	struct alm_answer status =
		test_broker_ask(&broker, "status", (const char *const[]){NULL});
	char before[64];

	alm_text_copy(
		before, sizeof(before), test_fact(&status, "reloaded-at"));
	cr_assert_eq(kill(broker.pid, SIGHUP), 0);
	do {
		status = test_broker_ask(
			&broker, "status", (const char *const[]){NULL});
	} while (strcmp(test_fact(&status, "reloaded-at"), before) == 0 ||
		 (strstr(test_fact(&status, "reload-refused"), wanted) ==
			 NULL) ||
		 (wanted[0] == '\0' &&
			 test_fact(&status, "reload-refused")[0] != '\0'));
}

static void expect_recorded(const char *lines)
{
	struct alm_answer answer = test_broker_ask(&broker, "audit.query",
		(const char *const[]){"kind", "administration", "reveal", "yes",
			"reason", "a test", NULL});

	cr_assert_eq(answer.row_count, 1);
	cr_expect_not_null(strstr(test_cell(&answer, 0, "detail"), lines), "%s",
		test_cell(&answer, 0, "detail"));
}

Test(start, takes_settings_again_all_or_none)
{
	struct alm_answer status;

	test_broker_add_settings(&broker, "guardian-mailbox: RX1\n");
	reload("");
	expect_recorded("what: settings-changed;reason: SIGHUP;");
	expect_recorded("setting: guardian-mailbox;now: RX1");
	reload(""); /* nothing is different */
	status =
		test_broker_ask(&broker, "status", (const char *const[]){NULL});
	cr_expect_str_eq(test_fact(&status, "guardian-mailbox"), "RX1");
	test_broker_replace_setting(
		&broker, "guardian-mailbox", "guardian-mailbox: RHA");
	test_broker_add_settings(&broker, "send-window: 17\n");
	reload("send-window takes effect at a restart");
	status =
		test_broker_ask(&broker, "status", (const char *const[]){NULL});
	cr_expect_str_eq(
		test_fact(&status, "guardian-mailbox"), "RX1", "none of it");
	test_broker_replace_setting(&broker, "send-window", "nonsense: 1");
	reload("nonsense");
	expect_recorded("now: RX1");
}
