/*
 * Goal: files through two folder agents and a real broker arrive once each,
 * though agents and broker are killed; the example program receives.
 */
#include "lib/hash.h"
#include "lib/wire/wire.h"
#include "tests/support/folders.h"

#define MESSAGES 40u
#define MAILBOX 50u /* as the settings of folders.h say */
#define TOO_MANY (MAILBOX + 1)
#define ALL 80u

TestSuite(agents_folder, .init = open_all, .fini = close_all, .timeout = 1800);

/** Each number stands in exactly one payload of the inbox. */
static void expect_each_once(unsigned count)
{
	unsigned seen[MESSAGES] = {0};
	char path[2 * PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/inbox", folders[1]);
	dir = opendir(path);
	cr_assert_neq(dir, NULL);
	while ((entry = readdir(dir)) != NULL) {
		char file[4 * PATH_MAX];
		uint8_t *data = NULL;
		size_t bytes = 0;
		unsigned n;

		if (strstr(entry->d_name, ".payload") == NULL) {
			continue;
		}
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		cr_assert_eq(
			alm_file_read(file, 64, &data, &bytes, NULL), ALM_OK);
		n = (unsigned)strtoul((char *)data, NULL, 10);
		free(data);
		cr_assert_lt(n, count);
		seen[n]++;
	}
	closedir(dir);
	for (unsigned n = 0; n < count; n++) {
		cr_assert_eq(
			seen[n], 1, "message %u arrived %u times", n, seen[n]);
	}
}

static uint64_t sequence_of(unsigned n)
{
	char path[2 * PATH_MAX];
	uint8_t *data = NULL;
	size_t bytes = 0;
	const char *line;
	uint64_t sequence;

	snprintf(path, sizeof(path), "%s/receipts/m%02u.yaml", folders[0], n);
	cr_assert_eq(alm_file_read(path, 65536, &data, &bytes, NULL), ALM_OK);
	line = strstr((char *)data, "\nsequence: ");
	cr_assert_not_null(line);
	sequence = strtoull(line + strlen("\nsequence: "), NULL, 10);
	free(data);
	return sequence;
}

static void expect_in_order(unsigned count)
{
	for (unsigned n = 1; n < count; n++) {
		cr_assert_gt(sequence_of(n), sequence_of(n - 1),
			"message %u overtook the one before", n);
	}
}

Test(agents_folder, every_file_arrives_once_though_all_are_killed)
{
	pid_t from;
	pid_t to = start_agent(1);

	for (unsigned n = 0; n < MESSAGES - 1; n++) {
		put_message(n);
	}
	from = start_agent(0);
	for (unsigned round = 1; round <= 4; round++) {
		wait_for_files(0, "receipts", ".yaml", round * 5);
		(void)end_agent(from, SIGKILL);
		(void)end_agent(to, SIGKILL);
		if (round == 2) {
			test_broker_kill(&broker);
			test_broker_start(&broker);
		}
		from = start_agent(0);
		to = start_agent(1);
	}
	put_message(MESSAGES - 1); /* so that both are there again */
	wait_for_files(0, "receipts", ".yaml", MESSAGES);
	wait_for_files(1, "inbox", ".yaml", MESSAGES);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(end_agent(to, SIGTERM), 0);
	cr_assert_eq(count_files(0, "outbox", ""), 2, "only . and ..");
	cr_assert_eq(count_files(1, "inbox", ""), 2 * MESSAGES + 2,
		"and two files for each message");
	expect_each_once(MESSAGES);
	expect_in_order(MESSAGES);
}

/* Its recipient has all that its mailbox takes, acknowledges it once one more
 * was refused, and leaves. */
static void make_room(void)
{
	uint64_t sequences[MAILBOX];

	test_peer_connect(&peers[1], &broker);
	test_peer_hello(&peers[1], MAILBOX);
	for (unsigned n = 0; n < MAILBOX; n++) {
		sequences[n] = test_peer_expect(&peers[1], ALM_ENVELOPE_DELIVER)
				       ->deliver.sequence;
	}
	while (test_broker_figure(&broker, "refused") == 0) {
		(void)poll(NULL, 0, 20);
	}
	for (unsigned n = 0; n < MAILBOX; n++) {
		test_peer_acknowledge(&peers[1], sequences[n], NULL);
	}
	test_peer_leave(&peers[1]);
}

/* There is room again while what was refused still waits: what its user puts
 * there now must not go at once.  One is refused, so that nothing is on its way
 * any more: that might overtake it. */
Test(agents_folder, nothing_overtakes_what_a_full_mailbox_refused)
{
	pid_t from;
	pid_t to;

	for (unsigned n = 0; n < TOO_MANY; n++) {
		put_message(n);
	}
	from = start_agent(0);
	make_room();
	for (unsigned n = TOO_MANY; n < ALL; n++) {
		put_message(n);
	}
	to = start_agent(1);
	wait_for_files(0, "receipts", ".yaml", ALL);
	wait_for_files(1, "inbox", ".yaml", ALL - MAILBOX);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(end_agent(to, SIGTERM), 0);
	expect_in_order(ALL);
}

Test(agents_folder, a_refused_file_comes_back_with_the_reason)
{
	char path[2 * PATH_MAX];
	pid_t from = start_agent(0);

	snprintf(path, sizeof(path), "%s/outbox/x.txt", folders[0]);
	write_text(path, "x");
	snprintf(path, sizeof(path), "%s/outbox/x.yaml", folders[0]);
	write_text(path, "recipient: C84001\npurpose: support\n"
			 "categories: [contact]\nlevel: identifiable\n"
			 "subject: \"9990000018\"\npayload: x.txt\n");
	wait_for_files(0, "refused", ".refusal.yaml", 1);
	wait_for_files(0, "refused", ".txt", 1);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
}

Test(agents_folder, of_two_entries_with_one_payload_one_is_refused)
{
	static const char *const names[] = {"one", "two"};
	char path[2 * PATH_MAX];
	pid_t from;

	snprintf(path, sizeof(path), "%s/outbox/two.txt", folders[0]);
	write_text(path, "0");
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/outbox/%s.yaml", folders[0],
			names[i]);
		write_text(path, "recipient: C84001\npurpose: direct-care\n"
				 "categories: [discharge]\n"
				 "level: identifiable\n"
				 "subject: \"9990000018\"\npayload: two.txt\n");
	}
	from = start_agent(0);
	wait_for_files(0, "receipts", ".yaml", 1);
	wait_for_files(0, "refused", ".refusal.yaml", 1);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(count_files(0, "receipts", ".yaml"), 1);
	cr_assert_eq(count_files(0, "refused", ".txt"), 0,
		"the payload went with the wrong entry");
	cr_assert_eq(count_files(0, "outbox", ".yaml"), 0);
	cr_assert_eq(count_files(0, "outbox", ".txt"), 0);
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 1);
}

/** A serialised message under that name. */
static void put_envelope(const char *name, struct alm_bytes content)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/outbox/%s.payload", folders[0], name);
	write_text(path, "0");
	snprintf(path, sizeof(path), "%s/outbox/%s.envelope", folders[0], name);
	cr_assert_eq(alm_file_write(path, content, 0600, NULL), ALM_OK);
}

/* One of each kind that are called alike, and a message that is there twice. */
Test(agents_folder, entries_that_are_called_alike_are_sent_once_each)
{
	struct alm_bytes payload = {(const uint8_t *)"0", 1};
	struct alm_message message = test_message(&peers[0], "C84001");
	struct alm_hash *hash = alm_hash_new();
	struct alm_bytes bytes;
	struct alm_arena arena;
	pid_t from;

	cr_assert_not_null(hash);
	alm_hash_bytes(hash, payload, message.payload_sha256);
	alm_hash_free(hash);
	alm_arena_init(&arena, 65536);
	cr_assert_eq(alm_wire_encode_message(&message, &arena, &bytes), ALM_OK);
	put_message(1);
	put_envelope("m01", bytes);
	put_envelope("m02", bytes);
	alm_arena_fini(&arena);
	from = start_agent(0);
	wait_for_files(0, "receipts", ".yaml", 3);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
	cr_assert_eq(count_files(0, "receipts", ".envelope.yaml"), 2);
	cr_assert_eq(count_files(0, "outbox", ""), 2, "only . and ..");
	cr_assert_eq(count_files(0, "state", ".id"), 0);
	cr_assert_eq(test_broker_figure(&broker, "accepted"), 2);
}

Test(agents_folder, the_example_program_prints_what_arrives)
{
	char program[PATH_MAX];
	char text[16] = "";
	struct pollfd item = {.events = POLLIN};
	pid_t from = start_agent(0);
	int ends[2];
	pid_t pid;

	cr_assert_eq(pipe(ends), 0);
	pid = test_fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		snprintf(program, sizeof(program), "%s/examples/receive",
			getenv("ALMONER_BUILD"));
		execl(program, program, contexts[1], (char *)NULL);
		_exit(127);
	}
	put_message(31);
	item.fd = ends[0];
	cr_assert_eq(poll(&item, 1, WAIT_S * 1000), 1);
	cr_assert_eq(read(ends[0], text, sizeof(text) - 1), 2);
	cr_assert_str_eq(text, "31");
	(void)end_agent(pid, SIGKILL);
	cr_assert_eq(end_agent(from, SIGTERM), 0);
}
