/*
 * test_remedy.c - the smallest change for each reason, and that the rule
 * agrees: over the whole bundle, what a remedy says does let a request through.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "broker/policy/load.h"
#include "broker/policy/remedy.h"
#include "broker/policy/remedy_internal.h"
#include "tests/unit/policy/random_bundle.h"

#define ROUNDS 120u
#define PERSON "9990000018"

static const char policy[] =
	"almoner: 1\nbundle: t\n"
	"kinds: [trust, gp-practice, charity, board]\npurposes:\n"
	"  - {id: care, class: care, recipients: [trust, gp-practice]}\n"
	"  - {id: plan, class: secondary, recipients: [any]}\n"
	"categories: [{id: notes}, {id: mind}, {id: talk, under: mind}, "
	"{id: gender}]\norganisations:\n"
	"  - {id: RX1, name: T, kind: trust}\n"
	"  - {id: RX2, name: T, kind: trust, status: suspended}\n"
	"  - {id: C81, name: P, kind: gp-practice}\n"
	"  - {id: C82, name: P, kind: gp-practice, assurance-until: "
	"2026-02-01}\n"
	"  - {id: QT1, name: B, kind: board}\n"
	"  - {id: CH1, name: H, kind: charity}\n"
	"prohibitions:\n"
	"  - {id: NEVER, title: N, from: [any], to: [any], purposes: [any], "
	"categories: [gender], at-or-above: anonymised, then: withhold}\n"
	"  - {id: COUNT, title: N, from: [any], to: [kind:board], purposes: "
	"[plan], categories: [talk], at-or-above: pseudonymised, then: "
	"de-identify}\n"
	"agreements:\n"
#define TERMS \
	"law: {article-6: a, article-9: b, confidentiality: c}, evidence: " \
	"[E], approved-by: [g]}\n"
	"  - {id: CARE, title: T, from: [RX1], to: [C81, C82], purposes: "
	"[care], categories: [notes, mind, gender], identifiability: "
	"identifiable, relationship: required, consent: implied, opt-out: "
	"not-applicable, overrides: [emergency, guardian], valid: 2026-01-01 "
	"until further notice, " TERMS
	"  - {id: PLAN, title: T, from: [RX1, C81], to: [QT1], purposes: "
	"[plan], categories: [notes, talk], identifiability: pseudonymised, "
	"relationship: not-required, consent: not-required, opt-out: applies, "
	"valid: 2026-01-01 until further notice, " TERMS
	"  - {id: OLD, title: T, from: [C81], to: [RX1], purposes: [care], "
	"categories: [notes], identifiability: identifiable, relationship: "
	"not-required, consent: implied, opt-out: not-applicable, valid: "
	"2025-01-01 to 2025-12-31, " TERMS
	"  - {id: NEXT, title: T, from: [C82], to: [RX1], purposes: [care], "
	"categories: [notes], identifiability: identifiable, relationship: "
	"not-required, consent: implied, opt-out: not-applicable, valid: "
	"2026-04-01 until further notice, status: suspended, " TERMS
	"  - {id: ASK, title: T, from: [RX1], to: [CH1], purposes: [plan], "
	"categories: [notes, talk], identifiability: identifiable, "
	"relationship: not-required, consent: required, opt-out: exempt:E, "
	"location-withheld: refuse, valid: 2026-01-01 until further "
	"notice, " TERMS
	"  - {id: TWIN-1, title: T, from: [CH1], to: [RX1], purposes: [care], "
	"categories: [notes], identifiability: identifiable, relationship: "
	"not-required, consent: implied, opt-out: not-applicable, valid: "
	"2026-01-01 until further notice, " TERMS
	"  - {id: TWIN-2, title: T, from: [CH1], to: [RX1], purposes: [care], "
	"categories: [notes, talk], identifiability: identifiable, "
	"relationship: not-required, consent: implied, opt-out: "
	"not-applicable, valid: 2026-01-01 until further notice, " TERMS;

static struct alm_arena arena;
static struct alm_diagnostics found;
static struct alm_bundle bundle;

static void load(const char *content, size_t bytes)
{
	const struct alm_bundle_source file = {
		"b.yaml", {(const uint8_t *)content, bytes}};

	alm_arena_fini(&arena);
	alm_arena_init(&arena, 64 << 20);
	alm_diagnostics_init(&found, &arena);
	cr_assert_eq(alm_bundle_load(&file, 1, &arena, &found, &bundle, NULL),
		ALM_OK, "%u:%u %s", found.items[0].place.line,
		found.items[0].place.column, found.items[0].message);
}

static void give_back(void)
{
	alm_arena_fini(&arena);
}

TestSuite(remedy, .fini = give_back);

static struct alm_request ask(const char *from, const char *to,
	const char *purpose, const char *const *categories, size_t count)
{
	return (struct alm_request){.id = "q",
		.from = from,
		.to = to,
		.purpose = purpose,
		.categories = categories,
		.category_count = count,
		.has_payload = true,
		.payload = ALM_LEVEL_IDENTIFIABLE,
		.subject = PERSON};
}

#define ASK(from, to, purpose, ...) \
	ask(from, to, purpose, (const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / \
			sizeof(const char *))

static struct alm_remedies remedies;

static void find(
	const struct alm_request *request, const struct alm_person *person)
{
	const struct alm_question question = {
		&bundle, person, request, NOW_S, ALM_OPT_OUT_AGE_DEFAULT_S};

	if (bundle.name == NULL) {
		load(policy, sizeof(policy) - 1);
	}
	cr_assert_eq(alm_remedies_find(&question, &arena, &remedies), ALM_OK);
}

/* A remedy as `text | desk; text | desk`. */
static const char *said(size_t i)
{
	static char line[4096];
	char one[ALM_CHANGE_TEXT_BYTES];
	size_t at = 0;

	line[0] = '\0';
	for (size_t j = 0; i < remedies.count && j < remedies.items[i].count;
		j++) {
		const struct alm_change *change = &remedies.items[i].changes[j];

		alm_change_text(change, one);
		at += (size_t)snprintf(line + at, sizeof(line) - at,
			"%s%s | %s", j > 0 ? "; " : "", one,
			alm_desk_name(alm_change_desk(change->kind)));
	}
	return line;
}

static void expect(struct alm_request request, const struct alm_person *person,
	size_t i, const char *want)
{
	find(&request, person);
	cr_expect_str_eq(said(i), want, "\n got %s\nwant %s", said(i), want);
}

#define REFERRAL \
	"name the referral, or what else makes the recipient concerned with " \
	"this person, in the message"

#define NEW \
	"make a data-sharing agreement between the two for this purpose and " \
	"content"
#define SENDER " | the sender"
#define LEAD " | the information-governance lead"

Test(remedy, has_none_for_what_goes_through)
{
	struct alm_request request = ASK("CH1", "RX1", "care", "talk");

	find(&request, NULL);
	cr_expect_eq(remedies.count, 0);
	request.is_malformed = true;
	find(&request, NULL);
	cr_expect_eq(remedies.count, 0);
}

Test(remedy, corrects_words)
{
	expect(ASK("CH1", "RX1", "caer", "talk"), NULL, 0,
		"write 'care' instead of 'caer'" SENDER);
	expect(ASK("CH1", "RX1", "care", "tolk"), NULL, 0,
		"write 'talk' instead of 'tolk'" SENDER);
	expect(ASK("CH1", "RX1", "care", "mind"), NULL, 0,
		"write 'talk' instead of 'mind'" SENDER);
	expect(ASK("CH1", "XR1", "care", "talk"), NULL, 0,
		"write 'RX1' instead of 'XR1'" SENDER);
}

Test(remedy, names_what_is_wrong_with_the_parties)
{
	expect(ASK("RX1", "C82", "care", "notes"), NULL, 0,
		"renew the assurance of C82 | that organisation's DSPT lead"
		"; name the referral, or what else makes the recipient "
		"concerned with this person, in the message" SENDER);
	expect(ASK("RX2", "C81", "care", "notes"), NULL, 0,
		"make RX2 active again" LEAD
		"; add RX2 to the senders of CARE" LEAD
		"; name the referral, or what else makes the recipient "
		"concerned with this person, in the message" SENDER);
}

Test(remedy, names_the_smallest_change_of_a_basis)
{
	expect(ASK("C81", "RX1", "care", "notes"), NULL, 0, "renew OLD" LEAD);
	expect(ASK("C82", "RX1", "care", "notes"), NULL, 0,
		"renew the assurance of C82 | that organisation's DSPT lead"
		"; wait until 2026-03-31T23:00:00Z, when NEXT begins" SENDER
		"; end the suspension of NEXT" LEAD);
	expect(ASK("CH1", "RX1", "care", "notes"), NULL, 0,
		"name the basis TWIN-1 in the message" SENDER);
	expect(ASK("CH1", "RX1", "care", "notes"), NULL, 1,
		"name the basis TWIN-2 in the message" SENDER);
	expect(ASK("CH1", "RX1", "care", "gender", "notes"), NULL, 0,
		"name the basis TWIN-1 in the message" SENDER);
	expect(ASK("C81", "CH1", "plan", "notes"), NULL, 0,
		"add CH1 to the recipients of PLAN" LEAD
		"; check the person against the national data opt-out (this "
		"holds if the person is clear)" SENDER);
	cr_expect_str_eq(remedies.nearest, "ASK");
	cr_expect_not(remedies.nearest_selects_sender);
}

Test(remedy, does_not_widen_what_the_law_says)
{
	static char other[sizeof(policy) + 16];
	const char *at = strstr(policy, "agreements:");

	/* All bases of the policy as mandates. */
	(void)snprintf(other, sizeof(other), "%.*smandates:%s",
		(int)(at - policy), policy, at + strlen("agreements:"));
	load(other, strlen(other));
	expect(ASK("C81", "RX1", "care", "notes"), NULL, 0, "renew OLD" LEAD);
	expect(ASK("C81", "RX1", "care", "talk"), NULL, 0,
		NEW LEAD "; " REFERRAL SENDER);
	expect(ASK("QT1", "C81", "care", "notes"), NULL, 0,
		NEW LEAD "; " REFERRAL SENDER);
	cr_expect_null(remedies.nearest);
}

Test(remedy, sends_what_concerns_the_person_to_the_person)
{
	static const char *const any = "any";
	const struct alm_directive denial = {.id = "R-1",
		.authority = "patient",
		.scope = "s",
		.effect = ALM_WORD_DENY,
		.recorded_s = NOW_S - DAY,
		.purposes = {&any, 1},
		.categories = {&any, 1},
		.to = {&any, 1},
		.valid = {0, ALM_INSTANT_NEVER}};
	const struct alm_relationship known = {
		"C81", "gp", false, {0, ALM_INSTANT_NEVER}, NOW_S - DAY};
	const struct alm_opt_out lists[] = {
		{ALM_OPT_OUT_NATIONAL, true, NOW_S, NOW_S},
		{ALM_OPT_OUT_TYPE_1, true, NOW_S, NOW_S}};
	const struct alm_flag flag = {ALM_FLAG_LOCATION_WITHHELD, false,
		{0, ALM_INSTANT_NEVER}, NOW_S - DAY};
	struct alm_person person = {.directives = &denial,
		.directive_count = 1,
		.relationships = &known,
		.relationship_count = 1};
	struct alm_request planned = ASK("C81", "QT1", "plan", "notes");

	expect(ASK("RX1", "C81", "care", "notes"), &person, 0,
		"speak with the person, who may take back R-1 | the person");
	expect(ASK("RX1", "C81", "care", "notes"), &person, 1,
		"override in an emergency, with name and reason, to be "
		"reviewed | the clinician in charge");
	expect(ASK("RX1", "C81", "care", "notes"), &person, 2,
		"override as guardian, with name and reason, to be reviewed "
		"| the Caldicott Guardian");
	expect(ASK("RX1", "C81", "care", "notes"), NULL, 0, REFERRAL SENDER);
	expect(ASK("RX1", "C81", "care", "notes"), NULL, 1,
		"record the recipient's relationship with the person | the "
		"recipient's records team");
	expect(ASK("RX1", "CH1", "plan", "notes"), NULL, 0,
		"ask the person, and record a permission | the person");
	person = (struct alm_person){.flags = &flag, .flag_count = 1};
	expect(ASK("RX1", "CH1", "plan", "notes"), &person, 0,
		"ask the person, and record a permission | the person; end "
		"the protection of the person's whereabouts, if it is safe | "
		"the Caldicott Guardian");
	planned.payload = ALM_LEVEL_PSEUDONYMISED;
	expect(planned, NULL, 0,
		"check the person against the national data opt-out (this "
		"holds if the person is clear)" SENDER);
	person = (struct alm_person){.opt_outs = lists, .opt_out_count = 1};
	expect(planned, &person, 0, "send the content anonymised" SENDER);
	expect(planned, &person, 1,
		"nothing, unless the person leaves the national data opt-out "
		"| the person");
	person.opt_out_count = 2;
	expect(planned, &person, 0, "send the content anonymised" SENDER);
}

Test(remedy, mends_a_transform_to_a_permit)
{
	static const struct alm_opt_out clear = {
		ALM_OPT_OUT_NATIONAL, false, NOW_S, NOW_S};
	const struct alm_person person = {
		.opt_outs = &clear, .opt_out_count = 1};
	struct alm_request counted = ASK("RX1", "QT1", "plan", "notes", "talk");

	expect(ASK("RX1", "QT1", "plan", "notes", "gender"), &person, 0,
		"leave out gender" SENDER
		"; send the content pseudonymised" SENDER);
	counted.payload = ALM_LEVEL_PSEUDONYMISED;
	expect(counted, &person, 0, "leave out talk" SENDER);
	expect(counted, &person, 1,
		"send a record set, decided person by "
		"person" SENDER);
}

Test(remedy, leaves_ceilings_and_prohibitions_to_their_owners)
{
	expect(ASK("RX1", "C81", "care", "gender"), NULL, 0,
		REFERRAL SENDER "; take the prohibition NEVER out, if the law "
				"allows | the owners of the policy");
	expect(ASK("RX1", "CH1", "care", "notes"), NULL, 0,
		"let organisations of kind charity receive for care | the "
		"owners of the policy; " NEW LEAD "; " REFERRAL SENDER);
	expect(ASK("QT1", "C81", "care", "notes"), NULL, 0,
		"add QT1 to the senders of CARE" LEAD "; " REFERRAL SENDER);
	expect(ASK("QT1", "C81", "care", "notes"), NULL, 2,
		NEW LEAD "; " REFERRAL SENDER);
}

/* --- the rule agrees ------------------------------------------------------ */

static struct alm_decision decide(const struct alm_bundle *of,
	const struct alm_request *request, const struct alm_person *person,
	int64_t t_s)
{
	static struct alm_snapshot *snapshot;
	static struct alm_scratch *scratch;
	struct alm_decision decision;
	struct alm_world world = {
		.opt_out_age_max_s = ALM_OPT_OUT_AGE_DEFAULT_S};

	/* Kept until the next, because the decision points into them. */
	alm_scratch_free(scratch);
	alm_snapshot_free(snapshot);
	snapshot = NULL;
	scratch = NULL;
	if (of != NULL) {
		snapshot = alm_snapshot_compile(of);
		scratch = alm_scratch_new(snapshot);
		world.snapshot = snapshot;
		alm_decide(&world, person, request, t_s, scratch, &decision);
		return decision;
	}
	return (struct alm_decision){.code = 0};
}

static bool goes_through(const struct alm_decision *decision, bool wants_permit)
{
	return decision->effect == ALM_EFFECT_PERMIT ||
	       (decision->effect == ALM_EFFECT_TRANSFORM && !wants_permit);
}

/* The remedy over the whole bundle, without change `left_out`. */
static struct alm_decision with(const struct alm_question *question,
	const struct alm_remedy *remedy, size_t left_out)
{
	const struct alm_part whole = {.bundle = *question->bundle};
	struct alm_change changes[ALM_CHANGES_MAX];
	struct alm_changed changed;
	size_t count = 0;

	for (size_t i = 0; i < remedy->count; i++) {
		if (i != left_out) {
			changes[count++] = remedy->changes[i];
		}
	}
	cr_assert(alm_changes_apply(
		question, &whole, changes, count, &arena, &changed));
	return decide(&changed.bundle, &changed.request, &changed.person,
		changed.t_s);
}

static void check_remedies(
	const struct alm_question *question, bool wants_permit)
{
	for (size_t i = 0; i < remedies.count; i++) {
		const struct alm_remedy *remedy = &remedies.items[i];
		struct alm_decision decision = with(question, remedy, SIZE_MAX);

		cr_expect(goes_through(&decision, wants_permit), "%s: %u\n%s",
			said(i), decision.code, text);
		cr_expect_eq(decision.effect, remedy->effect);
		cr_expect(i == 0 || remedies.items[i - 1].cost <= remedy->cost);
		for (size_t j = 0; j < remedy->count; j++) {
			decision = with(question, remedy, j);
			cr_expect(!goes_through(&decision, wants_permit),
				"%s: change %zu is not needed\n%s", said(i), j,
				text);
		}
	}
}

static struct alm_person some_person(void)
{
	static const char *const any = "any";
	static const char *const parties[] = {
		"A", "B", "C", "D", "kind:trust", "group:g", "lost"};
	static struct alm_directive directive;
	static struct alm_opt_out opt_out;
	static const char *to;

	to = parties[pick(7)];
	directive = (struct alm_directive){.id = "R-1",
		.authority = "patient",
		.scope = "s",
		.effect = pick(3) == 0 ? ALM_WORD_PERMIT : ALM_WORD_DENY,
		.recorded_s = NOW_S - DAY,
		.purposes = {&any, 1},
		.categories = {&any, 1},
		.to = {&to, 1},
		.valid = {0, ALM_INSTANT_NEVER}};
	opt_out = (struct alm_opt_out){
		ALM_OPT_OUT_NATIONAL, pick(2) == 0, NOW_S - DAY, NOW_S - DAY};
	return (struct alm_person){.directives = &directive,
		.directive_count = pick(2),
		.opt_outs = &opt_out,
		.opt_out_count = pick(2)};
}

static void check_random(void)
{
	static const char *const ids[] = {
		"A", "B", "C", "D", "E", "F", "Z", "AA"};
	static const char *const purposes[] = {"care", "urgent", "plan", "cra"};
	static const char *const categories[] = {
		"talk", "notes", "letters", "mind", "leters"};
	static const char *const bases[] = {"X1", "X5", "X99"};
	const char *asked[2] = {categories[pick(3)], categories[pick(5)]};
	struct alm_person person = some_person();
	struct alm_request request = ask(ids[pick(8)], ids[pick(8)],
		purposes[pick(4)], asked, 1 + pick(2));
	struct alm_question question = {
		&bundle, &person, &request, NOW_S, ALM_OPT_OUT_AGE_DEFAULT_S};
	struct alm_part part;
	struct alm_decision whole;
	unsigned code;

	request.basis = pick(3) == 0 ? bases[pick(3)] : NULL;
	cr_assert_eq(alm_part_of(&question, &arena, &part), ALM_OK);
	code = decide(&part.bundle, &request, &person, NOW_S).code;
	whole = decide(&bundle, &request, &person, NOW_S);
	cr_expect_eq(code, whole.code, "part %u, whole %u\n%s", code,
		whole.code, text);
	cr_assert_eq(alm_remedies_find(&question, &arena, &remedies), ALM_OK);
	check_remedies(&question, whole.effect == ALM_EFFECT_TRANSFORM);
}

Test(remedy, lets_a_request_through_by_the_rule_over_the_whole_bundle)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		make_bundle();
		load(text, used);
		for (unsigned j = 0; j < 6; j++) {
			check_random();
		}
	}
	(void)decide(NULL, NULL, NULL, 0);
}
