#include "tests/support/broker.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/store/audit.h"
#include "lib/bytes.h"
#include "lib/file.h"
#include "tests/support/fork.h"
#include "tests/support/tempdir.h"

/* A machine that is shared may stand still for a minute. */
#define READY_WAIT_MS 300000
#define READY_POLL_MS 100
#define ANSWER_WAIT_MS 300000
#define AWAIT_TURNS 30000u /* of 10 ms, and a question */
#define POLICY_BYTES_MAX 16384u
#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

static void make_key(const char *path, uint8_t key[32])
{
	struct alm_problem problem;

	randombytes_buf(key, 32);
	cr_assert_eq(alm_key_file_write(path, key, &problem), ALM_OK);
}

/* Peers do not ping while a test waits for something else. */
static void write_settings(struct test_broker *broker, const char *more)
{
	char text[8 * PATH_MAX];
	struct alm_problem problem;

	snprintf(text, sizeof(text),
		"endpoint: %s\nadmin-endpoint: %s\nadmin-mode: 0600\n"
		"store: %s\nstore-map: 4GiB\nstore-key-file: %s\n"
		"curve-key-file: %s/curve.key\nsession-idle: 1h\n%s",
		broker->endpoint, broker->admin, broker->store,
		broker->store_key, broker->folder, more);
	cr_assert_eq(alm_file_write(broker->settings,
			     (struct alm_bytes){(uint8_t *)text, strlen(text)},
			     0600, &problem),
		ALM_OK);
}

void test_broker_add_settings(struct test_broker *broker, const char *lines)
{
	FILE *file = fopen(broker->settings, "a");

	cr_assert_neq(file, NULL);
	fputs(lines, file);
	cr_assert_eq(fclose(file), 0);
}

void test_broker_add_audit_key(
	struct test_broker *broker, const uint8_t seed[32])
{
	struct alm_problem problem = {.err = ALM_OK};
	char lines[PATH_MAX + 64];
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.*s/audit.key", PATH_MAX / 2,
		broker->folder);
	cr_assert_eq(alm_key_file_write(path, seed, &problem), ALM_OK);
	(void)snprintf(lines, sizeof(lines), "audit-key-file: %s\n", path);
	test_broker_add_settings(broker, lines);
}

void test_broker_replace_setting(
	struct test_broker *broker, const char *name, const char *line)
{
	static char text[16 * PATH_MAX];
	FILE *file = fopen(broker->settings, "r");
	size_t bytes;

	cr_assert_neq(file, NULL);
	bytes = fread(text, 1, sizeof(text) - 1, file);
	text[bytes] = '\0';
	cr_assert_eq(fclose(file), 0);
	file = fopen(broker->settings, "w");
	cr_assert_neq(file, NULL);
	for (char *at = strtok(text, "\n"); at != NULL;
		at = strtok(NULL, "\n")) {
		if (strncmp(at, name, strlen(name)) != 0 ||
			at[strlen(name)] != ':') {
			fprintf(file, "%s\n", at);
		}
	}
	fprintf(file, "%s\n", line);
	cr_assert_eq(fclose(file), 0);
}

void test_broker_open(struct test_broker *broker, const char *more)
{
	uint8_t key[32];
	char path[PATH_MAX + 16];

	memset(broker, 0, sizeof(*broker));
	cr_assert_geq(sodium_init(), 0);
	alm_arena_init(&broker->arena, ARENA_BYTES_MAX);
	alm_tempdir_make(broker->folder);
	snprintf(
		broker->settings, PATH_MAX, "%s/almonerd.yaml", broker->folder);
	snprintf(broker->endpoint, PATH_MAX, "ipc://%s/agents.sock",
		broker->folder);
	snprintf(
		broker->admin, PATH_MAX, "ipc://%s/admin.sock", broker->folder);
	snprintf(broker->store, PATH_MAX, "%s/store", broker->folder);
	snprintf(broker->store_key, PATH_MAX, "%s/store.key", broker->folder);
	make_key(broker->store_key, key);
	snprintf(path, sizeof(path), "%s/curve.key", broker->folder);
	make_key(path, key);
	crypto_scalarmult_base(broker->public_key, key);
	write_settings(broker, more);
	test_broker_start(broker);
}

static int notify_socket(struct test_broker *broker, char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(path, PATH_MAX, "%s/notify", broker->folder);
	cr_assert_lt(strlen(path), sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	unlink(path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void run_daemon(struct test_broker *broker, const char *notify)
{
	char program[PATH_MAX];
	char log[PATH_MAX + 16];
	int fd;

	snprintf(program, sizeof(program), "%s/almonerd",
		getenv("ALMONER_BUILD"));
	snprintf(log, sizeof(log), "%s/log", broker->folder);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	setenv("NOTIFY_SOCKET", notify, 1);
	execl(program, program, "--config", broker->settings, (char *)NULL);
	_exit(127);
}

/* False: it has ended, and `wait_end` says how. */
static bool wait_ready(struct test_broker *broker, int fd)
{
	char text[512] = "";
	unsigned polls = READY_WAIT_MS / READY_POLL_MS;

	while (strstr(text, "READY=1") == NULL) {
		struct pollfd item = {.fd = fd, .events = POLLIN};
		siginfo_t ended = {.si_pid = 0};
		ssize_t n;

		cr_assert_eq(waitid(P_PID, (id_t)broker->pid, &ended,
				     WEXITED | WNOHANG | WNOWAIT),
			0);
		if (ended.si_pid != 0) {
			return false;
		}
		if (poll(&item, 1, READY_POLL_MS) <= 0) {
			cr_assert_gt(
				--polls, 0, "almonerd was not ready in time");
			continue;
		}
		n = recv(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
	}
	return true;
}

static int wait_end(struct test_broker *broker)
{
	int status = 0;

	alm_control_close(broker->control);
	broker->control = NULL;
	cr_assert_eq(waitpid(broker->pid, &status, 0), broker->pid);
	broker->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void test_broker_start(struct test_broker *broker)
{
	cr_assert(test_broker_try_start(broker), "almonerd ended; see %s/log",
		broker->folder);
}

bool test_broker_try_start(struct test_broker *broker)
{
	struct alm_problem problem;
	char notify[PATH_MAX];
	bool is_ready;
	int fd = notify_socket(broker, notify);

	cr_assert_neq(getenv("ALMONER_BUILD"), NULL, "run by tests/run");
	broker->pid = test_fork();
	if (broker->pid == 0) {
		run_daemon(broker, notify);
	}
	is_ready = wait_ready(broker, fd);
	close(fd);
	if (is_ready) {
		cr_assert_eq(alm_control_open(
				     broker->admin, &broker->control, &problem),
			ALM_OK, "%s", problem.detail);
	} else {
		(void)wait_end(broker);
	}
	return is_ready;
}

int test_broker_stop(struct test_broker *broker)
{
	cr_assert_eq(kill(broker->pid, SIGTERM), 0);
	return wait_end(broker);
}

void test_broker_kill(struct test_broker *broker)
{
	cr_assert_eq(kill(broker->pid, SIGKILL), 0);
	(void)wait_end(broker);
}

int test_broker_start_fails(
	struct test_broker *broker, char *log, size_t log_bytes)
{
	char path[PATH_MAX + 16];
	char notify[PATH_MAX];
	struct alm_problem problem;
	uint8_t *data = NULL;
	size_t bytes = 0;
	int fd = notify_socket(broker, notify);
	int rc;

	snprintf(path, sizeof(path), "%s/log", broker->folder);
	unlink(path);
	broker->pid = test_fork();
	if (broker->pid == 0) {
		run_daemon(broker, notify);
	}
	if (wait_ready(broker, fd)) {
		test_broker_kill(broker);
		cr_assert_fail("almonerd started");
	}
	rc = wait_end(broker);
	close(fd);
	cr_assert_eq(
		alm_file_read(path, 1 << 20, &data, &bytes, &problem), ALM_OK);
	snprintf(log, log_bytes, "%s", (char *)data);
	free(data);
	return rc;
}

void test_broker_close(struct test_broker *broker)
{
	if (broker->pid != 0) {
		cr_expect_eq(test_broker_stop(broker), 0);
	}
	alm_arena_fini(&broker->arena);
	alm_tempdir_remove(broker->folder);
}

/* Of a question to the log; it is recorded. */
static bool lacks_reason(const struct alm_request_call *call)
{
	static const char *const verbs[] = {
		"audit.query", "audit.show", "trace", "policy.impact"};
	bool asks = false;

	for (size_t i = 0; i < ALM_COUNT(verbs); i++) {
		asks |= strcmp(call->verb, verbs[i]) == 0;
	}
	for (size_t i = 0; i < call->argument_count; i++) {
		asks &= strcmp(call->arguments[i].key, "reason") != 0;
	}
	return asks;
}

struct alm_answer test_broker_attach(struct test_broker *broker,
	const char *verb, const char *const *arguments,
	const struct alm_attachment *attachments, size_t attachment_count)
{
	struct alm_argument pairs[32];
	struct alm_request_call call = {.verb = verb,
		.arguments = pairs,
		.attachments = attachments,
		.attachment_count = attachment_count};
	struct alm_answer answer;
	struct alm_problem problem = {.detail = ""};

	while (arguments[2 * call.argument_count] != NULL) {
		size_t i = call.argument_count++;

		pairs[i].key = arguments[2 * i];
		pairs[i].value = arguments[2 * i + 1];
	}
	if (lacks_reason(&call)) {
		pairs[call.argument_count++] =
			(struct alm_argument){"reason", "a test"};
	}
	alm_arena_reset(&broker->arena);
	cr_assert_eq(alm_control_ask(broker->control, &call, ANSWER_WAIT_MS,
			     &broker->arena, &answer, &problem),
		ALM_OK, "%s: %s", verb, problem.detail);
	return answer;
}

struct alm_answer test_broker_ask(struct test_broker *broker, const char *verb,
	const char *const *arguments)
{
	return test_broker_attach(broker, verb, arguments, NULL, 0);
}

const char *test_fact(const struct alm_answer *answer, const char *key)
{
	for (size_t i = 0; i < answer->fact_count; i++) {
		if (strcmp(answer->facts[i].key, key) == 0) {
			return answer->facts[i].value;
		}
	}
	return "";
}

uint64_t test_number(const struct alm_answer *answer, const char *key)
{
	return strtoull(test_fact(answer, key), NULL, 10);
}

const char *test_cell(
	const struct alm_answer *answer, size_t row, const char *column)
{
	cr_assert_lt(row, answer->row_count);
	for (size_t i = 0; i < answer->columns.count; i++) {
		if (strcmp(answer->columns.items[i], column) == 0) {
			return answer->rows[row].items[i];
		}
	}
	cr_assert_fail("no column %s", column);
	return "";
}

void test_broker_activate(struct test_broker *broker, const char *yaml)
{
	const struct alm_attachment file = {.name = "policy.yaml",
		.content = {(const uint8_t *)yaml, strlen(yaml)}};
	struct alm_answer answer = test_broker_attach(broker, "policy.activate",
		(const char *const[]){NULL}, &file, 1);

	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
}

void test_broker_activate_filled(
	struct test_broker *broker, const char *yaml, ...)
{
	char filled[POLICY_BYTES_MAX];
	va_list values;
	int bytes;

	va_start(values, yaml);
	bytes = vsnprintf(filled, sizeof(filled), yaml, values);
	va_end(values);
	cr_assert(bytes > 0 && (size_t)bytes < sizeof(filled));
	test_broker_activate(broker, filled);
}

uint64_t test_broker_figure(struct test_broker *broker, const char *name)
{
	struct alm_answer answer =
		test_broker_ask(broker, "status", (const char *const[]){NULL});

	return test_number(&answer, name);
}

void test_broker_await(
	struct test_broker *broker, const char *name, uint64_t value)
{
	uint64_t figure = test_broker_figure(broker, name);

	for (unsigned i = 0; i < AWAIT_TURNS && figure != value; i++) {
		(void)poll(NULL, 0, 10);
		figure = test_broker_figure(broker, name);
	}
	cr_assert_eq(figure, value, "%s is not %llu but %llu", name,
		(unsigned long long)value, (unsigned long long)figure);
}

size_t test_broker_records(struct test_broker *broker, const char *kind)
{
	char cursor[512] = "";
	size_t count = 0;

	do {
		struct alm_answer answer =
			test_broker_ask(broker, "audit.query",
				(const char *const[]){"kind", kind,
					cursor[0] != '\0' ? "after" : NULL,
					cursor, NULL});

		cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
		count += answer.row_count;
		cr_assert_lt(strlen(answer.cursor), sizeof(cursor));
		(void)snprintf(cursor, sizeof(cursor), "%s", answer.cursor);
	} while (cursor[0] != '\0');
	return count;
}

uint64_t test_broker_verify(const struct test_broker *broker)
{
	struct alm_audit_report report;
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t key[32];

	cr_assert_eq(alm_key_file_read(broker->store_key, key, &problem),
		ALM_OK, "%s", problem.detail);
	cr_assert_eq(alm_audit_verify(broker->store, key, NULL, NULL, &report),
		ALM_OK, "%s", report.what);
	return report.mail;
}

void test_broker_put_standard(struct test_broker *broker, const char *name)
{
	struct alm_attachment file;
	struct alm_problem problem = {.err = ALM_OK};
	struct alm_answer answer;
	char path[128];
	uint8_t *data;

	(void)snprintf(path, sizeof(path), "build/standards/%s.fds", name);
	cr_assert_eq(alm_file_read(path, ALM_STANDARD_BYTES_MAX, &data,
			     &file.content.bytes, &problem),
		ALM_OK, "%s", problem.detail);
	file.content.data = data;
	file.name = strrchr(path, '/') + 1;
	answer = test_broker_attach(
		broker, "standard.put", (const char *const[]){NULL}, &file, 1);
	cr_assert_eq(answer.code, ALM_OK, "%s", answer.detail);
	free(data);
}

void test_broker_page(const struct test_broker *broker, const char *path,
	char *out, size_t out_bytes)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char request[256];
	size_t bytes = 0;
	ssize_t n;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/http.sock",
		broker->folder);
	cr_assert_eq(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		path);
	cr_assert_eq(
		write(fd, request, strlen(request)), (ssize_t)strlen(request));
	while (bytes + 1 < out_bytes &&
		(n = read(fd, out + bytes, out_bytes - bytes - 1)) > 0) {
		bytes += (size_t)n;
	}
	out[bytes] = '\0';
	close(fd);
}
