#include "cli/bench/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench/world_internal.h"
#include "lib/base.h"

const struct alm_bench_kind alm_bench_kinds[ALM_BENCH_KINDS] = {
	{"nhs-trust", 'R', 11},
	{"local-authority", 'L', 16},
	{"icb", 'Q', 2},
	{"icp", 'E', 2},
	{"cancer-alliance", 'N', 1},
	{"national-body", 'X', 2},
	{"charity", 'C', 66},
	{"gp-practice", 'A', 320},
	{"social-care-provider", 'V', 580},
};

const struct alm_bench_word alm_bench_purposes[ALM_BENCH_PURPOSES] = {
	{"direct-care", NULL, "    class: care\n"},
	{"referral", "direct-care", "    class: care\n"},
	{"discharge-planning", "direct-care", "    class: care\n"},
	{"medication-review", "direct-care", "    class: care\n"},
	{"social-care", "direct-care", "    class: care\n"},
	{"screening", NULL, "    class: care\n"},
	{"emergency-care", "direct-care",
		"    inherit: never\n    class: care\n"},
	{"population-health", NULL, "    class: secondary\n"},
	{"planning", "population-health", "    class: secondary\n"},
	{"risk-stratification", "population-health", "    class: secondary\n"},
	{"research", NULL, "    class: secondary\n"},
	{"clinical-audit", NULL, "    class: secondary\n"},
	{"invoice-validation", NULL, "    class: secondary\n"},
	{"safeguarding", NULL, "    class: statutory\n"},
	{"inspection", NULL, "    class: statutory\n"},
};

const struct alm_bench_word alm_bench_categories[ALM_BENCH_CATEGORIES] = {
	{"clinical", NULL, ""},
	{"discharge", "clinical", ""},
	{"referral-letter", "clinical", ""},
	{"results", "clinical", ""},
	{"imaging", "clinical", ""},
	{"problems", "clinical", ""},
	{"allergies", "clinical", ""},
	{"procedures", "clinical", ""},
	{"vital-signs", "clinical", ""},
	{"treatment-summary", "clinical", ""},
	{"medications", NULL, ""},
	{"prescribed", "medications", ""},
	{"dispensed", "medications", ""},
	{"administered", "medications", ""},
	{"mental-health", NULL, "    sensitivity: sensitive\n"},
	{"talking-therapies", "mental-health", ""},
	{"crisis-plan", "mental-health", ""},
	{"detention", "mental-health", ""},
	{"sexual-health", NULL, "    sensitivity: restricted\n"},
	{"contraception", "sexual-health", ""},
	{"infections", "sexual-health", ""},
	{"social", NULL, ""},
	{"care-plan", "social", ""},
	{"housing", "social", ""},
	{"carers", "social", ""},
	{"needs-assessment", "social", ""},
	{"care-returns", "social", ""},
	{"administrative", NULL, ""},
	{"demographics", "administrative", ""},
	{"appointments", "administrative", ""},
	{"costs", "administrative", ""},
	{"genomics", NULL, "    sensitivity: restricted\n"},
	{"gender-recognition", NULL, "    sensitivity: protected\n"},
};

/* Of a thousand agreements. */
static const struct {
	enum alm_bench_pattern pattern;
	unsigned permille;
} mix[] = {
	{ALM_BENCH_ONE_TO_ONE, 600},
	{ALM_BENCH_ONE_TO_PLACE, 100},
	{ALM_BENCH_ONE_TO_REGION, 40},
	{ALM_BENCH_PLACE_TO_ONE, 70},
	{ALM_BENCH_NETWORK_TO_ONE, 70},
	{ALM_BENCH_MANY_TO_MANY, 90},
	{ALM_BENCH_ONE_TO_PRACTICES, 24},
	{ALM_BENCH_REGION_TO_REGION, 4},
	{ALM_BENCH_PRACTICES_TO_ONE, 2},
};

/* SplitMix64: any state will do as a seed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

uint32_t alm_bench_pick(uint64_t *state, uint32_t count)
{
	return (uint32_t)((next_random(state) >> 32) * count >> 32);
}

uint32_t alm_bench_region(uint32_t organisation)
{
	return organisation % ALM_BENCH_REGIONS;
}

uint32_t alm_bench_place(uint32_t organisation)
{
	return alm_bench_region(organisation) * ALM_BENCH_PLACES +
	       organisation / ALM_BENCH_REGIONS % ALM_BENCH_PLACES;
}

/* Anybody of the region, a hub if that is asked for. */
static uint32_t pick_in_region(const struct alm_bench_world *w,
	uint64_t *random, uint32_t region, bool is_hub)
{
	uint32_t count =
		is_hub ? w->firsts[ALM_BENCH_HUBS] : w->organisation_count;
	uint32_t rows =
		(count - region + ALM_BENCH_REGIONS - 1) / ALM_BENCH_REGIONS;

	return region + ALM_BENCH_REGIONS * alm_bench_pick(random, rows);
}

static uint32_t pick_in_place(
	const struct alm_bench_world *w, uint64_t *random, uint32_t place)
{
	uint32_t first = place / ALM_BENCH_PLACES +
			 ALM_BENCH_REGIONS * (place % ALM_BENCH_PLACES);
	uint32_t step = ALM_BENCH_REGIONS * ALM_BENCH_PLACES;
	uint32_t rows = (w->organisation_count - first + step - 1) / step;

	return first + step * alm_bench_pick(random, rows);
}

static void make_organisations(struct alm_bench_world *w)
{
	uint32_t at = 0;

	for (unsigned k = 0; k < ALM_BENCH_KINDS; k++) {
		uint32_t count = w->organisation_count *
				 alm_bench_kinds[k].permille / 1000;

		w->firsts[k] = at;
		if (k + 1 == ALM_BENCH_KINDS) {
			count = w->organisation_count - at;
		}
		for (uint32_t i = 0; i < count; i++, at++) {
			w->organisations[at].kind = (uint8_t)k;
			(void)snprintf(w->organisations[at].id,
				sizeof(w->organisations[at].id), "%c%05u",
				alm_bench_kinds[k].letter, i);
		}
	}
	w->firsts[ALM_BENCH_KINDS] = at;
}

static enum alm_bench_pattern pick_pattern(uint64_t *random)
{
	unsigned left = alm_bench_pick(random, 1000);
	size_t i = 0;

	while (left >= mix[i].permille) {
		left -= mix[i].permille;
		i++;
	}
	return mix[i].pattern;
}

static bool is_leaf(unsigned category)
{
	for (size_t i = 0; i < ALM_BENCH_CATEGORIES; i++) {
		if (alm_bench_categories[i].under != NULL &&
			strcmp(alm_bench_categories[i].under,
				alm_bench_categories[category].id) == 0) {
			return false;
		}
	}
	return true;
}

static uint8_t pick_leaf(uint64_t *random)
{
	uint32_t at;

	do {
		at = alm_bench_pick(random, ALM_BENCH_CATEGORIES);
	} while (!is_leaf(at));
	return (uint8_t)at;
}

static void make_agreement(const struct alm_bench_world *w, uint64_t *random,
	struct alm_bench_agreement *a)
{
	uint32_t region = alm_bench_pick(random, ALM_BENCH_REGIONS);
	unsigned use = alm_bench_pick(random, 100);
	unsigned state = alm_bench_pick(random, 100);

	a->pattern = pick_pattern(random);
	for (size_t i = 0; i < ALM_COUNT(a->from); i++) {
		a->from[i] = pick_in_region(
			w, random, region, alm_bench_pick(random, 3) != 0);
	}
	for (size_t i = 0; i < ALM_COUNT(a->to); i++) {
		do {
			a->to[i] = pick_in_region(w, random, region,
				alm_bench_pick(random, 3) == 0);
		} while (a->to[i] == a->from[0]);
	}
	a->categories[0] = pick_leaf(random);
	a->categories[1] = pick_leaf(random);
	a->purpose = (uint8_t)alm_bench_pick(random, ALM_BENCH_CARE_PURPOSES);
	a->level = ALM_LEVEL_IDENTIFIABLE;
	a->needs_relationship = use < 45;
	a->needs_consent = use >= 70 && use < 73;
	if (use >= 75) {
		a->purpose = (uint8_t)(ALM_BENCH_SECONDARY_FIRST +
				       alm_bench_pick(random,
					       ALM_BENCH_SECONDARY_PURPOSES));
		a->level = use < 93 ? ALM_LEVEL_PSEUDONYMISED
				    : ALM_LEVEL_AGGREGATE;
	}
	a->state = state < 2 ? 1 : state < 5 ? 2 : 0;
}

struct alm_bench_world *alm_bench_world_new(
	uint32_t organisation_count, uint32_t agreement_count, uint64_t seed)
{
	struct alm_bench_world *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		return NULL;
	}
	w->organisation_count = organisation_count;
	w->agreement_count = agreement_count;
	w->organisations =
		calloc(organisation_count, sizeof(*w->organisations));
	w->agreements = calloc(agreement_count, sizeof(*w->agreements));
	if (w->organisations == NULL || w->agreements == NULL) {
		alm_bench_world_free(w);
		return NULL;
	}
	make_organisations(w);
	for (uint32_t i = 0; i < agreement_count; i++) {
		make_agreement(w, &seed, &w->agreements[i]);
	}
	return w;
}

void alm_bench_world_free(struct alm_bench_world *world)
{
	if (world != NULL) {
		free(world->organisations);
		free(world->agreements);
		free(world);
	}
}

/* Of the practices that an agreement is with. */
static uint32_t network_of(const struct alm_bench_world *world,
	const struct alm_bench_agreement *agreement)
{
	uint32_t practices = world->firsts[ALM_BENCH_KIND_GP + 1] -
			     world->firsts[ALM_BENCH_KIND_GP];

	return agreement->from[1] % (practices / ALM_BENCH_NETWORK);
}

/* --- requests ------------------------------------------------------------- */

static uint32_t pick_practice(const struct alm_bench_world *w, uint64_t *random)
{
	uint32_t first = w->firsts[ALM_BENCH_KIND_GP];
	uint32_t count = w->firsts[ALM_BENCH_KIND_GP + 1] - first;

	return first + alm_bench_pick(random, count);
}

/* Two parties that the agreement selects. */
static void pick_parties(const struct alm_bench_world *w, uint64_t *random,
	const struct alm_bench_agreement *a, uint32_t *out_from,
	uint32_t *out_to)
{
	uint32_t region = alm_bench_region(a->from[0]);

	*out_from = a->from[0];
	*out_to = a->to[0];
	switch (a->pattern) {
	case ALM_BENCH_ONE_TO_ONE:
		break;
	case ALM_BENCH_ONE_TO_PLACE:
		*out_to = pick_in_place(w, random, alm_bench_place(a->to[0]));
		break;
	case ALM_BENCH_ONE_TO_REGION:
		*out_to = pick_in_region(w, random, region, false);
		break;
	case ALM_BENCH_PLACE_TO_ONE:
		*out_from =
			pick_in_place(w, random, alm_bench_place(a->from[0]));
		break;
	case ALM_BENCH_NETWORK_TO_ONE:
		*out_from = w->firsts[ALM_BENCH_KIND_GP] +
			    network_of(w, a) * ALM_BENCH_NETWORK +
			    alm_bench_pick(random, ALM_BENCH_NETWORK);
		break;
	case ALM_BENCH_MANY_TO_MANY:
		*out_from = a->from[alm_bench_pick(random, 3)];
		*out_to = a->to[alm_bench_pick(random, 2)];
		break;
	case ALM_BENCH_ONE_TO_PRACTICES:
		*out_to = pick_practice(w, random);
		break;
	case ALM_BENCH_REGION_TO_REGION:
		*out_from = pick_in_region(w, random, region, false);
		*out_to = pick_in_region(w, random, region, false);
		break;
	case ALM_BENCH_PRACTICES_TO_ONE:
		*out_from = pick_practice(w, random);
		break;
	}
}

static void name_person(const struct alm_bench_agreement *a, uint64_t *random,
	struct alm_bench_request *out)
{
	struct alm_request *r = &out->request;

	r->payload = a->level;
	if (a->level >= ALM_LEVEL_PSEUDONYMISED) {
		r->subject = out->subject;
	}
	if (a->needs_relationship && alm_bench_pick(random, 10) != 0) {
		r->has_relationship = true;
		r->relationship_kind = "referral";
		r->relationship_ref = "UBRN 000049391234";
		r->relationship_organisation = r->to;
	}
}

void alm_bench_request_make(const struct alm_bench_world *world,
	uint64_t *random, struct alm_bench_request *out)
{
	uint32_t number = alm_bench_pick(random, world->agreement_count);
	const struct alm_bench_agreement *a = &world->agreements[number];
	unsigned sort = alm_bench_pick(random, 10);
	uint32_t purpose = a->purpose;
	uint32_t from;
	uint32_t to;

	memset(&out->request, 0, sizeof(out->request));
	pick_parties(world, random, a, &from, &to);
	out->categories[0] = alm_bench_categories[a->categories[0]].id;
	out->categories[1] = alm_bench_categories[a->categories[1]].id;
	if (sort == 8) {
		purpose = alm_bench_pick(random, ALM_BENCH_PURPOSES);
		out->categories[0] = alm_bench_categories[pick_leaf(random)].id;
	} else if (sort == 9) {
		to = pick_in_region(
			world, random, alm_bench_region(from), false);
	}
	out->request.id = "bench";
	out->request.from = world->organisations[from].id;
	out->request.to = world->organisations[to].id;
	out->request.purpose = alm_bench_purposes[purpose].id;
	out->request.categories = out->categories;
	out->request.category_count = 1 + alm_bench_pick(random, 2);
	out->request.has_payload = true;
	name_person(a, random, out);
	if (sort < 9 && alm_bench_pick(random, 2) == 0) {
		(void)snprintf(
			out->basis, sizeof(out->basis), "DSA-%05u", number);
		out->request.basis = out->basis;
	}
}

/*
 * Nine numbers of each decade: at most one of its ten has no check digit, and
 * that one is passed over.
 */
void alm_bench_subject(uint32_t number, char out[11])
{
	uint32_t decade = UINT32_C(90000000) + number / 9;
	uint32_t last = number % 9;
	uint32_t sum = 0;
	uint32_t without;

	for (unsigned i = 8; i-- > 0; decade /= 10) {
		out[i] = (char)('0' + decade % 10);
		sum += (decade % 10) * (10 - i);
	}
	/* A sum of 1 has no check digit; the last digit counts twice, and 6
	 * is the inverse of 2. */
	without = 6 * (12 - sum % 11) % 11;
	if (without <= last) {
		last++;
	}
	out[8] = (char)('0' + last);
	out[9] = (char)('0' + (11 - (sum + 2 * last) % 11) % 11);
	out[10] = '\0';
}
