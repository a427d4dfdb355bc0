/* Changes of the policy, made to a copy of what bears on a question. */
#include <string.h>

#include "broker/policy/remedy_internal.h"
#include "lib/time.h"

#define BASIS_ID "the-change"

static struct alm_bundle_basis *basis_of(
	struct alm_applying *a, const struct alm_change *change)
{
	for (size_t i = 0; i < a->out->bundle.basis_count; i++) {
		if (strcmp(a->bases[i].id.text, change->of) == 0) {
			return &a->bases[i];
		}
	}
	return NULL;
}

static struct alm_words with(
	struct alm_applying *a, struct alm_words words, const char *text)
{
	struct alm_word *items =
		alm_applying_copy(a, words.items, words.count, sizeof(*items));

	if (items == NULL) {
		return words;
	}
	items[words.count] = (struct alm_word){text, {"", 0, 0}};
	return (struct alm_words){items, words.count + 1};
}

static struct alm_words only(struct alm_applying *a, const char *text)
{
	return with(a, (struct alm_words){NULL, 0}, text);
}

/* A rule may name only what the bundle has. */
static bool has_purpose(const struct alm_applying *a, const char *id)
{
	for (size_t i = 0; i < a->out->bundle.purpose_count; i++) {
		if (strcmp(a->purposes[i].id.text, id) == 0) {
			return true;
		}
	}
	return false;
}

static bool has_category(const struct alm_applying *a, const char *id)
{
	const struct alm_bundle *b = &a->out->bundle;

	for (size_t i = 0; i < b->category_count; i++) {
		if (strcmp(b->categories[i].id.text, id) == 0) {
			return true;
		}
	}
	return false;
}

static bool has_party(const struct alm_applying *a, const char *id)
{
	for (size_t i = 0; i < a->out->bundle.organisation_count; i++) {
		if (strcmp(a->organisations[i].id.text, id) == 0) {
			return true;
		}
	}
	return false;
}

static struct alm_words with_categories(struct alm_applying *a,
	struct alm_words words, const char *const *categories, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (has_category(a, categories[i])) {
			words = with(a, words, categories[i]);
		}
	}
	return words;
}

static void change_terms(struct alm_bundle_basis *basis,
	const struct alm_change *change, int64_t t_s)
{
	if (change->kind == ALM_CHANGE_BASIS_RENEW) {
		basis->valid.until_s = ALM_INSTANT_NEVER;
	} else if (change->kind == ALM_CHANGE_BASIS_BEGIN) {
		basis->valid.from_s = t_s;
	} else if (change->kind == ALM_CHANGE_BASIS_RESUME) {
		basis->status = ALM_STATUS_ACTIVE;
	} else if (change->kind == ALM_CHANGE_BASIS_LEVEL) {
		basis->identifiability = change->level;
	}
}

static void change_basis(
	struct alm_applying *a, const struct alm_change *change)
{
	struct alm_bundle_basis *basis = basis_of(a, change);

	if (basis == NULL) {
		return;
	}
	change_terms(basis, change, a->out->t_s);
	if (change->kind == ALM_CHANGE_BASIS_PURPOSE &&
		has_purpose(a, change->word)) {
		basis->purposes = with(a, basis->purposes, change->word);
	} else if (change->kind == ALM_CHANGE_BASIS_SENDER &&
		   has_party(a, change->word)) {
		basis->from = with(a, basis->from, change->word);
	} else if (change->kind == ALM_CHANGE_BASIS_RECIPIENT &&
		   has_party(a, change->word)) {
		basis->to = with(a, basis->to, change->word);
	} else if (change->kind == ALM_CHANGE_BASIS_CATEGORIES) {
		basis->categories = with_categories(a, basis->categories,
			change->words.items, change->words.count);
	}
}

/* As an author would begin: no more than the request asks for. */
static void add_basis(struct alm_applying *a)
{
	const struct alm_request *r = &a->out->request;
	struct alm_bundle_basis *basis = &a->bases[a->out->bundle.basis_count];
	bool is_care = false;

	if (!has_party(a, r->from) || !has_party(a, r->to) ||
		!has_purpose(a, r->purpose)) {
		return;
	}
	a->out->bundle.basis_count++;

	for (size_t i = 0; i < a->out->bundle.purpose_count; i++) {
		is_care = is_care ||
			  (strcmp(a->purposes[i].id.text, r->purpose) == 0 &&
				  a->purposes[i].class == ALM_CLASS_CARE);
	}
	*basis = (struct alm_bundle_basis){
		.id = {BASIS_ID, {"", 0, 0}},
		.title = "",
		.from = only(a, r->from),
		.to = only(a, r->to),
		.purposes = only(a, r->purpose),
		.identifiability = r->payload,
		.consent = is_care ? ALM_CONSENT_IMPLIED
				   : ALM_CONSENT_NOT_REQUIRED,
		.requires_relationship = is_care,
		.opt_out = is_care ? ALM_OPT_OUT_NOT_APPLICABLE
				   : ALM_OPT_OUT_APPLIES,
		.opt_out_reason = "",
		.valid = {INT64_MIN, ALM_INSTANT_NEVER},
	};
	basis->categories = with_categories(
		a, basis->categories, r->categories, r->category_count);
	a->out->request.basis = NULL;
}

static void change_organisation(
	struct alm_applying *a, const struct alm_change *change)
{
	struct alm_bundle *b = &a->out->bundle;

	if (change->kind == ALM_CHANGE_ADD) {
		a->organisations[b->organisation_count++] =
			(struct alm_bundle_organisation){
				.id = {change->of, {"", 0, 0}},
				.name = "",
				.kind = {change->word, {"", 0, 0}}};
		return;
	}
	for (size_t i = 0; i < b->organisation_count; i++) {
		struct alm_bundle_organisation *at = &a->organisations[i];

		if (strcmp(at->id.text, change->of) != 0) {
			continue;
		}
		if (change->kind == ALM_CHANGE_ACTIVATE) {
			at->status = ALM_STATUS_ACTIVE;
		} else {
			at->has_assurance_until = false;
		}
	}
}

static void raise_ceiling(
	struct alm_applying *a, const struct alm_change *change)
{
	for (size_t i = 0; i < a->out->bundle.purpose_count; i++) {
		if (strcmp(a->purposes[i].id.text, change->of) == 0) {
			a->purposes[i].recipients = with(
				a, a->purposes[i].recipients, change->word);
		}
	}
}

/* It stays, as bases may lift it, and selects nobody. */
static void end_prohibition(struct alm_applying *a, const char *id)
{
	for (size_t i = 0; i < a->out->bundle.prohibition_count; i++) {
		if (strcmp(a->prohibitions[i].id.text, id) == 0) {
			a->prohibitions[i].from.count = 0;
		}
	}
}

void alm_apply_to_policy(
	struct alm_applying *a, const struct alm_change *change)
{
	a->out->has_changed_policy = true;
	if (change->kind == ALM_CHANGE_ACTIVATE ||
		change->kind == ALM_CHANGE_ASSURANCE ||
		change->kind == ALM_CHANGE_ADD) {
		change_organisation(a, change);
	} else if (change->kind == ALM_CHANGE_CEILING) {
		raise_ceiling(a, change);
	} else if (change->kind == ALM_CHANGE_PROHIBITION) {
		end_prohibition(a, change->of);
	} else if (change->kind == ALM_CHANGE_BASIS_NEW) {
		add_basis(a);
	} else {
		change_basis(a, change);
	}
}
