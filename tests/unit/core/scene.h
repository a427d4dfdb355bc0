/*
 * scene.h - random small worlds for the laws of the rule, the same on every
 * run: bases, prohibitions, a person and a request that nearly meet.
 */
#ifndef ALM_TESTS_UNIT_CORE_SCENE_H
#define ALM_TESTS_UNIT_CORE_SCENE_H

#include "tests/unit/core/builder.h"

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
static const char *const lifts[] = {"", "objection prohibition:P0",
	"prohibition:P1 type-1", "objection type-1 prohibition:P0"};
static const char *const senders[] = {"RX1", "RX1", "C2", "CH1"};
static const char *const recipients[] = {"C1", "C1", "QT1", "RX5", "CA1"};
static const char *const purpose_ids[] = {"care", "care", "planning", "care",
	"emergency", "triage", "planning", "audit", "return"};
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
	struct alm_opt_out opt_outs[MANY];
	struct alm_relationship relationships[MANY];
	struct alm_flag flags[MANY];
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
	bool is_mandate = below(2);

	return BASIS(id, .from = LIST(below(3) ? "any" : PICK(parties)),
		.to = LIST(below(3) ? "any" : PICK(parties)),
		.purposes =
			LIST(below(2) ? "any emergency" : PICK(known_purposes)),
		.categories = LIST(below(2) ? "any" : PICK(known_categories)),
		.identifiability =
			below(3) ? ALM_LEVEL_IDENTIFIABLE : any_level(),
		.is_mandate = is_mandate,
		.consent = (enum alm_consent)(1 + below(3)),
		.opt_out = (enum alm_opt_out_rule)(1 + below(3)),
		.requires_relationship = below(6) == 0,
		.refuses_withheld_location = below(2),
		.accepts_emergency = below(2), .accepts_guardian = below(2),
		.lifts = LIST(is_mandate ? PICK(lifts) : ""),
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
	for (size_t i = 0; i < MANY; i++) {
		s->opt_outs[i] = (struct alm_opt_out){
			below(2) ? ALM_OPT_OUT_NATIONAL : ALM_OPT_OUT_TYPE_1,
			below(4) == 0, T - below(3) * 4 * DAY, T - below(2)};
		s->relationships[i] =
			(struct alm_relationship){PICK(recipients),
				below(3) ? "gp" : "team", below(4) == 0,
				{T - 1 + below(3), T + below(3)}, T - below(3)};
		s->flags[i] =
			(struct alm_flag){ALM_FLAG_LOCATION_WITHHELD, below(2),
				{T - 1 + below(3), T + below(3)}, T - below(3)};
	}
	s->person = (struct alm_person){.directives = s->directives,
		.directive_count = below(2) ? below(MANY) : 0,
		.opt_outs = s->opt_outs,
		.opt_out_count = below(MANY),
		.relationships = s->relationships,
		.relationship_count = below(MANY),
		.flags = s->flags,
		.flag_count = below(3)};
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
	s->bundle = bundle_of(s->bases, 3, s->prohibitions, 2 + below(2));
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

/* The answer is the same line as before; the first one is kept. */
static inline void expect_same_answer(
	struct scene *s, struct line *before, unsigned seed)
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

/* What was released before is the most that is released now. */
static inline void expect_no_more(
	struct scene *s, const struct answer *before, unsigned seed)
{
	struct answer after;

	answer(s, &after);
	cr_assert(releases_no_more(&after.decision, &before->decision),
		"seed %u", seed);
	forget(&after);
}

#endif /* ALM_TESTS_UNIT_CORE_SCENE_H */
