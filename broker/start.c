/*
 * Building the broker from its parts, in the order in which they depend on
 * each other, and taking it down in the other.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/broker.h"
#include "broker/config/credential.h"
#include "broker/edge/clock.h"
#include "broker/edge/log.h"
#include "broker/evidence/checkpoint.h"
#include "broker/evidence/inspect.h"
#include "broker/loop/turn.h"
#include "broker/mail/orders.h"
#include "broker/rules/expiry.h"
#include "broker/rules/impact.h"
#include "broker/store/index.h"
#include "broker/store/scrub.h"
#include "broker/watch/metrics.h"
#include "lib/hash.h"
#include "lib/id.h"
#include "lib/version.h"
#include "lib/zip.h"

#define LINGER_MS 1000

enum alm_err alm_broker_open_store(const struct alm_settings *settings,
	struct alm_store **out_store, struct alm_problem *problem)
{
	uint8_t key[ALM_STORE_KEY_BYTES];
	struct alm_store_options options = {
		.path = settings->store,
		.map_bytes_max = settings->store_map_bytes,
		.key = key,
	};
	enum alm_err err =
		alm_credential_read(settings->store_key_file, key, problem);

	if (err == ALM_OK) {
		err = alm_store_open(&options, out_store, problem);
	}
	sodium_memzero(key, sizeof(key));
	if (err != ALM_OK && problem->detail[0] == '\0') {
		return alm_problem_set(problem, err, "%s", settings->store);
	}
	return err;
}

/* The broker works without it; its questions take longer. */
static void open_index(struct alm_broker *broker)
{
	const struct alm_log_index_options options = {
		.path = broker->settings.store,
	};
	enum alm_err err = alm_log_index_open(broker->store, &options);

	if (err == ALM_OK) {
		err = alm_log_index_start(broker->store);
	}
	if (err != ALM_OK) {
		alm_log(ALM_LOG_WARNING, "index.failed",
			"the audit log has no index: %s",
			alm_err_info(err)->name);
	}
}

static enum alm_err open_http(
	struct alm_broker *broker, struct alm_problem *problem)
{
	const struct alm_http_options options = {
		.endpoint = broker->settings.http_endpoint,
		.metrics = alm_metrics_page,
		.unready = alm_unready_page,
		.checkpoint = alm_checkpoint_page,
		.version = ALM_VERSION_TEXT,
		.cookie = broker,
	};

	if (options.endpoint[0] == '\0') {
		return ALM_OK;
	}
	return alm_http_open(&options, &broker->http, problem);
}

static enum alm_err open_edge(
	struct alm_broker *broker, int signal_fd, struct alm_problem *problem)
{
	const struct alm_settings *settings = &broker->settings;
	bool has_next = settings->endpoint_next[0] != '\0';
	uint8_t key[ALM_KEY_BYTES];
	uint8_t next_key[ALM_KEY_BYTES];
	struct alm_edge_options options = {
		.endpoint = settings->endpoint,
		.admin_endpoint = settings->admin_endpoint,
		.admin_mode = settings->admin_mode,
		.curve_secret_key = key,
		.endpoint_next = has_next ? settings->endpoint_next : NULL,
		.curve_secret_key_next = next_key,
		.zap_domain = ALM_ZAP_DOMAIN,
		.signal_fd = signal_fd,
		.extra_fd =
			broker->http == NULL ? -1 : alm_http_fd(broker->http),
	};
	enum alm_err err =
		alm_credential_read(settings->curve_key_file, key, problem);

	if (err == ALM_OK && has_next) {
		err = alm_credential_read(
			settings->curve_key_file_next, next_key, problem);
	}
	if (err == ALM_OK) {
		err = alm_edge_open(&options, &broker->edge, problem);
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(next_key, sizeof(next_key));
	return err;
}

static enum alm_err make_parts(struct alm_broker *broker)
{
	const struct alm_mailbox_limits limits =
		alm_default_limits(&broker->settings);

	alm_arena_init(&broker->arena, ALM_TURN_ARENA_BYTES_MAX);
	broker->keyring = alm_keyring_new();
	broker->verifier = alm_verifier_new();
	broker->standards = alm_standards_new();
	broker->sessions = alm_sessions_new();
	broker->mailboxes = alm_mailboxes_new(&limits);
	broker->outbox = alm_outbox_new();
	broker->unreads = alm_unreads_new();
	broker->scratch = alm_scratch_new(NULL);
	broker->buffers = alm_turn_buffers_new();
	broker->zip = alm_zip_new();
	broker->hash = alm_hash_new();
	broker->has_waste = true;
	alm_uploads_init(&broker->uploads);
	randombytes_buf(&broker->jitter_seed, sizeof(broker->jitter_seed));
	alm_handshake_gate_init(&broker->handshakes,
		broker->settings.handshakes_per_second,
		broker->settings.handshakes_per_address,
		alm_clock_monotonic_ms(), broker->jitter_seed);
	alm_join_gate_init(
		&broker->joins, alm_clock_monotonic_ms(), broker->jitter_seed);
	broker->world.opt_out_age_max_s = broker->settings.opt_out_age_max_s;
	broker->started_at_us = alm_broker_look_at_clock(broker);
	broker->frames_max = ALM_TURN_FRAMES_QUICK;
	alm_fair_init(&broker->fair);
	if (broker->mailboxes == NULL ||
		alm_mailboxes_set_quotas(broker->mailboxes,
			&broker->settings.organisation_quotas) != ALM_OK) {
		return ALM_NOMEM;
	}
	return broker->keyring == NULL || broker->verifier == NULL ||
			       broker->standards == NULL ||
			       broker->sessions == NULL ||
			       broker->outbox == NULL ||
			       broker->unreads == NULL ||
			       broker->scratch == NULL ||
			       broker->buffers == NULL || broker->zip == NULL ||
			       broker->hash == NULL
		       ? ALM_NOMEM
		       : ALM_OK;
}

static void judge_zap(void *cookie, const struct alm_bytes *frames,
	size_t frame_count, const char **out_status, const char **out_text,
	const char **out_user_id)
{
	struct alm_broker *broker = cookie;
	struct alm_zap_verdict *verdict = &broker->zap_verdict;

	alm_zap_judge(broker->keyring, &broker->handshakes,
		(struct alm_zap_clock){
			alm_clock_monotonic_ms(), alm_broker_now_us(broker)},
		frames, frame_count, verdict);
	if (strcmp(verdict->status, "200") != 0) {
		alm_alarms_count(broker, verdict,
			frame_count > 3 ? frames[3]
					: (struct alm_bytes){NULL, 0});
	}
	*out_status = verdict->status;
	*out_text = verdict->text;
	*out_user_id = verdict->user_id;
}

void alm_broker_serve_zap(struct alm_broker *broker)
{
	alm_edge_serve_zap(broker->edge, judge_zap, broker);
}

/* One record in a turn of its own. */
static enum alm_err record_alone(
	struct alm_broker *broker, enum alm_audit_kind kind)
{
	struct alm_audit_record record = alm_audit_record_empty(kind);
	uint8_t seed[32];
	enum alm_err err;

	record.time_us = alm_broker_now_us(broker);
	record.policy_epoch = broker->world.epoch;
	record.people_seq = broker->world.seq;
	randombytes_buf(seed, sizeof(seed));
	err = alm_store_begin(broker->store, record.time_us, seed);
	if (err == ALM_OK) {
		err = alm_store_audit_append(broker->store, &record, "");
	}
	if (err != ALM_OK) {
		alm_store_abort(broker->store);
		return err;
	}
	err = alm_store_commit(broker->store);
	if (err == ALM_OK) {
		broker->audit_size = record.seq;
	}
	return err;
}

/* The store and what it holds; nobody can reach the broker yet. */
static enum alm_err open_inside(
	struct alm_broker *broker, struct alm_problem *problem)
{
	enum alm_err err = make_parts(broker);

	if (err == ALM_OK) {
		err = alm_broker_open_store(
			&broker->settings, &broker->store, problem);
	}
	if (err == ALM_OK) {
		err = alm_broker_check_clock(broker, problem);
	}
	if (err == ALM_OK) {
		err = alm_signer_open(broker, &broker->signer, problem);
	}
	if (err == ALM_OK) {
		err = alm_broker_load(broker, problem);
	}
	if (err == ALM_OK) {
		alm_redecide_init(broker);
	}
	return err;
}

/* The sockets; what the proof of them counted is not the operator's. */
static enum alm_err open_outside(
	struct alm_broker *broker, int signal_fd, struct alm_problem *problem)
{
	enum alm_err err = open_http(broker, problem);

	if (err == ALM_OK) {
		err = open_edge(broker, signal_fd, problem);
	}
	if (err == ALM_OK) {
		err = alm_edge_prove_stranger_refused(
			broker->edge, judge_zap, broker, problem);
	}
	if (err == ALM_OK) {
		broker->metrics = (struct alm_metrics){.accepted = 0};
		broker->alarms = (struct alm_alarms){.refused = 0};
	}
	return err;
}

enum alm_err alm_broker_open(const struct alm_settings *settings, int signal_fd,
	struct alm_broker **out_broker, struct alm_problem *problem)
{
	struct alm_broker *broker = calloc(1, sizeof(*broker));
	enum alm_err err;

	if (broker == NULL) {
		return alm_problem_set(problem, ALM_NOMEM, "start");
	}
	broker->settings = *settings;
	err = open_inside(broker, problem);
	if (err == ALM_OK) {
		err = open_outside(broker, signal_fd, problem);
	}
	if (err == ALM_OK) {
		err = record_alone(broker, ALM_AUDIT_START);
	}
	if (err == ALM_OK) {
		open_index(broker);
		alm_inspect_start(broker);
		*out_broker = broker;
		return ALM_OK;
	}
	if (problem->err == ALM_OK) {
		(void)alm_problem_set(problem, err, "start");
	}
	broker->is_broken = true;
	alm_broker_close(broker);
	return err;
}

void alm_broker_close(struct alm_broker *broker)
{
	if (broker == NULL) {
		return;
	}
	if (broker->store != NULL && !broker->is_broken &&
		(record_alone(broker, ALM_AUDIT_STOP) != ALM_OK ||
			alm_checkpoint_last(broker) != ALM_OK)) {
		alm_log(ALM_LOG_ERROR, "stop.unrecorded",
			"the stop could not be recorded");
	}
	alm_fair_fini(broker);
	alm_edge_close(broker->edge, broker->is_broken ? 0 : LINGER_MS);
	alm_http_close(broker->http);
	alm_signer_close(broker->signer);
	alm_scrub_close(broker->scrub);
	alm_store_close(broker->store);
	alm_redecide_fini(broker);
	alm_outbox_free(broker->outbox);
	alm_unreads_free(broker->unreads);
	alm_uploads_clear(&broker->uploads);
	alm_fetches_clear(&broker->fetches);
	alm_zip_free(broker->zip);
	alm_hash_free(broker->hash);
	alm_sessions_free(broker->sessions);
	alm_mailboxes_free(broker->mailboxes);
	alm_standards_free(broker->standards);
	alm_verifier_free(broker->verifier);
	alm_keyring_free(broker->keyring);
	alm_scratch_free(broker->scratch);
	alm_snapshot_free(broker->snapshot);
	alm_expiries_free(broker->expiries);
	alm_past_fini(&broker->past);
	alm_impact_free(broker->impact);
	alm_turn_buffers_free(broker->buffers);
	alm_arena_fini(&broker->arena);
	free(broker);
}
