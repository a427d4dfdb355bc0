/*
 * builder.h - bundles, requests and people as short C literals for the tests
 * of the rule, and decisions as one line of text to compare with.
 *
 * Lists are written as words with spaces between: LIST("RX1 kind:icb").
 */
#ifndef ALM_TESTS_UNIT_CORE_BUILDER_H
#define ALM_TESTS_UNIT_CORE_BUILDER_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/decide.h"
#include "broker/core/snapshot.h"
#include "lib/limits.h"

/* A literal below repeats a field to change a default; that is its point. */
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Woverride-init-side-effects"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"

#define T INT64_C(1772355600) /* 2026-03-01T09:00:00Z */
#define DAY INT64_C(86400)
#define ALWAYS \
	{ \
		0, ALM_INSTANT_NEVER \
	}
#define PERSON "9990000018"

/* Memory of literals; given back all at once, between random cases. */
static size_t kept_bytes;

static void *keep(size_t bytes)
{
	static _Alignas(16) char pool[4 << 20];
	void *at = pool + kept_bytes;

	kept_bytes += (bytes + 15) & ~(size_t)15;
	cr_assert_leq(kept_bytes, sizeof(pool), "the pool is too small");
	return at;
}

static void keep_reset(void)
{
	kept_bytes = 0;
}

static size_t split(const char *text, const char *out[], size_t out_max)
{
	char *copy = keep(strlen(text) + 1);
	size_t count = 0;

	memcpy(copy, text, strlen(text) + 1);
	for (char *at = strtok(copy, " "); at; at = strtok(NULL, " ")) {
		cr_assert_lt(count, out_max);
		out[count++] = at;
	}
	return count;
}

static struct alm_words LIST(const char *text) {
	const char *texts[64];
	size_t count = split(text, texts, 64);
	struct alm_word *items = keep(count * sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		items[i] = (struct alm_word){texts[i], {"test", 1, 1}};
	}
	return (struct alm_words){items, count};
}

static struct alm_word_list
WORDS(const char *text) {
	const char *texts[64];
	size_t count = split(text, texts, 64);
	const char **items = keep(count * sizeof(*items));

	memcpy(items, texts, count * sizeof(*items));
	return (struct alm_word_list){items, count};
}

#define ID(word) \
	{ \
		.text = (word) \
	}

/* --- the world of the tests ----------------------------------------------- */

static const struct alm_bundle_organisation organisations[] = {
#define ORG(org, k, ...) \
	{ \
		.id = ID(org), .name = org, .kind = ID(k), ##__VA_ARGS__ \
	}
	ORG("RX1", "nhs-trust"),
	ORG("RX2", "nhs-trust", .status = ALM_STATUS_SUSPENDED),
	ORG("RX3", "nhs-trust", .status = ALM_STATUS_CLOSED),
	ORG("RX4", "nhs-trust", .has_assurance_until = true,
		.assurance_until_s = T),
	ORG("RX5", "nhs-trust", .has_assurance_until = true,
		.assurance_until_s = T + 1),
	ORG("C1", "gp-practice"),
	ORG("C2", "gp-practice"),
	ORG("QT1", "icb"),
	ORG("QT2", "icb", .status = ALM_STATUS_SUSPENDED),
	ORG("QT3", "icb", .has_assurance_until = true, .assurance_until_s = T),
	ORG("CA1", "alliance", .host = ID("QT1")),
	ORG("CA2", "alliance", .host = ID("QT2")),
	ORG("CA3", "alliance", .host = ID("QT3")),
	ORG("CH1", "charity"),
};

static const struct alm_bundle_category categories[] = {
	{.id = ID("discharge")},
	{.id = ID("medications")},
	{.id = ID("mental-health")},
	{.id = ID("talking"), .under = ID("mental-health")},
	{.id = ID("crisis"), .under = ID("mental-health")},
	{.id = ID("gender")},
};

/* Member of `past` until T, of `future` from T + 1, of `both` twice. */
static const struct alm_bundle_member past[] = {{ID("C1"), {0, T}}};
static const struct alm_bundle_member future[] = {
	{ID("C1"), {T + 1, ALM_INSTANT_NEVER}}};
static const struct alm_bundle_member both[] = {{ID("C1"), {T - DAY, T + 1}},
	{ID("C1"), {T, T + DAY}}, {ID("RX1"), ALWAYS}};
static const struct alm_bundle_group groups[] = {
	{ID("past"), past, 1},
	{ID("future"), future, 1},
	{ID("both"), both, 3},
};

/*
 * Purposes: care with `emergency` below it (never inherits) and `triage`
 * below that; `planning` with `audit` below it; `return`, which is statutory.
 */
static struct alm_bundle a_bundle(void)
{
	struct alm_bundle_purpose purposes[] = {
		{.id = ID("care"),
			.class = ALM_CLASS_CARE,
			.recipients = LIST("any")},
		{.id = ID("emergency"),
			.under = ID("care"),
			.inherits_never = true,
			.class = ALM_CLASS_CARE,
			.recipients = LIST("nhs-trust")},
		{.id = ID("triage"),
			.under = ID("emergency"),
			.class = ALM_CLASS_CARE,
			.recipients = LIST("any")},
		{.id = ID("planning"),
			.class = ALM_CLASS_SECONDARY,
			.recipients = LIST("icb gp-practice nhs-trust")},
		{.id = ID("audit"),
			.under = ID("planning"),
			.class = ALM_CLASS_SECONDARY,
			.recipients = LIST("any")},
		{.id = ID("return"),
			.class = ALM_CLASS_STATUTORY,
			.recipients = LIST("any")},
	};
	struct alm_bundle_purpose *kept = keep(sizeof(purposes));

	memcpy(kept, purposes, sizeof(purposes));
	return (struct alm_bundle){
		.name = "test",
		.kinds = LIST("nhs-trust gp-practice icb alliance charity"),
		.hosted_kinds = LIST("alliance"),
		.purposes = kept,
		.purpose_count = ALM_COUNT(purposes),
		.categories = categories,
		.category_count = ALM_COUNT(categories),
		.organisations = organisations,
		.organisation_count = ALM_COUNT(organisations),
		.groups = groups,
		.group_count = ALM_COUNT(groups),
	};
}

/* An agreement of RX1 with C1 for care, with whatever is changed. */
#define BASIS(name, ...) \
	((struct alm_bundle_basis){.id = ID(name), \
		.title = name, \
		.from = LIST("RX1"), \
		.to = LIST("C1"), \
		.purposes = LIST("care"), \
		.categories = LIST("discharge medications mental-health"), \
		.identifiability = ALM_LEVEL_IDENTIFIABLE, \
		.consent = ALM_CONSENT_NOT_REQUIRED, \
		.opt_out = ALM_OPT_OUT_NOT_APPLICABLE, \
		.status = ALM_STATUS_ACTIVE, \
		.valid = ALWAYS, \
		##__VA_ARGS__})

#define PROHIBITION(name, ...) \
	((struct alm_bundle_prohibition){.id = ID(name), \
		.title = name, \
		.from = LIST("any"), \
		.to = LIST("any"), \
		.purposes = LIST("any"), \
		.categories = LIST("any"), \
		.at_or_above = ALM_LEVEL_PSEUDONYMISED, \
		##__VA_ARGS__})

/* RX1 sends C1 a discharge for care, with whatever is changed. */
#define REQUEST(...) \
	((struct alm_request){.id = "q1", \
		.from = "RX1", \
		.to = "C1", \
		.purpose = "care", \
		CATEGORIES("discharge"), \
		.has_payload = true, \
		.payload = ALM_LEVEL_IDENTIFIABLE, \
		.subject = PERSON, \
		##__VA_ARGS__})
#define CATEGORIES(list) \
	.categories = WORDS(list).items, .category_count = WORDS(list).count
#define OVERRIDE(kind) \
	.has_override = true, .override_kind = ALM_OVERRIDE_##kind, \
	.override_by = "Dr A", .override_reason = "unconscious"
#define REFERRAL \
	.has_relationship = true, .relationship_kind = "referral", \
	.relationship_ref = "UBRN 1", .relationship_organisation = "C1"

/* A denial of everything by the person, with whatever is changed. */
#define DIRECTIVE(name, ...) \
	((struct alm_directive){.id = name, \
		.authority = "patient", \
		.scope = name, \
		.effect = ALM_WORD_DENY, \
		.recorded_s = T - 10 * DAY, \
		.purposes = WORDS("any"), \
		.categories = WORDS("any"), \
		.to = WORDS("any"), \
		.valid = ALWAYS, \
		##__VA_ARGS__})
#define DIRECTIVES(...) \
	.directives = (const struct alm_directive[]){__VA_ARGS__}, \
	.directive_count = sizeof((struct alm_directive[]){__VA_ARGS__}) / \
			   sizeof(struct alm_directive)
#define EXCEPT(...) \
	.exceptions = (const struct alm_directive_exception[]){__VA_ARGS__}, \
	.exception_count = \
		sizeof((struct alm_directive_exception[]){__VA_ARGS__}) / \
		sizeof(struct alm_directive_exception)
#define EXCEPTION(said, p, c, t) \
	{ \
		ALM_WORD_##said, WORDS(p), WORDS(c), WORDS(t) \
	}
#define PEOPLE(...) ((struct alm_person){__VA_ARGS__})

/* --- a decision as a line ------------------------------------------------ */

struct line {
	char text[4096];
	size_t bytes;
};

static void add(struct line *line, const char *name, const char *value)
{
	line->bytes += (size_t)snprintf(line->text + line->bytes,
		sizeof(line->text) - line->bytes, "%s%s", name, value);
	cr_assert_lt(line->bytes, sizeof(line->text));
}

static void add_ids(struct line *line, const char *name, struct alm_ids ids)
{
	for (size_t i = 0; i < ids.count; i++) {
		add(line, i == 0 ? name : ",", ids.items[i]);
	}
}

static void render(const struct alm_decision *d, struct line *line)
{
	static const char *const effects[] = {
		"?", "permit", "transform", "deny"};
	static const char *const levels[] = {
		"", "aggregate", "anonymised", "pseudonymised", "identifiable"};
	char number[32];

	*line = (struct line){.bytes = 0};
	snprintf(number, sizeof(number), " %u", d->code);
	add(line, effects[d->effect], number);
	for (size_t i = 0; i < d->reason_count; i++) {
		snprintf(number, sizeof(number), "%u", d->reasons[i]);
		add(line, i == 0 ? " because=" : ",", number);
	}
	add(line, d->basis ? " basis=" : "", d->basis ? d->basis : "");
	add(line, d->nearest ? " nearest=" : "", d->nearest ? d->nearest : "");
	add_ids(line, " candidates=", d->candidates);
	add_ids(line, " release=", d->release);
	add_ids(line, " redact=", d->redact);
	add(line, d->strips_location ? " strip=LOC" : "", "");
	add(line, d->level ? " level=" : "", levels[d->level]);
	if (d->smallest_group > 0) {
		snprintf(number, sizeof(number), "%u", d->smallest_group);
		add(line, " group=", number);
	}
	add_ids(line, " obligations=", d->obligations);
	add_ids(line, " directives=", d->directives);
	add_ids(line, " prohibitions=", d->prohibitions);
	add_ids(line, " lifts=", d->lifts);
}

/* --- rows ---------------------------------------------------------------- */

struct row {
	const char *name;
	struct alm_request request;
	struct alm_person person;
	const char *want;
	int64_t t_s; /* 0: T */
};

static void decide_line(const struct alm_snapshot *snapshot,
	const struct alm_request *request, const struct alm_person *person,
	int64_t t_s, struct line *out)
{
	struct alm_world world = {snapshot, 7, 1042, ALM_OPT_OUT_AGE_DEFAULT_S};
	struct alm_scratch *scratch = alm_scratch_new(snapshot);
	struct alm_decision decision;

	cr_assert_not_null(scratch);
	alm_decide(&world, person, request, t_s, scratch, &decision);
	render(&decision, out);
	alm_scratch_free(scratch);
}

/* Decides every row under a bundle of these bases and prohibitions. */
static void run_rows(
	const struct alm_bundle *bundle, const struct row *rows, size_t count)
{
	struct alm_snapshot *snapshot = alm_snapshot_compile(bundle);

	cr_assert_not_null(snapshot);
	for (size_t i = 0; i < count; i++) {
		int64_t t_s = rows[i].t_s == 0 ? T : rows[i].t_s;
		struct line line;

		decide_line(snapshot, &rows[i].request, &rows[i].person, t_s,
			&line);
		cr_expect_str_eq(line.text, rows[i].want,
			"%s\n got %s\nwant %s", rows[i].name, line.text,
			rows[i].want);
	}
	alm_snapshot_free(snapshot);
}

/* One bundle of these bases; `prohibitions` may be NULL. */
static struct alm_bundle bundle_of(const struct alm_bundle_basis *bases,
	size_t basis_count, const struct alm_bundle_prohibition *prohibitions,
	size_t prohibition_count)
{
	struct alm_bundle bundle = a_bundle();

	bundle.bases = bases;
	bundle.basis_count = basis_count;
	bundle.prohibitions = prohibitions;
	bundle.prohibition_count = prohibition_count;
	return bundle;
}

#define RUN(bases, prohibitions, prohibition_count, rows) \
	do { \
		struct alm_bundle bundle_ = \
			bundle_of((bases), ALM_COUNT(bases), (prohibitions), \
				(prohibition_count)); \
		run_rows(&bundle_, (rows), ALM_COUNT(rows)); \
	} while (0)

#endif /* ALM_TESTS_UNIT_CORE_BUILDER_H */
