/*
 * The server that forks workers, and the probes, whose messages are numbered.
 */
#include "agents/bench/fair.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agents/bench/disturb.h"
#include "agents/bench/process.h"
#include "agents/include/almoner.h"
#include "lib/bytes.h"
#include "lib/file.h"
#include "lib/id.h"

/* Long, and the last one counted in turns: a machine that is shared may stand
 * still for a minute. */
#define READY_WAIT_MS 600000
#define RUN_SLACK_MS 600000
#define PROBE_EVERY_NS INT64_C(2000000)
#define LAST_TURN_MS 10
#define LAST_TURNS 12000u
#define WORKERS_MAX 20u
#define PAYLOAD_BYTES 1024u

struct alm_bench_fair {
	struct alm_bench_fair_shared *shared;
	pid_t server;
	struct alm_bench_gate commands; /* a byte: the disturbance */
	struct alm_bench_gate done;
};

int alm_bench_fair_open(struct alm_bench_fair_shared *shared,
	const char *organisation, const char *agent, uint32_t credit,
	void *zmq_context, struct alm_client **out_client)
{
	static const char *const names[] = {"curve.key", "signing.key"};
	struct alm_problem problem = {.err = ALM_OK};
	uint8_t keys[2][ALM_KEY_BYTES];
	uint8_t broker_key[ALM_KEY_BYTES];
	struct alm_client_options options = {.endpoint = shared->endpoint,
		.broker_key = broker_key,
		.organisation = organisation,
		.agent = agent,
		.curve_key = keys[0],
		.signing_key = keys[1],
		.credit = credit,
		.zmq_context = zmq_context};
	int code;

	for (size_t i = 0; i < ALM_COUNT(names) && problem.err == ALM_OK; i++) {
		char path[2048];

		(void)snprintf(path, sizeof(path), "%s/%s/%s/%s",
			shared->agents, organisation, agent, names[i]);
		problem.err = alm_key_file_read(path, keys[i], &problem);
	}
	code = (int)problem.err;
	if (code == 0) {
		code = (int)alm_unhex(
			shared->broker_key, broker_key, sizeof(broker_key));
	}
	if (code == 0) {
		code = alm_client_open_with(&options, out_client,
			shared->detail, sizeof(shared->detail));
	}
	sodium_memzero(keys, sizeof(keys));
	return code != 0 ? code
			 : alm_client_wait_ready(*out_client, READY_WAIT_MS);
}

/* --- probes -------------------------------------------------------------- */

struct probes {
	struct alm_bench_fair_shared *shared;
	struct alm_client *clients[2 * ALM_BENCH_PROBES]; /* senders first */
	uint64_t sent;
	uint64_t received;
	int64_t sent_ns[ALM_BENCH_SAMPLES];
	bool is_handed_over[ALM_BENCH_SAMPLES];
	uint8_t payload[PAYLOAD_BYTES];
};

static int64_t wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Where the window is full the broker has stood still: that one is not sent. */
static int send_probe(struct probes *probes)
{
	static const char *const categories[] = {"note"};
	unsigned turn = (unsigned)(probes->sent % ALM_BENCH_PROBES);
	char recipient[8];
	uint8_t random[10];
	struct alm_message_id id;
	struct alm_outgoing message = {.recipient = recipient,
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = "9990000018",
		.payload = probes->payload,
		.payload_bytes = PAYLOAD_BYTES};
	int64_t now_ns = alm_bench_now_ns();
	int code;

	(void)snprintf(recipient, sizeof(recipient), "Q%u", turn);
	randombytes_buf(random, sizeof(random));
	alm_put_u32(random + 6, (uint32_t)probes->sent);
	id = alm_message_id_make(wall_ms(), random);
	message.id = id.raw;
	alm_put_u32(probes->payload, (uint32_t)probes->sent);
	code = alm_send_start(probes->clients[turn], &message, NULL);
	if (code == 0) {
		probes->sent_ns[probes->sent++] = now_ns;
	}
	return code == ALM_CODE_WINDOW_FULL ? 0 : code;
}

/* Once, though it may come twice. */
static void note_hand_over(
	struct probes *probes, const struct alm_delivery *mail, int64_t now_ns)
{
	struct alm_bench_fair_shared *shared = probes->shared;
	uint32_t number = alm_get_u32(mail->payload);

	if (number < probes->sent && !probes->is_handed_over[number]) {
		probes->is_handed_over[number] = true;
		shared->hand_over_ns[shared->hand_over_count++] =
			now_ns - probes->sent_ns[number];
	}
}

static int take_probe(struct probes *probes, struct alm_client *client,
	const struct alm_event *event)
{
	struct alm_bench_fair_shared *shared = probes->shared;
	int64_t now_ns = alm_bench_now_ns();

	if (event->kind == ALM_EVENT_RECEIPT) {
		uint32_t number = alm_get_u32(event->receipt->id + 12);

		if (event->receipt->code != 0 || number >= probes->sent) {
			return event->receipt->code != 0 ? event->receipt->code
							 : (int)ALM_INTERNAL;
		}
		shared->accept_ns[shared->accept_count++] =
			now_ns - probes->sent_ns[number];
	} else if (event->kind == ALM_EVENT_DELIVERY) {
		note_hand_over(probes, event->delivery, now_ns);
		return alm_acknowledge(client, event->delivery->sequence, NULL);
	}
	return 0;
}

static int take_probes(struct probes *probes, int wait_ms)
{
	struct pollfd fds[2 * ALM_BENCH_PROBES];
	int code = 0;

	for (size_t i = 0; i < ALM_COUNT(fds); i++) {
		fds[i] =
			(struct pollfd){.fd = alm_client_fd(probes->clients[i]),
				.events = POLLIN};
	}
	(void)poll(fds, ALM_COUNT(fds), wait_ms);
	for (size_t i = 0; i < ALM_COUNT(fds) && code == 0; i++) {
		struct alm_event *event;

		code = alm_client_process(probes->clients[i]);
		while (code == 0 && (event = alm_client_next_event(
					     probes->clients[i])) != NULL) {
			code = take_probe(probes, probes->clients[i], event);
			alm_event_free(event);
		}
	}
	return code;
}

static int probe(struct probes *probes)
{
	struct alm_bench_fair_shared *shared = probes->shared;
	int64_t begun_ns = alm_bench_now_ns();
	int64_t until_ns = begun_ns + (int64_t)shared->probe_ms * 1000000;
	int64_t next_ns = begun_ns;
	int64_t now_ns = begun_ns;
	int code = 0;

	while (code == 0 && now_ns < until_ns &&
		probes->sent < ALM_BENCH_SAMPLES) {
		if (now_ns >= next_ns) {
			code = send_probe(probes);
			next_ns += PROBE_EVERY_NS;
		}
		code = code != 0 ? code : take_probes(probes, 1);
		now_ns = alm_bench_now_ns();
	}
	for (unsigned turns = 0;
		code == 0 && (shared->accept_count < probes->sent ||
				     shared->hand_over_count < probes->sent);
		turns++) {
		code = turns > LAST_TURNS ? ALM_CODE_TIMEOUT
					  : take_probes(probes, LAST_TURN_MS);
	}
	return code;
}

static void work_as_probes(void *cookie)
{
	struct alm_bench_fair_shared *shared = cookie;
	struct probes *probes = calloc(1, sizeof(*probes));
	int code = probes == NULL ? (int)ALM_NOMEM : 0;

	for (unsigned i = 0; i < 2 * ALM_BENCH_PROBES && code == 0; i++) {
		char name[8];

		probes->shared = shared;
		(void)snprintf(name, sizeof(name), "%c%u",
			i < ALM_BENCH_PROBES ? 'P' : 'Q', i % ALM_BENCH_PROBES);
		code = alm_bench_fair_open(
			shared, name, "a", 64, NULL, &probes->clients[i]);
	}
	code = code != 0 ? code : probe(probes);
	for (unsigned i = 0; probes != NULL && i < 2 * ALM_BENCH_PROBES; i++) {
		alm_client_close(probes->clients[i]);
	}
	free(probes);
	if (code != 0) {
		shared->code = code;
	}
	_exit(code == 0 ? 0 : 1);
}

/* --- the server ---------------------------------------------------------- */

struct worker {
	struct alm_bench_fair_shared *shared;
	unsigned number;
};

static void work_as_disturber(void *cookie)
{
	const struct worker *worker = cookie;

	alm_bench_disturb(worker->shared, worker->number);
	_exit(0);
}

static bool is_ready(struct alm_bench_fair_shared *shared, unsigned wanted)
{
	static const struct timespec pause = {.tv_nsec = 5000000};

	for (unsigned i = 0; i < READY_WAIT_MS / 5; i++) {
		if (__atomic_load_n(&shared->ready, __ATOMIC_SEQ_CST) >=
			wanted) {
			return true;
		}
		if (shared->code != 0) {
			return false;
		}
		(void)nanosleep(&pause, NULL);
	}
	shared->code = ALM_CODE_TIMEOUT;
	return false;
}

static void serve_one(struct alm_bench_fair *fair)
{
	struct alm_bench_fair_shared *shared = fair->shared;
	unsigned count = alm_bench_disturbers(shared->disturbance);
	static const struct timespec after = {.tv_nsec = 500000000};
	struct worker workers[WORKERS_MAX];
	pid_t pids[WORKERS_MAX];

	__atomic_store_n(&shared->ready, 0, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < count; i++) {
		workers[i] = (struct worker){shared, i};
		pids[i] = alm_bench_fork(work_as_disturber, &workers[i]);
	}
	if (is_ready(shared, count)) {
		(void)alm_bench_join(alm_bench_fork(work_as_probes, shared));
	}
	__atomic_store_n(&shared->stops, true, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < count; i++) {
		alm_bench_kill(pids[i]);
	}
	if (count > 0) {
		(void)nanosleep(&after, NULL); /* what they left behind */
	}
}

static void serve(void *cookie)
{
	struct alm_bench_fair *fair = cookie;

	while (alm_bench_gate_wait(&fair->commands, -1)) {
		serve_one(fair);
		alm_bench_gate_open(&fair->done);
	}
	_exit(0);
}

enum alm_err alm_bench_fair_begin(
	struct alm_bench_fair **out_fair, struct alm_problem *problem)
{
	struct alm_bench_fair *fair = calloc(1, sizeof(*fair));

	if (fair == NULL) {
		return ALM_NOMEM;
	}
	fair->shared = alm_bench_share(sizeof(*fair->shared));
	if (fair->shared == NULL || !alm_bench_gate_init(&fair->commands) ||
		!alm_bench_gate_init(&fair->done)) {
		alm_bench_unshare(fair->shared, sizeof(*fair->shared));
		free(fair);
		return alm_problem_set(
			problem, ALM_IO, "shared memory or pipes");
	}
	fair->server = alm_bench_fork(serve, fair);
	*out_fair = fair;
	return ALM_OK;
}

struct alm_bench_fair_shared *alm_bench_fair_shared(struct alm_bench_fair *fair)
{
	return fair->shared;
}

enum alm_err alm_bench_fair_run(struct alm_bench_fair *fair,
	enum alm_bench_disturbance disturbance, struct alm_problem *problem)
{
	struct alm_bench_fair_shared *shared = fair->shared;

	shared->disturbance = disturbance;
	shared->stops = false;
	shared->code = 0;
	shared->detail[0] = '\0';
	shared->disturbing = 0;
	shared->accept_count = 0;
	shared->hand_over_count = 0;
	alm_bench_gate_open(&fair->commands);
	if (!alm_bench_gate_wait(&fair->done,
		    READY_WAIT_MS + RUN_SLACK_MS + (int)shared->probe_ms)) {
		return alm_problem_set(problem, ALM_TIMEOUT, "the workers");
	}
	if (shared->code != 0) {
		return alm_problem_set(problem, (enum alm_err)shared->code,
			"a worker: %s", shared->detail);
	}
	return ALM_OK;
}

void alm_bench_fair_end(struct alm_bench_fair *fair)
{
	if (fair == NULL) {
		return;
	}
	alm_bench_kill(fair->server);
	alm_bench_gate_fini(&fair->commands);
	alm_bench_gate_fini(&fair->done);
	alm_bench_unshare(fair->shared, sizeof(*fair->shared));
	free(fair);
}
