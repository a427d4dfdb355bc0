/*
 * disturb.c - those who disturb: floods, consumers that are slow or dead, a
 * crowd, rubbish.  Once they are ready all their threads run when nobody else
 * wants to (SCHED_IDLE): what is measured is what the broker lets them do to
 * others, not who has the processor.  Sixteen processes of the lowest ordinary
 * priority took it from the broker for milliseconds at a time.
 */
#include "agents/bench/disturb.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "agents/include/almoner.h"
#include "lib/bytes.h"
#include "lib/file.h"
#include "lib/id.h"

#define PAYLOAD_BYTES 1024u
#define SINK_CREDIT 8192u
#define PACED_PER_S 2000u /* towards slow and dead consumers */
#define SLOW_PER_S 200u
#define RUBBISH_BYTES 200u
#define UPLOAD_BYTES (UINT64_C(64) * 1024 * 1024)

unsigned alm_bench_disturbers(enum alm_bench_disturbance disturbance)
{
	switch (disturbance) {
	case ALM_BENCH_NONE:
	case ALM_BENCH_DISTURBANCE_COUNT:
		return 0;
	case ALM_BENCH_FLOOD:
	case ALM_BENCH_SLOW:
	case ALM_BENCH_DEAD:
	case ALM_BENCH_UPLOAD:
		return 2; /* a sender and its sink */
	case ALM_BENCH_CONNECTIONS:
		return ALM_BENCH_FLOODERS + 1;
	case ALM_BENCH_CROWD:
	case ALM_BENCH_MALFORMED:
		return 1;
	}
	return 0;
}

static bool stops(const struct alm_bench_fair_shared *shared)
{
	return __atomic_load_n(&shared->stops, __ATOMIC_SEQ_CST);
}

/* Also the threads that encrypt for this process. */
static void give_way(void)
{
	static const struct sched_param none = {.sched_priority = 0};
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;

	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		long id = strtol(task->d_name, NULL, 10);

		if (id > 0) {
			(void)sched_setscheduler((pid_t)id, SCHED_IDLE, &none);
		}
	}
	if (tasks != NULL) {
		(void)closedir(tasks);
	}
}

static void say_ready(struct alm_bench_fair_shared *shared)
{
	give_way();
	(void)__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
}

static void pause_ms(long ms)
{
	struct timespec time = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&time, NULL);
}

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int start_one(struct alm_client *client, const struct alm_source *source)
{
	static const uint8_t payload[PAYLOAD_BYTES];
	static const char *const categories[] = {"note"};
	struct alm_outgoing message = {.recipient = "G",
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = "9990000018",
		.payload = source == NULL ? payload : NULL,
		.payload_bytes = source == NULL ? sizeof(payload) : 0,
		.source = source};

	return alm_send_start(client, &message, NULL);
}

/* --- payloads in parts --------------------------------------------------- */

static int read_zeros(void *cookie, uint64_t offset, void *out, size_t bytes)
{
	(void)cookie;
	(void)offset;
	memset(out, 0, bytes);
	return 0;
}

static int discard(
	void *cookie, uint64_t offset, const void *data, size_t bytes)
{
	struct alm_bench_fair_shared *shared = cookie;

	(void)offset;
	(void)data;
	(void)bytes;
	(void)__atomic_add_fetch(&shared->disturbing, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* One payload after the other, each part as soon as it is asked for. */
static int upload(
	struct alm_bench_fair_shared *shared, struct alm_client *client)
{
	static const struct alm_source source = {
		.read = read_zeros, .bytes = UPLOAD_BYTES};
	int code = start_one(client, &source);

	while (code == 0 && !stops(shared)) {
		struct pollfd readable = {alm_client_fd(client), POLLIN, 0};
		struct alm_event *event;

		(void)poll(&readable, 1, 10);
		code = alm_client_process(client);
		while (code == 0 &&
			(event = alm_client_next_event(client)) != NULL) {
			if (event->kind == ALM_EVENT_RECEIPT) {
				code = event->receipt->code != 0
					       ? event->receipt->code
					       : start_one(client, &source);
			}
			alm_event_free(event);
		}
	}
	return code;
}

/* Fetch what comes, and have it forgotten. */
static int download(
	struct alm_bench_fair_shared *shared, struct alm_client *client)
{
	const struct alm_sink sink = {.write = discard, .cookie = shared};
	int code = 0;

	while (code == 0 && !stops(shared)) {
		struct pollfd readable = {alm_client_fd(client), POLLIN, 0};
		struct alm_event *event;

		(void)poll(&readable, 1, 10);
		code = alm_client_process(client);
		while (code == 0 &&
			(event = alm_client_next_event(client)) != NULL) {
			if (event->kind == ALM_EVENT_FETCHED) {
				code = alm_acknowledge(
					client, event->sequences[0], NULL);
			} else if (event->kind == ALM_EVENT_DELIVERY) {
				code = event->delivery->is_in_parts
					       ? alm_fetch_start(client,
							 event->delivery, &sink)
					       : alm_acknowledge(client,
							 event->delivery
								 ->sequence,
							 NULL);
			}
			alm_event_free(event);
		}
	}
	return code;
}

/* --- senders ------------------------------------------------------------- */

static void take_events(
	struct alm_bench_fair_shared *shared, struct alm_client *client)
{
	struct alm_event *event;

	while ((event = alm_client_next_event(client)) != NULL) {
		if (event->kind == ALM_EVENT_RECEIPT) {
			(void)__atomic_add_fetch(
				&shared->disturbing, 1, __ATOMIC_SEQ_CST);
		}
		alm_event_free(event);
	}
}

/* `per_s` 0: as many as the window takes. */
static int flood(struct alm_bench_fair_shared *shared,
	struct alm_client *client, unsigned per_s)
{
	double begun_s = now_s();
	uint64_t sent = 0;
	int code = 0;

	while (code == 0 && !stops(shared)) {
		struct pollfd readable = {alm_client_fd(client), POLLIN, 0};

		while (code == 0 &&
			(per_s == 0 || (double)sent < (now_s() - begun_s) *
							      (double)per_s)) {
			code = start_one(client, NULL);
			sent += code == 0 ? 1 : 0;
		}
		code = code == ALM_CODE_WINDOW_FULL ? 0 : code;
		code = code == 0 ? alm_client_process(client) : code;
		take_events(shared, client);
		(void)poll(&readable, 1, per_s == 0 ? 10 : 1);
	}
	return code;
}

static int work_as_sender(
	struct alm_bench_fair_shared *shared, unsigned number, unsigned per_s)
{
	struct alm_client *client = NULL;
	char agent[16];
	int code;

	(void)snprintf(agent, sizeof(agent), "f%u", number);
	code = alm_bench_fair_open(shared, "F", agent, 0, NULL, &client);
	if (code == 0) {
		say_ready(shared);
		code = shared->disturbance == ALM_BENCH_UPLOAD
			       ? upload(shared, client)
			       : flood(shared, client, per_s);
	}
	return code;
}

/* --- the sink ------------------------------------------------------------ */

/* `per_s` 0: as much as comes. */
static int drink(struct alm_bench_fair_shared *shared,
	struct alm_client *client, unsigned per_s)
{
	double begun_s = now_s();
	uint64_t taken = 0;
	int code = 0;

	while (code == 0 && !stops(shared)) {
		struct pollfd readable = {alm_client_fd(client), POLLIN, 0};
		struct alm_event *event = NULL;

		if (per_s == 0 ||
			(double)taken < (now_s() - begun_s) * (double)per_s) {
			event = alm_client_next_event(client);
		}
		if (event == NULL) {
			(void)poll(&readable, per_s == 0 ? 1 : 0, 5);
			code = alm_client_process(client);
		} else if (event->kind == ALM_EVENT_DELIVERY) {
			code = alm_acknowledge(
				client, event->delivery->sequence, NULL);
			taken++;
		}
		alm_event_free(event);
	}
	return code;
}

static int work_as_sink(struct alm_bench_fair_shared *shared)
{
	struct alm_client *client = NULL;
	int code = alm_bench_fair_open(
		shared, "G", "a", SINK_CREDIT, NULL, &client);

	if (code != 0) {
		return code;
	}
	say_ready(shared);
	if (shared->disturbance == ALM_BENCH_UPLOAD) {
		alm_client_take_parts(client, true);
		return download(shared, client);
	}
	if (shared->disturbance == ALM_BENCH_DEAD) {
		(void)raise(SIGSTOP);
		return 0;
	}
	return drink(shared, client,
		shared->disturbance == ALM_BENCH_SLOW ? SLOW_PER_S : 0);
}

/* --- the crowd ----------------------------------------------------------- */

static int work_as_crowd(struct alm_bench_fair_shared *shared)
{
	struct alm_client **clients =
		calloc(ALM_BENCH_AGENTS, sizeof(struct alm_client *));
	void *context = zmq_ctx_new();
	int code = clients == NULL || context == NULL ? (int)ALM_NOMEM : 0;

	if (code == 0) {
		(void)zmq_ctx_set(
			context, ZMQ_MAX_SOCKETS, 4 * (int)ALM_BENCH_AGENTS);
	}
	for (unsigned i = 0; i < ALM_BENCH_AGENTS && code == 0; i++) {
		char agent[16];

		(void)snprintf(agent, sizeof(agent), "c%u", i);
		code = alm_bench_fair_open(
			shared, "C", agent, 16, context, &clients[i]);
	}
	if (code == 0) {
		say_ready(shared);
	}
	while (code == 0 && !stops(shared)) {
		for (unsigned i = 0; i < ALM_BENCH_AGENTS && code == 0; i++) {
			code = alm_client_process(clients[i]);
		}
		pause_ms(100);
	}
	free(clients); /* and the process ends: nobody says goodbye */
	return code;
}

/* --- rubbish ------------------------------------------------------------- */

static int connect_raw(struct alm_bench_fair_shared *shared, void *socket)
{
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t broker_key[ALM_KEY_BYTES];
	uint8_t public_key[ALM_KEY_BYTES];
	uint8_t secret_key[ALM_KEY_BYTES];
	char path[2048];

	(void)snprintf(path, sizeof(path), "%s/F/f0/curve.key", shared->agents);
	problem.err = alm_key_file_read(path, secret_key, &problem);
	if (problem.err == ALM_OK) {
		problem.err = alm_unhex(
			shared->broker_key, broker_key, sizeof(broker_key));
	}
	if (problem.err != ALM_OK) {
		return (int)problem.err;
	}
	(void)crypto_scalarmult_base(public_key, secret_key);
	if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, broker_key,
		    ALM_KEY_BYTES) != 0 ||
		zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key,
			ALM_KEY_BYTES) != 0 ||
		zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key,
			ALM_KEY_BYTES) != 0 ||
		zmq_connect(socket, shared->endpoint) != 0) {
		return (int)ALM_UNREACHABLE;
	}
	return 0;
}

static int work_as_rubbish(struct alm_bench_fair_shared *shared)
{
	static const uint8_t rubbish[RUBBISH_BYTES] = {0xff, 0xff};
	void *context = zmq_ctx_new();
	void *socket = context == NULL ? NULL : zmq_socket(context, ZMQ_DEALER);
	uint8_t answer[1024];
	int code =
		socket == NULL ? (int)ALM_NOMEM : connect_raw(shared, socket);

	if (code == 0) {
		say_ready(shared);
	}
	while (code == 0 && !stops(shared)) {
		if (zmq_send(socket, rubbish, sizeof(rubbish), ZMQ_DONTWAIT) <
			0) {
			pause_ms(1);
		}
		while (zmq_recv(socket, answer, sizeof(answer), ZMQ_DONTWAIT) >=
			0) {
			(void)__atomic_add_fetch(
				&shared->disturbing, 1, __ATOMIC_SEQ_CST);
		}
	}
	return code;
}

static int work(struct alm_bench_fair_shared *shared, unsigned number)
{
	if (shared->disturbance == ALM_BENCH_CROWD) {
		return work_as_crowd(shared);
	}
	if (shared->disturbance == ALM_BENCH_MALFORMED) {
		return work_as_rubbish(shared);
	}
	if (number == 0) {
		return work_as_sink(shared);
	}
	return work_as_sender(shared, number - 1,
		shared->disturbance == ALM_BENCH_SLOW ||
				shared->disturbance == ALM_BENCH_DEAD
			? PACED_PER_S
			: 0);
}

void alm_bench_disturb(struct alm_bench_fair_shared *shared, unsigned number)
{
	int code = work(shared, number);

	if (code != 0) {
		shared->code = code;
	}
}
