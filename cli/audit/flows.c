#include "cli/audit/flows.h"

#include <stdlib.h>
#include <string.h>

#include "broker/store/audit.h"

#define ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define FLOWS_MAX 1000000u

void alm_flows_init(struct alm_flows *flows, int64_t until_us, int64_t period_s,
	unsigned periods)
{
	memset(flows, 0, sizeof(*flows));
	alm_arena_init(&flows->arena, ARENA_BYTES_MAX);
	flows->periods = periods;
	flows->period_us = period_s * 1000000;
	flows->until_us = until_us;
	flows->since_us = until_us - flows->period_us * periods;
	if (flows->since_us < 1) {
		flows->since_us = 1;
	}
}

void alm_flows_fini(struct alm_flows *flows)
{
	free(flows->items);
	free(flows->bases);
	alm_arena_fini(&flows->arena);
}

static int compare(const void *a, const void *b)
{
	const struct alm_flow *x = a;
	const struct alm_flow *y = b;
	int order = strcmp(x->sender, y->sender);

	order = order != 0 ? order : strcmp(x->recipient, y->recipient);
	order = order != 0 ? order : strcmp(x->purpose, y->purpose);
	return order != 0 ? order : strcmp(x->effect, y->effect);
}

void alm_flows_sort(struct alm_flows *flows)
{
	if (flows->count > 0) {
		qsort(flows->items, flows->count, sizeof(*flows->items),
			compare);
	}
}

/* What happened to a message, in a word; NULL: the record decides nothing. */
static const char *effect_of(const struct alm_log_row *row)
{
	enum alm_audit_kind kind = alm_audit_kind_from_word(row->kind);

	if (kind == ALM_AUDIT_STOPPED) {
		return "stopped";
	}
	if (kind != ALM_AUDIT_ACCEPTED && kind != ALM_AUDIT_REFUSED) {
		return NULL;
	}
	return *row->effect != '\0' ? row->effect : "deny";
}

static void *grow(void *items, size_t *capacity, size_t count, size_t bytes)
{
	size_t more = *capacity == 0 ? 64 : 2 * *capacity;
	void *grown;

	if (count < *capacity) {
		return items;
	}
	grown = count < FLOWS_MAX ? realloc(items, more * bytes) : NULL;
	*capacity = grown != NULL ? more : *capacity;
	return grown;
}

/* Kept sorted: flows are few, and most records are of a known one. */
static struct alm_flow *place(
	struct alm_flows *flows, const struct alm_flow *wanted)
{
	size_t low = 0;
	size_t high = flows->count;
	void *grown;
	struct alm_flow *flow;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&flows->items[middle], wanted);

		if (order == 0) {
			return &flows->items[middle];
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	grown = grow(flows->items, &flows->capacity, flows->count,
		sizeof(*flows->items));
	if (grown == NULL) {
		return NULL;
	}
	flows->items = grown;
	flow = &flows->items[low];
	memmove(flow + 1, flow, (flows->count - low) * sizeof(*flow));
	flows->count++;
	*flow = (struct alm_flow){
		.sender = alm_arena_text(
			&flows->arena, wanted->sender, strlen(wanted->sender)),
		.recipient = alm_arena_text(&flows->arena, wanted->recipient,
			strlen(wanted->recipient)),
		.purpose = alm_arena_text(&flows->arena, wanted->purpose,
			strlen(wanted->purpose)),
		.effect = alm_arena_text(
			&flows->arena, wanted->effect, strlen(wanted->effect)),
	};
	return flow->sender != NULL && flow->recipient != NULL &&
			       flow->purpose != NULL && flow->effect != NULL
		       ? flow
		       : NULL;
}

bool alm_flows_used(const struct alm_flows *flows, const char *basis)
{
	for (size_t i = 0; i < flows->basis_count; i++) {
		if (strcmp(flows->bases[i], basis) == 0) {
			return true;
		}
	}
	return false;
}

static bool use(struct alm_flows *flows, const char *basis)
{
	void *grown;

	if (*basis == '\0' || alm_flows_used(flows, basis)) {
		return true;
	}
	grown = grow(flows->bases, &flows->basis_capacity, flows->basis_count,
		sizeof(*flows->bases));
	if (grown == NULL) {
		return false;
	}
	flows->bases = grown;
	flows->bases[flows->basis_count] =
		alm_arena_text(&flows->arena, basis, strlen(basis));
	return flows->bases[flows->basis_count++] != NULL;
}

/* The period of an RFC 3339 text; -1: outside. */
static int64_t period_of(const struct alm_flows *flows, const char *time)
{
	int64_t instant_us = 0;

	if (alm_instant_us_parse(time, &instant_us) != ALM_OK ||
		instant_us >= flows->until_us || instant_us < flows->since_us) {
		return -1;
	}
	return (int64_t)flows->periods - 1 -
	       (flows->until_us - 1 - instant_us) / flows->period_us;
}

bool alm_flows_add(struct alm_flows *flows, const struct alm_log_row *row)
{
	const struct alm_flow wanted = {.sender = row->sender,
		.recipient = row->recipient,
		.purpose = row->purpose,
		.effect = effect_of(row)};
	int64_t period = period_of(flows, row->time);
	struct alm_flow *flow;

	if (wanted.effect == NULL || period < 0) {
		return true;
	}
	flow = place(flows, &wanted);
	if (flow == NULL || (strcmp(wanted.effect, "deny") != 0 &&
				    !use(flows, row->basis))) {
		flows->is_short = true;
		return false;
	}
	flow->total++;
	flow->counts[period]++;
	return true;
}

unsigned alm_flow_now(
	const struct alm_flows *flows, const struct alm_flow *flow)
{
	return flow->counts[flows->periods - 1];
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

double alm_flow_usual(
	const struct alm_flows *flows, const struct alm_flow *flow)
{
	uint32_t counts[ALM_FLOW_PERIODS_MAX];
	size_t count = flows->periods - 1;
	size_t middle = count / 2;

	memcpy(counts, flow->counts, count * sizeof(*counts));
	qsort(counts, count, sizeof(*counts), by_number);
	return count % 2 == 1 ? counts[middle]
			      : (counts[middle - 1] + counts[middle]) / 2.0;
}

enum alm_trend alm_flow_trend(
	const struct alm_flows *flows, const struct alm_flow *flow)
{
	unsigned now = alm_flow_now(flows, flow);
	double usual = alm_flow_usual(flows, flow);

	if (now > 0 && flow->total == now) {
		return ALM_TREND_NEW;
	}
	return now >= ALM_FLOW_RISE_MIN && now > 2 * usual &&
			       (now - usual) * (now - usual) > 16 * (usual + 1)
		       ? ALM_TREND_RISE
		       : ALM_TREND_USUAL;
}
