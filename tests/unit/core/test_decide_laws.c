/*
 * Laws of knowledge, ceilings and lifts, tried on random small worlds.
 * The seed is printed with a failure.
 */
#include "tests/unit/core/scene.h"

TestSuite(decide_laws);

static struct alm_words twice(struct alm_words words)
{
	struct alm_word *items = keep(2 * words.count * sizeof(*items));

	memcpy(items, words.items, words.count * sizeof(*items));
	memcpy(items + words.count, words.items, words.count * sizeof(*items));
	return (struct alm_words){items, 2 * words.count};
}

static void double_everything(struct scene *s)
{
	const char **asked =
		keep(2 * s->request.category_count * sizeof(*asked));
	size_t count = s->request.category_count;

	memcpy(asked, s->request.categories, count * sizeof(*asked));
	memcpy(asked + count, s->request.categories, count * sizeof(*asked));
	s->request.categories = asked;
	s->request.category_count = 2 * count;
	for (size_t i = 0; i < MANY; i++) {
		s->bases[i].from = twice(s->bases[i].from);
		s->bases[i].to = twice(s->bases[i].to);
		s->bases[i].purposes = twice(s->bases[i].purposes);
		s->bases[i].categories = twice(s->bases[i].categories);
		s->prohibitions[i].to = twice(s->prohibitions[i].to);
	}
}

Test(decide_laws, what_is_said_twice_is_said_once)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct line line = {.bytes = 0};
		struct alm_person *p = &s.person;

		keep_reset();
		random_scene(&s, seed);
		expect_same_answer(&s, &line, seed);
		double_everything(&s);
		if (p->directive_count > 0) {
			s.directives[p->directive_count++] = s.directives[0];
		}
		if (p->opt_out_count > 0) {
			s.opt_outs[p->opt_out_count++] = s.opt_outs[0];
		}
		if (p->relationship_count > 0) {
			s.relationships[p->relationship_count++] =
				s.relationships[0];
		}
		if (p->flag_count > 0) {
			s.flags[p->flag_count++] = s.flags[0];
		}
		expect_same_answer(&s, &line, seed);
	}
}

Test(decide_laws, the_order_of_what_is_known_does_not_matter)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct line line = {.bytes = 0};

		keep_reset();
		random_scene(&s, seed);
		s.person.opt_out_count = s.person.relationship_count = MANY;
		s.person.flag_count = MANY;
		expect_same_answer(&s, &line, seed);
		for (size_t i = 0; i < MANY / 2; i++) {
			struct alm_opt_out o = s.opt_outs[i];
			struct alm_relationship r = s.relationships[i];
			struct alm_flag f = s.flags[i];

			s.opt_outs[i] = s.opt_outs[MANY - 1 - i];
			s.opt_outs[MANY - 1 - i] = o;
			s.relationships[i] = s.relationships[MANY - 1 - i];
			s.relationships[MANY - 1 - i] = r;
			s.flags[i] = s.flags[MANY - 1 - i];
			s.flags[MANY - 1 - i] = f;
		}
		expect_same_answer(&s, &line, seed);
	}
}

/* For one category or for many, with an exception or without. */
Test(decide_laws, any_further_denial_never_releases_more)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer before;
		struct alm_directive *more;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &before);
		more = &s.directives[s.person.directive_count];
		*more = random_directive("NEW", &s.exceptions[MANY - 1]);
		more->effect = ALM_WORD_DENY;
		more->scope = "new";
		if (below(2)) {
			more->categories = WORDS(PICK(requested));
		}
		s.person.directive_count++;
		expect_no_more(&s, &before, seed);
		forget(&before);
	}
}

static void lose_word(struct alm_word_list *words)
{
	const char **items = keep(words->count * sizeof(*items));

	memcpy(items, words->items, words->count * sizeof(*items));
	items[below((unsigned)words->count)] = "not-in-the-bundle";
	words->items = items;
}

static void lose_party(struct alm_word_list *words)
{
	static const char *const lost[] = {
		"kind:not-there", "group:not-there", "not-there"};

	*words = WORDS(PICK(lost));
}

Test(decide_laws, a_word_that_the_bundle_lacks_never_grants)
{
	for (unsigned seed = 0; seed < 3 * ROUNDS; seed++) {
		static struct scene s;
		struct answer before;
		struct alm_directive *at;
		struct alm_directive_exception *e;

		keep_reset();
		random_scene(&s, seed);
		s.person.directive_count = MANY;
		answer(&s, &before);
		at = &s.directives[below(MANY)];
		e = &s.exceptions[at - s.directives];
		switch (below(6)) {
		case 0:
			lose_word(&at->purposes);
			break;
		case 1:
			lose_word(&at->categories);
			break;
		case 2:
			lose_party(&at->to);
			break;
		case 3:
			lose_word(&e->purposes);
			break;
		case 4:
			lose_word(&e->categories);
			break;
		default:
			lose_party(&e->to);
			break;
		}
		expect_no_more(&s, &before, seed);
		forget(&before);
	}
}

/* Records that can only help: without them nothing more is released. */
static void forget_what_helps(struct scene *s)
{
	size_t kept = 0;

	switch (below(4)) {
	case 0:
		s->person.relationship_count = 0;
		break;
	case 1:
		for (size_t i = 0; i < s->person.opt_out_count; i++) {
			if (s->opt_outs[i].list == ALM_OPT_OUT_TYPE_1) {
				s->opt_outs[kept++] = s->opt_outs[i];
			}
		}
		s->person.opt_out_count = kept;
		break;
	case 2:
		for (size_t i = 0; i < s->person.directive_count; i++) {
			s->directives[i].effect =
				s->directives[i].effect == ALM_WORD_PERMIT
					? ALM_WORD_WITHDRAWN
					: s->directives[i].effect;
		}
		break;
	default:
		s->person = (struct alm_person){
			.is_corrupt = below(2), .is_unknown_version = true};
	}
}

/* The denials among a permit's exceptions go with it, so there are none. */
Test(decide_laws, knowing_less_never_grants)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer before;

		keep_reset();
		random_scene(&s, seed);
		for (size_t i = 0; i < MANY; i++) {
			s.directives[i].exception_count = 0;
		}
		answer(&s, &before);
		forget_what_helps(&s);
		expect_no_more(&s, &before, seed);
		forget(&before);
	}
}

Test(decide_laws, asking_for_more_opens_nothing_that_is_refused_alone)
{
	unsigned tried = 0;

	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer many;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &many);
		for (size_t i = 0; i < many.decision.release.count; i++) {
			struct answer alone;
			const char *category = many.decision.release.items[i];

			s.request.categories = &category;
			s.request.category_count = 1;
			answer(&s, &alone);
			cr_assert(has_id(alone.decision.release, category),
				"seed %u: %s", seed, category);
			cr_assert_geq(
				alone.decision.level, many.decision.level);
			forget(&alone);
			tried++;
		}
		forget(&many);
	}
	cr_expect_gt(tried, ROUNDS / 10, "only %u released", tried);
}

static struct alm_bundle_basis *basis_of(struct scene *s, const char *id)
{
	for (size_t i = 0; i < MANY; i++) {
		if (strcmp(s->bases[i].id.text, id) == 0) {
			return &s->bases[i];
		}
	}
	return NULL;
}

Test(decide_laws, the_level_is_never_above_a_ceiling)
{
	unsigned lowered = 0;

	for (unsigned seed = 0; seed < 2 * ROUNDS; seed++) {
		static struct scene s;
		struct answer a;
		const struct alm_decision *d = &a.decision;

		keep_reset();
		random_scene(&s, seed);
		s.request.is_batch = true;
		s.person.directive_count = 0;
		s.bases[0].requires_relationship = false;
		s.bases[0].consent = ALM_CONSENT_IMPLIED;
		s.request.basis = "B0";
		answer(&s, &a);
		for (size_t i = 0; i < MANY; i++) {
			const struct alm_bundle_prohibition *p =
				&s.prohibitions[i];

			if (p->de_identifies &&
				has_id(d->prohibitions, p->id.text)) {
				cr_assert_lt(d->level, p->at_or_above);
				lowered += d->level != ALM_LEVEL_UNKNOWN;
			}
		}
		cr_assert_leq(d->level, s.request.payload);
		if (d->basis != NULL) {
			cr_assert_leq(d->level,
				basis_of(&s, d->basis)->identifiability);
		}
		forget(&a);
	}
	cr_expect_gt(lowered, 20u, "only %u lowered", lowered);
}

static bool has_word(struct alm_words words, const char *text)
{
	for (size_t i = 0; i < words.count; i++) {
		if (strcmp(words.items[i].text, text) == 0) {
			return true;
		}
	}
	return false;
}

/* Keeps of a mandate's lifts those that are, or are not, in a list. */
static void keep_lifts(
	struct alm_bundle_basis *basis, struct alm_ids ids, bool is_listed)
{
	struct alm_word *items =
		keep((basis->lifts.count + 1) * sizeof(*items));
	size_t count = 0;

	for (size_t i = 0; i < basis->lifts.count; i++) {
		if (has_id(ids, basis->lifts.items[i].text) == is_listed) {
			items[count++] = basis->lifts.items[i];
		}
	}
	basis->lifts = (struct alm_words){items, count};
}

Test(decide_laws, a_mandate_lifts_only_what_it_lists)
{
	unsigned lifted = 0;

	for (unsigned seed = 0; seed < 3 * ROUNDS; seed++) {
		static struct scene s;
		struct line line = {.bytes = 0};
		struct answer a;
		struct alm_bundle_basis *basis;
		struct alm_words whole;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &a);
		basis = a.decision.basis == NULL
				? NULL
				: basis_of(&s, a.decision.basis);
		for (size_t i = 0; i < a.decision.lifts.count; i++) {
			cr_assert(has_word(
				basis->lifts, a.decision.lifts.items[i]));
			lifted++;
		}
		if (basis != NULL) {
			render(&a.decision, &line);
			whole = basis->lifts;
			keep_lifts(basis, a.decision.lifts, true);
			expect_same_answer(&s, &line, seed);
			basis->lifts = whole;
			keep_lifts(basis, a.decision.lifts, false);
			expect_no_more(&s, &a, seed);
		}
		forget(&a);
	}
	cr_expect_gt(lifted, ROUNDS / 30, "only %u lifted", lifted);
}

Test(decide_laws, an_override_that_is_not_accepted_changes_only_a_note)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer with;
		struct answer without;

		keep_reset();
		random_scene(&s, seed);
		for (size_t i = 0; i < MANY; i++) {
			s.bases[i].accepts_emergency = false;
			s.bases[i].accepts_guardian = false;
		}
		answer(&s, &with);
		s.request.has_override = false;
		answer(&s, &without);
		cr_assert(releases_no_more(&with.decision, &without.decision) &&
				  releases_no_more(
					  &without.decision, &with.decision),
			"seed %u", seed);
		cr_assert_eq(with.decision.code, without.decision.code,
			"seed %u", seed);
		forget(&with);
		forget(&without);
	}
}

/* What an earlier decision left in the scratch is not read again. */
Test(decide_laws, one_decision_leaves_nothing_to_the_next)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene first;
		static struct scene s;
		struct alm_world world = {
			NULL, 7, 1042, ALM_OPT_OUT_AGE_DEFAULT_S};
		struct answer a;
		struct line fresh;
		struct line used;

		keep_reset();
		random_scene(&first, seed + ROUNDS);
		random_scene(&s, seed);
		answer(&s, &a);
		render(&a.decision, &fresh);
		world.snapshot = a.snapshot;
		for (unsigned i = 0; i < 3; i++) {
			first.request.from = senders[i + 1];
			first.request.basis = NULL;
			alm_decide(&world, &first.person, &first.request, T,
				a.scratch, &a.decision);
		}
		alm_decide(&world, &s.person, &s.request, T, a.scratch,
			&a.decision);
		render(&a.decision, &used);
		cr_assert_str_eq(used.text, fresh.text, "seed %u", seed);
		forget(&a);
	}
}
