/* world.c - agents with journals, for the crash test. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "tests/crash/crash.h"
#include "tests/support/peer.h"
#include "tests/support/policy.h"

#define STALL_MS 300000
#define LOOK_MS 50
#define NEAR \
	"groups:\n" \
	"  - {id: near, members: [{organisation: RHA}, {organisation: RTG}, " \
	"{organisation: C84001}, {organisation: C84003}]}\n"

/* C84002 rejects, C84003 is away, C84004 hangs; RTG and C84005 change their
 * keys.  Whoever sends to `near` reaches its practices, which journals name. */
const char crash_policy[] = TEST_POLICY("{id: discharge}",
	TEST_TRUST("RX1") TEST_TRUST("RHA") TEST_TRUST("RTG") TEST_PRACTICE(
		"C84001") TEST_PRACTICE("C84002") TEST_PRACTICE("C84003")
		TEST_PRACTICE("C84004") TEST_PRACTICE("C84005") NEAR,
	TEST_CARE_AGREEMENT("DSA-CARE", "RX1, RHA, RTG",
		"C84001, C84002, C84003, C84004, C84005", "discharge",
		"identifiable") TEST_CARE_AGREEMENT("DSA-BACK", "C84002", "RHA",
		"discharge", "identifiable"));

unsigned crash_random(struct crash_world *world, unsigned limit)
{
	world->rng = world->rng * 1664525u + 1013904223u;
	return (world->rng >> 8) % limit;
}

/* --- journals ------------------------------------------------------------ */

static const char *text_of(const uint8_t id[16])
{
	static char text[37];

	alm_id_text(id, text);
	return text;
}

static void begin_journal(struct crash_world *world, struct crash_agent *agent)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/journal.%s", world->broker.folder,
		agent->organisation);
	agent->journal = fopen(path, "a");
	cr_assert_neq(agent->journal, NULL);
	fprintf(agent->journal,
		"{\"event\":\"agent\",\"organisation\":\"%s\"}\n",
		agent->organisation);
}

/* Who is meant. */
static void write_address(FILE *journal, const char *address, bool is_first)
{
	if (strncmp(address, "kind:", 5) == 0) {
		address = "C84001\",\"C84003";
	}
	fprintf(journal, "%s\"%s\"", is_first ? "" : ",", address);
}

static void write_talk(FILE *journal, const struct alm_outgoing *message)
{
	if (message->kind != NULL) {
		fprintf(journal, ",\"kind\":\"%s\"", message->kind);
	}
	if (message->correlation_id != NULL) {
		fprintf(journal, ",\"answers\":\"%s\"",
			text_of(message->correlation_id));
	}
}

static void write_sending(struct crash_agent *agent,
	const struct alm_outgoing *message, const uint8_t id[16],
	const char *payload)
{
	fprintf(agent->journal, "{\"event\":\"sent\",\"id\":\"%s\",\"to\":[",
		text_of(id));
	if (message->recipient != NULL) {
		write_address(agent->journal, message->recipient, true);
	}
	for (size_t i = 0; i < message->recipient_count; i++) {
		write_address(agent->journal, message->recipients[i], i == 0);
	}
	fprintf(agent->journal,
		"],\"subject\":\"%s\",\"priority\":\"%s\","
		"\"deadline\":%lld,\"expires\":%lld,\"payload\":\"%s\"",
		message->subject == NULL ? "" : message->subject,
		message->priority == NULL ? "routine" : message->priority,
		(long long)message->deadline_ms, (long long)message->expires_ms,
		payload);
	write_talk(agent->journal, message);
	fputs("}\n", agent->journal);
}

static void write_sent(struct crash_agent *agent,
	const struct alm_outgoing *message, const uint8_t id[16])
{
	char payload[2 * sizeof(unsigned) + 1];

	alm_hex(message->payload, message->payload_bytes, payload);
	write_sending(agent, message, id, payload);
}

void crash_write_sent(struct crash_agent *agent,
	const struct alm_outgoing *message, const uint8_t id[16],
	unsigned number, uint64_t bytes)
{
	char payload[64];

	snprintf(payload, sizeof(payload), "%08x+%llu", number,
		(unsigned long long)bytes);
	write_sending(agent, message, id, payload);
}

static void write_outcome(struct crash_agent *agent, const uint8_t id[16],
	const struct alm_recipient_outcome *outcome)
{
	fprintf(agent->journal,
		"{\"event\":\"receipt\",\"id\":\"%s\",\"recipient\":\"%s\","
		"\"code\":%d,\"mail\":%llu,\"audit\":%llu,"
		"\"final\":true}\n",
		text_of(id), outcome->recipient, outcome->code,
		(unsigned long long)outcome->sequence,
		(unsigned long long)outcome->audit_sequence);
}

static void write_receipt(
	struct crash_agent *agent, const struct alm_receipt_view *receipt)
{
	for (size_t i = 0; i < receipt->outcome_count; i++) {
		write_outcome(agent, receipt->id, &receipt->outcomes[i]);
	}
	if (receipt->outcome_count > 0) {
		return; /* each of them has its own */
	}
	fprintf(agent->journal,
		"{\"event\":\"receipt\",\"id\":\"%s\",\"code\":%d,"
		"\"mail\":%llu,\"audit\":%llu,\"final\":%s}\n",
		text_of(receipt->id), receipt->code,
		(unsigned long long)receipt->sequence,
		(unsigned long long)receipt->audit_sequence,
		receipt->is_retryable ? "false" : "true");
}

static void write_got(
	struct crash_agent *agent, const struct alm_delivery *mail)
{
	char payload[2 * sizeof(unsigned) + 1] = "later";

	if (!mail->is_in_parts) {
		cr_assert_leq(mail->payload_bytes, sizeof(unsigned));
		alm_hex(mail->payload, mail->payload_bytes, payload);
	}
	fprintf(agent->journal,
		"{\"event\":\"got\",\"mail\":%llu,\"id\":\"%s\","
		"\"sender\":\"%s\",\"subject\":\"%s\",\"priority\":\"%s\","
		"\"repeat\":%s,\"payload\":\"%s\"}\n",
		(unsigned long long)mail->sequence, text_of(mail->id),
		mail->sender, mail->subject, mail->priority,
		mail->is_repeat ? "true" : "false", payload);
}

/* --- agents -------------------------------------------------------------- */

static void open_client(
	struct crash_world *world, struct crash_agent *agent, uint32_t credit)
{
	struct alm_client_options options = {.endpoint = world->broker.endpoint,
		.broker_key = world->broker.public_key,
		.organisation = agent->organisation,
		.agent = "agent",
		.credit = credit,
		.takes_parts = true};
	char error[512] = "";
	struct test_peer keys;

	test_peer_make(&keys, agent->organisation);
	test_peer_register(&keys, &world->broker, "agent");
	crash_rotate_keep(world, agent->organisation, keys.curve_secret,
		keys.signing_secret);
	options.curve_key = keys.curve_secret;
	options.signing_key = keys.signing_secret; /* begins with the seed */
	cr_assert_eq(alm_client_open_with(
			     &options, &agent->client, error, sizeof(error)),
		0, "%s", error);
	test_peer_free(&keys);
}

struct crash_agent *crash_agent(
	struct crash_world *world, const char *organisation, uint32_t credit)
{
	struct crash_agent *agent;

	for (size_t i = 0; i < world->agent_count; i++) {
		agent = &world->agents[i];
		if (strcmp(agent->organisation, organisation) == 0) {
			return agent;
		}
	}
	cr_assert_lt(world->agent_count, CRASH_AGENTS_MAX);
	agent = &world->agents[world->agent_count++];
	agent->organisation = organisation;
	begin_journal(world, agent);
	open_client(world, agent, credit);
	return agent;
}

void crash_close_agents(struct crash_world *world)
{
	for (size_t i = 0; i < world->agent_count; i++) {
		alm_client_close(world->agents[i].client);
		cr_assert_eq(fclose(world->agents[i].journal), 0);
	}
}

/* --- what they do -------------------------------------------------------- */

struct alm_outgoing crash_message(
	struct crash_world *world, const char *recipient)
{
	static const char *const categories[] = {"discharge"};

	world->number++;
	return (struct alm_outgoing){.recipient = recipient,
		.purpose = "direct-care",
		.categories = categories,
		.category_count = 1,
		.level = "identifiable",
		.subject = "9990000018",
		.payload = &world->number,
		.payload_bytes = sizeof(world->number)};
}

bool crash_send(struct crash_world *world, struct crash_agent *agent,
	const struct alm_outgoing *message)
{
	uint8_t id[16];
	int code;

	code = alm_send_start(agent->client, message, id);
	if (code == ALM_CODE_WINDOW_FULL) {
		return false;
	}
	cr_assert_eq(code, 0, "%s", alm_error_name(code));
	write_sent(agent, message, id);
	agent->unanswered++;
	world->sent++;
	return true;
}

static void take_delivery(struct crash_world *world, struct crash_agent *agent,
	const struct alm_delivery *mail)
{
	/* What is rejected once is rejected again. */
	bool is_rejected =
		agent->rejects > 0 && mail->sequence % agent->rejects == 0;
	char reason[64];

	write_got(agent, mail);
	if (agent->ignores) {
		return;
	}
	if (mail->is_in_parts) {
		crash_large_fetch(agent, mail);
		return;
	}
	snprintf(reason, sizeof(reason), "not for us: %llu",
		(unsigned long long)mail->sequence);
	cr_assert_eq(alm_acknowledge(agent->client, mail->sequence,
			     is_rejected ? reason : NULL),
		0);
	fprintf(agent->journal,
		"{\"event\":\"%s\",\"mail\":%llu,\"reason\":\"%s\"}\n",
		is_rejected ? "rejected" : "took",
		(unsigned long long)mail->sequence, is_rejected ? reason : "");
	if (!is_rejected) {
		crash_answer(world, agent, mail);
	}
}

static void take_notice(
	struct crash_agent *agent, const struct alm_notice_view *notice)
{
	fprintf(agent->journal,
		"{\"event\":\"notice\",\"mail\":%llu,\"id\":\"%s\","
		"\"kind\":\"%s\",\"recipient\":\"%s\",\"reason\":\"%s\"}\n",
		(unsigned long long)notice->sequence, text_of(notice->id),
		notice->kind, notice->recipient, notice->reason);
	cr_assert_eq(alm_acknowledge(agent->client, notice->sequence, NULL), 0);
}

static void write_gone(struct crash_agent *agent, const struct alm_event *event)
{
	fputs("{\"event\":\"gone\",\"mail\":[", agent->journal);
	for (size_t i = 0; i < event->sequence_count; i++) {
		fprintf(agent->journal, "%s%llu", i == 0 ? "" : ",",
			(unsigned long long)event->sequences[i]);
	}
	fputs("]}\n", agent->journal);
}

static void take_event(struct crash_world *world, struct crash_agent *agent,
	const struct alm_event *event)
{
	if (event->kind == ALM_EVENT_RECEIPT) {
		write_receipt(agent, event->receipt);
		crash_large_answered(agent, event->receipt->id);
		crash_away_answered(event->receipt->id, event->receipt->code);
		cr_assert_gt(agent->unanswered, 0);
		agent->unanswered--;
		world->receipts++;
	} else if (event->kind == ALM_EVENT_DELIVERY) {
		take_delivery(world, agent, event->delivery);
	} else if (event->kind == ALM_EVENT_ACKNOWLEDGED) {
		write_gone(agent, event);
	} else if (event->kind == ALM_EVENT_CONNECTED) {
		fputs("{\"event\":\"connected\"}\n", agent->journal);
	} else if (event->kind == ALM_EVENT_NOTICE) {
		take_notice(agent, event->notice);
		crash_away_told(event->notice);
	} else if (event->kind == ALM_EVENT_FETCHED) {
		crash_large_fetched(agent, event->sequences[0], event->code);
	}
}

static void take_events(struct crash_world *world, struct crash_agent *agent)
{
	struct alm_event *event;

	cr_assert_eq(alm_client_process(agent->client), 0);
	while ((event = alm_client_next_event(agent->client)) != NULL) {
		take_event(world, agent, event);
		alm_event_free(event);
	}
}

static bool wait_and_take(struct crash_world *world, int wait_ms)
{
	struct pollfd fds[CRASH_AGENTS_MAX];
	bool has_come;

	for (size_t i = 0; i < world->agent_count; i++) {
		fds[i] = (struct pollfd){
			.fd = alm_client_fd(world->agents[i].client),
			.events = POLLIN};
	}
	has_come = poll(fds, world->agent_count, wait_ms) > 0;
	crash_rotate_tend(world);
	for (size_t i = 0; i < world->agent_count; i++) {
		take_events(world, &world->agents[i]);
	}
	return has_come;
}

void crash_step(struct crash_world *world)
{
	int waited_ms = 0;

	while (!wait_and_take(world, LOOK_MS)) {
		waited_ms += LOOK_MS;
		cr_assert_lt(waited_ms, STALL_MS, "nothing moves any more");
	}
}

void crash_step_for(struct crash_world *world, int wait_ms)
{
	(void)wait_and_take(world, wait_ms);
}

uint64_t crash_run_again(struct crash_world *world, const char *organisation)
{
	struct alm_answer answer =
		test_broker_ask(&world->broker, "mailbox.rerun",
			(const char *const[]){"organisation", organisation,
				"all", "yes", "reason", "mended", NULL});

	return test_number(&answer, "queued") + test_number(&answer, "stopped");
}

/* On a slow machine the kills break off what is handed over as often as the
 * broker tries: an operator runs it again.  What has expired meanwhile stays.
 */
static bool is_box_empty(struct crash_world *world, const char *organisation)
{
	struct alm_answer boxes = test_broker_ask(
		&world->broker, "mailbox.list", (const char *const[]){NULL});
	bool has_mail = false;
	bool has_dead = false;

	for (size_t i = 0; i < boxes.row_count; i++) {
		if (strcmp(test_cell(&boxes, i, "organisation"),
			    organisation) == 0) {
			has_mail = strcmp(test_cell(&boxes, i, "messages"),
					   "0") != 0;
			has_dead = strcmp(test_cell(&boxes, i, "dead-letters"),
					   "0") != 0;
		}
	}
	return !has_mail &&
	       (!has_dead || crash_run_again(world, organisation) == 0);
}

bool crash_is_all_taken(struct crash_world *world)
{
	for (size_t i = 0; i < world->agent_count; i++) {
		if (world->agents[i].unanswered > 0) {
			return false;
		}
	}
	for (size_t i = 0; i < crash_actor_count; i++) {
		if (crash_actors[i].is_done != NULL &&
			!crash_actors[i].is_done(world)) {
			return false;
		}
	}
	for (size_t i = 0; i < world->agent_count; i++) {
		if (!is_box_empty(world, world->agents[i].organisation)) {
			return false;
		}
	}
	return true;
}
