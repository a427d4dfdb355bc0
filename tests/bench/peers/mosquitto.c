/*
 * Mosquitto with persistence, QoS 1 on both sides: a publisher that keeps the
 * window of messages without PUBACK full, and a subscriber with a session that
 * lasts, which acknowledges each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mosquitto.h>

#include "tests/bench/peers/peer.h"

#define TOPIC "bench/mail"
#define KEEPALIVE_S 60
#define QUIET_NS INT64_C(30000000000)

struct end {
	struct peer_load *load;
	struct mosquitto *client;
	bool is_connected;
	uint64_t started;
	uint64_t done;
	int64_t heard_ns;
};

static void on_connect(struct mosquitto *client, void *cookie, int rc)
{
	struct end *end = cookie;

	(void)client;
	end->is_connected = rc == 0;
}

static void on_publish(struct mosquitto *client, void *cookie, int id)
{
	struct end *end = cookie;

	(void)client;
	(void)id;
	end->done++;
	end->heard_ns = alm_bench_now_ns();
}

static void on_subscribe(struct mosquitto *client, void *cookie, int id,
	int count, const int *granted)
{
	struct end *end = cookie;

	(void)client;
	(void)id;
	if (count == 1 && granted[0] == 1) {
		alm_bench_gate_open(&end->load->is_ready);
	}
}

static void on_message(struct mosquitto *client, void *cookie,
	const struct mosquitto_message *message)
{
	struct end *end = cookie;

	(void)client;
	(void)message;
	end->done++;
	end->heard_ns = alm_bench_now_ns();
}

static bool is_good(int rc, const char *what)
{
	if (rc != MOSQ_ERR_SUCCESS) {
		(void)fprintf(stderr, "mosquitto: %s: %s\n", what,
			mosquitto_strerror(rc));
	}
	return rc == MOSQ_ERR_SUCCESS;
}

static bool turn(struct end *end)
{
	if (alm_bench_now_ns() - end->heard_ns > QUIET_NS) {
		(void)fprintf(stderr, "mosquitto: nothing for 30 s\n");
		return false;
	}
	return is_good(mosquitto_loop(end->client, 100, 1), "loop");
}

static bool begin(struct end *end, const char *name, bool is_clean)
{
	int window = (int)end->load->window;
	bool is_ok = true;

	(void)mosquitto_lib_init();
	end->heard_ns = alm_bench_now_ns();
	end->client = mosquitto_new(name, is_clean, end);
	if (end->client == NULL) {
		return false;
	}
	(void)mosquitto_int_option(end->client, MOSQ_OPT_SEND_MAXIMUM, window);
	(void)mosquitto_max_inflight_messages_set(
		end->client, end->load->window);
	mosquitto_connect_callback_set(end->client, on_connect);
	mosquitto_publish_callback_set(end->client, on_publish);
	mosquitto_subscribe_callback_set(end->client, on_subscribe);
	mosquitto_message_callback_set(end->client, on_message);
	is_ok = is_good(mosquitto_connect(end->client, "127.0.0.1",
				end->load->port, KEEPALIVE_S),
		"connect");
	while (is_ok && !end->is_connected) {
		is_ok = turn(end);
	}
	return is_ok;
}

static void finish(struct end *end)
{
	if (end->client != NULL) {
		(void)mosquitto_disconnect(end->client);
		mosquitto_destroy(end->client);
	}
	(void)mosquitto_lib_cleanup();
}

bool peer_mosquitto_send(struct peer_load *load)
{
	struct end end = {.load = load};
	char *payload = malloc(load->payload_bytes);
	bool is_ok = payload != NULL && begin(&end, "sender", true);

	if (is_ok) {
		memset(payload, 'x', load->payload_bytes);
	}
	load->first_ns = alm_bench_now_ns();
	end.heard_ns = load->first_ns;
	while (is_ok && end.done < load->count) {
		while (is_ok && end.started < load->count &&
			end.started - end.done < load->window) {
			is_ok = is_good(mosquitto_publish(end.client, NULL,
						TOPIC, (int)load->payload_bytes,
						payload, 1, false),
				"publish");
			end.started++;
		}
		is_ok = is_ok && turn(&end);
	}
	finish(&end);
	free(payload);
	return is_ok;
}

bool peer_mosquitto_receive(struct peer_load *load)
{
	struct end end = {.load = load};
	bool is_ok = begin(&end, "receiver", false) &&
		     is_good(mosquitto_subscribe(end.client, NULL, TOPIC, 1),
			     "subscribe");

	end.heard_ns = alm_bench_now_ns();
	while (is_ok && end.done < load->count) {
		is_ok = turn(&end);
	}
	load->last_ns = alm_bench_now_ns();
	while (is_ok && mosquitto_want_write(end.client)) {
		is_ok = turn(&end);
	}
	finish(&end);
	return is_ok;
}
