/* Steps 8 to 10 of the rule: what is known about the person. */
#include <string.h>

#include "broker/core/decide_internal.h"

static bool is_override(
	const struct alm_deciding *d, enum alm_override_kind kind)
{
	return d->request->has_override && d->request->override_kind == kind;
}

bool alm_accepts_override(const struct alm_deciding *d)
{
	return (is_override(d, ALM_OVERRIDE_EMERGENCY) &&
		       alm_basis_has(d->rule, ALM_BASIS_EMERGENCY)) ||
	       (is_override(d, ALM_OVERRIDE_GUARDIAN) &&
		       alm_basis_has(d->rule, ALM_BASIS_GUARDIAN));
}

void alm_step_relationship(struct alm_deciding *d)
{
	if (!alm_basis_has(d->rule, ALM_BASIS_RELATIONSHIP) ||
		d->checked < ALM_LEVEL_PSEUDONYMISED ||
		alm_relationship_holds(d)) {
		return;
	}
	if (d->request->has_relationship) {
		alm_note(&d->reasons, ALM_R502);
	} else if (is_override(d, ALM_OVERRIDE_EMERGENCY) &&
		   alm_accepts_override(d) && d->is_care) {
		alm_note(&d->reasons, ALM_R503);
	} else {
		alm_block(&d->reasons, ALM_R501);
	}
}

/* Whether denials are ignored; `out_is_lifted` tells by what. */
static bool ignores_denials(const struct alm_deciding *d, bool *out_is_lifted)
{
	*out_is_lifted = alm_basis_has(d->rule, ALM_BASIS_LIFTS_OBJECTION);
	return *out_is_lifted ||
	       (alm_accepts_override(d) &&
		       (is_override(d, ALM_OVERRIDE_GUARDIAN) || d->is_care));
}

/* What all directives say together; fills the scratch's list of winners. */
static struct alm_saying hear_directives(
	struct alm_deciding *d, size_t *out_count)
{
	struct alm_saying all = {0, 0};

	*out_count = alm_directives_counting(d, d->scratch->winners);
	for (size_t i = 0; i < *out_count; i++) {
		struct alm_saying one = alm_directive_says(
			d, &d->person->directives[d->scratch->winners[i]]);

		all.deny |= one.deny;
		all.permit |= one.permit;
	}
	return all;
}

/* The ids of those that denied in `release`, or permitted in `permitted`. */
static void list_directives(struct alm_deciding *d, size_t counting,
	uint64_t release, uint64_t permitted)
{
	const char **ids = d->scratch->directives;
	size_t count = 0;

	for (size_t i = 0; i < counting; i++) {
		const struct alm_directive *at =
			&d->person->directives[d->scratch->winners[i]];
		struct alm_saying says = alm_directive_says(d, at);

		if ((says.deny & release) != 0 ||
			(says.permit & permitted) != 0) {
			ids[count++] = at->id;
		}
	}
	d->out->directives = (struct alm_ids){ids, alm_sort_ids(ids, count)};
}

/* Moves denied categories, unless denials are ignored. */
static bool apply_denials(struct alm_deciding *d, uint64_t denied)
{
	bool is_lifted;
	bool is_ignored = ignores_denials(d, &is_lifted);

	if (denied == 0) {
		return is_ignored;
	}
	if (!is_ignored) {
		d->release &= ~denied;
		d->redact |= denied;
		alm_note(&d->reasons, ALM_R402);
	} else if (is_lifted) {
		alm_note(&d->reasons, ALM_R404);
		alm_add_lift(d, "objection");
	} else {
		alm_note(&d->reasons, ALM_R408);
	}
	return is_ignored;
}

/* Whether a withdrawal took away a permit for one of these categories. */
static bool is_withdrawn(
	const struct alm_deciding *d, size_t counting, uint64_t categories)
{
	for (size_t i = 0; i < counting; i++) {
		const struct alm_directive *at =
			&d->person->directives[d->scratch->winners[i]];
		const struct alm_directive *before;

		if (at->effect != ALM_WORD_WITHDRAWN) {
			continue;
		}
		before = alm_directive_counting(
			d->person, at, at->recorded_s - 1);
		if (before != NULL && (alm_directive_says(d, before).permit &
					      categories) != 0) {
			return true;
		}
	}
	return false;
}

/* Moves what the person has not permitted. */
static void apply_consent(
	struct alm_deciding *d, size_t counting, uint64_t permitted)
{
	uint64_t missing = d->release & ~permitted;

	if (missing == 0) {
		return;
	}
	d->release &= ~missing;
	d->redact |= missing;
	alm_note(&d->reasons, ALM_R406);
	if (d->release == 0) {
		alm_block(&d->reasons, is_withdrawn(d, counting, missing)
					       ? ALM_R405
					       : ALM_R401);
	}
}

static bool is_location_withheld(const struct alm_deciding *d)
{
	const struct alm_flag *all = d->person->flags;
	int64_t withdrawn_s = INT64_MIN;

	for (size_t i = 0; i < d->person->flag_count; i++) {
		if (all[i].flag == ALM_FLAG_LOCATION_WITHHELD &&
			all[i].is_withdrawal && all[i].recorded_s <= d->t_s &&
			all[i].recorded_s > withdrawn_s) {
			withdrawn_s = all[i].recorded_s;
		}
	}
	for (size_t i = 0; i < d->person->flag_count; i++) {
		if (all[i].flag == ALM_FLAG_LOCATION_WITHHELD &&
			!all[i].is_withdrawal && all[i].recorded_s <= d->t_s &&
			all[i].recorded_s >= withdrawn_s &&
			alm_period_holds(&all[i].valid, d->t_s)) {
			return true;
		}
	}
	return false;
}

static void apply_flags(struct alm_deciding *d)
{
	if (!is_location_withheld(d)) {
		return;
	}
	if (alm_basis_has(d->rule, ALM_BASIS_REFUSES_LOCATION)) {
		alm_block(&d->reasons, ALM_R409);
	} else {
		d->strips_location = true;
		alm_note(&d->reasons, ALM_R407);
	}
}

void alm_step_directives(struct alm_deciding *d)
{
	bool needs_consent = d->rule->consent == ALM_CONSENT_REQUIRED;
	uint64_t release = d->release;
	struct alm_saying says;
	uint64_t permitted;
	size_t counting;

	if (!d->is_about_person || d->checked < ALM_LEVEL_PSEUDONYMISED) {
		return;
	}
	says = hear_directives(d, &counting);
	permitted = apply_denials(d, says.deny & release)
			    ? says.permit
			    : says.permit & ~says.deny;
	list_directives(
		d, counting, release, needs_consent ? release & permitted : 0);
	if (needs_consent) {
		apply_consent(d, counting, permitted);
	}
	apply_flags(d);
}

const struct alm_opt_out *alm_opt_out_counting(const struct alm_opt_out *all,
	size_t count, enum alm_opt_out_list list, int64_t t_s)
{
	const struct alm_opt_out *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct alm_opt_out *at = &all[i];

		if (at->list != list || at->recorded_s > t_s) {
			continue;
		}
		if (found == NULL || at->as_of_s > found->as_of_s ||
			(at->as_of_s == found->as_of_s && at->is_objecting)) {
			found = at;
		}
	}
	return found;
}

static const struct alm_opt_out *find_opt_out(
	const struct alm_deciding *d, enum alm_opt_out_list list)
{
	return alm_opt_out_counting(
		d->person->opt_outs, d->person->opt_out_count, list, d->t_s);
}

static void check_national(struct alm_deciding *d)
{
	const struct alm_opt_out *found = find_opt_out(d, ALM_OPT_OUT_NATIONAL);

	if (found == NULL) {
		alm_block(&d->reasons, ALM_R411);
	} else if (found->is_objecting) {
		alm_block(&d->reasons, ALM_R410);
	} else if (found->as_of_s < d->t_s - d->world->opt_out_age_max_s) {
		alm_block(&d->reasons, ALM_R412);
	}
}

static void check_type_1(struct alm_deciding *d)
{
	const struct alm_opt_out *found = find_opt_out(d, ALM_OPT_OUT_TYPE_1);

	if (found == NULL || !found->is_objecting) {
		return;
	}
	if (alm_basis_has(d->rule, ALM_BASIS_LIFTS_TYPE_1)) {
		alm_note(&d->reasons, ALM_R414);
		alm_add_lift(d, "type-1");
	} else {
		alm_block(&d->reasons, ALM_R413);
	}
}

void alm_step_opt_outs(struct alm_deciding *d)
{
	const struct alm_snapshot *s = d->snapshot;

	if (d->checked < ALM_LEVEL_PSEUDONYMISED || !d->is_about_person ||
		d->is_care) {
		return;
	}
	if (d->rule->opt_out == ALM_OPT_OUT_APPLIES) {
		check_national(d);
	}
	if (s->head->gp_kind != ALM_NAME_NONE &&
		s->organisation_infos[d->sender].kind == s->head->gp_kind) {
		check_type_1(d);
	}
}
