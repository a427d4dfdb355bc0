/*
 * peers.c - one run against a server that is up: prints messages a second.
 * usage: peers nats|mosquitto PORT COUNT PAYLOAD-BYTES WINDOW
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/peers/peer.h"

#define READY_WAIT_MS 30000

struct peer {
	const char *name;
	bool (*send)(struct peer_load *load);
	bool (*receive)(struct peer_load *load);
};

static const struct peer peers[] = {
	{"nats", peer_nats_send, peer_nats_receive},
	{"mosquitto", peer_mosquitto_send, peer_mosquitto_receive},
};

struct run {
	const struct peer *peer;
	struct peer_load *load;
};

static void send_all(void *cookie)
{
	const struct run *run = cookie;
	bool is_ok = alm_bench_gate_wait(&run->load->is_ready, READY_WAIT_MS) &&
		     run->peer->send(run->load);

	_exit(is_ok ? 0 : 1);
}

static void receive_all(void *cookie)
{
	const struct run *run = cookie;

	_exit(run->peer->receive(run->load) ? 0 : 1);
}

static int measure(const struct peer *peer, struct peer_load *load)
{
	struct run run = {peer, load};
	pid_t receiver = alm_bench_fork(receive_all, &run);
	pid_t sender = alm_bench_fork(send_all, &run);
	bool has_sent = alm_bench_join(sender);

	if (!has_sent) {
		alm_bench_kill(receiver);
		return 1;
	}
	if (!alm_bench_join(receiver)) {
		return 1;
	}
	printf("%.1f\n", (double)load->count * 1e9 /
				 (double)(load->last_ns - load->first_ns));
	return 0;
}

int main(int argc, char **argv)
{
	struct peer_load *load = alm_bench_share(sizeof(*load));

	if (argc != 6 || load == NULL) {
		(void)fprintf(stderr, "usage: peers nats|mosquitto PORT COUNT "
				      "PAYLOAD-BYTES WINDOW\n");
		return 2;
	}
	load->port = atoi(argv[2]);
	load->count = strtoull(argv[3], NULL, 10);
	load->payload_bytes = strtoull(argv[4], NULL, 10);
	load->window = (uint32_t)strtoul(argv[5], NULL, 10);
	if (!alm_bench_gate_init(&load->is_ready)) {
		return 1;
	}
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		if (strcmp(argv[1], peers[i].name) == 0) {
			return measure(&peers[i], load);
		}
	}
	return 2;
}
