/* flows.h - decisions counted by sender, recipient, purpose and effect, and by
 * periods of time, so that what is unusual can be told.  Pure but for memory.
 */
#ifndef ALM_CLI_AUDIT_FLOWS_H
#define ALM_CLI_AUDIT_FLOWS_H

#include "cli/audit/log.h"

#define ALM_FLOW_PERIODS_MAX 53u
/* Below this no rise is worth a word: small counts double by chance. */
#define ALM_FLOW_RISE_MIN 10u

struct alm_flow {
	const char *sender;
	const char *recipient;
	const char *purpose;
	const char *effect; /* permit, transform, deny, stopped */
	uint64_t total;
	uint32_t counts[ALM_FLOW_PERIODS_MAX]; /* the last is the newest */
};

enum alm_trend {
	ALM_TREND_USUAL = 0,
	ALM_TREND_RISE,
	ALM_TREND_NEW, /* there was nothing before */
};

struct alm_flows {
	struct alm_arena arena;
	int64_t since_us;
	int64_t until_us;
	int64_t period_us;
	unsigned periods;
	struct alm_flow *items;
	size_t count;
	size_t capacity;
	const char **bases; /* that a decision rested on */
	size_t basis_count;
	size_t basis_capacity;
	bool is_short; /* memory was out */
};

/** `periods` up to ALM_FLOW_PERIODS_MAX, the last of which ends at
 * `until_us`. */
void alm_flows_init(struct alm_flows *flows, int64_t until_us, int64_t period_s,
	unsigned periods);
void alm_flows_fini(struct alm_flows *flows);

/** Count a record, if it is a decision.  False: memory is out. */
bool alm_flows_add(struct alm_flows *flows, const struct alm_log_row *row);

/** By sender, recipient, purpose and effect. */
void alm_flows_sort(struct alm_flows *flows);

/** Whether a decision rested on this agreement. */
bool alm_flows_used(const struct alm_flows *flows, const char *basis);

unsigned alm_flow_now(
	const struct alm_flows *flows, const struct alm_flow *flow);
/** The median of the periods before the last. */
double alm_flow_usual(
	const struct alm_flows *flows, const struct alm_flow *flow);
/** A rise is twice what is usual and beyond four standard deviations of a
 * count that comes by chance, and at least ALM_FLOW_RISE_MIN. */
enum alm_trend alm_flow_trend(
	const struct alm_flows *flows, const struct alm_flow *flow);

#endif /* ALM_CLI_AUDIT_FLOWS_H */
