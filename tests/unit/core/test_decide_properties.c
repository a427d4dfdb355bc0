/*
 * Laws that hold of every decision, tried on random small worlds.  The seed
 * is printed with a failure; the worlds are the same on every run.
 */
#include "tests/unit/core/scene.h"

TestSuite(decide_properties);

Test(decide_properties, release_and_redact_partition_the_request)
{
	unsigned permits = 0;

	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer a;
		struct alm_decision *d = &a.decision;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &a);
		if (d->effect == ALM_EFFECT_DENY) {
			cr_assert_eq(d->release.count + d->redact.count, 0u);
			cr_assert_eq(d->level, ALM_LEVEL_UNKNOWN);
			cr_assert_geq(d->code, 100u);
		} else {
			permits++;
			for (size_t i = 0; i < s.request.category_count; i++) {
				const char *c = s.request.categories[i];

				cr_assert_neq(has_id(d->release, c),
					has_id(d->redact, c), "seed %u", seed);
			}
			cr_assert_leq(d->level, s.request.payload);
			cr_assert_gt(d->release.count, 0u);
			cr_assert_not_null(d->basis);
		}
		for (size_t i = 1; i < d->reason_count; i++) {
			cr_assert_lt(d->reasons[i - 1], d->reasons[i]);
		}
		forget(&a);
	}
	cr_expect_gt(permits, ROUNDS / 20, "only %u released", permits);
}

Test(decide_properties, no_basis_denies)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer a;

		keep_reset();
		random_scene(&s, seed);
		s.bundle.basis_count = 0;
		answer(&s, &a);
		cr_assert_eq(
			a.decision.effect, ALM_EFFECT_DENY, "seed %u", seed);
		forget(&a);
	}
}

Test(decide_properties, one_more_prohibition_never_releases_more)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer before;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &before);
		s.bundle.prohibition_count++;
		expect_no_more(&s, &before, seed);
		forget(&before);
	}
}

Test(decide_properties, one_more_denial_never_releases_more)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer before;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &before);
		s.directives[s.person.directive_count] =
			DIRECTIVE("NEW", .categories = WORDS("discharge"));
		s.person.directive_count++;
		expect_no_more(&s, &before, seed);
		forget(&before);
	}
}

Test(decide_properties, the_order_of_entries_does_not_matter)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct line line = {.bytes = 0};
		struct alm_bundle_basis basis;
		struct alm_bundle_prohibition prohibition;
		struct alm_directive directive;

		keep_reset();
		random_scene(&s, seed);
		s.bundle.prohibition_count = 3;
		expect_same_answer(&s, &line, seed);
		basis = s.bases[0];
		s.bases[0] = s.bases[2];
		s.bases[2] = basis;
		prohibition = s.prohibitions[0];
		s.prohibitions[0] = s.prohibitions[2];
		s.prohibitions[2] = prohibition;
		if (s.person.directive_count > 1) {
			size_t last = s.person.directive_count - 1;

			directive = s.directives[0];
			s.directives[0] = s.directives[last];
			s.directives[last] = directive;
		}
		expect_same_answer(&s, &line, seed);
	}
}

Test(decide_properties, other_bases_do_not_change_a_named_one)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct line line = {.bytes = 0};

		keep_reset();
		random_scene(&s, seed);
		s.request.basis = "B0";
		expect_same_answer(&s, &line, seed);
		s.bundle.basis_count = MANY;
		expect_same_answer(&s, &line, seed);
		s.bundle.basis_count = 1;
		expect_same_answer(&s, &line, seed);
	}
}

/* A rule of too many pairs for the table is found like any other. */
Test(decide_properties, wide_rules_answer_as_narrow_ones_do)
{
	static char names[1100][16];
	static struct alm_word words[1100];
	static struct alm_bundle_organisation more[1200];

	keep_reset();
	for (size_t i = 0; i < ALM_COUNT(names); i++) {
		snprintf(names[i], sizeof(names[i]), "Z%zu", i);
		words[i] = (struct alm_word){names[i], {"test", 1, 1}};
		more[i] = (struct alm_bundle_organisation){
			.id = ID(names[i]), .kind = ID("charity")};
	}
	memcpy(&more[ALM_COUNT(names)], organisations, sizeof(organisations));
	for (size_t width = 1020; width <= 1030; width++) {
		struct alm_bundle_basis bases[] = {BASIS("A",
			.from = LIST("kind:charity"), .to = {words, width})};
		struct alm_bundle bundle = bundle_of(bases, 1, NULL, 0);
		struct row rows[] = {
			{"within",
				REQUEST(.from = "CH1", .to = names[width - 1]),
				{0},
				"permit 0 basis=A release=discharge "
				"level=identifiable"},
			{"without", REQUEST(.from = "CH1", .to = names[width]),
				{0}, "deny 300 because=300"},
			{"sender", REQUEST(.to = names[0]), {0},
				"deny 300 because=300"},
		};

		bundle.organisations = more;
		bundle.organisation_count =
			ALM_COUNT(names) + ALM_COUNT(organisations);
		run_rows(&bundle, rows, ALM_COUNT(rows));
	}
}
