/* Step 9 of the rule: what the person wants. */
#include "tests/unit/core/builder.h"

TestSuite(decide_directives);

#define PERMIT "permit 0 basis=A release=discharge level=identifiable"
#define DENIED "deny 403 because=402,403 basis=A directives=D"

#define TWO CATEGORIES("discharge talking")
#define WITHDRAWN .effect = ALM_WORD_WITHDRAWN
#define PERMITTING .effect = ALM_WORD_PERMIT

Test(decide_directives, keeps_back_what_is_denied)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .purposes = LIST("any triage emergency"))};
	const char *talking_denied =
		"transform 1 because=402 basis=A release=discharge "
		"redact=talking level=identifiable directives=D";
	const char *nothing = "permit 0 basis=A release=discharge,talking "
			      "level=identifiable";
	struct row rows[] = {
		{"everything", REQUEST(), {DIRECTIVES(DIRECTIVE("D"))}, DENIED},
		{"a category, by its parent", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE(
				"D", .categories = WORDS("mental-health")))},
			talking_denied},
		{"a word that the bundle lacks is any", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .categories = WORDS("old"),
				.purposes = WORDS("gone"),
				.to = WORDS("kind:gone")))},
			DENIED},
		{"an organisation that the bundle lacks", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("X9")))},
			DENIED},
		{"a group that the bundle lacks", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("group:x")))},
			DENIED},
		{"another recipient", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE(
				"D", .to = WORDS("C2 kind:icb group:past "
						 "group:future")))},
			nothing},
		{"the recipient's kind", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .to = WORDS("kind:gp-practice")))},
			DENIED},
		{"the recipient's group", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("group:both")))},
			DENIED},
		{"another purpose", REQUEST(TWO),
			{DIRECTIVES(
				DIRECTIVE("D", .purposes = WORDS("planning")))},
			nothing},
		{"an ancestor, past inherit never",
			REQUEST(.purpose = "triage"),
			{DIRECTIVES(DIRECTIVE("D", .purposes = WORDS("care")))},
			DENIED},
		{"expired", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("D", .valid = {0, T}))}, nothing},
		{"not begun", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("D", .valid = {T + 1, T + 2}))},
			nothing},
		{"recorded later", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("D", .recorded_s = T + 1))},
			nothing},
		{"a permit alone changes nothing", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("D", PERMITTING))}, nothing},
		{"a denial beats a permit", REQUEST(),
			{DIRECTIVES(
				DIRECTIVE("D"), DIRECTIVE("P", PERMITTING))},
			DENIED},
		{"an unknown person",
			REQUEST(TWO, .subject = NULL, .subject_unknown = "x"),
			{DIRECTIVES(DIRECTIVE("D"))}, nothing},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_directives, replaces_choices_and_does_not_layer_them)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"a newer one hides an older", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("P", .scope = "s", PERMITTING,
					.recorded_s = T))},
			PERMIT},
		{"though it has expired", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", .scope = "s",
					    .recorded_s = T, .valid = {0, T}),
				DIRECTIVE("D", .scope = "s"))},
			PERMIT},
		{"not before its first day", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", .scope = "s", PERMITTING,
					    .recorded_s = T,
					    .valid = {T + 1, T + 2}),
				DIRECTIVE("D", .scope = "s"))},
			DENIED},
		{"not before it is recorded", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", .scope = "s", PERMITTING,
					    .recorded_s = T + 1),
				DIRECTIVE("D", .scope = "s"))},
			DENIED},
		{"a withdrawal hides it", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("W", .scope = "s", WITHDRAWN,
					.recorded_s = T))},
			PERMIT},
		{"of another scope it does not", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("W", .scope = "r", WITHDRAWN,
					.recorded_s = T))},
			DENIED},
		{"nor of another authority", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("W", .scope = "s", WITHDRAWN,
					.authority = "court",
					.recorded_s = T))},
			DENIED},
		{"at one instant the greatest id counts", REQUEST(),
			{DIRECTIVES(DIRECTIVE("Z", .scope = "s", PERMITTING),
				DIRECTIVE("D", .scope = "s"))},
			PERMIT},
		{"bytewise", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("A", .scope = "s", PERMITTING))},
			DENIED},
		{"alike in all, the one that releases less", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s", WITHDRAWN),
				DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("D", .scope = "s", PERMITTING))},
			DENIED},
		{"one id of two scopes is told once", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("D", .scope = "r"))},
			DENIED},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_directives, lets_exceptions_cancel_a_denial)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .purposes = LIST("any triage"))};
	struct row rows[] = {
		{"cancelled", REQUEST(),
			{DIRECTIVES(
				DIRECTIVE("D", EXCEPT(EXCEPTION(PERMIT, "any",
						       "any", "C1"))))},
			PERMIT},
		{"not for another recipient", REQUEST(),
			{DIRECTIVES(
				DIRECTIVE("D", EXCEPT(EXCEPTION(PERMIT, "any",
						       "any", "C2"))))},
			DENIED},
		{"nor another category", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", EXCEPT(EXCEPTION(PERMIT, "any",
					     "mental-health", "any"))))},
			DENIED},
		{"nor another purpose", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", EXCEPT(EXCEPTION(PERMIT, "planning", "any",
					     "any"))))},
			DENIED},
		{"nor by a word that the bundle lacks", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D",
				EXCEPT(EXCEPTION(PERMIT, "any", "any", "X9"),
					EXCEPTION(PERMIT, "gone", "any", "any"),
					EXCEPTION(PERMIT, "any", "old",
						"any"))))},
			DENIED},
		{"a cancelling permit is judged as a permit: by its purpose",
			REQUEST(.purpose = "triage"),
			{DIRECTIVES(
				DIRECTIVE("D", EXCEPT(EXCEPTION(PERMIT, "care",
						       "any", "any"))))},
			DENIED},
		{"and by its directive's recipients", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("X9"),
				EXCEPT(EXCEPTION(
					PERMIT, "any", "any", "C1"))))},
			DENIED},
		{"a denying exception beats it", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D",
				EXCEPT(EXCEPTION(PERMIT, "any", "any", "C1"),
					EXCEPTION(DENY, "any", "discharge",
						"any"))))},
			DENIED},
		{"it cancels its own directive alone", REQUEST(),
			{DIRECTIVES(
				DIRECTIVE("X", EXCEPT(EXCEPTION(PERMIT, "any",
						       "any", "C1"))),
				DIRECTIVE("D"))},
			DENIED},
		{"some categories", REQUEST(TWO),
			{DIRECTIVES(
				DIRECTIVE("D", EXCEPT(EXCEPTION(PERMIT, "care",
						       "mental-health",
						       "kind:gp-practice"))))},
			"transform 1 because=402 basis=A release=talking "
			"redact=discharge level=identifiable directives=D"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_directives, lets_exceptions_deny)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .purposes = LIST("any triage"))};
	struct row rows[] = {
		{"of a permit", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", PERMITTING,
				EXCEPT(EXCEPTION(DENY, "any", "any", "C1"))))},
			DENIED},
		{"wider than its directive's categories", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", PERMITTING,
				.categories = WORDS("talking"),
				EXCEPT(EXCEPTION(
					DENY, "any", "discharge", "any"))))},
			DENIED},
		{"not wider than its directive's recipients", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", PERMITTING,
				.to = WORDS("C2"),
				EXCEPT(EXCEPTION(DENY, "any", "any", "any"))))},
			PERMIT},
		{"where its directive's permit does not reach",
			REQUEST(.purpose = "triage"),
			{DIRECTIVES(DIRECTIVE("D", PERMITTING,
				EXCEPT(EXCEPTION(
					DENY, "care", "any", "any"))))},
			DENIED},
		{"by words that the bundle lacks", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", PERMITTING,
				.to = WORDS("X9"), .purposes = WORDS("gone"),
				EXCEPT(EXCEPTION(
					DENY, "gone", "old", "group:x"))))},
			DENIED},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_directives, asks_for_consent)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .purposes = LIST("any triage"),
			.consent = ALM_CONSENT_REQUIRED)};
	const char *missing = "deny 401 because=401,406 basis=A";
	const char *given = "permit 0 basis=A release=discharge "
			    "level=identifiable directives=P";
	struct row rows[] = {
		{"none", REQUEST(), {0}, missing},
		{"given", REQUEST(), {DIRECTIVES(DIRECTIVE("P", PERMITTING))},
			given},
		{"for some", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING,
				.categories = WORDS("mental-health")))},
			"transform 1 because=406 basis=A release=talking "
			"redact=discharge level=identifiable directives=P"},
		{"any does not reach past inherit never",
			REQUEST(.purpose = "triage"),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING))}, missing},
		{"words that the bundle lacks permit nothing", REQUEST(),
			{DIRECTIVES(
				DIRECTIVE("P", PERMITTING, .to = WORDS("X9")),
				DIRECTIVE("Q", PERMITTING,
					.purposes = WORDS("gone")),
				DIRECTIVE("R", PERMITTING,
					.categories = WORDS("old")))},
			missing},
		{"a permit exception of a permit adds", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING,
				.categories = WORDS("gender"),
				EXCEPT(EXCEPTION(
					PERMIT, "any", "discharge", "any"))))},
			given},
		{"of a denial it does not", REQUEST(),
			{DIRECTIVES(
				DIRECTIVE("D", EXCEPT(EXCEPTION(PERMIT, "any",
						       "any", "any"))))},
			missing},
		{"denied elsewhere", REQUEST(),
			{DIRECTIVES(
				DIRECTIVE("P", PERMITTING), DIRECTIVE("D"))},
			DENIED},
		{"one denied, one not permitted", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING,
					    .categories = WORDS("talking")),
				DIRECTIVE(
					"D", .categories = WORDS("talking")))},
			"deny 401 because=401,402,406 basis=A directives=D"},
		{"unknown person",
			REQUEST(.subject = NULL, .subject_unknown = "x"),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING))}, missing},
		{"nobody is asked below pseudonymised",
			REQUEST(.subject = NULL,
				.payload = ALM_LEVEL_ANONYMISED),
			{0},
			"permit 0 basis=A release=discharge level=anonymised"},
	};

	RUN(bases, NULL, 0, rows);
}

#define AT(days) .recorded_s = T - (days)*DAY, .scope = "s"

Test(decide_directives, tells_withdrawn_consent_from_missing)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .consent = ALM_CONSENT_REQUIRED)};
	const char *missing = "deny 401 because=401,406 basis=A";
	const char *withdrawn = "deny 405 because=405,406 basis=A";
	struct row rows[] = {
		{"withdrawn", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(2)),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			withdrawn},
		{"one of two categories suffices", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(2),
					    .categories = WORDS("talking")),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			withdrawn},
		{"recorded at the same instant: it did not count before",
			REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(1)),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			missing},
		{"one instant before", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING,
					    .recorded_s = T - DAY - 1,
					    .scope = "s"),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			withdrawn},
		{"withdrawn twice", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(3)),
				DIRECTIVE("V", WITHDRAWN, AT(2)),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			missing},
		{"what counted before was a denial", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(3)),
				DIRECTIVE("D", AT(2)),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			missing},
		{"of another category", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(2),
					    .categories = WORDS("talking")),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			missing},
		{"expired since, so it would not permit now", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(2),
					    .valid = {0, T}),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			missing},
		{"had not begun when it was withdrawn", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(2),
					    .valid = {T - DAY, T + DAY}),
				DIRECTIVE("W", WITHDRAWN, AT(1)))},
			missing},
		{"a withdrawal that no longer counts", REQUEST(),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(3)),
				DIRECTIVE("W", WITHDRAWN, AT(2)),
				DIRECTIVE("Q", PERMITTING, AT(1),
					.categories = WORDS("talking")))},
			missing},
		{"something is left, so neither", REQUEST(TWO),
			{DIRECTIVES(DIRECTIVE("P", PERMITTING, AT(2)),
				DIRECTIVE("W", WITHDRAWN, AT(1)),
				DIRECTIVE("Q", PERMITTING,
					.categories = WORDS("talking")))},
			"transform 1 because=406 basis=A release=talking "
			"redact=discharge level=identifiable directives=Q"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_directives, lets_a_mandate_or_an_override_ignore_denials)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .purposes = LIST("care planning"),
			.accepts_emergency = true, .accepts_guardian = true,
			.opt_out = ALM_OPT_OUT_EXEMPT),
		BASIS("M", .to = LIST("C2"), .is_mandate = true,
			.accepts_guardian = true, .lifts = LIST("objection")),
		BASIS("N", .to = LIST("QT1")),
		BASIS("C", .to = LIST("CH1"), .accepts_guardian = true,
			.consent = ALM_CONSENT_REQUIRED),
	};
	const char *overridden = "permit 0 because=408 basis=A "
				 "release=discharge level=identifiable "
				 "obligations=review:override directives=D";
	struct alm_person denial = {DIRECTIVES(DIRECTIVE("D"))};
	struct row rows[] = {
		{"lifted", REQUEST(.to = "C2"), denial,
			"permit 0 because=404 basis=M release=discharge "
			"level=identifiable directives=D lifts=objection"},
		{"lifted rather than overridden",
			REQUEST(.to = "C2", OVERRIDE(GUARDIAN)), denial,
			"permit 0 because=404 basis=M release=discharge "
			"level=identifiable directives=D lifts=objection"},
		{"nothing to lift", REQUEST(.to = "C2"), {0},
			"permit 0 basis=M release=discharge "
			"level=identifiable"},
		{"guardian", REQUEST(OVERRIDE(GUARDIAN)), denial, overridden},
		{"emergency", REQUEST(OVERRIDE(EMERGENCY)), denial, overridden},
		{"guardian outside care",
			REQUEST(OVERRIDE(GUARDIAN), .purpose = "planning"),
			denial, overridden},
		{"emergency outside care",
			REQUEST(OVERRIDE(EMERGENCY), .purpose = "planning"),
			denial, DENIED},
		{"no denial, no note", REQUEST(OVERRIDE(GUARDIAN)), {0},
			PERMIT},
		{"not accepted", REQUEST(OVERRIDE(GUARDIAN), .to = "QT1"),
			denial,
			"deny 403 because=402,403,509 basis=N directives=D"},
		{"it ignores denials, and does not consent",
			REQUEST(OVERRIDE(GUARDIAN), .to = "CH1"), denial,
			"deny 401 because=401,406,408 basis=C directives=D"},
		{"nor does a permit whose exception denies",
			REQUEST(OVERRIDE(GUARDIAN), .to = "CH1"),
			{DIRECTIVES(DIRECTIVE("D", PERMITTING,
				EXCEPT(EXCEPTION(DENY, "any", "any", "any"))))},
			"deny 401 because=401,406,408 basis=C directives=D"},
		{"a permit then stands",
			REQUEST(OVERRIDE(GUARDIAN), .to = "CH1"),
			{DIRECTIVES(
				DIRECTIVE("D"), DIRECTIVE("P", PERMITTING))},
			"permit 0 because=408 basis=C release=discharge "
			"level=identifiable obligations=review:override "
			"directives=D,P"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_directives, reports_only_what_was_asked_for)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .categories = LIST("any"))};
	struct alm_bundle_prohibition prohibitions[] = {
		PROHIBITION("W", .categories = LIST("gender"))};
	struct row rows[] = {
		{"a denial of what is not requested", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .categories = WORDS("mental-health")))},
			PERMIT},
		{"a denial of what a prohibition withheld",
			REQUEST(CATEGORIES("gender discharge")),
			{DIRECTIVES(
				DIRECTIVE("D", .categories = WORDS("gender")))},
			"transform 1 because=211 basis=A release=discharge "
			"redact=gender level=identifiable prohibitions=W"},
	};

	RUN(bases, prohibitions, 1, rows);
}
