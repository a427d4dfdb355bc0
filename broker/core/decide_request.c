/* Step 2 of the rule: whether the request is well-formed. */
#include <string.h>

#include "broker/core/decide_internal.h"
#include "lib/id.h"
#include "lib/nhs_number.h"

static bool is_empty(const char *text)
{
	return text == NULL || text[0] == '\0';
}

static bool has_letter(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((*text >= 'A' && *text <= 'Z') ||
			(*text >= 'a' && *text <= 'z')) {
			return true;
		}
	}
	return false;
}

static bool is_relationship_malformed(const struct alm_request *r)
{
	return r->has_relationship &&
	       (is_empty(r->relationship_kind) ||
		       is_empty(r->relationship_ref) ||
		       r->relationship_organisation == NULL || r->to == NULL ||
		       strcmp(r->relationship_organisation, r->to) != 0);
}

/* What the bundle has is well-formed. */
static uint32_t find_party(struct alm_deciding *d, const char *id)
{
	uint32_t found = ALM_NAME_NONE;

	if (id != NULL) {
		found = alm_names_find(
			d->snapshot, &d->snapshot->head->organisations, id);
	}
	if (found != ALM_NAME_NONE) {
		/* Far away, and needed once the rest of the step is done. */
		__builtin_prefetch(&d->snapshot->organisation_infos[found]);
	} else if (id != NULL && !alm_id_is_valid(id)) {
		alm_block(&d->reasons, ALM_R102);
	}
	return found;
}

static void check_members(struct alm_deciding *d)
{
	const struct alm_request *r = d->request;

	if (r->is_malformed || r->id == NULL || r->from == NULL ||
		r->to == NULL || r->purpose == NULL || r->categories == NULL ||
		!r->has_payload || is_relationship_malformed(r)) {
		alm_block(&d->reasons, ALM_R101);
	}
	d->sender = find_party(d, r->from);
	d->recipient = find_party(d, r->to);
	if (r->has_payload && r->payload == ALM_LEVEL_UNKNOWN) {
		alm_block(&d->reasons, ALM_R105);
	}
}

static void check_purpose(struct alm_deciding *d)
{
	const struct alm_snapshot *s = d->snapshot;

	if (d->request->purpose == NULL) {
		return;
	}
	d->purpose = alm_names_find(
		s, &s->head->purposes.names, d->request->purpose);
	if (d->purpose == ALM_NAME_NONE) {
		alm_block(&d->reasons, ALM_R103);
		return;
	}
	d->purpose_bit = UINT64_C(1) << d->purpose;
	d->is_care = s->head->purpose_infos[d->purpose].class == ALM_CLASS_CARE;
}

static void check_categories(struct alm_deciding *d)
{
	const struct alm_covers *categories = &d->snapshot->head->categories;
	const struct alm_request *r = d->request;

	if (r->categories == NULL) {
		return;
	}
	for (size_t i = 0; i < r->category_count; i++) {
		uint32_t at = alm_names_find(
			d->snapshot, &categories->names, r->categories[i]);

		if (at == ALM_NAME_NONE ||
			(categories->leaves >> at & 1) == 0) {
			alm_block(&d->reasons, ALM_R104);
		} else {
			d->requested |= UINT64_C(1) << at;
		}
	}
	if (r->category_count == 0) {
		alm_block(&d->reasons, ALM_R104);
	}
}

/* Whether the members for a person are those that the payload asks for. */
static bool is_subject_placed(const struct alm_request *r)
{
	bool is_known = r->subject != NULL;
	bool is_unknown = r->subject_unknown != NULL;

	switch (r->payload) {
	case ALM_LEVEL_IDENTIFIABLE:
	case ALM_LEVEL_PSEUDONYMISED:
		return is_known != is_unknown;
	case ALM_LEVEL_ANONYMISED:
	case ALM_LEVEL_AGGREGATE:
		return !is_known && !is_unknown;
	case ALM_LEVEL_UNKNOWN:
		break;
	}
	return true;
}

static void check_subject(struct alm_deciding *d)
{
	const struct alm_request *r = d->request;

	if ((r->has_payload && !is_subject_placed(r)) ||
		(r->subject != NULL && !alm_nhs_number_is_valid(r->subject)) ||
		(r->subject_unknown != NULL &&
			!has_letter(r->subject_unknown))) {
		alm_block(&d->reasons, ALM_R107);
	}
	d->is_about_person = r->payload >= ALM_LEVEL_PSEUDONYMISED;
	d->person = r->subject == NULL ? &alm_nobody : d->known;
}

static void check_override(struct alm_deciding *d)
{
	const struct alm_request *r = d->request;

	if (!r->has_override) {
		return;
	}
	if (r->lacks_override_kind || r->override_by == NULL ||
		r->override_reason == NULL) {
		alm_block(&d->reasons, ALM_R101);
	}
	if ((!r->lacks_override_kind &&
		    r->override_kind == ALM_OVERRIDE_UNKNOWN) ||
		(r->override_by != NULL && !has_letter(r->override_by)) ||
		(r->override_reason != NULL &&
			!has_letter(r->override_reason))) {
		alm_block(&d->reasons, ALM_R108);
	}
}

bool alm_step_well_formed(struct alm_deciding *d)
{
	check_members(d);
	check_purpose(d);
	check_categories(d);
	check_subject(d);
	check_override(d);
	return d->reasons.blockers == 0;
}
