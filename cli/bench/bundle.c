/* A made policy as the text of a bundle. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/bench/world_internal.h"
#include "cli/policy/decide_json.h"
#include "lib/base.h"
#include "lib/words.h"

#define PROHIBITIONS 24u

static void print_words(FILE *out, const char *heading,
	const struct alm_bench_word *words, size_t count, bool is_purpose)
{
	(void)fprintf(out, "%s:\n", heading);
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(
			out, "  - id: %s\n%s", words[i].id, words[i].more);
		if (words[i].under != NULL) {
			(void)fprintf(out, "    under: %s\n", words[i].under);
		}
		if (is_purpose) {
			(void)fputs("    recipients: [any]\n", out);
		}
	}
}

static void print_organisations(FILE *out, const struct alm_bench_world *w)
{
	(void)fputs("organisations:\n", out);
	for (uint32_t i = 0; i < w->organisation_count; i++) {
		const struct alm_bench_organisation *o = &w->organisations[i];

		(void)fprintf(out,
			"  - id: %s\n    name: Organisation %s of region %u\n"
			"    kind: %s\n",
			o->id, o->id, alm_bench_region(i),
			alm_bench_kinds[o->kind].name);
		if (i % 50 == 7) {
			(void)fprintf(out, "    status: suspended\n");
		} else if (i % 3 == 0) {
			(void)fprintf(out, "    assurance-until: 2027-06-30\n");
		}
	}
}

static void print_members(FILE *out, const struct alm_bench_world *w,
	const char *name, uint32_t group, uint32_t first, uint32_t end,
	uint32_t step)
{
	(void)fprintf(out, "  - id: %s-%u\n    members:\n", name, group);
	for (uint32_t i = first; i < end; i += step) {
		(void)fprintf(out, "      - {organisation: %s%s}\n",
			w->organisations[i].id,
			i % 4 == 0 ? ", valid: 2022-07-01 until further notice"
				   : "");
	}
}

static void print_groups(FILE *out, const struct alm_bench_world *w)
{
	uint32_t end = w->organisation_count;
	uint32_t practices = w->firsts[ALM_BENCH_KIND_GP];

	(void)fputs("groups:\n", out);
	for (uint32_t i = 0; i < ALM_BENCH_REGIONS; i++) {
		print_members(out, w, "ics", i, i, end, ALM_BENCH_REGIONS);
	}
	for (uint32_t i = 0; i < ALM_BENCH_REGIONS * ALM_BENCH_PLACES; i++) {
		print_members(out, w, "place", i,
			i / ALM_BENCH_PLACES +
				ALM_BENCH_REGIONS * (i % ALM_BENCH_PLACES),
			end, ALM_BENCH_REGIONS * ALM_BENCH_PLACES);
	}
	for (uint32_t i = 0; practices + i * ALM_BENCH_NETWORK <
			     w->firsts[ALM_BENCH_KIND_GP + 1];
		i++) {
		uint32_t first = practices + i * ALM_BENCH_NETWORK;
		uint32_t last = first + ALM_BENCH_NETWORK;

		print_members(out, w, "pcn", i, first,
			last < w->firsts[ALM_BENCH_KIND_GP + 1]
				? last
				: w->firsts[ALM_BENCH_KIND_GP + 1],
			1);
	}
}

static void print_prohibitions(FILE *out)
{
	(void)fputs("prohibitions:\n", out);
	for (unsigned i = 0; i < PROHIBITIONS; i++) {
		const char *category =
			alm_bench_categories[(i * 5 + ALM_BENCH_CATEGORIES -
						     1) %
					     ALM_BENCH_CATEGORIES]
				.id;

		(void)fprintf(out,
			"  - id: NEVER-%02u\n    title: Kept back, rule %u\n",
			i, i);
		if (i % 4 == 0) {
			(void)fputs("    from: [any]\n    to: [any]\n", out);
		} else {
			(void)fprintf(out,
				"    from: [any]\n    to: [kind:%s]\n",
				alm_bench_kinds[i % ALM_BENCH_KINDS].name);
		}
		(void)fprintf(out,
			"    purposes: [%s]\n    categories: [%s]\n"
			"    at-or-above: %s\n    then: %s\n",
			i % 3 == 0
				? "any"
				: alm_bench_purposes[i % ALM_BENCH_PURPOSES].id,
			category, i % 2 == 0 ? "identifiable" : "pseudonymised",
			i % 4 == 3 ? "de-identify" : "withhold");
	}
}

/* Who sends under an agreement. */
static void print_from(FILE *out, const struct alm_bench_world *w,
	const struct alm_bench_agreement *a)
{
	const char *id = w->organisations[a->from[0]].id;

	switch (a->pattern) {
	case ALM_BENCH_ONE_TO_ONE:
	case ALM_BENCH_ONE_TO_PLACE:
	case ALM_BENCH_ONE_TO_REGION:
	case ALM_BENCH_ONE_TO_PRACTICES:
		(void)fprintf(out, "    from: [%s]\n", id);
		break;
	case ALM_BENCH_PLACE_TO_ONE:
		(void)fprintf(out, "    from: [group:place-%u]\n",
			alm_bench_place(a->from[0]));
		break;
	case ALM_BENCH_NETWORK_TO_ONE:
		(void)fprintf(out, "    from: [group:pcn-%u]\n",
			a->from[1] % ((w->firsts[ALM_BENCH_KIND_GP + 1] -
					      w->firsts[ALM_BENCH_KIND_GP]) /
					     ALM_BENCH_NETWORK));
		break;
	case ALM_BENCH_MANY_TO_MANY:
		(void)fprintf(out, "    from: [%s, %s, %s]\n", id,
			w->organisations[a->from[1]].id,
			w->organisations[a->from[2]].id);
		break;
	case ALM_BENCH_REGION_TO_REGION:
		(void)fprintf(out, "    from: [group:ics-%u]\n",
			alm_bench_region(a->from[0]));
		break;
	case ALM_BENCH_PRACTICES_TO_ONE:
		(void)fputs("    from: [kind:gp-practice]\n", out);
		break;
	}
}

/* And who receives. */
static void print_to(FILE *out, const struct alm_bench_world *w,
	const struct alm_bench_agreement *a)
{
	const char *id = w->organisations[a->to[0]].id;

	switch (a->pattern) {
	case ALM_BENCH_ONE_TO_ONE:
	case ALM_BENCH_PLACE_TO_ONE:
	case ALM_BENCH_NETWORK_TO_ONE:
	case ALM_BENCH_PRACTICES_TO_ONE:
		(void)fprintf(out, "    to: [%s]\n", id);
		break;
	case ALM_BENCH_ONE_TO_PLACE:
		(void)fprintf(out, "    to: [group:place-%u]\n",
			alm_bench_place(a->to[0]));
		break;
	case ALM_BENCH_ONE_TO_REGION:
	case ALM_BENCH_REGION_TO_REGION:
		(void)fprintf(out, "    to: [group:ics-%u]\n",
			alm_bench_region(a->from[0]));
		break;
	case ALM_BENCH_MANY_TO_MANY:
		(void)fprintf(out, "    to: [%s, %s]\n", id,
			w->organisations[a->to[1]].id);
		break;
	case ALM_BENCH_ONE_TO_PRACTICES:
		(void)fputs("    to: [kind:gp-practice]\n", out);
		break;
	}
}

static void print_agreement(
	FILE *out, const struct alm_bench_world *w, uint32_t number)
{
	static const char *const periods[] = {"2025-04-01 until further notice",
		"2025-04-01 to 2028-03-31", "2023-04-01 to 2025-03-31"};
	const struct alm_bench_agreement *a = &w->agreements[number];
	bool is_care = a->purpose < ALM_BENCH_SECONDARY_FIRST;

	(void)fprintf(out, "  - id: DSA-%05u\n    title: Agreement %u\n",
		number, number);
	print_from(out, w, a);
	print_to(out, w, a);
	(void)fprintf(out, "    purposes: [%s]\n    categories: [%s",
		alm_bench_purposes[a->purpose].id,
		alm_bench_categories[a->categories[0]].id);
	if (a->categories[1] != a->categories[0]) {
		(void)fprintf(
			out, ", %s", alm_bench_categories[a->categories[1]].id);
	}
	(void)fprintf(out,
		"]\n    identifiability: %s\n    relationship: %s\n"
		"    consent: %s\n    opt-out: %s\n    valid: %s\n%s",
		alm_level_word(a->level),
		a->needs_relationship ? "required" : "not-required",
		a->needs_consent ? "required"
		: is_care        ? "implied"
				 : "not-required",
		a->level == ALM_LEVEL_PSEUDONYMISED ? "applies"
						    : "not-applicable",
		a->state == 2 ? periods[2] : periods[number % 2],
		a->state == 1 ? "    status: suspended\n" : "");
	(void)fputs("    obligations: [no-onward-sharing]\n"
		    "    law: {article-6: 6(1)(e), article-9: 9(2)(h), "
		    "confidentiality: implied-consent}\n"
		    "    evidence: [DPIA-2025-031]\n"
		    "    approved-by: [caldicott.guardian]\n",
		out);
	if (is_care && number % 5 == 0) {
		(void)fputs("    overrides: [emergency, guardian]\n", out);
	}
}

char *alm_bench_world_text(
	const struct alm_bench_world *world, size_t *out_bytes)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, out_bytes);

	if (out == NULL) {
		return NULL;
	}
	(void)fputs("almoner: 1\nbundle: bench\nkinds: [", out);
	for (size_t i = 0; i < ALM_BENCH_KINDS; i++) {
		(void)fprintf(out, "%s%s", i == 0 ? "" : ", ",
			alm_bench_kinds[i].name);
	}
	(void)fputs("]\n", out);
	print_words(
		out, "purposes", alm_bench_purposes, ALM_BENCH_PURPOSES, true);
	print_words(out, "categories", alm_bench_categories,
		ALM_BENCH_CATEGORIES, false);
	print_organisations(out, world);
	print_groups(out, world);
	print_prohibitions(out);
	(void)fputs("agreements:\n", out);
	for (uint32_t i = 0; i < world->agreement_count; i++) {
		print_agreement(out, world, i);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
