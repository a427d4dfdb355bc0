/* Suggestions for steps 2 to 5: words, parties, the ceiling and the basis. */
#include <string.h>

#include "broker/policy/remedy_internal.h"
#include "lib/nearest.h"

#define BASES_ASKED_MAX 32u

/* --- step 2: words -------------------------------------------------------- */

static void correct(struct alm_suggester *g, const char *wrong,
	const struct alm_word *first, size_t stride, size_t count)
{
	const char *at = (const char *)first;
	struct alm_nearest nearest;

	if (wrong == NULL) {
		return;
	}
	alm_nearest_init(&nearest, wrong);
	for (size_t i = 0; i < count; i++, at += stride) {
		alm_nearest_offer(&nearest,
			((const struct alm_word *)(const void *)at)->text);
	}
	if (nearest.best != NULL && strcmp(nearest.best, wrong) != 0) {
		alm_suggest_word(g, ALM_CHANGE_WORD, wrong, nearest.best);
	}
}

static void suggest_purpose(struct alm_suggester *g)
{
	const struct alm_bundle *b = alm_suggester_bundle(g);

	correct(g, alm_suggester_request(g)->purpose, &b->purposes->id,
		sizeof(*b->purposes), b->purpose_count);
}

static bool is_category(const struct alm_suggester *g, const char *category)
{
	const struct alm_bundle *b = alm_suggester_bundle(g);

	for (size_t i = 0; i < b->category_count; i++) {
		if (strcmp(b->categories[i].id.text, category) == 0) {
			return true;
		}
	}
	return false;
}

static void suggest_narrower(struct alm_suggester *g, const char *category)
{
	const struct alm_bundle *b = alm_suggester_bundle(g);

	for (size_t i = 0; i < b->category_count; i++) {
		const struct alm_bundle_category *at = &b->categories[i];

		if (at->under.text != NULL &&
			strcmp(at->under.text, category) == 0) {
			alm_suggest_word(
				g, ALM_CHANGE_WORD, category, at->id.text);
		}
	}
}

static void suggest_categories(struct alm_suggester *g)
{
	const struct alm_request *r = alm_suggester_request(g);
	const struct alm_bundle *b = alm_suggester_bundle(g);

	for (size_t i = 0; i < r->category_count; i++) {
		if (is_category(g, r->categories[i])) {
			suggest_narrower(g, r->categories[i]);
		} else {
			correct(g, r->categories[i], &b->categories->id,
				sizeof(*b->categories), b->category_count);
			alm_suggest_drop(g, &r->categories[i], 1);
		}
	}
}

/* --- steps 3 and 4: parties ----------------------------------------------- */

static const struct alm_bundle_organisation *party(
	const struct alm_suggester *g, const char *id)
{
	const struct alm_bundle *b = alm_suggester_bundle(g);

	for (size_t i = 0; id != NULL && i < b->organisation_count; i++) {
		if (strcmp(b->organisations[i].id.text, id) == 0) {
			return &b->organisations[i];
		}
	}
	return NULL;
}

static void suggest_unknown_party(struct alm_suggester *g, const char *id)
{
	const struct alm_bundle *b = g->s->question->bundle;

	correct(g, id, &b->organisations->id, sizeof(*b->organisations),
		b->organisation_count);
	for (size_t i = 0; i < b->kinds.count; i++) {
		alm_suggest_word(g, ALM_CHANGE_ADD, id, b->kinds.items[i].text);
	}
}

/* Both parties, and the hosts of both. */
static void suggest_parties(struct alm_suggester *g, enum alm_change_kind kind)
{
	const char *ids[] = {
		alm_suggester_request(g)->from, alm_suggester_request(g)->to};

	for (size_t i = 0; i < ALM_COUNT(ids); i++) {
		const struct alm_bundle_organisation *at = party(g, ids[i]);

		if (at != NULL) {
			alm_suggest_of(g, kind, ids[i]);
			alm_suggest_of(g, kind, at->host.text);
		}
	}
}

static void suggest_ceiling(struct alm_suggester *g)
{
	const struct alm_bundle_organisation *to =
		party(g, alm_suggester_request(g)->to);

	if (to != NULL) {
		alm_suggest_word(g, ALM_CHANGE_CEILING,
			alm_suggester_request(g)->purpose, to->kind.text);
	}
}

/* --- step 5: basis -------------------------------------------------------- */

static void suggest_dates(struct alm_suggester *g,
	const struct alm_bundle_basis *basis, unsigned code)
{
	const char *id = basis->id.text;

	if (code == 301) {
		alm_suggest_add(g, (struct alm_change){.kind = ALM_CHANGE_WAIT,
					   .of = alm_suggest_keep(g, id),
					   .instant_s = basis->valid.from_s});
		alm_suggest_of(g, ALM_CHANGE_BASIS_BEGIN, id);
	} else if (code == 302) {
		alm_suggest_of(g, ALM_CHANGE_BASIS_RENEW, id);
	} else if (code == 303) {
		alm_suggest_of(g, ALM_CHANGE_BASIS_RESUME, id);
	}
}

static void suggest_terms(
	struct alm_suggester *g, const char *id, unsigned code)
{
	const struct alm_request *r = alm_suggester_request(g);

	if (code == 304) {
		alm_suggest_word(g, ALM_CHANGE_BASIS_PURPOSE, id, r->purpose);
	} else if (code == 305) {
		alm_suggest_requested(g, ALM_CHANGE_BASIS_CATEGORIES, id);
	} else if (code == 307) {
		alm_suggest_word(g, ALM_CHANGE_BASIS_SENDER, id, r->from);
		alm_suggest_word(g, ALM_CHANGE_BASIS_RECIPIENT, id, r->to);
	}
}

/* What keeps one basis from fitting, by the rule's own word. */
static void suggest_basis(
	struct alm_suggester *g, const struct alm_bundle_basis *basis)
{
	struct alm_decision decision;

	g->s->ask(g->s->context, basis->id.text, &decision);
	for (size_t i = 0; decision.basis == NULL && i < decision.reason_count;
		i++) {
		suggest_dates(g, basis, decision.reasons[i]);
		if (!basis->is_mandate) {
			suggest_terms(g, basis->id.text, decision.reasons[i]);
		}
	}
}

static bool is_near_only(const struct alm_suggester *g, const char *id)
{
	for (size_t i = 0; i < g->s->part->near_count; i++) {
		if (strcmp(g->s->part->near[i], id) == 0) {
			return true;
		}
	}
	return false;
}

/* Another purpose is another agreement, unless one is widened. */
static bool wants_new_basis(const struct alm_suggester *g, bool has_agreement)
{
	const struct alm_decision *decision = g->s->decision;

	for (size_t i = 0; i < decision->reason_count; i++) {
		if (decision->reasons[i] == 304) {
			return true;
		}
	}
	return !has_agreement;
}

/* Every basis of both parties, or the one that the request names. */
static void suggest_bases(struct alm_suggester *g)
{
	const struct alm_bundle *b = alm_suggester_bundle(g);
	const char *named = alm_suggester_request(g)->basis;
	bool has_agreement = false;
	size_t asked = 0;

	for (size_t i = 0; i < b->basis_count && asked < BASES_ASKED_MAX; i++) {
		const char *id = b->bases[i].id.text;

		if (named == NULL ? !is_near_only(g, id)
				  : strcmp(named, id) == 0) {
			suggest_basis(g, &b->bases[i]);
			has_agreement =
				has_agreement || !b->bases[i].is_mandate;
			asked++;
		}
	}
	if (named != NULL) {
		alm_suggest_of(g, ALM_CHANGE_UNNAME_BASIS, named);
	}
	if (wants_new_basis(g, has_agreement)) {
		alm_suggest_kind(g, ALM_CHANGE_BASIS_NEW);
	}
}

static void suggest_near(struct alm_suggester *g)
{
	const struct alm_part *part = g->s->part;

	for (size_t i = 0; i < part->near_count; i++) {
		bool has_sender = part->selects_sender[i];

		alm_suggest_word(g,
			has_sender ? ALM_CHANGE_BASIS_RECIPIENT
				   : ALM_CHANGE_BASIS_SENDER,
			part->near[i],
			has_sender ? alm_suggester_request(g)->to
				   : alm_suggester_request(g)->from);
	}
	alm_suggest_kind(g, ALM_CHANGE_BASIS_NEW);
}

static void suggest_known_basis(struct alm_suggester *g)
{
	const struct alm_bundle *b = g->s->question->bundle;

	if (b->basis_count > 0) {
		correct(g, alm_suggester_request(g)->basis, &b->bases->id,
			sizeof(*b->bases), b->basis_count);
	}
	alm_suggest_of(
		g, ALM_CHANGE_UNNAME_BASIS, alm_suggester_request(g)->basis);
}

static void suggest_candidates(struct alm_suggester *g)
{
	const struct alm_ids *candidates = &g->s->decision->candidates;

	for (size_t i = 0; i < candidates->count; i++) {
		alm_suggest_of(g, ALM_CHANGE_NAME_BASIS, candidates->items[i]);
	}
}

/* --- all of them ---------------------------------------------------------- */

void alm_suggest_for_request(struct alm_suggester *g, unsigned code)
{
	const struct alm_request *r = alm_suggester_request(g);

	switch (code) {
	case 103:
		suggest_purpose(g);
		break;
	case 104:
		suggest_categories(g);
		break;
	case 201:
		suggest_unknown_party(g, r->from);
		break;
	case 203:
		suggest_unknown_party(g, r->to);
		break;
	case 202:
	case 204:
	case 207:
		suggest_parties(g, ALM_CHANGE_ACTIVATE);
		break;
	case 205:
		suggest_parties(g, ALM_CHANGE_ASSURANCE);
		break;
	case 210:
		suggest_ceiling(g);
		break;
	default:
		break;
	}
}

/* Of 301 to 305 all bases are asked once, whatever the codes. */
void alm_suggest_for_basis(struct alm_suggester *g, unsigned code)
{
	const struct alm_decision *decision = g->s->decision;

	if (code == 300) {
		suggest_near(g);
	} else if (code == 306) {
		suggest_known_basis(g);
	} else if (code == 308) {
		suggest_candidates(g);
	} else if (code >= 301 && code <= 307 && code == decision->reasons[0]) {
		suggest_bases(g);
	}
}
