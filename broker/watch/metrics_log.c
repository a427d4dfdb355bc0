/* The figures of the log: its index, its evidence, reading back, pruning. */
#include <inttypes.h>

#include "broker/broker.h"
#include "broker/evidence/checkpoint.h"
#include "broker/store/index.h"
#include "broker/store/scrub.h"
#include "broker/watch/figure.h"
#include "broker/watch/metrics.h"

#define WITNESSES_MAX 100u

/* Questions scan what it does not cover. */
static void audit_index(
	FILE *out, const struct alm_broker *broker, uint64_t size)
{
	struct alm_log_index_state state;

	alm_log_index_state(broker->store, &state);
	alm_figure_gauge(out, "audit_index_lag_records",
		"Records of the audit log that its index does not cover.",
		(double)(size - state.covered));
	alm_figure_gauge(out, "audit_index_bytes", "Size of the index.",
		(double)state.bytes);
	alm_figure_gauge(out, "audit_index_runs", "Files of the index.",
		(double)state.runs);
	alm_figure_counter(out, "audit_index_damaged_total",
		"Files of the index that were found damaged and made anew.",
		state.damaged);
	alm_figure_counter(out, "audit_index_failures_total",
		"Times that the index could not be written.", state.failures);
}

/* How far the private parts of the log were pruned. */
static void pruning(FILE *out, const struct alm_broker *broker)
{
	alm_figure_family(out, "audit_pruned_seq", "gauge",
		"The last record whose private part was looked at for "
		"pruning.");
	for (unsigned i = 0; i < ALM_RETENTION_COUNT; i++) {
		enum alm_retention class = (enum alm_retention)i;

		(void)fprintf(out,
			"almoner_audit_pruned_seq{class=\"%s\"} %" PRIu64 "\n",
			alm_retention_word(class),
			alm_store_pruned(broker->store, class));
	}
}

/* Reading back what is stored; nothing is said when that is off. */
static void scrubbing(FILE *out, const struct alm_broker *broker)
{
	struct alm_scrub_state state;

	if (broker->scrub == NULL) {
		return;
	}
	alm_scrub_state(broker->scrub, &state);
	alm_figure_gauge(out, "audit_verified_seq",
		"The last record that was read back since the start.",
		(double)state.verified_seq);
	alm_figure_counter(out, "store_verify_passes_total",
		"Times that everything stored was read back.", state.passes);
	alm_figure_counter(
		out, "store_verify_rows_total", "Rows read back.", state.rows);
	alm_figure_gauge(out, "store_verify_pass_time_seconds",
		"When everything stored had last been read back; 0: not yet.",
		(double)state.pass_at_us / 1e6);
	alm_figure_gauge(out, "store_damaged_rows",
		"Damaged rows that reading back has met since the start.",
		(double)state.damaged);
}

/* An agent that was revoked owes nobody a cosignature. */
static bool is_in_force(const struct alm_broker *broker, uint64_t number)
{
	const struct alm_agent *agent =
		alm_keyring_by_number(broker->keyring, number);

	return agent != NULL && !agent->is_revoked;
}

static void witnesses(FILE *out, const struct alm_broker *broker)
{
	struct alm_witness witness = {.agent = 0};
	int64_t now_us = alm_broker_now_us(broker);
	struct alm_arena arena;
	int64_t lag_us = 0;
	unsigned count = 0;

	alm_figure_family(out, "audit_witness_lag_seconds", "gauge",
		"How long the first head waits that a partner has not "
		"cosigned.");
	alm_arena_init(&arena, ALM_TURN_ARENA_BYTES_MAX);
	while (count < WITNESSES_MAX &&
		alm_store_witness_next(broker->store, witness.agent, &arena,
			&witness) == ALM_OK) {
		if (witness.is_ended || !is_in_force(broker, witness.agent) ||
			alm_store_witness_lag(broker->store, &witness, now_us,
				&lag_us) != ALM_OK) {
			continue;
		}
		(void)fprintf(out,
			"almoner_audit_witness_lag_seconds{witness=\"%s\"} "
			"%.3f\n",
			witness.name, (double)lag_us / 1e6);
		count++;
	}
	alm_arena_fini(&arena);
}

/* Nothing is said of a head while none is signed: that alarms by itself. */
static void evidence(FILE *out, const struct alm_broker *broker, uint64_t size)
{
	const struct alm_signer *signer = broker->signer;
	int64_t now_us = alm_broker_now_us(broker);

	if (signer == NULL || signer->size == 0) {
		return;
	}
	alm_figure_gauge(out, "audit_checkpoint_age_seconds",
		"Since the newest head was signed.",
		(double)(now_us - signer->at_us) / 1e6);
	alm_figure_gauge(out, "audit_unsigned_records",
		"Records that no signed head covers yet.",
		(double)(size - signer->size));
	alm_figure_counter(out, "audit_checkpoints_total", "Heads signed.",
		signer->signed_count);
	alm_figure_counter(out, "audit_checkpoints_failed_total",
		"Heads not signed, as they could not be kept outside.",
		signer->failed_count);
	alm_figure_gauge(out, "audit_unsigned_seconds",
		"Age of the oldest record that no signed head covers.",
		(double)alm_checkpoint_unsigned_us(broker) / 1e6);
	witnesses(out, broker);
}

void alm_metrics_log(FILE *out, const struct alm_broker *broker, uint64_t size)
{
	audit_index(out, broker, size);
	evidence(out, broker, size);
	scrubbing(out, broker);
	pruning(out, broker);
}
