/* Steps 8 and 10 and the flags of 9: what is known about the person. */
#include "tests/unit/core/builder.h"

TestSuite(decide_person);

#define PERMIT "permit 0 basis=A release=discharge level=identifiable"

#define RELATION(...) \
	{ \
		.organisation = "C1", .role = "gp", .valid = ALWAYS, \
		.recorded_s = T - DAY, ##__VA_ARGS__ \
	}
#define RELATIONS(...) \
	.relationships = (const struct alm_relationship[]){__VA_ARGS__}, \
	.relationship_count = \
		sizeof((struct alm_relationship[]){__VA_ARGS__}) / \
		sizeof(struct alm_relationship)
#define FLAG(...) \
	{ \
		.flag = ALM_FLAG_LOCATION_WITHHELD, .valid = ALWAYS, \
		.recorded_s = T - DAY, ##__VA_ARGS__ \
	}
#define FLAGS(...) \
	.flags = (const struct alm_flag[]){__VA_ARGS__}, \
	.flag_count = sizeof((struct alm_flag[]){__VA_ARGS__}) / \
		      sizeof(struct alm_flag)
#define OPT_OUT(l, objecting, as_of, ...) \
	{ \
		.list = ALM_OPT_OUT_##l, .is_objecting = objecting, \
		.as_of_s = as_of, .recorded_s = T, ##__VA_ARGS__ \
	}
#define OPT_OUTS(...) \
	.opt_outs = (const struct alm_opt_out[]){__VA_ARGS__}, \
	.opt_out_count = sizeof((struct alm_opt_out[]){__VA_ARGS__}) / \
			 sizeof(struct alm_opt_out)

Test(decide_person, asks_for_a_relationship_of_the_recipient)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .requires_relationship = true)};
	struct row rows[] = {
		{"one", REQUEST(), {RELATIONS(RELATION())}, PERMIT},
		{"none", REQUEST(), {0}, "deny 501 because=501 basis=A"},
		{"of the sender", REQUEST(),
			{RELATIONS(RELATION(.organisation = "RX1"))},
			"deny 501 because=501 basis=A"},
		{"from this instant", REQUEST(),
			{RELATIONS(RELATION(.valid = {T, T + 1}))}, PERMIT},
		{"not yet", REQUEST(),
			{RELATIONS(RELATION(.valid = {T + 1, T + 2}))},
			"deny 501 because=501 basis=A"},
		{"ended", REQUEST(), {RELATIONS(RELATION(.valid = {0, T}))},
			"deny 501 because=501 basis=A"},
		{"recorded now", REQUEST(),
			{RELATIONS(RELATION(.recorded_s = T))}, PERMIT},
		{"recorded later", REQUEST(),
			{RELATIONS(RELATION(.recorded_s = T + 1))},
			"deny 501 because=501 basis=A"},
		{"anonymised needs none",
			REQUEST(.payload = ALM_LEVEL_ANONYMISED,
				.subject = NULL),
			{0},
			"permit 0 basis=A release=discharge level=anonymised"},
	};

	RUN(bases, NULL, 0, rows);
}

/* A pseudonym stands for a person, a statistic does not. */
Test(decide_person, asks_about_the_person_from_a_pseudonym_on)
{
	static const struct alm_directive denial[] = {{.id = "D",
		.authority = "patient",
		.scope = "s",
		.effect = ALM_WORD_DENY,
		.recorded_s = T,
		.valid = ALWAYS}};
	struct alm_directive denials[1] = {denial[0]};
	struct alm_bundle_basis bases[] = {
		BASIS("A", .requires_relationship = true),
		BASIS("B"),
		BASIS("C", .purposes = LIST("planning"),
			.opt_out = ALM_OPT_OUT_APPLIES),
	};
	struct row rows[] = {
		{"relationship",
			REQUEST(.payload = ALM_LEVEL_PSEUDONYMISED,
				.basis = "A"),
			{0}, "deny 501 because=501 basis=A"},
		{"directives",
			REQUEST(.payload = ALM_LEVEL_PSEUDONYMISED,
				.basis = "B"),
			{.directives = denials, .directive_count = 1},
			"deny 403 because=402,403 basis=B directives=D"},
		{"opt-outs",
			REQUEST(.payload = ALM_LEVEL_PSEUDONYMISED,
				.basis = "C", .purpose = "planning"),
			{0}, "deny 411 because=411 basis=C"},
		{"a statistic",
			REQUEST(.payload = ALM_LEVEL_ANONYMISED,
				.subject = NULL, .basis = "C",
				.purpose = "planning"),
			{0},
			"permit 0 basis=C release=discharge level=anonymised"},
	};

	denials[0].purposes = WORDS("any");
	denials[0].categories = WORDS("any");
	denials[0].to = WORDS("any");
	RUN(bases, NULL, 0, rows);
}

Test(decide_person, ends_a_relationship_by_withdrawal)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .requires_relationship = true)};
	struct row rows[] = {
		{"newer", REQUEST(),
			{RELATIONS(RELATION(), RELATION(.is_withdrawal = true,
						       .recorded_s = T))},
			"deny 501 because=501 basis=A"},
		{"same instant", REQUEST(),
			{RELATIONS(
				RELATION(.is_withdrawal = true), RELATION())},
			"deny 501 because=501 basis=A"},
		{"older", REQUEST(),
			{RELATIONS(RELATION(.is_withdrawal = true,
					   .recorded_s = T - 2 * DAY),
				RELATION())},
			PERMIT},
		{"recorded later", REQUEST(),
			{RELATIONS(RELATION(), RELATION(.is_withdrawal = true,
						       .recorded_s = T + 1))},
			PERMIT},
		{"twice, and the newer one counts", REQUEST(),
			{RELATIONS(RELATION(),
				RELATION(.is_withdrawal = true,
					.recorded_s = T - 2 * DAY),
				RELATION(.is_withdrawal = true,
					.recorded_s = T))},
			"deny 501 because=501 basis=A"},
		{"twice, and the older one stands last", REQUEST(),
			{RELATIONS(RELATION(),
				RELATION(.is_withdrawal = true,
					.recorded_s = T),
				RELATION(.is_withdrawal = true,
					.recorded_s = T - 2 * DAY))},
			"deny 501 because=501 basis=A"},
		{"twice before", REQUEST(),
			{RELATIONS(RELATION(.is_withdrawal = true,
					   .recorded_s = T - 3 * DAY),
				RELATION(.is_withdrawal = true,
					.recorded_s = T - 2 * DAY),
				RELATION())},
			PERMIT},
		{"of another role", REQUEST(),
			{RELATIONS(RELATION(),
				RELATION(.is_withdrawal = true, .recorded_s = T,
					.role = "nurse"))},
			PERMIT},
		{"of another organisation", REQUEST(),
			{RELATIONS(RELATION(),
				RELATION(.is_withdrawal = true, .recorded_s = T,
					.organisation = "C2"))},
			PERMIT},
		{"another role still holds", REQUEST(),
			{RELATIONS(RELATION(),
				RELATION(.is_withdrawal = true,
					.recorded_s = T),
				RELATION(.role = "nurse"))},
			PERMIT},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_person, takes_a_referral_or_an_emergency_instead)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .requires_relationship = true,
			.accepts_emergency = true, .accepts_guardian = true,
			.obligations = LIST("a z")),
		BASIS("B", .from = LIST("QT1"), .requires_relationship = true),
		BASIS("P", .from = LIST("CH1"), .requires_relationship = true,
			.purposes = LIST("planning"),
			.accepts_emergency = true),
	};
	struct row rows[] = {
		{"referral", REQUEST(REFERRAL), {0},
			"permit 0 because=502 basis=A release=discharge "
			"level=identifiable obligations=a,z"},
		{"a stored one comes first", REQUEST(REFERRAL),
			{RELATIONS(RELATION())},
			"permit 0 basis=A release=discharge "
			"level=identifiable obligations=a,z"},
		{"emergency", REQUEST(OVERRIDE(EMERGENCY)), {0},
			"permit 0 because=503 basis=A release=discharge "
			"level=identifiable obligations=a,review:override,z"},
		{"a referral comes before it",
			REQUEST(REFERRAL, OVERRIDE(EMERGENCY)), {0},
			"permit 0 because=502 basis=A release=discharge "
			"level=identifiable obligations=a,z"},
		{"guardian is no relationship", REQUEST(OVERRIDE(GUARDIAN)),
			{0}, "deny 501 because=501 basis=A"},
		{"emergency not accepted",
			REQUEST(OVERRIDE(EMERGENCY), .from = "QT1"), {0},
			"deny 501 because=501,509 basis=B"},
		{"emergency outside care",
			REQUEST(OVERRIDE(EMERGENCY), .from = "CH1",
				.purpose = "planning"),
			{0}, "deny 501 because=501 basis=P"},
		{"unknown person",
			REQUEST(.subject = NULL, .subject_unknown = "no name"),
			{RELATIONS(RELATION())},
			"deny 501 because=501 basis=A"},
		{"unknown person, referred",
			REQUEST(.subject = NULL, .subject_unknown = "no name",
				REFERRAL),
			{0},
			"permit 0 because=502 basis=A release=discharge "
			"level=identifiable obligations=a,z"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_person, keeps_whereabouts_back)
{
	struct alm_bundle_basis bases[] = {BASIS("A"),
		BASIS("R", .to = LIST("C2"), .refuses_withheld_location = true),
		BASIS("L", .to = LIST("CH1"),
			.identifiability = ALM_LEVEL_ANONYMISED)};
	const char *stripped = "transform 1 because=407 basis=A "
			       "release=discharge strip=LOC "
			       "level=identifiable";
	struct row rows[] = {
		{"flag", REQUEST(), {FLAGS(FLAG())}, stripped},
		{"refused", REQUEST(.to = "C2"), {FLAGS(FLAG())},
			"deny 409 because=409 basis=R"},
		{"expired", REQUEST(), {FLAGS(FLAG(.valid = {0, T}))}, PERMIT},
		{"not yet", REQUEST(), {FLAGS(FLAG(.valid = {T + 1, T + 2}))},
			PERMIT},
		{"recorded later", REQUEST(),
			{FLAGS(FLAG(.recorded_s = T + 1))}, PERMIT},
		{"recorded now", REQUEST(), {FLAGS(FLAG(.recorded_s = T))},
			stripped},
		{"withdrawn", REQUEST(),
			{FLAGS(FLAG(),
				FLAG(.is_withdrawal = true, .recorded_s = T))},
			PERMIT},
		{"withdrawn at the same instant: it still holds", REQUEST(),
			{FLAGS(FLAG(.is_withdrawal = true), FLAG())}, stripped},
		{"withdrawn later", REQUEST(),
			{FLAGS(FLAG(), FLAG(.is_withdrawal = true,
					       .recorded_s = T + 1))},
			stripped},
		{"unknown person",
			REQUEST(.subject = NULL, .subject_unknown = "x"),
			{FLAGS(FLAG())}, PERMIT},
		{"a level that names nobody",
			REQUEST(.to = "CH1", .is_batch = true), {FLAGS(FLAG())},
			"transform 1 because=215 basis=L release=discharge "
			"level=anonymised"},
	};

	RUN(bases, NULL, 0, rows);
}

#define WEEK (7 * DAY)
#define PLAN .purpose = "planning"

Test(decide_person, honours_the_national_opt_out)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .purposes = LIST("planning care"),
			.opt_out = ALM_OPT_OUT_APPLIES),
		BASIS("E", .from = LIST("QT1"), .purposes = LIST("planning"),
			.opt_out = ALM_OPT_OUT_EXEMPT),
		BASIS("L", .from = LIST("CH1"), .purposes = LIST("planning"),
			.identifiability = ALM_LEVEL_ANONYMISED,
			.opt_out = ALM_OPT_OUT_APPLIES),
	};
	struct row rows[] = {
		{"clear", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, false, T))}, PERMIT},
		{"just young enough", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, false, T - WEEK))}, PERMIT},
		{"too old", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, false, T - WEEK - 1))},
			"deny 412 because=412 basis=A"},
		{"opted out", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, true, T))},
			"deny 410 because=410 basis=A"},
		{"opted out long ago", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, true, 1))},
			"deny 410 because=410 basis=A"},
		{"not known", REQUEST(PLAN), {0},
			"deny 411 because=411 basis=A"},
		{"only the other list known", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(TYPE_1, false, T))},
			"deny 411 because=411 basis=A"},
		{"recorded later", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(
				NATIONAL, false, T, .recorded_s = T + 1))},
			"deny 411 because=411 basis=A"},
		{"unknown person",
			REQUEST(PLAN, .subject = NULL, .subject_unknown = "x"),
			{OPT_OUTS(OPT_OUT(NATIONAL, false, T))},
			"deny 411 because=411 basis=A"},
		{"the greatest as-of counts", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, true, T - 2),
				OPT_OUT(NATIONAL, false, T - 1))},
			PERMIT},
		{"the objection, of two alike", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, true, T - 1),
				OPT_OUT(NATIONAL, false, T - 1))},
			"deny 410 because=410 basis=A"},
		{"and in the other order", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(NATIONAL, false, T - 1),
				OPT_OUT(NATIONAL, true, T - 1))},
			"deny 410 because=410 basis=A"},
		{"care asks nobody", REQUEST(),
			{OPT_OUTS(OPT_OUT(NATIONAL, true, T))}, PERMIT},
		{"exempt", REQUEST(PLAN, .from = "QT1"),
			{OPT_OUTS(OPT_OUT(NATIONAL, true, T))},
			"permit 0 basis=E release=discharge "
			"level=identifiable"},
		{"a level that names nobody",
			REQUEST(PLAN, .from = "CH1", .is_batch = true), {0},
			"transform 1 because=215 basis=L release=discharge "
			"level=anonymised"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_person, honours_a_type_1_objection_at_the_practice)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .from = LIST("C2 RX1"),
			.purposes = LIST("planning care"),
			.opt_out = ALM_OPT_OUT_EXEMPT),
		BASIS("B", .from = LIST("C2"), .to = LIST("QT1"),
			.purposes = LIST("planning"),
			.opt_out = ALM_OPT_OUT_APPLIES),
		BASIS("M", .from = LIST("C2"), .to = LIST("RX1"),
			.is_mandate = true, .purposes = LIST("planning"),
			.lifts = LIST("type-1"), .opt_out = ALM_OPT_OUT_EXEMPT),
	};
	struct row rows[] = {
		{"whatever opt-out says", REQUEST(PLAN, .from = "C2"),
			{OPT_OUTS(OPT_OUT(TYPE_1, true, T))},
			"deny 413 because=413 basis=A"},
		{"with the national one",
			REQUEST(PLAN, .from = "C2", .to = "QT1"),
			{OPT_OUTS(OPT_OUT(TYPE_1, true, T),
				OPT_OUT(NATIONAL, true, T))},
			"deny 410 because=410,413 basis=B"},
		{"none", REQUEST(PLAN, .from = "C2"),
			{OPT_OUTS(OPT_OUT(TYPE_1, false, T))}, PERMIT},
		{"a sender of another kind", REQUEST(PLAN),
			{OPT_OUTS(OPT_OUT(TYPE_1, true, T))}, PERMIT},
		{"care", REQUEST(.from = "C2"),
			{OPT_OUTS(OPT_OUT(TYPE_1, true, T))}, PERMIT},
		{"lifted", REQUEST(PLAN, .from = "C2", .to = "RX1"),
			{OPT_OUTS(OPT_OUT(TYPE_1, true, T))},
			"permit 0 because=414 basis=M release=discharge "
			"level=identifiable lifts=type-1"},
		{"nothing to lift", REQUEST(PLAN, .from = "C2", .to = "RX1"),
			{0},
			"permit 0 basis=M release=discharge "
			"level=identifiable"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_person, collects_all_blockers_of_the_late_steps)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .from = LIST("C2"), .purposes = LIST("planning"),
			.requires_relationship = true,
			.consent = ALM_CONSENT_REQUIRED,
			.opt_out = ALM_OPT_OUT_APPLIES,
			.refuses_withheld_location = true),
	};
	struct row rows[] = {
		{"all", REQUEST(PLAN, .from = "C2", OVERRIDE(EMERGENCY)),
			{OPT_OUTS(OPT_OUT(TYPE_1, true, T)), FLAGS(FLAG())},
			"deny 401 because=401,406,409,411,413,501,509 "
			"basis=A"},
	};

	RUN(bases, NULL, 0, rows);
}
