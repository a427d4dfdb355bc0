/*
 * Laws that hold of every decision, tried on random small worlds.  The seed
 * is printed with a failure; the worlds are the same on every run.
 */
#include "tests/unit/core/builder.h"

TestSuite(decide_properties);

#define ROUNDS 3000

static uint64_t state;

static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % n);
}

#define PICK(array) (array)[below(ALM_COUNT(array))]

static const char *const parties[] = {"any", "any", "any", "any", "any",
	"RX1 C1", "C2", "QT1 CA1", "kind:gp-practice", "group:both"};
static const char *const known_purposes[] = {"any", "any emergency",
	"any emergency", "care triage planning", "planning", "audit"};
static const char *const known_categories[] = {"any", "discharge",
	"mental-health", "talking", "gender discharge", "medications crisis"};
static const char *const record_parties[] = {
	"any", "C1", "kind:gp-practice", "group:both", "C2", "X9", "QT1"};
static const char *const record_purposes[] = {
	"any", "care", "triage", "planning", "gone"};
static const char *const record_categories[] = {
	"crisis", "discharge", "mental-health", "talking", "old", "gender"};
static const char *const senders[] = {"RX1", "RX1", "C2", "CH1"};
static const char *const recipients[] = {"C1", "C1", "QT1", "RX5", "CA1"};
static const char *const purpose_ids[] = {
	"care", "emergency", "triage", "planning", "audit", "return"};
static const char *const requested[] = {"discharge", "talking",
	"discharge talking", "gender medications crisis",
	"crisis discharge gender medications talking"};

#define MANY 6

/* One random case, in memory that the next case uses again. */
struct scene {
	struct alm_bundle_basis bases[MANY];
	struct alm_bundle_prohibition prohibitions[MANY];
	struct alm_directive directives[MANY];
	struct alm_directive_exception exceptions[MANY];
	struct alm_opt_out opt_outs[2];
	struct alm_relationship relationship;
	struct alm_person person;
	struct alm_request request;
	struct alm_bundle bundle;
};

static enum alm_level any_level(void)
{
	return (enum alm_level)(1 + below(4));
}

static struct alm_bundle_basis random_basis(const char *id)
{
	bool is_mandate = below(3) == 0;

	return BASIS(id, .from = LIST(PICK(parties)), .to = LIST(PICK(parties)),
		.purposes = LIST(PICK(known_purposes)),
		.categories = LIST(PICK(known_categories)),
		.identifiability = any_level(), .is_mandate = is_mandate,
		.consent = (enum alm_consent)(1 + below(3)),
		.opt_out = (enum alm_opt_out_rule)(1 + below(3)),
		.requires_relationship = below(5) == 0,
		.accepts_emergency = below(2), .accepts_guardian = below(2),
		.lifts = LIST(is_mandate ? "objection prohibition:P0" : ""),
		.status = (enum alm_status)(below(10) == 0));
}

static struct alm_directive random_directive(
	const char *id, struct alm_directive_exception *exception)
{
	*exception = (struct alm_directive_exception){
		below(2) ? ALM_WORD_DENY : ALM_WORD_PERMIT,
		WORDS(PICK(record_purposes)), WORDS(PICK(record_categories)),
		WORDS(PICK(record_parties))};
	return DIRECTIVE(id, .scope = below(2) ? "s" : "r",
		.effect = (enum alm_effect_word)(1 + below(3)),
		.recorded_s = T - below(4), .to = WORDS(PICK(record_parties)),
		.purposes = WORDS(PICK(record_purposes)),
		.categories = WORDS(PICK(record_categories)),
		.exceptions = exception, .exception_count = below(2),
		.valid = {T - 1 + below(3), T + below(3)});
}

static void random_person(struct scene *s)
{
	static const char *const ids[MANY] = {
		"D0", "D1", "D2", "D3", "D4", "D5"};

	for (size_t i = 0; i < MANY; i++) {
		s->directives[i] = random_directive(ids[i], &s->exceptions[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		s->opt_outs[i] = (struct alm_opt_out){
			i == 0 ? ALM_OPT_OUT_NATIONAL : ALM_OPT_OUT_TYPE_1,
			below(3) == 0, T - below(2) * 8 * DAY, T};
	}
	s->relationship = (struct alm_relationship){
		"C1", "gp", false, ALWAYS, T - below(2)};
	s->person = (struct alm_person){.directives = s->directives,
		.directive_count = below(MANY),
		.opt_outs = s->opt_outs,
		.opt_out_count = below(3),
		.relationships = &s->relationship,
		.relationship_count = below(2)};
}

static void random_request(struct scene *s)
{
	static const char *const basis_ids[] = {"B0", "B1", "B2"};

	s->request = REQUEST(.from = PICK(senders), .to = PICK(recipients),
		.purpose = PICK(purpose_ids),

		.payload = below(2) ? ALM_LEVEL_IDENTIFIABLE : any_level(),
		.is_batch = below(2));
	s->request.categories = WORDS(PICK(requested)).items;
	s->request.category_count = 1;
	while (s->request.category_count < 5 && below(2)) {
		s->request.categories = WORDS(requested[4]).items;
		s->request.category_count++;
	}
	if (s->request.payload < ALM_LEVEL_PSEUDONYMISED) {
		s->request.subject = NULL;
	}
	s->request.basis = below(2) ? PICK(basis_ids) : NULL;
	if (below(3) == 0) {
		s->request.has_override = true;
		s->request.override_kind =
			(enum alm_override_kind)(1 + below(2));
		s->request.override_by = "Dr A";
		s->request.override_reason = "reason";
	}
}

static void random_scene(struct scene *s, unsigned seed)
{
	static const char *const bases[MANY] = {
		"B0", "B1", "B2", "B3", "B4", "B5"};
	static const char *const prohibitions[MANY] = {
		"P0", "P1", "P2", "P3", "P4", "P5"};

	state = UINT64_C(0x9E3779B97F4A7C15) * (seed + 1);
	for (size_t i = 0; i < MANY; i++) {
		s->bases[i] = random_basis(bases[i]);
		s->prohibitions[i] = PROHIBITION(prohibitions[i],
			.from = LIST(PICK(parties)), .to = LIST(PICK(parties)),
			.purposes = LIST(PICK(known_purposes)),
			.categories = LIST(PICK(known_categories)),
			.at_or_above = (enum alm_level)(2 + below(3)),
			.de_identifies = below(2));
	}
	random_person(s);
	random_request(s);
	s->bundle = bundle_of(s->bases, 3, s->prohibitions, 1 + below(2));
}

struct answer {
	struct alm_snapshot *snapshot;
	struct alm_scratch *scratch;
	struct alm_decision decision;
};

static void answer(struct scene *s, struct answer *out)
{
	struct alm_world world = {NULL, 7, 1042, ALM_OPT_OUT_AGE_DEFAULT_S};

	out->snapshot = alm_snapshot_compile(&s->bundle);
	cr_assert_not_null(out->snapshot);
	out->scratch = alm_scratch_new(out->snapshot);
	cr_assert_not_null(out->scratch);
	world.snapshot = out->snapshot;
	alm_decide(&world, &s->person, &s->request, T, out->scratch,
		&out->decision);
}

static void forget(struct answer *a)
{
	alm_scratch_free(a->scratch);
	alm_snapshot_free(a->snapshot);
}

static bool has_id(struct alm_ids ids, const char *id)
{
	for (size_t i = 0; i < ids.count; i++) {
		if (strcmp(ids.items[i], id) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_within(struct alm_ids inner, struct alm_ids outer)
{
	for (size_t i = 0; i < inner.count; i++) {
		if (!has_id(outer, inner.items[i])) {
			return false;
		}
	}
	return true;
}

/* `a` releases no category and no level that `b` does not. */
static bool releases_no_more(
	const struct alm_decision *a, const struct alm_decision *b)
{
	return is_within(a->release, b->release) && a->level <= b->level;
}

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
		struct answer less;
		struct answer more;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &less);
		s.bundle.prohibition_count++;
		answer(&s, &more);
		cr_assert(releases_no_more(&more.decision, &less.decision),
			"seed %u", seed);
		forget(&less);
		forget(&more);
	}
}

Test(decide_properties, one_more_denial_never_releases_more)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		static struct scene s;
		struct answer less;
		struct answer more;

		keep_reset();
		random_scene(&s, seed);
		answer(&s, &less);
		s.directives[s.person.directive_count] =
			DIRECTIVE("NEW", .categories = WORDS("discharge"));
		s.person.directive_count++;
		answer(&s, &more);
		cr_assert(releases_no_more(&more.decision, &less.decision),
			"seed %u", seed);
		forget(&less);
		forget(&more);
	}
}

static void expect_same(struct scene *s, struct line *before, unsigned seed)
{
	struct answer a;
	struct line after;

	answer(s, &a);
	render(&a.decision, &after);
	if (before->bytes == 0) {
		*before = after;
	}
	cr_assert_str_eq(after.text, before->text, "seed %u", seed);
	forget(&a);
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
		expect_same(&s, &line, seed);
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
		expect_same(&s, &line, seed);
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
		expect_same(&s, &line, seed);
		s.bundle.basis_count = MANY;
		expect_same(&s, &line, seed);
		s.bundle.basis_count = 1;
		expect_same(&s, &line, seed);
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
