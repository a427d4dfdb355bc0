/*
 * test_crash.c - a writer that is killed at any instant leaves whole turns
 * and every turn that it was told was committed; and verification runs beside
 * a writer.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fork.h"
#include "tests/unit/store/fixture.h"

TestSuite(store_crash, .init = set_up, .fini = tear_down, .timeout = 1800);

#define ROUNDS 12u
/* A writer on a fast disk is stopped when it is so far ahead of who reads what
 * it tells: it would fill the store's map, and fail where nobody looks. */
#define AHEAD_MAX 32
#define PIPE_BYTES 4096
#define TOLD_BYTES (PIPE_BYTES / AHEAD_MAX)

/* Turn t accepts three messages and removes the (t-1)th oldest: after it,
 * the log has 4t-1 records and the mailbox 2t+1 messages. */
static uint64_t turns_done(void)
{
	struct alm_audit_head head;

	alm_store_audit_head(store, &head);
	cr_assert(head.size == 0 || head.size % 4 == 3, "half a turn");
	return (head.size + 1) / 4;
}

static void accept_one(uint64_t turn, uint64_t number)
{
	static const uint8_t payload[1500];
	struct alm_message_id id = {{0}};
	struct alm_mail mail = {.kind = ALM_MAIL_MESSAGE,
		.recipient = "RY2",
		.sender = "RX1",
		.released = "",
		.payload = {payload, (size_t)(turn * 37 + number) % 1500}};
	struct alm_duplicate duplicate = {.seq = turn};

	append("who: somebody\n");
	cr_assert_eq(alm_store_mail_put(store, &mail), ALM_OK);
	memcpy(id.raw, &mail.seq, sizeof(mail.seq));
	cr_assert_eq(
		alm_store_duplicate_put(store, "RX1", &id, &duplicate), ALM_OK);
}

static void turn(uint64_t number)
{
	begin_at(NOW_US + (int64_t)number);
	for (uint64_t i = 0; i < 3; i++) {
		accept_one(number, i);
	}
	if (number > 1) {
		cr_assert_eq(alm_store_mail_remove(store, "RY2", number - 1),
			ALM_OK);
		append("");
	}
	commit();
}

/* Run turns for ever, telling each after its commit. */
static _Noreturn void write_for_ever(int told_fd)
{
	uint8_t block[TOLD_BYTES] = {0};

	reopen();
	for (uint64_t t = turns_done() + 1;; t++) {
		turn(t);
		memcpy(block, &t, sizeof(t));
		if (write(told_fd, block, sizeof(block)) !=
			(ssize_t)sizeof(block)) {
			_exit(1);
		}
	}
}

/* False when the writer is gone and has told no more. */
static bool hear(int fd, uint64_t *out_turn)
{
	uint8_t block[TOLD_BYTES];

	if (read(fd, block, sizeof(block)) != (ssize_t)sizeof(block)) {
		return false;
	}
	memcpy(out_turn, block, sizeof(*out_turn));
	return true;
}

static pid_t start_writer(int *out_fd)
{
	int fds[2];
	pid_t child;

	alm_store_close(store);
	store = NULL;
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
	child = test_fork();
	if (child == 0) {
		(void)close(fds[0]);
		write_for_ever(fds[1]);
	}
	(void)close(fds[1]);
	*out_fd = fds[0];
	return child;
}

static void kill_writer(pid_t child)
{
	int status;

	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status));
}

static void check_whole(uint64_t told)
{
	struct alm_mailbox_state state;
	struct alm_queue_entry entry = {.seq = 0};
	struct alm_audit_report report;
	uint64_t turns;
	uint64_t count = 0;

	reopen();
	turns = turns_done();
	cr_assert_geq(turns, told);
	cr_assert_eq(alm_store_mailbox_state(store, "RY2", &state), ALM_OK);
	cr_expect_eq(state.count, turns == 0 ? 0 : 2 * turns + 1);
	while (alm_store_queue_next(store, "RY2", entry.seq, &entry) ==
		ALM_OK) {
		struct alm_mail mail;
		struct alm_duplicate duplicate;
		struct alm_message_id id = {{0}};

		cr_assert_eq(
			alm_store_mail_get(store, entry.seq, &arena, &mail),
			ALM_OK);
		memcpy(id.raw, &entry.seq, sizeof(entry.seq));
		cr_assert_eq(alm_store_duplicate_get(
				     store, "RX1", &id, &arena, &duplicate),
			ALM_OK);
		alm_arena_reset(&arena);
		count++;
	}
	cr_expect_eq(count, state.count);
	alm_store_close(store);
	store = NULL;
	cr_expect_eq(alm_audit_verify(folder, KEY, NULL, NULL, &report), ALM_OK,
		"%s", report.what);
}

Test(store_crash, keeps_whole_turns_and_all_that_were_told)
{
	unsigned seed = 20261122;
	uint64_t told = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned wait_turns = (unsigned)rand_r(&seed) % 8;
		unsigned wait_spins = (unsigned)rand_r(&seed) % 2000000;
		int fd = -1;
		pid_t child = start_writer(&fd);

		for (unsigned i = 0; i < wait_turns; i++) {
			cr_assert(hear(fd, &told));
		}
		for (volatile unsigned i = 0; i < wait_spins; i++) {
		}
		kill_writer(child);
		while (hear(fd, &told)) {
		}
		(void)close(fd);
		check_whole(told);
	}
	cr_expect_gt(told, ROUNDS);
}

Test(store_crash, verifies_beside_a_live_writer)
{
	struct alm_audit_report report = {.records = 0};
	uint64_t told = 0;
	uint64_t before = 0;
	int fd = -1;
	pid_t child = start_writer(&fd);

	for (unsigned i = 0; i < 25; i++) {
		enum alm_err err;

		cr_assert(hear(fd, &told));
		err = alm_audit_verify(folder, KEY, NULL, NULL, &report);
		cr_expect_eq(err, ALM_OK, "%s", report.what);
		cr_expect_geq(report.records, 4 * told - 1);
		cr_expect_geq(report.records, before);
		before = report.records;
	}
	kill_writer(child);
	(void)close(fd);
}
