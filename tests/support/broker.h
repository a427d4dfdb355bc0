/*
 * broker.h - a real almonerd in a folder of its own, on ipc sockets, for the
 * integration tests: start, ask, kill as a crash would, start again.
 * Every function fails the test by itself when it cannot do its work.
 */
#ifndef ALM_TESTS_SUPPORT_BROKER_H
#define ALM_TESTS_SUPPORT_BROKER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agents/include/almoner_control.h"
#include "lib/arena.h"
#include "lib/wire/wire.h"
#include "tests/support/tempdir.h"

struct test_broker {
	char folder[ALM_TEMPDIR_BYTES];
	char settings[PATH_MAX];
	char endpoint[PATH_MAX];
	char admin[PATH_MAX];
	char store[PATH_MAX];
	char store_key[PATH_MAX];
	uint8_t public_key[32];
	pid_t pid; /* 0: not running */
	struct alm_control *control;
	struct alm_arena arena; /* of the last answer */
};

/** Make folder and keys, start, and wait for READY=1.  `more` is added to
 * the settings; "" for none. */
void test_broker_open(struct test_broker *broker, const char *more);

/** Lines for the settings file, which take effect at the next start. */
void test_broker_add_settings(struct test_broker *broker, const char *lines);

/** An audit key of that seed, so that heads are signed and receipts given.
 * While the broker is stopped. */
void test_broker_add_audit_key(
	struct test_broker *broker, const uint8_t seed[32]);

/** Have `line` stand in place of the setting `name`, from the next start. */
void test_broker_replace_setting(
	struct test_broker *broker, const char *name, const char *line);

/** Stop cleanly if it runs, and remove the folder. */
void test_broker_close(struct test_broker *broker);

/** SIGTERM, and the exit status. */
int test_broker_stop(struct test_broker *broker);

/** SIGKILL, and wait. */
void test_broker_kill(struct test_broker *broker);

/** Start again on the same store; waits for READY=1. */
void test_broker_start(struct test_broker *broker);

/** The same; false if it ends instead. */
bool test_broker_try_start(struct test_broker *broker);

/** Start and wait for its end instead: the exit status.  What it wrote to
 * standard error is in `log` then. */
int test_broker_start_fails(
	struct test_broker *broker, char *log, size_t log_bytes);

/** Ask; `arguments` are pairs of key and value ended by NULL.  A question to
 * the log that has no reason is given one. */
struct alm_answer test_broker_ask(struct test_broker *broker, const char *verb,
	const char *const *arguments);

/** The same with attachments. */
struct alm_answer test_broker_attach(struct test_broker *broker,
	const char *verb, const char *const *arguments,
	const struct alm_attachment *attachments, size_t attachment_count);

/** The value of a fact; "" if there is none. */
const char *test_fact(const struct alm_answer *answer, const char *key);
uint64_t test_number(const struct alm_answer *answer, const char *key);

/** The cell of a row by the column's name. */
const char *test_cell(
	const struct alm_answer *answer, size_t row, const char *column);

/** Activate a bundle of one file. */
void test_broker_activate(struct test_broker *broker, const char *yaml);

/** The same, of what printf makes of `yaml`. */
void test_broker_activate_filled(struct test_broker *broker, const char *yaml,
	...) __attribute__((format(printf, 2, 3)));

/** How many records of that kind the log has. */
size_t test_broker_records(struct test_broker *broker, const char *kind);

/** Check the whole store, which need not be in use: how many pieces of mail
 * it holds. */
uint64_t test_broker_verify(const struct test_broker *broker);

/** Put the built standard of that name into the broker. */
void test_broker_put_standard(struct test_broker *broker, const char *name);

/** One figure of `status`. */
uint64_t test_broker_figure(struct test_broker *broker, const char *name);

/** Ask until a figure of `status` has that value. */
void test_broker_await(
	struct test_broker *broker, const char *name, uint64_t value);

/** One page over HTTP, of a broker with `http-endpoint` at http.sock in its
 * folder: head and body, cut to fit. */
void test_broker_page(const struct test_broker *broker, const char *path,
	char *out, size_t out_bytes);

#endif /* ALM_TESTS_SUPPORT_BROKER_H */
