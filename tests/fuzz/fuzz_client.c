/* What a broker says to a client that has things under way. */
#include <zmq.h>

#include "agents/client/client.h"
#include "tests/fuzz/conversation.h"
#include "tests/fuzz/frame.h"

static int write_nothing(
	void *cookie, uint64_t offset, const void *data, size_t bytes)
{
	(void)cookie;
	(void)data;
	FUZZ_ASSERT(offset + bytes <= TALK_PART_BYTES);
	return 0;
}

static struct alm_client *open_client(void)
{
	static const uint8_t key[32] = {9};
	static void *context;
	struct alm_client_options options = {
		.endpoint = "ipc:///nowhere/almoner-fuzz",
		.broker_key = key,
		.organisation = "RX1",
		.agent = "agent",
		.curve_key = key,
		.signing_key = key,
		.credit = 16,
		.takes_parts = true};
	struct alm_client *client = NULL;

	if (context == NULL) {
		context = zmq_ctx_new();
	}
	options.zmq_context = context;
	FUZZ_ASSERT(alm_client_open_with(&options, &client, NULL, 0) == 0);
	return client;
}

/* As after a hello. */
static void welcome(struct alm_client *client)
{
	const struct alm_welcome said = {.version = ALM_PROTOCOL_VERSION,
		.credit = 8,
		.broker_time_ms = 1,
		.frame_bytes_max = ALM_FRAME_BYTES_MAX,
		.frame_envelopes_max = ALM_FRAME_ENVELOPES_MAX,
		.payload_bytes_max = ALM_PAYLOAD_BYTES_MAX,
		.parts_bytes_max = ALM_PARTS_PAYLOAD_BYTES_MAX,
		.organisation = "RX1",
		.agent = "agent",
		.encodings = 1u << ALM_ENCODING_ZSTD,
		.next_endpoint = ""};

	client->state = ALM_SESSION_GREETING;
	alm_session_welcome(client, &said);
	FUZZ_ASSERT(client->state == ALM_SESSION_READY);
}

static void begin(struct alm_client *client)
{
	static const char *const categories[] = {"contact"};
	const struct alm_outgoing message = {.id = talk_id,
		.recipient = "C84001",
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "aggregate"};
	const struct alm_sink sink = {.write = write_nothing};
	uint8_t root[ALM_DIGEST_BYTES];
	struct alm_delivery mail = {.sequence = TALK_SEQUENCE,
		.is_in_parts = true,
		.payload_bytes = TALK_PART_BYTES,
		.payload_root = root};
	uint32_t question = 0;

	talk_root(root);
	FUZZ_ASSERT(alm_send_start(client, &message, NULL) == 0);
	alm_outbox_mark_sent(
		&client->outbox, alm_outbox_next(&client->outbox), 0);
	FUZZ_ASSERT(alm_ask_start(client, "status", NULL, 0, &question) == 0);
	FUZZ_ASSERT(question == TALK_QUESTION);
	FUZZ_ASSERT(alm_acknowledge(client, TALK_HELD, NULL) == 0);
	FUZZ_ASSERT(alm_fetch_start(client, &mail, &sink) == 0);
}

/* Who follows the header must find what it says. */
static void look_at(const struct alm_event *event)
{
	const struct alm_delivery *mail = event->delivery;
	volatile uint8_t last = 0;

	if (mail != NULL && mail->payload_bytes > 0 && !mail->is_in_parts) {
		last = mail->payload[mail->payload_bytes - 1];
	}
	if (mail != NULL) {
		FUZZ_ASSERT(strcmp(mail->recipient, "RX1") == 0);
		FUZZ_ASSERT(!mail->is_in_parts || mail->payload == NULL);
	}
	if (event->receipt != NULL) {
		FUZZ_ASSERT(memcmp(event->receipt->id, talk_id, 16) == 0);
	}
	if (event->notice != NULL) {
		FUZZ_ASSERT(event->notice->code != 0);
	}
	(void)last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct alm_client *client = open_client();
	struct alm_event *event;

	welcome(client);
	begin(client);
	while (bytes >= 2) {
		size_t length = (size_t)data[0] << 8 | data[1];

		length = length < bytes - 2 ? length : bytes - 2;
		alm_inbound_frame(client, (struct alm_bytes){data + 2, length});
		alm_outbound_flush(client);
		data += 2 + length;
		bytes -= 2 + length;
	}
	FUZZ_ASSERT(client->outbox.count <= 1);
	FUZZ_ASSERT(client->window <= ALM_SEND_WINDOW_MAX);
	while ((event = alm_client_next_event(client)) != NULL) {
		look_at(event);
		alm_event_free(event);
	}
	FUZZ_ASSERT(client->events.bytes == 0);
	alm_client_close(client);
	return 0;
}
