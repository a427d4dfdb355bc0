/*
 * How many findings are recorded stands among the metrics, which a turn that is
 * taken back takes back: so each is recorded once and none is lost.
 */
#include "broker/evidence/inspect.h"

#include <inttypes.h>

#include "broker/edge/log.h"
#include "broker/loop/detail.h"
#include "broker/store/scrub.h"

/* A store that breaks down does not fill its own log in one turn. */
#define FINDINGS_PER_TURN_MAX 16u

void alm_inspect_start(struct alm_broker *broker)
{
	struct alm_store_damage damage = alm_store_damage(broker->store);
	enum alm_err err;

	if (damage.records > 0) {
		alm_log(ALM_LOG_ERROR, "store.damaged",
			"ALM-%u at the start: %" PRIu64
			" of the log's last records, the first is record "
			"%" PRIu64 "; the others are served",
			(unsigned)ALM_STORE_CORRUPT, damage.records,
			damage.first);
	}
	if (broker->settings.audit_verify_rate == 0) {
		return;
	}
	err = alm_scrub_open(broker->store, broker->settings.audit_verify_rate,
		&broker->scrub);
	if (err == ALM_OK) {
		err = alm_scrub_start(broker->scrub);
	}
	if (err != ALM_OK) {
		alm_log(ALM_LOG_WARNING, "scrub.failed",
			"what is stored is not read back: %s",
			alm_err_info(err)->name);
	}
}

static enum alm_err record(
	struct alm_turn *turn, const struct alm_scrub_finding *finding)
{
	struct alm_audit_record record =
		alm_turn_record(turn, ALM_AUDIT_ANOMALY);

	turn->broker->metrics.damaged++;
	turn->broker->metrics.anomalies++;
	record.code = ALM_STORE_CORRUPT;
	record.ref = finding->seq;
	alm_detail_init(turn->detail);
	alm_detail_text(turn->detail, "what", finding->what);
	alm_detail_text(turn->detail, "found", "reading back what is stored");
	return alm_turn_audit(turn, &record, alm_detail_finish(turn->detail));
}

enum alm_err alm_inspect(struct alm_turn *turn)
{
	struct alm_broker *broker = turn->broker;
	struct alm_scrub_finding finding;
	enum alm_err err = ALM_OK;

	for (unsigned i = 0; i < FINDINGS_PER_TURN_MAX && err == ALM_OK &&
			     !turn->is_store_full &&
			     alm_scrub_finding(broker->scrub,
				     (size_t)broker->metrics.damaged, &finding);
		i++) {
		err = record(turn, &finding);
	}
	return err;
}
