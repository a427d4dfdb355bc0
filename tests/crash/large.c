/*
 * large.c - payloads in parts: made up as they are read, and checked byte for
 * byte as they are fetched.  The broker is killed in the middle of either.
 * Some go to several, who share them; one of these is away, and its deputy
 * gets what it has not taken in time.  In the end nothing of them is stored.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/crash.h"
#include "tests/support/clock.h"

#define LARGE_BYTES_MIN ((uint64_t)1100 * 1024)
#define LARGE_BYTES_SPAN (1024u * 1024)
#define UNDER_WAY_MAX 2u
#define DEADLINE_MS 1000
#define EXPIRY_MS 6000
#define FREED_MS 300000

/* One on its way out, until its receipt; or in, until it is whole. */
struct large {
	struct large *next;
	struct crash_agent *agent;
	uint8_t id[16];    /* out */
	uint64_t sequence; /* in; 0: out */
	unsigned number;
	uint64_t bytes;
	bool is_wrong;
	struct alm_source source;
};

static struct large *under_way;

static uint8_t byte_at(unsigned number, uint64_t offset)
{
	return offset < sizeof(number)
		       ? (uint8_t)(number >> (8 * offset))
		       : (uint8_t)(number * 131 + offset * 7 + offset / 4099);
}

static int read_made_up(void *cookie, uint64_t offset, void *out, size_t bytes)
{
	const struct large *large = cookie;

	for (size_t i = 0; i < bytes; i++) {
		((uint8_t *)out)[i] = byte_at(large->number, offset + i);
	}
	return 0;
}

static int write_checked(
	void *cookie, uint64_t offset, const void *data, size_t bytes)
{
	struct large *large = cookie;
	const uint8_t *in = data;

	if (offset == 0 && bytes >= sizeof(large->number)) {
		memcpy(&large->number, data, sizeof(large->number));
	}
	for (size_t i = 0; i < bytes; i++) {
		large->is_wrong |= in[i] != byte_at(large->number, offset + i);
	}
	large->bytes = offset + bytes;
	return 0;
}

static struct large *add(struct crash_agent *agent)
{
	struct large *large = calloc(1, sizeof(*large));

	cr_assert_neq(large, NULL);
	large->agent = agent;
	large->next = under_way;
	under_way = large;
	return large;
}

static void drop(struct large *large)
{
	struct large **link = &under_way;

	while (*link != large) {
		link = &(*link)->next;
	}
	*link = large->next;
	free(large);
}

void crash_large_begin(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 64);

	fputs("{\"event\":\"deputy\",\"of\":\"C84003\","
	      "\"deputy\":\"C84002\"}\n",
		trust->journal);
	(void)test_broker_ask(&world->broker, "mailbox.deputy",
		(const char *const[]){"organisation", "C84003", "deputy",
			"C84002", "reason", "it is away", NULL});
}

static void address(struct crash_world *world, struct alm_outgoing *message)
{
	static const char *const recipients[] = {"C84001", "C84002", "C84003"};

	if (crash_random(world, 2) == 0) {
		return;
	}
	message->recipient = NULL;
	message->recipients = recipients;
	message->recipient_count = 2 + crash_random(world, 2);
	message->deadline_ms = test_now_ms() + DEADLINE_MS;
	message->expires_ms = test_now_ms() + EXPIRY_MS;
}

void crash_large_send(struct crash_world *world)
{
	struct crash_agent *trust = crash_agent(world, "RHA", 0);
	struct alm_outgoing message = crash_message(world, "C84001");
	struct alm_client_status status;
	struct large *large;
	unsigned count = 0;

	for (large = under_way; large != NULL; large = large->next) {
		count += large->sequence == 0 ? 1 : 0;
	}
	alm_client_get_status(trust->client, &status);
	if (count >= UNDER_WAY_MAX || status.parts_bytes_max == 0 ||
		crash_random(world, 15) != 0) {
		return;
	}
	large = add(trust);
	large->number = world->number;
	large->bytes = LARGE_BYTES_MIN + crash_random(world, LARGE_BYTES_SPAN);
	large->source = (struct alm_source){read_made_up, large, large->bytes};
	alm_make_id(large->id);
	message.id = large->id;
	message.subject = "9990000034";
	address(world, &message);
	message.payload = NULL;
	message.payload_bytes = 0;
	message.source = &large->source;
	if (alm_send_start(trust->client, &message, NULL) != 0) {
		drop(large);
		return;
	}
	crash_write_sent(
		trust, &message, large->id, large->number, large->bytes);
	trust->unanswered++;
	world->sent++;
}

void crash_large_answered(struct crash_agent *agent, const uint8_t id[16])
{
	for (struct large *large = under_way; large != NULL;
		large = large->next) {
		if (large->agent == agent && large->sequence == 0 &&
			memcmp(large->id, id, 16) == 0) {
			drop(large);
			return;
		}
	}
}

void crash_large_fetch(
	struct crash_agent *agent, const struct alm_delivery *mail)
{
	struct large *large = add(agent);
	struct alm_sink sink = {write_checked, large, 0};
	int code;

	large->sequence = mail->sequence;
	code = alm_fetch_start(agent->client, mail, &sink);
	if (code != 0) {
		drop(large); /* it is being fetched already */
	}
}

void crash_large_fetched(struct crash_agent *agent, uint64_t sequence, int code)
{
	struct large *large = under_way;

	while (large != NULL &&
		(large->agent != agent || large->sequence != sequence)) {
		large = large->next;
	}
	cr_assert_neq(large, NULL);
	if (code == 0) {
		cr_expect_not(large->is_wrong, "bytes that were not sent");
		fprintf(agent->journal,
			"{\"event\":\"fetched\",\"mail\":%llu,"
			"\"payload\":\"%08x+%llu\"}\n"
			"{\"event\":\"took\",\"mail\":%llu}\n",
			(unsigned long long)sequence, large->number,
			(unsigned long long)large->bytes,
			(unsigned long long)sequence);
		cr_assert_eq(alm_acknowledge(agent->client, sequence, NULL), 0);
	}
	drop(large); /* otherwise the mail comes again */
}

void crash_large_is_freed(struct crash_world *world)
{
	int64_t until_ms = test_now_ms() + FREED_MS;

	/* A dead letter that has expired since keeps what it has. */
	test_broker_add_settings(&world->broker, "dead-letter-keep: 1s\n");
	cr_assert_eq(kill(world->broker.pid, SIGHUP), 0);
	while (test_broker_figure(&world->broker, "parts-stored") > 0) {
		cr_assert_lt(test_now_ms(), until_ms,
			"parts that nobody has: %llu, uploads %llu",
			(unsigned long long)test_broker_figure(
				&world->broker, "parts-stored"),
			(unsigned long long)test_broker_figure(
				&world->broker, "uploads"));
		crash_step_for(world, 50);
	}
}
