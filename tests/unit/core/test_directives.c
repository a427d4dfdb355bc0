/* Which records count where there are many, and what word lists reach. */
#include "tests/unit/core/builder.h"

TestSuite(directives);

#define DENIED "deny 403 because=402,403 basis=A directives=D"
#define PERMIT "permit 0 basis=A release=discharge level=identifiable"

/* Each word of a list counts, wherever it stands. */
Test(directives, reads_every_word_of_a_list)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"purposes, before", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .purposes = WORDS("care planning")))},
			DENIED},
		{"purposes, after", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .purposes = WORDS("planning care")))},
			DENIED},
		{"any and one", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .purposes = WORDS("any planning")))},
			DENIED},
		{"an unknown word and one", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .purposes = WORDS("gone planning")))},
			DENIED},
		{"one and an unknown word", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .purposes = WORDS("planning gone")))},
			DENIED},
		{"categories, before", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .categories = WORDS("discharge gender")))},
			DENIED},
		{"categories, after", REQUEST(),
			{DIRECTIVES(DIRECTIVE(
				"D", .categories = WORDS("gender discharge")))},
			DENIED},
		{"recipients", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("C2 C1")))},
			DENIED},
		{"none of them", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("C2 QT1")))},
			PERMIT},
	};

	RUN(bases, NULL, 0, rows);
}

Test(directives, hears_all_that_permit_and_all_exceptions)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .consent = ALM_CONSENT_REQUIRED),
		BASIS("E", .to = LIST("RX5"), .purposes = LIST("emergency"),
			.consent = ALM_CONSENT_REQUIRED)};
	struct row rows[] = {
		{"a purpose that any does not reach, and any",
			REQUEST(.to = "RX5", .purpose = "emergency"),
			{DIRECTIVES(DIRECTIVE("D", .effect = ALM_WORD_PERMIT,
				.purposes = WORDS("emergency any")))},
			"permit 0 basis=E release=discharge "
			"level=identifiable directives=D"},
		{"any alone", REQUEST(.to = "RX5", .purpose = "emergency"),
			{DIRECTIVES(DIRECTIVE("D", .effect = ALM_WORD_PERMIT))},
			"deny 401 because=401,406 basis=E"},
		{"two that permit",
			REQUEST(CATEGORIES("discharge medications")),
			{DIRECTIVES(DIRECTIVE("D", .effect = ALM_WORD_PERMIT,
					    .categories = WORDS("discharge")),
				DIRECTIVE("E", .effect = ALM_WORD_PERMIT,
					.categories = WORDS("medications")))},
			"permit 0 basis=A release=discharge,medications "
			"level=identifiable directives=D,E"},
		{"two exceptions that deny",
			REQUEST(CATEGORIES("discharge medications crisis")),
			{DIRECTIVES(DIRECTIVE("D", .effect = ALM_WORD_PERMIT,
				EXCEPT(EXCEPTION(
					       DENY, "any", "discharge", "any"),
					EXCEPTION(DENY, "any", "medications",
						"any"))))},
			"transform 1 because=402 basis=A release=crisis "
			"redact=discharge,medications level=identifiable "
			"directives=D"},
		{"two exceptions that permit",
			REQUEST(CATEGORIES("discharge medications")),
			{DIRECTIVES(DIRECTIVE("D", .effect = ALM_WORD_PERMIT,
				.categories = WORDS("gender"),
				EXCEPT(EXCEPTION(PERMIT, "any", "discharge",
					       "any"),
					EXCEPTION(PERMIT, "any", "medications",
						"any"))))},
			"permit 0 basis=A release=discharge,medications "
			"level=identifiable directives=D"},
		{"a denial and no consent both move",
			REQUEST(CATEGORIES("discharge medications crisis "
					   "gender")),
			{DIRECTIVES(DIRECTIVE("D", .effect = ALM_WORD_PERMIT,
					    .categories = WORDS("discharge")),
				DIRECTIVE("E", .categories = WORDS("crisis")))},
			"transform 1 because=305,402,406 basis=A "
			"release=discharge redact=crisis,gender,medications "
			"level=identifiable directives=D,E"},
		{"replaced is not withdrawn", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .effect = ALM_WORD_PERMIT,
					    .scope = "s",
					    .recorded_s = T - 2 * DAY),
				DIRECTIVE("E", .effect = ALM_WORD_PERMIT,
					.scope = "s", .recorded_s = T - DAY,
					.categories = WORDS("crisis")))},
			"deny 401 because=401,406 basis=A"},
	};

	RUN(bases, NULL, 0, rows);
}

Test(directives, counts_from_the_first_instant_of_the_first_day)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct row rows[] = {
		{"begins now and hides the older", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("E", .scope = "s",
					.categories = WORDS("crisis"),
					.recorded_s = T - DAY,
					.valid = {T, T + DAY}))},
			PERMIT},
		{"is newer than the older alone, not than other scopes'",
			REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("F", .recorded_s = T,
					.categories = WORDS("crisis")),
				DIRECTIVE("G", .recorded_s = T,
					.categories = WORDS("crisis")),
				DIRECTIVE("E", .scope = "s",
					.categories = WORDS("crisis"),
					.recorded_s = T - DAY))},
			PERMIT},
		{"begins next and does not", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .scope = "s"),
				DIRECTIVE("E", .scope = "s",
					.categories = WORDS("crisis"),
					.recorded_s = T - DAY,
					.valid = {T + 1, T + DAY}))},
			DENIED},
	};

	RUN(bases, NULL, 0, rows);
}

/* Members of groups stand in one list; each party has its own part of it. */
Test(directives, asks_the_groups_of_the_recipient_alone)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .from = LIST("any"), .to = LIST("any"))};
	struct row rows[] = {
		{"of the only group", REQUEST(.from = "C1", .to = "RX1"),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("group:both")))},
			DENIED},
		{"of the last group", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("group:both")))},
			DENIED},
		{"of a group that has ended", REQUEST(),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("group:past")))},
			PERMIT},
		{"its neighbours in the list are members", REQUEST(.to = "C2"),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("group:both")))},
			PERMIT},
		{"so are they of the sender", REQUEST(.to = "CH1"),
			{DIRECTIVES(DIRECTIVE("D", .to = WORDS("group:both")))},
			PERMIT},
	};

	RUN(bases, NULL, 0, rows);
}

#define MANY_RECORDS 1000

static const char *numbered(const char *name, size_t number)
{
	char *text = keep(32);

	snprintf(text, 32, "%s%zu", name, number);
	return text;
}

/* In each of many scopes the last of four records permits, or denies. */
Test(directives, finds_the_one_that_counts_in_each_of_many_scopes)
{
	struct alm_bundle_basis bases[] = {BASIS("A")};
	struct alm_bundle bundle = bundle_of(bases, 1, NULL, 0);
	struct alm_snapshot *snapshot = alm_snapshot_compile(&bundle);
	static struct alm_directive all[4 * MANY_RECORDS];
	struct alm_person person = {
		.directives = all, .directive_count = ALM_COUNT(all)};
	struct alm_request request = REQUEST();
	struct line line;

	cr_assert_not_null(snapshot);
	for (size_t i = 0; i < ALM_COUNT(all); i++) {
		all[i] = DIRECTIVE("D",
			.scope = numbered("s", i % MANY_RECORDS),
			.recorded_s =
				T - 10 * DAY + (int64_t)(i / MANY_RECORDS),
			.effect = i / MANY_RECORDS == 3 ? ALM_WORD_PERMIT
							: ALM_WORD_DENY);
	}
	decide_line(snapshot, &request, &person, T, &line);
	cr_expect_str_eq(line.text, PERMIT);
	for (size_t i = 0; i < MANY_RECORDS; i += 37) {
		struct alm_directive *last = &all[3 * MANY_RECORDS + i];

		last->effect = ALM_WORD_DENY;
		decide_line(snapshot, &request, &person, T, &line);
		cr_expect_str_eq(line.text, DENIED, "scope %zu", i);
		last->effect = ALM_WORD_PERMIT;
	}
	alm_snapshot_free(snapshot);
}

/* As many roles have ended as were held; one that has not is found. */
Test(directives, finds_the_one_role_of_many_that_has_not_ended)
{
	struct alm_bundle_basis bases[] = {
		BASIS("A", .requires_relationship = true)};
	struct alm_bundle bundle = bundle_of(bases, 1, NULL, 0);
	struct alm_snapshot *snapshot = alm_snapshot_compile(&bundle);
	static struct alm_relationship all[2 * MANY_RECORDS];
	struct alm_person person = {
		.relationships = all, .relationship_count = ALM_COUNT(all)};
	struct alm_request request = REQUEST();
	struct line line;

	cr_assert_not_null(snapshot);
	for (size_t i = 0; i < ALM_COUNT(all); i++) {
		all[i] = (struct alm_relationship){"C1",
			numbered("r", i % MANY_RECORDS), i >= MANY_RECORDS,
			ALWAYS, T - DAY + (i >= MANY_RECORDS)};
	}
	decide_line(snapshot, &request, &person, T, &line);
	cr_expect_str_eq(line.text, "deny 501 because=501 basis=A");
	for (size_t i = 0; i < MANY_RECORDS; i += 37) {
		all[MANY_RECORDS + i].recorded_s -= 2;
		decide_line(snapshot, &request, &person, T, &line);
		cr_expect_str_eq(line.text, PERMIT, "role %zu", i);
		all[MANY_RECORDS + i].recorded_s += 2;
	}
	alm_snapshot_free(snapshot);
}
