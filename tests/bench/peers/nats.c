/*
 * JetStream: a stream in files with the server's own defaults, asynchronous
 * publishing with as many unacknowledged as the window, and a durable push
 * consumer with explicit acknowledgement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nats/nats.h>

#include "tests/bench/peers/peer.h"

#define STREAM "bench"
#define SUBJECT "bench.mail"
#define QUIET_MS 30000

static bool is_good(natsStatus status, const char *what)
{
	if (status != NATS_OK) {
		(void)fprintf(stderr, "nats: %s: %s\n", what,
			natsStatus_GetText(status));
	}
	return status == NATS_OK;
}

static bool connect_to(const struct peer_load *load, natsConnection **out_nc)
{
	char url[64];

	(void)snprintf(url, sizeof(url), "nats://127.0.0.1:%d", load->port);
	return is_good(natsConnection_ConnectTo(out_nc, url), "connect");
}

static bool make_stream(jsCtx *js)
{
	const char *subjects[] = {SUBJECT};
	jsStreamConfig config;

	(void)jsStreamConfig_Init(&config);
	config.Name = STREAM;
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	/* As a mailbox: what is acknowledged goes. */
	config.Retention = js_WorkQueuePolicy;
	return is_good(js_AddStream(NULL, js, &config, NULL, NULL), "stream");
}

bool peer_nats_send(struct peer_load *load)
{
	natsConnection *nc = NULL;
	jsCtx *js = NULL;
	jsOptions options;
	char *payload = malloc(load->payload_bytes);
	bool is_ok = payload != NULL && connect_to(load, &nc);

	(void)jsOptions_Init(&options);
	options.PublishAsync.MaxPending = load->window;
	options.PublishAsync.StallWait = QUIET_MS;
	is_ok = is_ok &&
		is_good(natsConnection_JetStream(&js, nc, &options), "js");
	if (is_ok) {
		memset(payload, 'x', load->payload_bytes);
	}
	load->first_ns = alm_bench_now_ns();
	for (uint64_t i = 0; is_ok && i < load->count; i++) {
		is_ok = is_good(js_PublishAsync(js, SUBJECT, payload,
					(int)load->payload_bytes, NULL),
			"publish");
	}
	is_ok = is_ok && is_good(js_PublishAsyncComplete(js, NULL), "receipts");
	jsCtx_Destroy(js);
	natsConnection_Destroy(nc);
	free(payload);
	return is_ok;
}

bool peer_nats_receive(struct peer_load *load)
{
	natsConnection *nc = NULL;
	natsSubscription *sub = NULL;
	jsCtx *js = NULL;
	jsSubOptions options;
	bool is_ok = connect_to(load, &nc) &&
		     is_good(natsConnection_JetStream(&js, nc, NULL), "js") &&
		     make_stream(js);

	(void)jsSubOptions_Init(&options);
	options.ManualAck = true;
	options.Config.Durable = "receiver";
	options.Config.DeliverSubject = "deliver.receiver";
	options.Config.AckPolicy = js_AckExplicit;
	options.Config.MaxAckPending = 8192;
	is_ok = is_ok && is_good(js_SubscribeSync(&sub, js, SUBJECT, NULL,
					 &options, NULL),
				 "subscribe");
	if (is_ok) {
		alm_bench_gate_open(&load->is_ready);
	}
	for (uint64_t i = 0; is_ok && i < load->count; i++) {
		natsMsg *msg = NULL;

		is_ok = is_good(natsSubscription_NextMsg(&msg, sub, QUIET_MS),
				"next") &&
			is_good(natsMsg_Ack(msg, NULL), "acknowledge");
		natsMsg_Destroy(msg);
	}
	/* Until the server has taken the last acknowledgement. */
	is_ok = is_ok && is_good(natsConnection_Flush(nc), "flush");
	load->last_ns = alm_bench_now_ns();
	natsSubscription_Destroy(sub);
	jsCtx_Destroy(js);
	natsConnection_Destroy(nc);
	return is_ok;
}
