/* Steps 1 to 4 of the rule: who asks, and whether it can be answered. */
#include "tests/unit/core/builder.h"

TestSuite(decide_request);

#define PERMIT "permit 0 basis=A release=discharge level=identifiable"
#define NOTED \
	"permit 0 because=509 basis=A release=discharge level=identifiable"

Test(decide_request, permits_what_one_basis_covers)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"plain", REQUEST(), {0}, PERMIT},
		{"duplicate categories are merged",
			REQUEST(CATEGORIES("discharge discharge")), {0},
			PERMIT},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_request, says_first_what_keeps_it_from_deciding)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"older by epoch",
			REQUEST(.has_not_before = true, .not_before_epoch = 8,
				.not_before_seq = 1),
			{0}, "deny 191 because=191"},
		{"older by sequence",
			REQUEST(.has_not_before = true, .not_before_epoch = 7,
				.not_before_seq = 1043),
			{0}, "deny 191 because=191"},
		{"just fresh enough",
			REQUEST(.has_not_before = true, .not_before_epoch = 7,
				.not_before_seq = 1042),
			{0}, PERMIT},
		{"corrupt", REQUEST(), {.is_corrupt = true},
			"deny 901 because=901"},
		{"unknown version", REQUEST(), {.is_unknown_version = true},
			"deny 902 because=902"},
		{"over a limit", REQUEST(), {.is_over_limit = true},
			"deny 903 because=903"},
		{"all at once, and 9xx names it; step 2 is not reached",
			REQUEST(.is_malformed = true, .has_not_before = true,
				.not_before_epoch = 8),
			{.is_corrupt = true,
				.is_unknown_version = true,
				.is_over_limit = true},
			"deny 901 because=191,901,902,903"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_request, denies_without_a_bundle)
{
	struct alm_request request = REQUEST();
	struct line line;

	decide_line(NULL, &request, NULL, T, &line);
	cr_expect_str_eq(line.text, "deny 190 because=190");
	request.has_not_before = true;
	request.not_before_epoch = 8;
	decide_line(NULL, &request, NULL, T, &line);
	cr_expect_str_eq(line.text, "deny 190 because=190,191");
}

Test(decide_request, refuses_more_records_than_the_limit)
{
	static struct alm_opt_out many[ALM_PERSON_RECORDS_MAX + 1];
	static struct alm_flag flags[ALM_PERSON_RECORDS_MAX];
	static struct alm_relationship relationships[ALM_PERSON_RECORDS_MAX];
	static struct alm_directive directives[ALM_PERSON_RECORDS_MAX];
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"at the limit", REQUEST(),
			{.opt_outs = many,
				.opt_out_count = ALM_PERSON_RECORDS_MAX},
			PERMIT},
		{"over it", REQUEST(),
			{.opt_outs = many,
				.opt_out_count = ALM_PERSON_RECORDS_MAX + 1},
			"deny 903 because=903"},
		{"flags at the limit", REQUEST(),
			{.flags = flags, .flag_count = ALM_PERSON_RECORDS_MAX},
			PERMIT},
		{"relationships at the limit", REQUEST(),
			{.relationships = relationships,
				.relationship_count = ALM_PERSON_RECORDS_MAX},
			PERMIT},
		{"directives at the limit", REQUEST(),
			{.directives = directives,
				.directive_count = ALM_PERSON_RECORDS_MAX},
			PERMIT},
		{"over it together", REQUEST(),
			{.opt_outs = many,
				.opt_out_count = ALM_PERSON_RECORDS_MAX - 2,
				.flags = flags,
				.flag_count = 1,
				.relationships = relationships,
				.relationship_count = 1,
				.directives = directives,
				.directive_count = 1},
			"deny 903 because=903"},
	};

	for (size_t i = 0; i < ALM_PERSON_RECORDS_MAX; i++) {
		flags[i] = (struct alm_flag){
			ALM_FLAG_LOCATION_WITHHELD, true, ALWAYS, T};
		relationships[i] =
			(struct alm_relationship){"C1", "gp", false, ALWAYS, T};
		directives[i] = DIRECTIVE("D", .effect = ALM_WORD_PERMIT);
	}

	RUN(bases, NULL, 0, rows);
}

/* For the users of an answer: a refusal of care is loud. */
Test(decide_request, tells_whether_the_purpose_is_care)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct alm_bundle bundle = bundle_of(bases, 1, NULL, 0);
	struct alm_snapshot *snapshot = alm_snapshot_compile(&bundle);
	struct alm_scratch *scratch = alm_scratch_new(snapshot);
	struct alm_world world = {snapshot, 7, 1042, ALM_OPT_OUT_AGE_DEFAULT_S};
	const struct {
		const char *purpose;
		bool is_care;
	} rows[] = {{"care", true}, {"emergency", true}, {"planning", false},
		{"return", false}, {"unknown", false}};

	for (size_t i = 0; i < ALM_COUNT(rows); i++) {
		struct alm_request request =
			REQUEST(.purpose = rows[i].purpose);
		struct alm_decision decision;

		alm_decide(&world, NULL, &request, T, scratch, &decision);
		cr_expect_eq(decision.is_care, rows[i].is_care, "%s",
			rows[i].purpose);
		cr_expect_eq(decision.epoch, 7u);
		cr_expect_eq(decision.seq, 1042u);
	}
	alm_scratch_free(scratch);
	alm_snapshot_free(snapshot);
}

Test(decide_request, finds_every_missing_member)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"seen by the reader", REQUEST(.is_malformed = true), {0},
			"deny 101 because=101"},
		{"id", REQUEST(.id = NULL), {0}, "deny 101 because=101"},
		{"from", REQUEST(.from = NULL), {0}, "deny 101 because=101"},
		{"to", REQUEST(.to = NULL), {0}, "deny 101 because=101"},
		{"purpose", REQUEST(.purpose = NULL), {0},
			"deny 101 because=101"},
		{"categories", REQUEST(.categories = NULL), {0},
			"deny 101 because=101"},
		{"payload", REQUEST(.has_payload = false, .payload = 0), {0},
			"deny 101 because=101"},
		{"a relationship's kind",
			REQUEST(REFERRAL, .relationship_kind = ""), {0},
			"deny 101 because=101"},
		{"a relationship's reference",
			REQUEST(REFERRAL, .relationship_ref = NULL), {0},
			"deny 101 because=101"},
		{"a relationship of another",
			REQUEST(REFERRAL, .relationship_organisation = "C2"),
			{0}, "deny 101 because=101"},
		{"a relationship's organisation",
			REQUEST(REFERRAL, .relationship_organisation = NULL),
			{0}, "deny 101 because=101"},
		{"a relationship and no recipient",
			REQUEST(REFERRAL, .to = NULL), {0},
			"deny 101 because=101"},
		{"an override's kind",
			REQUEST(OVERRIDE(UNKNOWN), .lacks_override_kind = true),
			{0}, "deny 101 because=101"},
		{"an override's name",
			REQUEST(OVERRIDE(EMERGENCY), .override_by = NULL), {0},
			"deny 101 because=101"},
		{"an override's reason",
			REQUEST(OVERRIDE(EMERGENCY), .override_reason = NULL),
			{0}, "deny 101 because=101"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_request, judges_every_word)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"malformed sender", REQUEST(.from = "-RX1"), {0},
			"deny 102 because=102"},
		{"any as recipient", REQUEST(.to = "any"), {0},
			"deny 102 because=102"},
		{"unknown purpose", REQUEST(.purpose = "any"), {0},
			"deny 103 because=103"},
		{"empty purpose", REQUEST(.purpose = ""), {0},
			"deny 103 because=103"},
		{"no category", REQUEST(CATEGORIES("")), {0},
			"deny 104 because=104"},
		{"unknown category", REQUEST(CATEGORIES("discharge x")), {0},
			"deny 104 because=104"},
		{"a category with children",
			REQUEST(CATEGORIES("mental-health")), {0},
			"deny 104 because=104"},
		{"unknown level", REQUEST(.payload = ALM_LEVEL_UNKNOWN), {0},
			"deny 105 because=105"},
		{"unknown override", REQUEST(OVERRIDE(UNKNOWN)), {0},
			"deny 108 because=108"},
		{"override by nobody",
			REQUEST(OVERRIDE(GUARDIAN), .override_by = "1 -"), {0},
			"deny 108 because=108"},
		{"override without reason",
			REQUEST(OVERRIDE(GUARDIAN), .override_reason = ""), {0},
			"deny 108 because=108"},
		{"override by A",
			REQUEST(OVERRIDE(GUARDIAN), .override_by = "A"), {0},
			NOTED},
		{"override by Z",
			REQUEST(OVERRIDE(GUARDIAN), .override_by = "1Z"), {0},
			NOTED},
		{"override by a",
			REQUEST(OVERRIDE(GUARDIAN), .override_by = "a"), {0},
			NOTED},
		{"override by z",
			REQUEST(OVERRIDE(GUARDIAN), .override_by = "?z"), {0},
			NOTED},
		{"the neighbours of letters are none",
			REQUEST(OVERRIDE(GUARDIAN), .override_by = "@[`{"), {0},
			"deny 108 because=108"},
		{"all together",
			REQUEST(.is_malformed = true, .from = "",
				.purpose = "x", CATEGORIES("x"),
				.payload = ALM_LEVEL_UNKNOWN, .subject = "1",
				OVERRIDE(UNKNOWN)),
			{0}, "deny 101 because=101,102,103,104,105,107,108"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_request, asks_for_one_person_or_none)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"a letter in place of a digit",
			REQUEST(.subject = "999000001A"), {0},
			"deny 107 because=107"},
		{"nine digits", REQUEST(.subject = "999000001"), {0},
			"deny 107 because=107"},
		{"wrong check digit", REQUEST(.subject = "9990000019"), {0},
			"deny 107 because=107"},
		{"none", REQUEST(.subject = NULL), {0}, "deny 107 because=107"},
		{"both", REQUEST(.subject_unknown = "found"), {0},
			"deny 107 because=107"},
		{"unknown", REQUEST(.subject = NULL, .subject_unknown = "x"),
			{0}, PERMIT},
		{"unknown for no reason",
			REQUEST(.subject = NULL, .subject_unknown = "?"), {0},
			"deny 107 because=107"},
		{"pseudonymised without",
			REQUEST(.subject = NULL,
				.payload = ALM_LEVEL_PSEUDONYMISED),
			{0}, "deny 107 because=107"},
		{"anonymised with", REQUEST(.payload = ALM_LEVEL_ANONYMISED),
			{0}, "deny 107 because=107"},
		{"aggregate with unknown",
			REQUEST(.payload = ALM_LEVEL_AGGREGATE, .subject = NULL,
				.subject_unknown = "x"),
			{0}, "deny 107 because=107"},
		{"anonymised without",
			REQUEST(.payload = ALM_LEVEL_ANONYMISED,
				.subject = NULL),
			{0},
			"permit 0 basis=A release=discharge level=anonymised"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_request, looks_at_both_parties_and_their_hosts)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .from = LIST("any"), .to = LIST("any"))};
	struct row rows[] = {
		{"sender unknown", REQUEST(.from = "RX9"), {0},
			"deny 201 because=201"},
		{"sender suspended", REQUEST(.from = "RX2"), {0},
			"deny 202 because=202"},
		{"sender closed", REQUEST(.from = "RX3"), {0},
			"deny 202 because=202"},
		{"recipient unknown", REQUEST(.to = "RX9"), {0},
			"deny 203 because=203"},
		{"recipient suspended", REQUEST(.to = "RX2"), {0},
			"deny 204 because=204"},
		{"sender's assurance has passed", REQUEST(.from = "RX4"), {0},
			"deny 205 because=205"},
		{"recipient's assurance has passed", REQUEST(.to = "RX4"), {0},
			"deny 205 because=205"},
		{"its last instant", REQUEST(.from = "RX5"), {0}, PERMIT},
		{"a host's assurance has passed", REQUEST(.from = "CA3"), {0},
			"deny 205 because=205"},
		{"oneself", REQUEST(.to = "RX1"), {0}, "deny 206 because=206"},
		{"oneself unknown", REQUEST(.from = "X", .to = "X"), {0},
			"deny 201 because=201,203,206"},
		{"a host not active", REQUEST(.to = "CA2"), {0},
			"deny 207 because=207"},
		{"a sound host", REQUEST(.to = "CA1"), {0}, PERMIT},
		{"everything at once", REQUEST(.from = "RX2", .to = "RX4"), {0},
			"deny 202 because=202,205"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(decide_request, keeps_each_purpose_to_its_kinds)
{
	struct alm_bundle_basis bases[] = {BASIS("A", .to = LIST("any"),
		.purposes = LIST("care emergency triage"))};
	struct row rows[] = {
		{"a kind that is not listed", REQUEST(.purpose = "emergency"),
			{0}, "deny 210 because=210"},
		{"a kind that is", REQUEST(.purpose = "emergency", .to = "RX5"),
			{0}, PERMIT},
		{"the purpose's own list, not its parent's",
			REQUEST(.purpose = "triage"), {0}, PERMIT},
		{"with step 3", REQUEST(.purpose = "emergency", .to = "CA2"),
			{0}, "deny 207 because=207,210"},
		{"an unknown recipient has no kind",
			REQUEST(.purpose = "emergency", .to = "X"), {0},
			"deny 203 because=203"},
	};

	RUN(bases, NULL, 0, rows);
}
