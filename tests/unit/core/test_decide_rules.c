/* Steps 5 to 7, 11 and 12 of the rule: bases, prohibitions, the outcome. */
#include "tests/unit/core/builder.h"

TestSuite(decide_rules);

#define PERMIT_BY(basis) \
	"permit 0 basis=" basis " release=discharge level=identifiable"

Test(decide_rules, denies_without_a_basis)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .to = LIST("C2")), BASIS("B", .from = LIST("CH1"))};
	struct row rows[] = {
		{"none selects both", REQUEST(), {0}, "deny 300 because=300"},
		{"named, of others", REQUEST(.basis = "A"), {0},
			"deny 307 because=307"},
		{"named, unknown", REQUEST(.basis = "Z"), {0},
			"deny 306 because=306"},
		{"named, empty", REQUEST(.basis = ""), {0},
			"deny 306 because=306"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, says_why_a_basis_does_not_fit)
{
	struct alm_bundle_basis bases[] = {
		BASIS("EARLY", .to = LIST("C1"),
			.valid = {T + 1, ALM_INSTANT_NEVER}),
		BASIS("LATE", .to = LIST("C2"), .valid = {0, T}),
		BASIS("OFF", .to = LIST("QT1"), .status = ALM_STATUS_SUSPENDED),
		BASIS("OTHER", .to = LIST("CH1"), .purposes = LIST("return"),
			.categories = LIST("gender")),
		BASIS("FROM", .to = LIST("CA1"),
			.valid = {T, ALM_INSTANT_NEVER}),
		BASIS("UNTIL", .to = LIST("RX5"), .valid = {0, T + 1}),
	};
	struct row rows[] = {
		{"not yet", REQUEST(), {0},
			"deny 301 because=301 nearest=EARLY"},
		{"named", REQUEST(.basis = "EARLY"), {0},
			"deny 301 because=301"},
		{"expired", REQUEST(.to = "C2"), {0},
			"deny 302 because=302 nearest=LATE"},
		{"suspended", REQUEST(.to = "QT1"), {0},
			"deny 303 because=303 nearest=OFF"},
		{"two things", REQUEST(.to = "CH1"), {0},
			"deny 304 because=304,305 nearest=OTHER"},
		{"two things, named", REQUEST(.to = "CH1", .basis = "OTHER"),
			{0}, "deny 304 because=304,305"},
		{"its first instant", REQUEST(.to = "CA1"), {0},
			PERMIT_BY("FROM")},
		{"its last instant", REQUEST(.to = "RX5"), {0},
			PERMIT_BY("UNTIL")},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, names_the_nearest_of_several)
{
	struct alm_bundle_basis bases[] = {
		BASIS("C", .status = ALM_STATUS_SUSPENDED),
		BASIS("B", .valid = {0, T}),
		BASIS("A", .valid = {0, T}, .purposes = LIST("return")),
		BASIS("D", .to = LIST("C2"), .valid = {0, T}),
		BASIS("a", .to = LIST("C2"), .valid = {0, T}),
	};
	struct row rows[] = {
		{"the fewest reasons, then the lowest id", REQUEST(), {0},
			"deny 302 because=302 nearest=B"},
		{"bytewise, so upper case first", REQUEST(.to = "C2"), {0},
			"deny 302 because=302 nearest=D"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, wants_one_of_several_named)
{
	struct alm_bundle_basis bases[] = {BASIS("b"), BASIS("B"),
		BASIS("a", .categories = LIST("any")),
		BASIS("X", .status = ALM_STATUS_SUSPENDED)};
	struct row rows[] = {
		{"all that fit, sorted", REQUEST(), {0},
			"deny 308 because=308 candidates=B,a,b"},
		{"named", REQUEST(.basis = "a"), {0}, PERMIT_BY("a")},
		{"only one fits", REQUEST(CATEGORIES("gender")), {0},
			"permit 0 basis=a release=gender level=identifiable"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, climbs_to_ancestors_but_not_past_never)
{
	struct alm_bundle_basis bases[] = {
		BASIS("ANY", .to = LIST("C1 RX5"), .purposes = LIST("any")),
		BASIS("CARE", .to = LIST("C2"), .purposes = LIST("care")),
		BASIS("EMERGENCY", .to = LIST("QT1"),
			.purposes = LIST("emergency")),
		BASIS("PLANNING", .to = LIST("CH1"),
			.purposes = LIST("planning"),
			.opt_out = ALM_OPT_OUT_EXEMPT),
	};
	struct row rows[] = {
		{"any covers", REQUEST(), {0}, PERMIT_BY("ANY")},
		{"any does not reach one that never inherits",
			REQUEST(.purpose = "emergency", .to = "RX5"), {0},
			"deny 304 because=304 nearest=ANY"},
		{"nor what is below it", REQUEST(.purpose = "triage"), {0},
			"deny 304 because=304 nearest=ANY"},
		{"nor does an ancestor above it",
			REQUEST(.purpose = "triage", .to = "C2"), {0},
			"deny 304 because=304 nearest=CARE"},
		{"but itself covers what is below it",
			REQUEST(.purpose = "triage", .to = "QT1"), {0},
			PERMIT_BY("EMERGENCY")},
		{"a common ancestor covers",
			REQUEST(.purpose = "audit", .to = "CH1"), {0},
			PERMIT_BY("PLANNING")},
		{"a child does not cover its parent", REQUEST(.to = "QT1"), {0},
			"deny 304 because=304 nearest=EMERGENCY"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, judges_selectors_at_the_instant)
{
	struct alm_bundle_basis bases[] = {
		BASIS("PAST", .from = LIST("QT1"), .to = LIST("group:past")),
		BASIS("FUTURE", .from = LIST("CH1"),
			.to = LIST("group:future")),
		BASIS("BOTH", .from = LIST("group:both"),
			.to = LIST("group:both kind:charity C1")),
		BASIS("KIND", .from = LIST("kind:icb"),
			.to = LIST("kind:charity")),
	};
	struct row rows[] = {
		{"a membership that has ended", REQUEST(.from = "QT1"), {0},
			"deny 300 because=300"},
		{"one that has not begun", REQUEST(.from = "CH1"), {0},
			"deny 300 because=300"},
		{"one of two periods, found once", REQUEST(), {0},
			PERMIT_BY("BOTH")},
		{"by kind", REQUEST(.from = "QT1", .to = "CH1"), {0},
			PERMIT_BY("KIND")},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, releases_what_is_covered_and_redacts_the_rest)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .identifiability = ALM_LEVEL_PSEUDONYMISED,
			.smallest_group = 10, .obligations = LIST("z b b"))};
	struct row rows[] = {
		{"some covered",
			REQUEST(CATEGORIES("talking gender discharge crisis"),
				.payload = ALM_LEVEL_PSEUDONYMISED),
			{0},
			"transform 1 because=305 basis=A "
			"release=crisis,discharge,talking redact=gender "
			"level=pseudonymised group=10 obligations=b,z"},
		{"level lowered", REQUEST(), {0},
			"transform 1 because=215 basis=A release=discharge "
			"level=pseudonymised group=10 obligations=b,z"},
		{"none covered", REQUEST(CATEGORIES("gender")), {0},
			"deny 305 because=305 nearest=A"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, withholds_before_it_de_identifies)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .categories = LIST("any"))};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("W2", .categories = LIST("gender mental-health"),
			.at_or_above = ALM_LEVEL_PSEUDONYMISED),
		PROHIBITION("W1", .categories = LIST("gender")),
		PROHIBITION("D-gender", .categories = LIST("gender"),
			.de_identifies = true),
		PROHIBITION("D-meds", .categories = LIST("medications"),
			.at_or_above = ALM_LEVEL_IDENTIFIABLE,
			.de_identifies = true),
		PROHIBITION("OTHER", .purposes = LIST("planning"),
			.categories = LIST("any")),
		PROHIBITION(
			"PARTY", .to = LIST("C2"), .categories = LIST("any")),
		PROHIBITION("ANON", .categories = LIST("discharge"),
			.to = LIST("CH1"), .at_or_above = ALM_LEVEL_ANONYMISED,
			.de_identifies = true),
	};
	struct row rows[] = {
		{"not touched", REQUEST(), {0}, PERMIT_BY("A")},
		{"withheld, by each that covers",
			REQUEST(CATEGORIES("discharge gender crisis")), {0},
			"transform 1 because=211 basis=A release=discharge "
			"redact=crisis,gender level=identifiable "
			"prohibitions=W1,W2"},
		{"de-identified", REQUEST(CATEGORIES("medications gender")),
			{0},
			"transform 1 because=211,213 basis=A "
			"release=medications redact=gender level=pseudonymised"
			" prohibitions=D-meds,W1,W2"},
		{"below the level",
			REQUEST(CATEGORIES("medications"),
				.payload = ALM_LEVEL_PSEUDONYMISED),
			{0},
			"permit 0 basis=A release=medications "
			"level=pseudonymised"},
		{"nothing left", REQUEST(CATEGORIES("gender")), {0},
			"deny 403 because=211,403 basis=A "
			"prohibitions=W1,W2"},
	};

	RUN(bases, prohibitions, ALM_COUNT(prohibitions), rows);
}

Test(decide_rules, judges_prohibitions_on_what_the_basis_covers)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .is_mandate = true, .lifts = LIST("prohibition:L"))};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("L", .categories = LIST("gender")),
		PROHIBITION("W", .categories = LIST("gender")),
		PROHIBITION("D1", .categories = LIST("medications"),
			.de_identifies = true),
		PROHIBITION("D2", .categories = LIST("medications"),
			.at_or_above = ALM_LEVEL_IDENTIFIABLE,
			.de_identifies = true),
	};
	struct row rows[] = {
		{"neither lifted nor withheld: it was never covered",
			REQUEST(CATEGORIES("discharge gender")), {0},
			"transform 1 because=305 basis=A release=discharge "
			"redact=gender level=identifiable"},
		{"the lowest of several levels",
			REQUEST(CATEGORIES("medications"), .is_batch = true),
			{0},
			"transform 1 because=213 basis=A release=medications "
			"level=anonymised prohibitions=D1,D2"},
	};

	RUN(bases, prohibitions, ALM_COUNT(prohibitions), rows);
}

Test(decide_rules, judges_prohibitions_by_the_checked_level)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .identifiability = ALM_LEVEL_PSEUDONYMISED),
		BASIS("C", .to = LIST("C2"), .purposes = LIST("triage"))};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("P", .at_or_above = ALM_LEVEL_IDENTIFIABLE),
		PROHIBITION("Q", .at_or_above = ALM_LEVEL_PSEUDONYMISED,
			.categories = LIST("medications"),
			.de_identifies = true),
		PROHIBITION("R", .at_or_above = ALM_LEVEL_PSEUDONYMISED,
			.categories = LIST("medications"), .to = LIST("C1"),
			.de_identifies = true),
		PROHIBITION("CARE", .to = LIST("C2"), .purposes = LIST("care"),
			.categories = LIST("talking")),
	};
	struct row rows[] = {
		{"identifiable is above what the basis allows", REQUEST(), {0},
			"transform 1 because=215 basis=A release=discharge "
			"level=pseudonymised"},
		{"a second that lowers no further is named too",
			REQUEST(CATEGORIES("medications"), .is_batch = true),
			{0},
			"transform 1 because=213,215 basis=A "
			"release=medications level=anonymised "
			"prohibitions=Q,R"},
		{"any purpose includes one that never inherits",
			REQUEST(.to = "C2", .purpose = "triage"), {0},
			"deny 403 because=211,403 basis=C prohibitions=P"},
		{"prohibitions reach past inherit never",
			REQUEST(.to = "C2", .purpose = "triage",
				.payload = ALM_LEVEL_PSEUDONYMISED,
				CATEGORIES("talking discharge")),
			{0},
			"transform 1 because=211 basis=C release=discharge "
			"redact=talking level=pseudonymised "
			"prohibitions=CARE"},
	};

	RUN(bases, prohibitions, ALM_COUNT(prohibitions), rows);
}

Test(decide_rules, cannot_make_a_statistic_of_one_person)
{
	struct alm_bundle_basis bases[] = {
		BASIS("ANON", .identifiability = ALM_LEVEL_ANONYMISED),
		BASIS("AGG", .to = LIST("C2"),
			.identifiability = ALM_LEVEL_AGGREGATE),
	};
	struct row rows[] = {
		{"anonymised", REQUEST(), {0},
			"deny 214 because=214,215 basis=ANON"},
		{"a record set may", REQUEST(.is_batch = true), {0},
			"transform 1 because=215 basis=ANON release=discharge"
			" level=anonymised"},
		{"anonymised already",
			REQUEST(.payload = ALM_LEVEL_ANONYMISED,
				.subject = NULL),
			{0},
			"permit 0 basis=ANON release=discharge "
			"level=anonymised"},
		{"aggregate, even of a set",
			REQUEST(.to = "C2", .is_batch = true), {0},
			"deny 214 because=214,215 basis=AGG"},
		{"of an anonymised payload",
			REQUEST(.to = "C2", .is_batch = true,
				.payload = ALM_LEVEL_ANONYMISED,
				.subject = NULL),
			{0}, "deny 214 because=214,215 basis=AGG"},
		{"aggregate already",
			REQUEST(.to = "C2", .payload = ALM_LEVEL_AGGREGATE,
				.subject = NULL),
			{0},
			"permit 0 basis=AGG release=discharge level=aggregate"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_rules, lifts_prohibitions_for_a_mandate)
{
	struct alm_bundle_basis bases[] = {
		BASIS("M", .is_mandate = true, .categories = LIST("any"),
			.lifts = LIST("prohibition:W1 prohibition:D "
				      "prohibition:UNUSED")),
		BASIS("N", .to = LIST("C2"), .is_mandate = true,
			.categories = LIST("any"),
			.lifts = LIST("prohibition:W1")),
	};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("W1", .categories = LIST("gender")),
		PROHIBITION(
			"W2", .categories = LIST("gender"), .to = LIST("C2")),
		PROHIBITION("D", .categories = LIST("talking gender"),
			.de_identifies = true),
		PROHIBITION("UNUSED", .categories = LIST("crisis")),
	};
	struct row rows[] = {
		{"both lifted, and only what had an effect",
			REQUEST(CATEGORIES("gender")), {0},
			"permit 0 because=212 basis=M release=gender "
			"level=identifiable "
			"lifts=prohibition:D,prohibition:W1"},
		{"told although another withholds the same",
			REQUEST(CATEGORIES("gender discharge"), .to = "C2"),
			{0},
			"transform 1 because=211,212 basis=N "
			"release=discharge redact=gender level=identifiable "
			"prohibitions=W2 lifts=prohibition:W1"},
		{"not lifted, so lowered",
			REQUEST(CATEGORIES("talking"), .to = "C2",
				.is_batch = true),
			{0},
			"transform 1 because=213 basis=N release=talking "
			"level=anonymised prohibitions=D"},
	};

	RUN(bases, prohibitions, ALM_COUNT(prohibitions), rows);
}

Test(decide_rules, lists_what_is_lifted_in_order)
{
	struct alm_directive denials[] = {DIRECTIVE("D")};
	struct alm_opt_out objected[] = {{ALM_OPT_OUT_TYPE_1, true, T, T}};
	struct alm_bundle_basis bases[] = {BASIS("M", .is_mandate = true,
		.from = LIST("C2"), .purposes = LIST("planning"),
		.lifts = LIST("type-1 prohibition:Z prohibition:A objection"))};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("Z"), PROHIBITION("A")};
	struct row rows[] = {
		{"all four", REQUEST(.from = "C2", .purpose = "planning"),
			{.directives = denials,
				.directive_count = 1,
				.opt_outs = objected,
				.opt_out_count = 1},
			"permit 0 because=212,404,414 basis=M "
			"release=discharge level=identifiable directives=D "
			"lifts=objection,prohibition:A,prohibition:Z,type-1"},
	};

	RUN(bases, prohibitions, ALM_COUNT(prohibitions), rows);
}

Test(decide_rules, keeps_what_was_redacted_before)
{
	struct alm_directive denials[] = {
		DIRECTIVE("D", .categories = WORDS("crisis"))};
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("W", .categories = LIST("medications")),
		PROHIBITION("V", .categories = LIST("talking")),
		PROHIBITION("I", .categories = LIST("discharge"),
			.de_identifies = true,
			.at_or_above = ALM_LEVEL_IDENTIFIABLE),
		PROHIBITION("J", .categories = LIST("discharge"),
			.de_identifies = true,
			.at_or_above = ALM_LEVEL_PSEUDONYMISED)};
	struct row rows[] = {
		{"by the basis, two prohibitions and a denial",
			REQUEST(CATEGORIES("gender medications crisis "
					   "discharge talking"),
				.is_batch = true),
			{.directives = denials, .directive_count = 1},
			"transform 1 because=211,213,305,402 basis=A "
			"release=discharge "
			"redact=crisis,gender,medications,talking "
			"level=anonymised directives=D prohibitions=I,J,V,W"},
	};

	RUN(bases, prohibitions, ALM_COUNT(prohibitions), rows);
}

Test(decide_rules, notes_an_override_that_is_not_accepted)
{
	struct alm_bundle_basis bases[] = {
		BASIS("NONE"),
		BASIS("BOTH", .to = LIST("C2"), .accepts_emergency = true,
			.accepts_guardian = true),
		BASIS("ONE", .to = LIST("CH1"), .accepts_guardian = true),
	};
	struct row rows[] = {
		{"none accepted", REQUEST(OVERRIDE(EMERGENCY)), {0},
			"permit 0 because=509 basis=NONE release=discharge "
			"level=identifiable"},
		{"emergency accepted", REQUEST(OVERRIDE(EMERGENCY), .to = "C2"),
			{0}, PERMIT_BY("BOTH")},
		{"guardian accepted", REQUEST(OVERRIDE(GUARDIAN), .to = "C2"),
			{0}, PERMIT_BY("BOTH")},
		{"only the other accepted",
			REQUEST(OVERRIDE(EMERGENCY), .to = "CH1"), {0},
			"permit 0 because=509 basis=ONE release=discharge "
			"level=identifiable"},
	};

	RUN(bases, NULL, 0, rows);
}
