/*
 * agents.c - messages through a broker: a sender that keeps its window full
 * and a receiver that acknowledges, each a process with libalmoner.
 *
 * The id of a message carries its number, so that the receipt tells how long
 * ago it was handed to the library.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agents/bench/bench.h"
#include "agents/bench/process.h"
#include "agents/include/almoner.h"
#include "lib/bytes.h"
#include "lib/file.h"
#include "lib/id.h"

#define GO_WAIT_MS 86400000 /* until it is this load's turn */
#define START_WAIT_MS 300000
#define QUIET_NS_MAX INT64_C(300000000000) /* no progress: give up */
#define RECEIVER_CREDIT 8192u
#define WORD_BYTES 80u
#define FOLDER_BYTES 1024u

/** One end, as text in shared memory. */
struct end {
	char organisation[WORD_BYTES];
	char agent[WORD_BYTES];
	char folder[FOLDER_BYTES];
};

/** Shared by both processes and their parent. */
struct shared {
	struct alm_bench_load load;
	char endpoint[FOLDER_BYTES];
	char broker_key[WORD_BYTES];
	struct end sender;
	struct end receiver;
	char purpose[WORD_BYTES];
	char category[WORD_BYTES];
	char subject[WORD_BYTES];
	struct alm_bench_gate go[2];    /* the contexts are written */
	struct alm_bench_gate is_ready; /* the receiver is connected */
	int64_t first_ns;
	int64_t last_ns;
	int sender_code; /* what went wrong; 0: nothing */
	int receiver_code;
	char detail[ALM_DETAIL_BYTES_MAX];
	int64_t nanoseconds[]; /* when sent, then how long until the receipt */
};

struct alm_bench_agents {
	struct shared *shared;
	size_t bytes;
	pid_t sender;
	pid_t receiver;
};

/* --- the receiver ------------------------------------------------------- */

static void wait_until(const struct alm_client *client, int64_t wait_ns)
{
	struct pollfd readable = {alm_client_fd(client), POLLIN, 0};
	struct timespec wait = {.tv_sec = wait_ns / 1000000000,
		.tv_nsec = wait_ns % 1000000000};

	if (wait_ns > 0) {
		(void)ppoll(&readable, 1, &wait, NULL);
	}
}

static void wait_readable(const struct alm_client *client)
{
	wait_until(client, INT64_C(1000000000));
}

/** Read the keys of an end; `out_keys` is CURVE first. */
static int read_keys(struct shared *shared, const struct end *end,
	uint8_t out_keys[2][ALM_KEY_BYTES])
{
	static const char *const names[] = {"curve.key", "signing.key"};
	struct alm_problem problem = {.err = ALM_OK};
	char path[FOLDER_BYTES + 16];

	for (size_t i = 0; i < ALM_COUNT(names) && problem.err == ALM_OK; i++) {
		(void)snprintf(
			path, sizeof(path), "%s/%s", end->folder, names[i]);
		problem.err = alm_key_file_read(path, out_keys[i], &problem);
	}
	if (problem.err != ALM_OK) {
		memcpy(shared->detail, problem.detail, sizeof(shared->detail));
	}
	return (int)problem.err;
}

/* With exactly as many envelopes in a frame at most as the load says. */
static int open_client(struct shared *shared, const struct end *end,
	uint32_t credit, struct alm_client **out_client)
{
	uint8_t keys[2][ALM_KEY_BYTES];
	uint8_t broker_key[ALM_KEY_BYTES];
	struct alm_client_options options = {.endpoint = shared->endpoint,
		.broker_key = broker_key,
		.organisation = end->organisation,
		.agent = end->agent,
		.curve_key = keys[0],
		.signing_key = keys[1],
		.credit = credit,
		.envelopes_per_frame_max = shared->load.envelopes_per_frame};
	int code = read_keys(shared, end, keys);

	if (code == 0) {
		code = (int)alm_unhex(
			shared->broker_key, broker_key, sizeof(broker_key));
	}
	if (code == 0) {
		code = alm_client_open_with(&options, out_client,
			shared->detail, sizeof(shared->detail));
	}
	sodium_memzero(keys, sizeof(keys));
	if (code != 0) {
		return code;
	}
	alm_client_give_back(
		*out_client, true); /* a load that waits is wrong */
	return alm_client_wait_ready(*out_client, START_WAIT_MS);
}

/** Take everything; gives the first error's code. */
static int take_all(struct alm_client *client, struct shared *shared)
{
	int64_t last_ns = alm_bench_now_ns();
	uint64_t taken = 0;
	int code = 0;

	while (code == 0 && taken < shared->load.message_count) {
		struct alm_event *event;
		int64_t now_ns;

		code = alm_client_process(client);
		now_ns = alm_bench_now_ns();
		event = alm_client_next_event(client);
		if (event == NULL) {
			if (now_ns - last_ns > QUIET_NS_MAX) {
				return ALM_CODE_TIMEOUT;
			}
			wait_readable(client);
		}
		while (event != NULL) {
			if (event->kind == ALM_EVENT_DELIVERY && code == 0) {
				code = alm_acknowledge(client,
					event->delivery->sequence, NULL);
				taken += event->delivery->is_repeat ? 0 : 1;
				last_ns = now_ns;
			}
			alm_event_free(event);
			event = alm_client_next_event(client);
		}
	}
	shared->last_ns = last_ns;
	return code;
}

static void receive_messages(void *cookie)
{
	struct shared *shared = cookie;
	struct alm_client *client = NULL;
	int code = ALM_CODE_TIMEOUT;

	if (alm_bench_gate_wait(&shared->go[0], GO_WAIT_MS)) {
		code = open_client(
			shared, &shared->receiver, RECEIVER_CREDIT, &client);
	}
	if (code == 0) {
		alm_bench_gate_open(&shared->is_ready);
		code = take_all(client, shared);
	}
	shared->receiver_code = code;
	alm_client_close(client);
	_exit(code == 0 ? 0 : 1);
}

/* --- the sender --------------------------------------------------------- */

void alm_bench_absent(uint32_t i, char out[ALM_BENCH_ABSENT_BYTES])
{
	(void)snprintf(out, ALM_BENCH_ABSENT_BYTES, "B%05u", i);
}

struct sender {
	struct shared *shared;
	struct alm_client *client;
	struct alm_outgoing message; /* its id points to the next */
	struct alm_message_id id;
	uint8_t random[6 * 256];
	struct alm_id_series ids;
	char absent[ALM_BENCH_ABSENT_BYTES];
	uint64_t started;
	uint64_t answered;
};

/** How many may have been started by now, and how long until the next. */
static uint64_t allowed(const struct sender *s, int64_t *out_wait_ns)
{
	uint64_t per_s = s->shared->load.per_s;
	uint64_t since_ns =
		(uint64_t)(alm_bench_now_ns() - s->shared->first_ns);
	uint64_t count;

	*out_wait_ns = INT64_C(1000000000);
	if (per_s == 0) {
		return UINT64_MAX;
	}
	count = (uint64_t)((double)since_ns * 1e-9 * (double)per_s) + 1;
	*out_wait_ns = (int64_t)((double)count * 1e9 / (double)per_s) -
		       (int64_t)since_ns;
	return count;
}

/** Random bytes are asked for as a client does that sends many: many at a
 * time. */
static struct alm_message_id make_id(struct sender *s, int64_t now_ms)
{
	size_t turn = s->started % (sizeof(s->random) / 6);
	uint8_t random[10];

	if (turn == 0) {
		randombytes_buf(s->random, sizeof(s->random));
	}
	memcpy(random, s->random + 6 * turn, 6);
	alm_put_u32(random + 6, (uint32_t)s->started);
	return alm_message_id_next(&s->ids, now_ms, random);
}

static int64_t wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Start as many as the window and the library take, and as are due. */
static int start_some(struct sender *s, int64_t *out_wait_ns)
{
	const struct alm_bench_load *load = &s->shared->load;
	int64_t now_ms = wall_ms();
	uint64_t due = allowed(s, out_wait_ns);

	while (s->started < load->message_count && s->started < due &&
		s->started - s->answered < load->window) {
		int code;

		s->id = make_id(s, now_ms);
		s->message.id = s->id.raw;
		if (load->absent_count > 0) {
			alm_bench_absent(
				(uint32_t)(s->started % load->absent_count),
				s->absent);
			s->message.recipient = s->absent;
		}
		s->shared->nanoseconds[s->started] = alm_bench_now_ns();
		code = alm_send_start(s->client, &s->message, NULL);
		if (code == ALM_CODE_WINDOW_FULL) {
			return 0;
		}
		if (code != 0) {
			return code;
		}
		s->started++;
	}
	return 0;
}

static int take_receipt(struct sender *s,
	const struct alm_receipt_view *receipt, int64_t now_ns)
{
	uint32_t number = alm_get_u32(receipt->id + 12);

	if (receipt->code != 0 || number >= s->started) {
		(void)snprintf(s->shared->detail, sizeof(s->shared->detail),
			"%s", receipt->detail);
		return receipt->code != 0 ? receipt->code : (int)ALM_INTERNAL;
	}
	s->shared->nanoseconds[number] =
		now_ns - s->shared->nanoseconds[number];
	s->answered++;
	return 0;
}

static int send_all(struct sender *s)
{
	int64_t last_ns = alm_bench_now_ns();
	int code = 0;

	s->shared->first_ns = last_ns;
	while (code == 0 && s->answered < s->shared->load.message_count) {
		struct alm_event *event;
		int64_t now_ns;
		int64_t wait_ns;

		code = start_some(s, &wait_ns);
		code = code != 0 ? code : alm_client_process(s->client);
		now_ns = alm_bench_now_ns();
		event = alm_client_next_event(s->client);
		if (event == NULL) {
			if (now_ns - last_ns > QUIET_NS_MAX) {
				return ALM_CODE_TIMEOUT;
			}
			wait_until(s->client, wait_ns);
		}
		while (event != NULL) {
			if (event->kind == ALM_EVENT_RECEIPT && code == 0) {
				code = take_receipt(s, event->receipt, now_ns);
				last_ns = now_ns;
			}
			alm_event_free(event);
			event = alm_client_next_event(s->client);
		}
	}
	return code;
}

static void send_messages(void *cookie)
{
	struct shared *shared = cookie;
	struct sender s = {.shared = shared};
	const char *const categories[] = {shared->category};
	uint8_t *payload = calloc(1, shared->load.payload_bytes + 1);
	int code = ALM_CODE_TIMEOUT;

	if (payload != NULL &&
		alm_bench_gate_wait(&shared->go[1], GO_WAIT_MS) &&
		(shared->load.absent_count > 0 ||
			alm_bench_gate_wait(
				&shared->is_ready, START_WAIT_MS))) {
		code = open_client(shared, &shared->sender, 0, &s.client);
	}
	s.message = (struct alm_outgoing){
		.recipient = shared->receiver.organisation,
		.purpose = shared->purpose,
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = shared->subject,
		.payload = payload,
		.payload_bytes = shared->load.payload_bytes};
	if (code == 0) {
		memset(payload, 'x', shared->load.payload_bytes);
		code = send_all(&s);
	}
	if (shared->load.absent_count > 0) {
		shared->last_ns = alm_bench_now_ns(); /* of the last receipt */
	}
	shared->sender_code = code;
	alm_client_close(s.client);
	free(payload);
	_exit(code == 0 ? 0 : 1);
}

/* --- both --------------------------------------------------------------- */

enum alm_err alm_bench_agents_begin(const struct alm_bench_load *load,
	struct alm_bench_agents **out_agents, struct alm_problem *problem)
{
	struct alm_bench_agents *agents = calloc(1, sizeof(*agents));
	struct shared *shared;

	if (agents == NULL) {
		return ALM_NOMEM;
	}
	agents->bytes = sizeof(*shared) +
			load->message_count * sizeof(shared->nanoseconds[0]);
	shared = alm_bench_share(agents->bytes);
	if (shared == NULL || !alm_bench_gate_init(&shared->go[0]) ||
		!alm_bench_gate_init(&shared->go[1]) ||
		!alm_bench_gate_init(&shared->is_ready)) {
		alm_bench_unshare(shared, agents->bytes);
		free(agents);
		return alm_problem_set(
			problem, ALM_IO, "shared memory or pipes");
	}
	shared->load = *load;
	agents->shared = shared;
	if (load->absent_count == 0) {
		agents->receiver = alm_bench_fork(receive_messages, shared);
	}
	agents->sender = alm_bench_fork(send_messages, shared);
	*out_agents = agents;
	return ALM_OK;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void sum_up(struct shared *shared, struct alm_bench_result *out)
{
	uint64_t count = shared->load.message_count;
	uint64_t middle = count / 2;
	uint64_t high = count * 99 / 100;

	qsort(shared->nanoseconds, count, sizeof(shared->nanoseconds[0]),
		by_value);
	out->per_s = (double)count * 1e9 /
		     (double)(shared->last_ns - shared->first_ns);
	out->accept_p50_us = (double)shared->nanoseconds[middle] / 1e3;
	out->accept_p99_us = (double)shared->nanoseconds[high] / 1e3;
}

static void copy(char *out, size_t bytes, const char *text)
{
	(void)snprintf(out, bytes, "%s", text);
}

static void copy_end(struct end *out, const struct alm_bench_end *end)
{
	copy(out->organisation, WORD_BYTES, end->organisation);
	copy(out->agent, WORD_BYTES, end->agent);
	copy(out->folder, FOLDER_BYTES, end->folder);
}

enum alm_err alm_bench_agents_run(struct alm_bench_agents *agents,
	const struct alm_bench_message *message,
	struct alm_bench_result *out_result, struct alm_problem *problem)
{
	struct shared *shared = agents->shared;
	bool has_sent;
	bool has_received;

	copy(shared->endpoint, sizeof(shared->endpoint), message->endpoint);
	copy(shared->broker_key, WORD_BYTES, message->broker_key);
	copy_end(&shared->sender, &message->sender);
	copy_end(&shared->receiver, &message->receiver);
	copy(shared->purpose, WORD_BYTES, message->purpose);
	copy(shared->category, WORD_BYTES, message->category);
	copy(shared->subject, WORD_BYTES, message->subject);
	alm_bench_gate_open(&shared->go[0]);
	alm_bench_gate_open(&shared->go[1]);
	has_sent = alm_bench_join(agents->sender);
	agents->sender = 0;
	if (!has_sent) {
		return alm_problem_set(problem,
			shared->sender_code != 0
				? (enum alm_err)shared->sender_code
				: ALM_IO,
			"the sender: %s", shared->detail);
	}
	has_received = shared->load.absent_count > 0 ||
		       alm_bench_join(agents->receiver);
	agents->receiver = 0;
	if (!has_received || shared->last_ns <= shared->first_ns) {
		return alm_problem_set(problem,
			shared->receiver_code != 0
				? (enum alm_err)shared->receiver_code
				: ALM_IO,
			"the receiver: %s", shared->detail);
	}
	sum_up(shared, out_result);
	return ALM_OK;
}

void alm_bench_agents_end(struct alm_bench_agents *agents)
{
	if (agents == NULL) {
		return;
	}
	alm_bench_kill(agents->sender);
	alm_bench_kill(agents->receiver);
	alm_bench_gate_fini(&agents->shared->go[0]);
	alm_bench_gate_fini(&agents->shared->go[1]);
	alm_bench_gate_fini(&agents->shared->is_ready);
	alm_bench_unshare(agents->shared, agents->bytes);
	free(agents);
}
