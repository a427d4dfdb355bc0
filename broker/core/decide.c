/*
 * The rule from end to end: docs/POLICY.md section 4.  Step 2 stands in
 * decide_request.c, 5 to 7 in decide_rules.c, 8 to 10 in decide_person.c.  A
 * step gives false when it found a blocker that ends the decision there.
 */
#include "broker/core/decide.h"

#include <string.h>

#include "broker/core/decide_internal.h"

const struct alm_person alm_nobody;

/* --- 1. able to decide --------------------------------------------------- */

static bool is_over_limit(const struct alm_person *person)
{
	return person->is_over_limit ||
	       person->directive_count > ALM_PERSON_RECORDS_MAX ||
	       person->relationship_count > ALM_PERSON_RECORDS_MAX ||
	       person->directive_count + person->relationship_count +
			       person->opt_out_count + person->flag_count >
		       ALM_PERSON_RECORDS_MAX;
}

static bool step_able(struct alm_deciding *d)
{
	const struct alm_request *r = d->request;

	if (d->snapshot == NULL) {
		alm_block(&d->reasons, ALM_R190);
	}
	if (r->has_not_before && (d->world->epoch < r->not_before_epoch ||
					 d->world->seq < r->not_before_seq)) {
		alm_block(&d->reasons, ALM_R191);
	}
	if (d->known->is_corrupt) {
		alm_block(&d->reasons, ALM_R901);
	}
	if (d->known->is_unknown_version) {
		alm_block(&d->reasons, ALM_R902);
	}
	if (is_over_limit(d->known)) {
		alm_block(&d->reasons, ALM_R903);
	}
	return d->reasons.blockers == 0;
}

/* --- 3. parties ----------------------------------------------------------- */

/* `at` ALM_NAME_NONE: the bundle has no such party. */
static void check_party(struct alm_deciding *d, uint32_t at,
	enum alm_reason unknown, enum alm_reason not_active)
{
	const struct alm_snapshot *s = d->snapshot;
	const struct alm_organisation_info *party;
	const struct alm_organisation_info *host;

	if (at == ALM_NAME_NONE) {
		alm_block(&d->reasons, unknown);
		return;
	}
	party = &s->organisation_infos[at];
	__builtin_prefetch(&s->memberships[party->first_membership]);
	if (party->status != ALM_STATUS_ACTIVE) {
		alm_block(&d->reasons, not_active);
	}
	if (d->t_s >= party->assurance_until_s) {
		alm_block(&d->reasons, ALM_R205);
	}
	if (party->host == ALM_NAME_NONE) {
		return;
	}
	host = &s->organisation_infos[party->host];
	if (host->status != ALM_STATUS_ACTIVE) {
		alm_block(&d->reasons, ALM_R207);
	}
	if (d->t_s >= host->assurance_until_s) {
		alm_block(&d->reasons, ALM_R205);
	}
}

static void step_parties(struct alm_deciding *d)
{
	check_party(d, d->sender, ALM_R201, ALM_R202);
	check_party(d, d->recipient, ALM_R203, ALM_R204);
	if (strcmp(d->request->from, d->request->to) == 0) {
		alm_block(&d->reasons, ALM_R206);
	}
}

/* --- 4. ceiling ----------------------------------------------------------- */

static bool step_ceiling(struct alm_deciding *d)
{
	const struct alm_snapshot *s = d->snapshot;

	if (d->recipient != ALM_NAME_NONE) {
		uint32_t kind = s->organisation_infos[d->recipient].kind;

		if ((s->head->purpose_infos[d->purpose].recipients >> kind &
			    1) == 0) {
			alm_block(&d->reasons, ALM_R210);
		}
	}
	return d->reasons.blockers == 0;
}

/* --- 11. last checks ------------------------------------------------------ */

static void step_last(struct alm_deciding *d)
{
	if (d->release == 0 && !alm_is_blocked_by(&d->reasons, ALM_R401) &&
		!alm_is_blocked_by(&d->reasons, ALM_R405)) {
		alm_block(&d->reasons, ALM_R403);
	}
	if (d->request->has_override && !alm_accepts_override(d)) {
		alm_note(&d->reasons, ALM_R509);
	}
}

/* --- 12. outcome ---------------------------------------------------------- */

static void deny(struct alm_deciding *d)
{
	d->out->effect = ALM_EFFECT_DENY;
	d->out->code = alm_reasons_code(&d->reasons);
}

static void list_obligations(struct alm_deciding *d)
{
	uint64_t reviewed = alm_reason_bit(ALM_R408) | alm_reason_bit(ALM_R503);
	struct alm_span span = (d->reasons.notes & reviewed) != 0
				       ? d->rule->obligations_reviewed
				       : d->rule->obligations;
	const uint32_t *places = d->snapshot->numbers + span.first;

	for (uint32_t i = 0; i < span.count; i++) {
		d->scratch->obligations[i] = d->snapshot->texts + places[i];
	}
	d->out->obligations =
		(struct alm_ids){d->scratch->obligations, span.count};
}

static void step_outcome(struct alm_deciding *d)
{
	const struct alm_names *names = &d->snapshot->head->categories.names;
	struct alm_decision *out = d->out;

	if (d->reasons.blockers != 0) {
		deny(d);
		return;
	}
	out->effect = d->level < d->request->payload || d->redact != 0 ||
				      d->strips_location
			      ? ALM_EFFECT_TRANSFORM
			      : ALM_EFFECT_PERMIT;
	out->code = out->effect == ALM_EFFECT_TRANSFORM ? 1 : 0;
	out->release = alm_list_words(
		d->snapshot, names, d->release, d->scratch->release);
	out->redact = alm_list_words(
		d->snapshot, names, d->redact, d->scratch->redact);
	out->strips_location = d->strips_location;
	out->level = d->level;
	out->smallest_group = d->rule->smallest_group;
	list_obligations(d);
}

static void decide(struct alm_deciding *d)
{
	if (!step_able(d) || !alm_step_well_formed(d)) {
		deny(d);
		return;
	}
	step_parties(d);
	if (!step_ceiling(d) || !alm_step_basis(d)) {
		deny(d);
		return;
	}
	alm_step_cover(d);
	alm_step_prohibitions(d);
	alm_step_relationship(d);
	alm_step_directives(d);
	alm_step_opt_outs(d);
	step_last(d);
	step_outcome(d);
}

void alm_decide(const struct alm_world *world, const struct alm_person *person,
	const struct alm_request *request, int64_t t_s,
	struct alm_scratch *scratch, struct alm_decision *out)
{
	struct alm_deciding d = {
		.world = world,
		.snapshot = world->snapshot,
		.request = request,
		.known = person == NULL ? &alm_nobody : person,
		.t_s = t_s,
		.scratch = scratch,
		.out = out,
	};

	memset(out, 0, offsetof(struct alm_decision, reasons));
	out->epoch = world->epoch;
	out->seq = world->seq;
	decide(&d);
	out->is_care = d.is_care;
	out->lifts.count = alm_sort_ids(scratch->lifts, out->lifts.count);
	alm_reasons_list(&d.reasons, out);
}
