#include "agents/client/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agents/client/clock.h"
#include "agents/client/context.h"
#include "agents/client/witness.h"
#include "lib/zip.h"

#define SCRATCH_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define CREDIT_DEFAULT 256u
#define CLOSE_LINGER_MS 1000

static int give_error(enum alm_err err, const struct alm_problem *problem,
	char *out_error, size_t error_bytes)
{
	if (err != ALM_OK && out_error != NULL && error_bytes > 0) {
		const struct alm_err_info *info = alm_err_info(err);

		(void)snprintf(out_error, error_bytes, "ALM-%d %s: %s %s%s%s",
			(int)err, info->name, info->sentence, problem->detail,
			problem->detail[0] == '\0' ? "" : ". ", info->hint);
	}
	return (int)err;
}

static bool copy_id(char out[ALM_ID_BYTES_MAX + 1], const char *text)
{
	return snprintf(out, ALM_ID_BYTES_MAX + 1, "%s",
		       text == NULL ? "" : text) <= (int)ALM_ID_BYTES_MAX;
}

static enum alm_err set_identity(struct alm_client *client,
	const struct alm_client_options *options, struct alm_problem *problem)
{
	const char *software = options->software == NULL
				       ? "libalmoner " ALM_VERSION_TEXT
				       : options->software;

	if (options->endpoint == NULL || options->broker_key == NULL ||
		options->curve_key == NULL || options->signing_key == NULL ||
		options->organisation == NULL ||
		!alm_id_is_valid(options->organisation)) {
		return alm_problem_set(problem, ALM_CONTEXT,
			"endpoint, organisation and keys are needed");
	}
	if (!copy_id(client->organisation, options->organisation) ||
		!copy_id(client->agent, options->agent) ||
		!copy_id(client->software, software) ||
		options->credit > ALM_DELIVER_WINDOW_MAX) {
		return alm_problem_set(problem, ALM_CONTEXT,
			"a name is longer than %u bytes, or the credit larger "
			"than %u",
			ALM_ID_BYTES_MAX, ALM_DELIVER_WINDOW_MAX);
	}
	client->credit = options->credit;
	client->takes_parts = options->takes_parts;
	client->is_uncompressed = options->is_uncompressed;
	client->envelopes_wanted = options->envelopes_per_frame_max;
	client->envelopes_max = 1;
	client->window = ALM_WINDOW_UNWELCOMED;
	client->payload_bytes_max = ALM_PAYLOAD_BYTES_MAX;
	return ALM_OK;
}

/* Options of a connection under these secrets; `public_key` is written. */
static struct alm_link_options link_options(
	const struct alm_client_secrets *secrets, const char *endpoint,
	const uint8_t broker_key[ALM_KEY_BYTES],
	uint8_t public_key[ALM_KEY_BYTES])
{
	(void)crypto_scalarmult_base(public_key, secrets->curve);
	return (struct alm_link_options){.endpoint = endpoint,
		.broker_key = broker_key,
		.curve_public_key = public_key,
		.curve_secret_key = secrets->curve};
}

static void set_secrets(struct alm_client_secrets *secrets,
	const uint8_t curve_key[ALM_KEY_BYTES],
	const uint8_t signing_key[ALM_KEY_BYTES])
{
	uint8_t public_key[ALM_KEY_BYTES];

	memcpy(secrets->curve, curve_key, ALM_KEY_BYTES);
	(void)crypto_sign_seed_keypair(
		public_key, secrets->signing, signing_key);
}

static enum alm_err make_parts(struct alm_client *client,
	const struct alm_client_options *options, struct alm_problem *problem)
{
	struct alm_link_options link;
	uint8_t public_key[ALM_KEY_BYTES];

	client->hash = alm_hash_new();
	client->zip = alm_zip_new();
	client->secrets = sodium_malloc(sizeof(*client->secrets));
	if (client->hash == NULL || client->zip == NULL ||
		client->secrets == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "client");
	}
	set_secrets(client->secrets, options->curve_key, options->signing_key);
	link = link_options(client->secrets, options->endpoint,
		options->broker_key, public_key);
	link.zmq_context = options->zmq_context;
	link.credit = client->credit;
	return alm_link_open(&link, &client->link, problem);
}

int alm_client_open_with(const struct alm_client_options *options,
	struct alm_client **out_client, char *out_error, size_t error_bytes)
{
	struct alm_client *client = calloc(1, sizeof(*client));
	struct alm_problem problem = {0};
	enum alm_err err = ALM_OK;

	if (client != NULL) {
		client->frames = alm_frame_pool_new();
	}
	if (client == NULL || client->frames == NULL || sodium_init() < 0) {
		alm_frame_pool_free(client == NULL ? NULL : client->frames);
		free(client);
		return give_error(ALM_NOMEM, &problem, out_error, error_bytes);
	}
	alm_arena_init(&client->scratch, SCRATCH_BYTES_MAX);
	alm_frame_init(&client->frame, ALM_FRAME_BYTES_MAX);
	alm_outbox_init(&client->outbox);
	alm_acks_init(&client->acks);
	alm_events_init(&client->events);
	TAILQ_INIT(&client->questions);
	LIST_INIT(&client->sendings);
	LIST_INIT(&client->fetchings);
	err = set_identity(client, options, &problem);
	if (err == ALM_OK) {
		err = make_parts(client, options, &problem);
	}
	if (err == ALM_OK && options->witness != NULL) {
		err = alm_witness_new(
			options->witness, &client->witness, &problem);
	}
	if (err != ALM_OK) {
		alm_client_close(client);
		return give_error(err, &problem, out_error, error_bytes);
	}
	*out_client = client;
	return ALM_CODE_OK;
}

int alm_client_open(const char *context_file, struct alm_client **out_client,
	char *out_error, size_t error_bytes)
{
	struct alm_client_options options = {.credit = CREDIT_DEFAULT};
	struct alm_witness_options witness;
	struct alm_context context;
	struct alm_problem problem = {0};
	enum alm_err err = alm_context_read(context_file, &context, &problem);
	int code;

	if (err != ALM_OK) {
		return give_error(err, &problem, out_error, error_bytes);
	}
	options.endpoint = context.endpoint;
	options.broker_key = context.broker_key;
	options.organisation = context.organisation;
	options.agent = context.agent;
	options.curve_key = context.curve_key;
	options.signing_key = context.signing_key;
	if (context.is_witness) {
		witness =
			(struct alm_witness_options){.key = context.witness_key,
				.log_keys = context.audit_keys[0],
				.log_key_count = context.audit_key_count,
				.state_file = context.witness_state};
		options.witness = &witness;
	}
	code = alm_client_open_with(
		&options, out_client, out_error, error_bytes);
	sodium_memzero(&context, sizeof(context));
	return code;
}

static enum alm_err change_over(struct alm_client *client,
	const struct alm_context *context, struct alm_problem *problem)
{
	struct alm_link_options link;
	uint8_t public_key[ALM_KEY_BYTES];

	if (strcmp(context->organisation, client->organisation) != 0 ||
		strcmp(context->agent, client->agent) != 0) {
		return alm_problem_set(problem, ALM_SENDER_MISMATCH,
			"the context is of %s of %s", context->agent,
			context->organisation);
	}
	if (client->state == ALM_SESSION_ENDED) {
		return alm_problem_set(
			problem, client->last_err, "%s", client->detail);
	}
	alm_session_lost(client);
	set_secrets(client->secrets, context->curve_key, context->signing_key);
	client->next_endpoint[0] = '\0';
	link = link_options(client->secrets, context->endpoint,
		context->broker_key, public_key);
	link.credit = client->credit;
	return alm_link_reopen(client->link, &link, problem);
}

int alm_client_reload(struct alm_client *client, const char *context_file,
	char *out_error, size_t error_bytes)
{
	struct alm_problem problem = {0};
	struct alm_context context;
	enum alm_err err = alm_context_read(context_file, &context, &problem);

	if (err == ALM_OK) {
		err = change_over(client, &context, &problem);
		sodium_memzero(&context, sizeof(context));
	}
	return give_error(err, &problem, out_error, error_bytes);
}

void alm_client_forget_question(
	struct alm_client *client, struct alm_question *question)
{
	TAILQ_REMOVE(&client->questions, question, order);
	client->question_count--;
	free(question);
}

/** Acknowledgements first, then the broker need not wait for us to be missed.
 * Nobody hears of it if it cannot go out. */
static void say_goodbye(struct alm_client *client)
{
	struct alm_envelope goodbye = {.kind = ALM_ENVELOPE_GOODBYE};

	if (client->acks.queued_count > 0) {
		(void)!alm_session_turn(client, false);
	}
	if (client->state == ALM_SESSION_READY) {
		(void)!alm_outbound_envelope(client, &goodbye);
	}
}

void alm_client_close(struct alm_client *client)
{
	struct alm_question *question;

	if (client == NULL) {
		return;
	}
	if (client->link != NULL) {
		say_goodbye(client);
	}
	alm_link_close(client->link, CLOSE_LINGER_MS);
	question = TAILQ_FIRST(&client->questions);
	while (question != NULL) {
		struct alm_question *next = TAILQ_NEXT(question, order);

		free(question);
		question = next;
	}
	alm_events_fini(&client->events);
	alm_frame_pool_free(client->frames);
	alm_acks_fini(&client->acks);
	alm_outbox_fini(&client->outbox);
	alm_frame_fini(&client->frame);
	alm_arena_fini(&client->scratch);
	alm_fetchings_fini(client);
	alm_zip_free(client->zip);
	alm_hash_free(client->hash);
	alm_witness_free(client->witness);
	sodium_free(client->secrets);
	free(client);
}

int alm_client_set_credit(struct alm_client *client, uint32_t credit)
{
	if (credit > ALM_DELIVER_WINDOW_MAX) {
		return ALM_CODE_BAD_ARGUMENT;
	}
	client->credit_is_due = credit != client->credit;
	client->credit = credit;
	alm_link_set_credit(client->link, credit);
	alm_session_wake(client);
	return ALM_CODE_OK;
}

void alm_client_give_back(struct alm_client *client, bool gives_back)
{
	client->gives_back = gives_back;
}

void alm_client_take_parts(struct alm_client *client, bool takes_parts)
{
	bool is_news = client->takes_parts != takes_parts;

	client->takes_parts = takes_parts;
	if (is_news && client->state == ALM_SESSION_READY) {
		client->now_ms = alm_client_monotonic_ms();
		alm_session_greet(client);
		alm_session_wake(client);
	}
}

static int64_t broker_ahead_ms(const struct alm_client *client)
{
	return client->broker_less_boot_ms == 0
		       ? 0
		       : client->broker_less_boot_ms + alm_client_boot_ms() -
				 alm_client_wall_ms();
}

void alm_client_get_status(
	const struct alm_client *client, struct alm_client_status *out_status)
{
	bool is_ready = client->state == ALM_SESSION_READY;
	enum alm_err err = client->last_err == ALM_OK && !is_ready
				   ? ALM_UNREACHABLE
				   : client->last_err;

	*out_status = (struct alm_client_status){
		.is_ready = is_ready,
		.last_code = is_ready ? 0 : (int)err,
		.detail = client->detail,
		.organisation = client->organisation,
		.agent = client->agent,
		.send_window = client->window,
		.unanswered = (uint32_t)client->outbox.count,
		.broker_ahead_ms = broker_ahead_ms(client),
		.payload_bytes_max = client->payload_bytes_max,
		.parts_bytes_max = client->parts_bytes_max,
		.policy_epoch = client->policy_epoch,
		.people_sequence = client->people_sequence,
		.next_endpoint = client->next_endpoint,
		.next_broker_key = client->next_broker_key,
	};
}

int alm_client_fd(const struct alm_client *client)
{
	return alm_link_fd(client->link);
}

int alm_client_process(struct alm_client *client)
{
	return (int)alm_session_turn(client, true);
}

struct alm_event *alm_client_next_event(struct alm_client *client)
{
	bool was_full = alm_events_are_full(&client->events);
	struct alm_item *item = alm_events_take(&client->events);

	if (item != NULL && (was_full || client->events.count == 0)) {
		alm_session_arm(client, true);
	}
	return item == NULL ? NULL : &item->event;
}
