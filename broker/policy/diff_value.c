/*
 * The value of one cell: steps 6 and 7 of the rule over all payload levels,
 * and what steps 8 to 10 ask of a person.  A cell's levels are eight numbers
 * of three bits, by payload and whether it is a batch.
 */
#include <string.h>

#include "broker/policy/diff_internal.h"

#define LEVEL_BITS 3u
#define TERM_BITS 14u
/* An emergency does two things; those who ask are told of one term. */
#define TERM_EMERGENCY_DENIED ALM_TERMS
#define CHANGE_BITS 3u

static unsigned entry(enum alm_level payload, bool is_batch)
{
	return LEVEL_BITS * (2u * ((unsigned)payload - 1) + (is_batch ? 1 : 0));
}

static unsigned level_out(enum alm_level payload, bool is_batch,
	enum alm_level most, unsigned withheld, unsigned lowered)
{
	unsigned checked = payload < most ? payload : most;
	unsigned level = checked;

	if (withheld <= checked) {
		return 0;
	}
	if (lowered <= checked) {
		level = lowered - 1;
	}
	if (level < payload &&
		(level == ALM_LEVEL_AGGREGATE ||
			(level == ALM_LEVEL_ANONYMISED && !is_batch))) {
		return 0;
	}
	return level;
}

uint32_t alm_diff_levels(
	enum alm_level most, unsigned withheld, unsigned lowered)
{
	uint32_t levels = 0;

	for (unsigned p = ALM_LEVEL_AGGREGATE; p <= ALM_LEVEL_IDENTIFIABLE;
		p++) {
		enum alm_level payload = (enum alm_level)p;

		for (unsigned batch = 0; batch < 2; batch++) {
			levels |= level_out(payload, batch != 0, most, withheld,
					  lowered)
				  << entry(payload, batch != 0);
		}
	}
	return levels;
}

/* The highest of them. */
static enum alm_level highest_of(uint32_t levels)
{
	unsigned highest = 0;

	for (; levels != 0; levels >>= LEVEL_BITS) {
		unsigned one = levels & 7u;

		highest = one > highest ? one : highest;
	}
	return (enum alm_level)highest;
}

/* Whether a payload about a person passes on both sides.  Otherwise nobody
 * meets the terms of both, and the levels say all. */
static bool has_common_payload(uint32_t a, uint32_t b)
{
	unsigned first = entry(ALM_LEVEL_PSEUDONYMISED, false);

	for (unsigned at = first; at < 8 * LEVEL_BITS; at += LEVEL_BITS) {
		if ((a >> at & 7u) != 0 && (b >> at & 7u) != 0) {
			return true;
		}
	}
	return false;
}

static uint32_t term(enum alm_diff_term which, bool asks_more)
{
	return asks_more ? UINT32_C(1) << which : 0;
}

uint32_t alm_diff_terms(
	const struct alm_bundle_basis *basis, bool is_care, bool is_gp)
{
	bool lifts_objection = false;
	bool lifts_type_1 = false;
	bool is_urgent = is_care && basis->accepts_emergency;

	if (basis->identifiability < ALM_LEVEL_PSEUDONYMISED) {
		return 0; /* what passes is not judged as about a person */
	}
	for (size_t i = 0; i < basis->lifts.count; i++) {
		const char *text = basis->lifts.items[i].text;

		lifts_objection =
			lifts_objection || strcmp(text, "objection") == 0;
		lifts_type_1 = lifts_type_1 || strcmp(text, "type-1") == 0;
	}
	return term(ALM_TERM_RELATIONSHIP, basis->requires_relationship) |
	       term(ALM_TERM_CONSENT, basis->consent == ALM_CONSENT_REQUIRED) |
	       term(ALM_TERM_OPT_OUT,
		       !is_care && basis->opt_out == ALM_OPT_OUT_APPLIES) |
	       term(ALM_TERM_TYPE_1, !is_care && is_gp && !lifts_type_1) |
	       term(ALM_TERM_OBJECTION, !lifts_objection) |
	       term(ALM_TERM_EMERGENCY,
		       basis->requires_relationship && !is_urgent) |
	       term(TERM_EMERGENCY_DENIED, !lifts_objection && !is_urgent) |
	       term(ALM_TERM_GUARDIAN,
		       !lifts_objection && !basis->accepts_guardian) |
	       term(ALM_TERM_LOCATION, basis->refuses_withheld_location);
}

/* How much more and less there is after than before, as masks of terms. */
struct leaning {
	uint32_t more;
	uint32_t less;
};

static void lean(
	struct leaning *leaning, enum alm_diff_term which, bool more, bool less)
{
	leaning->more |= more ? UINT32_C(1) << which : 0;
	leaning->less |= less ? UINT32_C(1) << which : 0;
}

static void lean_levels(
	struct leaning *leaning, uint32_t before, uint32_t after)
{
	bool is_highest = highest_of(before) != highest_of(after);
	bool more = false;
	bool less = false;

	for (unsigned i = 0; i < 8; i++) {
		unsigned a = before >> (LEVEL_BITS * i) & 7u;
		unsigned b = after >> (LEVEL_BITS * i) & 7u;

		more = more || b > a;
		less = less || b < a;
	}
	lean(leaning, is_highest ? ALM_TERM_LEVEL : ALM_TERM_PAYLOADS, more,
		less);
}

/* Whether every word of `a` is among `b`. */
static bool is_within(struct alm_words a, struct alm_words b)
{
	for (size_t i = 0; i < a.count; i++) {
		size_t j = 0;

		while (j < b.count &&
			strcmp(a.items[i].text, b.items[j].text) != 0) {
			j++;
		}
		if (j == b.count) {
			return false;
		}
	}
	return true;
}

static void lean_bases(struct leaning *leaning,
	const struct alm_bundle_basis *a, const struct alm_bundle_basis *b)
{
	lean(leaning, ALM_TERM_SMALLEST_GROUP,
		b->smallest_group<a->smallest_group, b->smallest_group> a
			->smallest_group);
	lean(leaning, ALM_TERM_OBLIGATIONS,
		!is_within(a->obligations, b->obligations),
		!is_within(b->obligations, a->obligations));
	lean(leaning, ALM_TERM_VALID_UNTIL, b->valid.until_s > a->valid.until_s,
		b->valid.until_s < a->valid.until_s);
}

/* The terms to name: an override that no basis says anything new of differs
 * only because what it overrides does. */
static unsigned name_terms(const struct alm_bundle_basis *a,
	const struct alm_bundle_basis *b, uint32_t terms)
{
	uint32_t overridden = UINT32_C(1) << ALM_TERM_RELATIONSHIP |
			      UINT32_C(1) << ALM_TERM_OBJECTION;

	if ((terms >> TERM_EMERGENCY_DENIED & 1) != 0) {
		terms |= UINT32_C(1) << ALM_TERM_EMERGENCY;
	}
	if ((terms & overridden) != 0 &&
		a->accepts_emergency == b->accepts_emergency) {
		terms &= ~(UINT32_C(1) << ALM_TERM_EMERGENCY);
	}
	if ((terms & overridden) != 0 &&
		a->accepts_guardian == b->accepts_guardian) {
		terms &= ~(UINT32_C(1) << ALM_TERM_GUARDIAN);
	}
	return terms & ((1u << ALM_TERMS) - 1);
}

static uint32_t pack(enum alm_diff_change change, unsigned terms,
	const struct alm_diff_value values[2])
{
	uint32_t before = highest_of(values[ALM_DIFF_BEFORE].levels);
	uint32_t after = highest_of(values[ALM_DIFF_AFTER].levels);

	return (uint32_t)change | terms << CHANGE_BITS |
	       before << (CHANGE_BITS + TERM_BITS) |
	       after << (CHANGE_BITS + TERM_BITS + LEVEL_BITS);
}

uint32_t alm_diff_outcome(const struct alm_bundle_basis *const bases[2],
	const struct alm_diff_value values[2])
{
	const struct alm_diff_value *a = &values[ALM_DIFF_BEFORE];
	const struct alm_diff_value *b = &values[ALM_DIFF_AFTER];
	struct leaning leaning = {0, 0};

	if (a->levels == 0 && b->levels == 0) {
		return 0;
	}
	if (a->levels == 0 || b->levels == 0) {
		return pack(a->levels == 0 ? ALM_DIFF_GAINED : ALM_DIFF_LOST, 0,
			values);
	}
	lean_levels(&leaning, a->levels, b->levels);
	lean_bases(&leaning, bases[ALM_DIFF_BEFORE], bases[ALM_DIFF_AFTER]);
	if (has_common_payload(a->levels, b->levels)) {
		leaning.more |= a->terms & ~b->terms;
		leaning.less |= b->terms & ~a->terms;
	}
	if ((leaning.more | leaning.less) == 0) {
		return 0;
	}
	return pack(leaning.less == 0   ? ALM_DIFF_WIDENED
		    : leaning.more == 0 ? ALM_DIFF_NARROWED
					: ALM_DIFF_ALTERED,
		name_terms(bases[ALM_DIFF_BEFORE], bases[ALM_DIFF_AFTER],
			leaning.more | leaning.less),
		values);
}

enum alm_diff_change alm_diff_outcome_change(uint32_t outcome)
{
	return (enum alm_diff_change)(outcome & ((1u << CHANGE_BITS) - 1));
}

unsigned alm_diff_outcome_terms(uint32_t outcome)
{
	return outcome >> CHANGE_BITS & ((1u << TERM_BITS) - 1);
}

enum alm_level alm_diff_outcome_level(uint32_t outcome, int side)
{
	unsigned shift = CHANGE_BITS + TERM_BITS +
			 (side == ALM_DIFF_AFTER ? LEVEL_BITS : 0);

	return (enum alm_level)(outcome >> shift & 7u);
}

bool alm_diff_words_differ(struct alm_words a, struct alm_words b)
{
	if (a.count != b.count) {
		return true;
	}
	for (size_t i = 0; i < a.count; i++) {
		if (strcmp(a.items[i].text, b.items[i].text) != 0) {
			return true;
		}
	}
	return false;
}

bool alm_diff_basis_differs(const struct alm_bundle_basis *before,
	const struct alm_bundle_basis *after)
{
	const struct alm_bundle_basis *a = before;
	const struct alm_bundle_basis *b = after;

	return a == NULL || b == NULL ||
	       alm_diff_words_differ(a->from, b->from) ||
	       alm_diff_words_differ(a->to, b->to) ||
	       alm_diff_words_differ(a->purposes, b->purposes) ||
	       alm_diff_words_differ(a->categories, b->categories) ||
	       alm_diff_words_differ(a->lifts, b->lifts) ||
	       alm_diff_words_differ(a->obligations, b->obligations) ||
	       a->identifiability != b->identifiability ||
	       a->requires_relationship != b->requires_relationship ||
	       a->consent != b->consent || a->opt_out != b->opt_out ||
	       a->accepts_emergency != b->accepts_emergency ||
	       a->accepts_guardian != b->accepts_guardian ||
	       a->refuses_withheld_location != b->refuses_withheld_location ||
	       a->smallest_group != b->smallest_group ||
	       a->status != b->status || a->valid.from_s != b->valid.from_s ||
	       a->valid.until_s != b->valid.until_s;
}

const char *alm_diff_change_name(enum alm_diff_change change)
{
	static const char *const names[ALM_DIFF_CHANGES] = {
		"same", "gained", "lost", "widened", "narrowed", "altered"};

	return change < ALM_DIFF_CHANGES ? names[change] : "";
}

const char *alm_diff_term_name(enum alm_diff_term term)
{
	static const char *const names[ALM_TERMS] = {"level", "payloads",
		"relationship", "consent", "opt-out", "type-1", "objection",
		"emergency", "guardian", "location-withheld", "smallest-group",
		"obligations", "valid-until"};

	return term < ALM_TERMS ? names[term] : "";
}
