#include "broker/rules/impact.h"

#include <stdlib.h>
#include <string.h>

#include "lib/id.h"

#define ARENA_BYTES_MAX ((size_t)384 * 1024 * 1024)
#define IDLE_MS 60000

const char *alm_impact_change_word(enum alm_impact_change change)
{
	switch (change) {
	case ALM_IMPACT_SAME:
		return "same";
	case ALM_IMPACT_GAINED:
		return "gained";
	case ALM_IMPACT_LOST:
		return "lost";
	case ALM_IMPACT_WIDENED:
		return "widened";
	case ALM_IMPACT_NARROWED:
		return "narrowed";
	case ALM_IMPACT_ALTERED:
		return "altered";
	case ALM_IMPACT_REASON:
		return "other-reason";
	}
	return "";
}

struct alm_impact *alm_impact_new(struct alm_snapshot **take_snapshot)
{
	struct alm_impact *impact = calloc(1, sizeof(*impact));
	struct alm_snapshot *snapshot = *take_snapshot;

	*take_snapshot = NULL;
	if (impact == NULL) {
		alm_snapshot_free(snapshot);
		return NULL;
	}
	alm_arena_init(&impact->arena, ARENA_BYTES_MAX);
	impact->snapshot = snapshot;
	impact->scratch = alm_scratch_new(snapshot);
	if (impact->scratch == NULL) {
		alm_impact_free(impact);
		return NULL;
	}
	return impact;
}

void alm_impact_free(struct alm_impact *impact)
{
	if (impact != NULL) {
		alm_scratch_free(impact->scratch);
		alm_snapshot_free(impact->snapshot);
		alm_arena_fini(&impact->arena);
	}
	free(impact);
}

void alm_impact_sweep(struct alm_broker *broker, int64_t monotonic_ms)
{
	if (broker->impact != NULL &&
		monotonic_ms - broker->impact->used_ms > IDLE_MS) {
		alm_impact_free(broker->impact);
		broker->impact = NULL;
	}
}

/* --- comparing ----------------------------------------------------------- */

/* Whether every word of `a` stands in `b`; both are sorted. */
static bool is_within(struct alm_ids a, struct alm_ids b)
{
	size_t at = 0;

	for (size_t i = 0; i < a.count; i++) {
		while (at < b.count && strcmp(b.items[at], a.items[i]) < 0) {
			at++;
		}
		if (at == b.count || strcmp(b.items[at], a.items[i]) != 0) {
			return false;
		}
	}
	return true;
}

static enum alm_impact_change compare_released(
	const struct alm_decision *a, const struct alm_decision *b)
{
	bool more = !is_within(b->release, a->release) || b->level > a->level ||
		    (a->strips_location && !b->strips_location);
	bool less = !is_within(a->release, b->release) || b->level < a->level ||
		    (!a->strips_location && b->strips_location);
	bool is_other = a->smallest_group != b->smallest_group ||
			!is_within(a->obligations, b->obligations) ||
			!is_within(b->obligations, a->obligations);

	if (is_other || (more && less)) {
		return ALM_IMPACT_ALTERED;
	}
	return more   ? ALM_IMPACT_WIDENED
	       : less ? ALM_IMPACT_NARROWED
		      : ALM_IMPACT_SAME;
}

static enum alm_impact_change compare(
	const struct alm_decision *a, const struct alm_decision *b)
{
	bool is_denied = a->effect == ALM_EFFECT_DENY;

	if (is_denied != (b->effect == ALM_EFFECT_DENY)) {
		return is_denied ? ALM_IMPACT_GAINED : ALM_IMPACT_LOST;
	}
	if (is_denied) {
		return a->code == b->code ? ALM_IMPACT_SAME : ALM_IMPACT_REASON;
	}
	return compare_released(a, b);
}

static uint32_t code_of(const struct alm_decision *decision)
{
	return decision->effect == ALM_EFFECT_DENY
		       ? (uint32_t)alm_err_from_reason(decision->code)
		       : decision->code;
}

/* Whether the log has another answer.  What the rule let pass may have been
 * refused for what was in it. */
static bool has_drifted(const struct alm_audit_record *record,
	const struct alm_decision *decision)
{
	bool is_denied = decision->effect == ALM_EFFECT_DENY;

	if (record->kind == ALM_AUDIT_ACCEPTED) {
		return is_denied;
	}
	return !is_denied && record->code >= ALM_REASON_101 &&
	       record->code <= ALM_REASON_903;
}

static void keep_basis(const char *basis, char out[ALM_ID_BYTES_MAX + 1])
{
	alm_text_copy(out, ALM_ID_BYTES_MAX + 1, basis != NULL ? basis : "");
}

enum alm_err alm_impact_replay(struct alm_broker *broker,
	struct alm_impact *impact, const struct alm_audit_record *record,
	struct alm_replayed *out_replayed, enum alm_replay *out_replay)
{
	struct alm_world other = broker->world;
	struct alm_decision before;
	struct alm_decision after;
	struct alm_recalled recalled;
	const struct alm_person *person;
	enum alm_err err;

	alm_arena_reset(&impact->arena);
	err = alm_replay_read(
		broker->store, &impact->arena, record, &recalled, out_replay);
	if (err != ALM_OK || *out_replay != ALM_REPLAY_DONE) {
		return err;
	}
	person = recalled.has_person ? &recalled.person : NULL;
	other.snapshot = impact->snapshot;
	alm_decide(&broker->world, person, &recalled.request, impact->at_s,
		broker->scratch, &before);
	alm_decide(&other, person, &recalled.request, impact->at_s,
		impact->scratch, &after);
	out_replayed->change = compare(&before, &after);
	out_replayed->code_before = code_of(&before);
	out_replayed->code_after = code_of(&after);
	keep_basis(before.basis, out_replayed->basis_before);
	keep_basis(after.basis, out_replayed->basis_after);
	out_replayed->has_drifted = has_drifted(record, &before);
	return ALM_OK;
}
